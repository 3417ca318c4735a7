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
	Setting
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

// Goto opens a page and waits until it is loaded.
type Goto struct {
	URL Template
	// AnyStatus takes an answer of any status for a page, since the next step
	// judges it; else one of 400 and above is a failure.
	AnyStatus bool
}

// Click clicks an element: with the left button, in its middle, briefly and
// with no key held, unless the fields say otherwise.
type Click struct {
	Target Target
	Button MouseButton
	// Position is where to click, from the top left corner of the element's
	// box; nil: the middle of what can be seen of it.
	Position *Point
	// Hold is how long the button is held down.
	Hold time.Duration
	// Modifiers are the keys that are held meanwhile, of Control, Shift, Alt
	// and Meta.
	Modifiers []string
}

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
	PageState
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
