package browser

import (
	"context"
	"slices"
	"time"

	"github.com/chromedp/cdproto/network"

	"outrider/checks"
	"outrider/probes"
)

// acting tells whether an action is one by which a customer does something to
// the page, as opposed to looking at it.
func acting(a checks.Action) bool {
	switch a.(type) {
	case *checks.Wait, *checks.Expect, *checks.Screenshot, *checks.Evaluate:
		return false
	}
	return true
}

// leaving tells whether an action makes the browser leave the page without doing
// anything to it before.
func leaving(a checks.Action) bool {
	switch a.Verb() {
	case "goto", "back", "forward", "reload", "close":
		return true
	}
	return false
}

// firstPaint waits a moment for what a visit has opened to be painted, and tells
// whether it has been.
func (j *journey) firstPaint(ctx context.Context, v visit) (painted bool) {
	if v.opened == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, paintPatience)
	defer cancel()
	_ = v.tab.observer.await(ctx, func() bool {
		told := v.opened.page.first()
		painted = told.LCP != nil && told.CLS != nil
		return painted || v.tab.observer.document != v.opened
	})
	return painted
}

// looksFirst tells whether an action begins with a look for where to act, and
// calls finishPage itself once it has found it.
func looksFirst(a checks.Action) bool {
	switch a.(type) {
	case *checks.Click, *checks.DoubleClick:
		return true
	}
	return false
}

// leavePatience is how long a page that is to be left may take to tell what it
// has painted.
const leavePatience = 500 * time.Millisecond

// finishPage has the page tell what the last step came to, if the next one would
// not let it: the paint of an input has yet to be seen when the page is left at
// once; and the browser looks for the largest paint until the first input, which
// no person gives in the moment in which the page is loaded. The time is
// nobody's.
func (j *journey) finishPage(ctx context.Context, next checks.Action) {
	n := len(j.opened)
	if n == 0 || !acting(next) {
		return
	}
	last := j.opened[n-1]
	j.firstPaint(ctx, last)
	j.samples[n-1].await()
	if s := j.samples[n-1].ready(); s == nil || s.slow || leaving(next) && last.acting && last.opened == nil {
		ctx, cancel := context.WithTimeout(ctx, leavePatience)
		defer cancel()
		j.painted(ctx)
	}
}

// paintPatience is how long a loaded page may take to tell of its first paint.
const paintPatience = 250 * time.Millisecond

// tell has the page tell what it knows.
func (j *journey) tell(ctx context.Context) {
	if world := j.tab.observer.currentWorld(); world != "" {
		_ = callWorld(ctx, j.tab, world, "tell", nil, nil)
	}
}

// painted waits until the page has told of its last paints.
func (j *journey) painted(ctx context.Context) {
	if world := j.tab.observer.currentWorld(); world != "" {
		_ = callWorld(ctx, j.tab, world, "painted", nil, nil)
	}
}

// vitalsOf gives the Web Vitals of what a visit led to: the document that it
// opened, the view that an interaction led to, or what an interaction took.
func (j *journey) vitalsOf(i int, next time.Time) *probes.Vitals {
	v := j.opened[i]
	if v.opened == nil {
		inp := v.on.page.inp(v.from, next)
		soft := v.on.page.soft(v.from, next)
		if soft == nil {
			return inp
		}
		if inp != nil {
			// The interaction that led to the view counts with what was before.
			soft.INP = inp.INP
			causes := probes.Causes{}
			if soft.Causes != nil {
				causes = *soft.Causes
			}
			if inp.Causes != nil {
				causes.INP = inp.Causes.INP
			}
			soft.Causes = &causes
		}
		return soft
	}
	vitals := v.opened.page.first()
	v.opened.page.blocked(&vitals, j.leftAt(i, v.opened))
	if vitals == (probes.Vitals{}) {
		return nil
	}
	return &vitals
}

// leftAt is when the journey acted on the document that a visit opened, left it
// or ended.
func (j *journey) leftAt(i int, d *document) time.Time {
	end := time.Now()
	if !d.left.IsZero() {
		end = d.left
	}
	for _, later := range j.opened[i+1:] {
		if later.acting {
			return earlier(later.from, end)
		}
	}
	return end
}

