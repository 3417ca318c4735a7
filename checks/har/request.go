package har

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

// part is one value of a request that an answer may have given.
type part struct{ name, value string }

// body is a request's body, taken apart by its kind.
type body struct {
	kind   string // form, json, multipart, text; "" for none
	fields []param
	json   any
	text   string
	media  string
}

// maxBody is how long a body is at most, in bytes, that is written into a
// definition.
const maxBody = 128 << 10

// readBody takes a body apart. why says what of it cannot be written.
func readBody(p *postData) (b body, why string) {
	if p == nil || p.Text == "" && len(p.Params) == 0 {
		return b, ""
	}
	b.media = mediaType(p.MimeType)
	if len(p.Text) > maxBody {
		return body{}, "its body of " + strconv.Itoa(len(p.Text)>>10) + " kB is too long for a definition: put it into a file and write file:"
	}
	switch {
	case b.media == "application/x-www-form-urlencoded":
		b.kind = "form"
		if b.fields = formFields(p.Text); len(b.fields) == 0 {
			b.fields = p.Params
		}
	case b.media == "multipart/form-data":
		b.kind = "multipart"
		if b.fields = p.Params; len(b.fields) == 0 {
			b.fields = multipartFields(p)
		}
	case isJSON(b.media) || b.media == "" || b.media == "text/plain":
		b.kind, b.text = "text", p.Text
		if v, ok := decodeJSON(p.Text); ok && (isJSON(b.media) || strings.HasPrefix(strings.TrimSpace(p.Text), "{")) {
			b.kind, b.json = "json", v
		}
	default:
		b.kind, b.text = "text", p.Text
	}
	if b.kind == "text" && (!utf8.ValidString(b.text) || strings.ContainsFunc(b.text, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})) {
		return body{}, "its body is no text: put it into a file and write file:"
	}
	const mostFields = 500
	if len(b.fields) > mostFields {
		return body{}, "its form has more than 500 fields"
	}
	return b, ""
}

func formFields(text string) []param {
	var fields []param
	for field := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(field, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || n == "" {
			continue
		}
		fields = append(fields, param{Name: n, Value: v})
	}
	return fields
}

func multipartFields(p *postData) []param {
	_, parameters, err := mime.ParseMediaType(p.MimeType)
	if err != nil || parameters["boundary"] == "" {
		return nil
	}
	var fields []param
	reader := multipart.NewReader(strings.NewReader(p.Text), parameters["boundary"])
	const most = 500
	for range most {
		field, err := reader.NextPart()
		if err != nil {
			break
		}
		value, _ := io.ReadAll(io.LimitReader(field, maxBody))
		fields = append(fields, param{Name: field.FormName(), Value: string(value), FileName: field.FileName()})
	}
	return fields
}

// decodeJSON reads one JSON value; numbers keep their digits.
func decodeJSON(text string) (any, bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || deeper(v, maxDepth) {
		return nil, false
	}
	_, err := dec.Token()
	return v, err == io.EOF
}

func deeper(v any, than int) bool {
	if than < 0 {
		return true
	}
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return deeper(item, than-1) })
	case map[string]any:
		for _, item := range v {
			if deeper(item, than-1) {
				return true
			}
		}
	}
	return false
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// parts are all values of a request that an answer may have given.
func parts(e *entry, b body) []part {
	var list []part
	segments := strings.Split(strings.Trim(e.url.Path, "/"), "/")
	for i, s := range segments {
		list = append(list, part{segmentName(segments, i), s})
	}
	for name, values := range e.url.Query() {
		for _, v := range values {
			list = append(list, part{name, v})
		}
	}
	for _, h := range e.Request.Headers {
		list = append(list, part{h.Name, h.Value})
		if scheme, token, ok := strings.Cut(h.Value, " "); ok && strings.EqualFold(scheme, "Bearer") {
			list = append(list, part{h.Name, token})
		}
	}
	for _, f := range b.fields {
		list = append(list, part{f.Name, f.Value})
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case string:
			list = append(list, part{name, v})
		case json.Number:
			list = append(list, part{name, v.String()})
		case []any:
			for _, item := range v {
				walk(name, item)
			}
		case map[string]any:
			for _, key := range sortedKeys(v) {
				walk(key, v[key])
			}
		}
	}
	walk("", b.json)
	return list
}

