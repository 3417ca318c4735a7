package attribution

import (
	"math"
	"slices"
	"strings"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// The bounds of a profile. With ten steps of six hosts each it encodes to
// less than 16 KB.
const (
	maxSteps     = 32
	maxGroups    = 6  // hosts of a step
	maxAddresses = 16 // of all hosts
	maxHosts     = 16 // with a certificate
	maxText      = 96 // bytes of an address, an issuer or a protocol
)

// markEvery is the number of runs from one mark to the next. Trouble that is
// noticed within so many runs is held against what was usual before it began.
const markEvery = 64

// Profile is what the parts of a check's journey usually take at one location.
// The zero value knows nothing and is ready for use. A Profile is not safe for
// concurrent use.
//
// It learns from journeys that could be done, slow ones included, by steps so
// small that a few bad runs hardly count; from broken ones it learns only that
// there are such.
type Profile struct {
	last    int64 // start of the last run, Unix nanoseconds
	learned int64 // start of the last run that it learned from
	// marked is when the levels were marked: the start of the last run that
	// they had learned from, the later one first; zero: not yet.
	marked [2]int64
	since  int64 // of a copy that Before gave; not stored

	runs        uint32 // that it learned from
	duration    level  // of the journey, ms
	disturbance level
	broken      rate
	steps       []stepProfile
	addresses   []addressProfile
	hosts       []hostProfile
}

// part is a measure of a step.
type part int

// The measures of a step: the phases in the order of checks.Phases, what is
// left of the step's time, all of it; sizes; redirects; the vitals in the order
// of checks.Vitals.
const (
	partResolve part = iota
	partConnect
	partTLS
	partFirstByte
	partDownload
	partRest
	partTotal
	partBody
	partTransfer
	partRedirects
	partVitals
	parts = partVitals + 5
)

// scale is how a part is brought to a logarithm.
func (p part) scale() scale {
	switch {
	case p == partBody || p == partTransfer:
		return byteScale
	case p == partRedirects:
		return countScale
	case p.vital() == checks.VitalCLS:
		return shiftScale
	}
	return millisecondScale
}

// phase is the phase that a part measures; empty for others.
func (p part) phase() checks.Phase {
	if p > partDownload {
		return ""
	}
	return [...]checks.Phase{checks.PhaseResolve, checks.PhaseConnect, checks.PhaseTLS, checks.PhaseFirstByte, checks.PhaseDownload}[p]
}

// vital is the vital that a part measures; empty for others.
func (p part) vital() checks.Vital {
	if p < partVitals {
		return ""
	}
	return [...]checks.Vital{checks.VitalLCP, checks.VitalCLS, checks.VitalINP, checks.VitalFCP, checks.VitalTTFB}[p-partVitals]
}

// stepProfile is what is usual of one step.
type stepProfile struct {
	name      uint64 // hash
	seen      uint32 // value of runs when it was seen last
	levels    [parts]level
	navigates rate   // it opened a document
	asks      rate   // it led to any request at all
	throws    rate   // the page threw an exception
	status    uint16 // of the last document
	protocol  protocolProfile
	groups    []groupProfile
}

// protocolProfile is the protocol that a step's document comes by.
type protocolProfile struct {
	now, former string
	born        uint32
	bornAt      int64 // Unix nanoseconds
}

// groupProfile is what is usual of a host's resources in a step.
type groupProfile struct {
	host    uint64 // hash
	seen    uint32
	time    level
	bytes   level
	failed  rate
	pending rate
}

// addressProfile is an address that answered.
type addressProfile struct {
	address    string
	host       uint64
	born, seen uint32
	bornAt     int64 // Unix nanoseconds
	used       rate  // of the requests to its host
	// slow is by how much more than usual it takes to the first byte, as a
	// difference of logarithms.
	slow level
}

// hostProfile is a host's certificate.
type hostProfile struct {
	host          uint64
	born, seen    uint32 // born is when it had this certificate first
	bornAt        int64  // Unix nanoseconds
	notAfter      int64  // Unix seconds
	issuer        string
	formerIssuer  string // before it changed, if it ever did
	formerExpires int64
}

// Runs is the number of runs that the profile learned from.
func (p *Profile) Runs() int { return int(p.runs) }

// Observe takes a run. Runs that say nothing about the site (unknown, or made
// in maintenance), that do not start after the last one, or that come while
// the profile is frozen because an incident is open, teach nothing.
func (p *Profile) Observe(run *probes.Run, frozen bool) {
	at := run.Started.UnixNano()
	if run.Maintenance || run.Outcome == probes.Unknown || at <= p.last && p.last != 0 {
		return
	}
	p.last = at
	if frozen {
		return
	}
	broken := isBroken(run)
	p.broken.observe(broken)
	if broken {
		return
	}
	if p.runs < math.MaxUint32 {
		p.runs++
	}
	p.duration.observe(millisecondScale.log(float64(run.Duration) / 1e6))
	p.disturbance.observe(disturbanceScale.log(run.Disturbance))
	for i := range run.Steps {
		p.observeStep(&run.Steps[i])
	}
	if p.learned = at; p.runs%markEvery == 0 {
		p.marked = [2]int64{at, p.marked[0]}
		p.levels((*level).mark)
	}
}

// levels does something with every level.
func (p *Profile) levels(do func(*level)) {
	do(&p.duration)
	do(&p.disturbance)
	for i := range p.steps {
		s := &p.steps[i]
		for j := range s.levels {
			do(&s.levels[j])
		}
		for j := range s.groups {
			do(&s.groups[j].time)
			do(&s.groups[j].bytes)
		}
	}
}

// Before gives the profile as it was before a time, as far as it still knows:
// as it is if it has learned nothing since, else at its last mark before, or at
// its oldest mark. It shares nothing with p, and is for ranking, not for
// learning.
func (p *Profile) Before(since time.Time) *Profile {
	c := p.Clone()
	at := since.UnixNano()
	c.since = at
	switch {
	case p.learned < at:
	case p.marked[0] != 0 && p.marked[0] < at || p.marked[1] == 0:
		c.levels(func(l *level) { l.recall(0) })
	default:
		c.levels(func(l *level) { l.recall(1) })
	}
	return c
}

// Clone gives a copy that shares nothing with p.
func (p *Profile) Clone() *Profile {
	c := *p
	c.steps = slices.Clone(p.steps)
	for i := range c.steps {
		c.steps[i].groups = slices.Clone(p.steps[i].groups)
	}
	c.addresses = slices.Clone(p.addresses)
	c.hosts = slices.Clone(p.hosts)
	return &c
}

// recent tells whether something came about a short while ago, in runs, or after
// the trouble began.
func (p *Profile) recent(born uint32, at int64) bool {
	return p.runs-born < recentlyN || p.since != 0 && at >= p.since
}

// isBroken tells whether a run failed through anything but a threshold.
func isBroken(run *probes.Run) bool {
	if run.Outcome != probes.Failed {
		return false
	}
	if run.Failure == nil {
		return len(run.Exceeded) == 0
	}
	return run.Failure.Kind != probes.FailThreshold
}

func (p *Profile) observeStep(step *probes.Step) {
	s := p.stepFor(hash(step.Name))
	values, has := measure(step)
	h := step.HTTP
	host := uint64(0)
	if h != nil {
		host = hash(hostOf(h.URL))
		// Before the step's own level moves, so that an address that is always
		// slow is held against the others.
		p.observeAddress(s, host, h)
		p.observeCertificate(host, h.TLS)
		if h.Status > 0 && h.Status < 1000 {
			s.status = uint16(h.Status)
		}
		if h.Protocol != "" && cut(h.Protocol) != s.protocol.now {
			s.protocol = protocolProfile{now: kept(h.Protocol), former: s.protocol.now, born: p.runs, bornAt: p.last}
		}
	}
	for i := range values {
		if has[i] {
			s.levels[i].observe(part(i).scale().log(values[i]))
		}
	}
	s.navigates.observe(h != nil)
	s.asks.observe(h != nil || len(step.Resources) > 0)
	s.throws.observe(step.Exception != "")
	p.observeGroups(s, step.Resources)
}

// measure reads the parts of a step, times in milliseconds.
func measure(step *probes.Step) (values [parts]float64, has [parts]bool) {
	set := func(p part, x float64) { values[p], has[p] = x, !math.IsNaN(x) && !math.IsInf(x, 0) }
	total := float64(step.Duration) / 1e6
	rest := total
	if h := step.HTTP; h != nil {
		for i, d := range [...]float64{
			float64(h.Phases.Resolve), float64(h.Phases.Connect), float64(h.Phases.TLS),
			float64(h.Phases.FirstByte), float64(h.Phases.Download),
		} {
			set(part(i), d/1e6)
			rest -= max(d/1e6, 0)
		}
		set(partBody, float64(h.BodyBytes))
		set(partTransfer, float64(h.TransferBytes))
		set(partRedirects, float64(h.Redirects))
	}
	for i := range step.Resources {
		rest -= max(float64(step.Resources[i].Time)/1e6, 0)
	}
	set(partTotal, total)
	set(partRest, max(rest, 0))
	if v := step.Vitals; v != nil {
		for i, x := range [...]*float64{v.LCP, v.CLS, v.INP, v.FCP, v.TTFB} {
			if x != nil {
				set(partVitals+part(i), *x)
			}
		}
	}
	return values, has
}

func (p *Profile) observeGroups(s *stepProfile, resources []probes.ResourceGroup) {
	for i := range resources {
		r := &resources[i]
		g := p.groupFor(s, hash(r.Host))
		g.seen = p.runs
		g.time.observe(millisecondScale.log(float64(r.Time) / 1e6))
		g.bytes.observe(byteScale.log(float64(r.TransferBytes)))
		g.failed.observe(r.Failed > 0)
		g.pending.observe(r.Pending > 0)
	}
	for i := range s.groups {
		if g := &s.groups[i]; g.seen != p.runs {
			g.time.observe(millisecondScale.log(0))
			g.failed.observe(false)
			g.pending.observe(false)
		}
	}
}

func (p *Profile) observeAddress(s *stepProfile, host uint64, h *probes.HTTP) {
	if h.Address == "" {
		return
	}
	a := p.address(h.Address)
	if a == nil {
		a = room(&p.addresses, maxAddresses, func(x *addressProfile) uint32 { return x.seen })
		*a = addressProfile{address: kept(h.Address), host: host, born: p.runs, bornAt: p.last}
	}
	a.seen = p.runs
	for i := range p.addresses {
		if b := &p.addresses[i]; b.host == host {
			b.used.observe(b == a)
		}
	}
	if l := &s.levels[partFirstByte]; l.n >= 3 {
		a.slow.observe(millisecondScale.log(float64(h.Phases.FirstByte)/1e6) - float64(l.mean))
	}
}

func (p *Profile) observeCertificate(host uint64, t *probes.TLS) {
	if t == nil || host == 0 {
		return
	}
	c := p.host(host)
	if c == nil {
		c = room(&p.hosts, maxHosts, func(x *hostProfile) uint32 { return x.seen })
		*c = hostProfile{host: host, born: p.runs, bornAt: p.last, notAfter: t.NotAfter.Unix(), issuer: kept(t.Issuer)}
	}
	c.seen = p.runs
	if at := t.NotAfter.Unix(); at != c.notAfter || cut(t.Issuer) != c.issuer {
		c.formerIssuer, c.formerExpires = c.issuer, c.notAfter
		c.born, c.bornAt, c.issuer, c.notAfter = p.runs, p.last, kept(t.Issuer), at
	}
}

// step gives what is known of a step, or nil.
func (p *Profile) step(name uint64) *stepProfile {
	for i := range p.steps {
		if p.steps[i].name == name {
			return &p.steps[i]
		}
	}
	return nil
}

func (p *Profile) stepFor(name uint64) *stepProfile {
	s := p.step(name)
	if s == nil {
		s = room(&p.steps, maxSteps, func(x *stepProfile) uint32 { return x.seen })
		*s = stepProfile{name: name}
	}
	s.seen = p.runs
	return s
}

func (s *stepProfile) group(host uint64) *groupProfile {
	for i := range s.groups {
		if s.groups[i].host == host {
			return &s.groups[i]
		}
	}
	return nil
}

func (p *Profile) groupFor(s *stepProfile, host uint64) *groupProfile {
	g := s.group(host)
	if g == nil {
		g = room(&s.groups, maxGroups, func(x *groupProfile) uint32 { return x.seen })
		*g = groupProfile{host: host}
	}
	return g
}

func (p *Profile) address(text string) *addressProfile {
	text = cut(text)
	for i := range p.addresses {
		if p.addresses[i].address == text {
			return &p.addresses[i]
		}
	}
	return nil
}

func (p *Profile) host(host uint64) *hostProfile {
	for i := range p.hosts {
		if p.hosts[i].host == host {
			return &p.hosts[i]
		}
	}
	return nil
}

// room gives a place in a bounded table: a new one, or that which was seen
// longest ago.
func room[T any](table *[]T, limit int, seen func(*T) uint32) *T {
	if len(*table) < limit {
		var zero T
		*table = append(*table, zero)
		return &(*table)[len(*table)-1]
	}
	oldest := 0
	for i := range *table {
		if seen(&(*table)[i]) < seen(&(*table)[oldest]) {
			oldest = i
		}
	}
	return &(*table)[oldest]
}

// cut bounds a text; kept does so for one that outlives its run.
func cut(text string) string {
	if len(text) > maxText {
		return text[:maxText]
	}
	return text
}

func kept(text string) string { return strings.Clone(cut(text)) }

// hash is FNV-1a. Names and hosts are told apart by it, since the profile
// never has to say one: the run that it is compared with does.
func hash(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

// hostOf is the host and port of a URL, without parsing the rest of it.
func hostOf(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return rest
}
