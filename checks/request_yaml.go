package checks

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// requestDraft is an HTTP step while it is read.
type requestDraft struct {
	stepDraft
	Request
	http    httpDraft
	verb    *yaml.Node // the first key that names a method
	body    *yaml.Node // the first key that gives a body
	bodyKey string
	status  bool // the step says which status it expects
}

// stepDraft is what steps of all kinds have in common.
type stepDraft struct {
	name       string
	timeout    time.Duration
	thresholds Thresholds
}

var stepKeys = []key[stepDraft]{
	{name: "name", doc: "The step's name. History hangs on it. Default: what the step does.", form: form{"type": "string"},
		read: func(d *decoder, n *yaml.Node, s *stepDraft) {
			if v, ok := d.plain(n, "a name"); ok {
				s.name = strings.TrimSpace(v)
				if s.name == "" || len(s.name) > maxStepName {
					d.problem(n, "write a name of 1 to %d bytes", maxStepName)
				}
			}
		}},
	{name: "timeout", doc: "How long the step may take. Default: the check's timeout.", form: durationForm,
		read: func(d *decoder, n *yaml.Node, s *stepDraft) { set(&s.timeout)(d.duration(n, time.Millisecond)) }},
	{name: "thresholds", doc: "Bounds on what the step may take.", form: ref("thresholds"),
		read: func(d *decoder, n *yaml.Node, s *stepDraft) {
			d.readThresholds(n, &s.thresholds)
			d.key = ""
			d.checkThresholds(n, &s.thresholds)
		}},
}

var methods = [...]string{"get", "post", "put", "patch", "delete", "head", "options"}

var requestObject = object[requestDraft]{name: "request", noun: "an HTTP step",
	doc:   "One request: what is sent, what is expected of the answer, what is kept of it.",
	keys:  requestKeys(),
	rules: form{"oneOf": requiredOne(append(methods[:], "request"))}}

func requiredOne(names []string) []form {
	forms := make([]form, len(names))
	for i, name := range names {
		forms[i] = form{"required": []string{name}}
	}
	return forms
}

func requestKeys() []key[requestDraft] {
	var keys []key[requestDraft]
	for _, m := range methods {
		k := key[requestDraft]{name: m, doc: "Sends a " + strings.ToUpper(m) + " request to this URL.", form: form{"type": "string"},
			read: func(d *decoder, n *yaml.Node, r *requestDraft) { d.readMethod(n, r, strings.ToUpper(m)) }}
		if m == "get" {
			k.instead = []string{"url", "goto", "fetch"}
		}
		keys = append(keys, k)
	}
	keys = append(keys, key[requestDraft]{name: "request", doc: "Sends a request with any method.", form: ref("method_url"), read: readRequestKey})
	keys = append(keys, lift(stepKeys, func(r *requestDraft) *stepDraft { return &r.stepDraft })...)
	keys = append(keys,
		key[requestDraft]{name: "query", doc: "Parameters that are added to the URL's query.", form: fieldsForm,
			read: func(d *decoder, n *yaml.Node, r *requestDraft) { r.Query = d.fields(n, "parameters, such as {q: mug}") }, instead: []string{"params"}},
	)
	keys = append(keys, bodyKeys()...)
	keys = append(keys,
		key[requestDraft]{name: "expect", doc: "What must be true of the answer. Without status, it must be below 400.", form: ref("expect"), read: readExpect, instead: []string{"assert", "conditions", "check"}},
		key[requestDraft]{name: "capture", doc: "What is kept of the answer in variables for later steps: json PATH, header NAME, regex PATTERN or cookie NAME.",
			form: mapOf(form{"type": "string", "pattern": "^(json|header|regex|cookie) "}), read: readCapture, instead: []string{"store", "extract", "save"}},
	)
	return append(keys, lift(httpKeys, func(r *requestDraft) *httpDraft { return &r.http })...)
}

// methodURL is the long form of a request: {method: PURGE, url: …}.
type methodURL struct {
	method string
	url    *yaml.Node
}

var methodURLObject = object[methodURL]{name: "method_url", noun: "a request", doc: "A request with any method.",
	keys: []key[methodURL]{
		{name: "method", doc: "The method. Default: GET.", form: form{"type": "string"},
			read: func(d *decoder, n *yaml.Node, m *methodURL) { set(&m.method)(d.text(n, "a method such as PURGE")) }},
		{name: "url", doc: "The URL.", form: form{"type": "string"},
			read: func(_ *decoder, n *yaml.Node, m *methodURL) { m.url = n }},
	},
	rules: form{"required": []string{"url"}}}

