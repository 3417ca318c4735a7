package baseline

import (
	"encoding/binary"
	"hash/crc32"
)

// Resum gives bytes the check sum that belongs to them.
func Resum(b []byte) []byte {
	b = b[:len(b)-sumLength]
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