// segmentName is what a part of a path is called: of /orders/1042 the order's
// id.
func segmentName(segments []string, i int) string {
	if i > 0 && simpleKey.MatchString(segments[i-1]) {
		return strings.TrimSuffix(segments[i-1], "s") + "_id"
	}
	return "id"
}

// filled gives a value as a definition writes it: what an answer gave by its
// variable, a secret by its name, the rest as it is.
func (t *translation) filled(at int, name, value string) string {
	if value == "" {
		return ""
	}
	secret := draft.SecretName(name) && len(value) >= leastToken && !plainValue.MatchString(value) || draft.PasswordName.MatchString(name)
	if secret || isToken(name, value) {
		if v := t.find(name, value, at); v != "" {
			return "${" + v + "}"
		}
	}
	switch {
	case draft.PasswordName.MatchString(name):
		return t.secret(at, name, "PASSWORD", value)
	case draft.RealCard(value):
		return t.secret(at, name, "CARD_NUMBER", value)
	case secret:
		return t.secret(at, name, secretKind(name), value)
	}
	return draft.Escape(value)
}

// plainValue is no secret, whatever its field is called: max_tokens: 100,
// token_type: bearer.
var plainValue = regexp.MustCompile(`^[a-z_-]{1,12}$|^[0-9]{1,5}$`)

var secretWord = regexp.MustCompile(`[A-Za-z0-9]+`)

// secretKind makes the name of a secret of a field's.
func secretKind(name string) string {
	words := secretWord.FindAllString(name, 6)
	if kind := strings.ToUpper(strings.Join(words, "_")); kind != "" && len(kind) <= 40 {
		return kind
	}
	return "TOKEN"
}

// secret gives what stands in the place of a secret value of a field.
func (t *translation) secret(at int, name, kind, value string) string {
	ref := t.out.Secrets.Ref(kind, value)
	if !t.told[ref] {
		t.told[ref] = true
		t.remark(at, "the value of %s is kept out: put it into the secret %s", cut(name, 60), strings.TrimSuffix(strings.TrimPrefix(ref, "${secret:"), "}"))
	}
	return ref
}

// address is the URL of a request, its parts filled in. What is filled into its
// query and has to be escaped there is given as fields of their own.
func (t *translation) address(at int, u *url.URL) (address *yaml.Node, query []param) {
	var b strings.Builder
	b.WriteString(draft.Escape(u.Scheme + "://" + u.Host))
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	plain := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	for i, s := range segments {
		b.WriteByte('/')
		if len(plain) == len(segments) && plain[i] == s && isToken("", s) {
			if v := t.find(segmentName(segments, i), s, at); v != "" {
				s = "${" + v + "}"
				b.WriteString(s)
				continue
			}
		}
		b.WriteString(draft.Escape(s))
	}
	var fields []string
	for field := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, has := strings.Cut(field, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if !has || err1 != nil || err2 != nil {
			fields = append(fields, draft.Escape(field))
			continue
		}
		clock := t.clock(at, v)
		filled := t.filled(at, n, v)
		switch {
		case clock != "":
			fields = append(fields, draft.Escape(name)+"="+clock)
		case filled == draft.Escape(v):
			fields = append(fields, draft.Escape(field))
		case url.QueryEscape(v) == v:
			fields = append(fields, draft.Escape(name)+"="+filled)
		default:
			query = append(query, param{Name: n, Value: filled})
		}
	}
	if u.RawQuery != "" && len(fields) > 0 {
		b.WriteString("?" + strings.Join(fields, "&"))
	}
	return draft.Word(b.String()), query
}

