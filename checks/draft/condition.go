package draft

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"
)

// operators start texts that conditions would take for a comparison, and end
// up in texts that have to be written in the long form.
var operators = regexp.MustCompile(`^(exists|absent)$|^(length|contains|not|matches|starts|ends|equals)\b|^[=!<>\["']|^\dxx$|^\s|\s$`)

// Equals is the condition that a text is this one.
func Equals(text string) *yaml.Node {
	if text == "" || operators.MatchString(text) {
		return Flow(Mapping(Pair{"equals", Text(text)}))
	}
	return Text(text)
}

// StartsWith is the condition that a text starts with this one.
func StartsWith(text string) *yaml.Node { return prefixed("starts with ", "starts_with", text) }

// Contains is the condition that a text has this one in it.
func Contains(text string) *yaml.Node { return prefixed("contains ", "contains", text) }

func prefixed(short, long, text string) *yaml.Node {
	if text == "" || operators.MatchString(text) {
		return Flow(Mapping(Pair{long, Text(text)}))
	}
	return Word(short + Escape(text))
}

var volatile = []*regexp.Regexp{
	regexp.MustCompile(`[0-9]{3}`),
	regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
	regexp.MustCompile(`(?i)^[0-9a-f]{12,}$`),
}

// Volatile tells whether a part of a URL, or a value, looks as if it were
// another one the next time: a number, an id, a token.
func Volatile(text string) bool {
	for _, v := range volatile {
		if v.MatchString(text) {
			return true
		}
	}
	return len(text) >= 8 && mixed(text)
}

// mixed tells whether letters of both cases and digits alternate as they do in
// nothing that people write: at every second place, or at every third of a long
// text.
func mixed(text string) bool {
	changes, digits, last := 0, 0, 0
	for _, r := range text {
		kind := 0
		switch {
		case unicode.IsDigit(r):
			kind = 1
			digits++
		case unicode.IsUpper(r):
			kind = 2
		case unicode.IsLower(r):
			kind = 3
		}
		if last != 0 && kind != last {
			changes++
		}
		last = kind
	}
	return changes*2 >= len(text) && digits > 0 || len(text) >= 20 && changes*3 >= len(text)
}

// secretNames are names of parameters, fields and headers whose values are
// secrets or are gone the next time.
var secretNames = regexp.MustCompile(`(?i)(^|[._-])(pass(word|wd|code|phrase)?|pwd|secret|api[._-]?key|apikey|access[._-]?key|private[._-]?key|auth|authorization|credentials?|sig|signature|jwt|assertion)([._-]|$)|password|passwd|secret|token|api_?key|apikey`)

// SecretName tells whether a name is one of a secret: password, api_key,
// access_token.
func SecretName(name string) bool { return secretNames.MatchString(name) }

var passingNames = regexp.MustCompile(`(?i)^(code|state|session|sessionid|session_id|sid|nonce|ticket|csrf|xsrf|ts|time|timestamp|_|v|cb|rnd|rand|random|gclid|fbclid|utm_.*)$`)

// URLCondition is what to expect of the URL of a page that was recorded. What
// looks as if it were another one the next time is left out; loosened tells so.
func URLCondition(recorded string) (condition *yaml.Node, loosened bool) {
	u, err := url.Parse(recorded)
	if err != nil || u.Host == "" {
		return nil, true
	}
	base := u.Scheme + "://" + u.Host
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if Volatile(s) {
			return StartsWith(base + strings.Join(segments[:i], "/") + "/"), true
		}
	}
	base += u.EscapedPath()
	for name, values := range u.Query() {
		if SecretName(name) || passingNames.MatchString(name) || Volatile(strings.Join(values, "")) {
			return StartsWith(base), true
		}
	}
	if u.RawQuery != "" {
		base += "?" + u.RawQuery
	}
	if u.Fragment == "" {
		return Equals(base), u.User != nil
	}
	if Volatile(u.Fragment) || strings.ContainsAny(u.Fragment, "=&") {
		return StartsWith(base), true
	}
	return Equals(base + "#" + u.EscapedFragment()), u.User != nil
}

// TitleCondition is what to expect of a page's title; nil for nothing that
// would be the same the next time.
func TitleCondition(recorded string) (condition *yaml.Node, loosened bool) {
	title := strings.Join(strings.Fields(recorded), " ")
	const least, longest = 4, 300
	digit := strings.IndexFunc(title, unicode.IsDigit)
	switch {
	case title == "" || len(title) > longest:
		return nil, title != ""
	case digit < 0:
		return Equals(title), false
	}
	if head := strings.TrimRight(title[:digit], " #(№"); len(head) >= least {
		return StartsWith(head), true
	}
	rest := title[digit:]
	if tail := strings.TrimLeft(rest[strings.LastIndexFunc(rest, unicode.IsDigit)+1:], " )]:.-·|"); len(tail) >= least {
		return Contains(tail), true
	}
	return nil, true
}