// addPageSide gives a step what its page told and took. The caller holds the
// observer's lock.
func (j *journey) addPageSide(step *probes.Step, i int, next time.Time) {
	v, o := j.opened[i], j.opened[i].tab.observer
	logs := []*pageLog{&v.on.page}
	if v.opened != nil {
		logs = append(logs, &v.opened.page)
	}
	done := j.samples[i].ready()
	var before *sample
	if i > 0 && v.opened == nil && j.opened[i-1].tab == v.tab {
		before = j.samples[i-1].ready()
	}
	step.Vitals = j.vitalsOf(i, next)
	step.Page = o.flights.stats(v.from, next)
	var spent work
	if done != nil {
		spent = done.since(before)
		step.Page.Elements, step.Page.JSHeap, step.Page.Busy = done.elements, done.heap, spent.busy
	}
	in := splitting{step: span{v.from.Round(0), v.till.Round(0)}, duration: step.Duration, work: spent}
	for _, l := range logs {
		l.addTo(step, &in, v.from, next)
	}
	slices.SortFunc(in.frames, func(a, b frame) int { return a.from.Compare(b.from) })
	moments := union(in.step)
	if v.opened != nil && v.opened.exchange != nil {
		if in.document = o.flights.find(network.RequestID(v.opened.loader)); in.document != nil {
			moments = moments.without(union(in.document.during(in.step)))
		}
	}
	in.owners = o.flights.owners(moments, in.step.till, step.Outcome == probes.Failed, in.document)
	split := in.split()
	step.Split = &split
	step.ServerTiming = o.flights.timings(v.from, next)
	step.FailedRequests = o.flights.failed(v.from, next)
	step.Console = o.messages.during(v.from, next)
}

// ready gives the sample if it is there.
func (s *sample) ready() *sample {
	select {
	case <-s.done:
		if s.known {
			return s
		}
	default:
	}
	return nil
}

// addTo adds what a document told of a time.
func (l *pageLog) addTo(step *probes.Step, in *splitting, from, next time.Time) {
	for _, t := range l.tasks {
		if within(t.from, from, next) {
			step.Page.LongTasks++
			step.Page.LongTaskTime += t.length()
		}
	}
	for _, f := range l.frames {
		if !f.till.Before(from) && f.from.Before(next) {
			in.frames = append(in.frames, f)
		}
		if within(f.from, from, next) && f.longest != nil && (step.Page.Script == nil || f.longest.Duration > step.Page.Script.Duration) {
			step.Page.Script = f.longest
		}
	}
	for _, m := range l.marks {
		if within(m.at, from, next) && len(step.Marks) < probes.MaxMarks {
			step.Marks = append(step.Marks, m.mark)
		}
	}
}

// find gives the request with an id, or nil.
func (k *flights) find(id network.RequestID) *flight {
	for _, f := range slices.Backward(k.list) {
		if f.id == id {
			return f
		}
	}
	return nil
}

// begunIn gives the requests that began in a time.
func (k *flights) begunIn(from, next time.Time) []*flight {
	var list []*flight
	for _, f := range k.list {
		if within(f.begun, from, next) {
			list = append(list, f)
		}
	}
	return list
}

// stats sums up the requests that began in a time.
func (k *flights) stats(from, next time.Time) *probes.PageStats {
	s := &probes.PageStats{}
	own := map[string]bool{} // hosts repeat
	for _, f := range k.begunIn(from, next) {
		first, known := own[f.host]
		if !known {
			first = sameSite(f.host, k.site())
			own[f.host] = first
		}
		party := &s.ThirdParty
		if first {
			party = &s.FirstParty
		}
		if s.Types == nil {
			s.Types = map[string]probes.Traffic{}
		}
		of := s.Types[f.kind]
		for _, t := range []*probes.Traffic{&s.Traffic, party, &of} {
			t.Requests++
			t.TransferBytes += f.bytes
			if f.broken() {
				t.Failed++
			}
		}
		s.Types[f.kind] = of
	}
	return s
}

// timings gives the metrics of servers with answers to requests of a time.
func (k *flights) timings(from, next time.Time) []probes.ServerTiming {
	var list []probes.ServerTiming
	for _, f := range k.begunIn(from, next) {
		list = append(list, f.timings...)
	}
	return list[:min(len(list), probes.MaxServerTimings):min(len(list), probes.MaxServerTimings)]
}

// failed lists the requests of a time that failed or were blocked.
func (k *flights) failed(from, next time.Time) []probes.FailedRequest {
	var list []probes.FailedRequest
	for _, f := range k.begunIn(from, next) {
		if f.broken() && len(list) < probes.MaxFailedRequests {
			list = append(list, probes.FailedRequest{
				Host: k.keep.text(f.host), Path: k.keep.text(f.path), Type: f.kind, Status: f.status, Error: f.failed, Blocked: f.blocked,
			})
		}
	}
	return list
}
