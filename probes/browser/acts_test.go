package browser

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

// logged is a page's script that keeps what an element hears in the title.
const logged = `<script>const heard = []; const hear = (el, ...types) => types.forEach((t) => el.addEventListener(t, (e) => { heard.push(note(e)); document.title = heard.join(' ') }));</script>`

func TestActs(t *testing.T) {
	tests := []struct{ name, body, steps string }{
		{"back and forward", `<a href="/about.html">About</a><a href="#part">Part</a>`, `
- click: Part
- click: About
- back:
- expect: {url: ends with /page#part}
- back:
- evaluate: {script: location.hash, expect: {equals: ""}}
- forward:
- forward:
- expect: {url: ends with /about.html}`},
		{"reload", `<p id="n"></p><script>n.textContent = 'Loads: ' + (sessionStorage.n = +(sessionStorage.n ?? 0) + 1)</script>`, `
- expect: "Loads: 1"
- reload:
- expect: "Loads: 2"`},
		{"double click", `<button>Row</button>` + logged + `<script>const note = (e) => e.type + e.detail; hear(document.querySelector('button'), 'click', 'dblclick')</script>`, `
- double_click: Row
- expect: {title: click1 click2 dblclick2}`},
		{"click with button, place, hold and modifiers", `<style>body{margin:0}</style><button style="position:absolute;left:40px;top:30px;width:200px;height:100px" oncontextmenu="event.preventDefault()">Box</button><i id="keys"></i>` + logged + `
			<script>let down; const note = (e) => { if (e.type === 'mousedown') down = e.timeStamp; return [e.type, e.button, e.buttons, e.clientX - 40, e.clientY - 30, e.shiftKey, e.altKey, e.type === 'mouseup' && e.timeStamp - down >= 45].join() };
			hear(document.querySelector('button'), 'mousedown', 'mouseup', 'contextmenu', 'auxclick'); onkeydown = onkeyup = (e) => keys.textContent += e.type + e.key + ' '</script>`, `
- click: {text: Box, button: right, position: "10,20", modifiers: [Shift, Alt], hold: 50ms}
- evaluate: {script: "heard.sort().join(' ')", expect: "auxclick,2,0,10,20,true,true,false contextmenu,2,2,10,20,true,true,false mousedown,2,2,10,20,true,true,false mouseup,2,0,10,20,true,true,true"}
- evaluate: {script: keys.textContent.trim(), expect: keydownShift keydownAlt keyupAlt keyupShift}
- evaluate: "heard.length = 0"
- click: {text: Box, button: middle}
- evaluate: {script: "heard.map((h) => h.split(',').slice(0, 2).join(',')).join(' ')", expect: "mousedown,1 mouseup,1 auxclick,1"}`},
		{"type key by key", `<label>Search <input value="red "></label><div contenteditable role="textbox" aria-label="Note">a</div><input aria-label="Mail" type="email">` + logged + `<script>const note = (e) => e.key; hear(document.querySelector('input'), 'keydown')</script>`, `
- type: {label: Search, text: "Mü +1"}
- evaluate: {script: "document.querySelector('input').value + '|' + heard.join('')", expect: "red Mü +1|Mü +1"}
- type: {role: textbox, name: Note, text: "b🙂"}
- expect: ab🙂
- type: {label: Mail, text: a@b.example}
- type: "x"
- evaluate: {script: "document.querySelector('[type=email]').value", expect: a@b.examplex}`},
		{"check and uncheck", `<label><input type="checkbox" id="a"> Terms</label><label><input type="checkbox" id="b" checked> News</label><label><input type="radio" name="r" id="r"> Post</label>
			<div role="switch" aria-checked="false" onclick="setTimeout(() => this.setAttribute('aria-checked', this.getAttribute('aria-checked') !== 'true'), 60)">Dark</div>`, `
- check: {label: Terms}
- check: {label: Terms}
- uncheck: {role: checkbox, name: News}
- check: {label: Post}
- check: {role: switch, name: Dark}
- evaluate: {script: "[a.checked, b.checked, r.checked, document.querySelector('[role=switch]').getAttribute('aria-checked')].join()", expect: "true,false,true,true"}
- uncheck: Dark`},
		{"scroll", `<div style="height:3000px">Top</div><div id="box" style="height:100px;overflow:auto"><div style="height:900px">In</div></div><div style="height:3000px"></div>`, `
- scroll: bottom
- evaluate: {script: "scrollY + innerHeight >= document.documentElement.scrollHeight - 1", expect: true}
- scroll: top
- evaluate: {script: scrollY, expect: 0}
- scroll: {css: "#box"}
- evaluate: {script: "scrollY > 2000 && scrollY < 3100", expect: true}
- scroll: {css: "#box", y: 300}
- evaluate: {script: "box.scrollTop", expect: 300}
- scroll: {y: 123}
- evaluate: {script: scrollY, expect: 123}`},
		{"keys held", `<input aria-label="Name"><button>Go</button>` + logged + `<script>const note = (e) => e.type + (e.shiftKey ? '+' : '') + (e.key ?? ''); hear(document, 'click', 'keydown', 'keyup')</script>`, `
- key_down: Shift
- click: Go
- press: Tab
- key_up: Shift
- expect: {title: keydown+Shift click+ keydown+Tab keyup+Tab keyupShift}`},
		{"drag with the mouse", `<style>body{margin:0}#knob,#to{position:absolute;width:50px;height:50px}#knob{left:20px;top:20px;background:red}#to{left:400px;top:1600px;background:blue}</style><div id="to">Here</div><div id="knob">Knob</div>
			<script>knob.onmousedown = () => { onmousemove = (e) => { knob.style.left = e.pageX - 25 + 'px'; knob.style.top = e.pageY - 25 + 'px' }; onmouseup = () => { onmousemove = null } }</script>`, `
- evaluate: "to.style.top = '500px'"
- drag: {from: {text: Knob}, to: {text: Here}}
- evaluate: {script: "[knob.style.left, knob.style.top].join()", expect: "400px,500px"}`},
		{"drag and drop", `<div id="mug" draggable="true" style="width:80px;height:40px">Mug</div><div id="cart" style="width:200px;height:200px;background:#eee">Cart</div>` + logged + `<script>const note = (e) => e.type;
			hear(mug, 'dragstart', 'dragend'); hear(cart, 'drop');
			mug.addEventListener('dragstart', (e) => e.dataTransfer.setData('text/plain', 'mug-7'));
			cart.ondragover = (e) => e.preventDefault(); cart.ondrop = (e) => { e.preventDefault(); cart.append(' has ' + e.dataTransfer.getData('text/plain')) }</script>`, `
- drag: {from: Mug, to: {css: "#cart"}}
- expect: Cart has mug-7
- evaluate: {script: "heard.join()", expect: "dragstart,drop,dragend"}`},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mustPass(t, drive(t, probe, tt.body, tt.steps))
		})
	}
}

