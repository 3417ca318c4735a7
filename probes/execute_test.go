package probes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// probeFunc is a probe made of a function.
type probeFunc func(ctx context.Context, check checks.Check) (probes.Run, error)

func (f probeFunc) Run(ctx context.Context, check checks.Check) (probes.Run, error) {
	return f(ctx, check)
}

// passed is a run of one step that worked.
func passed(took time.Duration) probes.Run {
	return probes.Run{Outcome: probes.Passed, Duration: took, Steps: []probes.Step{{Name: "first", Duration: took, Outcome: probes.Passed}}}
}

// failed is a run whose one step failed.
func failed(kind probes.FailureKind, message string) probes.Run {
	failure := &probes.Failure{Step: "first", Kind: kind, Message: message}
	return probes.Run{Outcome: probes.Failed, Failure: failure, Duration: time.Millisecond,
		Steps: []probes.Step{{Name: "first", Outcome: probes.Failed, Failure: failure}}}
}

// clock is a clock that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	time  time.Time
	naps  []time.Duration
	onNap func()
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.naps = append(c.naps, d)
	c.time = c.time.Add(d)
	c.mu.Unlock()
	if c.onNap != nil {
		c.onNap()
	}
	return ctx.Err()
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// execute does a check with a probe, due two seconds before noon, at noon.
func execute(ctx context.Context, c *clock, check checks.Check, probe probeFunc, secrets ...string) probes.Run {
	e := &probes.Executor{
		Probes:   map[checks.Kind]probes.Probe{checks.KindHTTP: probe},
		Location: "here", Now: c.Now, Sleep: c.Sleep, Logger: slog.New(slog.DiscardHandler),
	}
	check.Journey.Kind = checks.KindHTTP
	var values []checks.Secret
	for _, s := range secrets {
		values = append(values, checks.NewSecret(s))
	}
	return e.Execute(ctx, check, noon.Add(-2*time.Second), checks.NewRedactor(values...))
}

func TestExecuteCompletesTheRun(t *testing.T) {
	check := checks.Check{
		ID: "shop", Name: "The shop", Labels: map[string]string{"tier": "gold"},
		Schedule: checks.Schedule{Zone: time.UTC, Maintenance: []checks.Maintenance{{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)}}},
	}
	got := execute(context.Background(), &clock{time: noon}, check, func(context.Context, checks.Check) (probes.Run, error) {
		return passed(time.Second), nil
	})
	if id, err := uuid.Parse(got.ID); err != nil || id.Version() != 7 {
		t.Errorf("id %q: %v", got.ID, err)
	}
	if got.CheckID != "shop" || got.CheckName != "The shop" || got.Kind != checks.KindHTTP || got.Location != "here" || got.Labels["tier"] != "gold" {
		t.Errorf("identity: %+v", got)
	}
	if !got.Scheduled.Equal(noon.Add(-2*time.Second)) || !got.Started.Equal(noon) || !got.Finished.Equal(noon) || got.StartDelay != 2*time.Second || got.Started.Location() != time.UTC {
		t.Errorf("times: %+v", got)
	}
	if got.Outcome != probes.Passed || got.Failure != nil || got.Duration != time.Second || !got.Maintenance {
		t.Errorf("result: %+v", got)
	}
	if got.Disturbance < 0 || got.Disturbance > 1 {
		t.Errorf("disturbance %f", got.Disturbance)
	}
}

func TestAnEarlyStartIsNoDelay(t *testing.T) {
	c := &clock{time: noon.Add(-3 * time.Second)}
	if got := execute(context.Background(), c, checks.Check{}, func(context.Context, checks.Check) (probes.Run, error) { return passed(0), nil }); got.StartDelay != 0 {
		t.Errorf("start delay %s", got.StartDelay)
	}
}

