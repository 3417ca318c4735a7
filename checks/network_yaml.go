package checks

import (
	"mime"
	"path/filepath"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

var (
	rateForm    = form{"type": "string", "pattern": `^ *[0-9.]+ *([kMG]?bit/s|[kMG]bps|[kM]?B/s) *$|\$\{`}
	patternForm = form{"type": "string", "minLength": 1, "maxLength": maxURLPattern}
	keepingForm = anyOf(form{"type": "string", "enum": []string{"always", "failure", "never"}}, percentForm)
)

// networkKeys are those of browser_options that are about the network and
// about what is kept of it.
var networkKeys = []key[browserDraft]{
	{name: "network", doc: "The connection to make believe: " + strings.Join(networkNames(), ", ") + ", or {download, upload, latency}. Default: the host's own.",
		form: anyOf(form{"type": "string", "enum": networkNames()}, variableForm, ref("network")),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { set(&o.Network)(d.network(n)) }, instead: []string{"throttle", "throttling", "connection"}},
	{name: "cpu", doc: "How many times slower than the host's the processor is made, such as 4x.", form: anyOf(form{"type": "number", "minimum": 1, "maximum": maxCPUSlowdown}, form{"type": "string", "pattern": `^ *[0-9.]+ *x? *$|\$\{`}),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.CPU)(parsed(d, n, "how many times slower, such as 4x", parseSlowdown))
		}},
	{name: "block", doc: "URLs that are not asked for; * stands for any text, as in *.ads.example/*.", form: orList(patternForm),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { o.Block = d.urlPatterns(n) }, instead: []string{"blocked", "blocklist"}},
	{name: "stub", doc: "Answers that take the place of those from the network.", form: orList(ref("stub")),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { o.Stubs = d.stubs(n) }, instead: []string{"stubs", "mock", "mocks"}},
	{name: "trace", doc: "Sends a W3C traceparent header with requests to the site that goto steps open, so that a run leads to its backend trace.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { set(&o.Trace)(d.boolean(n)) }, instead: []string{"traceparent", "tracing"}},
	{name: "keep", doc: "Of which runs the larger pieces of evidence are kept.", form: ref("keep"),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { keepObject.decode(d, n, &o.Keep) }},
}

var networkObject = object[Network]{name: "network", noun: "network", doc: "A connection by its numbers.",
	sample: "one of " + strings.Join(networkNames(), ", ") + ", or {download: 1.6Mbit/s, upload: 750kbit/s, latency: 150ms}",
	keys: []key[Network]{
		{name: "download", doc: "Speed towards the browser, such as 1.6Mbit/s. Default: unlimited.", form: rateForm,
			read: func(d *decoder, n *yaml.Node, w *Network) { set(&w.Download)(d.rate(n)) }, instead: []string{"down"}},
		{name: "upload", doc: "Speed from the browser, such as 750kbit/s. Default: unlimited.", form: rateForm,
			read: func(d *decoder, n *yaml.Node, w *Network) { set(&w.Upload)(d.rate(n)) }, instead: []string{"up"}},
		{name: "latency", doc: "Time added between a request and the start of its answer. Default: none.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, w *Network) {
				set(&w.Latency)(d.duration(n, time.Millisecond))
				if w.Latency > maxLatency {
					d.problem(n, "write at most %s", formatDuration(maxLatency))
				}
			}, instead: []string{"rtt", "delay"}},
	}, rules: form{"minProperties": 1}}

// maxLatency bounds an emulated latency: with more, no page would be loaded.
const maxLatency = time.Minute

func (d *decoder) network(n *yaml.Node) (Network, bool) {
	if !d.isMapping(n) {
		return parsed(d, n, networkObject.sample, parseNetwork)
	}
	var w Network
	entries, ok := networkObject.decode(d, n, &w)
	if ok && len(entries) == 0 {
		d.problem(n, "says nothing: write %s", networkObject.sample)
	}
	return w, ok
}

func (d *decoder) rate(n *yaml.Node) (float64, bool) {
	return parsed(d, n, "a speed such as 1.6Mbit/s", parseRate)
}

// urlPattern reads a pattern that MatchesURL understands.
func (d *decoder) urlPattern(n *yaml.Node) (string, bool) {
	p, ok := d.text(n, "a URL in which * stands for any text, such as *.ads.example/*")
	p = strings.TrimSpace(p)
	switch {
	case !ok:
	case p == "" || len(p) > maxURLPattern:
		d.problem(n, "write a URL of 1 to %d bytes in which * stands for any text", maxURLPattern)
		return "", false
	case !strings.Contains(p, "*") && !strings.Contains(p, "://"):
		d.problem(n, "found %q, which no URL is: write *%s* for every URL that has it, or a whole URL", cut(p), cut(p))
		return "", false
	}
	return p, ok
}

