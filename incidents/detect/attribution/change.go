package attribution

import (
	"fmt"
	"math"
	"slices"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// What changed along with a part explains why the part moved, so it ranks just
// above it; what changed without any part moving is worth a word at most.
const (
	explains  = 0.5
	happened  = -6.0
	recentlyN = 20 // runs in which a change is still recent
	// oneAddress is the evidence from which one of several addresses is blamed
	// before the site as a whole, which is the likelier one at first.
	oneAddress = 3.5
)

// best gives the atom with the highest score of those that are chosen and
// moved, or nil.
func (w *slowRuns) best(chosen func(*atom) bool) *atom {
	var best *atom
	for i := range w.atoms {
		a := &w.atoms[i]
		if chosen(a) && a.gain > 0 && a.evidence > 1 && (best == nil || a.score > best.score) {
			best = a
		}
	}
	return best
}

// because gives a culprit the rank of the atom that it explains; without one,
// that of a thing that merely happened.
func because(c Culprit, a *atom, evidence float64) Culprit {
	c.Confidence = confidence(evidence)
	if a == nil {
		c.score = scoreOf(min(evidence, -happened), 0) + happened
		return c
	}
	c.Share, c.score = a.share, a.score+explains
	return c
}

// sizeCulprits are answers that grew.
func (w *slowRuns) sizeCulprits() []Culprit {
	const least = 0.18 // a fifth
	var culprits []Culprit
	for i, s := range w.steps {
		// What comes over the wire explains the download; the body alone, where
		// the probe does not know more.
		for _, p := range []part{partTransfer, partBody} {
			d, ok := s.shiftOf(p)
			if !ok || s.level(p).n < enoughRuns || d.moved < least || d.evidence < 3 || d.is < 1000 {
				continue
			}
			name := map[part]string{partTransfer: "transfer", partBody: "body"}[p]
			a := w.best(func(a *atom) bool { return a.step == i && a.part == partDownload && a.group == nil })
			c := because(Culprit{
				Kind: KindSize, Step: s.name, Part: name, Host: s.host, Was: d.was, Is: d.is, Unit: Bytes,
			}, a, d.evidence)
			c.Sentence = fmt.Sprintf("the answer in step %s grew from %s to %s%s", s.name, size(d.was), size(d.is), w.andSo(a))
			culprits = append(culprits, c)
			break
		}
		for _, g := range s.groups {
			if c, ok := w.groupSize(i, g); ok {
				culprits = append(culprits, c)
			}
		}
	}
	return culprits
}

// groupSize is about what a host of a page's resources sent.
func (w *slowRuns) groupSize(i int, g *groupSum) (Culprit, bool) {
	s := w.steps[i]
	if s.usual == nil {
		return Culprit{}, false
	}
	u := s.usual.group(hash(g.host))
	if u == nil || u.bytes.n < enoughRuns || len(g.bytes) < s.runs {
		return Culprit{}, false
	}
	d := compare(&u.bytes, byteScale, g.bytes)
	if d.moved < 0.4 || d.evidence < 3 || d.is-d.was < 20_000 {
		return Culprit{}, false
	}
	a := w.best(func(a *atom) bool { return a.step == i && a.group == g })
	c := because(Culprit{
		Kind: KindSize, Step: s.name, Part: "transfer", Host: g.host, Was: d.was, Is: d.is, Unit: Bytes,
	}, a, d.evidence)
	c.Sentence = fmt.Sprintf("what %s sends in step %s grew from %s to %s%s", g.host, s.name, size(d.was), size(d.is), w.andSo(a))
	return c, true
}

// andSo ends a sentence with what a change explains.
func (w *slowRuns) andSo(a *atom) string {
	if a == nil {
		return ""
	}
	return ", and with it " + w.atomText(a) + fmt.Sprintf(": %s → %s", duration(a.was), duration(a.is))
}

// changeCulprits are redirects, protocols and certificates that are not what
// they were.
func (w *slowRuns) changeCulprits() []Culprit {
	var culprits []Culprit
	certified := map[string]bool{}
	for i, s := range w.steps {
		if s.usual == nil || s.last.HTTP == nil {
			continue
		}
		h := s.last.HTTP
		moved := func(a *atom) bool { return a.step == i && a.part < partRest }
		if d, ok := s.shiftOf(partRedirects); ok && d.is > d.was+0.5 && s.level(partRedirects).n >= enoughRuns {
			a := w.best(moved)
			c := because(Culprit{
				Kind: KindRedirect, Step: s.name, Host: s.host, Was: d.was, Is: d.is, Unit: Count,
			}, a, certain)
			c.Sentence = fmt.Sprintf("step %s is redirected %s times instead of %s%s", s.name, trim(d.is, 1), trim(d.was, 1), w.andSo(a))
			culprits = append(culprits, c)
		}
		if was := w.profile.otherProtocol(s.usual, h.Protocol); was != "" {
			a := w.best(moved)
			c := because(Culprit{
				Kind: KindProtocol, Step: s.name, Part: h.Protocol, Host: s.host, WasText: was, IsText: h.Protocol,
			}, a, certain)
			c.Sentence = fmt.Sprintf("%s speaks %s in step %s instead of %s%s", s.host, h.Protocol, s.name, was, w.andSo(a))
			culprits = append(culprits, c)
		}
		if c, ok := w.profile.newCertificate(s.host, h.TLS); ok && !certified[s.host] {
			certified[s.host] = true
			a := w.best(func(a *atom) bool { return a.part == partTLS && w.steps[a.step].host == s.host })
			c = because(c, a, certain)
			if c.Step = s.name; a != nil {
				c.Step = w.steps[a.step].name
			}
			c.Sentence += w.andSo(a)
			culprits = append(culprits, c)
		}
	}
	return culprits
}

// otherProtocol is what was spoken in a step until a short while ago, if that
// is not what is spoken now.
func (p *Profile) otherProtocol(s *stepProfile, now string) string {
	u := &s.protocol
	switch {
	case now == "" || u.now == "":
	case cut(now) != u.now:
		return u.now
	case p.recent(u.born, u.bornAt):
		return u.former
	}
	return ""
}

// newCertificate tells whether a host has had another certificate until a
// short while ago.
func (p *Profile) newCertificate(host string, t *probes.TLS) (Culprit, bool) {
	if t == nil || host == "" {
		return Culprit{}, false
	}
	usual := p.host(hash(host))
	if usual == nil || p.runs < enoughRuns {
		return Culprit{}, false
	}
	was, until := usual.issuer, usual.notAfter
	switch {
	case t.NotAfter.Unix() != until || cut(t.Issuer) != was:
	case usual.formerExpires != 0 && p.recent(usual.born, usual.bornAt):
		was, until = usual.formerIssuer, usual.formerExpires
	default:
		return Culprit{}, false
	}
	c := Culprit{Kind: KindCertificate, Part: cut(t.Issuer), Host: host, WasText: was, IsText: t.Issuer}
	if was == cut(t.Issuer) {
		c.WasText, c.IsText = day(time.Unix(until, 0)), day(t.NotAfter)
		c.Sentence = fmt.Sprintf("%s has a new certificate, which expires on %s (the former one: %s)", host, c.IsText, c.WasText)
		return c, true
	}
	c.Sentence = fmt.Sprintf("%s has a new certificate, issued by %s instead of %s", host, quoted(t.Issuer), quoted(was))
	return c, true
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// vitalCulprits are Web Vitals that got worse.
func (w *slowRuns) vitalCulprits() []Culprit {
	var culprits []Culprit
	for i, s := range w.steps {
		for p := partVitals; p < parts; p++ {
			d, ok := s.shiftOf(p)
			if !ok || d.evidence < 2 || s.level(p).n < enoughRuns {
				continue
			}
			v := p.vital()
			c := Culprit{
				Kind: KindVital, Step: s.name, Part: string(v), Host: s.host, Was: d.was, Is: d.is, Unit: Milliseconds,
				Confidence: confidence(d.evidence),
			}
			was, is := duration(d.was), duration(d.is)
			if v == checks.VitalCLS {
				c.Unit, was, is = Score, trim(d.was, 3), trim(d.is, 3)
			}
			c.Sentence = fmt.Sprintf("%s of step %s went from %s to %s", v.Text(), s.name, was, is)
			if text := w.because(s.name, v); text != "" {
				c.Sentence += ": " + text
			}
			c.Share, c.score = w.vitalScore(i, v, d)
			culprits = append(culprits, c)
		}
	}
	return culprits
}

// because says what a vital of the last run that has it comes from.
func (w *slowRuns) because(step string, v checks.Vital) string {
	for _, run := range slices.Backward(w.runs) {
		for i := range run.Steps {
			if run.Steps[i].Name != step {
				continue
			}
			if text := run.Because(i, v); text != "" {
				return text
			}
		}
	}
	return ""
}

// vitalScore ranks a vital. One that is a time and whose page gained about as
// much is a consequence. One that no time explains is the trouble itself if a
// threshold of it was gone over, or if no time was gained at all.
func (w *slowRuns) vitalScore(i int, v checks.Vital, d shift) (share, score float64) {
	over, overTime := w.exceeded(i, v)
	gained, next := 0.0, w.nextPage(i)
	for j := range w.atoms {
		if a := &w.atoms[j]; a.step >= i && a.step < next && a.evidence > 1 {
			gained += max(a.gain, 0)
		}
	}
	explained := v != checks.VitalCLS && gained >= 0.5*(d.is-d.was)
	switch {
	case explained:
		return 0, scoreOf(d.evidence, 0) + happened
	case over && !overTime:
		return 1, certain + explains
	case over:
		return 0.5, scoreOf(d.evidence, 0.5)
	}
	return 0, scoreOf(d.evidence, 0.05)
}

// nextPage gives the first step after one that led to another page: vitals go
// on until then, and are those of the step that led to theirs.
func (w *slowRuns) nextPage(i int) int {
	for i++; i < len(w.steps) && w.steps[i].last.HTTP == nil; i++ {
	}
	return i
}

// exceeded tells whether a vital of a step, and whether a time of any, went
// over a threshold.
func (w *slowRuns) exceeded(i int, v checks.Vital) (vital, time bool) {
	for _, run := range w.runs {
		for _, e := range run.Exceeded {
			if e.Measure == string(v) && e.Step == w.steps[i].name {
				vital = true
			}
			if e.Measure == "total" || isPhase(e.Measure) {
				time = true
			}
		}
	}
	return vital, time
}

// isPhase tells whether a measure of a threshold is a phase.
func isPhase(measure string) bool {
	for p := partResolve; p <= partDownload; p++ {
		if string(p.phase()) == measure {
			return true
		}
	}
	return false
}

// disturbanceCulprits is the probing host, if it was disturbed. That comes
// first where the gain is all over the journey, which is what a busy host does;
// where one part has gained most of it, the host is not to blame.
func (w *slowRuns) disturbanceCulprits() []Culprit {
	const worth = 0.05
	var logs []float64
	for _, run := range w.runs {
		logs = append(logs, disturbanceScale.log(run.Disturbance))
	}
	d := compare(&w.profile.disturbance, disturbanceScale, logs)
	if d.is < worth || d.is < 2*d.was || d.evidence < 2 {
		return nil
	}
	most, best := 0.0, 0.0
	for i := range w.atoms {
		a := &w.atoms[i]
		most, best = max(most, a.share), max(best, a.score)
	}
	c := Culprit{
		Kind: KindHost, Was: d.was, Is: d.is, Unit: Ratio, Confidence: confidence(d.evidence),
		Sentence: fmt.Sprintf("the probing host itself was disturbed %s %% of the time, usually %s %%: these runs may be slow through our own doing",
			trim(100*d.is, 0), trim(100*d.was, 1)),
	}
	if most < 0.5 {
		c.Share, c.score = 1-most, max(best, certain)+explains
		return []Culprit{c}
	}
	c.score = scoreOf(min(d.evidence, -happened), 0) + happened
	return []Culprit{c}
}

// addressCulprits are addresses that answer slower than their peers, and new
// ones.
func (w *slowRuns) addressCulprits() []Culprit {
	var culprits []Culprit
	seen := map[string]bool{}
	for _, s := range w.steps {
		if s.host == "" || seen[s.host] {
			continue
		}
		seen[s.host] = true
		a := w.best(func(a *atom) bool {
			return a.part < partRest && a.part != partResolve && w.steps[a.step].host == s.host
		})
		if a == nil {
			continue
		}
		if c, ok := w.addressOf(s.host, a); ok {
			culprits = append(culprits, c)
		}
	}
	return culprits
}

// addressOf weighs whether the address is to blame for what a host took. If it
// is, all bad runs met this address, and good ones others; if it is not, they
// met it by chance, as often as ever.
func (w *slowRuns) addressOf(host string, a *atom) (Culprit, bool) {
	name := w.steps[a.step].name
	address, bad := "", 0
	for _, run := range w.runs {
		switch got := addressIn(run, name, host); {
		case got == "":
		case address == "" || got == address:
			address, bad = got, bad+1
		default:
			return Culprit{}, false // it is slow at more than one
		}
	}
	if bad == 0 {
		return Culprit{}, false
	}
	c := Culprit{Kind: KindAddress, Step: name, Part: address, Host: host, IsText: address, Was: a.was, Is: a.is, Unit: Milliseconds}
	usual := w.profile.usualAddress(hash(host), address)
	known := w.profile.address(address)
	if known == nil || w.profile.recent(known.born, known.bornAt) && usual != nil && usual.born < known.born {
		if usual == nil {
			return Culprit{}, false // nothing was known of any address
		}
		c.WasText = usual.address
		c = because(c, a, certain)
		c.Sentence = fmt.Sprintf("%s answers from the new address %s instead of %s%s", host, address, usual.address, w.andSo(a))
		return c, true
	}
	if usual == nil {
		return Culprit{}, false // it is the only one
	}
	evidence := -float64(bad) * math.Log(clamp(float64(known.used.share), 0.02, 1))
	for _, run := range w.good {
		switch addressIn(run, name, host) {
		case "":
		case address:
			evidence -= 2
		default:
			evidence -= math.Log(clamp(1-float64(known.used.share), 0.02, 1))
		}
	}
	if evidence < 1.5 {
		return Culprit{}, false
	}
	c.WasText = usual.address
	c = because(c, a, evidence)
	if evidence < oneAddress {
		c.score -= 2 * explains // may be chance
	}
	c.Sentence = fmt.Sprintf("only the address %s of %s is slow: all %d bad runs met it, usually %s %% do%s",
		address, host, bad, trim(100*float64(known.used.share), 0), w.andSo(a))
	return c, true
}

// addressIn gives the address that answered a host's step in a run.
func addressIn(run *probes.Run, step, host string) string {
	for i := range run.Steps {
		if s := &run.Steps[i]; s.Name == step && s.HTTP != nil && hostOf(s.HTTP.URL) == host {
			return cut(s.HTTP.Address)
		}
	}
	return ""
}

// usualAddress is the address of a host that is met most, other than one; nil
// if there is none of late.
func (p *Profile) usualAddress(host uint64, other string) *addressProfile {
	var usual *addressProfile
	for i := range p.addresses {
		b := &p.addresses[i]
		if b.host == host && b.address != other && b.used.share > 0.05 && (usual == nil || b.used.share > usual.used.share) {
			usual = b
		}
	}
	return usual
}

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }
