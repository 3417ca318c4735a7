package checks

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// fuzzOptions find everything, so that fuzzing gets past the look-ups.
func fuzzOptions() Options {
	return Options{
		LookupEnv:    func(name string) (string, bool) { return "http://127.0.0.1/" + name, name != "MISSING" },
		LookupSecret: func(name string) (string, bool, error) { return "secret-value-of-" + name, name != "MISSING", nil },
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/problems/*.yaml", "../configs/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	for _, text := range []string{
		"checks: [{id: a, http: [get: http://a/]}]",
		"checks:\n- id: a\n  every: 1m\n  browser:\n  - goto: http://a/\n  - click: {role: link, name: a}\n",
		"x-a: &a {id: a}\nchecks:\n- <<: *a\n  http: [{post: 'http://a/', json: {a: '${x}'}}]\n",
		"checks: [{id: a, http: [{get: 'http://a/', expect: {json: {$.a: '> 1'}}, capture: {b: json $.a}}]}]",
		"checks: [{id: a, active: mon-fri 08:00-18:00, zone: Europe/Berlin, cron: 0 * * * *, http: [get: http://a/]}]",
		"checks: [{id: a, maintenance: {cron: 0 2 * * sun, for: 2h}, http: [get: http://a/]}]",
		"audiences: [{id: a, webhooks: [{url: http://a/}]}]",
		"events: [{name: a, from: 2026-11-27 00:00, to: 2026-11-28, zone: Europe/Berlin, load: 5x, checks: a, labels: {b: c}}]\nholidays: [2026-12-25, {date: 2026-12-24, like: sat}]\n",
		"deploys: [{name: a, at: 2026-11-27T00:00:00Z}]\nchecks: [{id: a, load: {flux: 'from(bucket: 1)', unit: /min}, http: [get: http://a/]}]",
		"defaults: {thresholds: {degraded: 1s}, http_options: {headers: {A: '${secret:B}'}}}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 64<<10 {
			return
		}
		l := newLoader(fuzzOptions())
		l.read = func(string, int64) ([]byte, error) { return []byte("content"), nil } // not the machine's files
		start := time.Now()
		l.loadText("fuzz.yaml", text)
		defs, err := l.finish()
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("took %s", took)
		}
		if err != nil {
			for _, p := range err.(Problems) {
				if p.Message == "" || p.Pos.File == "" || strings.Contains(p.Message, "secret-value-of-") {
					t.Errorf("problem %q", p.Error())
				}
			}
			return
		}
		for _, c := range defs.Checks {
			if !identifier.MatchString(c.ID) || c.Timeout <= 0 || c.Schedule.Zone == nil || (c.Schedule.Every > 0) == (c.Schedule.Cron != "") ||
				c.Confirm.Failures < 1 || c.Confirm.Of < c.Confirm.Failures || c.Confirm.Recovery < 1 || len(c.Journey.Steps) == 0 {
				t.Errorf("check %+v", c)
			}
			c.Schedule.InMaintenance(start)
			c.Schedule.ActiveAt(start)
			names := map[string]bool{}
			for _, s := range c.Journey.Steps {
				if s.Name == "" || names[s.Name] || s.Action == nil || strings.Contains(s.Name, "secret-value-of-") {
					t.Errorf("step %+v", s)
				}
				names[s.Name] = true
				if r, ok := s.Action.(*Request); ok {
					tryRequest(t, r)
				}
			}
		}
	})
}

// tryRequest does with a request what a probe does.
func tryRequest(t *testing.T, r *Request) {
	scope := testScope(nil)
	for _, c := range r.Capture {
		scope.Set(c.Variable, `a"b\`)
	}
	if r.Body != nil && r.Body.Kind == BodyJSON {
		if text, err := r.Body.Text.Expand(scope); err == nil && !json.Valid([]byte(text)) {
			t.Errorf("no JSON: %s", text)
		}
	}
	for _, a := range r.Expect {
		if a.Subject == SubjectSchema {
			continue
		}
		for _, got := range []any{200.0, "text", true, nil, Missing, time.Second, []any{1.0, "a"}, map[string]any{"a": nil}} {
			ok, err := a.Condition.Holds(got, scope)
			if ok && err != nil {
				t.Errorf("%s of %v: true and %v", a.Condition, got, err)
			}
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "plain", "${A}", "${A:-b}", "$${A}", "${secret:A}", "${a} ${now(+1h)}", "${date(2006-01-02, -1d)}", "${random_int(1, 2)}", "${uuid()", "${${A}}", "${json(a)}", "${random_string(8)}"} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		p := &templateParser{
			env:    func(string) (string, bool) { return value, true },
			secret: func(string) (string, error) { return value, nil },
		}
		template := p.parse(source)
		if len(p.problems) > 0 {
			return
		}
		if template.String() != source {
			t.Errorf("shows %q instead of %q", template, source)
		}
		scope := testScope(nil)
		for _, use := range p.captured {
			scope.Set(use.text, value)
		}
		text, err := template.Expand(scope)
		if err != nil {
			t.Errorf("expand: %v", err)
		}
		if !strings.Contains(source, "${") && text != source {
			t.Errorf("%q became %q", source, text)
		}
		if constant, ok := template.Constant(); ok && constant != text {
			t.Errorf("constant %q, expanded %q", constant, text)
		}
		stepName(&Goto{URL: template})
		// The same text as a JSON string.
		j := &templateParser{env: p.env, secret: p.secret, escape: escapeJSON}
		j.literal(`"`)
		j.addJSON(source)
		j.literal(`"`)
		if len(j.problems) > 0 || !utf8.ValidString(source) || !utf8.ValidString(value) {
			return
		}
		quoted, err := j.template("").Expand(scope)
		var back string
		if err != nil || json.Unmarshal([]byte(quoted), &back) != nil {
			t.Fatalf("%q: %s, %v", source, quoted, err)
		}
		if !strings.Contains(source, "()") && !strings.Contains(source, "(") && back != text {
			t.Errorf("%q as JSON is %q, as text %q", source, back, text)
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, s := range []string{"200", "< 300ms", "contains x", "2xx", "[200, 204]", "exists", "length > 3", "matches ^a+$", "'a'", "== ${x}", "!= null", `{"a":1}`, "starts with h"} {
		f.Add(s, "text", 1.5)
	}
	f.Fuzz(func(t *testing.T, source, text string, number float64) {
		c, err := ParseCondition(source)
		if err != nil {
			return
		}
		scope := testScope(map[string]string{"x": text})
		for _, got := range []any{text, number, number > 0, nil, Missing, time.Duration(number), []any{text, number}, map[string]any{text: number}} {
			ok, err := c.Holds(got, scope)
			if ok && err != nil {
				t.Errorf("%q of %v: true and %v", source, got, err)
			}
			again, err2 := c.Holds(got, scope)
			if ok != again || (err == nil) != (err2 == nil) {
				t.Errorf("%q of %v: %v, then %v", source, got, ok, again)
			}
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"800ms", "1m30s", "30d", "1.5h", "0", "1 w", "9999999w", "1µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := parseActive(s); err == nil && (a.From < 0 || a.From >= 24*time.Hour || a.To < 0 || a.To > 24*time.Hour) {
			t.Errorf("%q: hours %+v", s, a)
		}
		if n, err := parseBytes(s); err == nil && n < 0 {
			t.Errorf("%q: %v bytes", s, n)
		}
		if p, err := parsePercent(s); err == nil && p < 0 {
			t.Errorf("%q: %v", s, p)
		}
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is %s", s, d)
		}
		if again, err := ParseDuration(formatDuration(d)); err != nil || again != d {
			t.Errorf("%q is %s, written %q and read %s, %v", s, d, formatDuration(d), again, err)
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add("hunter2", "a hunter2 b", "x")
	f.Add(`p"w`, `{"a":"p\"w"}`, "%22")
	f.Add("a+b c", "a%2Bb+c", "&amp;")
	f.Fuzz(func(t *testing.T, secret, text, around string) {
		r := NewRedactor(NewSecret(secret))
		got := r.Redact(text)
		if len(secret) < minSecret {
			if got != text {
				t.Errorf("changed %q to %q", text, got)
			}
			return
		}
		if strings.Contains(Redacted, secret) {
			return
		}
		if strings.Contains(got, secret) && !strings.Contains(strings.ReplaceAll(got, Redacted, "\x00"), secret) {
			return // it only seems to be there, across what stands for it
		}
		if strings.Contains(got, secret) {
			t.Errorf("%q is left in %q", secret, got)
		}
		quoted := quoteJSON(around + secret + around)
		if utf8.ValidString(secret) && utf8.ValidString(around) {
			if left := r.Redact(quoted); bytes.Contains([]byte(left), []byte(quoted[1:len(quoted)-1])) {
				t.Errorf("%q is left in %q", secret, left)
			}
		}
	})
}
