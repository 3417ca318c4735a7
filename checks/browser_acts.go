package checks

import "time"

// MouseButton is a button of the mouse.
type MouseButton string

// The buttons of a mouse. The zero value is the left one.
const (
	LeftButton   MouseButton = ""
	RightButton  MouseButton = "right"
	MiddleButton MouseButton = "middle"
)

// Point is a place in CSS pixels, to the right of and below an origin.
type Point struct{ X, Y float64 }

// Back goes one page back in the history.
type Back struct{}

// Forward goes one page forward in the history.
type Forward struct{}

// Reload loads the page again.
type Reload struct{}

// DoubleClick clicks an element twice in a row.
type DoubleClick struct{ Click }

// Type types a text key by key, into an element or, without a target, into
// whatever has the focus. What was there stays.
type Type struct {
	Target Target
	Text   Template
}

// SetChecked checks or unchecks a check box, a radio button or a switch; one
// that is so already is left alone.
type SetChecked struct {
	Target  Target
	Checked bool
}

// Upload chooses files: in a file input, or in the file chooser that opens when
// the element is clicked.
type Upload struct {
	Target Target
	Files  []File // Name and Content count
}

// Drag drags an element onto another with the mouse.
type Drag struct{ From, To Target }

// Scroll scrolls. An Edge scrolls the page to its top or bottom. A target
// without X and Y is scrolled into view; with them, what is in it is scrolled
// to them, or that of the page without a target.
type Scroll struct {
	Edge   string // "top", "bottom" or ""
	Target Target
	X, Y   *float64 // from the origin, in CSS pixels; nil: stays
}

// Switch goes on in another page that the journey has open.
type Switch struct{ Page string }

// Close closes a page and goes on in the one before it.
type Close struct{ Page string } // "": the one in front

// KeyDown presses a key and keeps it down; modifiers act on what is done until
// KeyUp.
type KeyDown struct{ Key string }

// KeyUp releases a key.
type KeyUp struct{ Key string }

// MainPage is the name of the page that a journey starts in.
const MainPage = "main"

// StepOptions is what a step of a browser journey expects to happen because of
// what it does, each time within the step's time.
type StepOptions struct {
	// Dialog says what to do with the dialog that the step opens; nil: dialogs
	// may come, and are dismissed.
	Dialog *Dialog
	// Popup is the name of the page that the step opens; the journey goes on
	// there. Empty: pages that are opened are closed at once.
	Popup string
	// Download is what the file that the step loads must be like; nil: nothing
	// is let through.
	Download *Download
	// Navigation is the page that the step must lead to; nil: it may lead
	// anywhere.
	Navigation *Navigation
}

// Dialog is what to do with a dialog of a page: an alert, a question, a prompt,
// or the question whether to leave.
type Dialog struct {
	Accept  bool
	Answer  Template   // to a prompt, with Accept
	Message *Condition // on its text
}

// Download is a file that a step loads. Every condition may be nil.
type Download struct {
	Name   *Condition // the file name that the site suggests
	Size   *Condition // in bytes
	Type   *Condition // the media type that the site gives
	SHA256 string     // of the content, in lower-case hexadecimal; empty: any
}

// Navigation is a page that a step leads to.
type Navigation struct {
	URL   *Condition
	Title *Condition
}

// MaxHold bounds how long a click holds the button.
const MaxHold = 30 * time.Second

// Verb implements Action.
func (*Back) Verb() string        { return "back" }
func (*Forward) Verb() string     { return "forward" }
func (*Reload) Verb() string      { return "reload" }
func (*DoubleClick) Verb() string { return "double_click" }
func (*Type) Verb() string        { return "type" }
func (a *SetChecked) Verb() string {
	if a.Checked {
		return "check"
	}
	return "uncheck"
}
func (*Upload) Verb() string  { return "upload" }
func (*Drag) Verb() string    { return "drag" }
func (*Scroll) Verb() string  { return "scroll" }
func (*Switch) Verb() string  { return "switch" }
func (*Close) Verb() string   { return "close" }
func (*KeyDown) Verb() string { return "key_down" }
func (*KeyUp) Verb() string   { return "key_up" }
