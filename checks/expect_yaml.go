package checks

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ohler55/ojg/jp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// expectKey is a key of expect whose value is one condition.
func expectKey(subject Subject, doc string, m measure, instead ...string) key[requestDraft] {
	return key[requestDraft]{name: string(subject), doc: doc, form: conditionForm, instead: instead,
		read: func(d *decoder, n *yaml.Node, r *requestDraft) {
			if c, ok := d.condition(n, m); ok {
				r.Expect = append(r.Expect, Assertion{Subject: subject, Condition: c, Pos: d.at(n)})
			}
		}}
}

var expectObject = object[requestDraft]{name: "expect", noun: "expect", doc: "What must be true of the answer.",
	keys: []key[requestDraft]{
		{name: "status", doc: "The status: 200, 2xx, [200, 204], \"< 400\".", form: conditionForm, instead: []string{"code", "status_code"},
			read: func(d *decoder, n *yaml.Node, r *requestDraft) {
				r.status = true
				if c, ok := d.condition(n, numberMeasure); ok {
					r.Expect = append(r.Expect, Assertion{Subject: SubjectStatus, Condition: c, Pos: d.at(n)})
				}
			}},
		expectKey(SubjectLatency, "How long the whole step took: \"< 300ms\".", durationMeasure, "response_time", "duration", "time"),
		expectKey(SubjectResolve, "How long name resolution took.", durationMeasure, "dns"),
		expectKey(SubjectConnect, "How long the TCP handshake took.", durationMeasure, "tcp"),
		expectKey(SubjectTLS, "How long the TLS handshake took.", durationMeasure),
		expectKey(SubjectFirstByte, "How long it took from the request to the first byte of the answer.", durationMeasure, "ttfb"),
		expectKey(SubjectDownload, "How long the body took.", durationMeasure),
		{name: "headers", doc: "Conditions on headers, by name.", form: mapOf(conditionForm), read: readHeaderAssertions, instead: []string{"header"}},
		{name: "body", doc: "A condition on the body's text, or a list of which all must hold.", form: orList(conditionForm), read: readBodyAssertions},
		{name: "json", doc: "Conditions on values of a JSON body, by JSONPath.", form: mapOf(conditionForm), read: readJSONAssertions},
		{name: "json_schema", doc: "The JSON Schema of the body: inline, or the path of a file.", form: anyOf(form{"type": "object"}, form{"type": "string"}), read: readSchemaAssertion, instead: []string{"schema"}},
		expectKey(SubjectSize, "The body's size after decompression: \"< 100kB\".", sizeMeasure),
		expectKey(SubjectCertificateDays, "Days until the certificate expires: \"> 14\".", daysMeasure, "certificate_expiry", "cert_days"),
		{name: "certificate", doc: "Whether the certificate must be valid or invalid.", form: form{"enum": []string{"valid", "invalid"}}, read: readCertificate, instead: []string{"cert"}},
		expectKey(SubjectTLSVersion, "The TLS version: \">= 1.2\".", numberMeasure),
		expectKey(SubjectURL, "The final URL, after redirects.", textMeasure),
		expectKey(SubjectRedirects, "How many redirects were followed.", numberMeasure),
	}}

func readExpect(d *decoder, n *yaml.Node, r *requestDraft) { expectObject.decode(d, n, r) }

func readHeaderAssertions(d *decoder, n *yaml.Node, r *requestDraft) {
	entries, _ := d.entries(n, "headers with conditions, such as {Content-Type: contains json}")
	for _, e := range entries {
		if !httpguts.ValidHeaderFieldName(e.name) {
			d.problem(e.key, "%q is no header name: write letters, digits and -", cut(e.name))
			continue
		}
		d.within("headers."+e.name, func() {
			if c, ok := d.condition(e.value, textMeasure); ok {
				r.Expect = append(r.Expect, Assertion{Subject: SubjectHeader, Name: e.name, Condition: c, Pos: d.at(e.value)})
			}
		})
	}
}

func readBodyAssertions(d *decoder, n *yaml.Node, r *requestDraft) {
	for _, item := range d.itemsOrOne(n) {
		if c, ok := d.condition(item, textMeasure); ok {
			r.Expect = append(r.Expect, Assertion{Subject: SubjectBody, Condition: c, Pos: d.at(item)})
		}
	}
}

func readJSONAssertions(d *decoder, n *yaml.Node, r *requestDraft) {
	entries, _ := d.entries(n, "JSON paths with conditions, such as $.items[0].name: contains Mug")
	for _, e := range entries {
		path, err := parsePath(e.name)
		if err != nil {
			d.problem(e.key, "%s", err)
			continue
		}
		d.within("json."+cut(e.name), func() {
			if c, ok := d.condition(e.value, anyMeasure); ok {
				r.Expect = append(r.Expect, Assertion{Subject: SubjectJSON, Path: path, Condition: c, Pos: d.at(e.key)})
			}
		})
	}
}