func TestActFailures(t *testing.T) {
	tests := []struct {
		name, body, steps string
		kind              probes.FailureKind
		tells             []string
	}{
		{"nothing before", ``, `- back:`, probes.FailPage, []string{"no page to go back to"}},
		{"nothing after", ``, `- forward:`, probes.FailPage, []string{"no page to go forward to"}},
		{"place outside", `<button style="width:100px;height:20px">Pay</button>`, `- {click: {text: Pay, position: "200,5"}, timeout: 1s}`, probes.FailElement, []string{"has no 200,5: its box is 100x20"}},
		{"no check box", `<button>Terms</button>`, `- {check: Terms, timeout: 1s}`, probes.FailElement, []string{"it is no check box"}},
		{"stays unchecked", `<label><input type="checkbox" onclick="return false"> Terms</label>`, `- {check: {label: Terms}, timeout: 1s}`, probes.FailElement, []string{"stayed as it was"}},
		{"cannot be dragged to", `<div>Mug</div>`, `- {drag: {from: Mug, to: Cart}, timeout: 1s}`, probes.FailElement, []string{`text "Cart" was not found`}},
		{"held too long", `<button>Pay</button>`, `- {click: {text: Pay, hold: 20s}, timeout: 1s}`, probes.FailTimeout, []string{"held down for 20s"}},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mustFail(t, drive(t, probe, tt.body, tt.steps), tt.kind, tt.tells...)
		})
	}
}

func TestUpload(t *testing.T) {
	got := make(chan string, 10)
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	server := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<form action="/take" method="post" enctype="multipart/form-data"><input type="file" name="f" id="one" hidden><label for="one">Picture</label>
			<input type="file" name="g" id="many" multiple style="display:none"><button type="button" onclick="many.click()">Choose</button><button>Send</button></form><button onclick="">Nothing</button>`),
		"/take": func(w http.ResponseWriter, r *http.Request) {
			for _, field := range []string{"f", "g"} {
				if err := r.ParseMultipartForm(1 << 20); err != nil {
					t.Error(err)
				}
				for _, h := range r.MultipartForm.File[field] {
					f, err := h.Open()
					if err != nil {
						t.Error(err)
						continue
					}
					content, _ := io.ReadAll(f)
					got <- field + " " + h.Filename + " " + string(content)
				}
			}
			html("Taken")(w, r)
		},
	})
	files := []checks.File{{Name: "a.png", Content: []byte("picture")}, {Name: "b.txt", Content: []byte("text")}}
	upload := func(target checks.Target, n int) *checks.Upload {
		return &checks.Upload{Target: target, Files: files[:n]}
	}
	mustPass(t, run(t, probe, journeyOf(
		goTo(server.URL+"/page"),
		upload(checks.Target{Label: lit("Picture")}, 1),
		upload(checks.Target{Text: lit("Choose")}, 2),
		&checks.Click{Target: checks.Target{Text: lit("Send")}},
		&checks.Expect{Text: lit("Taken")},
	)))
	for _, want := range []string{"f a.png picture", "g a.png picture", "g b.txt text"} {
		if g := <-got; g != want {
			t.Errorf("got %q, expected %q", g, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*", "up-*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if _, err := os.Stat(temp); err != nil {
		t.Error(err)
	}
	one := journeyOf(goTo(server.URL+"/page"), upload(checks.Target{Label: lit("Picture")}, 2))
	mustFail(t, run(t, probe, one), probes.FailElement, "takes one file only")
	none := journeyOf(goTo(server.URL+"/page"), upload(checks.Target{Text: lit("Nothing")}, 1))
	none.Journey.Steps[1].Timeout = 1e9
	mustFail(t, run(t, probe, none), probes.FailElement, "opened no file chooser")
}

// The clipboard is one of those that the permission of a journey opens.
func TestClipboard(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<button onclick="navigator.clipboard.writeText('code 42').then(() => document.title = 'copied', (e) => document.title = e)">Copy</button><input aria-label="Code">`)})
	check := load(t, server.URL, `
- goto: ${URL}/page
- click: Copy
- expect: {title: copied}
- evaluate: {script: navigator.clipboard.readText(), expect: code 42}
- press: {key: Control+v, label: Code}
- expect: {element: {label: Code, value: code 42}}`, nil)
	check.Journey.Browser.Permissions = []checks.Permission{checks.PermissionClipboard}
	mustPass(t, run(t, newProbe(t, Options{}), check))
}
