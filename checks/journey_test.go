package checks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func names(steps []Step) []string {
	var list []string
	for _, s := range steps {
		list = append(list, s.Name)
	}
	return list
}

// History hangs on these names: a change here breaks it for every user.
func TestStepNames(t *testing.T) {
	opts := testOptions(map[string]string{"SHOP_URL": "https://shop.example"}, map[string]string{"KEY": "s3cr3t"})
	defs := load(t, `
checks:
  - id: http
    http:
      - get: ${SHOP_URL}/api/search?q=${secret:KEY}#top
        capture: {product: json $.id}
      - get: ${SHOP_URL}/api/products/${product}
      - get: ${SHOP_URL}/api/products/${product}
      - name: GET /
        post: ${SHOP_URL}
      - get: ${SHOP_URL}
      - get: https://other.example/${secret:KEY}/${uuid()}
      - delete: http://127.0.0.1:8081?x=1
      - request: {method: purge, url: "${SHOP_URL:-http://a/b}/c"}
      - get: https://shop.example/`+strings.Repeat("very-long/", 30)+`
  - id: browser
    browser:
      - goto: ${SHOP_URL}/cart
      - click: {role: button, name: Pay}
      - click: {role: button}
      - click: Mugs
      - click: Mugs
      - click: {css: "#a  > b", nth: 2}
      - fill: {label: Card number, value: "${secret:KEY}"}
      - fill: {testid: card, value: x}
      - select: {label: Size, option: XL}
      - press: Enter
      - press: Control+A
      - press: {key: a, label: Card number}
      - hover: Menu
      - wait: 90s
      - wait: {visible: Done}
      - wait: {hidden: {css: .spinner}}
      - expect: Thank you
      - expect: {visible: {role: link, name: Home}}
      - expect: {hidden: Error}
      - expect: {url: contains /cart}
      - expect: {title: Cart}
      - screenshot: cart
      - screenshot:
      - evaluate: 1 + 1
      - evaluate: {script: "`+"`${x}`"+`", capture: order}
      - goto: ${SHOP_URL}/orders/${order}
`, opts)
	want := []string{
		"GET /api/search", "GET /api/products/{product}", "GET /api/products/{product} (2)", "GET /", "GET / (2)",
		"GET /{KEY}/{uuid}", "DELETE /", "PURGE /c", "GET /" + strings.Repeat("very-long/", 10) + "very…",
	}
	got := names(defs.Checks[0].Journey.Steps)
	want[len(want)-1] = got[len(got)-1] // its length is checked below
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if last := got[len(got)-1]; len(last) > maxStepName || !strings.HasPrefix(last, "GET /very-long/") || !strings.HasSuffix(last, "…") {
		t.Errorf("long name: %q", last)
	}
	want = []string{
		"goto /cart", `click button "Pay"`, "click button", `click "Mugs"`, `click "Mugs" (2)`, "click css #a > b #2",
		`fill label "Card number"`, "fill testid card", `select label "Size"`, "press Enter", "press Control+A", `press a on label "Card number"`,
		`hover "Menu"`, "wait 1m30s", `wait for "Done"`, "wait until gone css .spinner", `expect "Thank you"`,
		`expect link "Home"`, `expect no "Error"`, "expect URL contains /cart", "expect title Cart", "screenshot cart",
		"screenshot screenshot", "evaluate script", "evaluate order", "goto /orders/{order}",
	}
	if got := names(defs.Checks[1].Journey.Steps); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRequestOptions(t *testing.T) {
	certificate, key := keyPair(t)
	dir := write(t, map[string]string{"tls/ca.pem": certificate, "tls/cert.pem": certificate, "tls/key.pem": key, "up/a.json": "{}", "up/b.bin": "\x00\x01", "s/schema.json": `{"type":"object"}`,
		"check.yaml": `
checks:
  - id: a
    http_options:
      redirects: 3
      resolve: {Shop.Example: 127.0.0.1}
      bearer: journey-token
      headers: {A: journey, B: journey}
    http:
      - post: https://shop.example/
        query: {q: [a, b], r: 1}
        headers: {a: step, C: [x, y]}
        protocol: http/2
        ip: 6
        resolve: {"shop.example:443": "[::1]:8443"}
        proxy: socks5://127.0.0.1:1080
        ca: tls/ca.pem
        client_cert: tls/cert.pem
        client_key: tls/key.pem
        server_name: other.example
        max_body: 1MiB
        max_header: 2kB
        redirects: forbid
        multipart: {title: t, one: {file: up/a.json}, two: {file: up/b.bin, name: c.png, type: image/png}}
        expect:
          latency: < 1s
          resolve: < 1s
          connect: < 1s
          tls: < 1s
          first_byte: < 1s
          download: < 1s
          headers: {X-A: exists}
          json_schema: s/schema.json
          certificate: invalid
        capture: {a: json $.a.b, b: header X-B, c: "regex id=(\\d+)", d: cookie e}
      - put: https://shop.example/${a}${b}${c}${d}
        redirects: none
        basic: {username: ann, password: "${secret:PW}"}
        file: up/b.bin
      - get: https://shop.example/
        form: {a: 1, b: [x, y]}
`})
	opts := testOptions(nil, map[string]string{"PW": "pass-word"})
	defs, err := Load([]string{dir}, opts)
	if err != nil {
		t.Fatal(err)
	}
	steps := defs.Checks[0].Journey.Steps
	r := steps[0].Action.(*Request)
	if r.Method != "POST" || r.Verb() != "post" || r.Protocol != ProtocolHTTP2 || r.IP != IPv6 || !r.ForbidRedirects || r.MaxRedirects != 0 || r.MaxBody != 1<<20 || r.MaxHeader != 2000 {
		t.Errorf("request: %+v", r)
	}
	if r.Resolve["shop.example:443"] != netip.MustParseAddrPort("[::1]:8443") || r.Resolve["shop.example"].Addr() != netip.MustParseAddr("127.0.0.1") || r.Resolve["shop.example"].Port() != 0 {
		t.Errorf("resolve: %v", r.Resolve)
	}
	if string(r.TLS.CA) != certificate || string(r.TLS.ClientKey) != key || r.TLS.ServerName != "other.example" || r.Proxy.String() != "socks5://127.0.0.1:1080" {
		t.Errorf("TLS: %+v, proxy %s", r.TLS, r.Proxy)
	}
	var headers []string
	for _, h := range append(slices.Clone(r.Headers), r.Query...) {
		v, _ := h.Value.Constant()
		headers = append(headers, h.Name+"="+v)
	}
	if want := []string{"B=journey", "a=step", "C=x", "C=y", "q=a", "q=b", "r=1"}; !slices.Equal(headers, want) {
		t.Errorf("headers and query: %q", headers)
	}
	if v, _ := r.Auth.Bearer.Constant(); v != "journey-token" {
		t.Errorf("auth: %+v", r.Auth)
	}
	b := r.Body
	if b.Kind != BodyMultipart || len(b.Fields) != 1 || len(b.Files) != 2 {
		t.Fatalf("body: %+v", b)
	}
	one, two := b.Files[0], b.Files[1]
	if one.Field != "one" || one.Name != "a.json" || one.Type != "application/json" || string(one.Content) != "{}" || two.Name != "c.png" || two.Type != "image/png" || string(two.Content) != "\x00\x01" {
		t.Errorf("files: %+v", b.Files)
	}
	subjects := map[Subject]bool{}
	for _, a := range r.Expect {
		subjects[a.Subject] = true
		if a.Subject == SubjectSchema && (a.Schema.Schema == nil || a.Schema.Validate([]any{}) == nil || a.Schema.Validate(map[string]any{}) != nil) {
			t.Error("the schema does not work")
		}
		if a.Subject == SubjectCertificateValid {
			if ok, err := a.Condition.Holds(false, nil); !ok || err != nil {
				t.Errorf("invalid certificate: %v, %v", ok, err)
			}
		}
	}
	for _, s := range []Subject{SubjectStatus, SubjectLatency, SubjectResolve, SubjectConnect, SubjectTLS, SubjectFirstByte, SubjectDownload, SubjectHeader, SubjectSchema, SubjectCertificateValid} {
		if !subjects[s] {
			t.Errorf("nothing is asserted of %s", s)
		}
	}
	captures := map[string]Capture{}
	for _, c := range r.Capture {
		captures[c.Variable] = c
	}
	if captures["a"].Path.Find(map[string]any{"a": map[string]any{"b": "x"}}) != "x" || captures["a"].Path.Find(map[string]any{}) != Missing ||
		captures["b"].Name != "X-B" || captures["c"].Pattern.FindStringSubmatch("id=17")[1] != "17" || captures["d"].Name != "e" {
		t.Errorf("captures: %+v", captures)
	}
	second := steps[1].Action.(*Request)
	if second.MaxRedirects != 0 || second.ForbidRedirects || second.Auth.Bearer.String() != "" || second.Auth.Username.String() != "ann" || second.Body.Kind != BodyFile || len(second.Body.Files) != 1 || second.Protocol != ProtocolAny || len(second.Resolve) != 1 {
		t.Errorf("second request: %+v, auth %+v", second, second.Auth)
	}
	third := steps[2].Action.(*Request)
	if third.MaxRedirects != 3 || third.Body.Kind != BodyForm || len(third.Body.Fields) != 3 {
		t.Errorf("third request: %+v", third)
	}
	for _, f := range []string{"tls/ca.pem", "up/a.json", "s/schema.json", "check.yaml"} {
		if !slices.Contains(defs.Files, filepath.Join(dir, f)) {
			t.Errorf("files %v lack %s", defs.Files, f)
		}
	}
}

func TestClientCertificateAndKeyMustGoTogether(t *testing.T) {
	certificate, _ := keyPair(t)
	_, key := keyPair(t)
	dir := write(t, map[string]string{"cert.pem": certificate, "key.pem": key,
		"c.yaml": "checks: [{id: a, http: [{get: 'https://127.0.0.1/', client_cert: cert.pem, client_key: key.pem}, {get: 'https://127.0.0.1/', client_key: key.pem}]}]"})
	_, err := Load([]string{dir}, Options{})
	if err == nil || !strings.Contains(err.Error(), "do not go together") || !strings.Contains(err.Error(), "client_key needs client_cert") {
		t.Errorf("got %v", err)
	}
}

// keyPair makes a certificate and its key, in PEM.
func keyPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
}