// clock tells a parameter that is the time of the request, which pages add to
// get past caches.
func (t *translation) clock(at int, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	start := t.hops[at].start
	if err != nil || start.IsZero() {
		return ""
	}
	const near = 300 // seconds
	switch len(value) {
	case 13:
		if d := n/1000 - start.Unix(); d > -near && d < near {
			return "${unix_ms()}"
		}
	case 10:
		if d := n - start.Unix(); d > -near && d < near {
			return "${unix()}"
		}
	}
	return ""
}

// browserHeaders are those that browsers send by themselves, or that follow
// from the rest of the request.
var browserHeaders = regexp.MustCompile(`(?i)^(:.*|host|connection|keep-alive|content-length|cookie|user-agent|accept-encoding|accept-language|cache-control|pragma|sec-.*|upgrade-insecure-requests|dnt|priority|te|trailer|transfer-encoding|if-.*|range|referer|alt-used|proxy-.*|expect|upgrade|save-data|device-memory|dpr|viewport-width|width|rtt|downlink|ect|x-client-data)$`)

// headers are what a page added to a request.
func (t *translation) headers(at int, e *entry, b body) (headers *yaml.Node, auth []draft.Pair) {
	headers = draft.Mapping()
	seen := map[string]bool{}
	for _, h := range e.Request.Headers {
		name := h.Name
		lower := strings.ToLower(name)
		switch {
		case browserHeaders.MatchString(name) || seen[lower] || !headerName.MatchString(name) || h.Value == "":
			continue
		case strings.ContainsFunc(h.Value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) || len(h.Value) > 8<<10:
			t.remark(at, "the header %s cannot be written: it is left out", cut(name, 60))
			continue
		case lower == "authorization":
			seen[lower] = true
			auth = t.authorization(at, headers, h.Value)
			continue
		case lower == "content-type" && (b.kind == "" || b.kind == "multipart" || b.kind == "form" || b.kind == "json" && mediaType(h.Value) == "application/json"):
			continue // follows from the body
		case lower == "accept" && (h.Value == "*/*" || strings.HasPrefix(h.Value, "text/html")):
			continue
		case lower == "origin" && (e.Request.Method == "GET" || e.Request.Method == "HEAD"):
			continue
		}
		seen[lower] = true
		value := t.filled(at, name, h.Value)
		if value == draft.Escape(h.Value) && uuidValue.MatchString(h.Value) && t.firstUse[h.Value] == at && t.uses[h.Value] == 1 {
			value = "${uuid()}"
			t.remark(at, "%s looks made up for this request: it is made up anew", cut(name, 60))
		}
		draft.Set(headers, name, draft.Word(value))
	}
	if b.kind == "text" && plainMedia.MatchString(b.media) && !seen["content-type"] {
		draft.Set(headers, "Content-Type", draft.Text(b.media))
	}
	return headers, auth
}

