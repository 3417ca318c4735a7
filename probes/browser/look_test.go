package browser

import (
	"image"
	"image/color"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser/pixels"
)

// quick is the timeout of expectations that are not to be met.
const quick = 400 * time.Millisecond

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func contains(list []string, text string) bool { return slices.Contains(list, text) }

// TestLooksLike takes a baseline and holds pages against it that differ in what
// matters and in what does not.
func TestLooksLike(t *testing.T) {
	const page = `<style>body{margin:0;font:16px monospace} #box{width:200px;height:100px;background:#369} input{outline:none}
		@keyframes turn{to{transform:translateX(300px)}} #busy{width:20px;height:20px;background:#c33;animation:turn 1s linear infinite}
		@keyframes come{from{opacity:0}} #news{animation:come 30s} #clock{width:100px;height:20px}</style>
		<div id=box>Mugs</div><div id=busy></div><div id=news>News</div><div id=clock></div><input autofocus value="${secret}">
		<script>clock.style.background = '#' + Math.random().toString(16).slice(2, 8); document.querySelector('input').focus()</script>`
	server := shop(t, map[string]http.HandlerFunc{
		"/shop":    html(page),
		"/changed": html(page + `<script>box.style.height = '90px'; box.style.background = '#963'</script>`),
		"/late":    html(page + `<script>box.style.background = '#963'; setTimeout(() => { box.style.background = '#369' }, 700)</script>`),
	})
	baselines := map[string][]byte{}
	var mu sync.Mutex
	take := newProbe(t, Options{Baselines: func(path string, png []byte) error {
		mu.Lock()
		defer mu.Unlock()
		baselines[path] = png
		return nil
	}})
	compare := newProbe(t, Options{})
	look := func(path string, l checks.Look) checks.Check {
		l.Path, l.Baseline = "/somewhere/shop.png", baselines["/somewhere/shop.png"]
		l.Mask = append(l.Mask, bySelector("#clock"))
		check := journeyOf(goTo(server.URL+path), &checks.Expect{PageState: checks.PageState{LooksLike: &l}})
		check.Journey.Steps[1].Timeout = 5 * time.Second
		return check
	}
	mustFail(t, run(t, compare, look("/shop", checks.Look{})), probes.FailAssertion, "there is no picture shop.png", "outrider run --update")
	mustPass(t, run(t, take, look("/shop", checks.Look{})))
	first := baselines["/somewhere/shop.png"]
	p, err := pixels.Decode(first)
	if err != nil || p.Rect.Dx() != 1280 || p.Rect.Dy() != 800 {
		t.Fatalf("the baseline is of %v, %v", p.Rect, err)
	}
	if c := p.NRGBAAt(10, 90); c != (color.NRGBA{0x33, 0x66, 0x99, 255}) {
		t.Errorf("the box is %v", c)
	}
	mustPass(t, run(t, compare, look("/shop", checks.Look{})))
	mustPass(t, run(t, compare, look("/late", checks.Look{})))
	changed := look("/changed", checks.Look{})
	changed.Journey.Steps[1].Timeout = quick
	r := run(t, compare, changed)
	mustFail(t, r, probes.FailAssertion, "the page does not look like shop.png: ", "of its pixels differ, expected at most 0 %")
	var names []string
	for _, a := range r.Artifacts {
		names = append(names, a.Name)
		if a.Name != "shop-difference.png" {
			continue
		}
		d, err := pixels.Decode(a.Data)
		if err != nil || d.NRGBAAt(10, 90) != (color.NRGBA{255, 0, 0, 255}) {
			t.Errorf("the difference does not show the box: %v", err)
		}
	}
	if !contains(names, "shop-difference.png") || !contains(names, "shop-actual.png") || strings.Contains(strings.Join(names, " "), "-2") {
		t.Errorf("artifacts %v", names)
	}
	// A tenth of the picture may differ; or just this element is looked at.
	mustPass(t, run(t, compare, look("/changed", checks.Look{Tolerance: 0.1})))
	mustPass(t, run(t, take, look("/shop", checks.Look{Target: bySelector("#box")})))
	if p, err := pixels.Decode(baselines["/somewhere/shop.png"]); err != nil || p.Rect != image.Rect(0, 0, 200, 100) {
		t.Errorf("the element's picture is of %v, %v", p.Rect, err)
	}
	part := look("/changed", checks.Look{Target: bySelector("#box")})
	part.Journey.Steps[1].Timeout = quick
	mustFail(t, run(t, compare, part), probes.FailAssertion, "it has 200 × 90 pixels, not 200 × 100")
	broken := look("/shop", checks.Look{})
	broken.Journey.Steps[1].Action.(*checks.Expect).LooksLike.Baseline = first[:len(first)/2]
	if _, err := compare.Run(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "shop.png") {
		t.Errorf("half a baseline: %v", err)
	}
}

// What is secret is in no picture, not even in a baseline that is committed.
func TestLookHidesSecrets(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<style>body{margin:0}</style><div style="width:300px;height:50px;font:30px monospace">4242 4242 4242</div>`)})
	folder := t.TempDir()
	p := newProbe(t, Options{Baselines: func(path string, png []byte) error {
		return os.WriteFile(filepath.Join(folder, filepath.Base(path)), png, 0o600)
	}})
	check := load(t, server.URL, "- goto: ${URL}/page?${secret:CARD}\n- expect: {looks_like: card.png}\n", map[string]string{"CARD": "424242424242"})
	mustPass(t, run(t, p, check))
	data, err := os.ReadFile(filepath.Join(folder, "card.png"))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := pixels.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if c := shown.NRGBAAt(100, 20); c != (color.NRGBA{255, 0, 255, 255}) {
		t.Errorf("the card is not covered: %v", c)
	}
}
