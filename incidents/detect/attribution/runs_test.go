package attribution

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// world makes runs of a journey as a site under test takes them.
type world struct {
	rand  *rand.Rand
	now   time.Time
	noise float64
	steps int
	kind  checks.Kind
	// change makes a run that was drawn something else.
	change func(*probes.Run)
}

func newWorld(seed uint64) *world {
	return &world{
		rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
		noise: 0.2, steps: 5, kind: checks.KindHTTP,
	}
}

// around draws a duration of so many milliseconds, more or less.
func (w *world) around(ms float64) time.Duration {
	return time.Duration(ms * math.Exp(w.noise*w.rand.NormFloat64()) * 1e6)
}

// run draws the next run.
func (w *world) run() *probes.Run {
	w.now = w.now.Add(time.Minute)
	r := &probes.Run{
		CheckID: "shop", Location: "fra", Kind: w.kind, Outcome: probes.Passed, Started: w.now,
		Disturbance: 0.01 * w.rand.Float64(),
	}
	for i := range w.steps {
		h := &probes.HTTP{
			Method: "GET", URL: fmt.Sprintf("https://shop.example/page/%d?x=y", i), Status: 200,
			Address: fmt.Sprintf("192.0.2.%d:443", 1+w.rand.IntN(3)), Protocol: "HTTP/2.0",
			BodyBytes: 40_000, TransferBytes: 9_000, HeaderBytes: 400,
			TLS: &probes.TLS{Version: "1.3", Issuer: "Good CA", Subject: "shop.example", NotAfter: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Verified: true},
			Phases: probes.Phases{
				Resolve: w.around(8), Connect: w.around(12), TLS: w.around(25),
				FirstByte: w.around(60 + 30*float64(i)), Download: w.around(15),
			},
		}
		s := probes.Step{Name: fmt.Sprintf("step %d", i), Verb: "get", Started: r.Duration, Outcome: probes.Passed, HTTP: h}
		p := h.Phases
		s.Duration = p.Resolve + p.Connect + p.TLS + p.FirstByte + p.Download + w.around(1)
		if w.kind == checks.KindBrowser {
			s.Verb = "goto"
			s.Resources = []probes.ResourceGroup{
				{Host: "shop.example", FirstParty: true, Requests: 9, Time: w.around(80), TransferBytes: 90_000, Slowest: &probes.Resource{Path: "/app.js", Type: "script", Status: 200}},
				{Host: "tags.example", Requests: 2, Time: w.around(20), TransferBytes: 30_000, Slowest: &probes.Resource{Path: "/tag.js", Type: "script", Status: 200}},
			}
			lcp, cls := float64(w.around(200))/1e6, 0.01
			s.Vitals = &probes.Vitals{LCP: &lcp, CLS: &cls}
			s.Duration += s.Resources[0].Time + s.Resources[1].Time + w.around(50)
		}
		r.Steps = append(r.Steps, s)
		r.Duration += s.Duration
	}
	if w.change != nil {
		w.change(r)
		r.Duration = 0
		for i := range r.Steps {
			r.Duration += r.Steps[i].Duration
		}
	}
	r.Finished = r.Started.Add(r.Duration)
	return r
}

// several draws so many runs.
func (w *world) several(n int) []*probes.Run {
	list := make([]*probes.Run, n)
	for i := range list {
		list[i] = w.run()
	}
	return list
}

// learned is a profile of so many runs.
func (w *world) learned(n int) *Profile {
	p := &Profile{}
	for range n {
		p.Observe(w.run(), false)
	}
	return p
}

// slower makes a phase of a step take longer, and the step with it.
func slower(s *probes.Step, phase *time.Duration, by time.Duration) {
	*phase += by
	s.Duration += by
}

// fails makes a run fail at a step, the last that it reaches.
func fails(r *probes.Run, step int, f probes.Failure) *probes.Step {
	r.Steps = r.Steps[:step+1]
	s := &r.Steps[step]
	f.Step = s.Name
	s.Outcome, s.Failure = probes.Failed, &f
	r.Outcome, r.Failure = probes.Failed, &f
	return s
}
