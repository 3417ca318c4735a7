package checks

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func jsonText(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ascii writes every character outside of ASCII, and some within, as \uXXXX.
func ascii(s string, upper bool) string {
	var b strings.Builder
	for _, r := range s {
		form := `\u%04x`
		if upper {
			form = `\u%04X`
		}
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, form+form, 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, form, r)
	}
	return b.String()
}

func TestRedact(t *testing.T) {
	for _, secret := range []string{"hunter2-hunter2", `p"a\s/s<w>&'ö😀`, "a+b c%20d==", "line1\nline2\ttab", "日本語のパスワード", "abcd"} {
		r := NewRedactor(NewSecret(secret))
		quoted := jsonText(t, secret)
		inner := quoted[1 : len(quoted)-1]
		first := string([]rune(secret)[0])
		forms := map[string]string{
			"as it is":               secret,
			"query":                  url.QueryEscape(secret),
			"query, lower case":      strings.ToLower(url.QueryEscape(secret)),
			"path":                   url.PathEscape(secret),
			"query with %20":         strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
			"JSON":                   inner,
			"JSON, slashes escaped":  strings.ReplaceAll(inner, "/", `\/`),
			"JSON, all escaped":      ascii(secret, false),
			"JSON, all escaped, big": ascii(secret, true),
			"JSON, partly escaped":   ascii(first, false) + escapeJSON(secret[len(first):]),
			"HTML":                   html.EscapeString(secret),
			"Base64":                 base64.StdEncoding.EncodeToString([]byte(secret)),
			"Base64 for URLs":        base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"hex":                    hex.EncodeToString([]byte(secret)),
			"JSON within JSON":       escapeJSON(inner),
			"URL within HTML":        html.EscapeString("?a=b&c=" + url.QueryEscape(secret)),
			"query within JSON":      escapeJSON(url.QueryEscape(secret)),
			"query of a query":       url.QueryEscape(url.QueryEscape(secret)),
			"Base64 within a query":  url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(secret))),
		}
		for name, form := range forms {
			got := r.Redact("before " + form + " after")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, Redacted) || strings.Contains(got, form) {
				t.Errorf("%q, %s (%q): got %q", secret, name, form, got)
			}
		}
	}
}

func TestRedactInEitherCase(t *testing.T) {
	for _, secret := range []string{"Hunter2-hunteR2", `P"a\s/s<W>&'Ö😀`, "Straßen-Übergang", "Broken\xffUtf8"} {
		r := NewRedactor(NewSecret(secret))
		for name, changed := range map[string]string{"upper": strings.ToUpper(secret), "lower": strings.ToLower(secret)} {
			if strings.Contains(secret, "\xff") {
				changed = strings.ReplaceAll(changed, "\uFFFD", "\xff") // as a server changes bytes
			}
			forms := []string{changed, url.QueryEscape(changed), strings.ToLower(url.QueryEscape(changed)), html.EscapeString(changed), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
			if !strings.Contains(secret, "\xff") { // JSON has no such byte
				forms = append(forms, escapeJSON(changed))
			}
			for _, form := range forms {
				if got, want := r.Redact("Before "+form+" After"), "Before "+Redacted+" After"; got != want {
					t.Errorf("%q, %s case (%q): got %q", secret, name, form, got)
				}
			}
		}
	}
}

func TestRedactWithinBase64(t *testing.T) {
	const secret = "correct-horse-battery"
	r := NewRedactor(NewSecret(secret))
	for _, before := range []string{"", "a", "ab", "abc", "user:", "some user:"} {
		for _, after := range []string{"", "!", " and more"} {
			got := r.Redact("Basic " + base64.StdEncoding.EncodeToString([]byte(before+secret+after)))
			if !strings.Contains(got, Redacted) {
				t.Errorf("%q, %q: %s", before, after, got)
			}
			// What is left must not give more than the edges away.
			left := strings.ReplaceAll(strings.TrimPrefix(got, "Basic "), Redacted, "")
			if over := len(left) - base64.StdEncoding.EncodedLen(len(before)+len(after)); over > 6 {
				t.Errorf("%q, %q: %s leaves %d characters", before, after, got, over)
			}
		}
	}
}

func TestRedactSeveral(t *testing.T) {
	tests := []struct {
		name    string
		secrets []string
		text    string
		want    string
	}{
		{"one in another", []string{"inner-key", "outer-inner-key-outer"}, "x outer-inner-key-outer inner-key y", "x [redacted] [redacted] y"},
		{"overlapping", []string{"abcdef", "defghi"}, "x abcdefghi y", "x [redacted] y"},
		{"beside each other", []string{"abcdef", "ghijkl"}, "abcdefghijkl", "[redacted][redacted]"},
		{"the same twice", []string{"abcdef", "abcdef"}, "abcdef", "[redacted]"},
		{"repeated", []string{"aaaa"}, "aaaaaa b", "[redacted] b"},
		{"too short", []string{"abc"}, "abc", "abc"},
		{"white space around it", []string{"abcdef\n"}, "abcdef", "[redacted]"},
		{"in other words", []string{"secret"}, "nothing here", "nothing here"},
		{"escapes that are none", []string{"secret"}, `100% &amp %zz \q \u12 + & &nosuch; \`, `100% &amp %zz \q \u12 + & &nosuch; \`},
		{"redacted is a secret", []string{"redacted"}, "redacted", "[redacted]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var secrets []Secret
			for _, s := range test.secrets {
				secrets = append(secrets, NewSecret(s))
			}
			if got := NewRedactor(secrets...).Redact(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	var none *Redactor
	if got := none.Redact("text"); got != "text" {
		t.Errorf("nil gave %q", got)
	}
}

// The header of basic authentication is known when definitions are loaded.
func TestRedactBasicAuth(t *testing.T) {
	opts := testOptions(map[string]string{"NAME": "ann"}, map[string]string{"PW": "pass-word"})
	defs := load(t, `
checks:
  - id: a
    http:
      - get: http://127.0.0.1/
        basic: {username: "${NAME}", password: "${secret:PW}"}
`, opts)
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:pass-word"))
	if got := NewRedactor(defs.Secrets...).Redact(header); got != "Basic [redacted]" {
		t.Errorf("got %q", got)
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	s := NewSecret("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%s %v %+v %#v %q %x %d", s, s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v %v", []Secret{s}, struct{ S Secret }{s}, &s, struct{ s Secret }{s}),
		jsonText(t, map[string]any{"a": s}), log.String()} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, hex.EncodeToString([]byte("hunter2"))) {
			t.Errorf("shows it: %s", text)
		}
	}
	if s.Reveal() != "hunter2" || s.IsZero() || !NewSecret("").IsZero() {
		t.Error("the value is lost")
	}
}

func BenchmarkRedact(b *testing.B) {
	var secrets []Secret
	for i := range 20 {
		secrets = append(secrets, NewSecret(fmt.Sprintf("secret-number-%d", i)))
	}
	r := NewRedactor(secrets...)
	page := strings.Repeat("<p class=\"x\">A page with 100%25 of its text &amp; no secrets</p>\n", 1000)
	for name, text := range map[string]string{"message": "connect to 127.0.0.1:80: connection refused", "page of 66 kB": page} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Redact(text)
			}
		})
	}
}
