package har

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"outrider/checks/draft"
)

// capture is a value of an answer that a later request uses.
type capture struct {
	variable string
	source   string // as a definition writes it: json $.token
}

// leastToken is how long a value is at least, in bytes, for it to be looked for
// in answers: anything shorter stands in many of them by chance.
const leastToken = 4

// tokenNames are names of fields, parameters and headers whose values answers
// give, whatever they look like.
var tokenNames = regexp.MustCompile(`(?i)token|csrf|xsrf|nonce|viewstate|eventvalidation|authenticity|verification|session|ticket|^state$|(^|[._-])(id|uuid|guid|key|hash)$|[a-z]I[Dd]$`)

// isToken tells whether a value looks like one that an answer gave: by its
// name, or by being no word.
func isToken(name, value string) bool {
	if len(value) < leastToken || len(value) > 8<<10 || strings.TrimSpace(value) != value {
		return false
	}
	switch strings.ToLower(value) {
	case "true", "false", "null", "none", "undefined":
		return false
	}
	return draft.Volatile(value) || tokenNames.MatchString(name) && !plainWord.MatchString(value)
}

var plainWord = regexp.MustCompile(`^[A-Za-z]{1,15}$|^[a-z]+([-_ ][a-z]+)+$`)

// find looks for a value in what the journey was answered so far, the latest
// answer first, and gives the variable that keeps it; "" if no answer has it.
func (t *translation) find(name, value string, before int) string {
	if v := t.known[value]; v != "" {
		return v
	}
	if t.firstUse[value] < before || t.missed[value] {
		return "" // the page knew it before
	}
	for i := before - 1; i >= 0; i-- {
		h := t.hops[i]
		source, hint := t.source(h, value)
		if source == "" {
			continue
		}
		v := t.variable(name, hint)
		h.captures = append(h.captures, capture{v, source})
		t.known[value] = v
		return v
	}
	t.missed[value] = true
	return ""
}

// maxWork bounds how much text is searched for tokens, in bytes: a visit of
// hours with thousands of them comes nowhere near.
const maxWork = 4 << 30

// source says where an answer has a value; "" if it does not. hint is what it
// is called there.
func (t *translation) source(h *hop, value string) (source, hint string) {
	if path, key := t.jsonPath(h.end, value); path != "" {
		return "json " + path, key
	}
	for _, r := range h.end.Response.Headers {
		if r.Value != value || !headerName.MatchString(r.Name) || strings.EqualFold(r.Name, "Set-Cookie") {
			continue
		}
		return "header " + r.Name, r.Name
	}
	for _, c := range cookiesOf(h.end) {
		if c.Value == value && headerName.MatchString(c.Name) {
			return "cookie " + c.Name, c.Name
		}
	}
	if t.work += len(h.end.text); t.work > maxWork {
		if !t.told["work"] {
			t.told["work"] = true
			t.out.Remark("there is too much to search for tokens: those of later requests stand as they were recorded")
		}
		return "", ""
	}
	if pattern, key := textPattern(h.end.text, value); pattern != "" {
		return "regex " + pattern, key
	}
	return "", ""
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`)

// cookiesOf are the cookies that an answer sets.
func cookiesOf(e *entry) []*http.Cookie {
	var cookies []*http.Cookie
	for _, r := range e.Response.Headers {
		if !strings.EqualFold(r.Name, "Set-Cookie") {
			continue
		}
		for line := range strings.SplitSeq(r.Value, "\n") { // Firefox joins them so
			if c, err := http.ParseSetCookie(strings.TrimSpace(line)); err == nil {
				cookies = append(cookies, c)
			}
		}
	}
	return cookies
}

// leaves are the texts and numbers of a JSON body with the paths to them.
type leaves map[string]leaf

type leaf struct{ path, key string }

const (
	maxLeaves = 20_000
	maxDepth  = 30
)

// jsonPath gives the JSONPath of a value in an entry's JSON body.
func (t *translation) jsonPath(e *entry, value string) (path, key string) {
	if e.text == "" || !isJSON(e.media) {
		return "", ""
	}
	found, ok := t.leaves[e]
	if !ok {
		found = leaves{}
		dec := json.NewDecoder(strings.NewReader(e.text))
		dec.UseNumber()
		var body any
		if dec.Decode(&body) == nil {
			found.add(body, "$", "", 0)
		}
		t.leaves[e] = found
	}
	l := found[value]
	return l.path, l.key
}

func (l leaves) add(v any, path, key string, depth int) {
	if depth > maxDepth || len(path) > 500 || len(l) > maxLeaves {
		return
	}
	put := func(text string) {
		if _, taken := l[text]; !taken && len(text) >= leastToken {
			l[text] = leaf{path, key}
		}
	}
	switch v := v.(type) {
	case string:
		put(v)
	case json.Number:
		put(v.String())
	case []any:
		for i, item := range v {
			l.add(item, fmt.Sprintf("%s[%d]", path, i), key, depth+1)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			step := "." + name
			switch {
			case simpleKey.MatchString(name):
			case strings.ContainsAny(name, `'"\[]()=~`) || name == "" || strings.ContainsFunc(name, unicode.IsControl):
				continue // no path says that in a way that people can read
			default:
				step = "['" + name + "']"
			}
			called := name
			if strings.EqualFold(name, "id") && key != "" {
				called = strings.TrimSuffix(key, "s") + "_id"
			}
			l.add(v[name], path+step, called, depth+1)
		}
	}
}

var simpleKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// textPattern gives a regular expression whose first group finds a value in a
// text: by the input or meta element that has it, or by what stands before it.
func textPattern(text, value string) (pattern, key string) {
	if text == "" || len(value) < leastToken {
		return "", ""
	}
	const tries = 10
	at := 0
	for range tries {
		i := strings.Index(text[at:], value)
		if i < 0 {
			break
		}
		i += at
		at = i + len(value)
		if p, k := elementPattern(text, i, value); p != "" && finds(p, text, value) {
			return p, k
		}
		if p, k := contextPattern(text, i, value); p != "" {
			return p, k
		}
	}
	return "", ""
}

// finds tells whether the first match of a pattern is the value.
func finds(pattern, text, value string) bool {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false
	}
	m := re.FindStringSubmatch(text)
	return len(m) == 2 && m[1] == value && html.UnescapeString(value) == value
}

var (
	nameAttribute  = regexp.MustCompile(`\s(name|id|property)\s*=\s*("[^"]*"|'[^']*')`)
	valueAttribute = regexp.MustCompile(`\s(?:value|content)\s*=\s*["']$`)
)

// elementPattern is for <input name="csrf" value="…"> and <meta name="csrf"
// content="…">, in either order of their attributes.
func elementPattern(text string, at int, value string) (pattern, key string) {
	const longest = 1000
	start := strings.LastIndexByte(text[max(0, at-longest):at], '<')
	end := strings.IndexByte(text[at:min(len(text), at+len(value)+longest)], '>')
	if start < 0 || end < 0 {
		return "", ""
	}
	start += max(0, at-longest)
	before, after := text[start:at], text[at+len(value):at+max(end, len(value))]
	if !valueAttribute.MatchString(before) || after == "" {
		return "", ""
	}
	quote := before[len(before)-1:]
	group := `([^` + quote + `]+)` + quote
	attribute := valueAttribute.FindString(before)
	attribute = regexp.QuoteMeta(strings.TrimSpace(attribute))
	if m := nameAttribute.FindStringSubmatch(before); m != nil {
		return m[1] + `=` + regexp.QuoteMeta(m[2]) + `[^>]*` + attribute + group, strings.Trim(m[2], `"'`)
	}
	if m := nameAttribute.FindStringSubmatch(after); m != nil {
		return attribute + group + `[^>]*` + m[1] + `=` + regexp.QuoteMeta(m[2]), strings.Trim(m[2], `"'`)
	}
	return "", ""
}

// contextPattern takes as much of what stands before a value as makes it the
// first match.
func contextPattern(text string, at int, value string) (pattern, key string) {
	rest := text[at+len(value):]
	if rest == "" || at == 0 {
		return "", ""
	}
	delim := rest[:1]
	if c := delim[0]; c >= 0x80 || unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.Contains(value, delim) {
		return "", ""
	}
	group := `([^` + classEscape(delim) + `]+)`
	line := text[max(0, at-80):at]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	for from := len(line) - 1; from >= 0; from-- {
		c := line[from]
		boundary := from == 0 || strings.IndexByte(` "'{,<>?&;/=`, c) >= 0
		context := line[from:]
		if !boundary || len(context) < 4 || draft.Volatile(context) || c >= 0x80 {
			continue
		}
		if strings.Index(text, context) != at-len(context) {
			continue // it stands before something else, too
		}
		p := regexp.QuoteMeta(context) + group
		if !strings.ContainsFunc(context, unicode.IsControl) && finds(p, text, value) {
			words := keyWord.FindAllString(context, -1)
			if len(words) > 0 {
				key = words[len(words)-1]
			}
			return strings.TrimLeft(p, " "), key
		}
	}
	return "", ""
}

var keyWord = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_-]+`)

func classEscape(delim string) string {
	if strings.Contains(`\]^-`, delim) {
		return `\` + delim
	}
	return delim
}

// variable makes a name for what is captured, of what the request calls it or
// else what the answer does.
func (t *translation) variable(name, hint string) string {
	base := variableName(name)
	if base == "" || base == "id" || base == "value" {
		if h := variableName(hint); h != "" {
			base = h
		}
	}
	if base == "" {
		base = "captured"
	}
	free := base
	for n := 2; t.variables[free]; n++ {
		free = base + strconv.Itoa(n)
	}
	t.variables[free] = true
	return free
}

var notVariable = regexp.MustCompile(`[^A-Za-z0-9]+`)

func variableName(name string) string {
	name = strings.Trim(notVariable.ReplaceAllString(name, "_"), "_")
	name = strings.TrimLeft(name, "0123456789_")
	const longest = 40
	if name = strings.TrimRight(name[:min(len(name), longest)], "_"); name == "" {
		return ""
	}
	if strings.ToUpper(name) == name || strings.Contains(name, "_") {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:1]) + name[1:]
}
