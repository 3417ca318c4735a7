package browser

import (
	"time"

	"outrider/probes"
)

// work is what the page's main thread did in a time, as sums.
type work struct{ script, rendering, busy time.Duration }

// splitting is what a step's time is split by.
type splitting struct {
	step     span
	duration time.Duration // of the step; less than the span where some of it was ours
	document *flight       // of the document that the step opened, if it was asked for
	owners   []owned       // of the moments without the document
	frames   []frame       // long ones, of any time
	work     work          // of the step
}

// split puts every moment of a step down to what the customer waited for in it:
// the document, then the request that ended last, then what is left to long
// frames; the work of shorter frames, known as a sum, is spread evenly over
// those.
func (in *splitting) split() probes.Split {
	var s probes.Split
	counted := spans{}
	count := func(moments spans, waits []span) {
		server := moments.and(union(waits...)).length()
		s.Server += server
		s.Network += moments.length() - server
		counted = append(counted, moments...)
	}
	step := union(in.step)
	if d := in.document; d != nil {
		count(union(d.during(in.step)), d.waits)
	}
	for _, o := range in.owners {
		count(union(o.span), o.by.waits)
	}
	counted = union(counted...)
	rest := step.without(counted)

	var long []span
	var inFrames work // in long frames, at any moment of the step
	for _, f := range in.frames {
		here := union(f.span.clip(in.step))
		if len(here) == 0 {
			continue
		}
		here = here.without(union(long...))
		long = append(long, f.span)
		script, rendering := f.work(here)
		inFrames.script += script
		inFrames.rendering += rendering
		script, rendering = f.work(here.and(rest))
		s.Script += script
		s.Rendering += rendering
	}

	// Short frames. Before its first byte the page had nothing to work on.
	candidates := step.without(union(long...))
	if d := in.document; d != nil && !d.answered.IsZero() {
		candidates = candidates.without(union(span{in.step.from, d.answered}))
	}
	room := rest.and(candidates)
	if all := candidates.length(); all > 0 {
		share := float64(room.length()) / float64(all)
		script := time.Duration(float64(max(in.work.script-inFrames.script, 0)) * share)
		rendering := time.Duration(float64(max(in.work.rendering-inFrames.rendering, 0)) * share)
		if both := script + rendering; both > room.length() {
			scale := float64(room.length()) / float64(both)
			script, rendering = time.Duration(float64(script)*scale), time.Duration(float64(rendering)*scale)
		}
		s.Script += script
		s.Rendering += rendering
	}
	return fit(s, in.duration)
}

// during is the time of the document's request in a step; one that has not
// ended lasts until the step does.
func (f *flight) during(step span) span {
	end := f.end()
	if end.IsZero() {
		end = step.till
	}
	return span{f.begun, end}.clip(step)
}

// work gives what a long frame did in some moments of it.
func (f *frame) work(moments spans) (script, rendering time.Duration) {
	var ran []span
	var forced time.Duration
	for _, s := range f.scripts {
		part := union(s.span).and(moments).without(union(ran...)).length()
		ran = append(ran, s.span)
		script += part
		if whole := s.length(); whole > 0 {
			// It is not told when in the script that was.
			forced += time.Duration(float64(min(s.forced, whole)) * float64(part) / float64(whole))
		}
	}
	forced = min(forced, script)
	script -= forced
	rendering = forced
	if !f.render.IsZero() {
		rendering += union(span{later(f.render, f.from), f.till}).and(moments).without(union(ran...)).length()
	}
	return script, rendering
}

// fit makes the parts sum up to a duration: some of the step's time may have
// been our own, and it is not told which.
func fit(s probes.Split, duration time.Duration) probes.Split {
	duration = max(duration, 0)
	if sum := s.Network + s.Server + s.Script + s.Rendering; sum > duration {
		scale := float64(duration) / float64(sum)
		for _, part := range []*time.Duration{&s.Network, &s.Server, &s.Script, &s.Rendering} {
			*part = time.Duration(float64(*part) * scale)
		}
	}
	s.Other = max(duration-s.Network-s.Server-s.Script-s.Rendering, 0)
	return s
}
