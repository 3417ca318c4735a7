package recording

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"outrider/checks/draft"
)

// Recording is a user flow as Recorder exports it.
type Recording struct {
	Title string
	// Timeout bounds each step that has none of its own; zero if it is not
	// given.
	Timeout time.Duration
	// SelectorAttribute is the attribute that selectors were made of, such as
	// data-testid.
	SelectorAttribute string
	Steps             []Step

	notes []draft.Note
}

// Step is one step of a recording; which fields count depends on the type.
type Step struct {
	Number       int // from 1
	Line, Column int
	Type         string
	Timeout      time.Duration // zero: the recording's
	Events       []Event
	Target       string // "" is the main page, else a URL
	Frame        []int
	Selectors    [][]string

	URL              string // navigate
	Value            string // change
	Key              string // keyDown, keyUp
	OffsetX, OffsetY float64
	Button, Device   string
	Duration         time.Duration

	Width, Height                float64 // setViewport
	Scale                        float64
	Mobile, Touch, Landscape     bool
	X, Y                         *float64 // scroll
	Operator                     string   // waitForElement
	Count                        *int
	Visible                      bool
	Properties, Attributes       *value
	Expression                   string
	Download, Upload, LatencyMS  float64 // bytes/s and milliseconds
	CustomName, CustomParameters string

	unknown []string // fields that the format does not have
}

// Event is an asserted event: that the step leads to another page.
type Event struct{ URL, Title string }

// Parse reads a recording. Its error is a *Problem.
func Parse(data []byte) (*Recording, error) {
	if len(data) > MaxSize {
		return nil, &Problem{Message: fmt.Sprintf("is larger than %d MiB", MaxSize>>20)}
	}
	root, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	p := &parser{data: data, r: &Recording{}}
	p.flow(root)
	if p.problem != nil {
		return nil, p.problem
	}
	return p.r, nil
}

// parser turns JSON into a recording. The first problem ends it.
type parser struct {
	data    []byte
	r       *Recording
	step    *Step // nil outside of steps
	problem *Problem
}

func (p *parser) fail(v *value, format string, args ...any) {
	if p.problem != nil {
		return
	}
	p.problem = &Problem{Message: p.lead() + fmt.Sprintf(format, args...)}
	p.problem.Line, p.problem.Column = position(p.data, v.at)
}

// lead starts a message within a step.
func (p *parser) lead() string {
	if p.step == nil {
		return ""
	}
	if p.step.Type == "" {
		return fmt.Sprintf("step %d: ", p.step.Number)
	}
	return fmt.Sprintf("step %d (%s): ", p.step.Number, cut(p.step.Type))
}

func (p *parser) note(v *value, format string, args ...any) {
	line, column := position(p.data, v.at)
	p.r.notes = append(p.r.notes, draft.Note{Line: line, Column: column, Message: p.lead() + fmt.Sprintf(format, args...)})
}

// get gives a member if it is there and of the kind.
func (p *parser) get(v *value, name string, k kind) *value {
	m := v.member(name)
	if m != nil && m.kind != k {
		p.fail(m, "%s is %s: it has to be %s", name, kindNames[m.kind], kindNames[k])
		return nil
	}
	return m
}

func (p *parser) text(v *value, name string) string {
	if m := p.get(v, name, kindText); m != nil {
		return m.text
	}
	return ""
}

func (p *parser) needText(v *value, name string) string {
	if v.member(name) == nil {
		p.fail(v, "has no %s", name)
	}
	return p.text(v, name)
}

func (p *parser) number(v *value, name string) float64 {
	if m := p.get(v, name, kindNumber); m != nil {
		return m.number
	}
	return 0
}

func (p *parser) flag(v *value, name string, otherwise bool) bool {
	if m := p.get(v, name, kindBool); m != nil {
		return m.bool
	}
	return otherwise
}

// millis reads a time in milliseconds.
func (p *parser) millis(v *value, name string) time.Duration {
	m := p.get(v, name, kindNumber)
	if m == nil {
		return 0
	}
	if m.number < 0 || m.number > float64(time.Hour/time.Millisecond) {
		p.fail(m, "%s is %s ms: it has to be between 0 and an hour", name, cut(m.text))
		return 0
	}
	return time.Duration(m.number * float64(time.Millisecond))
}