func readRequestKey(d *decoder, n *yaml.Node, r *requestDraft) {
	m := methodURL{method: "GET"}
	if _, ok := methodURLObject.decode(d, n, &m); !ok {
		return
	}
	if !httpguts.ValidHeaderFieldName(m.method) || strings.EqualFold(m.method, "CONNECT") { // both are tokens
		d.problem(n, "%q is no method that can be sent: write one such as PURGE", cut(m.method))
		return
	}
	if m.url == nil {
		d.problem(n, "needs url")
		return
	}
	d.readMethod(m.url, r, strings.ToUpper(m.method))
}

func (d *decoder) readMethod(n *yaml.Node, r *requestDraft, method string) {
	if r.verb != nil {
		d.problem(n, "a step is one request, and it has one already: start another step with -")
		return
	}
	r.verb, r.Method = n, method
	set(&r.URL)(d.url(n))
}

// url reads a URL that may have variables; what is known of it is checked.
func (d *decoder) url(n *yaml.Node) (Template, bool) {
	t, ok := d.template(n)
	if !ok {
		return t, false
	}
	text, constant := t.Constant()
	switch {
	case t.IsZero() || constant && text == "":
		d.problem(n, "is empty: write a URL such as ${SHOP_URL}/api")
		return t, false
	case !constant && !t.parts[0].constant():
		return t, true // only the run can tell
	case !constant:
		text = t.parts[0].text
	}
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		d.problem(n, "found %q: write a URL that starts with https:// or http://", cut(t.source))
		return t, false
	}
	if !constant {
		return t, true
	}
	if u, err := url.Parse(text); err != nil || u.Host == "" {
		d.problem(n, "found %q: this is no valid URL", cut(t.source))
		return t, false
	}
	return t, true
}

// readRequests reads the steps of an HTTP journey.
func (d *decoder) readRequests(items []*yaml.Node, c *checkDraft) {
	captured := map[string]bool{}
	if c.http.TLS.SkipVerify {
		d.warnSkipVerify(c.http.skipPos)
	}
	for _, n := range items {
		r := requestDraft{http: c.http}
		r.http.certPos, r.http.skipPos = nil, Position{}
		d.uses = nil
		before := len(d.problems)
		if _, ok := requestObject.decode(d, n, &r); !ok {
			continue
		}
		if r.verb == nil && len(d.problems) == before {
			d.problem(n, "this step makes no request: add one such as get: ${SHOP_URL}/")
		}
		d.checkClientCert(&r.http)
		if r.http.TLS.SkipVerify && r.http.skipPos.Line > 0 {
			d.warnSkipVerify(r.http.skipPos)
		}
		d.checkUses(append(c.http.uses[:len(c.http.uses):len(c.http.uses)], d.uses...), captured)
		c.Journey.Steps = append(c.Journey.Steps, r.step(d.at(n)))
		for _, capture := range r.Capture {
			captured[capture.Variable] = true
		}
	}
}

func (d *decoder) warnSkipVerify(pos Position) {
	d.warn(pos, "skip_verify accepts any certificate, an attacker's as well: trust the site's CA with ca: instead")
}

// step is the finished step.
func (r *requestDraft) step(pos Position) Step {
	request := r.Request
	request.HTTPOptions = r.http.HTTPOptions
	request.Headers = r.http.headers
	request.Auth = r.http.auth
	if !r.status {
		request.Expect = append([]Assertion{{Subject: SubjectStatus, Condition: defaultStatus(), Pos: pos}}, request.Expect...)
	}
	return Step{Name: r.name, Timeout: r.timeout, Thresholds: r.thresholds, Action: &request, Pos: pos}
}

// defaultStatus is what is expected of a step that says nothing of the status.
func defaultStatus() Condition {
	return Condition{Op: OpLess, source: "< 400", operand: Literal("400"), want: &operand{text: "400", number: 400, hasNumber: true}}
}

// checkUses holds variables against what earlier steps have captured.
func (d *decoder) checkUses(uses []variableUse, captured map[string]bool) {
	for _, use := range uses {
		if captured[use.name] {
			continue
		}
		names := slices.Sorted(maps.Keys(captured))
		message := "unknown variable ${" + use.name + "}: no earlier step captures it"
		if len(names) > 0 {
			if s := suggestion(use.name, names); strings.HasPrefix(s, ",") {
				message += s
			}
		}
		if upper := strings.ToUpper(use.name); !strings.Contains(message, "did you mean") {
			if _, ok := d.opts.LookupEnv(upper); ok {
				message += "; environment variables are written in capitals: ${" + upper + "}"
			}
		}
		d.addProblem(use.pos, message)
	}
}
