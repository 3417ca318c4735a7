package checks

import "time"

// BrowserOptions is how a browser journey's browser is set up.
type BrowserOptions struct {
	// Chromium is the build to use: "" for the headless shell where it is
	// installed, "full" for full Chromium.
	Chromium string
	// Width and Height are the viewport's, in CSS pixels.
	Width, Height int
	UserAgent     string // empty: the browser's own
	// Headers go with requests to the origins that goto steps name, and to no
	// third party: they may hold secrets.
	Headers []Field
	// SkipVerify accepts any certificate; loading warns of it.
	SkipVerify bool
	// Network and CPU slow the browser down: the connection, and the processor
	// by a factor (0: none).
	Network Network
	CPU     float64
	// Block are patterns of URLs that are not asked for, Stubs answers that
	// take the place of the network's; a stub goes before a block.
	Block []string
	Stubs []Stub
	// Trace sends a W3C traceparent with requests to the origins that goto
	// steps name, and to no third party.
	Trace bool
	// Keep says of which runs the larger evidence is kept.
	Keep Keep
}

// The default viewport, a common laptop's.
const (
	DefaultViewportWidth  = 1280
	DefaultViewportHeight = 800
)

// Target names one element of a page, as a customer would find it. Exactly one
// of CSS, Text, Role, Label and TestID is set; Name goes with Role.
type Target struct {
	CSS    Template
	Text   Template // visible text: the smallest element that has it
	Role   string   // ARIA role, explicit or implied by the element
	Name   Template // accessible name, with Role
	Label  Template // text of the form control's label
	TestID Template // value of data-testid
	// Exact wants Text, Name or Label to be the whole text; else a part is
	// enough, and case does not count.
	Exact bool
	// Nth picks one of several matches, counting from 1; zero wants exactly one.
	Nth int
}

// IsZero tells whether no target is given.
func (t Target) IsZero() bool {
	return t.CSS.IsZero() && t.Text.IsZero() && t.Role == "" && t.Label.IsZero() && t.TestID.IsZero()
}

// Goto opens a page and waits until it is loaded.
type Goto struct{ URL Template }

// Click clicks an element.
type Click struct{ Target Target }

// Fill replaces the value of a form field.
type Fill struct {
	Target Target
	Value  Template
}

// Select chooses an option of a select element by its value or visible text.
type Select struct {
	Target Target
	Option Template
}

// Press presses a key, such as "Enter" or "a", on an element or, without a
// target, on whatever has the focus.
type Press struct {
	Key    string
	Target Target
}

// Hover moves the pointer over an element.
type Hover struct{ Target Target }

// Wait waits for a fixed time, or until an element is visible or hidden.
// Exactly one field is set.
type Wait struct {
	For     time.Duration
	Visible Target
	Hidden  Target
}

// Expect waits until all of what it names is true of the page; it fails at the
// step's timeout.
type Expect struct {
	Text    Template // somewhere on the page, visible
	Visible Target
	Hidden  Target
	URL     *Condition
	Title   *Condition
}

// Screenshot keeps a picture of the page with the run.
type Screenshot struct{ Name string }

// Evaluate runs a script in the page. Its value may be kept in a variable, and
// must meet Expect if that is set.
type Evaluate struct {
	Script   string
	Variable string
	Expect   *Condition
}

// Verb implements Action.
func (*Goto) Verb() string       { return "goto" }
func (*Click) Verb() string      { return "click" }
func (*Fill) Verb() string       { return "fill" }
func (*Select) Verb() string     { return "select" }
func (*Press) Verb() string      { return "press" }
func (*Hover) Verb() string      { return "hover" }
func (*Wait) Verb() string       { return "wait" }
func (*Expect) Verb() string     { return "expect" }
func (*Screenshot) Verb() string { return "screenshot" }
func (*Evaluate) Verb() string   { return "evaluate" }
