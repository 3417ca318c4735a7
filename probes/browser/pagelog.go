package browser

import (
	"slices"
	"time"

	"outrider/probes"
)

// Bounds of what is kept of one document, whatever it reports.
const (
	maxInteractions = 200
	maxViews        = 50
	maxTasks        = 2000
	maxFrames       = 1000
	maxMarks        = 200
)

// pageLog is what one document told of itself.
type pageLog struct {
	origin       time.Time // when the page was asked for; zero: it told nothing
	views        map[float64]*pageView
	interactions []interaction
	tasks        []span // long ones, in order
	frames       []frame
	marks        []mark
}

// pageView is what a single-page application showed after a soft navigation; the
// one that the document itself showed has number 0.
type pageView struct {
	began  time.Time // the interaction that led to it
	vitals probes.Vitals
}

// interaction is what INP was after an interaction.
type interaction struct {
	at     time.Time
	vitals probes.Vitals // only INP
}

// frame is a long animation frame.
type frame struct {
	span
	render  time.Time // when style and layout began; zero: never
	scripts []scriptRun
	longest *probes.ScriptCause
}

// scriptRun is one run of a script in a frame; forced is the part in which it
// made the browser work out style and layout.
type scriptRun struct {
	span
	forced time.Duration
}

// mark is a mark or measure.
type mark struct {
	at   time.Time // when it was there to be reported
	mark probes.Mark
}

// take adds a report.
func (l *pageLog) take(r *pageReport, k keeper) {
	if l.origin.IsZero() {
		l.origin = instant(r.Origin, 0)
	}
	for _, v := range r.Vitals {
		at := l.views[v.View]
		if at == nil {
			if len(l.views) >= maxViews {
				continue
			}
			if l.views == nil {
				l.views = map[float64]*pageView{}
			}
			at = &pageView{}
			if v.View != 0 {
				at.began = instant(r.Origin, v.Start)
				at.vitals.SoftNavigation = k.address(v.URL)
			}
			l.views[v.View] = at
		}
		v.keep(&at.vitals, k)
		if v.Name == "INP" && len(l.interactions) < maxInteractions {
			i := interaction{at: instant(r.Origin, v.At)}
			v.keep(&i.vitals, k)
			l.interactions = append(l.interactions, i)
		}
	}
	for _, t := range r.Tasks {
		if len(l.tasks) < maxTasks {
			l.tasks = append(l.tasks, spanOf(r.Origin, t[0], t[1]))
		}
	}
	for _, f := range r.Frames {
		if len(l.frames) < maxFrames {
			l.frames = append(l.frames, f.frame(r.Origin, k))
		}
	}
	for _, m := range r.Marks {
		if len(l.marks) < maxMarks {
			l.marks = append(l.marks, mark{
				at: instant(r.Origin, m.Start+m.Duration),
				mark: probes.Mark{
					Name: k.text(m.Name), Measure: m.Kind == "measure", Start: milliseconds(m.Start), Duration: milliseconds(m.Duration),
				},
			})
		}
	}
}

// frame makes a frame of its report.
func (f *frameReport) frame(origin float64, k keeper) frame {
	made := frame{span: spanOf(origin, f.Start, f.Duration), longest: f.Longest}
	if f.Render > 0 {
		made.render = instant(origin, f.Render)
	}
	longest := 0.0
	for i, s := range f.Scripts {
		if i == maxScripts {
			break
		}
		longest = max(longest, s[1])
		made.scripts = append(made.scripts, scriptRun{spanOf(origin, s[0], s[1]), milliseconds(min(s[2], s[1]))})
	}
	if made.longest != nil {
		k.script(made.longest)
		made.longest.Duration = longest
	}
	return made
}

// maxScripts bounds the scripts of a frame.
const maxScripts = 20

// spanOf gives a span of milliseconds after an origin.
func spanOf(origin, start, duration float64) span {
	return span{instant(origin, start), instant(origin, start+duration)}
}

// first gives the vitals of the document itself.
func (l *pageLog) first() probes.Vitals {
	if v := l.views[0]; v != nil {
		return v.vitals
	}
	return probes.Vitals{}
}

// soft gives the vitals of the last view that an interaction of a time led to,
// or nil.
func (l *pageLog) soft(from, next time.Time) *probes.Vitals {
	var last *pageView
	for number, v := range l.views {
		if number != 0 && within(v.began, from, next) && (last == nil || v.began.After(last.began)) {
			last = v
		}
	}
	if last == nil {
		return nil
	}
	vitals := last.vitals
	return &vitals
}

// inp gives what INP was after the interactions of a time, if they caused it.
func (l *pageLog) inp(from, next time.Time) *probes.Vitals {
	for _, i := range slices.Backward(l.interactions) {
		if within(i.at, from, next) {
			vitals := i.vitals
			l.explain(&vitals, i.at)
			return &vitals
		}
	}
	return nil
}

// explain names the script that ran longest after an interaction, if the frame
// was not known yet when the interaction was.
func (l *pageLog) explain(v *probes.Vitals, at time.Time) {
	if v.INP == nil || v.Causes == nil || v.Causes.INP == nil || v.Causes.INP.Script != nil {
		return
	}
	took := span{at, at.Add(milliseconds(*v.INP))}
	causes, inp := *v.Causes, *v.Causes.INP
	for _, f := range l.frames {
		if f.longest != nil && f.span.clip(took).length() > 0 && (inp.Script == nil || f.longest.Duration > inp.Script.Duration) {
			inp.Script = f.longest
		}
	}
	causes.INP = &inp
	v.Causes = &causes
}

// blocked adds the total blocking time of the document, from its first paint
// until a moment, if it painted. A task of which only a part is in that time
// counts with that part.
func (l *pageLog) blocked(v *probes.Vitals, till time.Time) {
	if v.FCP == nil {
		return
	}
	window := span{l.origin.Add(milliseconds(*v.FCP)), till}
	var tbt, longest time.Duration
	var cause probes.TBTCause
	for _, t := range l.tasks {
		if took := t.clip(window).length(); took > longTask {
			tbt += took - longTask
			longest = max(longest, took)
			cause.Tasks++
		}
	}
	ms := float64(tbt) / float64(time.Millisecond)
	if v.TBT = &ms; cause.Tasks == 0 {
		return
	}
	cause.Longest = float64(longest) / float64(time.Millisecond)
	for _, f := range l.frames {
		if f.longest != nil && f.span.clip(window).length() > 0 && (cause.Script == nil || f.longest.Duration > cause.Script.Duration) {
			cause.Script = f.longest
		}
	}
	causes := probes.Causes{}
	if v.Causes != nil {
		causes = *v.Causes
	}
	causes.TBT = &cause
	v.Causes = &causes
}

// longTask is what a task may take before it counts as blocking.
const longTask = 50 * time.Millisecond

// within tells whether a moment of the page is in a time of ours. The page's
// clock is coarsened.
func within(at, from, next time.Time) bool {
	return !at.Before(from.Add(-time.Millisecond)) && at.Before(next)
}
