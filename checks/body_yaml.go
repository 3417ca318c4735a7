package checks

import (
	"mime"
	"path/filepath"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// bodyKeys are the keys that give a request its body; a step has one of them.
func bodyKeys() []key[requestDraft] {
	body := func(name, doc string, f form, read func(*decoder, *yaml.Node, *requestDraft) *Body, instead ...string) key[requestDraft] {
		return key[requestDraft]{name: name, doc: doc, form: f, instead: instead,
			read: func(d *decoder, n *yaml.Node, r *requestDraft) {
				if r.body != nil {
					d.problem(n, "the step has a body already, by %s: remove one", r.bodyKey)
					return
				}
				r.body, r.bodyKey = n, name
				r.Body = read(d, n, r)
			}}
	}
	return []key[requestDraft]{
		body("body", "Text to send.", textForm, readTextBody, "data"),
		body("json", "A value to send as JSON. Variables in its texts are escaped; a text that is ${json(name)} becomes the captured value itself.", form{}, readJSONBody),
		body("form", "Fields to send as an HTML form does.", fieldsForm, readFormBody),
		body("multipart", "Fields and files to send as an HTML form with uploads does.", mapOf(anyOf(textForm, ref("upload"))), readMultipart),
		body("file", "The path of a file to send, relative to this file.", textForm, readFileBody),
	}
}

func readTextBody(d *decoder, n *yaml.Node, _ *requestDraft) *Body {
	t, ok := d.template(n)
	if !ok {
		return nil
	}
	return &Body{Kind: BodyText, Text: t}
}

func readFormBody(d *decoder, n *yaml.Node, _ *requestDraft) *Body {
	return &Body{Kind: BodyForm, Fields: d.fields(n, "fields, such as {user: ann}")}
}

func readFileBody(d *decoder, n *yaml.Node, _ *requestDraft) *Body {
	path, ok := d.text(n, "the path of a file")
	if !ok {
		return nil
	}
	content, ok := d.readFile(n, path, maxUpload)
	if !ok {
		return nil
	}
	return &Body{Kind: BodyFile, Files: []File{{Name: filepath.Base(path), Type: mediaType(path), Content: content}}}
}

// mediaType follows from a file's name. The few types that journeys send are
// fixed here, since the system's table differs from one host to the next.
func mediaType(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".pdf":
		return "application/pdf"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

type uploadDraft struct {
	File
	path *yaml.Node
}

var uploadObject = object[uploadDraft]{name: "upload", noun: "a file to send", doc: "A file to send.",
	keys: []key[uploadDraft]{
		{name: "file", doc: "The file's path, relative to this file.", form: textForm,
			read: func(_ *decoder, n *yaml.Node, u *uploadDraft) { u.path = n }, instead: []string{"path"}},
		{name: "type", doc: "Its media type. Default: by its name.", form: textForm,
			read: func(d *decoder, n *yaml.Node, u *uploadDraft) { set(&u.Type)(d.mediaType(n)) }, instead: []string{"content_type"}},
		{name: "name", doc: "The name to send. Default: the file's.", form: textForm,
			read: func(d *decoder, n *yaml.Node, u *uploadDraft) { set(&u.Name)(d.sent(n, 255)) }, instead: []string{"filename"}},
	},
	rules: form{"required": []string{"file"}}}

func (d *decoder) mediaType(n *yaml.Node) (string, bool) {
	return parsed(d, n, "a media type such as image/png", func(s string) (string, error) {
		_, _, err := mime.ParseMediaType(s)
		return s, err
	})
}

func readMultipart(d *decoder, n *yaml.Node, _ *requestDraft) *Body {
	body := &Body{Kind: BodyMultipart}
	entries, _ := d.entries(n, "fields, such as {title: Mug, picture: {file: mug.png}}")
	for _, e := range entries {
		d.within(d.key+"."+cut(e.name), func() {
			if !d.isMapping(e.value) {
				if t, ok := d.template(e.value); ok {
					body.Fields = append(body.Fields, Field{e.name, t})
				}
				return
			}
			if f, ok := d.upload(e.value); ok {
				f.Field = e.name
				body.Files = append(body.Files, f)
			}
		})
	}
	return body
}

func (d *decoder) upload(n *yaml.Node) (File, bool) {
	var u uploadDraft
	if _, ok := uploadObject.decode(d, n, &u); !ok {
		return u.File, false
	}
	if u.path == nil {
		d.problem(n, "needs file: the path of the file to send")
		return u.File, false
	}
	path, ok := d.text(u.path, "the path of a file")
	if !ok {
		return u.File, false
	}
	if u.Content, ok = d.readFile(u.path, path, maxUpload); !ok {
		return u.File, false
	}
	if u.Name == "" {
		u.Name = filepath.Base(path)
	}
	if u.Type == "" {
		u.Type = mediaType(path)
	}
	return u.File, true
}
