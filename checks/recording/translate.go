package recording

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
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

func (t *translation) navigate(a *act) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		if strings.HasPrefix(a.URL, "chrome://new") || a.URL == "about:blank" || a.URL == "" {
			t.note(a.Step, "the empty page that the recording began with is left out")
			return
		}
		t.remark(a.Step, "%s is no page of a website: it is not carried over", cut(a.URL))
		return
	}
	options := t.stepOptions(&act{Step: &Step{Timeout: a.Timeout}, merged: nil}, false)
	for i, e := range a.events() {
		if i > 0 {
			t.remark(a.Step, "asserts a second navigation, to %s: only the first is carried over", withoutQuery(e.URL))
			continue
		}
		if samePage(e.URL, a.URL) {
			e.URL = ""
		}
		if e != (Event{}) {
			options = append(options, draft.Pair{Key: "navigation", Value: t.page(a, e.URL, e.Title)})
		}
	}
	t.emit(a, "goto", draft.Word(t.address(u)), options...)
}

// samePage tells whether two URLs differ at most in what makes no difference.
func samePage(a, b string) bool {
	trim := func(s string) string {
		s, _, _ = strings.Cut(s, "#")
		return strings.TrimSuffix(s, "/")
	}
	return trim(a) == trim(b)
}

// address is a URL as goto has it, without what is secret in it: user name and
// password become the browser's, keys in the query a ${secret:NAME}.
func (t *translation) address(u *url.URL) string {
	if u.User != nil {
		auth := draft.Mapping(draft.Pair{Key: "username", Value: draft.Text(u.User.Username())})
		if password, ok := u.User.Password(); ok && password != "" {
			draft.Set(auth, "password", draft.Word(t.out.Secrets.Ref("PASSWORD", password)))
		}
		if !hasKey(t.out.Options, "auth") && u.User.Username() != "" {
			draft.Set(t.out.Options, "auth", draft.Flow(auth))
		}
		u.User = nil
	}
	query := ""
	if u.RawQuery != "" {
		var parts []string
		for part := range strings.SplitSeq(u.RawQuery, "&") {
			name, value, has := strings.Cut(part, "=")
			plain, err := url.QueryUnescape(name)
			if err == nil && has && value != "" && draft.SecretName(plain) {
				parts = append(parts, draft.Escape(name)+"="+t.out.Secrets.Ref(strings.ToUpper(plain), value))
				continue
			}
			parts = append(parts, draft.Escape(part))
		}
		query = "?" + strings.Join(parts, "&")
	}
	fragment := ""
	if u.Fragment != "" {
		fragment = "#" + draft.Escape(u.EscapedFragment())
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return draft.Escape(u.String()) + query + fragment
}

func hasKey(mapping *yaml.Node, key string) bool {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (t *translation) click(a *act, frame *yaml.Node) {
	verb, name := "click", "click"
	if a.do == "doubleClick" {
		verb, name = "double_click", "double-click"
	}
	var more []draft.Pair
	switch a.Button {
	case "", "primary":
	case "secondary":
		more = append(more, draft.Pair{Key: "button", Value: draft.Word("right")})
	case "auxiliary":
		more = append(more, draft.Pair{Key: "button", Value: draft.Word("middle")})
	case "back", "forward":
		t.emit(a, a.Button, draft.Null(), t.stepOptions(a, frame != nil)...)
		return
	default:
		t.remark(a.Step, "no mouse is known to have the button %q: the left one is used", cut(a.Button))
	}
	if a.Device != "" && a.Device != "mouse" {
		t.remark(a.Step, "was done by %s: it is clicked with the mouse", cut(a.Device))
	}
	x, y := a.OffsetX, a.OffsetY
	if x != 0 || y != 0 {
		const farthest = 100_000
		if (t.options.Positions || positioned(a.Selectors)) && x >= 0 && y >= 0 && x <= farthest && y <= farthest {
			more = append(more, draft.Pair{Key: "position", Value: draft.Word(number(x) + "," + number(y))})
		} else {
			t.moved++
		}
	}
	if a.Duration > 0 {
		const longest = 30 * time.Second // what a click can hold
		if a.Duration > longest {
			t.remark(a.Step, "holds the button for %s: at most %s can be", a.Duration, longest)
		}
		more = append(more, draft.Pair{Key: "hold", Value: draft.Duration(min(a.Duration, longest))})
	}
	if len(a.modifiers) > 0 {
		list := draft.Flow(draft.List())
		for _, m := range a.modifiers {
			list.Content = append(list.Content, draft.Word(m))
		}
		more = append(more, draft.Pair{Key: "modifiers", Value: list})
	}
	if node, named := t.element(a, useAny, frame, more...); node != nil {
		t.emit(a, verb, node, t.with(a, name, named, frame != nil)...)
	}
}

// number writes a coordinate without digits that nobody sees.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// positioned tells whether it matters where in an element is clicked.
func positioned(selectors [][]string) bool {
	h := hintsOf(selectors)
	return h.role == "slider" || slices.Contains([]string{"canvas", "svg", "video", "map", "area"}, h.tag)
}

// change puts a value into a field. The recording does not tell what kind of
// field it is: fill takes most, and what is no text is told by its selectors.
func (t *translation) change(a *act, frame *yaml.Node) {
	h := hintsOf(a.Selectors)
	if path, ok := strings.CutPrefix(a.Value, `C:\fakepath\`); ok || fileInput(a.Selectors) {
		t.remark(a.Step, "chooses a file, of which the recording has only the name %q: write upload: with the element and files:", cut(path))
		return
	}
	value := draft.Text(a.Value)
	switch kind := secretKind(a.Selectors, a.Value); {
	case a.Value == "" || kind == noSecret:
	case kind == codeKind:
		name := strings.TrimPrefix(t.out.Secrets.Ref(string(codeKind), a.Value), "${secret:")
		value = draft.Word("${totp:" + name)
		t.mention(a.Step, "a one-time code was typed: it is computed from the secret %s, the key of the authenticator", strings.TrimSuffix(name, "}"))
	case kind == cardCodeKind && !t.cardIsSecret():
		// The code of a card for trying is no secret.
	default:
		ref := t.out.Secrets.Ref(string(kind), a.Value)
		value = draft.Word(ref)
		t.mention(a.Step, "what was typed is kept out: put it into the secret %s", strings.TrimSuffix(strings.TrimPrefix(ref, "${secret:"), "}"))
	}
	verb, key := "fill", "value"
	switch {
	case h.role == "checkbox" || h.role == "radio" || a.Value == "on" && h.role == "":
		verb, key = "check", ""
		if a.Value == "false" || a.Value == "off" || a.Value == "" {
			verb = "uncheck"
		}
	case h.tag == "select":
		verb, key = "select", "option"
	}
	var more []draft.Pair
	if key != "" {
		more = append(more, draft.Pair{Key: key, Value: value})
	}
	if node, named := t.element(a, useField, frame, more...); node != nil {
		t.emit(a, verb, node, t.with(a, verb, named, frame != nil)...)
	}
}

func fileInput(selectors [][]string) bool {
	for _, chain := range selectors {
		if inputType(chain[len(chain)-1]) == "file" {
			return true
		}
	}
	return false
}

// cardIsSecret tells whether a card's number was kept out.
func (t *translation) cardIsSecret() bool {
	return slices.ContainsFunc(t.out.Secrets.Names(), func(name string) bool { return strings.Contains(name, string(cardKind)) })
}

func (t *translation) keys(a *act) {
	if a.do == "press" {
		key := a.key
		for _, m := range []string{"Meta", "Alt", "Shift", "Control"} {
			if slices.Contains(a.modifiers, m) && !(m == "Shift" && len([]rune(key)) == 1 && len(a.modifiers) == 1 && strings.ToUpper(key) == key && strings.ToLower(key) != key) {
				key = m + "+" + key
			}
		}
		t.emit(a, "press", draft.Word(key), t.stepOptions(a, false)...)
		return
	}
	if _, ok := t.keyName(a.Key); !ok && modifiers[a.Key] == "" {
		t.remark(a.Step, "the key %q is none that a journey can press: it is not carried over", cut(a.Key))
		return
	}
	verb := "key_down"
	if a.do == "keyUp" {
		verb = "key_up"
	}
	t.emit(a, verb, draft.Word(a.key), t.stepOptions(a, false)...)
}

func (t *translation) scroll(a *act, frame *yaml.Node) {
	const farthest = 1e7
	coordinate := func(v *float64) *yaml.Node {
		return draft.Number(int64(math.Round(min(max(*v, 0), farthest))))
	}
	var more []draft.Pair
	if a.X != nil && (len(a.Selectors) > 0 || *a.X > 0) {
		more = append(more, draft.Pair{Key: "x", Value: coordinate(a.X)})
	}
	if a.Y != nil {
		more = append(more, draft.Pair{Key: "y", Value: coordinate(a.Y)})
	}
	if len(a.Selectors) > 0 {
		if node, named := t.element(a, useAny, frame, more...); node != nil {
			t.emit(a, "scroll", node, t.with(a, "scroll", named, frame != nil)...)
		}
		return
	}
	switch {
	case frame != nil:
		node := target{ways: []way{newWay("css", "html")}}.node(frame, more...)
		t.emit(a, "scroll", node, t.stepOptions(a, true)...)
	case len(more) == 0 || len(more) == 1 && more[0].Key == "y" && more[0].Value.Value == "0":
		t.emit(a, "scroll", draft.Word("top"), t.stepOptions(a, false)...)
	default:
		t.emit(a, "scroll", draft.Flow(draft.Mapping(more...)), t.stepOptions(a, false)...)
	}
}

func (t *translation) setViewport(a *act) {
	size := [2]float64{math.Round(a.Width), math.Round(a.Height)}
	if len(t.out.Steps) > 0 {
		if size != t.viewport {
			t.remark(a.Step, "a journey keeps one size of its window: the change to %sx%s is not carried over", number(size[0]), number(size[1]))
		}
		return
	}
	const least, most = 100, 10_000
	clamped := [2]float64{min(max(size[0], least), most), min(max(size[1], least), most)}
	if clamped != size {
		t.remark(a.Step, "a window is from %d to %d pixels wide and high: %sx%s is changed to that", least, most, number(size[0]), number(size[1]))
	}
	t.viewport = clamped
	t.out.Options = draft.Mapping(slices.DeleteFunc(pairs(t.out.Options), func(p draft.Pair) bool { return p.Key == "viewport" || p.Key == "device" })...)
	set := func(key string, value *yaml.Node) {
		draft.Locate(value, a.Line, a.Column)
		draft.Set(t.out.Options, key, value)
	}
	switch small := min(clamped[0], clamped[1]); {
	case a.Mobile && small < 600:
		set("device", draft.Word("phone"))
	case a.Mobile:
		set("device", draft.Word("tablet"))
	case a.Touch:
		t.remark(a.Step, "the window has a touch screen, which only device: phone and tablet have")
	}
	if a.Scale != 0 && a.Scale != 1 {
		if a.Mobile {
			t.remark(a.Step, "the scale factor %s is left to the device", number(a.Scale))
		} else {
			t.remark(a.Step, "the scale factor %s is not carried over", number(a.Scale))
		}
	}
	set("viewport", draft.Word(fmt.Sprintf("%.0fx%.0f", clamped[0], clamped[1])))
}

func pairs(mapping *yaml.Node) []draft.Pair {
	var list []draft.Pair
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		list = append(list, draft.Pair{Key: mapping.Content[i].Value, Value: mapping.Content[i+1]})
	}
	return list
}

// networkNames are the connections of Chrome's developer tools, by their
// numbers: bytes per second down and up, and milliseconds.
var networkNames = map[[3]float64]string{
	{50_000, 50_000, 2000}:    "slow-3g",
	{180_000, 84_375, 562.5}:  "fast-3g",
	{1_012_500, 168_750, 165}: "4g",
	{0, 0, 0}:                 "offline",
	{187_500, 48_000, 50}:     "dsl",
}

func (t *translation) emulate(a *act) {
	conditions := [3]float64{a.Download, a.Upload, a.LatencyMS}
	if len(t.out.Steps) > 0 {
		if conditions != t.network {
			t.remark(a.Step, "a journey keeps one connection: the change to %s down, %s up and %s ms is not carried over", rate(a.Download), rate(a.Upload), number(a.LatencyMS))
		}
		return
	}
	t.network = conditions
	t.out.Options = draft.Mapping(slices.DeleteFunc(pairs(t.out.Options), func(p draft.Pair) bool { return p.Key == "network" })...)
	var value *yaml.Node
	if name, ok := networkNames[conditions]; ok {
		value = draft.Word(name)
	} else {
		value = draft.Flow(draft.Mapping())
		for _, r := range []struct {
			key   string
			speed float64
		}{{"download", a.Download}, {"upload", a.Upload}} {
			const least, most = 100, 10e9
			switch {
			case r.speed <= 0:
			case r.speed < least || r.speed > most:
				t.remark(a.Step, "%s of %s cannot be emulated: it is left out", r.key, rate(r.speed))
			default:
				draft.Set(value, r.key, draft.Word(rate(r.speed)))
			}
		}
		const longest = 60_000
		if a.LatencyMS >= 1 {
			if a.LatencyMS > longest {
				t.remark(a.Step, "a latency of %s ms is shortened to a minute", number(a.LatencyMS))
			}
			draft.Set(value, "latency", draft.Duration(time.Duration(min(a.LatencyMS, longest)*float64(time.Millisecond))))
		}
		if len(value.Content) == 0 {
			return // as fast as the host's own
		}
	}
	draft.Locate(value, a.Line, a.Column)
	draft.Set(t.out.Options, "network", value)
}

// rate writes bytes per second.
func rate(v float64) string {
	switch {
	case v < 0:
		return "any speed"
	case v >= 1000 && math.Mod(v, 100) == 0:
		return number(v/1000) + "kB/s"
	}
	return strconv.FormatFloat(math.Round(v), 'f', -1, 64) + "B/s"
}
