package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"outrider/cmd/demoshop/shop"
)

// demoShop is a shop in this process.
func demoShop(t *testing.T) string {
	t.Helper()
	s, err := shop.New(shop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// A recording of a purchase, as Recorder exports it, is imported and done by
// the program in a real browser; so it is when a check only refers to it.
func TestImportedRecordingRuns(t *testing.T) {
	shopURL := demoShop(t)
	recorded, err := os.ReadFile(filepath.Join("..", "..", "configs", "examples", "recordings", "buy-a-mug.json"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "buy-a-mug.json")
	if err := os.WriteFile(path, bytes.ReplaceAll(recorded, []byte("http://127.0.0.1:8081"), []byte(shopURL)), 0o644); err != nil {
		t.Fatal(err)
	}
	definition := filepath.Join(folder, "buy-a-mug.yaml")
	out, errs, code := outrider(t, nil, "import", path, "-o", definition)
	if code != 0 || out != "" || !strings.Contains(errs, "check buy-a-mug: 17 steps") || !strings.Contains(errs, "outrider run "+definition) {
		t.Fatalf("exit code %d:\n%s%s", code, out, errs)
	}
	if out, errs, code := outrider(t, nil, "run", definition); code != 0 {
		t.Fatalf("imported: exit code %d:\n%s%s", code, out, errs)
	}
	referring := filepath.Join(folder, "referring.yaml")
	if err := os.WriteFile(referring, []byte("checks:\n  - id: recorded\n    timeout: 1m\n    every: 5m\n    browser: {recording: buy-a-mug.json}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := outrider(t, nil, "run", referring); code != 0 {
		t.Fatalf("referred to: exit code %d:\n%s%s", code, out, errs)
	}
}

// harClient visits a site and writes down what it asked and got, as browsers
// do.
type harClient struct {
	t       *testing.T
	client  *http.Client
	entries []any
}

func newHARClient(t *testing.T) *harClient {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &harClient{t: t, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// do sends a request, follows its redirects, and gives the last answer's body.
func (c *harClient) do(method, address, media, body string, headers ...string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	started := time.Now().UTC()
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	pairs := func(h http.Header) []any {
		list := []any{}
		for name, values := range h {
			for _, v := range values {
				list = append(list, map[string]string{"name": name, "value": v})
			}
		}
		return list
	}
	to := ""
	if location, err := resp.Location(); err == nil {
		to = location.String()
	}
	request := map[string]any{"method": method, "url": address, "httpVersion": "HTTP/1.1", "headers": pairs(req.Header), "queryString": []any{}, "cookies": []any{}, "headersSize": -1, "bodySize": len(body)}
	if body != "" {
		request["postData"] = map[string]any{"mimeType": media, "text": body}
	}
	c.entries = append(c.entries, map[string]any{
		"startedDateTime": started.Format(time.RFC3339Nano), "time": 1, "pageref": "page_1", "request": request,
		"response": map[string]any{"status": resp.StatusCode, "statusText": "", "httpVersion": "HTTP/1.1", "headers": pairs(resp.Header), "cookies": []any{}, "redirectURL": resp.Header.Get("Location"),
			"content": map[string]any{"size": len(text), "mimeType": resp.Header.Get("Content-Type"), "text": string(text)}, "headersSize": -1, "bodySize": len(text)},
		"cache": map[string]any{}, "timings": map[string]any{"send": 0, "wait": 1, "receive": 0},
	})
	if to != "" {
		return c.do("GET", to, "", "")
	}
	return string(text)
}

func (c *harClient) find(text, pattern string) string {
	c.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		c.t.Fatalf("no %s in %s", pattern, text)
	}
	return m[1]
}

// The HAR of a visit that was really made becomes a journey that does the same
// again: with the tokens that it is given then, and the password from a secret.
func TestImportedHARRuns(t *testing.T) {
	shopURL := demoShop(t)
	const password = "mugs-and-more"
	c := newHARClient(t)
	page := c.do("GET", shopURL+"/sign-in", "", "")
	token := c.find(page, `name="csrf" value="([^"]+)"`)
	c.do("POST", shopURL+"/sign-in", "application/x-www-form-urlencoded", url.Values{"email": {"sam@example.com"}, "password": {password}, "csrf": {token}}.Encode())
	c.do("GET", shopURL+"/assets/shop.css", "", "")
	page = c.do("GET", shopURL+"/products/indigo-mug", "", "")
	token2 := c.find(page, `name="csrf" value="([^"]+)"`)
	c.do("POST", shopURL+"/cart", "application/x-www-form-urlencoded", url.Values{"csrf": {token2}, "product": {"indigo-mug"}, "quantity": {"1"}}.Encode())
	session := c.do("POST", shopURL+"/api/session", "application/json", `{"email":"sam@example.com","password":"`+password+`"}`)
	bearer := c.find(session, `"token": ?"([^"]+)"`)
	c.do("GET", shopURL+"/api/orders", "", "", "Authorization", "Bearer "+bearer, "Accept", "application/json")
	har, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "creator": map[string]string{"name": "test", "version": "1"},
		"pages": []any{map[string]any{"id": "page_1", "title": "A customer signs in", "startedDateTime": "2026-11-25T10:00:00Z", "pageTimings": map[string]any{}}}, "entries": c.entries}})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "visit.har")
	if err := os.WriteFile(path, har, 0o644); err != nil {
		t.Fatal(err)
	}
	out, errs, code := outrider(t, nil, "import", path)
	if code != 0 || !strings.Contains(errs, "check a-customer-signs-in: 6 steps") {
		t.Fatalf("exit code %d:\n%s%s", code, out, errs)
	}
	for _, secret := range []string{password, token, token2, bearer} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is in\n%s", secret, out)
		}
	}
	definition := write(t, out)
	out2, errs, code := outrider(t, []string{"SITE_PASSWORD=" + password}, "run", definition)
	if code != 0 {
		t.Errorf("exit code %d:\n%s%s\n%s", code, out2, errs, out)
	}
}

