package http_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"outrider/probes"
	probehttp "outrider/probes/http"
)

// benchServer is the environment variable that makes the test binary a
// server: "plain", "timed" (see serviceTimes), or a certificate with its key
// (PEM).
const benchServer = "OUTRIDER_BENCH_SERVER"

// serveBench serves until standard input ends. It prints its address.
func serveBench(kind string) {
	s := httptest.NewUnstartedServer(text(strings.Repeat("hello ", 100)))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	switch kind {
	case "plain":
		s.Start()
	case "timed":
		s.Config.Handler = &serviceTimes{took: map[string]time.Duration{}}
		s.Start()
	default:
		pair, err := tls.X509KeyPair([]byte(kind), []byte(kind))
		if err != nil {
			log.Fatal(err)
		}
		s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		s.StartTLS()
	}
	_, _ = os.Stdout.WriteString(s.URL + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Close()
}

// startServer runs a server in a process of its own, so that its CPU time is
// not the probe's, and gives its URL.
func startServer(b *testing.B, kind string) string {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchServer+"="+kind)
	stop, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// cpu is the CPU time that this process has taken.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const workers = 16

// spend does something n times on the workers and gives the CPU and wall time
// of one.
func spend(b *testing.B, n int, do func() error) (cpuTime, wall time.Duration) {
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	before, began := cpu(b), time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range work {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return (cpu(b) - before) / time.Duration(n), time.Since(began) / time.Duration(n)
}

// bare is what a loop without any of our work does: net/http and httptrace
// with the marks that the phases need, a new connection each time.
func bare(url string, transport *nethttp.Transport) func() error {
	return func() error {
		var marks [7]time.Time
		var mu sync.Mutex
		mark := func(i int) { mu.Lock(); marks[i] = time.Now(); mu.Unlock() }
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			DNSStart:             func(httptrace.DNSStartInfo) { mark(0) },
			DNSDone:              func(httptrace.DNSDoneInfo) { mark(1) },
			ConnectStart:         func(string, string) { mark(2) },
			ConnectDone:          func(string, string, error) { mark(3) },
			TLSHandshakeStart:    func() { mark(4) },
			TLSHandshakeDone:     func(tls.ConnectionState, error) { mark(5) },
			GotFirstResponseByte: func() { mark(6) },
		})
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		req, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

// compare spends on the bare loop and on the probe in turns, since a machine
// is not equally fast at all times.
func compare(b *testing.B, baseline, probe func() error) {
	const turn = 200
	var bareCPU, bareWall, probeCPU, probeWall time.Duration
	spend(b, turn, baseline)
	spend(b, turn, probe)
	turns := time.Duration(0)
	for done := 0; done < b.N; done += turn {
		turns++
		c, w := spend(b, turn, baseline)
		bareCPU, bareWall = bareCPU+c, bareWall+w
		c, w = spend(b, turn, probe)
		probeCPU, probeWall = probeCPU+c, probeWall+w
	}
	microseconds := func(d time.Duration) float64 { return float64(d/turns) / float64(time.Microsecond) }
	b.ReportMetric(microseconds(bareCPU), "bare-cpu-µs")
	b.ReportMetric(microseconds(probeCPU), "probe-cpu-µs")
	b.ReportMetric(microseconds(bareWall), "bare-wall-µs")
	b.ReportMetric(microseconds(probeWall), "probe-wall-µs")
	b.ReportMetric(float64(probeCPU)/float64(bareCPU), "cpu/bare")
	b.ReportMetric(0, "ns/op") // mixes both
}

// probing does a journey of one request and an assertion.
func probing(b *testing.B, url string, opts probehttp.Options) func() error {
	probe := probehttp.New(opts)
	check := load(b, url, "http:\n  - get: ${URL}/\n    expect: {status: 200, latency: < 5s}")
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), check.Timeout)
		defer cancel()
		got, err := probe.Run(ctx, check)
		if err == nil && got.Outcome != probes.Passed {
			b.Error(got.Failure)
		}
		return err
	}
}

func BenchmarkHTTP(b *testing.B) {
	url := startServer(b, "plain")
	transport := &nethttp.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}
	compare(b, bare(url, transport), probing(b, url, probehttp.Options{}))
}

func BenchmarkHTTPS(b *testing.B) {
	ca := newAuthority(b)
	pair := ca.server(nil)
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		b.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	url := startServer(b, string(text))
	transport := &nethttp.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.pool()}}
	compare(b, bare(url, transport), probing(b, url, probehttp.Options{Roots: ca.pool()}))
}

// BenchmarkProbe is for profiles: the probe alone, against a server in this
// process.
func BenchmarkProbe(b *testing.B) {
	url := serve(b, text("hello"))
	do := probing(b, url, probehttp.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
}
