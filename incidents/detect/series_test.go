package detect_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
)

// journey makes runs of a shop's search in three steps, whose truth is known.
type journey struct {
	check checks.Check
	rng   *rand.Rand
	at    time.Time
	n     int
	// What goes wrong, by the time since the journey's first run.
	slow   func(time.Duration) float64 // factor of the first byte of "search"
	fails  func(time.Duration) bool
	kind   probes.FailureKind
	days   float64 // certificate days left at the start; zero: no TLS
	began  time.Time
	result []outcome
}

// outcome is a change of a severity in force.
type outcome struct {
	after   time.Duration // since the first run
	verdict detect.Verdict
}

const cadence = 5 * time.Minute

func newJourney(seed uint64) *journey {
	j := &journey{rng: rand.New(rand.NewPCG(seed, 7)), at: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	j.began = j.at
	j.check = checks.Check{
		ID: "search", Name: "Search", Enabled: true, Timeout: 30 * time.Second,
		Schedule:   checks.Schedule{Every: cadence},
		Confirm:    checks.Confirm{Failures: 2, Of: 3, Recovery: 2},
		Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: 4 * time.Second}},
		Objectives: []checks.Objective{{Name: "availability", Good: 0.99, Over: 30 * 24 * time.Hour}},
		Detection:  checks.DefaultDetection(),
		Journey: checks.Journey{Kind: checks.KindHTTP, Steps: []checks.Step{
			{Name: "home", Action: &checks.Request{}}, {Name: "search", Action: &checks.Request{}}, {Name: "product", Action: &checks.Request{}},
		}},
	}
	j.slow, j.fails = func(time.Duration) float64 { return 1 }, func(time.Duration) bool { return false }
	return j
}

// next makes the next run.
func (j *journey) next() *probes.Run {
	since := j.at.Sub(j.began)
	run := &probes.Run{
		ID: fmt.Sprintf("run-%d", j.n), CheckID: "search", CheckName: "Search", Kind: checks.KindHTTP, Location: "home",
		Started: j.at, Outcome: probes.Passed,
	}
	j.n++
	j.at = j.at.Add(cadence)
	failed := j.fails(since)
	for i, base := range []float64{40, 120, 60} {
		noise := math.Exp(j.rng.NormFloat64() * 0.12)
		factor := 1.0
		if i == 1 {
			factor = j.slow(since)
		}
		server := time.Duration(base * noise * factor * float64(time.Millisecond))
		phases := probes.Phases{Resolve: time.Millisecond, Connect: 2 * time.Millisecond, FirstByte: server, Download: 3 * time.Millisecond}
		step := probes.Step{
			Name: j.check.Journey.Steps[i].Name, Verb: "get", Outcome: probes.Passed, Started: run.Duration, Duration: server + 6*time.Millisecond,
			HTTP: &probes.HTTP{Method: "GET", URL: "https://shop.example/" + j.check.Journey.Steps[i].Name, Status: 200, Address: "192.0.2.1:443", Phases: phases, BodyBytes: 9000, TransferBytes: 3000},
		}
		if j.days > 0 {
			step.HTTP.TLS = &probes.TLS{Version: "1.3", Subject: "shop.example", Issuer: "Example CA", Verified: true, NotAfter: j.began.Add(time.Duration(j.days * 24 * float64(time.Hour)))}
		}
		if failed && i == 1 {
			step.Outcome = probes.Failed
			step.Failure = &probes.Failure{Step: step.Name, Kind: j.kind, Message: "status is 503, expected 200", Expected: "200", Got: "503"}
			if step.HTTP.Status = 503; j.kind == probes.FailTimeout {
				step.HTTP, step.Duration = nil, 30*time.Second
				step.Failure.Message = "no answer within 30s"
			}
			run.Outcome, run.Failure = probes.Failed, step.Failure
			run.Steps = append(run.Steps, step)
			run.Duration += step.Duration
			break
		}
		run.Steps = append(run.Steps, step)
		run.Duration += step.Duration
	}
	if limit := j.check.Thresholds.Total.Degraded; run.Outcome == probes.Passed && limit > 0 && run.Duration > limit {
		run.Outcome = probes.Degraded
		run.Exceeded = []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: float64(limit.Milliseconds()), Got: float64(run.Duration.Milliseconds())}}
	}
	run.Finished = run.Started.Add(run.Duration)
	return run
}

