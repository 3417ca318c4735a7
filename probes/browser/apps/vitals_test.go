package apps

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"text/tabwriter"
	"time"

	"outrider/checks"
	"outrider/cmd/demoshop/shop"
	"outrider/probes"
	"outrider/probes/browser"
)

// measures are what both report of a page, by the name that a run's JSON has
// for it, with how many digits of it to show.
var measures = []struct {
	name, unit string
	digits     int
}{
	{"lcp_ms", "ms", 0}, {"fcp_ms", "ms", 0}, {"cls", "", 4}, {"tbt_ms", "ms", 0}, {"ttfb_ms", "ms", 0},
}

// lateness is how long Outrider stays on a page: what comes late shall have come.
const lateness = 3 * time.Second

// BenchmarkVitals opens pages in turns with Outrider and with Lighthouse, each
// time in a new process of the same Chromium, without throttling, and prints
// the medians of b.N times side by side ("make vitals" does 9).
func BenchmarkVitals(b *testing.B) {
	chromium, _, err := browser.FindChromium(browser.Options{})
	if err != nil || chromium == "" {
		b.Fatalf("no headless shell: %v", err)
	}
	demo, err := shop.New(shop.Options{})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(demo)
	b.Cleanup(server.Close)
	pages := []struct{ name, url string }{
		{"shop-home", server.URL + "/"},
		{"shop-workshop", server.URL + "/story"},
		{"verdaccio", registry(b) + "/"},
		{"DokuWiki", wiki(b) + "/doku.php"},
	}
	for _, page := range pages {
		b.Run(page.name, func(b *testing.B) {
			probe, err := browser.New(browser.Options{TempDir: b.TempDir(), MaxRuns: 1, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(probe.Close)
			ours, theirs := samples{}, samples{}
			for b.Loop() {
				ours.add(measured(b, probe, page.url))
				theirs.add(lighthouse(b, chromium, page.url))
			}
			show(page.name, ours, theirs, b.N)
		})
	}
}

// show prints medians side by side, and what the page that Lighthouse had open
// says of its own load: where that is Lighthouse's figure, both mean the same by
// it, and what differs from Outrider's is the load.
func show(page string, ours, theirs samples, n int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s, medians of %d\tOutrider\tLighthouse\tdifference\tLighthouse's page\t\n", page, n)
	for _, m := range measures {
		a, c := ours.median(m.name), theirs.median(m.name)
		number := func(v float64) string { return strconv.FormatFloat(v, 'f', m.digits, 64) }
		own := ""
		if len(theirs["page_"+m.name]) > 0 {
			own = number(theirs.median("page_" + m.name))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s %s\t%s\t\n", m.name, number(a), number(c), number(a-c), m.unit, own)
	}
	w.Flush()
}

// samples are measurements by name.
type samples map[string][]float64

func (s samples) add(values map[string]float64) {
	for name, v := range values {
		s[name] = append(s[name], v)
	}
}

// median gives the middle one; NaN would be misleading, so -1 says that there
// is none.
func (s samples) median(name string) float64 {
	values := slices.Sorted(slices.Values(s[name]))
	if len(values) == 0 {
		return -1
	}
	return values[len(values)/2]
}

// measured opens a page with Outrider, and waits for what comes late, as
// Lighthouse does.
func measured(b *testing.B, probe *browser.Probe, url string) map[string]float64 {
	b.Helper()
	check := checks.Check{ID: "vitals", Name: "vitals"}
	check.Journey.Kind = checks.KindBrowser
	check.Journey.Steps = []checks.Step{
		{Name: "open", Action: &checks.Goto{URL: checks.Literal(url)}},
		{Name: "wait", Action: &checks.Wait{For: lateness}},
	}
	run, err := probe.Run(b.Context(), check)
	if err != nil {
		b.Fatal(err)
	}
	if run.Outcome != probes.Passed || run.Steps[0].Vitals == nil {
		b.Fatalf("%s: %s %+v", url, run.Outcome, run.Failure)
	}
	text, err := json.Marshal(run.Steps[0].Vitals)
	if err != nil {
		b.Fatal(err)
	}
	return numbers(b, text)
}

// numbers reads the numbers of a JSON object.
func numbers(b *testing.B, text []byte) map[string]float64 {
	b.Helper()
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		b.Fatalf("%v: %s", err, text)
	}
	found := map[string]float64{}
	for name, value := range object {
		if v, ok := value.(float64); ok {
			found[name] = v
		}
	}
	return found
}

// lighthouse opens a page with Lighthouse.
func lighthouse(b *testing.B, chromium, url string) map[string]float64 {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "node", "lighthouse.mjs", url)
	cmd.Dir = filepath.Join("..", "peers")
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	text, err := cmd.Output()
	if err != nil {
		b.Fatalf("lighthouse (make vitals installs it): %v", err)
	}
	return numbers(b, text)
}
