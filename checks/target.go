package checks

// Target names one element of a page, as a customer would find it. Exactly one
// of CSS, XPath, Text, Role, Label, Placeholder, TestID, Alt and Title is set;
// Name goes with Role. Every kind looks into open shadow roots.
type Target struct {
	CSS         Template
	XPath       Template // XPath 1.0; a path that starts with // is looked for in shadow roots, too
	Text        Template // visible text: the smallest element that has it
	Role        string   // ARIA role, explicit or implied by the element
	Name        Template // accessible name, with Role
	Label       Template // text of the form control's label
	Placeholder Template // hint in an empty form field
	TestID      Template // value of data-testid
	Alt         Template // text that stands for a picture
	Title       Template // value of the title attribute
	// Exact wants Text, Name, Label, Placeholder, Alt or Title to be the whole
	// text; else a part is enough, and case does not count.
	Exact bool
	// Nth picks one of several matches, counting from 1; zero wants exactly one.
	Nth int
	// HasText keeps only elements that have this text in them.
	HasText Template
	// Within keeps only elements inside another; nil: the whole page. That one
	// need not be the only one of its kind.
	Within *Target
	// Frame is the way to the frame that the element is in, the outermost
	// first; empty: the page itself.
	Frame []FrameRef
	// Or are fall-backs in order of preference, which are looked for when
	// nothing visible matches. They have no fall-backs of their own; one
	// without Frame is in the same frame.
	Or []Target
}

// FrameRef names a frame within a page or another frame.
type FrameRef struct {
	Target *Target // the iframe element; nil: Index counts
	Index  int     // which child frame, counting from 0
}

// IsZero tells whether no target is given.
func (t Target) IsZero() bool {
	return t.CSS.IsZero() && t.XPath.IsZero() && t.Text.IsZero() && t.Role == "" && t.Label.IsZero() &&
		t.Placeholder.IsZero() && t.TestID.IsZero() && t.Alt.IsZero() && t.Title.IsZero()
}

// Templates gives every text of the target and of those that it refers to.
func (t Target) Templates() []Template {
	texts := []Template{t.CSS, t.XPath, t.Text, t.Name, t.Label, t.Placeholder, t.TestID, t.Alt, t.Title, t.HasText}
	if t.Within != nil {
		texts = append(texts, t.Within.Templates()...)
	}
	for _, f := range t.Frame {
		if f.Target != nil {
			texts = append(texts, f.Target.Templates()...)
		}
	}
	for _, other := range t.Or {
		texts = append(texts, other.Templates()...)
	}
	return texts
}

// InFrame tells whether the target, or one of its fall-backs, is in a frame.
func (t Target) InFrame() bool {
	for _, other := range t.Or {
		if other.InFrame() {
			return true
		}
	}
	return len(t.Frame) > 0
}
