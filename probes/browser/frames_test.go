package browser

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

// framesSite serves a page with frames of its own site and of another; ${OTHER}
// in a body stands for the other site, which is localhost: another site than
// 127.0.0.1, so that its frames are in a process of their own.
func framesSite(t *testing.T, pages map[string]string) string {
	t.Helper()
	handlers := map[string]http.HandlerFunc{}
	var own, other string
	for path, body := range pages {
		handlers[path] = func(w http.ResponseWriter, r *http.Request) {
			html(strings.NewReplacer("${OWN}", own, "${OTHER}", other).Replace(body))(w, r)
		}
	}
	server := shop(t, handlers)
	own = server.URL
	other = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	return server.URL
}

const cardForm = `<label>Card <input id="card" oninput="document.title='typed'"></label><label>Kind <select><option>Visa<option>Other</select></label>
	<button onclick="document.body.append('Paid ' + card.value + ' ' + document.querySelector('select').value)">Pay</button>`

func TestFrames(t *testing.T) {
	pages := map[string]string{
		"/card":  cardForm,
		"/same":  `<h1>Shop</h1><iframe src="/about.html" width=200 height=60></iframe><iframe title="Card" src="/card" style="border:5px solid;padding:7px;margin:20px"></iframe>`,
		"/cross": `<h1>Shop</h1><div style="height:1500px"></div><iframe id="pay" src="${OTHER}/card" style="border:9px solid" width=400 height=200></iframe>`,
		"/deep":  `<iframe name="outer" src="${OTHER}/middle" width=600 height=400></iframe>`,
		"/middle": `Middle <div style="height:700px"></div><iframe src="${OTHER}/card" title="same"></iframe>
			<iframe src="${OWN}/card" title="back" style="transform:scale(1.5);transform-origin:0 0"></iframe>`,
		"/long":   `<iframe id="f" src="${OTHER}/tall" width=300 height=2500></iframe>`,
		"/tall":   `<div style="height:2300px">Tall</div><button onclick="document.body.append('Reached')">Low</button>`,
		"/shadow": `<div id="host"></div>` + shadow("host", `<iframe title="Card" src="/card"></iframe>`),
		"/late":   `<script>setTimeout(() => { const f = document.createElement('iframe'); f.src = '${OTHER}/card'; f.title = 'Card'; document.body.append(f) }, 200)</script>`,
		"/leave":  `<iframe title="Nav" src="${OTHER}/links"></iframe>`,
		"/links":  `<a href="/about.html" target="_top">Up</a><br><a href="/card">In</a>`,
	}
	steps := func(frame string) string {
		return fmt.Sprintf(`
- fill: {label: Card, frame: %[1]s, value: "4242"}
- select: {label: Kind, frame: %[1]s, option: Other}
- click: {role: button, name: Pay, frame: %[1]s}
- expect: {visible: {text: Paid 4242 Other, frame: %[1]s}, hidden: {text: Sorry, frame: %[1]s}}
- press: {key: x, label: Card, frame: %[1]s}
- hover: {role: button, name: Pay, frame: %[1]s}
- type: {label: Card, frame: %[1]s, text: "yz"}
- expect: {element: {label: Card, frame: %[1]s, value: 4242xyz}}`, frame)
	}
	url := framesSite(t, pages)
	tests := []struct{ name, page, steps string }{
		{"same site by target", "/same", steps("{title: Card}")},
		{"same site by number", "/same", steps("1")},
		{"another site", "/cross", steps("{css: \"#pay\"}")},
		{"another site within another, same process", "/deep", steps("[{css: iframe}, {title: same}]")},
		{"own site within another, scaled", "/deep", steps("[0, {title: back}]")},
		{"in a shadow root", "/shadow", steps("{title: Card}")},
		{"appears later", "/late", steps("{title: Card}")},
		{"frame longer than the view", "/long", "\n- click: {text: Low, frame: 0}\n- expect: {visible: {text: Reached, frame: 0}}"},
		{"fall-back in a frame", "/same", "\n- click: {role: button, name: Pay, or: [{css: button, frame: 1}]}\n- expect: {visible: {text: Paid, frame: 1}}"},
		{"frame moves on", "/leave", "\n- click: {text: In, frame: 0}\n- click: {text: Pay, frame: 0}\n- expect: {visible: {text: Paid, frame: 0}}"},
		{"frame leads the page on", "/leave", "\n- click: {text: Up, frame: 0}\n- evaluate: {script: location.pathname, expect: /about.html}"},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, probe, load(t, url, "- goto: ${URL}"+tt.page+tt.steps, nil))
			mustPass(t, r)
			for _, s := range r.Steps {
				t.Logf("%-60s %s", s.Name, s.Duration)
			}
		})
	}
}

