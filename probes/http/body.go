package http

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"outrider/checks"
)

// body makes a request's body and tells its media type. The body is a reader
// that net/http knows the length of and can read again for a redirect.
func (j *journey) body(b *checks.Body) (io.Reader, string, error) {
	if b == nil {
		return nil, "", nil
	}
	switch b.Kind {
	case checks.BodyText, checks.BodyJSON:
		text, err := b.Text.Expand(j.scope)
		if err != nil {
			return nil, "", &variableError{"body: " + err.Error()}
		}
		if b.Kind == checks.BodyJSON {
			return strings.NewReader(text), "application/json", nil
		}
		return strings.NewReader(text), "text/plain; charset=utf-8", nil
	case checks.BodyForm:
		return j.form(b.Fields)
	case checks.BodyMultipart:
		return j.multipart(b)
	case checks.BodyFile:
		if len(b.Files) != 1 {
			return nil, "", fmt.Errorf("a body of kind %q has %d files instead of one", b.Kind, len(b.Files))
		}
		return bytes.NewReader(b.Files[0].Content), mediaType(b.Files[0]), nil
	}
	return nil, "", fmt.Errorf("bodies of kind %q are not known", b.Kind)
}

func (j *journey) form(fields []checks.Field) (io.Reader, string, error) {
	var form strings.Builder
	for _, f := range fields {
		value, err := f.Value.Expand(j.scope)
		if err != nil {
			return nil, "", &variableError{fmt.Sprintf("form field %s: %v", f.Name, err)}
		}
		if form.Len() > 0 {
			form.WriteByte('&')
		}
		form.WriteString(url.QueryEscape(f.Name))
		form.WriteByte('=')
		form.WriteString(url.QueryEscape(value))
	}
	return strings.NewReader(form.String()), "application/x-www-form-urlencoded", nil
}

func (j *journey) multipart(b *checks.Body) (io.Reader, string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form) // writing to a buffer never fails
	for _, f := range b.Fields {
		value, err := f.Value.Expand(j.scope)
		if err != nil {
			return nil, "", &variableError{fmt.Sprintf("form field %s: %v", f.Name, err)}
		}
		_ = w.WriteField(f.Name, value)
	}
	for _, f := range b.Files {
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", multipart.FileContentDisposition(f.Field, f.Name))
		head.Set("Content-Type", mediaType(f))
		part, _ := w.CreatePart(head)
		_, _ = part.Write(f.Content)
	}
	_ = w.Close()
	return bytes.NewReader(form.Bytes()), w.FormDataContentType(), nil
}

func mediaType(f checks.File) string {
	if f.Type == "" {
		return "application/octet-stream"
	}
	return f.Type
}