// judge judges runs until so long after the first, and keeps what changed.
func (j *journey) judge(t testing.TB, s *detect.Series, until time.Duration) (notes []detect.Note) {
	t.Helper()
	for j.at.Sub(j.began) < until {
		run := j.next()
		r := s.Judge(&j.check, run)
		if r.Lost != nil {
			t.Fatalf("lost: %v", r.Lost)
		}
		notes = append(notes, r.Notes...)
		for _, v := range r.Verdicts {
			if v.Changed() {
				j.result = append(j.result, outcome{run.Started.Sub(j.began), v})
			}
		}
	}
	return notes
}

// changes are what changed, as "cause before>after".
func (j *journey) changes() []string {
	var list []string
	for _, o := range j.result {
		list = append(list, fmt.Sprintf("%s %s>%s", o.verdict.Cause, o.verdict.Before, o.verdict.Severity))
	}
	return list
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// between tells whether a moment is in a span.
func between(from, to time.Duration) func(time.Duration) bool {
	return func(t time.Duration) bool { return t >= from && t < to }
}

func TestSeries(t *testing.T) {
	const onset = 2*week + 10*time.Hour
	during := between(onset, onset+6*time.Hour)
	tests := []struct {
		name   string
		change func(*journey)
		until  time.Duration
		want   []string // changes, in order
		tells  []string // of the first summary and its findings
	}{
		{"all is well", func(*journey) {}, 3 * week, nil, nil},
		{"slower than usual, under every threshold", func(j *journey) {
			j.slow = func(t time.Duration) float64 {
				return map[bool]float64{true: 2.2}[during(t)] + map[bool]float64{false: 1}[during(t)]
			}
		}, onset + 12*time.Hour, []string{"latency >warning", "latency warning>"},
			[]string{"slower than usual", "first byte", "search"}},
		{"an outage is a failure and nothing else", func(j *journey) {
			j.fails, j.kind = during, probes.FailAssertion
		}, onset + day, []string{"failure >critical", "failure critical>"}, []string{"503", "search"}},
		{"an outage by timeout is no slowness", func(j *journey) {
			j.fails, j.kind = during, probes.FailTimeout
		}, onset + day, []string{"failure >critical", "failure critical>"}, []string{"no answer", "search"}},
		{"one failure in twelve is never confirmed but burns the budget", func(j *journey) {
			j.kind = probes.FailAssertion
			j.fails = func(t time.Duration) bool { return t >= onset && int(t/cadence)%12 == 0 }
			// A rate that jumps looks like one that rises, for a while.
			j.check.Detection.Forecast = false
		}, onset + 3*day, []string{"budget >warning"}, []string{"burns", "search"}},
		{"a certificate runs out", func(j *journey) { j.days = 16 }, 3 * day, []string{"forecast >notice"}, []string{"certificate of shop.example", "expires in 14 days"}},
		{"a ramp is foreseen, then it is there", func(j *journey) {
			const rise = 16 * time.Hour
			j.slow = func(t time.Duration) float64 {
				if t < onset {
					return 1
				}
				return 1 + 42*min(float64(t-onset)/float64(rise), 1)
			}
		}, onset + 20*time.Hour, []string{"latency >warning", "forecast >notice", "forecast notice>"}, []string{"slower than usual", "first byte"}},
		{"nothing is watched for", func(j *journey) {
			j.check.Detection, j.check.Objectives = checks.Detection{}, nil
			j.slow = func(t time.Duration) float64 { return 1 + t.Hours()/200 }
		}, 3 * week, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := newJourney(11)
			tt.change(j)
			j.judge(t, detect.NewSeries(), tt.until)
			got := j.changes()
			for _, o := range j.result {
				t.Logf("%s %s: %s>%s %s\n  %s", o.after, o.verdict.Cause, o.verdict.Before, o.verdict.Severity, o.verdict.Summary, strings.Join(o.verdict.Findings, "\n  "))
			}
			// What is in force first of two causes that change with one run is of
			// no interest.
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if len(got) == 0 {
				return
			}
			first := j.result[0].verdict
			all := first.Summary + "\n" + strings.Join(first.Findings, "\n")
			if strings.Contains(all, "\n0 % of the extra") {
				t.Errorf("tells what does not matter:\n%s", all)
			}
			for _, part := range tt.tells {
				if !strings.Contains(all, part) {
					t.Errorf("does not tell %q:\n%s", part, all)
				}
			}
		})
	}
}

