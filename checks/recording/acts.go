package recording

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

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
