package checks

import (
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// optionKeys are the keys of a browser step that say what must happen because
// of what it does.
var optionKeys = []key[actionDraft]{
	{name: "dialog", doc: "What to do with the dialog that the step opens: accept, dismiss, or {accept, answer, message}. It has to come. Default: dialogs may come, and are dismissed.",
		form: anyOf(form{"enum": dialogWords}, ref("dialog")), read: readDialog, instead: []string{"alert", "confirm", "prompt"}},
	{name: "popup", doc: "The name of the page that the step opens, in a window or tab of its own; the journey goes on there. Default: pages that are opened are closed.",
		form: form{"type": "string", "pattern": pageName.String()}, read: readPopup, instead: []string{"new_page", "new_tab", "opens"}},
	{name: "download", doc: "The file that the step loads: true, or conditions on it. It is kept nowhere.",
		form: anyOf(form{"const": true}, ref("download")), read: readDownload, instead: []string{"downloads"}},
	{name: "navigation", doc: "The other page that the step leads to: true, or conditions on it.",
		form: anyOf(form{"const": true}, ref("navigation")), read: readNavigation, instead: []string{"navigates", "leads_to"}},
}

var dialogWords = []string{"accept", "dismiss"}

// dialogDraft is a dialog while it is read.
type dialogDraft struct {
	Dialog
	accept *bool
}

var dialogObject = object[dialogDraft]{name: "dialog", noun: "dialog", doc: "What to do with a dialog.",
	keys: []key[dialogDraft]{
		{name: "accept", doc: "Whether to accept it. Default: true with answer, else false.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, a *dialogDraft) {
				if v, ok := d.boolean(n); ok {
					a.accept = &v
				}
			}},
		{name: "answer", doc: "What to answer to a prompt.", form: textForm,
			read: func(d *decoder, n *yaml.Node, a *dialogDraft) { set(&a.Answer)(d.template(n)) }, instead: []string{"text", "value"}},
		{name: "message", doc: "A condition on the dialog's text.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *dialogDraft) { a.Message = d.conditionPointer(n, textMeasure) }},
	}, rules: form{"minProperties": 1}}

func readDialog(d *decoder, n *yaml.Node, a *actionDraft) {
	if d.isScalar(n) {
		if v, ok := choice[string](d, n, dialogWords); ok {
			a.options.Dialog = &Dialog{Accept: v == "accept"}
		}
		return
	}
	var draft dialogDraft
	entries, ok := dialogObject.decode(d, n, &draft)
	if !ok {
		return
	}
	if len(entries) == 0 {
		d.problem(n, "write what to do, such as {accept: true, message: contains Sure}")
		return
	}
	draft.Accept = has(entries, "answer")
	if draft.accept != nil {
		if draft.Accept && !*draft.accept {
			d.problem(n, "answer goes with accept: true")
			return
		}
		draft.Accept = *draft.accept
	}
	a.options.Dialog = &draft.Dialog
}

// pageName is what names of pages look like.
var pageName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func readPopup(d *decoder, n *yaml.Node, a *actionDraft) {
	name, ok := d.plain(n, "a name for the page, such as invoice")
	switch {
	case !ok:
	case !pageName.MatchString(name):
		d.problem(n, "%q is no name of a page: write a lower-case letter, then letters, digits, - and _, at most 32", cut(name))
	case name == MainPage:
		d.problem(n, "main is the page that the journey starts in: write another name")
	default:
		a.options.Popup = name
		a.pages = append(a.pages, pageUse{name, n, "popup"})
	}
}

var sha256Hex = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

var downloadObject = object[Download]{name: "download", noun: "download", doc: "What a file that is loaded must be like.",
	keys: []key[Download]{
		{name: "name", doc: "A condition on the file name that the site suggests.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *Download) { a.Name = d.conditionPointer(n, textMeasure) }, instead: []string{"filename", "file"}},
		{name: "size", doc: "A condition on its size: \"> 10kB\".", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *Download) { a.Size = d.conditionPointer(n, sizeMeasure) }, instead: []string{"bytes"}},
		{name: "type", doc: "A condition on the media type that the site gives.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *Download) { a.Type = d.conditionPointer(n, textMeasure) }, instead: []string{"content_type", "mime"}},
		{name: "sha256", doc: "The SHA-256 checksum of its content, in hexadecimal.", form: form{"type": "string", "pattern": sha256Hex.String() + `|\$\{`},
			read: func(d *decoder, n *yaml.Node, a *Download) {
				v, ok := d.text(n, "a SHA-256 checksum")
				if ok && !sha256Hex.MatchString(v) {
					d.problem(n, "is no SHA-256 checksum: write 64 hexadecimal digits")
					return
				}
				a.SHA256 = strings.ToLower(v)
			}, instead: []string{"checksum", "hash"}},
	}, rules: form{"minProperties": 1}}

func readDownload(d *decoder, n *yaml.Node, a *actionDraft) {
	var v Download
	if d.isScalar(n) {
		if !d.justTrue(n) {
			return
		}
	} else if entries, ok := downloadObject.decode(d, n, &v); !ok || len(entries) == 0 {
		if ok {
			d.problem(n, "write true, or what it must be like")
		}
		return
	}
	a.options.Download = &v
}

var navigationObject = object[Navigation]{name: "navigation", noun: "navigation", doc: "The page that a step leads to.",
	keys: []key[Navigation]{
		{name: "url", doc: "A condition on its URL.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *Navigation) { a.URL = d.conditionPointer(n, textMeasure) }},
		{name: "title", doc: "A condition on its title.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, a *Navigation) { a.Title = d.conditionPointer(n, textMeasure) }},
	}, rules: form{"minProperties": 1}}

func readNavigation(d *decoder, n *yaml.Node, a *actionDraft) {
	var v Navigation
	if d.isScalar(n) {
		if !d.justTrue(n) {
			return
		}
	} else if entries, ok := navigationObject.decode(d, n, &v); !ok || len(entries) == 0 {
		if ok {
			d.problem(n, "write true, or what it must be like")
		}
		return
	}
	a.options.Navigation = &v
}

// justTrue reads a value that is true or is left out.
func (d *decoder) justTrue(n *yaml.Node) bool {
	v, ok := d.boolean(n)
	if ok && !v {
		d.problem(n, "write true, or leave it out")
	}
	return ok && v
}
