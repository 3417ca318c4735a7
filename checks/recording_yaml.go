package checks

import (
	"errors"
	"path/filepath"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/recording"
)

// recordingDraft is a reference to a recording while it is read.
type recordingDraft struct {
	path      *yaml.Node
	positions bool
}

var recordingObject = object[recordingDraft]{name: "recording", noun: "a recording", doc: "A journey as it was recorded.",
	sample: "a list of steps, or a recording, such as {recording: checkout.json}",
	keys: []key[recordingDraft]{
		{name: "recording", doc: "The path of a recording of Chrome DevTools Recorder, exported as JSON, relative to this file.", form: textForm,
			read: func(_ *decoder, n *yaml.Node, r *recordingDraft) { r.path = n }, instead: []string{"file", "path", "import"}},
		{name: "positions", doc: "Whether to click where in an element was clicked. Default: in its middle.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, r *recordingDraft) { set(&r.positions)(d.boolean(n)) }},
	}, rules: form{"required": []string{"recording"}}}

// readRecording reads the steps of a browser journey that stand in a recording.
// What the recording says of the browser holds where the check says nothing.
func (d *decoder) readRecording(c *checkDraft, base *browserDraft, own *yaml.Node) {
	var r recordingDraft
	d.within("browser", func() {
		if _, ok := recordingObject.decode(d, c.journey, &r); ok && r.path == nil {
			d.problem(c.journey, "needs recording: the path of a recording")
		}
	})
	if r.path == nil {
		return
	}
	path, ok := d.text(r.path, "the path of a recording")
	if !ok {
		return
	}
	var data []byte
	d.within("recording", func() { data, ok = d.readFile(r.path, path, recording.MaxSize) })
	if !ok {
		return
	}
	full := d.source.resolvePath(path)
	recorded, err := recording.Parse(data)
	if err != nil {
		d.recordingProblem(full, err)
		return
	}
	written, err := recording.Translate(recorded, recording.Options{Vocabulary: vocabulary(), Source: filepath.Base(path), Positions: r.positions})
	if err != nil {
		d.recordingProblem(full, err)
		return
	}
	steps := written.List()
	inner := newDecoder(d.loader, &source{path: full, text: data, root: steps})
	for _, n := range written.Notes {
		if n.Lost {
			inner.warn(Position{full, n.Line, n.Column}, "%s", n.Message)
		}
	}
	if written.Options != nil && len(written.Options.Content) > 0 {
		options := *base
		inner.budget += maxReads * weight(written.Options)
		inner.within("browser_options", func() { inner.readBrowserOptions(written.Options, &options) })
		if own != nil {
			d.within("browser_options", func() { d.readBrowserOptions(own, &options) })
		}
		c.browser = options
	}
	inner.readBrowserSteps(steps.Content, c)
}

func (d *decoder) recordingProblem(path string, err error) {
	var p *recording.Problem
	if errors.As(err, &p) {
		d.addProblem(Position{path, p.Line, p.Column}, p.Message)
		return
	}
	d.addProblem(Position{File: path}, err.Error())
}
