package browser

import (
	"net/http"
	"testing"

	"outrider/checks"
)

// fingered is a page's script that keeps what it hears of a finger.
const fingered = `<script>const heard = [];
	for (const type of ['pointerdown', 'touchstart', 'pointerup', 'touchend', 'touchcancel', 'pointercancel', 'mousedown', 'mouseup', 'click', 'dblclick'])
		addEventListener(type, (e) => heard.push(type + (e.pointerType ? ':' + e.pointerType : '')));</script>`

// onPhone makes a check of a phone's journey.
func onPhone(t *testing.T, url, steps string) checks.Check {
	t.Helper()
	check := load(t, url, steps, nil)
	check.Journey.Browser.Device = checks.DevicePhone
	check.Journey.Browser.Width, check.Journey.Browser.Height = 0, 0
	return check
}

// On a device with a touch screen a click is a tap.
func TestTaps(t *testing.T) {
	const (
		button = `<meta name=viewport content="width=device-width"><button style="width:200px;height:60px;border:0">Pay</button>`
		told   = `
- evaluate: {script: "heard.join(' ')", expect: "== `
		one = `pointerdown:touch touchstart pointerup:touch touchend mousedown mouseup click:touch`
	)
	tests := []struct{ name, body, steps string }{
		{"once", button, "- click: Pay" + told + one + `"}`},
		{"on a page made for a larger screen", `<button style="width:600px;margin-left:300px">Pay</button>`, "- click: Pay" + told + one + `"}`},
		{"twice", button, "- double_click: Pay" + told + one + " " + one + ` dblclick"}`},
		{"at a place, with a key", button + `<script>onclick = (e) => document.title = [e.shiftKey, e.offsetX, e.offsetY].join()</script>`,
			`- click: {text: Pay, position: "15,20", modifiers: [Shift]}
- expect: {title: "true,15,20"}`},
		{"held", button + `<script>let down; onpointerdown = (e) => down = e.timeStamp; onpointerup = (e) => document.title = e.timeStamp - down >= 45</script>`,
			`- click: {text: Pay, hold: 50ms}
- expect: {title: "true"}`},
		{"with the page's own gesture", button + `<script>document.querySelector('button').addEventListener('touchstart', (e) => e.preventDefault(), {passive: false})</script>`,
			"- click: Pay" + told + `pointerdown:touch touchstart pointerup:touch touchend"}`},
		{"with the other button", button, "- click: {text: Pay, button: right}" + `
- evaluate: {script: "heard.some((h) => h.includes('touch'))", expect: false}`},
		{"and is measured as input", button + `<script>onclick = () => { const end = performance.now() + 150; while (performance.now() < end); document.title = 'done' }</script>`,
			`- click: Pay
- expect: {title: done}`},
		{"a box", `<label><input type="checkbox" id="terms"> Terms</label>`, `
- check: {label: Terms}
- evaluate: {script: terms.checked, expect: true}`},
		{"a link", `<a href="/about.html">About</a>`, `
- click: About
- expect: {url: ends with /about.html}`},
		// It moves between the last look and the touch: nothing else is touched.
		{"slips away", button + `<div id="floor" style="position:fixed;inset:0;z-index:-1"></div><script>const floored = [];
			for (const type of ['pointerdown', 'touchstart', 'pointerup', 'pointercancel', 'touchcancel', 'touchend', 'mousedown', 'click']) addEventListener(type, (e) => { if (e.target.localName !== 'button') floored.push(type) }, true);
			onkeydown = () => { document.querySelector('button').style.marginTop = '300px'; onkeydown = null }</script>`, `
- click: {text: Pay, modifiers: [Shift]}
- evaluate: {script: "floored.length", expect: 0}` + told + one + `"}`},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := shop(t, map[string]http.HandlerFunc{"/page": html(fingered + tt.body)})
			r := run(t, probe, onPhone(t, server.URL, "- goto: ${URL}/page\n"+tt.steps))
			mustPass(t, r)
			if s := r.Steps[1]; tt.name == "and is measured as input" && (s.Vitals == nil || s.Vitals.INP == nil) {
				t.Errorf("the tap has the vitals %+v", s.Vitals)
			}
		})
	}
}

// A tap in a frame is one, too, and one that a frame gets no more is made again.
// Full Chromium goes on to send what is pressed to the process of a frame that
// has moved just then.
func TestTapsInFrames(t *testing.T) {
	const frame = `" style="position:fixed;left:20px;top:40px;width:300px;height:200px"></iframe>`
	slips := `<script>onkeydown = () => { document.querySelector('iframe').style.top = '300px'; onkeydown = null }; const floored = []; ontouchstart = onclick = (e) => floored.push(e.type)</script>`
	url := framesSite(t, map[string]string{
		"/pay":   fingered + `<button onclick="document.body.append('Paid by ' + event.pointerType)">Pay</button>`,
		"/own":   `<meta name=viewport content="width=device-width"><input aria-label="Name"><iframe src="${OWN}/pay` + frame + slips,
		"/other": `<meta name=viewport content="width=device-width"><input aria-label="Name"><iframe src="${OTHER}/pay` + frame + slips,
	})
	probe := newProbe(t, Options{})
	for _, tt := range []struct{ page, chromium, held string }{{"/own", "", "Shift"}, {"/other", "", "Shift"}, {"/other", "full", ""}} {
		t.Run(tt.page[1:]+tt.chromium, func(t *testing.T) {
			t.Parallel()
			check := onPhone(t, url, "- goto: ${URL}"+tt.page+`
- click: {label: Name}
- evaluate: "floored.length = 0"
- click: {text: Pay, frame: 0, modifiers: [`+tt.held+`]}
- expect: {visible: {text: Paid by touch, frame: 0}}
- evaluate: {script: "floored.length", expect: 0}`)
			check.Journey.Browser.Chromium = tt.chromium
			mustPass(t, run(t, probe, check))
		})
	}
}
