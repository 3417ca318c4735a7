package attribution

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"outrider/probes"
)

// What broke a run is told from what it shows: the nearer to the origin, the
// higher it ranks. A page that lacks an element may lack it since a request
// failed; that a button leads nowhere may be since a script threw.
const (
	rankSymptom   = 1.0 // an element is missing, a text is not as expected
	rankPending   = 1.5 // a request was not answered, as happens to good runs
	rankAction    = 2.0 // a step led to nothing
	rankException = 3.0 // a script threw
	rankRequest   = 4.0 // a request failed or was never answered
	rankDocument  = 5.0 // so did that for the page or answer itself
)

// failures come before or after all that is merely slow.
const failuresFirst = 40.0

// rarely is the share of runs up to which something is not usual.
const rarely = 0.2

// explainBroken ranks what made runs fail.
func (p *Profile) explainBroken(runs []*probes.Run, first bool) []Culprit {
	type key struct {
		kind       Kind
		step, part string
	}
	found := map[key]*Culprit{}
	var order []key
	for _, run := range runs {
		said := map[key]bool{}
		for _, c := range p.traces(run) {
			k := key{c.Kind, c.Step, c.Part}
			switch c.Kind {
			case KindResource, KindThirdParty, KindException:
				k.step = "" // what comes by itself falls into this step or the next
			}
			if said[k] {
				continue
			}
			said[k] = true
			if found[k] == nil {
				found[k] = &Culprit{}
				order = append(order, k)
			}
			c.Share = found[k].Share + 1/float64(len(runs))
			*found[k] = c // the latest run tells it best
		}
	}
	culprits := p.spent(runs)
	for i := range culprits {
		culprits[i].score += failuresFirst
		if !first {
			culprits[i].score -= 2 * failuresFirst
		}
	}
	for _, k := range order {
		c := *found[k]
		c.Share = min(c.Share, 1)
		// One in two runs is as good as all if it is one step nearer.
		c.score += 2 * c.Share
		c.score += failuresFirst
		if !first {
			c.score -= 2 * failuresFirst
		}
		if n := len(runs); n > 1 {
			c.Sentence += fmt.Sprintf(" (%d of %d failed runs)", int(c.Share*float64(n)+0.5), n)
		}
		culprits = append(culprits, c)
	}
	return culprits
}

// spent are the parts of the journey that used up the time of runs that ran out
// of it, if much of that was spent before the step that was cut off.
func (p *Profile) spent(runs []*probes.Run) []Culprit {
	var late []*probes.Run
	for _, run := range runs {
		if run.Failure == nil || run.Failure.Kind != probes.FailTimeout || len(run.Steps) < 2 {
			continue
		}
		gained := time.Duration(0)
		last := &run.Steps[len(run.Steps)-1]
		for i := range run.Steps[:len(run.Steps)-1] {
			step := &run.Steps[i]
			if s := p.step(hash(step.Name)); s != nil && s.levels[partTotal].n >= enoughRuns {
				usual := millisecondScale.value(float64(s.levels[partTotal].mean))
				gained += max(step.Duration-time.Duration(usual*1e6), 0)
			}
		}
		if 7*gained > 3*last.Duration { // three parts of ten
			late = append(late, run)
		}
	}
	if 2*len(late) <= len(runs) {
		return nil
	}
	culprits := p.explainSlow(late, nil)
	best, blamed := math.Inf(-1), ""
	for i := range culprits {
		if c := &culprits[i]; c.score > best {
			best, blamed = c.score, c.Step
		}
	}
	if blamed == late[0].Failure.Step {
		return nil // it was that step after all
	}
	for i := range culprits {
		culprits[i].score += rankDocument + 3 - best
	}
	return culprits
}

// traces are what one broken run shows of its cause.
func (p *Profile) traces(run *probes.Run) []Culprit {
	f := run.Failure
	if f == nil {
		return nil
	}
	var list []Culprit
	add := func(c Culprit, rank float64) {
		c.score = rank
		if c.Confidence == 0 {
			c.Confidence = 0.95
		}
		list = append(list, c)
	}
	at := len(run.Steps) - 1
	for i := range run.Steps {
		if run.Steps[i].Name == f.Step {
			at = i
		}
	}
	if at < 0 {
		add(symptom(f), rankSymptom)
		return list
	}
	step := &run.Steps[at]
	c, told := p.document(run, step, f)
	if told {
		add(c, rankDocument)
	}
	for i := range run.Steps[:at+1] {
		for _, c := range p.requests(&run.Steps[i], i == at) {
			add(c, c.score-lateness(at-i))
		}
		if c, ok := p.exception(&run.Steps[i]); ok {
			add(c, rankException-lateness(at-i))
		}
		if c, ok := p.action(&run.Steps[i]); ok && i < at {
			add(c, rankAction-lateness(at-i))
		}
	}
	if !told {
		c = symptom(f)
		c.Host = hostOfStep(step)
		add(c, rankSymptom)
	}
	return list
}