// What takes more than a click or a key works in frames, too.
func TestActsInFrames(t *testing.T) {
	const things = `<div id="mug" draggable="true" style="width:80px;height:40px">Mug</div><div id="cart" style="width:200px;height:60px;background:#eee">Cart</div>
		<div id="knob" style="width:40px;height:20px;background:red">Knob</div><label><input type="checkbox"> Terms</label>
		<label>Doc <input type="file" onchange="document.body.append('Took ' + this.files[0].name)"></label><button onclick="document.querySelector('input[type=file]').click()">Choose</button>
		<div style="height:900px"></div><p>End</p><script>
		mug.ondragstart = (e) => e.dataTransfer.setData('text/plain', 'mug-7'); cart.ondragover = (e) => e.preventDefault();
		cart.ondrop = (e) => { e.preventDefault(); cart.append(' has ' + e.dataTransfer.getData('text/plain')) };
		knob.onmousedown = () => { onmouseup = (e) => cart.append(' and ' + document.elementFromPoint(e.clientX, e.clientY).id) }</script>`
	url := framesSite(t, map[string]string{
		"/things": things,
		"/own":    `<div style="height:900px"></div><iframe src="/things" width=400 height=300></iframe>`,
		"/other":  `<div style="height:900px"></div><iframe src="${OTHER}/things" width=400 height=300></iframe>`,
	})
	probe := newProbe(t, Options{})
	for _, path := range []string{"/own", "/other"} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			check := load(t, url, "- goto: ${URL}"+path+`
- drag: {from: {text: Mug, frame: 0}, to: {css: "#cart", frame: 0}}
- expect: {visible: {text: Cart has mug-7, frame: 0}}
- drag: {from: {text: Knob, frame: 0}, to: {css: "#cart", frame: 0}}
- expect: {visible: {text: and cart, frame: 0}}
- check: {label: Terms, frame: 0}
- expect: {checked: {label: Terms, frame: 0}}
- scroll: {text: End, frame: 0}
- scroll: {css: html, frame: 0, y: 50}
- hover: {text: Choose, frame: 0}`, nil)
			for _, target := range []checks.Target{{Label: lit("Doc"), Frame: []checks.FrameRef{{}}}, {Text: lit("Choose"), Frame: []checks.FrameRef{{}}}} {
				name := fmt.Sprintf("doc-%d.txt", len(check.Journey.Steps))
				check.Journey.Steps = append(check.Journey.Steps,
					checks.Step{Name: name, Action: &checks.Upload{Target: target, Files: []checks.File{{Name: name, Content: []byte("text")}}}},
					checks.Step{Name: "took " + name, Action: &checks.Expect{Visible: checks.Target{Text: lit("Took " + name), Frame: []checks.FrameRef{{}}}}})
			}
			mustPass(t, run(t, probe, check))
		})
	}
}

