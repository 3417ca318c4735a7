package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"outrider/probes"
)

// happenings serves what the tests of step options need.
func happenings(t *testing.T, body string) string {
	t.Helper()
	return shop(t, map[string]http.HandlerFunc{
		"/page": html(body),
		"/part": html("Part"),
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(900 * time.Millisecond)
			html("Slow")(w, r)
		},
		"/next": html(`Next <a href="/page">Back</a>`),
		"/late": html(`<button onclick="setTimeout(() => location = '/next', 400)">Go</button>`),
		"/popup": html(`<h1>Invoice</h1><button onclick="window.close()">Close</button><button onclick="opener.document.title = 'Agreed'; setTimeout(() => window.close(), 50)">Agree</button>
			<button onclick="window.open('/next')">More</button>`),
		"/500": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, "Sorry")
		},
		"/list": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-list; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="prices 2026.list"`)
			fmt.Fprint(w, "a;1\nb;2\n")
		},
		"/endless": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Disposition", `attachment; filename="endless.bin"`)
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, strings.Repeat("x", 1000)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		},
		"/huge": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", "900000000000")
			w.Header().Set("Content-Disposition", `attachment; filename="huge.bin"`)
			fmt.Fprint(w, strings.Repeat("x", 1000))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"/broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Disposition", `attachment; filename="broken.bin"`)
			fmt.Fprint(w, "half")
		},
	}).URL
}

func TestStepOptions(t *testing.T) {
	sum := sha256.Sum256([]byte("a;1\nb;2\n"))
	tests := []struct{ name, body, steps string }{
		{"dialogs", `<button onclick="document.title = confirm('Really delete it?')">Delete</button><button onclick="document.title = prompt('New name?', 'Mug')">Rename</button><button onclick="setTimeout(() => { alert('Saved'); document.title = 'done' }, 300)">Save</button>`, `
- {click: Delete, dialog: accept}
- expect: {title: "true"}
- {click: Delete, dialog: {message: contains delete}}
- expect: {title: "false"}
- {click: Rename, dialog: {answer: Cup}}
- expect: {title: Cup}
- {click: Rename, dialog: accept}
- expect: {title: Mug}
- {click: Rename, dialog: dismiss}
- expect: {title: "null"}
- {click: Save, dialog: {accept: true, message: Saved}}
- expect: {title: done}
- click: Delete
- expect: {title: "false"}`},
		{"staying on a page", `<input id="i"><a href="/next">Next</a><script>onbeforeunload = (e) => e.preventDefault()</script>`, `
- type: {css: "#i", text: x}
- {click: Next, dialog: dismiss}
- expect: {url: ends with /page}
- click: Next
- expect: {url: ends with /next}`},
		{"navigation", `<a href="/next">Next</a><a href="/late">Late</a><button onclick="setTimeout(() => history.pushState({}, '', '/part'), 300)">Part</button>`, `
- {click: Part, navigation: {url: ends with /part}}
- {click: Next, navigation: true}
- {back: , navigation: {title: Test page, url: ends with /part}}
- {goto: "${URL}/late", navigation: true}
- {click: Go, navigation: {url: ends with /next}}`},
		{"download", `<a href="/list">Prices</a><a download="made.csv" id="made">Made</a><iframe name="f" hidden></iframe><a href="/list" target="f">Hidden</a><script>made.href = URL.createObjectURL(new Blob(['a,b\n'], {type: 'text/csv'}))</script>`, `
