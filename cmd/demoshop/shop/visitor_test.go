package shop

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// visitor is a customer with a browser's cookies, who does not follow
// redirects unless told to.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

// open starts a shop on a loopback port.
func open(t *testing.T, opts Options) (*Shop, *visitor) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, visit(t, server)
}

func visit(t *testing.T, server *httptest.Server) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, server.URL, &http.Client{
		Transport:     transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

func (v *visitor) do(req *http.Request) answer {
	v.t.Helper()
	resp, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

func (v *visitor) send(method, path, body string, header ...string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return v.do(req)
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.send(http.MethodGet, path, "")
}

func (v *visitor) json(method, path, body string, header ...string) answer {
	v.t.Helper()
	return v.send(method, path, body, append(header, "Content-Type", "application/json")...)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf reads the token from a form of a page.
func (v *visitor) csrf(page string) string {
	v.t.Helper()
	found := csrfField.FindStringSubmatch(v.get(page).body)
	if found == nil {
		v.t.Fatalf("%s has no form with a token", page)
	}
	return html.UnescapeString(found[1])
}

// submit posts a form of a page, with the page's token.
func (v *visitor) submit(page, action string, fields ...string) answer {
	v.t.Helper()
	form := url.Values{"csrf": {v.csrf(page)}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.post(action, form)
}

func (v *visitor) post(action string, form url.Values) answer {
	v.t.Helper()
	return v.send(http.MethodPost, action, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (a answer) want(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", a.Request.Method, a.Request.URL, a.StatusCode, status, cut(a.body, 500))
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("%s %s: no %q in\n%s", a.Request.Method, a.Request.URL, part, a.body)
		}
	}
	return a
}

func (a answer) lacks(t *testing.T, part string) {
	t.Helper()
	if strings.Contains(a.body, part) {
		t.Errorf("%s %s: there is %q", a.Request.Method, a.Request.URL, part)
	}
}

func decode[V any](t *testing.T, a answer) V {
	t.Helper()
	var v V
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%s: %v in %s", a.Request.URL, err, a.body)
	}
	return v
}
