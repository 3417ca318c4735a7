package evaluate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/attribution"
	"outrider/probes"
)

// The parts of a simulated step.
const (
	simResolve = iota
	simConnect
	simTLS
	simFirstByte
	simDownload
	simOwn   // resources of the own site
	simThird // resources of a third party
	simRest  // scripts
	simParts
)

const simSteps = 5

// simPart is how a part of a step behaves.
type simPart struct {
	ms    float64 // median
	noise float64 // standard deviation of the logarithm
	state float64 // of the noise, which remembers itself a little
}

// simJourney is a simulated journey that nothing is wrong with.
type simJourney struct {
	rand    *rand.Rand
	now     time.Time
	every   time.Duration
	browser bool
	cycle   float64 // amplitude of the server's daily cycle, as a logarithm
	parts   [simSteps][simParts]simPart
	bytes   [simSteps]float64
}

// wild is how often a part takes three times as long and more, for no reason
// that anyone will ever know. In a journey of forty parts, every second run has
// one.
const wild = 0.02

// memoryOfNoise is the correlation of a part's noise from run to run.
const memoryOfNoise = 0.3

// newJourney draws a journey.
func newJourney(seed uint64, every time.Duration) *simJourney {
	r := rand.New(rand.NewPCG(seed, 0x6a6f75726e6579))
	between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
	j := &simJourney{
		rand: r, now: time.Date(2026, 3, 2, r.IntN(24), 0, 0, 0, time.UTC), every: every, browser: r.IntN(2) == 0,
		cycle: 0.3 * r.Float64(),
	}
	for s := range j.parts {
		for p, span := range [simParts][2]float64{{1, 20}, {5, 40}, {10, 60}, {30, 500}, {2, 100}, {20, 200}, {10, 200}, {1, 3}} {
			if p == simRest && j.browser {
				span = [2]float64{20, 200}
			}
			j.parts[s][p] = simPart{ms: between(span[0], span[1]), noise: 0.1 + 0.3*r.Float64()}
		}
		j.bytes[s] = between(2_000, 500_000)
	}
	return j
}

// usual is the median time of the journey, about, in milliseconds.
func (j *simJourney) usual() float64 {
	sum := 0.0
	for s := range j.parts {
		for p := range j.parts[s] {
			if j.has(p) {
				sum += j.parts[s][p].ms
			}
		}
	}
	return sum
}

// has tells whether the journey's steps have a part.
func (j *simJourney) has(part int) bool { return j.browser || part != simOwn && part != simThird }

// simDraw is what a run takes, before it is made one.
type simDraw struct {
	ms        [simSteps][simParts]float64
	bytes     [simSteps]float64
	address   [simSteps]int
	redirects [simSteps]int
	issuer    string
}

// draw draws the next run.
func (j *simJourney) draw() *simDraw {
	j.now = j.now.Add(j.every)
	hour := float64(j.now.Unix()%86400) / 86400
	daily := j.cycle * math.Sin(2*math.Pi*hour)
	d := &simDraw{issuer: "Good CA"}
	for s := range j.parts {
		for p := range j.parts[s] {
			x := &j.parts[s][p]
			x.state = memoryOfNoise*x.state + math.Sqrt(1-memoryOfNoise*memoryOfNoise)*j.rand.NormFloat64()
			log := x.noise * x.state
			if j.rand.Float64() < wild {
				log += 1 + j.rand.ExpFloat64()
			}
			if p == simFirstByte || p == simOwn {
				log += daily
			}
			d.ms[s][p] = x.ms * math.Exp(log)
		}
		d.bytes[s] = j.bytes[s] * math.Exp(0.03*j.rand.NormFloat64())
		d.address[s] = j.rand.IntN(3)
	}
	return d
}

// next is the next run.
func (j *simJourney) next() *probes.Run { return j.run(j.draw()) }

// run makes a run of a draw.
func (j *simJourney) run(d *simDraw) *probes.Run {
	r := &probes.Run{Kind: checks.KindHTTP, Outcome: probes.Passed, Started: j.now, Disturbance: 0.01 * j.rand.Float64()}
	if j.browser {
		r.Kind = checks.KindBrowser
	}
	for s := range d.ms {
		took := func(p int) time.Duration { return time.Duration(d.ms[s][p] * 1e6) }
		step := probes.Step{Name: simStep(s), Verb: "get", Outcome: probes.Passed, HTTP: &probes.HTTP{
			URL: "https://shop.example/", Status: 200, Protocol: "HTTP/2.0",
			Address:   fmt.Sprintf("192.0.2.%d:443", 1+d.address[s]),
			Redirects: d.redirects[s], TransferBytes: int64(d.bytes[s]), BodyBytes: int64(3 * d.bytes[s]),
			TLS: &probes.TLS{Issuer: d.issuer, NotAfter: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)},
			Phases: probes.Phases{
				Resolve: took(simResolve), Connect: took(simConnect), TLS: took(simTLS),
				FirstByte: took(simFirstByte), Download: took(simDownload),
			},
		}}
		if j.browser {
			step.Resources = []probes.ResourceGroup{
				{Host: "shop.example", FirstParty: true, Requests: 9, Time: took(simOwn), TransferBytes: 90_000},
				{Host: "tags.example", Requests: 2, Time: took(simThird), TransferBytes: 30_000},
			}
		}
		for p := range simParts {
			if j.has(p) {
				step.Duration += took(p)
			}
		}
		r.Steps = append(r.Steps, step)
		r.Duration += step.Duration
	}
	return r
}