- {click: Prices, download: {name: prices 2026.list, size: 8, type: application/x-list, sha256: ` + hex.EncodeToString(sum[:]) + `}}
- {click: Made, download: {name: ends with .csv, size: "< 1kB", type: contains text}}
- {click: Hidden, download: true}
- {goto: "${URL}/list", download: {size: "> 1"}}
- expect: {url: ends with /page}`},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, probe, load(t, happenings(t, tt.body), "- goto: ${URL}/page\n"+tt.steps, nil))
			mustPass(t, r)
			for _, s := range r.Steps {
				t.Logf("%-30s %s", s.Name, s.Duration)
			}
		})
	}
}

func TestStepOptionFailures(t *testing.T) {
	tests := []struct {
		name, body, step string
		kind             probes.FailureKind
		tells            []string
	}{
		{"no dialog", `<button>Delete</button>`, `- {click: Delete, dialog: accept, timeout: 1s}`, probes.FailPage, []string{"opened no dialog within 1s"}},
		{"another dialog", `<button onclick="if (confirm('Delete everything?')) location = '/next'">Delete</button>`, `- {click: Delete, dialog: {accept: true, message: Delete this?}}`, probes.FailAssertion,
			[]string{`the dialog says "Delete everything?", expected Delete this?; it was dismissed`}},
		{"no navigation", `<button>Go</button>`, `- {click: Go, navigation: true, timeout: 1s}`, probes.FailPage, []string{"led to no other page than", "/page"}},
		{"another page", `<a href="/next">Go</a>`, `- {click: Go, navigation: {url: ends with /thanks}, timeout: 1s}`, probes.FailAssertion, []string{"the page's address is", "/next"}},
		{"no download", `<a href="/next">Go</a>`, `- {click: Go, download: true, timeout: 1s}`, probes.FailPage, []string{"the step loaded no file within 1s"}},
		{"another name", `<a href="/list">Go</a>`, `- {click: Go, download: {name: ends with .pdf}}`, probes.FailAssertion, []string{"the file's name is prices 2026.list, expected ends with .pdf"}},
		{"another content", `<a href="/list">Go</a>`, `- {click: Go, download: {sha256: ` + strings.Repeat("0", 64) + `}}`, probes.FailAssertion, []string{"has another content", "SHA-256"}},
		{"endless download", `<a href="/endless">Go</a>`, `- {click: Go, download: true, timeout: 1s}`, probes.FailTimeout, []string{`"endless.bin" was not there within 1s`}},
		{"huge download", `<a href="/huge">Go</a>`, `- {click: Go, download: true}`, probes.FailAssertion, []string{`"huge.bin" is larger than 100 MiB`}},
		{"broken download", `<a href="/broken">Go</a>`, `- {click: Go, download: true}`, probes.FailPage, []string{`"broken.bin" was not loaded`}},
		{"no page opened", `<button>Go</button>`, `- {click: Go, popup: p, timeout: 1s}`, probes.FailPage, []string{"the step opened no page within 1s"}},
		{"page with an error", `<a href="/500" target="_blank">Go</a>`, `- {click: Go, popup: p}`, probes.FailAssertion, []string{"/500 answered with status 500"}},
		{"page that cannot be loaded", `<a href="http://127.0.0.1:2/" target="_blank">Go</a>`, `- {click: Go, popup: p}`, probes.FailConnect, []string{"127.0.0.1:2/ could not be loaded"}},
		{"closed page", `<button onclick="window.open('/popup')">Go</button>`, "- {click: Go, popup: p}\n- click: Close\n- switch: p", probes.FailPage, []string{`the page "p" has closed`}},
		{"only page", `x`, "- close:", probes.FailPage, []string{"the only page that is open"}},
	}
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	t.Run("all", func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				mustFail(t, run(t, probe, load(t, happenings(t, tt.body), "- goto: ${URL}/page\n"+tt.step, nil)), tt.kind, tt.tells...)
			})
		}
	})
	if left, _ := filepath.Glob(filepath.Join(temp, "*", "down-*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if _, err := os.Stat(temp); err != nil {
		t.Error(err)
	}
}

func TestPopups(t *testing.T) {
	tests := []struct{ name, body, steps string }{
		{"link and script", `<a href="/popup" target="_blank">Link</a><button onclick="window.open('/popup', '', 'width=400,height=300')">Script</button><a href="/popup" target="_blank" rel="noopener">Alone</a>`, `
- {click: Link, popup: link, navigation: {url: ends with /popup}}
- expect: Invoice
- switch: main
- {click: Script, popup: script}
- expect: {visible: {role: heading, name: Invoice}}
- {click: More, popup: more}
- expect: {url: ends with /next}
- close:
- expect: Invoice
- switch: link
- close: script
- expect: Invoice
- close:
- {click: Alone, popup: alone}
- expect: Invoice
- evaluate: {script: innerWidth, expect: exists}`},
		{"slow to answer", `<a href="/slow" target="_blank">Go</a>`, `
- {click: Go, popup: p}
- evaluate: {script: location.pathname, expect: /slow}`},
		{"closes itself", `<button onclick="window.open('/popup')">Sign in</button>`, `
- {click: Sign in, popup: sign-in}
- click: Agree
- expect: {title: Agreed}
- {click: Sign in, popup: sign-in}
- click: Close
- expect: {title: Agreed}`},
		{"written by the opener", `<button onclick="const w = window.open(); w.document.write('<button onclick=\'document.title=1\'>Here</button>'); w.document.close()">Open</button>`, `
- {click: Open, popup: p}
- click: Here
- expect: {title: "1"}`},
		{"main closes", `<button onclick="window.open('/popup')">Open</button>`, `
- {click: Open, popup: p}
- close: main
- expect: Invoice`},
		{"others are closed", `<button onclick="window.open('/next'); document.title = 'opened'">Open</button>`, `
- click: Open
- expect: {title: opened}`},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, probe, load(t, happenings(t, tt.body), "- goto: ${URL}/page\n"+tt.steps, nil))
			mustPass(t, r)
			if tt.name == "link and script" {
				if x := r.Steps[1].HTTP; x == nil || x.Status != 200 || !strings.HasSuffix(x.URL, "/popup") {
					t.Errorf("the exchange of the page that was opened is %+v", x)
				}
				if v := r.Steps[1].Vitals; v == nil || v.FCP == nil {
					t.Errorf("the vitals of the page that was opened are %+v", v)
				}
			}
			for _, s := range r.Steps {
				t.Logf("%-30s %s", s.Name, s.Duration)
			}
		})
	}
}

// TestDownloadBesideAnother opens and closes the page of another journey while a
// step waits for its file: the browser must still tell of the file.
func TestDownloadBesideAnother(t *testing.T) {
	probe := newProbe(t, Options{})
	other := shop(t, nil).URL
	var besides atomic.Int64
	site := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<a href="/list">Prices</a>`),
		"/list": func(w http.ResponseWriter, _ *http.Request) {
			if r, err := probe.Run(t.Context(), aboutUs(other)); err == nil && r.Outcome == probes.Passed {
				besides.Add(1)
			}
			w.Header().Set("Content-Disposition", `attachment; filename="prices.list"`)
			fmt.Fprint(w, "a;1\n")
		},
	})
	mustPass(t, run(t, probe, load(t, site.URL, "- goto: ${URL}/page\n- {click: Prices, download: {name: prices.list}, timeout: 10s}\n", nil)))
	if besides.Load() == 0 {
		t.Error("no other journey was done meanwhile")
	}
}
