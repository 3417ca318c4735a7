package storage_test

import (
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

var start = time.Date(2026, 3, 14, 12, 30, 0, 0, time.UTC)

// FuzzDecodeRun holds that a stored run is never taken for another one, and
// that what was read can be written again.
func FuzzDecodeRun(f *testing.F) {
	text, err := storage.EncodeRun(new(storagetest.Failed(storagetest.NewRun("a", start, time.Second))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(text))
	f.Add([]byte(`{"steps":[{"http":{"tls":{"not_after":"never"}}}]}`))
	f.Add([]byte(`null`))
	of := probes.Run{ID: "id", CheckID: "a", Location: "local", Outcome: probes.Failed, Started: start, Duration: time.Second}
	f.Fuzz(func(t *testing.T, text []byte) {
		run, _ := storage.DecodeRun(of, text)
		if run.ID != of.ID || run.CheckID != of.CheckID || run.Location != of.Location || run.Outcome != of.Outcome ||
			!run.Started.Equal(of.Started) || run.Duration != of.Duration || run.Maintenance {
			t.Errorf("the run is another: %+v", run)
		}
		if _, err := storage.EncodeRun(&run); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