func TestBrowserSteps(t *testing.T) {
	defs := load(t, `
checks:
  - id: a
    browser_options: {chromium: full, viewport: 800x600, user_agent: me, headers: {X-A: b}}
    browser:
      - goto: http://127.0.0.1/
        timeout: 3s
        name: Home
      - click: {text: Mugs, exact: true, nth: 2}
      - fill: {css: input, value: ""}
      - press: {key: Tab, role: textbox}
      - wait: {visible: Done}
      - expect: {text: a, visible: b, hidden: {testid: c}, url: contains d, title: {equals: "< e"}}
      - evaluate: {script: "`+"`a${b}`"+`", capture: v, expect: length > 1}
      - click: ${v}
`, Options{})
	j := defs.Checks[0].Journey
	if j.Kind != KindBrowser || j.Browser.Chromium != "full" || j.Browser.Width != 800 || j.Browser.Height != 600 || j.Browser.UserAgent != "me" || len(j.Browser.Headers) != 1 {
		t.Errorf("browser: %+v", j.Browser)
	}
	if g := j.Steps[0]; g.Name != "Home" || g.Timeout != 3*time.Second || g.Action.(*Goto).URL.String() != "http://127.0.0.1/" {
		t.Errorf("goto: %+v", g)
	}
	if c := j.Steps[1].Action.(*Click).Target; c.Text.String() != "Mugs" || !c.Exact || c.Nth != 2 {
		t.Errorf("click: %+v", c)
	}
	if f := j.Steps[2].Action.(*Fill); f.Target.CSS.String() != "input" || !f.Value.IsZero() {
		t.Errorf("fill: %+v", f)
	}
	if p := j.Steps[3].Action.(*Press); p.Key != "Tab" || p.Target.Role != "textbox" {
		t.Errorf("press: %+v", p)
	}
	if w := j.Steps[4].Action.(*Wait); w.Visible.Text.String() != "Done" || w.For != 0 || !w.Hidden.IsZero() {
		t.Errorf("wait: %+v", w)
	}
	e := j.Steps[5].Action.(*Expect)
	title, err := e.Title.Holds("< e", nil)
	if e.Text.String() != "a" || e.Visible.Text.String() != "b" || e.Hidden.TestID.String() != "c" || e.URL.Op != OpContains || !title || err != nil {
		t.Errorf("expect: %+v", e)
	}
	if v := j.Steps[6].Action.(*Evaluate); v.Script != "`a${b}`" || v.Variable != "v" || v.Expect.Op != OpGreater {
		t.Errorf("evaluate: %+v", v)
	}
	if got := refused(t, "checks: [{id: a, browser: [goto: 'http://127.0.0.1/', click: '${v}', {evaluate: {script: '1', capture: v}}]}]", Options{}); !strings.Contains(got, "unknown variable ${v}") {
		t.Errorf("got %s", got)
	}
	shell := load(t, "defaults: {browser_options: {chromium: full}}\nchecks: [{id: a, browser_options: {chromium: shell}, browser: [goto: 'http://127.0.0.1/']}]", Options{})
	if b := shell.Checks[0].Journey.Browser; b.Chromium != "" || b.Width != DefaultViewportWidth || b.Height != DefaultViewportHeight {
		t.Errorf("browser: %+v", b)
	}
}