var plainMedia = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+$`)

var uuidValue = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// authorization is the credentials of a request: as bearer or basic where they
// are that, else as a header whose value is a secret.
func (t *translation) authorization(at int, headers *yaml.Node, value string) []draft.Pair {
	scheme, credentials, _ := strings.Cut(value, " ")
	credentials = strings.TrimSpace(credentials)
	switch {
	case strings.EqualFold(scheme, "Bearer") && credentials != "":
		if v := t.find("token", credentials, at); v != "" {
			return []draft.Pair{{Key: "bearer", Value: draft.Word("${" + v + "}")}}
		}
		return []draft.Pair{{Key: "bearer", Value: draft.Word(t.secret(at, "Authorization", "TOKEN", credentials))}}
	case strings.EqualFold(scheme, "Basic"):
		data, err := base64.StdEncoding.DecodeString(credentials)
		if user, password, ok := strings.Cut(string(data), ":"); err == nil && ok && user != "" && password != "" && utf8.Valid(data) {
			return []draft.Pair{{Key: "basic", Value: draft.Flow(draft.Mapping(
				draft.Pair{Key: "username", Value: draft.Text(user)}, draft.Pair{Key: "password", Value: draft.Word(t.secret(at, "Authorization", "PASSWORD", password))}))}}
		}
	}
	t.remark(at, "the credentials may be of use only once: %s is signed for each request where it is no plain token", cut(scheme, 30))
	draft.Set(headers, "Authorization", draft.Word(t.secret(at, "Authorization", "AUTHORIZATION", value)))
	return nil
}

// bodyPair is the key that gives a request its body.
func (t *translation) bodyPair(at int, b body) *draft.Pair {
	switch b.kind {
	case "form":
		return &draft.Pair{Key: "form", Value: t.fields(at, b.fields, func(name, value string) string { return t.filled(at, name, value) })}
	case "multipart":
		return &draft.Pair{Key: "multipart", Value: t.multipart(at, b.fields)}
	case "json":
		return &draft.Pair{Key: "json", Value: t.json(at, "", b.json)}
	case "text":
		return &draft.Pair{Key: "body", Value: draft.Word(t.filled(at, "", b.text))}
	}
	return nil
}

// fields are those of a form or query; one that is sent several times has a
// list. write says how a value is written.
func (t *translation) fields(at int, fields []param, write func(name, value string) string) *yaml.Node {
	form := draft.Mapping()
	for i, f := range fields {
		if f.Name == "" || slices.ContainsFunc(fields[:i], func(g param) bool { return g.Name == f.Name }) {
			continue
		}
		var values []*yaml.Node
		for _, g := range fields[i:] {
			if g.Name == f.Name {
				values = append(values, draft.Word(write(g.Name, g.Value)))
			}
		}
		value := values[0]
		if len(values) > 1 {
			value = draft.Flow(draft.List(values...))
		}
		t.set(at, form, f.Name, value)
	}
	return form
}

// set adds a field whose name the site chose.
func (t *translation) set(at int, mapping *yaml.Node, name string, value *yaml.Node) {
	if name == "<<" {
		t.remark(at, "a field named << cannot be written: it is left out")
		return
	}
	draft.Set(mapping, name, value)
}

func (t *translation) multipart(at int, fields []param) *yaml.Node {
	form := draft.Mapping()
	for i, f := range fields {
		switch {
		case f.FileName != "":
			t.remark(at, "sends the file %q as %q, which is not in the HAR: add %[2]s: {file: %[1]s}", cut(f.FileName, 60), cut(f.Name, 60))
		case f.Name == "" || slices.ContainsFunc(fields[:i], func(g param) bool { return g.Name == f.Name && g.FileName == "" }):
			t.remark(at, "a further field %q cannot be written: it is left out", cut(f.Name, 60))
		case !utf8.ValidString(f.Value):
			t.remark(at, "the field %q is no text: it is left out", cut(f.Name, 60))
		default:
			t.set(at, form, f.Name, draft.Word(t.filled(at, f.Name, f.Value)))
		}
	}
	return form
}

// json writes a value that is sent as JSON.
func (t *translation) json(at int, name string, v any) *yaml.Node {
	switch v := v.(type) {
	case nil:
		return draft.Null()
	case bool:
		return draft.Bool(v)
	case string:
		return draft.Word(t.filled(at, name, v))
	case json.Number:
		text := v.String()
		if isToken(name, text) {
			if variable := t.find(name, text, at); variable != "" {
				return draft.Word("${json(" + variable + ")}")
			}
		}
		if filled := t.filled(at, name, text); filled != text {
			return draft.Word(filled) // a secret
		}
		tag := "!!int"
		if strings.ContainsAny(text, ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
	case []any:
		list := draft.List()
		for _, item := range v {
			list.Content = append(list.Content, t.json(at, name, item))
		}
		if len(v) == 0 {
			return draft.Flow(list)
		}
		return list
	case map[string]any:
		mapping := draft.Mapping()
		for _, key := range sortedKeys(v) {
			t.set(at, mapping, key, t.json(at, key, v[key]))
		}
		if len(v) == 0 {
			return draft.Flow(mapping)
		}
		return mapping
	}
	return draft.Null()
}
