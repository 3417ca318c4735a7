package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
)

// A run is written as one letter: p passed, d degraded, c failed by a
// threshold, f failed otherwise, u unknown, m failed in maintenance.
func runOf(letter rune, n int) probes.Run {
	run := probes.Run{
		ID:      fmt.Sprintf("run-%d", n),
		CheckID: "checkout",
		Started: start.Add(time.Duration(n) * time.Minute),
		Outcome: probes.Passed,
	}
	total := func(level probes.Outcome, limit, got float64) {
		run.Outcome = level
		run.Duration = time.Duration(got * 1e6)
		run.Exceeded = []probes.Exceeded{{Measure: "total", Level: level, Limit: limit, Got: got}}
	}
	switch letter {
	case 'd':
		total(probes.Degraded, 4000, 6100)
	case 'c':
		total(probes.Failed, 12000, 13000)
		run.Failure = &probes.Failure{Kind: probes.FailThreshold, Message: "took 13 s"}
	case 'f', 'm':
		run.Outcome = probes.Failed
		run.Failure = &probes.Failure{Step: `click button "Pay"`, Kind: probes.FailElement, Message: "no such element"}
		run.Maintenance = letter == 'm'
	case 'b': // its host was busy
		run.Disturbed, run.Duration = "it was busy", 20*time.Second
	case 'u':
		run.Outcome = probes.Unknown
		run.Failure = &probes.Failure{Kind: probes.FailProber, Message: "no browser"}
	}
	return run
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func checkOf(failures, of, recovery int) checks.Check {
	return checks.Check{
		ID: "checkout", Name: "Checkout", Enabled: true,
		Confirm: checks.Confirm{Failures: failures, Of: of, Recovery: recovery},
	}
}

// history judges runs one after the other and notes each change of severity
// as "number of the run:cause before>after".
func history(check checks.Check, memory detect.Memory, letters string) (detect.Memory, []string) {
	var changes []string
	for n, letter := range letters {
		run := runOf(letter, n+1)
		var verdicts []detect.Verdict
		memory, verdicts = detect.Judge(&check, memory, &run)
		for _, v := range verdicts {
			if v.Changed() {
				changes = append(changes, fmt.Sprintf("%d:%s %s>%s", n+1, v.Cause, v.Before, v.Severity))
			}
		}
	}
	return memory, changes
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name  string
		check checks.Check
		runs  string
		want  []string
	}{
		{"good runs", checkOf(2, 3, 2), "pppp", nil},
		{"one failure is not confirmed", checkOf(2, 3, 1), "pfppfpp", nil},
		{"two of three in a row", checkOf(2, 3, 2), "pff", []string{"3:failure >critical"}},
		{"two of three with a gap", checkOf(2, 3, 2), "fpf", []string{"3:failure >critical"}},
		{"two of three, too far apart", checkOf(2, 3, 2), "fppf", nil},
		{"confirmed before there are three runs", checkOf(2, 3, 2), "ff", []string{"2:failure >critical"}},
		{"one of one", checkOf(1, 1, 1), "fp", []string{"1:failure >critical", "2:failure critical>"}},
		{"recovery needs good runs in a row", checkOf(1, 1, 2), "fpfpp", []string{"1:failure >critical", "5:failure critical>"}},
		{"after recovery failures are confirmed anew", checkOf(2, 3, 1), "ffpf", []string{"2:failure >critical", "3:failure critical>"}},
		{"a rule of zeros is one of one", checkOf(0, 0, 0), "fp", []string{"1:failure >critical", "2:failure critical>"}},
		{"a rule that cannot be met is n of n", checkOf(5, 2, 1), "ff", []string{"2:failure >critical"}},

		{"unknown changes nothing", checkOf(2, 2, 2), "fuuf", []string{"4:failure >critical"}},
		{"unknown is no recovery", checkOf(1, 1, 2), "fpuuup", []string{"1:failure >critical", "6:failure critical>"}},
		{"maintenance opens nothing", checkOf(1, 1, 1), "mmm", nil},
		{"maintenance is between runs as if it were not", checkOf(2, 2, 1), "fmmf", []string{"4:failure >critical"}},

		{"degraded", checkOf(2, 3, 1), "ddp", []string{"2:latency >warning", "3:latency warning>"}},
		{"over the failed threshold is latency, not failure", checkOf(2, 3, 1), "cc", []string{"2:latency >critical"}},
		{"mixed levels confirm the lower", checkOf(2, 3, 1), "dc", []string{"2:latency >warning"}},
		{"escalates when the higher is confirmed", checkOf(2, 3, 1), "dcc", []string{"2:latency >warning", "3:latency warning>critical"}},
		{"lowers after recovery's number of milder runs", checkOf(1, 1, 2), "cdd", []string{"1:latency >critical", "3:latency critical>warning"}},
		{"one milder run lowers nothing", checkOf(1, 1, 2), "cdcdc", []string{"1:latency >critical"}},
		{"good and degraded in turns lower, but do not resolve", checkOf(1, 1, 2), "cpdpdpd", []string{"1:latency >critical", "3:latency critical>warning"}},
		{"resolves from critical at once", checkOf(1, 1, 2), "cpp", []string{"1:latency >critical", "3:latency critical>"}},
		{"after lowering the higher is confirmed anew", checkOf(2, 3, 1), "ccdc", []string{"2:latency >critical", "3:latency critical>warning"}},
		{"and then escalates", checkOf(2, 3, 1), "ccdcc", []string{"2:latency >critical", "3:latency critical>warning", "5:latency warning>critical"}},

		{"a disturbed host is no latency, good or bad", checkOf(1, 1, 2), "bdbpbbp", []string{"2:latency >warning", "7:latency warning>"}},
		{"nor does it hide that a journey works", checkOf(1, 1, 2), "fbb", []string{"1:failure >critical", "3:failure critical>"}},
		{"a slow journey works", checkOf(1, 1, 1), "fd", []string{"1:failure >critical", "2:failure critical>", "2:latency >warning"}},
		{"a broken journey is no latency recovery", checkOf(1, 1, 2), "dpfp", []string{"1:latency >warning", "3:failure >critical", "4:latency warning>"}},
		{"nor does it interrupt latency", checkOf(2, 2, 9), "dfd", []string{"3:latency >warning"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := history(tt.check, detect.Memory{}, tt.runs)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes of %q (-want +got):\n%s", tt.runs, diff)
			}
		})
	}
}

