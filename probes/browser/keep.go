package browser

import (
	"math"
	"time"

	"github.com/google/uuid"

	"outrider/checks"
	"outrider/probes"
)

const (
	// maxKept bounds all artifacts of a run together, in bytes.
	maxKept = 12 << 20
)

// drawOf gives a number from 0 to 1 that follows from a run's id: whether a
// sampled piece of evidence is kept of it. It comes from the random bits at
// the end of a UUID, so that the time in it has no say.
func drawOf(run string) float64 {
	id, err := uuid.Parse(run)
	if err != nil {
		return 1
	}
	n := uint32(id[12])<<24 | uint32(id[13])<<16 | uint32(id[14])<<8 | uint32(id[15])
	return float64(n) / (math.MaxUint32 + 1)
}

// keeping is what evidence a run keeps.
type keeping struct {
	checks.Keep
	draw float64
}

// keepingOf decides for a run.
func keepingOf(o checks.BrowserOptions, run string) keeping {
	return keeping{o.Keep.OrDefault(), drawOf(run)}
}

// keepRequests keeps the HAR of the run, if it is wanted. The journey is over.
func (j *journey) keepRequests() {
	if !j.keeping.HAR.Wanted(j.result.Outcome == probes.Failed, j.keeping.draw) {
		return
	}
	archive := newHAR(j.result.Browser)
	for _, t := range append([]*tab{j.mainTab()}, j.mainTab().popups...) {
		t.observer.mu.Lock()
		t.observer.archive.addTo(archive, j.stepAt, j.secrets.hide)
		t.observer.mu.Unlock()
	}
	if len(archive.Log.Entries) == 0 {
		return
	}
	data, err := archive.Encode()
	for err == nil && len(data) > maxHAR && len(archive.Log.Entries) > 1 {
		kept := len(archive.Log.Entries) / 2
		archive.Log.LeftOut += len(archive.Log.Entries) - kept
		archive.Log.Entries = archive.Log.Entries[:kept]
		data, err = archive.Encode()
	}
	if err == nil && len(data) <= maxHAR {
		j.keep(harName, "application/json", "", data)
	}
}

// maxHAR bounds a HAR, in bytes; the bound of what it is made of keeps it below
// that but for addresses full of characters that have to be escaped.
const maxHAR = 4 << 20

// stepAt gives the name of the step that was under way at a time, or had been
// last.
func (j *journey) stepAt(at time.Time) string {
	name := ""
	for _, v := range j.opened {
		if v.from.After(at) {
			break
		}
		if v.step < len(j.result.Steps) {
			name = j.result.Steps[v.step].Name
		}
	}
	return name
}
