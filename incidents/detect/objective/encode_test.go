package objective_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"outrider/incidents/detect/objective"
)

func state(t testing.TB, j *objective.Judge) []byte {
	t.Helper()
	data, err := j.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func same(t *testing.T, a, b *objective.Judge) {
	t.Helper()
	if !bytes.Equal(state(t, a), state(t, b)) {
		t.Fatalf("states differ:\n%s\n%s", a.Explain(), b.Explain())
	}
}

func restarted(t testing.TB, j *objective.Judge) *objective.Judge {
	t.Helper()
	var again objective.Judge
	if err := again.UnmarshalBinary(state(t, j)); err != nil {
		t.Fatal(err)
	}
	return &again
}

// A Judge that is stored and read back at any time goes on bit for bit as if
// nothing had happened.
func TestRestartEqualsNoRestart(t *testing.T) {
	goals := []objective.Goal{
		goalOf(0.999, time.Minute), goalOf(0.95, 5*time.Minute), goalOf(0.9, 0),
		{Name: "fast", Good: 0.95, Over: 7 * day, Latency: 800 * time.Millisecond, Cadence: 20 * time.Second},
		{Good: 0.99, Over: time.Hour, Rows: []objective.Row{{Long: time.Hour, Short: time.Minute, Rate: 2, Severity: objective.Warning}}},
		{Good: 0.5, Over: 400 * day, Rows: []objective.Row{}},
	}
	for seed, g := range goals {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		a, b := newJudge(t, g), newJudge(t, g)
		at, share := start, 0.0
		for range 3000 {
			if r.IntN(100) == 0 {
				share = r.Float64() * r.Float64() * r.Float64()
			}
			if r.IntN(300) == 0 {
				at = at.Add(time.Duration(r.IntN(3000)) * time.Minute)
			}
			ok, when := r.Float64() >= share, at.Add(-time.Duration(r.IntN(3))*time.Minute)
			va, vb := a.Observe(when, ok), b.Observe(when, ok)
			if va != vb {
				t.Fatalf("goal %d: verdicts differ: %+v and %+v", seed, va, vb)
			}
			if r.IntN(50) == 0 {
				b = restarted(t, b)
				same(t, a, b)
				if a.Explain() != b.Explain() {
					t.Fatalf("goal %d: %q and %q", seed, a.Explain(), b.Explain())
				}
			}
			at = at.Add(max(g.Cadence, time.Second))
		}
	}
}

func TestStateIsSmall(t *testing.T) {
	j := newJudge(t, goalOf(0.999, time.Second))
	at := start
	for i := range 3 * 24 * 3600 {
		j.Observe(at, i%3 == 0)
		at = at.Add(time.Second)
	}
	if n := len(state(t, j)); n > 4096 {
		t.Errorf("busy state has %d bytes", n)
	}
}

func TestDamagedStates(t *testing.T) {
	j := newJudge(t, goalOf(0.999, time.Minute))
	at := start
	for i := range 500 {
		j.Observe(at, i < 480)
		at = at.Add(time.Minute)
	}
	data := state(t, j)
	before := state(t, j)
	for n := range data {
		if err := j.UnmarshalBinary(data[:n]); err == nil {
			t.Errorf("cut after %d of %d bytes: no error", n, len(data))
		}
	}
	if err := j.UnmarshalBinary(append(bytes.Clone(data), 0)); err == nil {
		t.Error("one byte too many: no error")
	}
	if err := j.UnmarshalBinary(append([]byte{99}, data[1:]...)); err == nil {
		t.Error("another version: no error")
	}
	if !bytes.Equal(before, state(t, j)) {
		t.Error("a refused state changed the Judge")
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	for _, g := range []objective.Goal{goalOf(0.999, time.Minute), {Name: "x", Good: 0.5, Over: time.Hour, Rows: []objective.Row{{Long: time.Hour, Short: time.Minute, Rate: 2, Severity: objective.Warning}}}} {
		j := newJudge(f, g)
		f.Add(state(f, j))
		for i := range 50 {
			j.Observe(start.Add(time.Duration(i)*time.Minute), i < 40)
		}
		f.Add(state(f, j))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var j objective.Judge
		if j.UnmarshalBinary(data) != nil {
			return
		}
		j.Observe(start, false)
		j.Observe(start.Add(time.Hour), true)
		_, _ = j.Explain(), j.Exhaustion()
		if v := j.Verdict(); v.Window.Bad < 0 || v.Window.Bad > v.Window.Total || v.Long.Bad > v.Long.Total || v.Short.Bad < 0 {
			t.Fatalf("nonsense: %+v", v)
		}
		same(t, &j, restarted(t, &j))
	})
}