func TestImportCommand(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := put("good.json", `{"title": "Home", "steps": [
  {"type": "navigate", "url": "https://shop.example/"},
  {"type": "customStep", "name": "pause"}]}`)
	there := put("there.yaml", "mine")
	tests := []struct {
		name string
		args []string
		code int
		says string // on either stream
	}{
		{"to stdout", []string{good}, 0, "- goto: https://shop.example/"},
		{"what is left out", []string{good}, 0, "good.json:3:3: step 2 (customStep): the custom step \"pause\" is not carried over"},
		{"schema", []string{good, "--schema", "../s.json"}, 0, "# yaml-language-server: $schema=../s.json"},
		{"a file that is there", []string{good, "-o", there}, 2, "there already"},
		{"no folder", []string{good, "-o", filepath.Join(folder, "none", "x.yaml")}, 3, "no such file"},
		{"broken", []string{put("broken.json", "{\n \"steps\": 1}")}, 2, "broken.json:2:11: steps is a number: it has to be a list"},
		{"no such file", []string{filepath.Join(folder, "none.json")}, 2, "none.json: no such file"},
		{"a HAR by another name", []string{put("har.json", `{"log": {"entries": []}}`)}, 2, "is a HAR"},
		{"an empty HAR", []string{put("empty.har", `{"log": {"entries": []}}`)}, 2, "has no requests"},
		{"no file", nil, 2, "accepts 1 arg"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := outrider(t, nil, append([]string{"import"}, test.args...)...)
			if code != test.code || !strings.Contains(out+errs, test.says) {
				t.Errorf("exit code %d, want %d, saying %q:\n%s%s", code, test.code, test.says, out, errs)
			}
		})
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file was changed: %q, %v", text, err)
	}
	if _, errs, code := outrider(t, nil, "import", good, "-o", there, "--force"); code != 0 {
		t.Errorf("--force: exit code %d: %s", code, errs)
	}
}
