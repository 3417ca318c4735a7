package har

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"outrider/checks/draft"
)

// Limits of an archive. Bodies make it large, and most of them are not kept.
const (
	MaxSize    = 512 << 20 // bytes
	maxEntries = 20_000
	maxText    = 2 << 20  // bytes of an answer's body that is looked into
	maxTexts   = 64 << 20 // of all of them
	maxHeaders = 500      // of one request or answer
)

// Problem is why an archive cannot be used.
type Problem struct{ Message string }

// Error gives the message.
func (p *Problem) Error() string { return p.Message }

func problem(format string, args ...any) error { return &Problem{fmt.Sprintf(format, args...)} }

// Archive is a recorded visit.
type Archive struct {
	Creator string // the program that wrote it
	Pages   []page
	Entries []*entry
}

type page struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// entry is one request and its answer.
type entry struct {
	number int // in the file, from 1
	start  time.Time
	url    *url.URL // nil: none that can be read
	media  string   // media type of the answer
	text   string   // the answer's body, if it is one to look into

	Started      string `json:"startedDateTime"`
	Page         string `json:"pageref"`
	ResourceType string `json:"_resourceType"` // Chrome's
	Request      struct {
		Method   string    `json:"method"`
		URL      string    `json:"url"`
		Headers  []pair    `json:"headers"`
		PostData *postData `json:"postData"`
	} `json:"request"`
	Response struct {
		Status      int    `json:"status"`
		Headers     []pair `json:"headers"`
		RedirectURL string `json:"redirectURL"`
		Content     struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type postData struct {
	MimeType string  `json:"mimeType"`
	Text     string  `json:"text"`
	Params   []param `json:"params"`
}

type param struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	FileName string `json:"fileName"`
}

// Parse reads an archive. Its error is a *Problem, or the reader's.
func Parse(r io.Reader) (*Archive, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if mark, err := buffered.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		buffered.Discard(3) // HAR 1.2 allows a byte order mark
	}
	p := &parser{limited: &io.LimitedReader{R: buffered, N: MaxSize + 1}, archive: &Archive{}}
	p.dec = json.NewDecoder(p.limited)
	if err := p.file(); err != nil {
		return nil, p.reason(err)
	}
	if p.archive.Entries == nil {
		return nil, problem("is no HAR: it has no log with entries")
	}
	slices.SortStableFunc(p.archive.Entries, func(a, b *entry) int {
		if a.start.IsZero() || b.start.IsZero() {
			return 0
		}
		return a.start.Compare(b.start)
	})
	return p.archive, nil
}

type parser struct {
	limited *io.LimitedReader
	dec     *json.Decoder
	archive *Archive
	texts   int
}

func (p *parser) reason(err error) error {
	var own *Problem
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &own):
		return err
	case p.limited.N <= 0:
		return problem("is larger than %d MiB: record a shorter visit", MaxSize>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return problem("ends in the middle: it is no whole HAR")
	case errors.As(err, &syntax):
		return problem("is no JSON: %s (at byte %d)", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset)
	case errors.As(err, &kind):
		return problem("is no HAR: in entry %d, %s is %s", len(p.archive.Entries)+1, draft.Cut(kind.Field, 60), kind.Value)
	}
	return err
}

// file reads the outermost object: only log counts.
func (p *parser) file() error {
	if err := p.open('{', "is no HAR: it is no object with a log"); err != nil {
		return err
	}
	return p.members(func(name string) error {
		if name != "log" {
			return p.skip()
		}
		if err := p.open('{', "is no HAR: its log is no object"); err != nil {
			return err
		}
		return p.members(p.log)
	})
}

// log reads a member of the log.
func (p *parser) log(name string) error {
	switch name {
	case "creator":
		var creator struct{ Name, Version string }
		err := p.dec.Decode(&creator)
		p.archive.Creator = draft.Cut(strings.TrimSpace(creator.Name+" "+creator.Version), 100)
		return err
	case "pages":
		if err := p.dec.Decode(&p.archive.Pages); err != nil {
			return err
		}
		if len(p.archive.Pages) > maxEntries {
			return problem("has %d pages: record a shorter visit", len(p.archive.Pages))
		}
		return nil
	case "entries":
		if err := p.open('[', "is no HAR: its entries are no list"); err != nil {
			return err
		}
		p.archive.Entries = []*entry{}
		for p.dec.More() {
			if len(p.archive.Entries) == maxEntries {
				return problem("has more than %d entries: record a shorter visit", maxEntries)
			}
			e := &entry{number: len(p.archive.Entries) + 1}
			if err := p.dec.Decode(e); err != nil {
				return err
			}
			p.settle(e)
			p.archive.Entries = append(p.archive.Entries, e)
		}
		_, err := p.dec.Token()
		return err
	}
	return p.skip()
}

// settle works out what is needed of an entry, and lets go of the rest.
func (p *parser) settle(e *entry) {
	if t, err := time.Parse(time.RFC3339Nano, e.Started); err == nil {
		e.start = t
	}
	if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && len(e.Request.URL) <= 64<<10 {
		e.url = u
	}
	e.Request.Headers = e.Request.Headers[:min(len(e.Request.Headers), maxHeaders)]
	e.Response.Headers = e.Response.Headers[:min(len(e.Response.Headers), maxHeaders)]
	content := &e.Response.Content
	e.media = mediaType(content.MimeType)
	if e.media == "" || e.media == "x-unknown" {
		e.media = mediaType(header(e.Response.Headers, "Content-Type"))
	}
	text := content.Text
	content.Text = ""
	if text == "" || len(text) > 2*maxText || !isText(e.media) {
		return
	}
	if content.Encoding == "base64" {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !utf8.Valid(data) {
			return
		}
		text = string(data)
	}
	if len(text) <= maxText && p.texts+len(text) <= maxTexts {
		p.texts += len(text)
		e.text = strings.Clone(text)
	}
}

// open reads the start of an object or list.
func (p *parser) open(delim json.Delim, otherwise string) error {
	t, err := p.dec.Token()
	if err != nil {
		return err
	}
	if t != delim {
		return problem("%s", otherwise)
	}
	return nil
}

// members reads the members of an object that was opened.
func (p *parser) members(read func(name string) error) error {
	for p.dec.More() {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if err := read(name); err != nil {
			return err
		}
	}
	_, err := p.dec.Token()
	return err
}

// skip reads a value that does not count.
func (p *parser) skip() error {
	var ignored json.RawMessage
	return p.dec.Decode(&ignored)
}

// mediaType is a media type without its parameters, in lower case.
func mediaType(text string) string {
	media, _, err := mime.ParseMediaType(text)
	if err != nil {
		media, _, _ = strings.Cut(text, ";")
	}
	return strings.ToLower(strings.TrimSpace(media))
}

// isText tells whether tokens are looked for in bodies of a media type.
func isText(media string) bool {
	return isJSON(media) || isHTML(media) || media == "text/plain" || strings.HasSuffix(media, "xml")
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json") || media == "text/json"
}

func isHTML(media string) bool { return media == "text/html" || media == "application/xhtml+xml" }

// header gives the first header of a name.
func header(headers []pair, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
