package har

import (
	"strings"
	"testing"
)

func TestParseProblems(t *testing.T) {
	for _, test := range []struct{ name, text, says string }{
		{"empty", "", "ends in the middle"},
		{"no JSON", "GET / HTTP/1.1", "is no JSON"},
		{"a list", "[]", "is no object with a log"},
		{"another object", `{"title":"x"}`, "has no log with entries"},
		{"log is text", `{"log":"x"}`, "its log is no object"},
		{"entries are text", `{"log":{"entries":"x"}}`, "its entries are no list"},
		{"entry is a list", `{"log":{"entries":[[]]}}`, "in entry 1"},
		{"url is a number", `{"log":{"entries":[{"request":{"url":5}}]}}`, "request.url"},
		{"cut off", `{"log":{"entries":[{"request":{"url":"https://a.example/"}`, "ends in the middle"},
		{"too many entries", `{"log":{"entries":[` + strings.Repeat("{},", maxEntries) + `{}]}}`, "more than 20000 entries"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestTranslateProblems(t *testing.T) {
	entry := `{"request":{"method":"GET","url":"https://a.example/%d"},"response":{"status":200}}`
	many := strings.Repeat(strings.Replace(entry, "%d", "x", 1)+`,{"request":{"method":"POST","url":"https://a.example/"},"response":{"status":200}},`, 101)
	for _, test := range []struct{ name, entries, says string }{
		{"no entries", "", "has no requests"},
		{"only static files", `{"request":{"method":"GET","url":"https://a.example/a.css"},"response":{"status":200,"content":{"mimeType":"text/css"}}}`, "--static"},
		{"no web", `{"request":{"method":"GET","url":"data:,x"},"response":{"status":200}}`, "no request"},
		{"too many", strings.TrimSuffix(many, ","), "at most 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := Parse(strings.NewReader(`{"log":{"entries":[` + test.entries + `]}}`))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Translate(a, Options{})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestTextPattern(t *testing.T) {
	const token = "kq8Zr1Wn5yTbC0Xe"
	for _, test := range []struct{ name, text, pattern, key string }{
		{"input", `<input type="hidden" name="csrf" value="` + token + `">`, `name="csrf"[^>]*value="([^"]+)"`, "csrf"},
		{"input, value first", `<input value='` + token + `' name='csrf'/>`, `value='([^']+)'[^>]*name='csrf'`, "csrf"},
		{"two inputs", `<input name="a" value="b"><input name="csrf" value="` + token + `">`, `name="csrf"[^>]*value="([^"]+)"`, "csrf"},
		{"meta", `<meta name="csrf-token" content="` + token + `">`, `name="csrf-token"[^>]*content="([^"]+)"`, "csrf-token"},
		{"script", `<script>window.x = {"a":"b","token":"` + token + `"}</script>`, `"token":"([^"]+)`, "token"},
		{"link", `<a href="/orders/` + token + `">`, `orders/([^"]+)`, "orders"},
		{"not there", `<p>nothing</p>`, "", ""},
		{"escaped", `<input name="csrf" value="` + token[:8] + `&amp;` + token[8:] + `">`, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			pattern, key := textPattern(test.text, token)
			if test.name == "link" {
				if !finds(pattern, test.text, token) {
					t.Errorf("%s does not find it", pattern)
				}
				return
			}
			if pattern != test.pattern || key != test.key {
				t.Errorf("got %s (%s), want %s (%s)", pattern, key, test.pattern, test.key)
			}
		})
	}
}

func TestVariableNames(t *testing.T) {
	for name, want := range map[string]string{
		"csrf": "csrf", "csrfToken": "csrfToken", "X-CSRF-Token": "x_csrf_token", "_token": "token", "__VIEWSTATE": "viewstate", "2fa": "fa", "密": "", "ID": "id",
		"authenticity_token": "authenticity_token", "order[id]": "order_id",
	} {
		if got := variableName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