func simStep(s int) string { return fmt.Sprintf("step %d", s) }

// moveSize is by how much a part is moved: so many standard deviations of its
// logarithm, or a factor.
type moveSize struct{ sigmas, factor float64 }

func moveSizes() []moveSize {
	return []moveSize{{sigmas: 2}, {sigmas: 3}, {sigmas: 4}, {sigmas: 6}, {factor: 1.3}, {factor: 2}, {factor: 4}}
}

// String names the size in tables.
func (s moveSize) String() string {
	if s.factor > 0 {
		return fmt.Sprintf("+%.0f %%", 100*(s.factor-1))
	}
	return fmt.Sprintf("%g σ", s.sigmas)
}

// of is the factor for a part.
func (s moveSize) of(p *simPart) float64 {
	if s.factor > 0 {
		return s.factor
	}
	return math.Exp(s.sigmas * p.noise)
}

// move is a way in which a journey gets slower.
type move struct {
	name string
	kind attribution.Kind
	part string // of the culprit
	// slow is the part of the step that takes longer.
	slow int
	// everywhere moves it in all steps.
	everywhere bool
	// also is what else changes in a step.
	also func(d *simDraw, step int, factor float64)
	// hits tells whether it meets a run; nil: each.
	hits func(d *simDraw, step int) bool
}

func moves() []move {
	phase := func(p checks.Phase, slow int) move {
		return move{name: string(p), kind: attribution.KindPhase, part: string(p), slow: slow}
	}
	everywhere := phase(checks.PhaseConnect, simConnect)
	everywhere.name, everywhere.everywhere = "connect, all steps", true
	return []move{
		phase(checks.PhaseResolve, simResolve), phase(checks.PhaseConnect, simConnect), phase(checks.PhaseTLS, simTLS),
		phase(checks.PhaseFirstByte, simFirstByte), phase(checks.PhaseDownload, simDownload),
		everywhere,
		{name: "own resources", kind: attribution.KindResource, part: "shop.example", slow: simOwn},
		{name: "third party", kind: attribution.KindThirdParty, part: "tags.example", slow: simThird},
		{name: "script", kind: attribution.KindScript, part: "script", slow: simRest},
		{name: "size", kind: attribution.KindSize, part: "transfer", slow: simDownload,
			also: func(d *simDraw, step int, factor float64) { d.bytes[step] *= factor }},
		{name: "one address", kind: attribution.KindAddress, part: "192.0.2.2:443", slow: simFirstByte,
			hits: func(d *simDraw, step int) bool { return d.address[step] == 1 }},
		{name: "new address", kind: attribution.KindAddress, part: "192.0.2.9:443", slow: simFirstByte,
			also: func(d *simDraw, step int, _ float64) { d.address[step] = 8 }},
		{name: "certificate", kind: attribution.KindCertificate, part: "Other CA", slow: simTLS,
			also: func(d *simDraw, _ int, _ float64) { d.issuer = "Other CA" }},
		{name: "redirect", kind: attribution.KindRedirect, slow: simFirstByte,
			also: func(d *simDraw, step int, _ float64) { d.redirects[step] = 1 }},
	}
}

// fits tells whether a journey has what is moved.
func (m move) fits(j *simJourney) bool { return j.has(m.slow) && (m.slow != simRest || j.browser) }

// moved is a journey with something moved.
type moved struct {
	*simJourney
	move
	step int
	size moveSize
}

// move is what the journey is like from now on with a part of one of its steps
// moved. The journey itself stays where it is.
func (j *simJourney) move(m move, size moveSize) *moved {
	c := *j
	c.rand = rand.New(rand.NewPCG(j.rand.Uint64(), 0x6d6f7665))
	return &moved{&c, m, c.rand.IntN(simSteps), size}
}

// next is the next run, and whether it was hit.
func (m *moved) next() (*probes.Run, bool) {
	d := m.draw()
	if m.hits != nil && !m.hits(d, m.step) {
		return m.run(d), false
	}
	for s := range d.ms {
		if s == m.step || m.everywhere {
			factor := m.size.of(&m.parts[s][m.slow])
			d.ms[s][m.slow] *= factor
			if m.also != nil {
				m.also(d, s, factor)
			}
		}
	}
	return m.run(d), true
}

// gain is by how many milliseconds the journey gets slower, about.
func (m *moved) gain() float64 {
	sum := 0.0
	for s := range m.parts {
		if s == m.step || m.everywhere {
			p := &m.parts[s][m.slow]
			sum += p.ms * (m.size.of(p) - 1)
		}
	}
	return sum
}

// placeOf is where the right culprit is ranked; -1 if it is not.
func (m *moved) placeOf(culprits []attribution.Culprit) int {
	for i, c := range culprits {
		step := c.Step == simStep(m.step)
		switch {
		case m.everywhere:
			step = c.Step == ""
		case m.kind == attribution.KindCertificate:
			step = true // it is the host's
		}
		if c.Kind == m.kind && step && (m.part == "" || c.Part == m.part) {
			return i
		}
	}
	return -1
}