// The runs of a trouble that has ended are none of the next one.
func TestSeriesForgetsTroubleThatEnded(t *testing.T) {
	j := newJourney(12)
	j.check.Confirm = checks.Confirm{Failures: 2, Of: 2, Recovery: 1}
	j.kind = probes.FailAssertion
	j.fails = func(t time.Duration) bool {
		return between(day, day+4*cadence)(t) || between(day+5*cadence, day+8*cadence)(t)
	}
	j.judge(t, detect.NewSeries(), day+time.Hour)
	var last detect.Verdict
	opened := 0
	for _, o := range j.result {
		if o.verdict.Severity.WorseThan(o.verdict.Before) {
			opened, last = opened+1, o.verdict
		}
	}
	if opened != 2 || len(last.Findings) == 0 || !strings.Contains(last.Findings[0], "(2 of 2 failed runs)") {
		t.Errorf("%d troubles, the last one has the findings %q", opened, last.Findings)
	}
}

// A budget that burns does so since runs failed, not since before.
func TestSeriesBudgetSince(t *testing.T) {
	j := newJourney(13)
	j.kind = probes.FailAssertion
	j.check.Confirm = checks.Confirm{Failures: 20, Of: 20, Recovery: 1}
	j.fails = func(t time.Duration) bool { return t >= 6*time.Hour }
	j.judge(t, detect.NewSeries(), day)
	if len(j.result) == 0 || j.result[0].verdict.Cause != detect.CauseBudget {
		t.Fatalf("no budget burns first: %v", j.changes())
	}
	if got, want := j.result[0].verdict.Since, j.began.Add(6*time.Hour); !got.Equal(want) {
		t.Errorf("it burns since %v, want %v", got, want)
	}
}

// A restart at any run changes nothing, bit for bit.
func TestSeriesRestart(t *testing.T) {
	const onset = 3 * day
	trouble := func() *journey {
		j := newJourney(5)
		j.kind = probes.FailTimeout
		j.slow = func(t time.Duration) float64 {
			if between(onset, onset+5*time.Hour)(t) {
				return 3
			}
			return 1
		}
		j.fails = func(t time.Duration) bool {
			return between(onset+8*time.Hour, onset+10*time.Hour)(t) || int(t/cadence)%97 == 0
		}
		j.days = 15
		return j
	}
	whole, parts := trouble(), trouble()
	one, other := detect.NewSeries(), detect.NewSeries()
	chance := rand.New(rand.NewPCG(1, 1))
	for n := 0; whole.at.Sub(whole.began) < 4*day; n++ {
		if chance.IntN(5) == 0 {
			data := other.Encode()
			restored, err := detect.DecodeSeries(data)
			if err != nil {
				t.Fatalf("run %d: decode: %v", n, err)
			}
			if again := restored.Encode(); !bytes.Equal(data, again) {
				t.Fatalf("run %d: decoded and encoded again it is another", n)
			}
			other = restored
		}
		want, got := one.Judge(&whole.check, whole.next()), other.Judge(&parts.check, parts.next())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("run %d (-without +with restarts):\n%s", n, diff)
		}
		if n%50 == 0 && !bytes.Equal(one.Encode(), other.Encode()) {
			t.Fatalf("run %d: what is remembered differs", n)
		}
	}
	t.Logf("%d bytes are remembered", len(one.Encode()))
}

// A damaged part costs no more than that part.
func TestSeriesDamage(t *testing.T) {
	j := newJourney(3)
	j.kind, j.fails = probes.FailAssertion, func(t time.Duration) bool { return t >= day }
	s := detect.NewSeries()
	j.judge(t, s, day+time.Hour)
	data := s.Encode()
	at := bytes.Index(data, []byte("objective/availability"))
	if at < 0 {
		t.Fatal("no part of the objective")
	}
	damaged := bytes.Clone(data)
	for i := range 20 {
		damaged[at+len("objective/availability")+8+i] ^= 0xff
	}
	restored, err := detect.DecodeSeries(damaged)
	if err != nil {
		t.Fatal(err)
	}
	r := restored.Judge(&j.check, j.next())
	if r.Lost == nil || !strings.Contains(r.Lost.Error(), "objective/availability") || strings.Contains(r.Lost.Error(), "baseline") {
		t.Errorf("lost: %v", r.Lost)
	}
	if len(r.Verdicts) == 0 || r.Verdicts[0].Before != detect.Critical {
		t.Errorf("the open trouble is forgotten: %+v", r.Verdicts)
	}
	if len(r.Judgement.Objectives) != 1 || r.Judgement.Objectives[0].Total != 1 {
		t.Errorf("objectives: %+v", r.Judgement.Objectives)
	}
}

