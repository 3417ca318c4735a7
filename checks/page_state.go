package checks

// PageState is what an Expect can want of a page beyond what can be read on
// it. The zero value wants nothing.
type PageState struct {
	Enabled  Target
	Disabled Target
	Checked  Target
	Element  *ElementState
	// Cookies are conditions on the cookies that the page would be sent.
	Cookies []NamedCondition
	Request *RequestMade
	// Status is a condition on the status that the page was answered with.
	Status *Condition
	// NoConsoleErrors and NoFailedRequests look back on the whole journey;
	// they never wait, since what has gone wrong stays so.
	NoConsoleErrors  *Clean
	NoFailedRequests *Clean
	Accessible       *Accessibility
	// Script is a script whose value must become true, in JavaScript's sense;
	// empty: none.
	Script    string
	LooksLike *Look
}

// NamedCondition is a condition on what has a name: a cookie, an attribute.
type NamedCondition struct {
	Name      string
	Condition Condition
}

// ElementState is what must be true of an element. What is nil does not
// matter.
type ElementState struct {
	Target Target
	Text   *Condition // its visible text, white space run together
	Value  *Condition // what a form field holds
	// Count is a condition on how many visible elements the target means; with
	// it, there may be none or several.
	Count      *Condition
	Attributes []NamedCondition
}

// RequestMade is a request that the page must have made.
type RequestMade struct {
	URL    *Condition
	Method string     // in capitals; empty: any
	Status *Condition // nil: any answer, or none yet
	// SinceAction leaves out what was asked for before the last step that did
	// something: one that is not expect, wait, screenshot.
	SinceAction bool
}

// Clean is an expectation that nothing has gone wrong, apart from what is
// allowed.
type Clean struct {
	// Allow are conditions on the message of an error, or on the URL of a
	// request; what meets one of them is no matter.
	Allow []Condition
}

// Accessibility is an expectation that a page keeps the basic rules of
// accessibility.
type Accessibility struct {
	Allow []string // rules that may be broken: of AccessibilityRules
}

// AccessibilityRules are the ids of the rules that pages are held against. They
// are those of Deque's axe, so that what is known of them is found.
func AccessibilityRules() []string { return accessibilityRules[:] }

var accessibilityRules = [...]string{
	"aria-hidden-focus", "button-name", "color-contrast", "document-title", "duplicate-id-aria", "frame-title",
	"html-has-lang", "html-lang-valid", "image-alt", "input-button-name", "input-image-alt", "label", "link-name",
	"meta-refresh", "meta-viewport", "select-name",
}

// Look is an expectation that a page looks like a picture that was taken
// before, its baseline.
type Look struct {
	Path string // of the baseline, beside the definition: a PNG file
	// Baseline is the picture; empty: there is none yet.
	Baseline []byte
	// Tolerance is the share of pixels, 0 to 1, that may differ.
	Tolerance float64
	Mask      []Target // elements that are covered in both
	Target    Target   // the element that is looked at; none: all that is in view
}
