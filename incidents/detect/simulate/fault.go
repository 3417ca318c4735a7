package simulate

import "time"

// FaultKind is how a fault shows.
type FaultKind int

// The kinds of fault.
const (
	// Step: from the onset every run is slower by Size.
	Step FaultKind = iota
	// Ramp: slower by ever more, linearly, reaching Size after Rise, and
	// staying there.
	Ramp
	// Tail: only a Share of the runs is slower, by Size.
	Tail
	// Flapping: Step for On, usual for Off, and so on; it starts with On.
	Flapping
	// Outage: every run fails, at its timeout if the series has one.
	Outage
	// Faster: from the onset every run is faster by Size. No incident.
	Faster
)

// String names the kind.
func (k FaultKind) String() string {
	switch k {
	case Step:
		return "step"
	case Ramp:
		return "ramp"
	case Tail:
		return "tail"
	case Flapping:
		return "flapping"
	case Outage:
		return "outage"
	case Faster:
		return "faster"
	}
	return "unknown"
}

// Fault is a disturbance of known onset.
type Fault struct {
	Kind FaultKind
	At   time.Time     // onset: the first point at or after it is affected
	For  time.Duration // zero means for ever
	// Size is how much slower (Faster: faster) runs are, in standard
	// deviations (Series.Sigma) of the logarithm of latency.
	Size    float64
	Rise    time.Duration // Ramp
	Share   float64       // Tail: 0 to 1
	On, Off time.Duration // Flapping
}

// End is when the fault stops acting; the zero time means never.
func (f *Fault) End() time.Time {
	if f.For <= 0 {
		return time.Time{}
	}
	return f.At.Add(f.For)
}

// active tells whether the fault is there at a time; a flapping one is there
// in its calm phases too.
func (f *Fault) active(at time.Time) bool {
	return !at.Before(f.At) && (f.For <= 0 || at.Before(f.At.Add(f.For)))
}

// shift is by how many standard deviations an active fault slows a run whose
// luck is uniform between 0 and 1.
func (f *Fault) shift(at time.Time, luck float64) float64 {
	since := at.Sub(f.At)
	switch f.Kind {
	case Ramp:
		if f.Rise > 0 && since < f.Rise {
			return f.Size * float64(since) / float64(f.Rise)
		}
	case Tail:
		if luck >= f.Share {
			return 0
		}
	case Flapping:
		if f.On+f.Off > 0 && since%(f.On+f.Off) >= f.On {
			return 0
		}
	case Faster:
		return -f.Size
	}
	return f.Size
}
