package http

import (
	"bytes"
	"context"
	"encoding/json"
	nethttp "net/http"
	"net/url"
	"regexp"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

// fuzzExchange is an exchange that looks at bodies.
func fuzzExchange(captures ...checks.Capture) *exchange {
	p := New(Options{})
	return &exchange{
		journey: &journey{probe: p, scope: checks.NewVariables(nil)},
		request: &checks.Request{
			Capture: captures, Expect: []checks.Assertion{{Subject: checks.SubjectBody}},
			HTTPOptions: checks.HTTPOptions{MaxBody: 1 << 20},
		},
		step: &probes.Step{HTTP: &probes.HTTP{}},
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
	f.Add("br, deflate", []byte("\x78\x9c\x03\x00"))
	f.Add("zstd", []byte("\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		e := fuzzExchange()
		resp := &nethttp.Response{Header: nethttp.Header{"Content-Encoding": {encoding}}}
		decoded, size, err := e.decode(context.Background(), resp, rawBody{body, int64(len(body))})
		if err == nil && (size != int64(len(decoded)) || size > max(e.maxBody(), int64(len(body)))) {
			t.Errorf("%d bytes of size %d", len(decoded), size)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,-3e400,12345678901234567890,null,true,"x"]}`))
	f.Add([]byte("\ufeff[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := parseJSON(text)
		if valid := json.Valid(bytes.TrimPrefix(text, []byte("\ufeff"))); valid != (err == nil) {
			t.Fatalf("valid: %t, error: %v", valid, err)
		}
		if err == nil {
			_ = jsonText(value)
			_ = quoted(value)
		}
	})
}

func FuzzCapture(f *testing.F) {
	f.Add([]byte(`{"id":"x"}`), "session=abc; Path=/; HttpOnly")
	f.Add([]byte(`<a id="7">`), "a=\x00; Domain=co.uk; Expires=never")
	definitions, err := checks.LoadBytes("fuzz.yaml", []byte(`
checks:
- id: fuzz
  http: [{get: "http://127.0.0.1/", capture: {a: json $.id, b: json $..id}}]
`), checks.Options{})
	if err != nil {
		f.Fatal(err)
	}
	captures := definitions.Checks[0].Journey.Steps[0].Action.(*checks.Request).Capture
	captures = append(captures,
		checks.Capture{Variable: "c", From: checks.CaptureRegexp, Pattern: checks.Pattern{Regexp: regexp.MustCompile(`id="(\d+)"`)}},
		checks.Capture{Variable: "d", From: checks.CaptureCookie, Name: "session"})
	target := &url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}
	f.Fuzz(func(t *testing.T, body []byte, cookie string) {
		for _, c := range captures {
			e := fuzzExchange(c)
			resp := &nethttp.Response{Header: nethttp.Header{"Set-Cookie": {cookie}}, Request: &nethttp.Request{URL: target}}
			e.journey.jar.SetCookies(target, resp.Cookies())
			a := &answer{exchange: e, resp: resp, body: body}
			failure := a.capture()
			if value, kept := e.journey.scope.Variable(c.Variable); kept == (failure != nil) || len(value) > maxCapture {
				t.Errorf("kept %t, failure %+v", kept, failure)
			}
		}
	})
}