func readCertificate(d *decoder, n *yaml.Node, r *requestDraft) {
	v, ok := choice[string](d, n, []string{"valid", "invalid"})
	if !ok {
		return
	}
	text := "true"
	if v == "invalid" {
		text = "false"
	}
	r.Expect = append(r.Expect, Assertion{Subject: SubjectCertificateValid, Pos: d.at(n),
		Condition: Condition{Op: OpEqual, source: v, operand: Literal(text), want: &operand{text: text, kind: operandBool}}})
}

func readSchemaAssertion(d *decoder, n *yaml.Node, r *requestDraft) {
	var doc any
	source := "inline"
	if d.isScalar(n) {
		path, ok := d.text(n, "the path of a JSON Schema file, or the schema itself")
		if !ok {
			return
		}
		data, ok := d.readFile(n, path, maxSchema)
		if !ok {
			return
		}
		var err error
		if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
			d.problem(n, "%s is no JSON: %s", cut(path), err)
			return
		}
		source = path
	} else {
		var ok bool
		if doc, ok = d.value(n, 0); !ok {
			return
		}
	}
	schema, err := d.compileSchema(n, doc)
	if err != nil {
		d.problem(n, "no valid JSON Schema: %s", err)
		return
	}
	r.Expect = append(r.Expect, Assertion{Subject: SubjectSchema, Schema: schema, Condition: Condition{source: source}, Pos: d.at(n)})
}

// compileSchema compiles a JSON Schema. It never loads another one: a check
// must not depend on the network while it is loaded.
func (d *decoder) compileSchema(n *yaml.Node, doc any) (schema JSONSchema, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it cannot be compiled: %v", r)
		}
	}()
	const name = "schema:///inline"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) {
		tooMany := errors.New("too many regular expressions")
		if d.broke {
			return nil, tooMany
		}
		re, weight, err := compilePattern(text)
		if err == nil && !d.payPattern(n, weight) {
			err = tooMany
		}
		return re, err
	})
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		return JSONSchema{}, schemaReason(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		return JSONSchema{}, schemaReason(err)
	}
	return JSONSchema{s}, nil
}

// noLoader refuses schemas from elsewhere.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("schemas of other files or sites cannot be referred to: copy what is needed into $defs")
}

// schemaReason takes a compiler's error apart, which shows our own name of
// the schema.
func schemaReason(err error) error {
	var loading *jsonschema.LoadURLError
	if errors.As(err, &loading) {
		return loading.Err
	}
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		lines := strings.Split(invalid.Err.Error(), "\n")
		return errors.New(strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- "))
	}
	return errors.New(strings.ReplaceAll(err.Error(), "schema:///inline", ""))
}

// parsePath compiles a JSONPath.
func parsePath(source string) (path Path, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%q is no JSONPath", cut(source))
		}
	}()
	if len(source) > 1000 || !strings.HasPrefix(source, "$") {
		return Path{}, fmt.Errorf("%q is no JSONPath: write one that starts with $, such as $.items[0].name", cut(source))
	}
	if strings.Contains(source, "=~") || strings.Contains(source, "match(") || strings.Contains(source, "search(") {
		return Path{}, fmt.Errorf("%q: regular expressions belong into the condition (matches …), not into the path", cut(source))
	}
	expr, err := jp.ParseString(source)
	if err != nil {
		return Path{}, fmt.Errorf("%q is no JSONPath: %s", cut(source), err)
	}
	return Path{source: source, expr: expr}, nil
}

// captureDraft is a capture while it is read.
type captureDraft struct {
	Capture
	weight int // of the pattern, in instructions
}

var captureSources = []string{string(CaptureJSON), string(CaptureHeader), string(CaptureRegexp), string(CaptureCookie)}

func readCapture(d *decoder, n *yaml.Node, r *requestDraft) {
	entries, _ := d.entries(n, "variables with their sources, such as {product: json $.items[0].id}")
	for _, e := range entries {
		if !variableName.MatchString(e.name) {
			d.problem(e.key, "%q is no name of a variable: write a lower-case letter, then letters, digits and _", cut(e.name))
			continue
		}
		d.within("capture."+e.name, func() {
			if c, ok := parsed(d, e.value, "a source such as json $.items[0].id, header X-Token, regex id=(\\d+) or cookie session", parseCapture); ok && d.payPattern(e.value, c.weight) {
				c.Variable = e.name
				r.Capture = append(r.Capture, c.Capture)
			}
		})
	}
}

// parseCapture reads "json $.items[0].id", "header X-Token", "regex id=(\d+)",
// "cookie session".
func parseCapture(s string) (captureDraft, error) {
	from, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	rest = strings.TrimSpace(rest)
	c := captureDraft{Capture: Capture{From: CaptureSource(from)}}
	if !slices.Contains(captureSources, from) {
		return c, fmt.Errorf("start with json, header, regex or cookie, such as json $.items[0].id")
	}
	if rest == "" {
		return c, fmt.Errorf("say what to take after %s", from)
	}
	var err error
	switch c.From {
	case CaptureJSON:
		c.Path, err = parsePath(rest)
	case CaptureRegexp:
		c.Pattern.Regexp, c.weight, err = compilePattern(rest)
	default:
		if c.Name = rest; !httpguts.ValidHeaderFieldName(rest) {
			err = fmt.Errorf("%q is no name of a %s", cut(rest), from)
		}
	}
	return c, err
}
