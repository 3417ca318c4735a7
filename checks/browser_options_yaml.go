package checks

import (
	"errors"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// browserDraft is how a journey's browser is set up, while it is read.
type browserDraft struct {
	BrowserOptions
	skipPos Position
	setup   setupDraft
}

// viewport is written 1280x800.
type viewport struct{ width, height int }

var browserOptionsObject = object[browserDraft]{name: "browser_options", noun: "browser_options", doc: "How the browser is set up.",
	keys: append([]key[browserDraft]{
		{name: "chromium", doc: "The build to use: shell (the headless shell, where installed) or full. Default: shell.", form: form{"enum": []string{"shell", "full"}},
			read: func(d *decoder, n *yaml.Node, o *browserDraft) {
				if v, ok := choice[string](d, n, []string{"shell", "full"}); ok {
					o.Chromium = strings.TrimPrefix(v, "shell")
				}
			}, instead: []string{"browser"}},
		{name: "viewport", doc: "The window's size in CSS pixels. Default: 1280x800.", form: form{"type": "string", "pattern": `^[0-9]+x[0-9]+$|\$\{`},
			read: func(d *decoder, n *yaml.Node, o *browserDraft) {
				if v, ok := parsed(d, n, "a size such as 1280x800", parseViewport); ok {
					o.Width, o.Height, o.setup.sized = v.width, v.height, true
				}
			}, instead: []string{"window", "size"}},
		{name: "user_agent", doc: "What the browser says it is. Default: its own.", form: textForm,
			read: func(d *decoder, n *yaml.Node, o *browserDraft) { set(&o.UserAgent)(d.sent(n, 1000)) }},
		{name: "headers", doc: "Headers that are added to requests to the site that goto steps open; no third party gets them.", form: fieldsForm,
			read: func(d *decoder, n *yaml.Node, o *browserDraft) {
				o.Headers = d.headers(n)
				for _, f := range o.Headers {
					if _, constant := f.Value.Constant(); !constant {
						d.problem(n, "the value of %s must be the same in every run", f.Name)
					}
				}
				d.uses = nil
			}},
		{name: "skip_verify", doc: "Accept any certificate. Anyone in between can then answer in the site's place.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, o *browserDraft) {
				set(&o.SkipVerify)(d.boolean(n))
				o.skipPos = d.at(n)
			}, instead: []string{"insecure", "ignore_certificate"}},
	}, append(slices.Clip(setupKeys), networkKeys...)...)}

func (d *decoder) readBrowserOptions(n *yaml.Node, o *browserDraft) {
	browserOptionsObject.decode(d, n, o)
}

func parseViewport(s string) (viewport, error) {
	const least, most = 100, 10_000
	errForm := errors.New("write width and height in pixels, from 100 to 10000, such as 1280x800")
	width, rest, ok1 := cutNumber(s)
	height, rest2, ok2 := cutNumber(strings.TrimPrefix(rest, "x"))
	if !ok1 || !ok2 || !strings.HasPrefix(rest, "x") || rest2 != "" || min(width, height) < least || max(width, height) > most {
		return viewport{}, errForm
	}
	return viewport{int(width), int(height)}, nil
}
