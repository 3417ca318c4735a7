package incidents

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"outrider/probes"

	"github.com/google/uuid"
)

// newID makes a UUID version 8 (RFC 9562, section 5.8): the time in Unix
// milliseconds first, as in version 7, so that ids sort by time; the rest is
// taken from a hash of the parts. The same time and parts give the same id, so
// that what is judged again after a crash is known to be the same, by the
// store and by receivers of notifications.
func newID(at time.Time, parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	var id uuid.UUID
	copy(id[:], h.Sum(nil))
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id.String()
}

// incidentID follows from the run that opened the incident.
func incidentID(at trouble, run *probes.Run) string {
	return newID(run.Finished, "incident", at.check, at.location, string(at.cause), run.ID)
}

// notificationID follows from the event and where it is told.
func notificationID(incident string, e Event, endpoint string) string {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(e.Number))
	return newID(e.At, "notification", incident, string(number[:]), endpoint)
}

// noteID follows from the run that led to a note.
func noteID(s series, run *probes.Run, n int) string {
	return newID(run.Finished, "note", s.check, s.location, run.ID, string(rune('0'+n)))
}
