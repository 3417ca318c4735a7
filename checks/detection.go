package checks

import "time"

// Detection says what else than thresholds and promises is watched for: a
// journey that gets slower than it itself usually is, and one that is on its
// way to break a threshold or promise. The zero value watches for neither.
type Detection struct {
	// Degradation watches for a journey slower than what was learnt of it for
	// the time of the week.
	Degradation bool
	// FalseAlarmEvery is how far apart false alarms of Degradation may be, on
	// average; over 0 where Degradation is on.
	FalseAlarmEvery time.Duration
	// SmallestChange and SmallestDelay are the least lasting slowdown that
	// matters: both must be gone over, the first as a share of what is usual.
	SmallestChange float64
	SmallestDelay  time.Duration
	// AcceptAfter is how long an alarm stands before the new level is taken for
	// the usual one.
	AcceptAfter time.Duration
	// Forecast warns of thresholds and promises that are likely to be broken
	// within Horizon.
	Forecast bool
	Horizon  time.Duration
}

// DefaultDetection is what holds for a check that says nothing about it.
func DefaultDetection() Detection {
	const day = 24 * time.Hour
	return Detection{
		Degradation: true, FalseAlarmEvery: 30 * day, SmallestChange: 0.10, SmallestDelay: 20 * time.Millisecond,
		AcceptAfter: day, Forecast: true, Horizon: 6 * time.Hour,
	}
}
