package browser

import (
	"encoding/json"
	"math"
	"net/url"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// pageReport is what js/vitals.js tells at once.
type pageReport struct {
	// Origin is when the page was asked for, in milliseconds since 1970; all
	// times of the report count from it.
	Origin float64       `json:"origin"`
	Vitals []vitalReport `json:"vitals"`
	Tasks  [][2]float64  `json:"tasks"` // long ones: start, duration
	Frames []frameReport `json:"frames"`
	Marks  []markReport  `json:"marks"`
}

// vitalReport is the present value of a Web Vital and its cause.
type vitalReport struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// At is when the last thing happened that the value tells of.
	At    float64         `json:"at"`
	Cause json.RawMessage `json:"cause"`
	// View is the number of the soft navigation that it is about, and URL and
	// Start are that one's; 0: the document itself.
	View  float64 `json:"view"`
	URL   string  `json:"url"`
	Start float64 `json:"start"`
}

// frameReport is an animation frame of 50 ms or more.
type frameReport struct {
	Start    float64 `json:"start"`
	Duration float64 `json:"duration"`
	Render   float64 `json:"render"` // when style and layout began; 0: never
	// Scripts are start, duration, and the part of it in which the script
	// forced style and layout.
	Scripts [][3]float64        `json:"scripts"`
	Longest *probes.ScriptCause `json:"longest"`
}

// markReport is a mark or measure of the page.
type markReport struct {
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Start    float64 `json:"start"`
	Duration float64 `json:"duration"`
}

// maxReport bounds a report, in bytes. 20 views with 5 vitals each, 500 frames
// and 100 marks with texts of full length do not come at once.
const maxReport = 512 << 10

// parseReport reads a report; ok is false if it is none. Its numbers are finite
// and sane: JSON has no others, and huge ones are refused.
func parseReport(payload string) (r pageReport, ok bool) {
	if len(payload) > maxReport || json.Unmarshal([]byte(payload), &r) != nil || !sane(r.Origin, 1e15) {
		return pageReport{}, false
	}
	vitals := r.Vitals[:0]
	for _, v := range r.Vitals {
		if sane(v.Value, 1e9) && sane(v.At, 1e9) && sane(v.Start, 1e9) {
			vitals = append(vitals, v)
		}
	}
	r.Vitals = vitals
	tasks := r.Tasks[:0]
	for _, t := range r.Tasks {
		if sane(t[0], 1e9) && sane(t[1], 1e9) {
			tasks = append(tasks, t)
		}
	}
	r.Tasks = tasks
	frames := r.Frames[:0]
	for _, f := range r.Frames {
		good := sane(f.Start, 1e9) && sane(f.Duration, 1e9) && sane(f.Render, 1e9)
		for _, s := range f.Scripts {
			good = good && sane(s[0], 1e9) && sane(s[1], 1e9) && sane(s[2], 1e9)
		}
		if good {
			frames = append(frames, f)
		}
	}
	r.Frames = frames
	marks := r.Marks[:0]
	for _, m := range r.Marks {
		if sane(m.Start, 1e9) && sane(m.Duration, 1e9) {
			marks = append(marks, m)
		}
	}
	r.Marks = marks
	return r, true
}

// sane tells whether a number is one that a page can have measured.
func sane(x, most float64) bool { return x >= 0 && x <= most }

// keep puts a report into its place; a later one replaces an earlier, with its
// cause.
func (r vitalReport) keep(v *probes.Vitals, k keeper) {
	value := r.Value
	causes := probes.Causes{}
	if v.Causes != nil {
		causes = *v.Causes
	}
	switch r.Name {
	case "LCP":
		v.LCP, causes.LCP = &value, causeOf[probes.LCPCause](r.Cause)
		if c := causes.LCP; c != nil {
			c.Target, c.URL = k.text(c.Target), k.address(c.URL)
			bound(&c.TTFB, &c.LoadDelay, &c.LoadDuration, &c.RenderDelay)
		}
	case "CLS":
		v.CLS, causes.CLS = &value, causeOf[probes.CLSCause](r.Cause)
		if c := causes.CLS; c != nil {
			c.Target, c.State = k.text(c.Target), k.text(c.State)
			if bound(&c.Shift, &c.At); c.Shift == 0 {
				causes.CLS = nil // nothing shifted
			}
		}
	case "INP":
		v.INP, causes.INP = &value, causeOf[probes.INPCause](r.Cause)
		if c := causes.INP; c != nil {
			c.Target, c.Event = k.text(c.Target), k.text(c.Event)
			bound(&c.InputDelay, &c.Processing, &c.Presentation)
			k.script(c.Script)
		}
	case "FCP":
		v.FCP, causes.FCP = &value, causeOf[probes.FCPCause](r.Cause)
		if c := causes.FCP; c != nil {
			bound(&c.TTFB, &c.RenderDelay)
		}
	case "TTFB":
		v.TTFB, causes.TTFB = &value, causeOf[probes.TTFBCause](r.Cause)
		if c := causes.TTFB; c != nil {
			bound(&c.Waiting, &c.Cache, &c.Resolve, &c.Connect, &c.Request)
		}
	}
	if causes != (probes.Causes{}) {
		v.Causes = &causes
	}
}

// causeOf reads a cause; nil if it is none.
func causeOf[C any](raw json.RawMessage) *C {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	c := new(C)
	if json.Unmarshal(raw, c) != nil {
		return nil
	}
	return c
}

// bound takes numbers out that no page can have measured. Parts of a vital may
// come out a little below zero where the browser coarsens its clock.
func bound(numbers ...*float64) {
	for _, x := range numbers {
		if !sane(*x, 1e9) {
			*x = 0
		}
	}
}

// keeper makes texts of a page fit to be kept: secrets first, then bounded.
type keeper struct{ hide func(string) string }

const (
	// maxPageWord bounds a text of a page, in bytes, and maxTold is where
	// js/vitals.js cuts it before, in UTF-16 units.
	maxPageWord = 200
	maxTold     = 1000
)

// text makes a text fit.
func (k keeper) text(s string) string {
	cut := len(s) >= maxTold
	if k.hide != nil {
		s = k.hide(s)
	}
	if cut && len(s) <= maxPageWord {
		return checks.Redacted // most of it was secrets: it may end with the half of one
	}
	return shorten(s, maxPageWord)
}

// address makes a URL fit: without what is private, and without what is always
// the same.
func (k keeper) address(s string) string {
	if u, err := url.Parse(s); err == nil && u.Scheme != "data" {
		u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
		s = u.String()
	}
	return k.text(s)
}

// script makes a script's texts fit, in place.
func (k keeper) script(s *probes.ScriptCause) {
	if s == nil {
		return
	}
	s.URL, s.Function, s.Invoker, s.Part = k.address(s.URL), k.text(s.Function), k.text(s.Invoker), k.text(s.Part)
	bound(&s.Duration)
}

// instant gives the time so many milliseconds after another, which is given in
// milliseconds since 1970.
func instant(origin, after float64) time.Time {
	return time.UnixMicro(int64(math.Round((origin + after) * 1000)))
}
