package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

// documentOf is a page with a head of its own.
func documentOf(head, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html lang=en><head><title>Page</title>"+head+"</head><body>"+body+"</body></html>")
	}
}

func TestAccessibilityRules(t *testing.T) {
	p := newProbe(t, Options{})
	for name, tt := range map[string]struct {
		head, body string
		broken     string // rules, separated by commas; with the number of times
	}{
		"nothing": {"", "<h1>Fine</h1>", ""},
		"images":  {"", `<img src=a.png><img src=b.png alt="A mug"><img src=c.png alt=""><img src=d.png role=none><img src=e.png aria-label=E><img src=f.png hidden><span aria-hidden=true><img src=g.png></span>`, "image-alt 1"},
		"buttons": {"", `<button></button><button>Go</button><button aria-label=Close>×</button><button><img src=a.png alt=Save></button><div role=button tabindex=0></div><button><svg></svg></button>
			<input type=button><input type=submit><input type=submit value=""><input type=button value=Go>`, "button-name 3, input-button-name 2"},
		"links":           {"", `<a href=/></a><a href=/>Home</a><a href=/ title=Home></a><a name=here></a><a href=/><img src=a.png alt=""></a><a href=/><img src=a.png alt=Shop></a>`, "link-name 2"},
		"fields":          {"", `<input><label>Name <input></label><label for=a>City</label><input id=a><input aria-label=Zip><input placeholder=Street><textarea></textarea><input type=hidden><input type=checkbox><select></select><label>Size <select></select></label>`, "label 3, select-name 1"},
		"picture buttons": {"", `<input type=image src=a.png><input type=image src=a.png alt=Search>`, "input-image-alt 1"},
		"frames":          {"", `<iframe src=about:blank></iframe><iframe src=about:blank title=Map></iframe>`, "frame-title 1"},
		"ids":             {"", `<p id=a>A</p><p id=a>B</p><p id=b>C</p><p id=b>D</p><button aria-describedby=b>Go</button>`, "duplicate-id-aria 1"},
		"hidden focus":    {"", `<div aria-hidden=true><a href=/>Home</a><button tabindex=-1>Go</button></div>`, "aria-hidden-focus 1"},
		"head":            {`<meta http-equiv=refresh content=300><meta name=viewport content="width=device-width, user-scalable=no">`, "", "meta-refresh 1, meta-viewport 1"},
		"no title":        {`<script>document.title = ' '; document.documentElement.lang = ''</script>`, "", "document-title 1, html-has-lang 1"},
		"language":        {`<script>document.documentElement.lang = 'english'</script>`, "", "html-lang-valid 1"},
		"contrast": {"", `<p style="color:#999">Faint</p><p style="color:#595959">Plain</p><p style="color:#949494;font-size:24px">Large</p><p style="background:#333;color:#eee">Light on dark</p>
			<p style="background:linear-gradient(red,blue);color:#888">On what?</p><p style="opacity:.5;color:#999">See-through</p><button disabled style="color:#ccc">Off</button>
			<p style="background:rgba(0,0,0,.9);color:rgba(255,255,255,.1)">Nearly nothing</p><p style="color:#999;position:absolute;top:9000px">Below</p>`, "color-contrast 2"},
		"shadow": {"", `<div id=host></div><script>host.attachShadow({mode: 'open'}).innerHTML = '<button></button>'</script>`, "button-name 1"},
	} {
		t.Run(name, func(t *testing.T) {
			server := shop(t, map[string]http.HandlerFunc{"/page": documentOf(tt.head, tt.body)})
			check := journeyOf(goTo(server.URL+"/page"), &checks.Expect{PageState: checks.PageState{Accessible: &checks.Accessibility{}}})
			check.Journey.Steps[1].Timeout = quick
			r := run(t, p, check)
			if tt.broken == "" {
				mustPass(t, r)
				return
			}
			mustFail(t, r, probes.FailAssertion, "of accessibility: ")
			var names []string
			_, told, _ := strings.Cut(r.Failure.Message, "of accessibility: ")
			told = "; " + strings.TrimSuffix(told, " (waited "+quick.String()+")")
			for _, part := range strings.Split(tt.broken, ", ") {
				rule, count, _ := strings.Cut(part, " ")
				names = append(names, rule)
				want := rule + ": <"
				if count != "1" {
					want = fmt.Sprintf(" and %d more", atoi(count)-1)
				}
				at := strings.Index(told, "; "+rule+": ")
				if at < 0 || !strings.Contains(strings.Split(told[at+2:], "; ")[0], want) {
					t.Errorf("the failure %q does not tell of %s", r.Failure.Message, part)
				}
			}
			for _, rule := range strings.Split(r.Failure.Got, ", ") {
				if !contains(names, rule) {
					t.Errorf("%s is broken, too: %s", rule, r.Failure.Message)
				}
			}
			check.Journey.Steps[1].Action.(*checks.Expect).Accessible.Allow = names
			mustPass(t, run(t, p, check))
		})
	}
}

// Every rule that definitions can name is one that pages are held against.
func TestRulesAreKnown(t *testing.T) {
	for _, rule := range checks.AccessibilityRules() {
		if !strings.Contains(accessibleScript, "    '"+rule+"': ") && !strings.Contains(accessibleScript, "    "+rule+": ") {
			t.Errorf("there is no rule %s", rule)
		}
	}
}
