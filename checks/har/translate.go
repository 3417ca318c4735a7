package har

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

// Options is how an archive is translated.
type Options struct {
	// Source is the name of the file, for the comment at the top.
	Source string
	// Title is what the check is called; empty: the first page.
	Title string
	// ThirdParties includes requests to other sites than those whose pages
	// were visited.
	ThirdParties bool
	// Static includes scripts, styles, pictures, fonts and the like.
	Static bool
}

// translation is the work on one archive.
type translation struct {
	options Options
	out     *draft.Definition
	hops    []*hop
	bodies  []body

	known     map[string]string // variable by value
	variables map[string]bool   // names that are taken
	firstUse  map[string]int    // index of the first request with a value
	uses      map[string]int    // how many requests have a value
	leaves    map[*entry]leaves // of JSON answers, made when first needed
	missed    map[string]bool   // values that no answer has
	work      int               // bytes that were searched
	told      map[string]bool   // what was said already
	remarks   map[int][]string  // by request
}

const defaultEvery = time.Minute

// Translate writes an archive down as an HTTP check. Its error is a *Problem.
func Translate(a *Archive, options Options) (*draft.Definition, error) {
	t := &translation{
		options: options,
		out:     &draft.Definition{Kind: "http", Every: defaultEvery, Options: draft.Mapping(), Secrets: &draft.Secrets{}},
		known:   map[string]string{}, variables: map[string]bool{}, firstUse: map[string]int{}, uses: map[string]int{}, missed: map[string]bool{},
		leaves: map[*entry]leaves{}, told: map[string]bool{}, remarks: map[int][]string{},
	}
	t.hops = t.choose(a)
	switch {
	case len(a.Entries) == 0:
		return nil, problem("has no requests: record the visit with the network panel open")
	case len(t.hops) == 0:
		return nil, problem("has no request of its pages' own sites%s", t.included())
	case len(t.hops) > draft.MaxSteps:
		return nil, problem("comes to %d requests: a journey has at most %d, record a shorter visit", len(t.hops), draft.MaxSteps)
	}
	t.title(a)
	t.readRequests()
	steps := make([]*yaml.Node, len(t.hops))
	for i := range t.hops {
		steps[i] = t.step(i)
	}
	t.cookies()
	for i, keys := range steps {
		// Captures are known only once the later requests are written.
		if captures := t.hops[i].captures; len(captures) > 0 {
			list := draft.Mapping()
			for _, c := range captures {
				draft.Set(list, c.variable, draft.Word(c.source))
			}
			draft.Set(keys, "capture", list)
		}
		t.out.Steps = append(t.out.Steps, draft.Step{Keys: keys, Remarks: t.remarks[i]})
	}
	t.intro(a)
	t.out.HideSecrets()
	return t.out, nil
}

func (t *translation) included() string {
	if t.options.ThirdParties && t.options.Static {
		return ""
	}
	return " that is no static file: --third-parties and --static include the others"
}

// title names the check by the first page, and its secrets by the site.
func (t *translation) title(a *Archive) {
	first := t.hops[0].url
	title := t.options.Title
	if title == "" && len(a.Pages) > 0 && !strings.Contains(a.Pages[0].Title, "://") {
		title = a.Pages[0].Title // Firefox has the title here, Chrome the URL
	}
	if strings.TrimSpace(title) == "" {
		title = strings.TrimPrefix(first.Hostname(), "www.") + strings.TrimSuffix(first.Path, "/")
	}
	t.out.ID, t.out.Name = draft.ID(title, "visit"), draft.Title(title)
	name, _, _ := strings.Cut(site(first), ".")
	if strings.ContainsAny(name, "0123456789:") || name == "localhost" {
		name = "SITE"
	}
	t.out.Secrets.Prefix = name
}

// readRequests takes the requests apart, so that it is known which values the
// page had before any answer gave them.
func (t *translation) readRequests() {
	t.bodies = make([]body, len(t.hops))
	for i, h := range t.hops {
		b, why := readBody(h.Request.PostData)
		if why != "" {
			t.remark(i, "%s", why)
		}
		t.bodies[i] = b
		seen := map[string]bool{}
		for _, p := range parts(h.entry, b) {
			if _, known := t.firstUse[p.value]; !known {
				t.firstUse[p.value] = i
			}
			if !seen[p.value] {
				seen[p.value] = true
				t.uses[p.value]++
			}
		}
	}
}

// remark says something at the place of a request, and to whoever imports.
func (t *translation) remark(at int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h := t.hops[at]
	t.remarks[at] = append(t.remarks[at], text)
	t.out.Remark("entry %d (%s %s): %s", h.number, cut(h.Request.Method, 20), cut(h.url.Path, 80), text)
}

var knownMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// step writes one request.
func (t *translation) step(at int) *yaml.Node {
	h, b := t.hops[at], t.bodies[at]
	method := strings.ToUpper(h.Request.Method)
	address, query := t.address(at, h.url)
	keys := draft.Mapping()
	if slices.Contains(knownMethods, method) {
		draft.Set(keys, strings.ToLower(method), address)
	} else {
		if !headerName.MatchString(method) || method == "CONNECT" {
			t.remark(at, "the method %q cannot be sent: GET is", cut(method, 20))
			method = "GET"
		}
		draft.Set(keys, "request", draft.Mapping(draft.Pair{Key: "method", Value: draft.Word(method)}, draft.Pair{Key: "url", Value: address}))
	}
	if len(query) > 0 {
		draft.Set(keys, "query", t.fields(at, query, func(_, value string) string { return value }))
	}
	headers, auth := t.headers(at, h.entry, b)
	if len(headers.Content) > 0 {
		draft.Set(keys, "headers", headers)
	}
	for _, p := range auth {
		draft.Set(keys, p.Key, p.Value)
	}
	if p := t.bodyPair(at, b); p != nil && (b.kind == "json" || len(p.Value.Content)+len(p.Value.Value) > 0) {
		draft.Set(keys, p.Key, p.Value)
	}
	status := h.end.Response.Status
	if status == http.StatusNotModified {
		status = http.StatusOK // the journey has no cache to ask about
	}
	if redirect(h.end) != "" {
		t.remark(at, "its redirect was not followed in the recording")
		draft.Set(keys, "redirects", draft.Word("none"))
	}
	draft.Set(keys, "expect", draft.Flow(draft.Mapping(draft.Pair{Key: "status", Value: draft.Number(int64(status))})))
	return keys
}

// measuring are cookies of those who count visitors; sessions are those that a
// sign-in before the recording left.
var (
	measuring = regexp.MustCompile(`(?i)^(_ga|_gid|_gat|_gcl|_fbp|_fbc|_pk_|_hj|_uet|_clck|_clsk|_tt_|ajs_|amplitude|mp_|optimizely|intercom|__utm|cookie.?consent|consent|CONSENT|OptanonConsent|euconsent|_dc_|_ym_|kndctr_|AMCV)`)
	sessions  = regexp.MustCompile(`(?i)sess|sid$|^sid|auth|token|jwt|login|remember|user|account|identity`)
)

// cookies tells of those that were there before the recording began: the
// journey starts without any. What keeps a customer signed in is sent as a
// secret.
func (t *translation) cookies() {
	set := map[string]bool{}
	var before []string
	values := map[string]string{}
	for _, h := range t.hops {
		for _, line := range h.Request.Headers {
			if !strings.EqualFold(line.Name, "Cookie") {
				continue
			}
			for field := range strings.SplitSeq(line.Value, ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
				if !ok || set[name] || values[name] != "" || value == "" || !headerName.MatchString(name) {
					continue
				}
				values[name] = value
				before = append(before, name)
			}
		}
		for _, c := range cookiesOf(h.entry) {
			set[c.Name] = true
		}
		for _, c := range cookiesOf(h.end) {
			set[c.Name] = true
		}
	}
	var kept, left []string
	for _, name := range before {
		if sessions.MatchString(name) && !measuring.MatchString(name) {
			kept = append(kept, draft.Escape(name)+"="+t.out.Secrets.Ref("COOKIE_"+secretKind(name), values[name]))
		} else {
			left = append(left, name)
		}
	}
	if len(kept) > 0 {
		headers := draft.Mapping(draft.Pair{Key: "Cookie", Value: draft.Word(strings.Join(kept, "; "))})
		draft.Set(t.out.Options, "headers", headers)
		t.out.Remark("the visitor was signed in before the recording began: the cookies that say so are secrets in http_options; better record the sign-in, too")
	}
	if len(left) > 0 {
		t.out.Remark("cookies that were there before the recording began are left out: %s", cut(strings.Join(left, ", "), 200))
	}
}

func (t *translation) intro(a *Archive) {
	if t.options.Source != "" {
		by := ""
		if a.Creator != "" {
			by = " of " + a.Creator
		}
		t.out.Intro = append(t.out.Intro, "Imported from "+t.options.Source+", a HAR"+by+".")
	}
	if names := t.out.Secrets.Names(); len(names) > 0 {
		t.out.Intro = append(t.out.Intro, "Set before it runs: "+strings.Join(names, ", ")+" (secrets, whose recorded values are not kept).")
	}
}

// cut shortens what a message quotes.
func cut(s string, longest int) string { return draft.Cut(s, longest) }