func (p *parser) flow(root *value) {
	if root.kind != kindObject {
		p.fail(root, "is no recording: it is %s and not an object with title and steps", kindNames[root.kind])
		return
	}
	if log := root.member("log"); log != nil && log.kind == kindObject && root.member("steps") == nil {
		p.fail(root, "is a HAR and no recording: outrider import reads it when its name ends in .har")
		return
	}
	p.r.Title = p.text(root, "title")
	p.r.Timeout = p.millis(root, "timeout")
	p.r.SelectorAttribute = p.text(root, "selectorAttribute")
	for _, m := range root.members {
		if !slices.Contains([]string{"title", "timeout", "selectorAttribute", "steps"}, m.name) {
			p.note(m.value, "the recording's %q is nothing that Recorder's format has: it is left out", cut(m.name))
		}
	}
	steps := p.get(root, "steps", kindList)
	switch {
	case p.problem != nil:
	case steps == nil:
		p.fail(root, "is no recording: it has no steps; export it from Recorder as JSON")
	case len(steps.items) == 0:
		p.fail(steps, "the recording has no steps")
	case len(steps.items) > maxSteps:
		p.fail(steps, "the recording has %d steps: at most %d can be read", len(steps.items), maxSteps)
	default:
		for i, item := range steps.items {
			p.r.Steps = append(p.r.Steps, p.readStep(i+1, item))
			if p.step = nil; p.problem != nil {
				return
			}
		}
	}
}

// fields are the fields of each type besides those that all have.
var fields = map[string][]string{
	"setViewport":              {"width", "height", "deviceScaleFactor", "isMobile", "hasTouch", "isLandscape"},
	"navigate":                 {"url"},
	"click":                    {"selectors", "offsetX", "offsetY", "button", "deviceType", "duration"},
	"doubleClick":              {"selectors", "offsetX", "offsetY", "button", "deviceType", "duration"},
	"hover":                    {"selectors"},
	"change":                   {"selectors", "value"},
	"keyDown":                  {"key"},
	"keyUp":                    {"key"},
	"scroll":                   {"selectors", "x", "y"},
	"waitForElement":           {"selectors", "operator", "count", "visible", "properties", "attributes"},
	"waitForExpression":        {"expression"},
	"emulateNetworkConditions": {"download", "upload", "latency"},
	"close":                    {},
	"customStep":               {"name", "parameters"},
}

func (p *parser) readStep(number int, v *value) Step {
	s := Step{Number: number, Visible: true}
	p.step = &s
	s.Line, s.Column = position(p.data, v.at)
	if v.kind != kindObject {
		p.fail(v, "is %s and not an object", kindNames[v.kind])
		return s
	}
	s.Type = p.needText(v, "type")
	if p.problem != nil {
		return s
	}
	known, ok := fields[s.Type]
	if !ok {
		return s // remarked on at its place
	}
	s.Timeout = p.millis(v, "timeout")
	s.Events = p.events(v)
	if s.Target = p.text(v, "target"); s.Target == "main" {
		s.Target = ""
	}
	s.Frame = p.frame(v)
	for _, m := range v.members {
		if !slices.Contains(known, m.name) && !slices.Contains([]string{"type", "timeout", "assertedEvents", "target", "frame"}, m.name) {
			s.unknown = append(s.unknown, m.name)
		}
	}
	switch s.Type {
	case "setViewport":
		s.Width, s.Height, s.Scale = p.number(v, "width"), p.number(v, "height"), p.number(v, "deviceScaleFactor")
		s.Mobile, s.Touch, s.Landscape = p.flag(v, "isMobile", false), p.flag(v, "hasTouch", false), p.flag(v, "isLandscape", false)
	case "navigate":
		s.URL = p.needText(v, "url")
	case "click", "doubleClick":
		s.Selectors = p.selectors(v, true)
		s.OffsetX, s.OffsetY = p.number(v, "offsetX"), p.number(v, "offsetY")
		s.Button, s.Device, s.Duration = p.text(v, "button"), p.text(v, "deviceType"), p.millis(v, "duration")
	case "hover":
		s.Selectors = p.selectors(v, true)
	case "change":
		s.Selectors, s.Value = p.selectors(v, true), p.needText(v, "value")
	case "keyDown", "keyUp":
		s.Key = p.needText(v, "key")
	case "scroll":
		s.Selectors = p.selectors(v, false)
		s.X, s.Y = p.coordinate(v, "x"), p.coordinate(v, "y")
	case "waitForElement":
		p.waitForElement(v, &s)
	case "waitForExpression":
		s.Expression = p.needText(v, "expression")
	case "emulateNetworkConditions":
		s.Download, s.Upload, s.LatencyMS = p.number(v, "download"), p.number(v, "upload"), p.number(v, "latency")
	case "customStep":
		s.CustomName = p.text(v, "name")
		if parameters := v.member("parameters"); parameters != nil {
			s.CustomParameters = brief(parameters, 0)
		}
	}
	return s
}

func (p *parser) coordinate(v *value, name string) *float64 {
	m := p.get(v, name, kindNumber)
	if m == nil {
		return nil
	}
	return &m.number
}

