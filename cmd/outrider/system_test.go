package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"outrider/probes"
	"outrider/storage/influx/influxtest"
)

// What is in this file runs the programs as a user does: real processes, a real
// browser, a real InfluxDB, a real receiver of webhooks.

const webhookSecret = "whsec_b3V0cmlkZXItZW5kLXRvLWVuZC10ZXN0LXNlY3JldA=="

// patience bounds every wait; nothing is asserted about how long things take.
const patience = 90 * time.Second

// build makes the programs once for all tests of the package.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "outrider-e2e-bin-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", dir+string(os.PathSeparator), "./cmd/outrider", "./cmd/demoshop")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := build(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// process is a program under test.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}
	log  *syncBuffer
}

// syncBuffer keeps a program's output for the case that the test fails.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func startProgram(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(filepath.Join(dir, name), args...), done: make(chan struct{}), log: &syncBuffer{}}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("output of %s:\n%s", name, tail(p.log.String(), 8000))
		}
	})
	return p
}

// end sends the signal and waits for the end of the program.
func (p *process) end(sig os.Signal) {
	p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Errorf("%s did not end after %v", p.cmd.Path, sig)
		p.cmd.Process.Kill()
		<-p.done
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// freeAddress gives a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits until the condition gives no error.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// get reads JSON from a server.
func get(url string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// delivery is a webhook as it arrived.
type delivery struct {
	ID   string
	Type string `json:"type"`
	Data struct {
		Incident struct {
			ID    string `json:"id"`
			Check struct {
				ID string `json:"id"`
			} `json:"check"`
			Cause string `json:"cause"`
		} `json:"incident"`
	} `json:"data"`
	Raw string
}

// receiver is a webhook endpoint that can go away and come back at the same
// address. It refuses what is not signed as it should be.
type receiver struct {
	t       *testing.T
	address string
	hook    *standardwebhooks.Webhook
	server  *http.Server

	mu         sync.Mutex
	deliveries []delivery
	badSign    int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{t: t, address: freeAddress(t), hook: hook}
	r.up()
	t.Cleanup(r.down)
	return r
}

func (r *receiver) up() {
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server = &http.Server{Handler: r, ReadTimeout: 10 * time.Second}
	go r.server.Serve(l)
}

func (r *receiver) down() { r.server.Close() }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.hook.Verify(body, req.Header); err != nil {
		r.badSign++
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	d := delivery{ID: req.Header.Get("webhook-id"), Raw: string(body)}
	if err := json.Unmarshal(body, &d); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.deliveries = append(r.deliveries, d)
}

// of gives the deliveries of a type about a check.
func (r *receiver) of(kind, check string) (found []delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.deliveries {
		if d.Type == kind && d.Data.Incident.Check.ID == check {
			found = append(found, d)
		}
	}
	return found
}

// want tells whether so many incidents of a check were told of, each once or,
// where an answer was lost, more often under the same id.
func (r *receiver) want(kind, check string, n int) error {
	incidents, ids := map[string]bool{}, map[string]bool{}
	for _, d := range r.of(kind, check) {
		incidents[d.Data.Incident.ID], ids[d.ID] = true, true
	}
	if len(incidents) != n || len(ids) != n {
		return fmt.Errorf("%s was told of %d incidents of %s under %d ids, want %d", kind, len(incidents), check, len(ids), n)
	}
	return nil
}

// system is the whole installation under test.
type system struct {
	t        *testing.T
	shop     string // URLs
	outrider string
	env      []string
	args     []string
	data     string // folder
	influx   *influxtest.Server
	bucket   string
	receiver *receiver
	monitor  *process
}

// newSystem starts a monitor with these definitions over a shop, with what it
// talks to. Settings are added to its environment.
func newSystem(t *testing.T, definitions string, settings ...string) *system {
	t.Helper()
	s := &system{t: t, receiver: newReceiver(t), influx: influxtest.Start(t, influxtest.Options{User: "e2e", Password: influxPassword})}
	s.bucket = s.influx.NewBucket(t, 0)

	shop := freeAddress(t)
	s.shop = "http://" + shop
	startProgram(t, nil, "demoshop", "--listen", shop)
	eventually(t, "the shop answers", func() error { return get(s.shop+"/api/health", nil) })

	dir := t.TempDir()
	path := filepath.Join(dir, "checks.yaml")
	if err := os.WriteFile(path, []byte(definitions), 0o644); err != nil {
		t.Fatal(err)
	}
	listen := freeAddress(t)
	s.outrider = "http://" + listen
	s.data = filepath.Join(dir, "data")
	s.env = append(settings,
		"OUTRIDER_LISTEN="+listen,
		"OUTRIDER_DATA="+s.data,
		"OUTRIDER_TOLERANCE=1", // what is slow here is so since tests share the machine
		"SHOP_URL="+s.shop,
		"RECEIVER_URL=http://"+s.receiver.address+"/hook",
		"E2E_WEBHOOK_SECRET="+webhookSecret,
		"E2E_API_TOKEN="+apiToken,
		"INFLUXDB_URL="+s.influx.URL,
		"INFLUXDB_BUCKET="+s.bucket,
		"INFLUXDB_TOKEN="+s.influx.Token(),
	)
	s.args = []string{"serve", "--checks", path}
	s.start()
	return s
}

const (
	apiToken       = "e2e-secret-api-token"
	influxPassword = "e2e-secret-influx-password"
	searchBroken   = `{"kind": "error_rate", "path": "/api/search", "percent": 100, "status": 503}`
)

func (s *system) start() {
	s.t.Helper()
	s.monitor = startProgram(s.t, s.env, "outrider", s.args...)
	eventually(s.t, "Outrider is ready", func() error { return get(s.outrider+"/readyz", nil) })
}

// kill ends the monitor as a power cut would.
func (s *system) kill() { s.monitor.end(syscall.SIGKILL) }

// fault sets a fault of the shop, or mends all if none is given.
func (s *system) fault(fault string) {
	s.t.Helper()
	method := http.MethodPut
	if fault == "" {
		method = http.MethodDelete
	}
	req, err := http.NewRequest(method, s.shop+"/panel/api/faults", strings.NewReader(fault))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("%s fault %s: %s: %s", method, fault, resp.Status, text)
	}
}

// runs gives every recorded run of a check, newest first.
func (s *system) runs(check string) (runs []probes.Run, err error) {
	before := ""
	for {
		var page struct {
			Runs []struct {
				Seq int64 `json:"seq"`
				probes.Run
			} `json:"runs"`
			NextBefore int64 `json:"next_before"`
		}
		if err := get(s.outrider+"/api/v1/checks/"+check+"/runs?limit=1000"+before, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Runs {
			runs = append(runs, r.Run)
		}
		if page.NextBefore == 0 || len(page.Runs) == 0 {
			return runs, nil
		}
		before = fmt.Sprintf("&before=%d", page.NextBefore)
	}
}

// wantIncidents tells whether a check has had so many incidents, so many of
// them open.
func (s *system) wantIncidents(check string, all, open int) error {
	var answer struct {
		Incidents []struct {
			State string `json:"state"`
		} `json:"incidents"`
	}
	if err := get(s.outrider+"/api/v1/incidents?check="+check, &answer); err != nil {
		return err
	}
	n := 0
	for _, i := range answer.Incidents {
		if i.State == "open" {
			n++
		}
	}
	if len(answer.Incidents) != all || n != open {
		return fmt.Errorf("%d incidents, %d open; want %d, %d open", len(answer.Incidents), n, all, open)
	}
	return nil
}

// exported gives the ids of a check's runs that InfluxDB has, by outcome.
func (s *system) exported(check string) (map[string]string, error) {
	client := influxdb2.NewClient(s.influx.URL, s.influx.Token())
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, err := client.QueryAPI("").Query(ctx, fmt.Sprintf(
		`from(bucket: %q) |> range(start: -2h) |> filter(fn: (r) => r._measurement == "run" and r._field == "run" and r.check == %q)`,
		s.bucket, check))
	if err != nil {
		return nil, err
	}
	defer result.Close()
	ids := map[string]string{}
	for result.Next() {
		id := result.Record().Value().(string)
		if _, twice := ids[id]; twice {
			return nil, fmt.Errorf("run %s is in InfluxDB twice", id)
		}
		ids[id] = result.Record().ValueByKey("outcome").(string)
	}
	return ids, result.Err()
}

// wantExported tells whether InfluxDB has exactly the recorded runs of a check.
func (s *system) wantExported(check string) error {
	runs, err := s.runs(check)
	if err != nil {
		return err
	}
	ids, err := s.exported(check)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if got, ok := ids[r.ID]; !ok || got != string(r.Outcome) {
			return fmt.Errorf("run %s (%s) of %s is %q in InfluxDB", r.ID, r.Outcome, check, got)
		}
	}
	return nil
}

// wantOutcome tells whether a check's last runs end so.
func (s *system) wantOutcome(check string, want probes.Outcome) error {
	runs, err := s.runs(check)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return fmt.Errorf("no run of %s yet", check)
	}
	if got := runs[0]; got.Outcome != want {
		return fmt.Errorf("the last run of %s is %s (%+v)", check, got.Outcome, got.Failure)
	}
	return nil
}