func TestRetries(t *testing.T) {
	check := checks.Check{Retries: checks.Retries{Count: 3, Backoff: time.Second}}
	for name, c := range map[string]struct {
		results []probes.Run
		outcome probes.Outcome
		naps    []time.Duration
	}{
		"works at once":       {[]probes.Run{passed(1)}, probes.Passed, nil},
		"works after two":     {[]probes.Run{failed(probes.FailConnect, "a"), failed(probes.FailTimeout, "b"), passed(1)}, probes.Passed, []time.Duration{time.Second, 2 * time.Second}},
		"does not work":       {[]probes.Run{failed(probes.FailConnect, "a"), failed(probes.FailConnect, "b"), failed(probes.FailConnect, "c"), failed(probes.FailConnect, "d")}, probes.Failed, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"after trouble of us": {[]probes.Run{{}, passed(1)}, probes.Passed, []time.Duration{time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			clock, attempt := &clock{time: noon}, 0
			got := execute(context.Background(), clock, check, func(context.Context, checks.Check) (probes.Run, error) {
				attempt++
				if run := c.results[attempt-1]; run.Outcome != "" {
					return run, nil
				}
				return probes.Run{}, errors.New("no browser")
			})
			if got.Outcome != c.outcome || attempt != len(c.results) || fmt.Sprint(clock.naps) != fmt.Sprint(c.naps) {
				t.Errorf("outcome %s after %d attempts and %v", got.Outcome, attempt, clock.naps)
			}
			if len(got.Attempts) != len(c.results)-1 {
				t.Fatalf("%d earlier attempts", len(got.Attempts))
			}
			started := noon
			for i, a := range got.Attempts {
				if a.Failure == nil || a.Failure.Message == "" || !a.Started.Equal(started) {
					t.Errorf("attempt %d: %+v", i, a)
				}
				started = started.Add(clock.naps[i])
			}
			if got.StartDelay != 2*time.Second || !got.Started.Equal(started) || got.Duration > time.Millisecond {
				t.Errorf("delay %s, started %s, duration %s", got.StartDelay, got.Started, got.Duration)
			}
		})
	}
}

func TestOurOwnTroubleIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		probe   probeFunc
		message string
	}{
		"error": {func(context.Context, checks.Check) (probes.Run, error) {
			return probes.Run{}, errors.New("no file descriptors")
		}, "no file descriptors"},
		"panic":    {func(context.Context, checks.Check) (probes.Run, error) { panic("with a secret: hunter22") }, "the probe crashed"},
		"nonsense": {func(context.Context, checks.Check) (probes.Run, error) { return probes.Run{}, nil }, "without a reason"},
		"wrapped timing": {func(context.Context, checks.Check) (probes.Run, error) {
			return probes.Run{}, fmt.Errorf("start browser: %w", context.DeadlineExceeded)
		}, "start browser"},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(context.Background(), &clock{time: noon}, checks.Check{}, c.probe)
			if got.Outcome != probes.Unknown || got.Failure == nil || got.Failure.Kind != probes.FailProber || !strings.Contains(got.Failure.Message, c.message) {
				t.Errorf("outcome %s, %+v", got.Outcome, got.Failure)
			}
			if strings.Contains(got.Failure.Message, "hunter22") || got.Steps == nil {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("no probe", func(t *testing.T) {
		e := &probes.Executor{}
		got := e.Execute(context.Background(), checks.Check{Journey: checks.Journey{Kind: "odd"}}, time.Now(), nil)
		if got.Outcome != probes.Unknown || !strings.Contains(got.Failure.Message, `"odd"`) {
			t.Errorf("outcome %s, %+v", got.Outcome, got.Failure)
		}
	})
}

func TestPanicsAreLoggedWithoutSecrets(t *testing.T) {
	var log bytes.Buffer
	e := &probes.Executor{
		Probes: map[checks.Kind]probes.Probe{checks.KindHTTP: probeFunc(func(context.Context, checks.Check) (probes.Run, error) { panic("hunter22") })},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	e.Execute(context.Background(), checks.Check{ID: "shop", Journey: checks.Journey{Kind: checks.KindHTTP}}, time.Now(), checks.NewRedactor(checks.NewSecret("hunter22")))
	if text := log.String(); !strings.Contains(text, "check=shop") || !strings.Contains(text, "execute_test.go") || strings.Contains(text, "hunter22") {
		t.Error(text)
	}
}

func TestTimeoutsFailAndCancellationIsUnknown(t *testing.T) {
	wait := func(ctx context.Context, _ checks.Check) (probes.Run, error) {
		<-ctx.Done()
		return failed(probes.FailTimeout, "ran out of time"), ctx.Err()
	}
	t.Run("the check's timeout", func(t *testing.T) {
		got := execute(context.Background(), &clock{time: noon}, checks.Check{Timeout: 10 * time.Millisecond}, wait)
		if got.Outcome != probes.Failed || got.Failure.Kind != probes.FailTimeout {
			t.Errorf("outcome %s, %+v", got.Outcome, got.Failure)
		}
	})
	t.Run("cancelled meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		got := execute(ctx, &clock{time: noon}, checks.Check{Retries: checks.Retries{Count: 5}}, func(ctx context.Context, c checks.Check) (probes.Run, error) {
			cancel()
			run, _ := wait(ctx, c)
			return run, nil
		})
		if got.Outcome != probes.Unknown || got.Failure.Kind != probes.FailProber || !strings.Contains(got.Failure.Message, "cancelled") || len(got.Attempts) != 0 {
			t.Errorf("outcome %s, %+v", got.Outcome, got.Failure)
		}
		if s := got.Steps[0]; s.Outcome != probes.Unknown || s.Failure.Kind != probes.FailProber {
			t.Errorf("the step still blames the site: %+v", s)
		}
	})
	t.Run("cancelled between attempts", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		c := &clock{time: noon, onNap: cancel}
		got := execute(ctx, c, checks.Check{Retries: checks.Retries{Count: 5}}, func(context.Context, checks.Check) (probes.Run, error) {
			return failed(probes.FailConnect, "refused"), nil
		})
		if got.Outcome != probes.Unknown || len(got.Attempts) != 1 || got.Attempts[0].Failure.Message != "refused" {
			t.Errorf("outcome %s, %+v, %+v", got.Outcome, got.Failure, got.Attempts)
		}
	})
	t.Run("cancelled after it passed", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		got := execute(ctx, &clock{time: noon}, checks.Check{}, func(context.Context, checks.Check) (probes.Run, error) {
			cancel()
			return passed(1), nil
		})
		if got.Outcome != probes.Passed {
			t.Errorf("outcome %s", got.Outcome)
		}
	})
}

func TestRealSleepEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	e := &probes.Executor{Probes: map[checks.Kind]probes.Probe{checks.KindHTTP: probeFunc(func(context.Context, checks.Check) (probes.Run, error) {
		time.AfterFunc(10*time.Millisecond, cancel)
		return failed(probes.FailConnect, "refused"), nil
	})}}
	check := checks.Check{Journey: checks.Journey{Kind: checks.KindHTTP}, Retries: checks.Retries{Count: 1, Backoff: time.Hour}}
	if got := e.Execute(ctx, check, time.Now(), nil); got.Outcome != probes.Unknown {
		t.Errorf("outcome %s", got.Outcome)
	}
}

func TestManyRunsAtOnce(t *testing.T) {
	e := &probes.Executor{Probes: map[checks.Kind]probes.Probe{checks.KindHTTP: probeFunc(func(context.Context, checks.Check) (probes.Run, error) {
		time.Sleep(time.Millisecond)
		return passed(1), nil
	})}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				got := e.Execute(context.Background(), checks.Check{Journey: checks.Journey{Kind: checks.KindHTTP}}, time.Now(), nil)
				if got.Disturbance < 0 || got.Disturbance > 1 {
					t.Errorf("disturbance %f", got.Disturbance)
				}
			}
		})
	}
	wg.Wait()
}

// TestDisturbedRuns has a probe whose browser took long to start, so that its
// host must have been in trouble.
func TestDisturbedRuns(t *testing.T) {
	check := checks.Check{Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: time.Millisecond, Failed: time.Second}}}
	slow := func(kind probes.FailureKind, about bool) probes.Run {
		run := failed(kind, "status: expected 200")
		run.Failure.Slow = about
		return run
	}
	for name, c := range map[string]struct {
		run  probes.Run
		want probes.Outcome
	}{
		"too slow by its thresholds":  {passed(time.Minute), probes.Passed},
		"too slow by an assertion":    {slow(probes.FailAssertion, true), probes.Unknown},
		"wrong":                       {slow(probes.FailAssertion, false), probes.Failed},
		"timed out, though not by us": {slow(probes.FailTimeout, false), probes.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			c.run.BrowserWait = time.Minute
			got := execute(context.Background(), &clock{time: noon}, check, func(context.Context, checks.Check) (probes.Run, error) { return c.run, nil })
			if got.Outcome != c.want || len(got.Exceeded) > 0 || !strings.Contains(got.Disturbed, "1m0s to start") {
				t.Errorf("%s, disturbed %q, exceeded %v, expected %s", got.Outcome, got.Disturbed, got.Exceeded, c.want)
			}
			if c.want == probes.Unknown && !strings.Contains(got.Failure.Message, "says nothing about the site") {
				t.Errorf("the failure is %q", got.Failure.Message)
			}
		})
	}
}

// BenchmarkExecute is what Execute costs besides the probe.
func BenchmarkExecute(b *testing.B) {
	var secrets []checks.Secret
	for i := range 20 {
		secrets = append(secrets, checks.NewSecret(fmt.Sprintf("secret-number-%d", i)))
	}
	redactor := checks.NewRedactor(secrets...)
	check := checks.Check{ID: "shop", Name: "The shop", Timeout: time.Minute, Labels: map[string]string{"tier": "gold"}, Journey: checks.Journey{Kind: checks.KindHTTP}}
	e := &probes.Executor{Probes: map[checks.Kind]probes.Probe{checks.KindHTTP: probeFunc(func(context.Context, checks.Check) (probes.Run, error) {
		run := passed(time.Millisecond)
		run.Steps[0].HTTP = &probes.HTTP{Method: "GET", URL: "https://shop.example/api/search?q=mug", Address: "192.0.2.1:443", Protocol: "HTTP/2.0"}
		return run, nil
	})}}
	b.ReportAllocs()
	for b.Loop() {
		if run := e.Execute(context.Background(), check, time.Now(), redactor); run.Outcome != probes.Passed {
			b.Fatal(run.Failure)
		}
	}
}