func (p *parser) waitForElement(v *value, s *Step) {
	s.Selectors = p.selectors(v, true)
	s.Operator = p.text(v, "operator")
	if s.Operator == "" {
		s.Operator = ">="
	}
	if !slices.Contains([]string{">=", "==", "<="}, s.Operator) {
		p.fail(v.member("operator"), `operator is %q: it has to be ">=", "==" or "<="`, cut(s.Operator))
		return
	}
	if m := p.get(v, "count", kindNumber); m != nil {
		if m.number < 0 || m.number > 1e6 || m.number != math.Trunc(m.number) {
			p.fail(m, "count is %s: it has to be a whole number", cut(m.text))
			return
		}
		n := int(m.number)
		s.Count = &n
	}
	s.Visible = p.flag(v, "visible", true)
	s.Properties = p.get(v, "properties", kindObject)
	if s.Attributes = p.get(v, "attributes", kindObject); s.Attributes != nil {
		for _, m := range s.Attributes.members {
			if m.value.kind != kindText {
				p.fail(m.value, "attribute %q is %s: it has to be text", cut(m.name), kindNames[m.value.kind])
			}
		}
	}
}

func (p *parser) events(v *value) []Event {
	list := p.get(v, "assertedEvents", kindList)
	if list == nil {
		return nil
	}
	var events []Event
	for _, item := range list.items {
		if item.kind != kindObject {
			p.fail(item, "an asserted event is %s and not an object", kindNames[item.kind])
			return nil
		}
		if t := p.text(item, "type"); t != "navigation" {
			p.note(item, "asserts an event %q, which is not known: it is left out", cut(t))
			continue
		}
		events = append(events, Event{p.text(item, "url"), p.text(item, "title")})
	}
	return events
}

func (p *parser) frame(v *value) []int {
	list := p.get(v, "frame", kindList)
	if list == nil {
		return nil
	}
	const deepest, most = 10, 1000
	var frame []int
	for _, item := range list.items {
		if item.kind != kindNumber || item.number < 0 || item.number > most || item.number != math.Trunc(item.number) || len(frame) == deepest {
			p.fail(item, "frame has to be a list of at most %d numbers of frames, from 0", deepest)
			return nil
		}
		frame = append(frame, int(item.number))
	}
	return frame
}

// selectors reads the alternatives for an element, each a text or a list of
// texts.
func (p *parser) selectors(v *value, needed bool) [][]string {
	list := p.get(v, "selectors", kindList)
	if list == nil || len(list.items) == 0 {
		if needed {
			p.fail(v, "has no selectors: record the step again")
		}
		return nil
	}
	const mostAlternatives, mostParts, longest = 40, 20, 8 << 10
	if len(list.items) > mostAlternatives {
		p.fail(list, "has %d selectors: at most %d can be read", len(list.items), mostAlternatives)
		return nil
	}
	var selectors [][]string
	for _, item := range list.items {
		parts := []*value{item}
		if item.kind == kindList {
			parts = item.items
		}
		if len(parts) > mostParts {
			p.fail(item, "a selector has %d parts: at most %d can be read", len(parts), mostParts)
			return nil
		}
		var chain []string
		for _, part := range parts {
			if part.kind != kindText || len(part.text) > longest {
				p.fail(part, "a selector has to be text of at most %d bytes, or a list of such texts", longest)
				return nil
			}
			if strings.TrimSpace(part.text) != "" {
				chain = append(chain, part.text)
			}
		}
		if len(chain) > 0 {
			selectors = append(selectors, chain)
		}
	}
	if len(selectors) == 0 && needed {
		p.fail(list, "has only empty selectors: record the step again")
	}
	return selectors
}

// brief writes a value for a remark.
func brief(v *value, depth int) string {
	switch {
	case v.kind == kindText:
		return fmt.Sprintf("%q", cut(v.text))
	case v.kind == kindNumber:
		return v.text
	case v.kind == kindBool:
		return fmt.Sprint(v.bool)
	case depth > 2:
		return "…"
	}
	var parts []string
	for _, item := range v.items {
		parts = append(parts, brief(item, depth+1))
	}
	for _, m := range v.members {
		parts = append(parts, cut(m.name)+": "+brief(m.value, depth+1))
	}
	const most = 10
	if len(parts) > most {
		parts = append(parts[:most], "…")
	}
	text := strings.Join(parts, ", ")
	switch v.kind {
	case kindList:
		return "[" + text + "]"
	case kindObject:
		return "{" + text + "}"
	}
	return "null"
}

// cut shortens what a message quotes.
func cut(s string) string { return draft.Cut(s, 60) }
