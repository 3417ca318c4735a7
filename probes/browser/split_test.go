package browser

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes"
)

// moment gives a time, by milliseconds after an arbitrary one.
func moment(ms int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(ms)) }

func spanMS(from, till int) span { return span{moment(from), moment(till)} }

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// TestSplit checks to whom the moments of a step of 100 ms are put down.
func TestSplit(t *testing.T) {
	// A request begun, sent, answered and ended at these times.
	flightOf := func(begun, sent, answered, ended int) *flight {
		return &flight{begun: moment(begun), ended: moment(ended), answered: moment(answered), waits: []span{spanMS(sent, answered)}}
	}
	tests := []struct {
		name     string
		document *flight
		flights  []*flight
		frames   []frame
		work     work
		own      time.Duration
		failed   bool
		want     probes.Split
	}{
		{name: "nothing known", want: probes.Split{Other: ms(100)}},
		{name: "a document", document: flightOf(0, 10, 70, 80), want: probes.Split{Server: ms(60), Network: ms(20), Other: ms(20)}},
		{name: "a request", flights: []*flight{flightOf(10, 20, 50, 60)}, want: probes.Split{Server: ms(30), Network: ms(20), Other: ms(50)}},
		{name: "of two requests the one that ended last counts", flights: []*flight{flightOf(10, 20, 50, 60), flightOf(30, 31, 90, 90)},
			want: probes.Split{Server: ms(10 + 59), Network: ms(10 + 1), Other: ms(20)}},
		{name: "what has not ended was not waited for", flights: []*flight{{begun: moment(10)}}, want: probes.Split{Other: ms(100)}},
		{name: "but it was in a step that failed", failed: true, flights: []*flight{{begun: moment(10)}}, want: probes.Split{Network: ms(90), Other: ms(10)}},
		{name: "a document before its requests", document: flightOf(0, 0, 40, 50), flights: []*flight{flightOf(30, 30, 60, 60)},
			want: probes.Split{Server: ms(50), Network: ms(10), Other: ms(40)}},
		{name: "a long frame", frames: []frame{{span: spanMS(10, 80), render: moment(60), scripts: []scriptRun{{spanMS(20, 50), ms(10)}}}},
			want: probes.Split{Script: ms(20), Rendering: ms(30), Other: ms(50)}},
		{name: "a long frame while the server is waited for", flights: []*flight{flightOf(0, 0, 40, 40)},
			frames: []frame{{span: spanMS(20, 90), render: moment(90), scripts: []scriptRun{{spanMS(20, 80), 0}}}},
			want:   probes.Split{Server: ms(40), Script: ms(40), Other: ms(20)}},
		{name: "short frames are spread evenly", flights: []*flight{flightOf(0, 0, 50, 50)}, work: work{script: ms(20), rendering: ms(10)},
			want: probes.Split{Server: ms(50), Script: ms(10), Rendering: ms(5), Other: ms(35)}},
		{name: "but not over the wait for the document", document: flightOf(0, 0, 50, 50), work: work{script: ms(20), rendering: ms(10)},
			want: probes.Split{Server: ms(50), Script: ms(20), Rendering: ms(10), Other: ms(20)}},
		{name: "no more work than there is room", document: flightOf(0, 0, 50, 50), work: work{script: ms(150), rendering: ms(50)},
			want: probes.Split{Server: ms(50), Script: 37500 * time.Microsecond, Rendering: 12500 * time.Microsecond}},
		{name: "our own time", document: flightOf(0, 0, 80, 80), own: ms(60), want: probes.Split{Server: ms(40)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &flights{list: tt.flights}
			in := splitting{step: spanMS(0, 100), duration: ms(100) - tt.own, document: tt.document, frames: tt.frames, work: tt.work}
			moments := union(in.step)
			if tt.document != nil {
				moments = moments.without(union(tt.document.during(in.step)))
			}
			in.owners = k.owners(moments, in.step.till, tt.failed, tt.document)
			if diff := cmp.Diff(tt.want, in.split()); diff != "" {
				t.Errorf("split (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever happened, the parts are never negative and sum up to the duration.
func TestSplitSumsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	at := func() int { return r.IntN(300) - 100 }
	some := func() span { a := at(); return spanMS(a, a+r.IntN(150)-20) }
	for range 3000 {
		k := &flights{}
		newFlight := func() *flight {
			f := &flight{begun: moment(at()), answered: moment(at()), waits: []span{some(), some()}}
			if r.IntN(4) > 0 {
				f.ended = later(f.begun, moment(at()))
			}
			return f
		}
		for range r.IntN(6) {
			k.list = append(k.list, newFlight())
		}
		in := splitting{step: spanMS(0, r.IntN(120)), work: work{script: ms(r.IntN(200)), rendering: ms(r.IntN(100))}}
		in.duration = ms(r.IntN(120))
		moments := union(in.step)
		if r.IntN(2) == 0 {
			in.document = newFlight()
			moments = moments.without(union(in.document.during(in.step)))
		}
		for range r.IntN(5) {
			f := frame{span: some()}
			if r.IntN(2) == 0 {
				f.render = moment(at())
			}
			for range r.IntN(4) {
				f.scripts = append(f.scripts, scriptRun{some(), ms(r.IntN(80))})
			}
			in.frames = append(in.frames, f)
		}
		in.owners = k.owners(moments, in.step.till, r.IntN(2) == 0, in.document)
		s := in.split()
		if sum := s.Network + s.Server + s.Script + s.Rendering + s.Other; sum != in.duration || min(s.Network, s.Server, s.Script, s.Rendering, s.Other) < 0 {
			t.Fatalf("a step of %s is split into %+v: %+v", in.duration, s, in)
		}
		var all []span
		for _, o := range in.owners {
			all = append(all, o.span)
		}
		var sum time.Duration
		for _, o := range in.owners {
			sum += o.length()
		}
		if union(all...).length() != sum || sum > moments.length() {
			t.Fatalf("a moment has two owners: %+v", in.owners)
		}
	}
}

// Operations on spans are held against looking at each millisecond.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	has := func(list []span, at time.Time) bool {
		for _, s := range list {
			if !at.Before(s.from) && at.Before(s.till) {
				return true
			}
		}
		return false
	}
	random := func() (list []span) {
		for range r.IntN(6) {
			from := r.IntN(100)
			list = append(list, spanMS(from, from+r.IntN(30)-5))
		}
		return list
	}
	for range 2000 {
		a, b := random(), random()
		ua, ub := union(a...), union(b...)
		both, left := ua.and(ub), ua.without(ub)
		for i := range 140 {
			at := moment(i)
			inA, inB := has(a, at), has(b, at)
			if has(ua, at) != inA || has(both, at) != (inA && inB) || has(left, at) != (inA && !inB) {
				t.Fatalf("at %d ms: a %v b %v: union %v, and %v, without %v", i, a, b, ua, both, left)
			}
		}
		if ua.length() != both.length()+left.length() {
			t.Fatalf("lengths differ: %v = %v + %v", ua, both, left)
		}
	}
}

// Blocking time counts what tasks take beyond 50 ms between the first paint and
// the end.
func TestBlocked(t *testing.T) {
	fcp := 100.0
	script := &probes.ScriptCause{Function: "busy", Duration: 80}
	l := pageLog{origin: moment(0), frames: []frame{{span: spanMS(80, 180), longest: script}}, tasks: []span{
		spanMS(0, 90),     // before the first paint
		spanMS(80, 180),   // 80 ms of it after
		spanMS(200, 250),  // not long
		spanMS(300, 370),  // 20 ms beyond
		spanMS(900, 1100), // 100 ms of it before the end
		spanMS(1200, 1500),
	}}
	v := probes.Vitals{FCP: &fcp}
	l.blocked(&v, moment(1000))
	if v.TBT == nil || *v.TBT != 30+20+50 {
		t.Errorf("blocked for %v ms, expected 100", v.TBT)
	}
	if diff := cmp.Diff(&probes.TBTCause{Tasks: 3, Longest: 100, Script: script}, v.Causes.TBT); diff != "" {
		t.Errorf("the cause (-want +got):\n%s", diff)
	}
	v = probes.Vitals{}
	if l.blocked(&v, moment(1000)); v.TBT != nil {
		t.Error("a page that never painted has a blocking time")
	}
}