// lateness makes what happened steps before the failure a little less likely
// its cause.
func lateness(steps int) float64 { return min(0.05*float64(steps), 0.5) }

func hostOfStep(step *probes.Step) string {
	if step.HTTP == nil {
		return ""
	}
	return hostOf(step.HTTP.URL)
}

// symptom says the failure itself.
func symptom(f *probes.Failure) Culprit {
	c := Culprit{Kind: KindOther, Part: string(f.Kind), Step: f.Step, WasText: f.Expected, IsText: f.Got}
	switch f.Kind {
	case probes.FailElement:
		c.Kind = KindElement
	case probes.FailAssertion:
		c.Kind = KindAssertion
	case probes.FailScript:
		c.Kind = KindException
	case probes.FailTimeout:
		c.Kind, c.Part = KindTimeout, ""
	}
	c.Sentence = quoted(f.Message)
	if f.Step != "" {
		c.Sentence = "step " + f.Step + ": " + c.Sentence
	}
	return c
}

// document says what happened to the request for the step's page or answer.
func (p *Profile) document(run *probes.Run, step *probes.Step, f *probes.Failure) (Culprit, bool) {
	h := step.HTTP
	c := Culprit{Step: step.Name, Host: hostOfStep(step)}
	at := ""
	if c.Host != "" {
		at = " to " + c.Host
	}
	c.Part = c.Host
	switch {
	case f.Kind == probes.FailResolve:
		c.Kind = KindResolve
		c.Sentence = fmt.Sprintf("the name of the host could not be resolved in step %s: %s", step.Name, quoted(f.Message))
	case f.Kind == probes.FailConnect:
		c.Kind = KindConnect
		c.Sentence = fmt.Sprintf("no connection%s in step %s: %s", at, step.Name, quoted(f.Message))
	case f.Kind == probes.FailTLS:
		return p.handshake(run, step, f, c), true
	case h == nil:
		return Culprit{}, false
	case h.Status >= 400 && (f.Kind == probes.FailAssertion || f.Kind == probes.FailPage || f.Kind == probes.FailProtocol):
		c.Kind, c.Part, c.IsText = KindStatus, strconv.Itoa(h.Status), strconv.Itoa(h.Status)
		if usual := p.usualStatus(step.Name); usual > 0 {
			c.WasText = strconv.Itoa(usual)
			if usual == h.Status {
				return Culprit{}, false // it has always been so
			}
		}
		c.Sentence = fmt.Sprintf("%s answers step %s with status %d", c.Host, step.Name, h.Status)
	case f.Kind == probes.FailTimeout && h.Status == 0:
		return p.silence(step, c)
	default:
		return Culprit{}, false
	}
	return c, true
}

func (p *Profile) usualStatus(step string) int {
	if s := p.step(hash(step)); s != nil {
		return int(s.status)
	}
	return 0
}

// handshake says why TLS failed: with another certificate, or one that has
// expired, that is why.
func (p *Profile) handshake(run *probes.Run, step *probes.Step, f *probes.Failure, c Culprit) Culprit {
	c.Kind, c.Part = KindTLS, c.Host
	c.Sentence = fmt.Sprintf("the TLS handshake with %s fails in step %s: %s", c.Host, step.Name, quoted(f.Message))
	if step.HTTP == nil || step.HTTP.TLS == nil {
		return c
	}
	t := step.HTTP.TLS
	if !t.NotAfter.IsZero() && t.NotAfter.Before(run.Started) {
		c.Kind, c.Part = KindCertificate, "expired"
		c.Sentence = fmt.Sprintf("the certificate of %s expired on %s", c.Host, t.NotAfter.UTC().Format("2 January 2006 at 15:04 MST"))
		return c
	}
	if changed, ok := p.newCertificate(c.Host, t); ok {
		changed.Step = c.Step
		changed.Sentence += ", and the handshake fails: " + quoted(f.Message)
		return changed
	}
	return c
}

// silence says which part of a request never came to its end.
func (p *Profile) silence(step *probes.Step, c Culprit) (Culprit, bool) {
	h := step.HTTP
	stuck := partResolve
	for q := partResolve; q <= partDownload; q++ {
		if h.Phases.Of(q.phase()) > 0 {
			stuck = q
		}
	}
	took := h.Phases.Of(stuck.phase())
	c.Kind, c.Part, c.Unit = KindTimeout, string(stuck.phase()), Milliseconds
	c.Is = float64(took) / 1e6
	usual := ""
	if s := p.step(hash(step.Name)); s != nil && s.levels[stuck].n >= enoughRuns {
		c.Was = millisecondScale.value(float64(s.levels[stuck].mean))
		usual = ", which usually takes " + duration(c.Was)
	}
	what := map[part]string{
		partResolve:   "the name of " + c.Host + " was not resolved",
		partConnect:   "no connection to " + c.Host + " came about",
		partTLS:       "the TLS handshake with " + c.Host + " did not end",
		partFirstByte: "the first byte from " + c.Host + " never came",
		partDownload:  "the answer of " + c.Host + " did not end",
	}[stuck]
	c.Sentence = fmt.Sprintf("%s in step %s: given up after %s%s", what, step.Name, duration(c.Is), usual)
	return c, true
}