func TestFrameFailures(t *testing.T) {
	url := framesSite(t, map[string]string{
		"/card":    cardForm,
		"/covered": `<iframe id="pay" src="${OTHER}/card" width=300 height=150></iframe><div id="consent" style="position:fixed;inset:0">We value your privacy</div>`,
		"/hidden":  `<iframe id="pay" src="${OTHER}/card" style="visibility:hidden"></iframe><p id="p">x`,
	})
	tests := []struct {
		name, page, step string
		kind             probes.FailureKind
		tells            []string
	}{
		{"covered", "/covered", `- {click: {text: Pay, frame: {css: "#pay"}}, timeout: 1500ms}`, probes.FailElement,
			[]string{`text "Pay" in frame css "#pay" stayed covered within 1.5s`, `<iframe id="pay"> by <div id="consent">`}},
		{"hidden frame", "/hidden", `- {click: {text: Pay, frame: {css: "#pay"}}, timeout: 1s}`, probes.FailElement,
			[]string{`frame css "#pay" is not visible`, "visibility: hidden"}},
		{"no such frame", "/covered", `- {click: {text: Pay, frame: 3}, timeout: 1s}`, probes.FailElement, []string{"frame 3 is not there: there are 1 frames"}},
		{"no frame", "/hidden", `- {click: {text: Pay, frame: {css: "#p"}}, timeout: 1s}`, probes.FailElement, []string{`<p id="p">x</p> is no frame`}},
		{"nothing in it", "/covered", `- {click: {role: button, name: Buy, frame: 0}, timeout: 1s}`, probes.FailElement,
			[]string{`button "Buy" in frame 0 was not found within 1s: buttons there: "Pay"`}},
		{"expected", "/covered", `- {expect: {visible: {text: Paid, frame: 0}}, timeout: 1s}`, probes.FailElement, []string{`text "Paid" in frame 0 was not found within 1s`}},
		{"not expected", "/covered", `- {expect: {hidden: {text: Pay, frame: 0}}, timeout: 1s}`, probes.FailAssertion, []string{`text "Pay" in frame 0 was still visible`}},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mustFail(t, run(t, probe, load(t, url, "- goto: ${URL}"+tt.page+"\n"+tt.step, nil)), tt.kind, tt.tells...)
		})
	}
}

// A press that a frame gets no more is kept from what lies on top of it now,
// and made again.
func TestFrameSlipsAway(t *testing.T) {
	for _, site := range []string{"${OWN}", "${OTHER}"} {
		t.Run(site, func(t *testing.T) {
			url := framesSite(t, map[string]string{
				"/pay": `<button style="width:100px;height:50px" onclick="this.textContent='Paid'">Pay</button>`,
				"/page": `<style>body{margin:0}</style><div id="floor" style="position:fixed;inset:0"></div><iframe src="` + site + `/pay" style="position:fixed;left:300px;top:100px" onpointerenter="this.style.left='20px';this.onpointerenter=null"></iframe><script>
					const log = [];
					for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) floor.addEventListener(type, () => log.push(type));</script>`,
			})
			mustPass(t, run(t, newProbe(t, Options{}), load(t, url, `
- goto: ${URL}/page
- click: {text: Pay, frame: 0}
- expect: {visible: {text: Paid, frame: 0}}
- evaluate: {script: log.length, expect: 0}`, nil)))
		})
	}
}

// The frames of another site are in another process, and pictures show nothing
// of the frames of a journey with secrets.
func TestFramesApart(t *testing.T) {
	url := framesSite(t, map[string]string{"/card": cardForm, "/page": `<style>body{margin:0;background:#fff}</style><iframe src="${OTHER}/card" style="display:block;border:0;width:300px;height:150px"></iframe>`})
	check := load(t, url, `
- goto: ${URL}/page
- fill: {label: Card, frame: 0, value: "${secret:CARD}"}
- {expect: Thanks, timeout: 1s}`, map[string]string{"CARD": "4242424242424242"})
	if !usesFrames(&check.Journey) {
		t.Error("the frames were not noticed")
	}
	r := run(t, newProbe(t, Options{}), check)
	mustFail(t, r, probes.FailAssertion)
	for _, a := range r.Artifacts {
		if a.Name != "failure.jpg" {
			continue
		}
		picture, err := jpeg.Decode(bytes.NewReader(a.Data))
		if err != nil {
			t.Fatal(err)
		}
		inside, _, _, _ := picture.At(150, 75).RGBA()
		outside, _, _, _ := picture.At(600, 400).RGBA()
		if inside > 0x2000 || outside < 0xe000 {
			t.Errorf("the frame is %x, the page %x", inside, outside)
		}
		return
	}
	t.Error("there is no picture")
}
