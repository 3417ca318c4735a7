package attribution

import (
	"cmp"
	"math"
	"slices"

	"outrider/checks"
	"outrider/probes"
)

// atom is a part of the journey's time: all atoms of all steps together make
// up what the customer waits for.
type atom struct {
	step  int // index in slowRuns.steps
	part  part
	group *groupSum // of a host's resources, else nil
	shift
	gain  float64 // ms
	share float64 // of all gains
	score float64
}

// slowRuns is what runs that could be done but were bad took, against what is
// usual.
type slowRuns struct {
	profile *Profile
	runs    []*probes.Run
	good    []*probes.Run
	kind    checks.Kind
	steps   []*stepSum
	atoms   []atom
	gains   float64 // ms: all that any atom has gained
	total   float64 // ms: what the journey has gained
	fresh   bool    // there is no reference yet
}

// stepSum sums up one step over the runs.
type stepSum struct {
	name  string
	usual *stepProfile     // nil: not known
	logs  [parts][]float64 // of the runs that had the part
	runs  int
	last  *probes.Step // of the latest run
	// groups are the hosts that its page asked, host is that of the document.
	groups []*groupSum
	host   string
	total  shift
}

// groupSum sums up what a step's page asked one host for.
type groupSum struct {
	host  string
	own   bool
	time  []float64 // logarithms, of the runs that asked the host
	bytes []float64
	top   *probes.ResourceGroup // the one with the most time
}

// explainSlow ranks what made runs slow.
func (p *Profile) explainSlow(runs, good []*probes.Run) []Culprit {
	w := &slowRuns{profile: p, runs: runs, good: good, kind: runs[0].Kind, fresh: p.runs < enoughRuns}
	for _, run := range runs {
		for i := range run.Steps {
			w.add(&run.Steps[i])
		}
	}
	for i := range w.steps {
		w.split(i)
	}
	w.weigh()
	culprits := w.timeCulprits()
	culprits = append(culprits, w.stepCulprits()...)
	culprits = append(culprits, w.hostCulprits()...)
	if !w.fresh {
		culprits = append(culprits, w.sizeCulprits()...)
		culprits = append(culprits, w.changeCulprits()...)
		culprits = append(culprits, w.addressCulprits()...)
		culprits = append(culprits, w.vitalCulprits()...)
		culprits = append(culprits, w.disturbanceCulprits()...)
	}
	return culprits
}

// add takes a step of a run.
func (w *slowRuns) add(step *probes.Step) {
	i := slices.IndexFunc(w.steps, func(s *stepSum) bool { return s.name == step.Name })
	if i < 0 {
		if len(w.steps) >= 2*maxSteps {
			return
		}
		i = len(w.steps)
		w.steps = append(w.steps, &stepSum{name: step.Name, usual: w.profile.step(hash(step.Name))})
	}
	s := w.steps[i]
	s.runs++
	s.last = step
	values, has := measure(step)
	for p := range part(parts) {
		if has[p] {
			s.logs[p] = append(s.logs[p], p.scale().log(values[p]))
		}
	}
	if step.HTTP != nil {
		s.host = hostOf(step.HTTP.URL)
	}
	for i := range step.Resources {
		s.addGroup(&step.Resources[i])
	}
}

func (s *stepSum) addGroup(r *probes.ResourceGroup) {
	i := slices.IndexFunc(s.groups, func(g *groupSum) bool { return g.host == r.Host })
	if i < 0 {
		if len(s.groups) >= 2*probes.MaxResourceGroups {
			return
		}
		i = len(s.groups)
		s.groups = append(s.groups, &groupSum{host: r.Host, own: r.FirstParty, top: r})
	}
	g := s.groups[i]
	g.time = append(g.time, millisecondScale.log(float64(r.Time)/1e6))
	g.bytes = append(g.bytes, byteScale.log(float64(r.TransferBytes)))
	if r.Time > g.top.Time {
		g.top = r
	}
}

// level gives what is usual of a part of a step.
func (s *stepSum) level(p part) *level {
	if s.usual == nil {
		return &level{}
	}
	return &s.usual.levels[p]
}

// shiftOf holds a part of a step against what is usual.
func (s *stepSum) shiftOf(p part) (shift, bool) {
	logs := s.logs[p]
	if len(logs) == 0 {
		return shift{}, false
	}
	if p < partRest {
		logs = s.padded(logs)
	}
	return compare(s.level(p), p.scale(), logs), true
}

// padded makes times of some runs those of all: where there was no such part it
// took no time.
func (s *stepSum) padded(logs []float64) []float64 {
	for len(logs) < s.runs {
		logs = append(logs, millisecondScale.log(0))
	}
	return logs
}

// split makes atoms of a step.
func (w *slowRuns) split(i int) {
	s := w.steps[i]
	s.total, _ = s.shiftOf(partTotal)
	w.total += s.total.is - s.total.was
	for p := partResolve; p <= partRest; p++ {
		if d, ok := s.shiftOf(p); ok {
			w.atoms = append(w.atoms, atom{step: i, part: p, shift: d})
		}
	}
	for _, g := range s.groups {
		usual := &level{}
		if s.usual != nil {
			if u := s.usual.group(hash(g.host)); u != nil {
				usual = &u.time
			}
		}
		w.atoms = append(w.atoms, atom{step: i, part: partRest, group: g, shift: compare(usual, millisecondScale, s.padded(g.time))})
	}
}

const (
	// shareWeight is how much the share of the gained time counts against the
	// evidence that a part has moved at all, and leastShare the share under
	// which less makes no difference.
	shareWeight = 1.0
	leastShare  = 0.01
)