// requests are those of a page that failed, or were never answered, and are
// not known to.
func (p *Profile) requests(step *probes.Step, failed bool) []Culprit {
	var list []Culprit
	usual := p.step(hash(step.Name))
	for i := range step.Resources {
		g := &step.Resources[i]
		known := &groupProfile{}
		if usual != nil {
			if u := usual.group(hash(g.Host)); u != nil {
				known = u
			}
		}
		c := Culprit{Kind: KindThirdParty, Step: step.Name, Host: g.Host, Part: g.Host, score: rankRequest}
		whose := "third party " + g.Host
		if g.FirstParty {
			c.Kind, whose = KindResource, g.Host
		}
		switch {
		case g.Failed > 0 && g.Broken != nil && known.failed.share <= rarely:
			if g.FirstParty {
				c.Part = g.Host + g.Broken.Path
			}
			c.IsText = g.Broken.Error
			if g.Broken.Error == "" {
				c.IsText = "status " + strconv.Itoa(g.Broken.Status)
			}
			c.Sentence = fmt.Sprintf("the request for %s of %s failed in step %s: %s", g.Broken.Path, whose, step.Name, c.IsText)
			list = append(list, c)
		case failed && g.Pending > 0 && 2*g.Time >= step.Duration-time.Second:
			if known.pending.share > rarely && !p.longer(known, g, step) {
				c.score = rankPending
			}
			if g.FirstParty {
				c.Part = g.Host + pathOf(g)
			}
			c.Unit, c.Is, c.IsText = Milliseconds, float64(g.Time)/1e6, "not answered"
			c.Was = millisecondScale.value(float64(known.time.mean))
			if known.time.n == 0 {
				c.Was = 0
			}
			c.Sentence = fmt.Sprintf("the request for %s of %s was not answered in step %s: given up after %s", pathOf(g), whose, step.Name, duration(c.Is))
			list = append(list, c)
		}
	}
	return list
}

// longer tells whether a step waited for a host much longer than ever, so that
// what is pending is not what usually is. Connections that are meant to stay
// open do not count: they always take the whole of a step that fails.
func (p *Profile) longer(known *groupProfile, g *probes.ResourceGroup, step *probes.Step) bool {
	if g.Slowest == nil || known.time.n < enoughRuns {
		return false
	}
	switch g.Slowest.Type {
	case "eventsource", "websocket", "ping", "media":
		return false
	}
	d := compare(&known.time, millisecondScale, []float64{millisecondScale.log(float64(g.Time) / 1e6)})
	return d.evidence > 2 && 2*g.Time >= step.Duration && g.Pending == 1
}

// exception says what the page's scripts threw, unless they always do.
func (p *Profile) exception(step *probes.Step) (Culprit, bool) {
	if step.Exception == "" {
		return Culprit{}, false
	}
	if s := p.step(hash(step.Name)); s != nil && s.throws.share > rarely {
		return Culprit{}, false
	}
	text := quoted(step.Exception)
	return Culprit{
		Kind: KindException, Step: step.Name, Part: text, IsText: text, Host: hostOfStep(step),
		Sentence: fmt.Sprintf("a script of the page threw in step %s: %s", step.Name, strings.TrimRight(text, ". ")),
	}, true
}

// action tells that a step led to nothing, while it used to lead to a page or
// to requests.
func (p *Profile) action(step *probes.Step) (Culprit, bool) {
	s := p.step(hash(step.Name))
	if s == nil || s.asks.n < enoughRuns || step.HTTP != nil {
		return Culprit{}, false
	}
	c := Culprit{Kind: KindAction, Step: step.Name, Unit: Ratio, Confidence: 0.95}
	switch {
	case s.navigates.share >= 1-rarely:
		c.Was, c.Part = float64(s.navigates.share), "page"
		c.Sentence = fmt.Sprintf("step %s leads to no page any more: it did in %s %% of the runs before", step.Name, trim(100*c.Was, 0))
	case s.asks.share >= 1-rarely && len(step.Resources) == 0:
		c.Was, c.Part = float64(s.asks.share), "request"
		c.Sentence = fmt.Sprintf("step %s leads to no request any more: it did in %s %% of the runs before", step.Name, trim(100*c.Was, 0))
	default:
		return Culprit{}, false
	}
	return c, true
}
