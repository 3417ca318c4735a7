package recording

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/publicsuffix"

	"outrider/checks/draft"
)

// Vocabulary is what definitions know of, as far as a recording may speak of
// other things.
type Vocabulary struct {
	Roles []string // ARIA roles
	Keys  []string // names of keys that are no character
}

// Options is how a recording is translated.
type Options struct {
	Vocabulary Vocabulary
	// Source is the name of the file, for the comment at the top.
	Source string
	// Positions keeps where in an element was clicked. Without it, only clicks
	// into pictures and sliders keep it: elsewhere the middle is as good, and
	// still there after the next change of the layout.
	Positions bool
}

// defaultEvery and defaultTimeout are what an imported check starts with: a
// browser journey is not cheap, and recordings are of long ones.
const (
	defaultEvery   = 5 * time.Minute
	defaultTimeout = time.Minute
)

// translation is the work on one recording.
type translation struct {
	translator
	options Options
	r       *Recording
	out     *draft.Definition

	remarks  []string // to stand above the next step
	places   map[string]place
	here     string         // name of the page that the journey is in
	names    map[string]int // of steps, how often each was given
	viewport [2]float64
	network  [3]float64
	moved    int // clicks whose offset was left out
	at       *Step
}

// place is where steps with a target other than the main page are: in a page
// of its own, or in a frame whose site is another one's.
type place struct {
	page  string // name of the page
	frame *yaml.Node
	open  bool
	doubt string // what to say if it is not sure
}

// Translate writes a recording down as a browser check. Its error is a
// *Problem.
func Translate(r *Recording, options Options) (*draft.Definition, error) {
	t := &translation{
		translator: translator{vocabulary: options.Vocabulary, attribute: r.SelectorAttribute},
		options:    options, r: r,
		places: map[string]place{}, names: map[string]int{}, here: mainPage,
		network: [3]float64{-1, -1, 0},
		out: &draft.Definition{
			ID: draft.ID(r.Title, "recording"), Name: draft.Title(r.Title), Kind: "browser",
			Every: defaultEvery, Timeout: defaultTimeout, Options: draft.Mapping(),
			Notes: slices.Clone(r.notes),
		},
	}
	t.out.Secrets = &draft.Secrets{Prefix: prefix(r)}
	acts := t.collapse(r.Steps)
	t.findPlaces(acts)
	for i := range acts {
		t.act(&acts[i])
	}
	t.out.Rest = t.remarks
	if err := t.finish(); err != nil {
		return nil, err
	}
	return t.out, nil
}

const mainPage = "main"

// prefix starts the names of secrets: the site's name.
func prefix(r *Recording) string {
	for i := range r.Steps {
		u, err := url.Parse(r.Steps[i].URL)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		if site, err := publicsuffix.EffectiveTLDPlusOne(u.Hostname()); err == nil {
			name, _, _ := strings.Cut(site, ".")
			return name
		}
		return "SITE"
	}
	return "SITE"
}

func (t *translation) finish() error {
	first := &t.r.Steps[0]
	problem := func(format string, args ...any) error {
		return &Problem{first.Line, first.Column, fmt.Sprintf(format, args...)}
	}
	switch {
	case len(t.out.Steps) == 0:
		return problem("no step of the recording could be carried over")
	case len(t.out.Steps) > draft.MaxSteps:
		return problem("comes to %d steps: a journey has at most %d, cut the recording in two", len(t.out.Steps), draft.MaxSteps)
	case t.out.Steps[0].Keys.Content[0].Value != "goto":
		return problem("the recording does something before it opens a page: let it start with a navigate step")
	}
	if t.moved > 0 {
		t.out.Remark("where in the element was clicked is left out of %s: the middle is clicked (--positions keeps it)", count(t.moved, "click"))
	}
	for i := range t.out.Steps {
		t.out.Timeout = max(t.out.Timeout, t.timeoutOf(i)+defaultTimeout/2)
	}
	t.out.Every = max(t.out.Every, t.out.Timeout)
	if t.options.Source != "" {
		t.out.Intro = append(t.out.Intro, "Imported from "+t.options.Source+", a recording of Chrome DevTools Recorder.")
	}
	if names := t.out.Secrets.Names(); len(names) > 0 {
		t.out.Intro = append(t.out.Intro, "Set before it runs: "+strings.Join(names, ", ")+" (secrets, whose recorded values are not kept).")
	}
	t.out.HideSecrets()
	return nil
}