// weigh gives every atom its share and its score: evidence that it moved, and
// that it matters.
func (w *slowRuns) weigh() {
	for i := range w.atoms {
		a := &w.atoms[i]
		if a.gain = a.is - a.was; w.fresh {
			a.gain, a.evidence = a.is, 0
		}
		w.gains += max(a.gain, 0)
	}
	for i := range w.atoms {
		a := &w.atoms[i]
		if w.gains > 0 {
			a.share = max(a.gain, 0) / w.gains
		}
		a.score = scoreOf(a.evidence, a.share)
	}
}

func scoreOf(evidence, share float64) float64 {
	return min(evidence, certain) + shareWeight*math.Log(share+leastShare)
}

// tells tells whether an atom is worth a word.
func (w *slowRuns) tells(a *atom) bool {
	return a.gain > 0 && (a.evidence > 0 || a.share >= 0.2 || w.fresh)
}

// timeCulprits are the atoms that gained time.
func (w *slowRuns) timeCulprits() []Culprit {
	var culprits []Culprit
	for i := range w.atoms {
		if a := &w.atoms[i]; w.tells(a) {
			culprits = append(culprits, w.culprit(a))
		}
	}
	slices.SortStableFunc(culprits, func(a, b Culprit) int { return cmp.Compare(b.score, a.score) })
	return culprits[:min(len(culprits), maxCulprits)]
}

// culprit says an atom.
func (w *slowRuns) culprit(a *atom) Culprit {
	s := w.steps[a.step]
	c := Culprit{
		Step: s.name, Was: a.was, Is: a.is, Unit: Milliseconds, Share: a.share,
		Confidence: confidence(a.evidence), score: a.score,
	}
	switch {
	case a.group != nil:
		c.Kind, c.Host, c.Part = KindThirdParty, a.group.host, a.group.host
		if a.group.own {
			c.Kind, c.Part = KindResource, a.group.host+pathOf(a.group.top)
		}
	case a.part < partRest:
		c.Kind, c.Part, c.Host = KindPhase, string(a.part.phase()), s.host
	case w.kind == checks.KindBrowser:
		c.Kind, c.Part = KindScript, "script"
	default:
		c.Kind, c.Part = KindStep, "rest"
	}
	c.Sentence = w.timeSentence(c, w.atomText(a))
	if w.fresh {
		c.Was, c.Confidence = 0, 0
	}
	return c
}

// pathOf is the path that was waited for longest.
func pathOf(g *probes.ResourceGroup) string {
	if g.Slowest == nil {
		return ""
	}
	return g.Slowest.Path
}

// stepCulprits are steps of which no single part explains most.
func (w *slowRuns) stepCulprits() []Culprit {
	var culprits []Culprit
	for i, s := range w.steps {
		if w.fresh || s.total.evidence <= 0 {
			continue
		}
		gained, most, moved := 0.0, 0.0, 0
		for j := range w.atoms {
			if a := &w.atoms[j]; a.step == i && a.gain > 0 {
				gained += a.gain
				most = max(most, a.gain)
				if a.evidence > 0 {
					moved++
				}
			}
		}
		if moved < 2 || most > 0.6*gained || w.gains <= 0 {
			continue
		}
		c := Culprit{
			Kind: KindStep, Step: s.name, Part: "total", Host: s.host, Was: s.total.was, Is: s.total.is, Unit: Milliseconds,
			Share: gained / w.gains, Confidence: confidence(s.total.evidence),
		}
		c.score = scoreOf(s.total.evidence, c.Share)
		c.Sentence = w.timeSentence(c, "step "+s.name+" as a whole")
		culprits = append(culprits, c)
	}
	return culprits
}

// pooled is a phase over all steps whose document comes from one host.
type pooled struct {
	host           string
	part           part
	was, is, share float64
	most, best     float64 // largest share and evidence of one step
	moved          int     // steps in which it has risen
	samples        []sample
}

// hostCulprits are phases that moved in several steps at the same host. That
// they did is held against it having moved in one: a rise that all steps share
// is seen more clearly in all of them, one of a single step less so.
func (w *slowRuns) hostCulprits() []Culprit {
	if w.fresh {
		return nil
	}
	var culprits []Culprit
	for _, p := range w.pool() {
		evidence := riseEvidence(p.samples)
		if p.moved < 2 || p.most >= 0.8*p.share || evidence < p.best {
			continue
		}
		c := Culprit{
			Kind: KindPhase, Part: string(p.part.phase()), Host: p.host, Was: p.was, Is: p.is, Unit: Milliseconds,
			Share: p.share, Confidence: confidence(evidence), score: scoreOf(evidence, p.share),
		}
		c.Sentence = w.timeSentence(c, phaseText(p.part.phase())+" in "+steps(p.moved)+", all at "+p.host)
		culprits = append(culprits, c)
	}
	return culprits
}

// pool adds up the phases of all steps by host.
func (w *slowRuns) pool() []pooled {
	var list []pooled
	for i := range w.atoms {
		a := &w.atoms[i]
		s := w.steps[a.step]
		if a.part >= partRest || s.host == "" || a.is < 1 && a.was < 1 {
			continue
		}
		at := slices.IndexFunc(list, func(p pooled) bool { return p.host == s.host && p.part == a.part })
		if at < 0 {
			at = len(list)
			list = append(list, pooled{host: s.host, part: a.part})
		}
		p := &list[at]
		p.was, p.is = p.was+a.was, p.is+a.is
		p.share += a.share
		p.most, p.best = max(p.most, a.share), max(p.best, a.evidence)
		p.samples = append(p.samples, a.samples...)
		if a.evidence > 0 && a.gain > 0 {
			p.moved++
		}
	}
	return list
}
