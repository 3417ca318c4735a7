package browser

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/checks"
	"outrider/probes"
)

// TestPages drives pages of many kinds through journeys that have to pass.
func TestPages(t *testing.T) {
	const page = "- goto: ${URL}/page\n"
	tests := []struct{ name, body, steps string }{
		{"roles and names", `
			<button aria-label="Close">x</button>
			<div role="button" aria-labelledby="l1 l2">y</div><b id="l1">Save</b> <i id="l2">draft</i>
			<a href="#"><img src="/mug.svg" alt="Blue mug"></a>
			<input type="submit" value="Send">
			<label><input type="checkbox"> I agree</label>
			<fieldset><legend>Size</legend><label><input type="radio" name="s"> Large</label></fieldset>
			<input placeholder="Search mugs"><textarea title="Remarks"></textarea>
			<h2>Deals <span>of the day</span></h2><nav aria-label="Main"><ul><li>One</li></ul></nav>
			<select aria-label="Sort"><option>Price</option></select>`, page + `
- expect: {visible: {role: button, name: Close}}
- expect: {visible: {role: button, name: Save draft, exact: true}}
- expect: {visible: {role: link, name: Blue mug}}
- expect: {visible: {role: img, name: Blue mug}}
- expect: {visible: {role: button, name: Send}}
- click: {role: checkbox, name: I agree}
- click: {role: radio, name: Large}
- fill: {role: textbox, name: Search mugs, value: blue}
- fill: {role: textbox, name: Remarks, value: none}
- expect: {visible: {role: heading, name: Deals of the day}}
- expect: {visible: {role: navigation, name: Main}}
- expect: {visible: {role: combobox, name: Sort}}
- evaluate: {script: "document.querySelectorAll('input:checked').length", expect: 2}`},
		{"open shadow roots", `<x-card></x-card><script>customElements.define('x-card', class extends HTMLElement { connectedCallback() {
				this.attachShadow({mode: 'open'}).innerHTML = '<label>Card <input id=c></label><button>Pay</button>';
				this.shadowRoot.querySelector('button').onclick = () => document.title = 'Paid ' + this.shadowRoot.querySelector('input').value } })</script>`, page + `
- fill: {label: Card, value: "42"}
- click: {role: button, name: Pay}
- expect: {title: Paid 42}
- expect: {visible: {css: "#c"}}
- expect: Pay`},
		{"test id, nth, exact", `<button data-testid="a">Buy</button><button data-testid="b" onclick="document.title='second'">Buy now</button><button hidden>Buy</button>`, page + `
- expect: {visible: {testid: a}}
- click: {role: button, name: Buy, nth: 2}
- expect: {title: second}
- click: {text: Buy, exact: true}`},
		{"appears later", `<script>setTimeout(() => document.body.innerHTML += '<button disabled>Pay</button>', 100); setTimeout(() => document.querySelector('button').disabled = false, 200)</script>`, page + `
- click: Pay`},
		{"cover goes away", `<button onclick="document.title='paid'">Pay</button><div id="cover" style="position:fixed;inset:0"></div><script>setTimeout(() => cover.remove(), 200)</script>`, page + `
- click: Pay
- expect: {title: paid}`},
		{"stops moving", `<style>@keyframes m{from{transform:translateX(300px)}}button{animation:m .3s linear}</style><button onclick="document.title='paid'">Pay</button>`, page + `
- click: Pay
- expect: {title: paid}`},
		{"starts to move once it has painted", `<style>@keyframes m{from{transform:translateX(300px)}}button{animation:m 300ms linear}</style><button onclick="document.title='paid'">Pay</button><script>onload = () => { const end = performance.now() + 300; while (performance.now() < end); }</script>`, page + `
- click: Pay
- expect: {title: paid}`},
		{"slips away from under the pointer", `<div id="floor" style="position:fixed;inset:0"></div><button style="position:fixed;left:300px;top:100px">Pay</button><script>
			const log = [];
			for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) floor.addEventListener(type, () => log.push(type));
			const pay = document.querySelector('button');
			pay.onpointerenter = () => { pay.style.left = '20px'; pay.onpointerenter = null };
			pay.onclick = () => document.title = 'paid ' + log.length;</script>`, page + `
- click: Pay
- expect: {title: paid 0}`},
		{"press that another element takes by design", `<label for="c" style="padding:40px">News</label><input id="c" type="checkbox" style="position:absolute;left:8px;top:8px;width:60px;height:40px;opacity:0"><a href="#x"><span>Terms</span></a>`, page + `
- click: {role: checkbox, name: News}
- click: Terms
- press: Enter
- evaluate: {script: "c.checked + location.hash", expect: "true#x"}`},
		{"below the fold, under a sticky header", `<header style="position:fixed;top:0;left:0;right:0;height:80px;background:#eee">Shop</header><div style="height:3000px"></div><button onclick="document.title='paid'">Pay</button><div style="height:3000px"></div>`, page + `
- click: Pay
- expect: {title: paid}`},
		{"fields of all kinds", `<input id="d" type="date"><input id="n" type="number"><input id="r" type="range" max="10"><input id="p" type="password" oninput="this.dataset.seen=(this.dataset.seen||0)*1+1"><div id="e" contenteditable>old text</div><textarea id="t">old</textarea><input id="c" value="clear me" onchange="document.title='changed'">`, page + `
- fill: {css: "#d", value: "2026-02-03"}
- fill: {css: "#n", value: "12.5"}
- fill: {css: "#r", value: "7"}
- fill: {css: "#p", value: hunter2}
- fill: {css: "#e", value: new text}
- fill: {css: "#t", value: "two words"}
- fill: {css: "#c", value: ""}
- press: Tab
- expect: {title: changed}
- evaluate: {script: "[d.value, n.value, r.value, p.value, p.dataset.seen, e.innerText, t.value, c.value].join('|')", expect: "2026-02-03|12.5|7|hunter2|1|new text|two words|"}`},
		{"fill chooses an option of a select element", `<script>setTimeout(() => document.body.innerHTML += '<label>Glaze <select id="g" onchange="document.title=this.value"><option value="r">Red<option value="b">Blue</select></label>', 50)</script>`, page + `
- fill: {label: Glaze, value: b}
- expect: {title: b}
- fill: {label: Glaze, value: Red}
- expect: {title: r}`},
		{"hover", `<style>#menu{display:none} nav:hover #menu{display:block}</style><nav>Mugs<div id="menu"><a href="/about.html">Blue</a></div></nav>`, page + `
- hover: Mugs
- expect: {visible: {role: link, name: Blue}}
- click: {role: link, name: Blue}
- expect: {url: ends with /about.html}`},
		{"wait", `<div id="spin">Loading</div><script>setTimeout(() => spin.remove(), 150); setTimeout(() => document.body.append('Done'), 250)</script>`, page + `
- wait: {hidden: {css: "#spin"}}
- wait: {visible: {text: Done}}
- wait: 10ms`},
		{"values carried over", `<output id="o">order-7</output>`, page + `
- evaluate: {script: "o.value", capture: order}
- evaluate: {script: "const r = await Promise.resolve({a: [1]}); return r", expect: exists}
- evaluate: "fetch('/api/cart').then(r => r.status)"
- goto: ${URL}/page?order=${order}
- expect: {url: ends with order=order-7}`},
		{"text in pieces", `<p>Total:<span>$</span><span>12</span>.50</p><button><svg></svg><b>Pay</b> now</button><p>THANK&nbsp;YOU</p>`, page + `
- expect: Total:$12.50
- click: {role: button, name: pay now}
- click: pay now
- expect: thank you`},
		{"sent on by scripts", `<script>location.replace('/about.html')</script>`, page + `
- expect: {url: ends with /about.html}
- expect: About us`},
		{"click that leads on in steps", `<button onclick="setTimeout(() => location = '/hop', 0)">Go</button>`, page + `
- click: Go
- evaluate: {script: location.pathname, expect: /about.html}`},
		{"same document", `<a href="#there">There</a><button onclick="history.pushState({}, '', '/pushed'); document.title = 'Pushed'">Push</button>`, page + `
- click: There
- expect: {url: ends with "#there"}
- click: Push
- expect: {url: ends with /pushed, title: Pushed}`},
		{"link to an application", `<a href="mailto:a@example.org">Mail</a>`, page + "- click: Mail\n- expect: Mail"},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := shop(t, map[string]http.HandlerFunc{
				"/page": html(tt.body), "/hop": html(`<script>location = '/about.html'</script>`),
			})
			r := run(t, probe, load(t, server.URL, tt.steps, nil))
			mustPass(t, r)
			for _, s := range r.Steps {
				t.Logf("%-40s %s", s.Name, s.Duration.Round(100*time.Microsecond))
			}
		})
	}
}

