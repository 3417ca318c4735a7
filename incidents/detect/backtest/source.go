package backtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Source hands over runs of one check in the order in which they are to be
// judged, the oldest first. It may be asked again, and gives the same runs
// then. It stops at the first error of yield and returns it. A run belongs to
// the receiver until the next one comes.
type Source func(yield func(*probes.Run) error) error

// errStop ends a Source early; Replay and collect never give it away.
var errStop = errors.New("enough")

// Sample is what is known of a run that comes from elsewhere than a store.
type Sample struct {
	At       time.Time
	Latency  time.Duration
	TimedOut bool // it was cut off
	Failed   bool // it failed for another reason: Latency says nothing
}

// Samples makes runs of a check out of samples, at the location "csv", and
// holds them against the check's thresholds. The samples are put in order of
// time, in place.
func Samples(check *checks.Check, samples []Sample) Source {
	slices.SortStableFunc(samples, func(a, b Sample) int { return a.At.Compare(b.At) })
	return func(yield func(*probes.Run) error) error {
		for i := range samples {
			run := runOf(check, &samples[i])
			if err := yield(&run); err != nil {
				return err
			}
		}
		return nil
	}
}

func runOf(check *checks.Check, s *Sample) probes.Run {
	at := s.At.UTC()
	run := probes.Run{
		ID: fmt.Sprintf("%s-%d", check.ID, at.UnixNano()), CheckID: check.ID, CheckName: check.Name, Kind: check.Journey.Kind,
		Location: "csv", Scheduled: at, Started: at, Finished: at.Add(s.Latency), Duration: s.Latency, Outcome: probes.Passed,
	}
	switch {
	case s.TimedOut:
		run.Outcome, run.Failure = probes.Failed, &probes.Failure{Kind: probes.FailTimeout, Message: "took too long and was cut off"}
	case s.Failed:
		run.Outcome, run.Failure = probes.Failed, &probes.Failure{Kind: probes.FailProtocol, Message: "failed, says the file"}
	}
	probes.Assess(*check, &run)
	return run
}

// Cadence is the usual distance of samples, which are in order of time: the
// median of the distances between neighbours. It is a minute where there are
// none.
func Cadence(times []time.Time) time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap > 0 {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return time.Minute
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// reassess gives the run as it would have been with the thresholds of the
// check. What thresholds made of it when it was recorded does not count.
func reassess(check *checks.Check, recorded *probes.Run) probes.Run {
	run := *recorded
	run.Outcome, run.Failure = withoutThresholds(run.Outcome, run.Failure, len(run.Exceeded) > 0)
	run.Exceeded = nil
	run.Steps = slices.Clone(run.Steps)
	for i := range run.Steps {
		s := &run.Steps[i]
		s.Outcome, s.Failure = withoutThresholds(s.Outcome, s.Failure, false)
	}
	probes.Assess(*check, &run)
	return run
}

func withoutThresholds(o probes.Outcome, f *probes.Failure, exceeded bool) (probes.Outcome, *probes.Failure) {
	switch {
	case o == probes.Degraded,
		o == probes.Failed && f == nil && exceeded,
		o == probes.Failed && f != nil && f.Kind == probes.FailThreshold:
		return probes.Passed, nil
	}
	return o, f
}

// broken tells whether a run failed through anything but a threshold, as the
// judge of failures has it.
func broken(run *probes.Run) bool {
	o, _ := withoutThresholds(run.Outcome, run.Failure, len(run.Exceeded) > 0)
	return o == probes.Failed
}
