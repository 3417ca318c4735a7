package evaluate

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// outageRule is a way to confirm that a site is down.
type outageRule struct {
	confirm checks.Confirm
	retries checks.Retries
}

// BaselineOutage prints how long a full outage takes to be confirmed, and how
// often independent failures of single attempts are taken for one.
func BaselineOutage(w io.Writer, o BaselineOptions) error {
	const (
		every   = time.Minute
		attempt = 2 * time.Second // until an attempt is known to have failed
		noise   = 0.01
		weeks   = 100
	)
	fmt.Fprintf(w, "full outage, a run a minute, an attempt fails after %v; %v %% of attempts fail by themselves: seed %d\n", attempt, 100*noise, o.Seed)
	fmt.Fprintf(w, "%-28s %10s %10s %24s\n", "", "p50", "p95", "false in 100 weeks")
	for _, rule := range []outageRule{
		{checks.Confirm{Failures: 2, Of: 3, Recovery: 2}, checks.Retries{}},
		{checks.Confirm{Failures: 2, Of: 3, Recovery: 2}, checks.Retries{Count: 1, Backoff: checks.DefaultRetryBackoff}},
		{checks.Confirm{Failures: 2, Of: 3, Recovery: 2}, checks.Retries{Count: 2, Backoff: checks.DefaultRetryBackoff}},
		{checks.Confirm{Failures: 1, Of: 1, Recovery: 2}, checks.Retries{Count: 2, Backoff: checks.DefaultRetryBackoff}},
		{checks.Confirm{Failures: 1, Of: 1, Recovery: 2}, checks.Retries{Count: 3, Backoff: time.Second / 2}},
	} {
		var delays []time.Duration
		r := rand.New(rand.NewPCG(o.Seed, 97))
		for range 2000 {
			delays = append(delays, rule.detects(r, every, attempt, noise))
		}
		slices.Sort(delays)
		name := fmt.Sprintf("%d of %d, %d retries from %v", rule.confirm.Failures, rule.confirm.Of, rule.retries.Count, rule.retries.Backoff)
		fmt.Fprintf(w, "%-28s %10v %10v %24d\n", name, delays[len(delays)/2].Round(time.Second), delays[len(delays)*95/100].Round(time.Second), rule.falsely(r, every, noise, weeks))
	}
	fmt.Fprintf(w, "%-28s %10s %10s %24s\n", "at least (goal)", "", "2m15s (1m10s)", "(0)")
	return nil
}

// watch judges one run after the other and tells whether the last one opened.
type watch struct {
	check  checks.Check
	memory detect.Memory
}

func (wa *watch) opened(at time.Time, failed bool) bool {
	run := probes.Run{CheckID: "site", Started: at, Outcome: probes.Passed}
	if failed {
		run.Outcome, run.Failure = probes.Failed, &probes.Failure{Kind: probes.FailTimeout, Message: "down"}
	}
	var verdicts []detect.Verdict
	wa.memory, verdicts = detect.Judge(&wa.check, wa.memory, &run)
	for _, v := range verdicts {
		if v.Cause == detect.CauseFailure && v.Before == detect.None && v.Severity != detect.None {
			return true
		}
	}
	return false
}

// detects gives the time from the beginning of an outage to its confirmation.
func (rule outageRule) detects(r *rand.Rand, every, attempt time.Duration, noise float64) time.Duration {
	wa := watch{check: checks.Check{ID: "site", Name: "Site", Confirm: rule.confirm}}
	for i := range 5 {
		wa.opened(monday.Add(time.Duration(i)*every), rule.fails(r, noise))
	}
	first := time.Duration(r.Int64N(int64(every))) // from the outage to the next run
	took := attempt
	backoff := rule.retries.Backoff
	for range rule.retries.Count {
		took += backoff + attempt
		backoff *= 2
	}
	for i := 0; ; i++ {
		if wa.opened(monday.Add(time.Duration(5+i)*every), true) || i > 100 {
			return first + time.Duration(i)*every + took
		}
	}
}

// fails tells whether a run fails though all is well: all its attempts do.
func (rule outageRule) fails(r *rand.Rand, noise float64) bool {
	for range rule.retries.Count + 1 {
		if r.Float64() >= noise {
			return false
		}
	}
	return true
}

// falsely counts the incidents that single failures make.
func (rule outageRule) falsely(r *rand.Rand, every time.Duration, noise float64, weeks int) int {
	wa := watch{check: checks.Check{ID: "site", Name: "Site", Confirm: rule.confirm}}
	n := 0
	for i := range int(time.Duration(weeks) * week / every) {
		if wa.opened(monday.Add(time.Duration(i)*every), rule.fails(r, noise)) {
			n++
		}
	}
	return n
}