func TestKeyboard(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<input id="i" onkeydown="if (event.key === 'Enter') document.title = 'sent ' + i.value">
		<script>onkeydown = (e) => { if (e.ctrlKey && e.key === 'k') { e.preventDefault(); document.title = 'palette' } }</script>`)})
	press := func(key string) *checks.Press { return &checks.Press{Key: key} }
	title := func(want string) *checks.Evaluate {
		check := load(t, server.URL, "- goto: ${URL}/page\n- evaluate: {script: document.title, expect: "+want+"}", nil)
		return check.Journey.Steps[1].Action.(*checks.Evaluate)
	}
	mustPass(t, run(t, newProbe(t, Options{}), journeyOf(
		goTo(server.URL+"/page"),
		&checks.Fill{Target: bySelector("#i"), Value: lit("old")},
		&checks.Press{Key: "Control+a", Target: bySelector("#i")},
		press("n"), press("Shift+E"), press("w"), press("ü"), press("Space"), press("+"), press("Enter"),
		title("sent nEwü +"),
		press("Control+k"),
		title("palette"),
	)))
}

func TestBrowserOptions(t *testing.T) {
	var got http.Header
	server := shop(t, map[string]http.HandlerFunc{"/page": func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		html("Hello")(w, r)
	}})
	check := load(t, server.URL, "- goto: ${URL}/page\n- {evaluate: {script: \"innerWidth + 'x' + innerHeight + ' ' + navigator.userAgent\", expect: 800x600 Monitor/1.0}}", nil)
	check.Journey.Browser = checks.BrowserOptions{
		Width: 800, Height: 600, UserAgent: "Monitor/1.0",
		Headers: []checks.Field{{Name: "X-Monitor", Value: lit("outrider")}},
	}
	probe := newProbe(t, Options{})
	mustPass(t, run(t, probe, check))
	if got.Get("X-Monitor") != "outrider" || got.Get("User-Agent") != "Monitor/1.0" {
		t.Errorf("the request came with %v", got)
	}
}

// What a journey sends to its own site, a secret perhaps, goes to no other:
// not to third parties that its pages use, not to where it is redirected.
func TestHeadersStayWithTheSite(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]string{}
	note := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.Host+r.URL.Path] = r.Header.Get("X-Monitor")
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	third := shop(t, map[string]http.HandlerFunc{
		"/script.js": note, "/data": note,
		"/landing": func(w http.ResponseWriter, r *http.Request) { note(w, r); html("Landed")(w, r) },
	})
	site := shop(t, map[string]http.HandlerFunc{
		"/own.js": note, "/own": note,
		"/away": func(w http.ResponseWriter, r *http.Request) {
			note(w, r)
			http.Redirect(w, r, third.URL+"/landing", http.StatusFound)
		},
		"/page": func(w http.ResponseWriter, r *http.Request) {
			note(w, r)
			html(`<script src="/own.js"></script><script src="`+third.URL+`/script.js"></script>
				<script>Promise.all([fetch("/own"), fetch("`+third.URL+`/data")]).then(() => document.title = "done")</script>`)(w, r)
		},
	})
	done, err := checks.ParseCondition("done")
	if err != nil {
		t.Fatal(err)
	}
	check := journeyOf(goTo(site.URL+"/page"), &checks.Expect{Title: &done}, goTo(site.URL+"/away"), &checks.Expect{Text: lit("Landed")})
	check.Journey.Browser.Headers = []checks.Field{{Name: "X-Monitor", Value: lit("s3cret")}}
	mustPass(t, run(t, newProbe(t, Options{}), check))
	want := map[string]string{}
	for server, paths := range map[string][]string{site.URL: {"/page", "/own.js", "/own", "/away"}, third.URL: {"/script.js", "/data", "/landing"}} {
		for _, p := range paths {
			want[strings.TrimPrefix(server, "http://")+p] = map[string]string{site.URL: "s3cret"}[server]
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("X-Monitor by request (-want +got):\n%s", diff)
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(html("Hello"))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is wanted
	server.StartTLS()
	defer server.Close()
	probe := newProbe(t, Options{})
	check := journeyOf(goTo(server.URL+"/"), &checks.Expect{Text: lit("Hello")})
	mustFail(t, run(t, probe, check), probes.FailTLS, "ERR_CERT_AUTHORITY_INVALID")

	check.Journey.Browser.SkipVerify = true
	r := run(t, probe, check)
	mustPass(t, r)
	http := r.Steps[0].HTTP
	if http.TLS == nil || http.TLS.Version != "1.3" || http.TLS.Verified || http.TLS.NotAfter.IsZero() || http.TLS.Cipher == "" {
		t.Errorf("TLS is %+v", http.TLS)
	}
	if http.Protocol != "HTTP/2.0" || http.Phases.TLS <= 0 || http.Phases.Connect <= 0 || http.Address == "" {
		t.Errorf("the exchange is %+v", http)
	}
	// The next run takes the certificate for as bad as before.
	check.Journey.Browser.SkipVerify = false
	mustFail(t, run(t, probe, check), probes.FailTLS, "ERR_CERT_AUTHORITY_INVALID")
}

func TestRedirectsAreSummed(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/first": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(50 * time.Millisecond)
			http.Redirect(w, r, "/second", http.StatusFound)
		},
		"/second": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(50 * time.Millisecond)
			http.Redirect(w, r, "/about.html", http.StatusFound)
		},
	})
	r := run(t, newProbe(t, Options{}), journeyOf(goTo(server.URL+"/first")))
	mustPass(t, r)
	got := r.Steps[0].HTTP
	if got.Redirects != 2 || got.URL != server.URL+"/about.html" || got.Status != 200 || got.Phases.FirstByte < 60*time.Millisecond {
		t.Errorf("the exchange is %+v", got)
	}
}