func (d *decoder) urlPatterns(n *yaml.Node) []string {
	var list []string
	items := d.itemsOrOne(n)
	if len(items) > maxURLPatterns {
		d.problem(n, "has %d patterns: write at most %d", len(items), maxURLPatterns)
		return nil
	}
	for _, item := range items {
		if p, ok := d.urlPattern(item); ok && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// stubDraft is a stub while it is read.
type stubDraft struct {
	Stub
	body string // the key that gave the body
}

var stubObject = object[stubDraft]{name: "stub", noun: "a stub", doc: "An answer that takes the place of one from the network.",
	sample: `what to answer, such as {url: "https://chat.example/*", status: 204}`,
	keys: []key[stubDraft]{
		{name: "url", doc: "The URLs that are answered so; * stands for any text. The first stub that fits counts.", form: patternForm,
			read: func(d *decoder, n *yaml.Node, s *stubDraft) { set(&s.Pattern)(d.urlPattern(n)) }, instead: []string{"pattern", "match"}},
		{name: "status", doc: "The status. Default: 200.", form: anyOf(form{"type": "integer", "minimum": 200, "maximum": 599}, variableForm),
			read: func(d *decoder, n *yaml.Node, s *stubDraft) { set(&s.Status)(d.integer(n, 200, 599)) }},
		{name: "type", doc: "The media type of the body. Default: by the file's name, text/plain for text, none without a body.", form: textForm,
			read: func(d *decoder, n *yaml.Node, s *stubDraft) { set(&s.Type)(d.mediaType(n)) }, instead: []string{"content_type"}},
		{name: "body", doc: "The body, as text.", form: textForm,
			read: func(d *decoder, n *yaml.Node, s *stubDraft) {
				if text, ok := d.text(n, "text"); ok && d.soleBody(n, s, "body") {
					s.Body = []byte(text)
				}
			}},
		{name: "file", doc: "The path of a file with the body, relative to this file.", form: textForm,
			read: func(d *decoder, n *yaml.Node, s *stubDraft) { d.stubFile(n, s) }, instead: []string{"path"}},
		{name: "headers", doc: "Further headers of the answer.", form: fieldsForm,
			read: func(d *decoder, n *yaml.Node, s *stubDraft) { s.Headers = d.constantHeaders(n) }},
	}, rules: form{"required": []string{"url"}}}

func (d *decoder) soleBody(n *yaml.Node, s *stubDraft, by string) bool {
	if s.body != "" {
		d.problem(n, "the stub has a body already, by %s: remove one", s.body)
		return false
	}
	s.body = by
	return true
}

func (d *decoder) stubFile(n *yaml.Node, s *stubDraft) {
	path, ok := d.text(n, "the path of a file")
	if !ok || !d.soleBody(n, s, "file") {
		return
	}
	if s.Body, ok = d.readFile(n, path, maxStubBody); ok && s.Type == "" {
		s.Type = mediaType(path)
		if own := mime.TypeByExtension(filepath.Ext(path)); s.Type == "application/octet-stream" && own != "" {
			s.Type = own // scripts and styles, which every table has alike
		}
	}
}

// constantHeaders reads headers that are the same in every run.
func (d *decoder) constantHeaders(n *yaml.Node) []Field {
	fields := d.headers(n)
	for _, f := range fields {
		if _, constant := f.Value.Constant(); !constant {
			d.problem(n, "the value of %s must be the same in every run", f.Name)
		}
	}
	d.uses = nil
	return fields
}

func (d *decoder) stubs(n *yaml.Node) []Stub {
	var list []Stub
	items := d.itemsOrOne(n)
	if len(items) > maxStubs {
		d.problem(n, "has %d stubs: write at most %d", len(items), maxStubs)
		return nil
	}
	for _, item := range items {
		s := stubDraft{Stub: Stub{Status: 200}}
		entries, ok := stubObject.decode(d, item, &s)
		switch {
		case !ok:
			continue
		case !has(entries, "url"):
			d.problem(item, "needs url: which URLs to answer so")
			continue
		case s.body == "body" && s.Type == "":
			s.Type = "text/plain; charset=utf-8"
		}
		list = append(list, s.Stub)
	}
	return list
}

// keepKey is a key that says of which runs something is kept.
func keepKey(name, doc string, field func(*Keep) *Keeping) key[Keep] {
	return key[Keep]{name: name, doc: doc, form: keepingForm,
		read: func(d *decoder, n *yaml.Node, k *Keep) {
			set(field(k))(parsed(d, n, "always, failure, never or a share such as 10%", parseKeeping))
		}}
}

var keepObject = object[Keep]{name: "keep", noun: "keep", doc: "Of which runs the larger pieces of evidence are kept: always, failure, never, or a share such as 10% of those that worked and all that failed.",
	keys: []key[Keep]{
		keepKey("har", "The requests as a HAR, and the waterfall that is drawn of it. Default: failure.", func(k *Keep) *Keeping { return &k.HAR }),
		keepKey("film", "Pictures of the page while it loads, and the Speed Index. Default: never.", func(k *Keep) *Keeping { return &k.Film }),
		keepKey("dom", "The page's document at the end of the run. Default: failure.", func(k *Keep) *Keeping { return &k.DOM }),
		keepKey("chrome_trace", "What the browser traced, for Chrome's performance panel; the run gets a browser of its own. Default: never.", func(k *Keep) *Keeping { return &k.ChromeTrace }),
	}, rules: form{"minProperties": 1}}
