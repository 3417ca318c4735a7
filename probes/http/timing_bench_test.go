package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	probehttp "outrider/probes/http"
)

// serviceTimes answers after a while and remembers how long that really took,
// by the request's id: a sleep overshoots, and that is not the probe's error.
// GET /times gives the record.
type serviceTimes struct {
	mu   sync.Mutex
	took map[string]time.Duration
}

func (s *serviceTimes) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.URL.Path == "/times" {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(s.took)
		return
	}
	began := time.Now()
	time.Sleep(20 * time.Millisecond)
	_, _ = io.WriteString(w, "hello")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[r.URL.Query().Get("id")] = time.Since(began)
}

// maxRounds bounds how often the two are measured in turns: a round takes four
// seconds, whatever -benchtime asks for.
const maxRounds = 5

// BenchmarkTimingError measures how far measured times are from true ones
// while probes start at a fixed rate, whether or not earlier ones have ended
// (an open loop): first byte as measured, minus what the server says that it
// took. A bare loop of net/http and httptrace runs in turns with the probe.
func BenchmarkTimingError(b *testing.B) {
	for _, rate := range []int{200, 500} {
		b.Run(fmt.Sprintf("%d_per_second", rate), func(b *testing.B) {
			url := startServer(b, "timed")
			transport := &nethttp.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}
			probe := probehttp.New(probehttp.Options{})
			check := load(b, url, "http:\n  - get: ${URL}/\n    expect: {status: 200}")
			ids := 0
			var bareError, probeError []time.Duration
			for range min(b.N, maxRounds) {
				bareError = append(bareError, openLoop(b, url, rate, &ids, func(id string) (time.Duration, error) {
					return bareFirstByte(transport, url+"/?id="+id)
				})...)
				probeError = append(probeError, openLoop(b, url, rate, &ids, func(id string) (time.Duration, error) {
					return probeFirstByte(probe, check, id)
				})...)
			}
			for _, q := range []struct {
				name  string
				share float64
			}{{"p50", 0.5}, {"p99", 0.99}} {
				bare, ours := quantile(bareError, q.share), quantile(probeError, q.share)
				b.ReportMetric(float64(bare)/float64(time.Millisecond), "bare-"+q.name+"-ms")
				b.ReportMetric(float64(ours)/float64(time.Millisecond), "probe-"+q.name+"-ms")
				b.ReportMetric(float64(ours)/float64(bare), q.name+"/bare")
			}
			b.ReportMetric(0, "ns/op") // the rate decides how long this takes
		})
	}
}

// openLoop starts two seconds' worth of measurements at the rate and gives
// the errors of those that worked.
func openLoop(b *testing.B, url string, rate int, ids *int, measure func(id string) (time.Duration, error)) []time.Duration {
	b.Helper()
	n := 2 * rate
	measured := make([]time.Duration, n)
	first := *ids
	*ids += n
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	var wg sync.WaitGroup
	for i := range n {
		<-ticker.C
		wg.Go(func() {
			d, err := measure(strconv.Itoa(first + i))
			if err != nil {
				b.Error(err)
			}
			measured[i] = d
		})
	}
	wg.Wait()
	resp, err := nethttp.Get(url + "/times")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	took := map[string]time.Duration{}
	if err := json.NewDecoder(resp.Body).Decode(&took); err != nil {
		b.Fatal(err)
	}
	var off []time.Duration
	for i, d := range measured {
		if d > 0 {
			off = append(off, d-took[strconv.Itoa(first+i)])
		}
	}
	return off
}

func quantile(d []time.Duration, share float64) time.Duration {
	slices.Sort(d)
	return d[min(len(d)-1, int(share*float64(len(d))))]
}

func bareFirstByte(transport *nethttp.Transport, url string) (time.Duration, error) {
	var wrote, first time.Time
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { wrote = time.Now() },
		GotFirstResponseByte: func() { first = time.Now() },
	})
	req, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return first.Sub(wrote), err
}

func probeFirstByte(probe *probehttp.Probe, check checks.Check, id string) (time.Duration, error) {
	request := *check.Journey.Steps[0].Action.(*checks.Request)
	request.Query = []checks.Field{{Name: "id", Value: checks.Literal(id)}}
	step := check.Journey.Steps[0]
	step.Action = &request
	check.Journey.Steps = []checks.Step{step}
	ctx, cancel := context.WithTimeout(context.Background(), check.Timeout)
	defer cancel()
	run, err := probe.Run(ctx, check)
	if err != nil {
		return 0, err
	}
	if run.Outcome != probes.Passed {
		return 0, fmt.Errorf("%s: %+v", run.Outcome, run.Failure)
	}
	return run.Steps[0].HTTP.Phases.FirstByte, nil
}