// timeoutOf is the timeout that a written step has.
func (t *translation) timeoutOf(i int) time.Duration {
	keys := t.out.Steps[i].Keys.Content
	for k := 0; k+1 < len(keys); k += 2 {
		if keys[k].Value == "timeout" {
			d, _ := time.ParseDuration(keys[k+1].Value)
			return d
		}
	}
	return 0
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// remark says at the place, and to whoever imports, what was not carried over.
func (t *translation) remark(s *Step, format string, args ...any) {
	t.mention(s, format, args...)
	t.out.Notes[len(t.out.Notes)-1].Lost = true
}

// mention says at the place, and to whoever imports, what a person should know.
func (t *translation) mention(s *Step, format string, args ...any) {
	t.note(s, format, args...)
	t.remarks = append(t.remarks, fmt.Sprintf("step %d of the recording (%s): %s", s.Number, cut(s.Type), fmt.Sprintf(format, args...)))
}

// emit writes a step.
func (t *translation) emit(a *act, verb string, value *yaml.Node, more ...draft.Pair) {
	keys := draft.Mapping(draft.Pair{Key: verb, Value: value})
	for _, p := range more {
		draft.Set(keys, p.Key, p.Value)
	}
	draft.Locate(keys, a.Line, a.Column)
	t.out.Steps = append(t.out.Steps, draft.Step{Keys: keys, Remarks: t.remarks})
	t.remarks = nil
}

// options are the step's options that follow from the act.
func (t *translation) stepOptions(a *act, inFrame bool) []draft.Pair {
	var pairs []draft.Pair
	timeout := a.Timeout
	for _, s := range a.merged {
		timeout = max(timeout, s.Timeout)
	}
	if timeout == 0 {
		timeout = t.r.Timeout
	}
	if timeout > 0 {
		pairs = append(pairs, draft.Pair{Key: "timeout", Value: draft.Duration(timeout)})
	}
	events := a.events()
	switch {
	case len(events) == 0:
	case inFrame:
		t.remark(a.Step, "asserts that the frame goes to %s: only the page's own way can be asserted", withoutQuery(events[0].URL))
	default:
		pairs = append(pairs, draft.Pair{Key: "navigation", Value: t.navigation(a, events)})
	}
	return pairs
}

// navigation is what to expect of the page that a step leads to.
func (t *translation) navigation(a *act, events []Event) *yaml.Node {
	for _, e := range events[1:] {
		if e != events[0] {
			t.remark(a.Step, "asserts a second navigation, to %s: only the first is carried over", withoutQuery(e.URL))
		}
	}
	return t.page(a, events[0].URL, events[0].Title)
}

// page is what to expect of a page by its URL and title; true if nothing of
// them would be the same the next time.
func (t *translation) page(a *act, recordedURL, title string) *yaml.Node {
	page := draft.Flow(draft.Mapping())
	if recordedURL != "" {
		condition, loosened := draft.URLCondition(recordedURL)
		if condition != nil {
			draft.Set(page, "url", condition)
		}
		if loosened {
			t.mention(a.Step, "led to %s: of that only what looks the same every time is expected", withoutQuery(recordedURL))
		}
	}
	if title != "" {
		condition, loosened := draft.TitleCondition(title)
		if condition != nil {
			draft.Set(page, "title", condition)
		}
		if loosened {
			t.mention(a.Step, "led to the title %q: of that only what looks the same every time is expected", cut(title))
		}
	}
	if len(page.Content) == 0 {
		return draft.Bool(true)
	}
	return page
}

// withoutQuery is a URL as remarks show it: what follows the path may be
// secret.
func withoutQuery(recorded string) string {
	u, err := url.Parse(recorded)
	if err != nil {
		return "another page"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	return cut(u.String())
}

// act writes down one act.
func (t *translation) act(a *act) {
	for _, name := range a.unknown {
		t.remark(a.Step, "%q is nothing that Recorder's format has: it is left out", cut(name))
	}
	switch a.do {
	case "setViewport":
		t.setViewport(a)
		return
	case "emulateNetworkConditions":
		t.emulate(a)
		return
	case "customStep":
		parameters := ""
		if a.CustomParameters != "" {
			parameters = " with " + a.CustomParameters
		}
		t.remark(a.Step, "the custom step %q%s is not carried over: what it does is known only to what recorded it", cut(a.CustomName), parameters)
		return
	case "close":
		t.close(a)
		return
	}
	if _, known := fields[a.Type]; !known {
		t.remark(a.Step, "steps of this type are not known: it is not carried over")
		return
	}
	frame, ok := t.enter(a)
	if !ok {
		return
	}
	switch a.do {
	case "navigate":
		t.navigate(a)
	case "click", "doubleClick":
		t.click(a, frame)
	case "hover":
		if node, name := t.element(a, useAny, frame); node != nil {
			t.emit(a, "hover", node, t.with(a, "hover", name, frame != nil)...)
		}
	case "change":
		t.change(a, frame)
	case "press", "keyDown", "keyUp":
		t.keys(a)
	case "scroll":
		t.scroll(a, frame)
	case "waitForElement":
		t.waitForElement(a, frame)
	case "waitForExpression":
		t.waitForExpression(a, frame)
	}
}

// with gives a step's name, where what it does would be named by a selector,
// and its options.
func (t *translation) with(a *act, verb string, named *way, inFrame bool) []draft.Pair {
	var pairs []draft.Pair
	if named != nil {
		if name := t.stepName(verb + " " + named.name()); name != "" {
			pairs = append(pairs, draft.Pair{Key: "name", Value: draft.Word(name)})
		}
	}
	return append(pairs, t.stepOptions(a, inFrame)...)
}

// stepName makes a name unique; "" if it cannot be one.
func (t *translation) stepName(name string) string {
	const longest = 110
	if name = draft.Cut(name, longest); strings.Contains(name, "${") || name == "" {
		return ""
	}
	t.names[name]++
	if n := t.names[name]; n > 1 {
		unique := fmt.Sprintf("%s (%d)", name, n)
		for t.names[unique] > 0 {
			n++
			unique = fmt.Sprintf("%s (%d)", name, n)
		}
		t.names[unique]++
		return unique
	}
	return name
}

// element gives the target of a step, and its readable name if the first way
// has none. Without a way it remarks on that and gives nil.
func (t *translation) element(a *act, purpose use, frame *yaml.Node, more ...draft.Pair) (*yaml.Node, *way) {
	target := t.target(a.Selectors, purpose)
	for _, lost := range target.lost {
		t.remark(a.Step, "%s", lost)
	}
	if len(target.ways) == 0 {
		t.remark(a.Step, "is not carried over: no selector of its element could be")
		return nil, nil
	}
	return target.node(frame, more...), target.readable()
}
