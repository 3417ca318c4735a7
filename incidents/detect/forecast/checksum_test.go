package forecast_test

import (
	"encoding/binary"
	"hash/crc32"
)

// checksummed appends the checksum that states end with.
func checksummed(data []byte) []byte {
	return binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
}