func TestJudgeExplains(t *testing.T) {
	exceeded := func(es ...probes.Exceeded) func(*probes.Run) {
		return func(r *probes.Run) { r.Outcome, r.Exceeded = probes.Degraded, es }
	}
	tests := []struct {
		name   string
		check  checks.Check
		before string
		run    func(*probes.Run)
		want   string
	}{
		{"failure at a step", checkOf(2, 3, 1), "pf", func(r *probes.Run) { *r = runOf('f', 3) },
			`Checkout failed in 2 of the last 3 runs: step click button "Pay": no such element`},
		{"failure outside of steps", checkOf(1, 1, 1), "", func(r *probes.Run) {
			r.Outcome, r.Failure = probes.Failed, &probes.Failure{Kind: probes.FailTimeout, Message: "timed out\nafter 30 s"}
		}, "Checkout failed: timed out after 30 s"},
		{"failure without a reason", checkOf(1, 1, 1), "", func(r *probes.Run) { r.Outcome = probes.Failed }, "Checkout failed"},
		{"long messages are cut at a rune", checkOf(1, 1, 1), "", func(r *probes.Run) {
			r.Outcome, r.Failure = probes.Failed, &probes.Failure{Message: strings.Repeat("é", 1000)}
		}, "Checkout failed: " + strings.Repeat("é", 200) + "…"},
		{"degraded journey", checkOf(2, 3, 1), "dp", func(r *probes.Run) { *r = runOf('d', 3) },
			"Checkout took 6.1 s, over its degraded threshold of 4 s; it was over a threshold in 2 of the last 3 runs"},
		{"failed journey", checkOf(2, 3, 1), "c", func(r *probes.Run) { *r = runOf('c', 3) },
			"Checkout took 13 s, over its failed threshold of 12 s; it was over a failed threshold in 2 of the last 2 runs"},
		{"slow without saying by what", checkOf(1, 1, 1), "", exceeded(), "Checkout was too slow"},
		{"step", checkOf(1, 1, 1), "", exceeded(probes.Exceeded{Step: "Pay", Measure: "total", Level: probes.Degraded, Limit: 800, Got: 950.4}),
			"Checkout: step Pay took 950.4 ms, over its degraded threshold of 800 ms"},
		{"phase", checkOf(1, 1, 1), "", exceeded(probes.Exceeded{Step: "Pay", Measure: "first_byte", Level: probes.Degraded, Limit: 800, Got: 61_250}),
			"Checkout: waiting for the first byte of step Pay took 1 min 1.25 s, over its degraded threshold of 800 ms"},
		{"vital", checkOf(1, 1, 1), "", exceeded(probes.Exceeded{Step: "Home", Measure: "cls", Level: probes.Degraded, Limit: 0.1, Got: 0.3141}),
			"Checkout: layout shift of step Home was 0.31, over its degraded threshold of 0.1"},
		{"just over", checkOf(1, 1, 1), "", exceeded(probes.Exceeded{Measure: "total", Level: probes.Degraded, Limit: 4000, Got: 4000.7}),
			"Checkout took 4.001 s, over its degraded threshold of 4 s"},
		{"the worst of several", checkOf(1, 1, 1), "", exceeded(
			probes.Exceeded{Step: "A", Measure: "total", Level: probes.Degraded, Limit: 100, Got: 200},
			probes.Exceeded{Step: "B", Measure: "total", Level: probes.Degraded, Limit: 100, Got: 300},
			probes.Exceeded{Measure: "total", Level: probes.Degraded, Limit: 1000, Got: 1100},
		), "Checkout took 1.1 s, over its degraded threshold of 1 s"},
		{"recovered from failure", checkOf(1, 1, 2), "fp", func(*probes.Run) {}, "Checkout worked again in 2 runs in a row"},
		{"recovered in one run", checkOf(1, 1, 1), "f", func(*probes.Run) {}, "Checkout worked again in the last run"},
		{"recovered from latency", checkOf(1, 1, 2), "dp", func(r *probes.Run) { r.Duration = 1234 * time.Millisecond },
			"Checkout kept its thresholds in 2 runs in a row, the last one took 1.23 s"},
		{"lowered", checkOf(1, 1, 2), "cd", func(r *probes.Run) { *r = runOf('d', 3) },
			"Checkout kept its failed thresholds in 2 runs in a row, but not all of its degraded ones"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			memory, _ := history(tt.check, detect.Memory{}, tt.before)
			run := runOf('p', 9)
			tt.run(&run)
			run.Started = start.Add(time.Hour)
			_, verdicts := detect.Judge(&tt.check, memory, &run)
			if len(verdicts) != 1 {
				t.Fatalf("verdicts: got %+v, want one", verdicts)
			}
			if got := verdicts[0].Summary; got != tt.want {
				t.Errorf("summary:\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestJudgeCountsImpact(t *testing.T) {
	check := checkOf(3, 5, 1)
	memory, _ := history(check, detect.Memory{}, "ppfpf")
	run := runOf('f', 6)
	_, verdicts := detect.Judge(&check, memory, &run)
	want := detect.Verdict{
		Cause: detect.CauseFailure, Bad: true, Severity: detect.Critical,
		Summary: `Checkout failed in 3 of the last 5 runs: step click button "Pay": no such element`,
		BadRuns: 3, Since: start.Add(3 * time.Minute),
	}
	if diff := cmp.Diff([]detect.Verdict{want}, verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// A reload may change the rule between two runs.
func TestJudgeRuleChanges(t *testing.T) {
	tests := []struct {
		name          string
		before, after checks.Check
		first, second string
		want          []string
	}{
		{"fewer of fewer: the past alone opens nothing", checkOf(3, 5, 1), checkOf(1, 2, 1), "pff", "p", nil},
		{"fewer of fewer: with the next bad run", checkOf(3, 5, 1), checkOf(2, 2, 1), "pff", "f", []string{"1:failure >critical"}},
		{"more of more: the past counts", checkOf(2, 2, 1), checkOf(2, 5, 1), "fp", "f", []string{"1:failure >critical"}},
		{"recovery gets shorter", checkOf(1, 1, 5), checkOf(1, 1, 2), "fp", "p", []string{"1:failure critical>"}},
		{"recovery gets shorter: not by a bad run", checkOf(1, 1, 5), checkOf(1, 1, 2), "fpp", "f", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			memory, _ := history(tt.before, detect.Memory{}, tt.first)
			_, got := history(tt.after, memory.Rewound(), tt.second)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeOutOfOrder(t *testing.T) {
	check := checkOf(2, 2, 1)
	memory, _ := history(check, detect.Memory{}, "ppf")
	for _, n := range []int{1, 2, 3} {
		late := runOf('f', n)
		got, verdicts := detect.Judge(&check, memory, &late)
		if len(verdicts) != 0 || string(got.Encode()) != string(memory.Encode()) {
			t.Errorf("run %d after run 3: got verdicts %v, memory %s", n, verdicts, got.Encode())
		}
	}
	next := runOf('f', 1)
	if _, verdicts := detect.Judge(&check, memory.Rewound(), &next); len(verdicts) != 1 {
		t.Errorf("after Rewound an earlier run counts: got %v", verdicts)
	}
}
