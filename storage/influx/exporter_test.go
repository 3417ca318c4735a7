package influx

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/query"
	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage/influx/influxtest"
	"outrider/storage/sqlite"
	"outrider/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target is where a test exports to: a bucket of its own.
type target struct {
	*influxtest.Server
	bucket string
}

// TestInfluxDB shares one server among the tests that need no other.
func TestInfluxDB(t *testing.T) {
	server := influxtest.Start(t, influxtest.Options{User: "outrider", Password: "correct-horse"})
	for name, test := range map[string]func(*testing.T, target){
		"everything arrives":        exportEverything,
		"odd names":                 exportOddNames,
		"restart":                   restart,
		"registers":                 registers,
		"wrong token":               wrongToken,
		"missing bucket":            missingBucket,
		"beyond retention":          beyondRetention,
		"dashboards":                dashboards,
		"conflict of field types":   fieldConflict,
		"poisoned points":           poisoned,
		"refuses for another fault": refusesRequest,
	} {
		t.Run(name, func(t *testing.T) {
			retention := time.Duration(0)
			if name == "beyond retention" || name == "conflict of field types" {
				retention = 24 * time.Hour
			}
			test(t, target{server, server.NewBucket(t, retention)})
		})
	}
}

// start is recent, since InfluxDB's retention is about real time.
var start = time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Hour)

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openStore(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "outrider.db")})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// newExporter makes an exporter that does not wait long for anything.
func newExporter(t testing.TB, log Log, to target, o Options) *Exporter {
	t.Helper()
	setDefault(&o.Bucket, to.bucket)
	if to.Server != nil {
		setDefault(&o.URL, to.URL)
		if o.Token.IsZero() {
			o.Token = checks.NewSecret(to.Token())
		}
	}
	if o.Gather == 0 {
		o.Gather = 10 * time.Millisecond
	}
	if o.ShortestPause == 0 {
		o.ShortestPause, o.LongestPause = 5*time.Millisecond, 50*time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := New(log, o)
	must(t, err)
	t.Cleanup(e.Close)
	return e
}

// run runs the exporter until the test ends or stop is called.
func run(t *testing.T, e *Exporter) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		must(t, <-done)
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// flux asks InfluxDB and gives its rows.
func (to target) flux(t testing.TB, script string) (rows []*query.FluxRecord) {
	t.Helper()
	client := influxdb2.NewClient(to.URL, to.Token())
	defer client.Close()
	result, err := client.QueryAPI("").Query(context.Background(),
		fmt.Sprintf(`from(bucket: %q) |> range(start: -30d, stop: 1d) |> `, to.bucket)+script)
	must(t, err)
	defer result.Close()
	for result.Next() {
		rows = append(rows, result.Record())
	}
	must(t, result.Err())
	return rows
}

// series gives a measurement as lines of text: sorted tags, fields and time.
func (to target) series(t testing.TB, measurement string) (lines []string) {
	t.Helper()
	rows := to.flux(t, fmt.Sprintf(`filter(fn: (r) => r._measurement == %q)`, measurement))
	points := map[string][]string{}
	for _, r := range rows {
		var tags []string
		for k, v := range r.Values() {
			if !strings.HasPrefix(k, "_") && k != "result" && k != "table" {
				tags = append(tags, fmt.Sprintf("%s=%v", k, v))
			}
		}
		slices.Sort(tags)
		key := strings.Join(tags, ",") + " @" + r.Time().UTC().Format(time.RFC3339Nano)
		points[key] = append(points[key], fmt.Sprintf("%s=%v", r.Field(), r.Value()))
	}
	for key, fields := range points {
		slices.Sort(fields)
		lines = append(lines, key+" "+strings.Join(fields, " "))
	}
	slices.Sort(lines)
	return lines
}

// ids gives the run ids that InfluxDB has, sorted, each as often as it is there.
func (to target) ids(t testing.TB) (found []string) {
	t.Helper()
	for _, r := range to.flux(t, `filter(fn: (r) => r._measurement == "run" and r._field == "run")`) {
		found = append(found, r.Value().(string))
	}
	slices.Sort(found)
	return found
}

func idsOf(runs []probes.Run) (all []string) {
	for _, r := range runs {
		all = append(all, r.ID)
	}
	slices.Sort(all)
	return all
}

// Everything that is recorded is found in InfluxDB as README.md says.
func exportEverything(t *testing.T, to target) {
	ctx := t.Context()
	store := openStore(t)
	lcp, cls := 812.5, 0.03
	first := storagetest.NewRun("search", at(0).Add(123_456_789), 90*time.Millisecond)
	second := storagetest.Failed(storagetest.NewRun("search", at(1), 100*time.Millisecond))
	third := storagetest.Unknown(storagetest.NewRun("search", at(2), 0))
	fourth := storagetest.NewRun("checkout", at(3), 2*time.Second)
	fourth.Kind, fourth.Outcome, fourth.Labels = checks.KindBrowser, probes.Degraded, map[string]string{"team": "a b,c=d"}
	fourth.Steps = fourth.Steps[:1]
	fourth.Steps[0].HTTP = nil
	fourth.Steps[0].Vitals = &probes.Vitals{LCP: &lcp, CLS: &cls}
	must(t, store.Record(ctx, first, second, third, fourth))
	incident := storagetest.NewIncident("search", at(5))
	resolved := storagetest.Resolve(incident, at(8))
	chance := 0.25
	must(t, store.Advance(ctx, incidents.Change{Seq: 4, Incidents: []incidents.Incident{resolved}, Judgements: []incidents.Judgement{
		{Seq: 1, Judgement: detect.Judgement{Score: 0.5, Learned: 0.25, ExpectedMS: 80, LowerMS: 60, UpperMS: 110, BreachProbability: &chance}},
		{Seq: 2, Judgement: detect.Judgement{Score: 1, Objectives: []detect.ObjectiveState{{Name: "fast", Good: 9, Total: 10, BudgetLeft: -0.5}}}},
	}}))

	e := newExporter(t, store, to, Options{Labels: []string{"tier", "team", "run", "missing"}})
	must(t, e.Flush(ctx))
	must(t, e.Flush(ctx)) // there is nothing more

	stamp := func(at time.Time) string { return " @" + at.Format(time.RFC3339Nano) + " " }
	common := "host_disturbance=0.01 maintenance=false retries=%d run=%s slot_wait_ms=1 start_delay_ms=3"
	for measurement, want := range map[string][]string{
		"run": {
			"check=search,kind=http,location=local,outcome=passed,tier=gold" + stamp(first.Started) +
				"disturbed=false duration_ms=90 " + fmt.Sprintf(common, 0, first.ID) + " up=1",
			"check=search,kind=http,location=local,outcome=failed,tier=gold" + stamp(second.Started) +
				"disturbed=false duration_ms=100 failed_step=search failure=assertion " + fmt.Sprintf(common, 1, second.ID) + " up=0",
			"check=search,kind=http,location=local,outcome=unknown,tier=gold" + stamp(third.Started) +
				"disturbed=false failure=prober " + fmt.Sprintf(common, 0, third.ID),
			"check=checkout,kind=browser,location=local,outcome=degraded,team=a b,c=d" + stamp(fourth.Started) +
				"disturbed=false duration_ms=2000 " + fmt.Sprintf(common, 0, fourth.ID) + " up=1",
		},
		"step": {
			"check=checkout,kind=browser,location=local,outcome=passed,step=home,team=a b,c=d" + stamp(fourth.Started) +
				"duration_ms=1000 run=" + fourth.ID + " up=1",
			"check=search,kind=http,location=local,outcome=failed,step=search,tier=gold" + stamp(second.Started) +
				"body_bytes=18204 connect_ms=2 download_ms=0.5 duration_ms=50 first_byte_ms=25 redirects=0 resolve_ms=1 run=" +
				second.ID + " status=200 tls_ms=3 transfer_bytes=5310 up=0",
		},
		"judgement": {
			"check=search,kind=http,location=local,tier=gold" + stamp(first.Started) +
				"breach_probability=0.25 expected_ms=80 learned=0.25 lower_ms=60 run=" + first.ID + " score=0.5 upper_ms=110",
			"check=search,kind=http,location=local,tier=gold" + stamp(second.Started) + "learned=0 run=" + second.ID + " score=1",
		},
		"objective": {
			"check=search,kind=http,location=local,objective=fast,tier=gold" + stamp(second.Started) +
				"budget_left=-0.5 good=9 run=" + second.ID + " total=10",
		},
		"vital": {
			"check=checkout,kind=browser,location=local,step=home,team=a b,c=d" + stamp(fourth.Started) +
				"cls=0.03 lcp_ms=812.5 run=" + fourth.ID,
		},
		"certificate": {
			"check=search,kind=http,location=local,step=home,tier=gold" + stamp(second.Started) +
				"days_left=60 run=" + second.ID + " verified=true",
		},
		"incident": {
			"cause=failure,check=search,event=opened,location=local,severity=critical,state=open,tier=gold" + stamp(at(5)) +
				"incident=" + incident.ID + " number=1 open=1 summary=2 of 3 runs failed",
			"cause=failure,check=search,event=resolved,location=local,severity=critical,state=resolved,tier=gold" + stamp(at(8)) +
				"duration_s=180 incident=" + incident.ID + " number=2 open=0 summary=recovered",
		},
	} {
		found := to.series(t, measurement)
		for _, line := range want {
			if !slices.Contains(found, line) {
				t.Errorf("%s lacks\n%s\nand has\n%s", measurement, line, strings.Join(found, "\n"))
			}
		}
		counts := map[string]int{"run": 4, "step": 5, "vital": 1, "certificate": 4, "incident": 2, "judgement": 2, "objective": 1}
		if len(found) != counts[measurement] {
			t.Errorf("%d points of %s, want %d", len(found), measurement, counts[measurement])
		}
	}
	status := e.Status()
	if !status.Connected || status.Exported != 19 || status.Rejected != 0 || status.Lag != 0 || status.LastError != "" {
		t.Errorf("status %+v", status)
	}
}

// Names that people and pages give are no trouble to InfluxDB.
func exportOddNames(t *testing.T, to target) {
	ctx := t.Context()
	store := openStore(t)
	names := []string{
		`a\`, `a\,b=c d`, "line\nbreak\ttab\r", `"quoted"`, `'x`, "=", ",", " ", "", "☂ umbrella\u2028", "\x00\x7f", "#comment",
		strings.Repeat("long", 20_000), strings.Repeat("ü", 200), "\xff\xfe", `\`, "_field",
	}
	for i, name := range names {
		run := storagetest.NewRun("odd", at(i), time.Second)
		run.Location, run.Labels = name, map[string]string{"tier": name}
		run.Steps[0].Name, run.Steps[1].Name = name, name+"2"
		run.Failure = &probes.Failure{Kind: probes.FailureKind(name), Step: name}
		must(t, store.Record(ctx, run))
		incident := storagetest.NewIncident("odd", at(i))
		incident.Events[0].Summary = name
		must(t, store.Advance(ctx, incidents.Change{Seq: 1, Incidents: []incidents.Incident{incident}}))
	}
	e := newExporter(t, store, to, Options{Labels: []string{"tier"}})
	must(t, e.Flush(ctx))
	if s := e.Status(); s.Rejected != 0 || !s.Connected {
		t.Errorf("status %+v", s)
	}
	if n := len(to.ids(t)); n != len(names) {
		t.Errorf("%d runs arrived, want %d", n, len(names))
	}
}

// InfluxDB may be away while runs go on: then everything arrives later, once.
func TestAway(t *testing.T) {
	ctx := t.Context()
	server := influxtest.Start(t, influxtest.Options{})
	to := target{server, server.NewBucket(t, 0)}
	store := openStore(t)
	e := newExporter(t, store, to, Options{BatchPoints: 100})
	run(t, e)
	var runs []probes.Run
	record := func(n int) {
		t.Helper()
		for range n {
			r := storagetest.NewRun(fmt.Sprintf("check-%d", len(runs)%3), start.Add(time.Duration(len(runs))*time.Second), time.Second)
			runs = append(runs, r)
			must(t, store.Record(ctx, r))
		}
	}
	arrived := func() bool {
		seq, err := store.Cursor(ctx, "influx")
		must(t, err)
		return seq == int64(len(runs))
	}
	record(50)
	eventually(t, "the first runs are exported", arrived)
	must(t, server.Stop())
	record(300)
	eventually(t, "the outage is noticed", func() bool { return !e.Status().Connected })
	before, err := store.Cursor(ctx, "influx")
	must(t, err)
	if s := e.Status(); s.LastError == "" || s.Lag <= 0 {
		t.Errorf("status while away: %+v", s)
	}
	if before >= int64(len(runs)) {
		t.Errorf("the cursor moved to %d while nothing could be written", before)
	}
	must(t, server.Start())
	record(50)
	eventually(t, "everything is exported", arrived)
	if diff := cmp.Diff(idsOf(runs), to.ids(t)); diff != "" {
		t.Errorf("runs (-recorded +in InfluxDB):\n%s", diff)
	}
	eventually(t, "the status is good again", func() bool {
		s := e.Status()
		return s.Connected && s.LastError == "" && s.Lag == 0 && s.Rejected == 0
	})
}

// A new exporter goes on where the last one ended; what was written without
// the cursor having moved is written again and stored once.
func restart(t *testing.T, to target) {
	ctx := t.Context()
	store := openStore(t)
	var runs []probes.Run
	for round := range 3 {
		for i := range 20 {
			runs = append(runs, storagetest.NewRun("a", at(round).Add(time.Duration(i)*time.Second), time.Second))
		}
		must(t, store.Record(ctx, runs[round*20:]...))
		e := newExporter(t, store, to, Options{})
		must(t, e.Flush(ctx))
		if exported := e.Status().Exported; exported != 20*5 {
			t.Errorf("round %d exported %d points, want those of 20 runs", round, exported)
		}
	}
	must(t, store.SetCursor(ctx, "influx", 13)) // as if the process had ended before
	must(t, newExporter(t, store, to, Options{}).Flush(ctx))
	if diff := cmp.Diff(idsOf(runs), to.ids(t)); diff != "" {
		t.Errorf("runs (-recorded +in InfluxDB):\n%s", diff)
	}
}

// A follower is known to retention before anything is recorded.
func registers(t *testing.T, to target) {
	store := openStore(t)
	must(t, newExporter(t, store, to, Options{}).Flush(t.Context()))
	old := storagetest.NewRun("a", time.Now().Add(-90*24*time.Hour).UTC(), time.Second)
	must(t, store.Record(t.Context(), old))
	must(t, store.Prune(t.Context()))
	if entries, err := store.RunsAfter(t.Context(), 0, 1); err != nil || len(entries) != 1 {
		t.Errorf("a run that is not exported was removed: %v", err)
	}
}

func wrongToken(t *testing.T, to target) {
	ctx := t.Context()
	store := openStore(t)
	recorded := storagetest.NewRun("a", at(0), time.Second)
	must(t, store.Record(ctx, recorded))
	const wrong = "outrider:battery-staple"
	var logged strings.Builder
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	e := newExporter(t, store, to, Options{Token: checks.NewSecret(wrong), Logger: logger})
	stop := run(t, e)
	eventually(t, "the refusal is noticed", func() bool { return e.Status().LastError != "" })
	stop()
	status := e.Status()
	if status.Connected || !strings.Contains(status.LastError, "401") || !strings.Contains(status.LastError, "token") {
		t.Errorf("status %+v", status)
	}
	if !strings.Contains(logged.String(), "401") || strings.Contains(logged.String()+status.LastError, "battery") {
		t.Errorf("logged %s", logged.String())
	}
	must(t, newExporter(t, store, to, Options{}).Flush(ctx))
	if found := to.ids(t); len(found) != 1 || found[0] != recorded.ID {
		t.Errorf("with the right token %v arrived", found)
	}
}

func missingBucket(t *testing.T, to target) {
	store := openStore(t)
	must(t, store.Record(t.Context(), storagetest.NewRun("a", at(0), time.Second)))
	e := newExporter(t, store, to, Options{Bucket: "elsewhere/autogen"})
	err := e.Flush(t.Context())
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "bucket") {
		t.Errorf("got %v", err)
	}
	if seq, _ := store.Cursor(t.Context(), "influx"); seq != 0 {
		t.Errorf("the cursor moved to %d", seq)
	}
	if rejected := e.Status().Rejected; rejected != 0 {
		t.Errorf("%d points count as rejected", rejected)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no URL":    {Bucket: "b"},
		"no host":   {URL: "localhost:8086", Bucket: "b"},
		"no bucket": {URL: "http://localhost:8086"},
		"not a URL": {URL: "http://user:hunter2222@ho st", Bucket: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(nil, o)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}
