package browser

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/google/go-cmp/cmp"

	"outrider/probes"
)

// at gives a moment so many milliseconds after a fixed one.
func at(ms int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
}

// asked is a request of a host from one moment to another; -1 is never.
func asked(id, host string, from, till int) *resource {
	r := &resource{id: network.RequestID(id), host: host, path: "/" + id, kind: "fetch", begun: at(from)}
	if till != -1 {
		r.ended, r.answered, r.status, r.bytes = at(till), at(till), 200, 100
	}
	return r
}

func plainText(s string) string { return s }

func TestTimeIsPutDownToWhatEndedLast(t *testing.T) {
	step := period{from: at(0), till: at(1000), next: at(1100)}
	failed := step
	failed.failed = true
	opened := step
	opened.opened = "document"
	refused := asked("refused", "a", 0, -1)
	refused.answered, refused.status = at(400), 500
	for _, c := range []struct {
		name string
		list []*resource
		p    period
		want string // host time requests/failed/pending
	}{
		{"nothing", nil, step, ""},
		{"one", []*resource{asked("x", "a", 100, 400)}, step, "a 300 1/0/0"},
		{"one after the other", []*resource{asked("x", "a", 100, 400), asked("y", "b", 400, 600)}, step, "a 300 1/0/0, b 200 1/0/0"},
		{"the later end counts", []*resource{asked("x", "a", 100, 400), asked("y", "b", 200, 900)}, step, "b 700 1/0/0, a 100 1/0/0"},
		{"one within the other", []*resource{asked("x", "a", 100, 900), asked("y", "b", 200, 300)}, step, "a 800 1/0/0, b 0 1/0/0"},
		{"begun in an earlier step", []*resource{asked("x", "a", -500, 400)}, step, "a 400 1/0/0"},
		{"over before the step", []*resource{asked("x", "a", -500, -100)}, step, ""},
		{"begun after the step", []*resource{asked("x", "a", 1200, 1300)}, step, ""},
		{"begun between this step and the next", []*resource{asked("x", "a", 1050, 1080)}, step, "a 0 1/0/1"},
		{"nobody waited for what outlasts a step", []*resource{asked("x", "a", 0, -1), asked("y", "b", 100, 300)}, step, "b 200 1/0/0, a 0 1/0/1"},
		{"but a failed step did", []*resource{asked("x", "a", 200, -1), asked("y", "b", 100, 300)}, failed, "a 800 1/0/1, b 100 1/0/0"},
		{"the document comes first", []*resource{asked("document", "a", 100, 500), asked("x", "b", 0, 300), asked("y", "c", 400, 700)}, opened, "c 200 1/0/0, b 100 1/0/0"},
		{"an unread error is over", []*resource{refused}, failed, "a 400 1/1/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := resources{list: c.list}
			var got []string
			sum := time.Duration(0)
			for _, g := range k.groups(c.p, plainText) {
				got = append(got, fmt.Sprintf("%s %d %d/%d/%d", g.Host, g.Time.Milliseconds(), g.Requests, g.Failed, g.Pending))
				sum += g.Time
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
			if sum > c.p.till.Sub(c.p.from) {
				t.Errorf("the hosts took %s of a step of %s", sum, c.p.till.Sub(c.p.from))
			}
		})
	}
}

func TestGroupsAreBounded(t *testing.T) {
	k := resources{site: "shop.example"}
	for i := range 40 {
		k.list = append(k.list, asked("x", fmt.Sprintf("host-%02d.example", i), 10*i, 10*i+10))
	}
	groups := k.groups(period{from: at(0), till: at(1000), next: at(1000)}, plainText)
	if len(groups) != probes.MaxResourceGroups {
		t.Fatalf("%d groups", len(groups))
	}
	last := groups[len(groups)-1]
	want := probes.ResourceGroup{Requests: 25, Time: 250 * time.Millisecond, TransferBytes: 2500, Slowest: last.Slowest}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
}

func TestSameSite(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"shop.example", "shop.example", true},
		{"api.shop.example:8443", "www.shop.example", true},
		{"shop.example", "cdn.example", false},
		{"shop.co.uk", "other.co.uk", false},
		{"a.github.io", "b.github.io", false},
		{"127.0.0.1:80", "127.0.0.1:81", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"[::1]:80", "[::1]", true},
		{"localhost", "127.0.0.1", false},
		{"SHOP.example.", "shop.example", true},
	} {
		if got := sameSite(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %t", c.a, c.b, got)
		}
	}
}

// A run tells which host a step waited for, what failed, and what was thrown;
// never what comes after the question mark of a URL, nor a secret.
func TestRunsTellWhatPagesWaitFor(t *testing.T) {
	const secret = "correct-horse-battery"
	server := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<script>
			fetch("/late/` + secret + `?token=` + secret + `").then(a => a.text()).then(text => { document.body.append(text) });
			fetch("/gone");
			setTimeout(() => { throw new Error("told so ` + secret + `") });
			</script>`),
		"/late/": func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(300 * time.Millisecond)
			io.WriteString(w, "it is here")
		},
		"/gone": http.NotFound,
	})
	run := run(t, newProbe(t, Options{}), load(t, server.URL, `
- goto: ${URL}/page?token=${secret:TOKEN}
- expect: {text: it is here}
`, map[string]string{"TOKEN": secret}))
	mustPass(t, run)
	step := run.Steps[1]
	if len(step.Resources) != 1 {
		t.Fatalf("resources are %+v", step.Resources)
	}
	g := step.Resources[0]
	if !g.FirstParty || g.Time < 200*time.Millisecond || g.Time > step.Duration || g.Slowest == nil || !strings.HasPrefix(g.Slowest.Path, "/late/") ||
		strings.Contains(g.Slowest.Path, "?") || strings.Contains(g.Slowest.Path, secret) || g.Slowest.Status != 200 || g.Slowest.Wait > g.Slowest.Time {
		t.Errorf("group is %+v, slowest %+v", g, g.Slowest)
	}
	var failed *probes.Resource
	thrown := ""
	for _, s := range run.Steps {
		for _, g := range s.Resources {
			if g.Broken != nil {
				failed = g.Broken
			}
		}
		thrown += s.Exception
	}
	if failed == nil || failed.Path != "/gone" || failed.Status != 404 {
		t.Errorf("what failed is %+v", failed)
	}
	if !strings.Contains(thrown, "told so") || strings.Contains(thrown, secret) {
		t.Errorf("what was thrown is %q", thrown)
	}
}

// BenchmarkResources takes the events of a page of a hundred requests and sums
// them up.
func BenchmarkResources(b *testing.B) {
	const requests = 100
	var events []any
	for i := range requests {
		id := network.RequestID(fmt.Sprint(i))
		events = append(events,
			&network.EventRequestWillBeSent{RequestID: id, Type: network.ResourceTypeImage, Request: &network.Request{URL: fmt.Sprintf("https://host-%d.example/image/%d.png?size=large", i%20, i)}},
			&network.EventResponseReceived{RequestID: id, Response: &network.Response{Status: 200}},
			&network.EventLoadingFinished{RequestID: id, EncodedDataLength: 1000})
	}
	b.ReportAllocs()
	for b.Loop() {
		var k resources
		for i, event := range events {
			k.handle(event, "frame", at(i))
		}
		if g := k.groups(period{from: at(0), till: at(300), next: at(300)}, plainText); len(g) != probes.MaxResourceGroups {
			b.Fatalf("%d groups", len(g))
		}
	}
}
