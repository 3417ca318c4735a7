package evaluate

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"outrider/incidents/detect/surge"
)

// SurgeRealOptions is how a real server is loaded. Everything is bounded.
type SurgeRealOptions struct {
	Seed uint64
	// Workers serve at once, each request for Service on average. Zeros: 2, 10 ms.
	Workers int
	Service time.Duration
	// Segments of one rate each are seen. Zeros: 48 of 1 s.
	Segments int
	Segment  time.Duration
}

func (o SurgeRealOptions) orDefault() SurgeRealOptions {
	if o.Workers == 0 {
		o.Workers = 2
	}
	if o.Service == 0 {
		o.Service = 10 * time.Millisecond
	}
	if o.Segments == 0 {
		o.Segments = 48
	}
	if o.Segment == 0 {
		o.Segment = time.Second
	}
	return o
}

// SurgeReal loads a server on loopback that has a bounded pool of workers with
// a tenth to six tenths of what it can do, projects to more, then does that and
// compares. The machine's own noise is part of it.
func SurgeReal(ctx context.Context, w io.Writer, o SurgeRealOptions) error {
	o = o.orDefault()
	r := rand.New(rand.NewPCG(o.Seed, 0))
	pool := newPool(o, r)
	defer pool.close()
	capacity := float64(o.Workers) / o.Service.Seconds()
	var pairs []surge.Pair
	for _, k := range r.Perm(o.Segments) {
		rate := capacity * (0.1 + 0.5*float64(k)/float64(max(1, o.Segments-1)))
		seen, err := pool.load(ctx, rate, o.Segment)
		if err != nil {
			return err
		}
		pairs = append(pairs, seen...)
	}
	fit, err := surge.New(pairs)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nA real server: %d workers of %s, capacity %.0f/s; %d requests up to %.0f/s were seen\n",
		o.Workers, o.Service, capacity, len(pairs), fit.Peak)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "load\tof capacity\tprojected\t95 %\tsaturation\tverdict\tmeasured")
	for _, factor := range []float64{1, 1.3, 1.5, 2} {
		rate := factor * fit.Peak
		p := fit.At(rate)
		seen, err := pool.load(ctx, rate, 6*o.Segment)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%.0f/s\t%.0f %%\t%s\t%s to %s\t%s\t%s\t%s\n", rate, 100*rate/capacity, p.Median, p.Low, p.High,
			share(int(1000*p.Saturation), 1000), p.Verdict, thirds(seen))
	}
	return t.Flush()
}

// thirds gives the median latency, or that it grows: the last third of the
// requests waits much longer than the first.
func thirds(pairs []surge.Pair) string {
	if len(pairs) < 9 {
		return "-"
	}
	third := len(pairs) / 3
	first, last := medianLatency(pairs[:third]), medianLatency(pairs[2*third:])
	if last > 3*first {
		return fmt.Sprintf("grows: %s, then %s", surge.FormatLatency(first), surge.FormatLatency(last))
	}
	return surge.FormatLatency(medianLatency(pairs))
}

func medianLatency(pairs []surge.Pair) time.Duration {
	all := make([]time.Duration, len(pairs))
	for i, p := range pairs {
		all[i] = p.Latency
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// pool is a server of which only so many requests are worked on at once.
type pool struct {
	server *httptest.Server
	client *http.Client
	random *rand.Rand
}

// mostWaiting bounds how many requests are under way; more are not sent.
const mostWaiting = 2000

func newPool(o SurgeRealOptions, r *rand.Rand) *pool {
	workers := make(chan struct{}, o.Workers)
	var mu sync.Mutex
	services := rand.New(rand.NewPCG(o.Seed, 1))
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case workers <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		defer func() { <-workers }()
		mu.Lock()
		service := time.Duration(services.ExpFloat64() * float64(o.Service))
		mu.Unlock()
		time.Sleep(min(service, 20*o.Service))
	}))
	client := server.Client()
	client.Timeout = 30 * time.Second
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 256
	return &pool{server: server, client: client, random: r}
}

func (p *pool) close() {
	p.client.CloseIdleConnections()
	p.server.Close()
}

// load sends requests at random times, on average so many a second, without
// waiting for answers, and gives what they took in the order of sending.
func (p *pool) load(ctx context.Context, rate float64, span time.Duration) ([]surge.Pair, error) {
	start := time.Now()
	var (
		pairs []*surge.Pair
		wait  sync.WaitGroup
		slots = make(chan struct{}, mostWaiting)
		once  sync.Once
		first error
	)
	due := time.Duration(0)
	for {
		due += time.Duration(p.random.ExpFloat64() / rate * float64(time.Second))
		if due > span {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(start.Add(due))):
		}
		if ctx.Err() != nil {
			break
		}
		select {
		case slots <- struct{}{}:
		default:
			continue
		}
		pair := &surge.Pair{Time: start.Add(due), Load: rate}
		pairs = append(pairs, pair)
		wait.Go(func() {
			defer func() { <-slots }()
			took, err := p.once(ctx, pair.Time)
			if err != nil {
				once.Do(func() { first = err })
			}
			pair.Latency = took
		})
	}
	wait.Wait()
	seen := make([]surge.Pair, len(pairs))
	for i, pair := range pairs {
		seen[i] = *pair
	}
	return seen, first
}

// once sends one request and gives how long after its due time it was answered.
func (p *pool) once(ctx context.Context, due time.Time) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.URL, nil)
	if err != nil {
		return 0, err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("load the server: %w", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, fmt.Errorf("load the server: %w", err)
	}
	return time.Since(due), nil
}