// What was learnt survives a change of the definition.
func TestSeriesReload(t *testing.T) {
	j := newJourney(4)
	s := detect.NewSeries()
	j.judge(t, s, 3*day)
	j.check.Thresholds.Total.Degraded = 2 * time.Second
	j.check.Detection.FalseAlarmEvery = week
	j.check.Objectives = append(j.check.Objectives, checks.Objective{Name: "fast", Good: 0.9, Over: week, Latency: time.Second})
	r := s.Judge(&j.check, j.next())
	if r.Judgement.ExpectedMS < 100 || r.Judgement.Learned < 0.2 {
		t.Errorf("the baseline is forgotten: %+v", r.Judgement)
	}
	if len(r.Judgement.Objectives) != 2 || r.Judgement.Objectives[0].Total < 800 || r.Judgement.Objectives[1].Total != 1 {
		t.Errorf("objectives: %+v", r.Judgement.Objectives)
	}
}

// Runs on a disturbed host teach nothing about latency and raise nothing, however
// slow they are.
func TestSeriesDisturbed(t *testing.T) {
	j := newJourney(5)
	j.check.Objectives = append(j.check.Objectives, checks.Objective{Name: "fast", Good: 0.9, Over: week, Latency: time.Second})
	s := detect.NewSeries()
	j.judge(t, s, 3*day)
	total := s.Judge(&j.check, j.next()).Judgement.Objectives[1].Total
	j.slow = func(time.Duration) float64 { return 40 }
	for range 200 {
		run := j.next()
		run.Disturbed = "it was busy: 40 % of the time was lost to waking up late"
		r := s.Judge(&j.check, run)
		for _, v := range r.Verdicts {
			if v.Bad || v.Severity != detect.None {
				t.Fatalf("a disturbed run raised %+v", v)
			}
		}
		if len(r.Notes) > 0 {
			t.Fatalf("a disturbed run was noted: %+v", r.Notes)
		}
		if o := r.Judgement.Objectives; o[1].Total != total || o[0].Total <= total {
			t.Fatalf("a disturbed run counts for a promise about latency, or not for availability: %+v, %d before", o, total)
		}
	}
}

// Odd runs are no harm.
func TestSeriesOddRuns(t *testing.T) {
	j := newJourney(6)
	s := detect.NewSeries()
	j.judge(t, s, 6*time.Hour)
	nan := math.NaN()
	for i, change := range []func(*probes.Run){
		func(r *probes.Run) { r.Duration = -time.Hour },
		func(r *probes.Run) { r.Duration = math.MaxInt64 },
		func(r *probes.Run) { r.Steps = nil },
		func(r *probes.Run) { r.Disturbance = nan },
		func(r *probes.Run) { r.Steps[0].Vitals = &probes.Vitals{LCP: &nan, INP: &nan} },
		func(r *probes.Run) { r.Steps[0].HTTP = nil },
		func(r *probes.Run) { r.Outcome, r.Failure = probes.Failed, nil },
		func(r *probes.Run) { r.Started = r.Started.AddDate(300, 0, 0) },
		func(r *probes.Run) { r.Started = time.Time{} },
	} {
		run := j.next()
		change(run)
		s.Judge(&j.check, run)
		if restored, err := detect.DecodeSeries(s.Encode()); err != nil || !bytes.Equal(restored.Encode(), s.Encode()) {
			t.Errorf("after odd run %d: %v", i, err)
		}
	}
}

func FuzzDecodeSeries(f *testing.F) {
	j := newJourney(8)
	s := detect.NewSeries()
	j.judge(f, s, 3*time.Hour)
	f.Add(s.Encode())
	f.Add([]byte{})
	f.Add([]byte{2, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, '{', '}'})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := detect.DecodeSeries(data)
		j := newJourney(9)
		for range 3 {
			s.Judge(&j.check, j.next())
		}
		s.Encode()
	})
}

func BenchmarkSeries(b *testing.B) {
	j := newJourney(2)
	s := detect.NewSeries()
	runs := make([]*probes.Run, 4000)
	for i := range runs {
		runs[i] = j.next()
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		run := *runs[i%len(runs)]
		run.Started = j.began.Add(time.Duration(i) * cadence)
		s.Judge(&j.check, &run)
	}
	b.ReportMetric(float64(len(s.Encode())), "state-bytes")
}
