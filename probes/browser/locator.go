package browser

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// locator is a target with its texts filled in, as js/targets.js takes it.
type locator struct {
	CSS         string     `json:"css,omitempty"`
	XPath       string     `json:"xpath,omitempty"`
	Text        string     `json:"text,omitempty"`
	Role        string     `json:"role,omitempty"`
	Name        string     `json:"name"`
	Label       string     `json:"label,omitempty"`
	Placeholder string     `json:"placeholder,omitempty"`
	TestID      string     `json:"testid,omitempty"`
	Alt         string     `json:"alt,omitempty"`
	Title       string     `json:"title,omitempty"`
	Exact       bool       `json:"exact"`
	Nth         int        `json:"nth"`
	HasText     string     `json:"has_text,omitempty"`
	Within      *locator   `json:"within,omitempty"`
	Or          []*locator `json:"or,omitempty"`
	// Looked is for how long the target was looked for in earlier slices, and
	// Grace after what time fall-backs count; both in milliseconds.
	Looked float64 `json:"looked"`
	Grace  float64 `json:"grace"`

	frames []frameLocator // the way to the frame that it is in
}

// frameLocator is a frame within a page or frame: its element, or its number.
type frameLocator struct {
	Target *locator `json:"target,omitempty"`
	Index  int      `json:"index"`
}

// String gives the target as a person would name it.
func (l locator) String() string {
	text := l.own()
	for i := range l.frames {
		text += " in " + l.frames[len(l.frames)-1-i].String()
	}
	switch len(l.Or) {
	case 0:
		return text
	case 1:
		return fmt.Sprintf("%s (or %s)", text, l.Or[0])
	}
	return fmt.Sprintf("%s (or %s, or %d more)", text, l.Or[0], len(l.Or)-1)
}

// own names the target without frames and fall-backs.
func (l locator) own() string {
	var text string
	switch {
	case l.Role != "" && l.Name != "":
		text = l.Role + " " + strconv.Quote(l.Name)
	case l.Role != "":
		text = "role " + l.Role
	default:
		for _, kind := range []struct{ name, value string }{
			{"css", l.CSS}, {"xpath", l.XPath}, {"text", l.Text}, {"label", l.Label}, {"placeholder", l.Placeholder},
			{"alt", l.Alt}, {"title", l.Title}, {"test id", l.TestID},
		} {
			if kind.value != "" {
				text = kind.name + " " + strconv.Quote(kind.value)
			}
		}
	}
	if l.Nth > 0 {
		text += fmt.Sprintf(" (number %d)", l.Nth)
	}
	if l.HasText != "" {
		text += " with " + strconv.Quote(l.HasText)
	}
	if l.Within != nil {
		text += " in " + l.Within.own()
	}
	return text
}

// String gives the frame as a person would name it.
func (f frameLocator) String() string {
	if f.Target != nil {
		return "frame " + f.Target.own()
	}
	return fmt.Sprintf("frame %d", f.Index)
}

// locate fills in a target's texts.
func locate(t checks.Target, scope checks.Scope) (*locator, error) {
	l := &locator{Role: t.Role, Exact: t.Exact, Nth: t.Nth}
	for _, part := range []struct {
		from checks.Template
		to   *string
	}{
		{t.CSS, &l.CSS}, {t.XPath, &l.XPath}, {t.Text, &l.Text}, {t.Name, &l.Name}, {t.Label, &l.Label}, {t.Placeholder, &l.Placeholder},
		{t.TestID, &l.TestID}, {t.Alt, &l.Alt}, {t.Title, &l.Title}, {t.HasText, &l.HasText},
	} {
		text, err := part.from.Expand(scope)
		if err != nil {
			return nil, &failure{kind: probes.FailVariable, message: err.Error()}
		}
		*part.to = text
	}
	var err error
	if t.Within != nil {
		if l.Within, err = locate(*t.Within, scope); err != nil {
			return nil, err
		}
	}
	for _, f := range t.Frame {
		frame := frameLocator{Index: f.Index}
		if f.Target != nil {
			if frame.Target, err = locate(*f.Target, scope); err != nil {
				return nil, err
			}
		}
		l.frames = append(l.frames, frame)
	}
	for _, other := range t.Or {
		o, err := locate(other, scope)
		if err != nil {
			return nil, err
		}
		l.Or = append(l.Or, o)
	}
	return l, nil
}

// maxGrace is for how long a target is looked for before its fall-backs count.
// It is short, since it goes into the time of the step; a target that has to
// fall back every time is to be mended.
const maxGrace = time.Second

// looked notes for how long a target has been looked for, of the time that
// there is for it. Fall-backs of a short step count sooner.
func (l *locator) looked(took, within time.Duration) {
	for ; l != nil; l = l.Within {
		l.Looked = float64(took) / float64(time.Millisecond)
		l.Grace = float64(min(maxGrace, within/4)) / float64(time.Millisecond)
	}
}

// alternative names the fall-back of a number from 1; the target itself, for
// which the name is empty, has number 0.
func (l *locator) alternative(number int) string {
	if l == nil || number < 1 || number > len(l.Or) {
		return ""
	}
	return l.Or[number-1].String()
}

// part is a target with those of its fall-backs that are in the same frame.
type part struct {
	target  *locator
	numbers []int // of the target and its fall-backs, as alternative takes them
}

// parts takes a target apart by frames, in the order in which fall-backs are
// to be tried. Nearly always there is one.
func (l *locator) parts() []part {
	if l == nil {
		return []part{{}}
	}
	same := true
	for _, other := range l.Or {
		same = same && sameFrames(l.frames, other.frames)
	}
	if same {
		return []part{{target: l}}
	}
	var list []part
	for i, other := range append([]*locator{l}, l.Or...) {
		if n := len(list); n > 0 && sameFrames(list[n-1].target.frames, other.frames) {
			list[n-1].target.Or = append(list[n-1].target.Or, other)
			list[n-1].numbers = append(list[n-1].numbers, i)
			continue
		}
		own := *other
		own.Or = nil
		list = append(list, part{&own, []int{i}})
	}
	return list
}

// frames is the way to the part's frame.
func (p part) frames() []frameLocator {
	if p.target == nil {
		return nil
	}
	return p.target.frames
}

// number gives the number of a fall-back of the whole target.
func (p part) number(matched int) int {
	if matched >= len(p.numbers) {
		return matched
	}
	return p.numbers[matched]
}

func sameFrames(a, b []frameLocator) bool {
	return slices.EqualFunc(a, b, func(a, b frameLocator) bool { return a.String() == b.String() })
}

// noteMatch keeps the name of the fall-back that a target was found by.
func (j *journey) noteMatch(l *locator, number int) {
	if name := l.alternative(number); name != "" {
		j.matched = j.cut(name)
	}
}
