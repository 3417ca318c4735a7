// Package har is the HTTP Archive format, version 1.2: what a browser asked
// for and what it got, as other tools read and write it
// (www.softwareishard.com/blog/har-12-spec). It has no bodies: a monitor needs
// none, and they would hold what customers type.
//
// Fields of our own begin with an underscore, as the format wants it.
package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The bounds of an archive.
const (
	MaxEntries = 1000
	MaxPages   = 100
	MaxBytes   = 4 << 20 // as JSON
)

// Archive is a whole archive.
type Archive struct {
	Log Log `json:"log"`
}

// Log is what an archive holds.
type Log struct {
	Version string  `json:"version"` // "1.2"
	Creator Tool    `json:"creator"`
	Browser *Tool   `json:"browser,omitempty"`
	Pages   []Page  `json:"pages,omitempty"`
	Entries []Entry `json:"entries"`
	Comment string  `json:"comment,omitempty"`
	// LeftOut counts requests beyond the bound.
	LeftOut int `json:"_leftOut,omitempty"`
}

// Tool is a program that had a part in an archive.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Page is a document that was shown.
type Page struct {
	Started time.Time   `json:"startedDateTime"`
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Timings PageTimings `json:"pageTimings"`
	// Step is the step of the journey that opened it.
	Step string `json:"_step,omitempty"`
}

// PageTimings are milliseconds since the page's start; nil: not known.
type PageTimings struct {
	ContentLoad *float64 `json:"onContentLoad,omitempty"`
	Load        *float64 `json:"onLoad,omitempty"`
	FCP         *float64 `json:"_firstContentfulPaint,omitempty"`
	LCP         *float64 `json:"_largestContentfulPaint,omitempty"`
}

// Entry is one request with its answer.
type Entry struct {
	Page       string    `json:"pageref,omitempty"`
	Started    time.Time `json:"startedDateTime"`
	Time       float64   `json:"time"` // of all timings, milliseconds
	Request    Request   `json:"request"`
	Response   Response  `json:"response"`
	Cache      struct{}  `json:"cache"`
	Timings    Timings   `json:"timings"`
	Address    string    `json:"serverIPAddress,omitempty"`
	Connection string    `json:"connection,omitempty"`
	// Type is what the browser wanted it for: "document", "script", "image".
	Type string `json:"_resourceType,omitempty"`
	Step string `json:"_step,omitempty"`
	// Error is the network error, Blocked and Stubbed what the journey's
	// definition did to it, and Pending that it had not ended.
	Error   string `json:"_error,omitempty"`
	Blocked bool   `json:"_blocked,omitempty"`
	Stubbed bool   `json:"_stubbed,omitempty"`
	Pending bool   `json:"_pending,omitempty"`
}

// Failed tells whether the site or the network failed the request; what the
// definition blocked or stubbed is no failure.
func (e *Entry) Failed() bool {
	return !e.Blocked && !e.Stubbed && (e.Error != "" || e.Response.Status >= 400)
}

// Request is what was sent.
type Request struct {
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	HTTPVersion string   `json:"httpVersion"`
	Cookies     []Cookie `json:"cookies"`
	Headers     []Pair   `json:"headers"`
	Query       []Pair   `json:"queryString"`
	HeadersSize int64    `json:"headersSize"` // -1: not known
	BodySize    int64    `json:"bodySize"`
}

// Response is what was answered. Status is 0 if nothing was.
type Response struct {
	Status      int      `json:"status"`
	StatusText  string   `json:"statusText"`
	HTTPVersion string   `json:"httpVersion"`
	Cookies     []Cookie `json:"cookies"`
	Headers     []Pair   `json:"headers"`
	Content     Content  `json:"content"`
	RedirectURL string   `json:"redirectURL"`
	HeadersSize int64    `json:"headersSize"` // bytes over the wire; -1: not known
	BodySize    int64    `json:"bodySize"`
}

// TransferBytes is the answer as it came over the wire.
func (r *Response) TransferBytes() int64 { return max(r.HeadersSize, 0) + max(r.BodySize, 0) }

// Cookie is one cookie.
type Cookie struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Pair is a header or a parameter of the query.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Content is a body after decompression; its text is not kept.
type Content struct {
	Size        int64  `json:"size"`
	Compression int64  `json:"compression,omitempty"` // bytes that compression saved
	MimeType    string `json:"mimeType"`
}

// Timings are the parts of a request's time, in milliseconds; -1: there was no
// such part. Connect has SSL in it.
type Timings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
	SSL     float64 `json:"ssl"`
}

// Total is the sum of the parts, which an entry's time must be.
func (t Timings) Total() float64 {
	return max(t.Blocked, 0) + max(t.DNS, 0) + max(t.Connect, 0) + max(t.Send, 0) + max(t.Wait, 0) + max(t.Receive, 0)
}

// Encode gives an archive as JSON.
func (a *Archive) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, fmt.Errorf("encode the archive: %w", err)
	}
	return b.Bytes(), nil
}

// errTooLarge says that an archive is beyond the bounds.
var errTooLarge = errors.New("the archive is too large")

// Parse reads an archive within the bounds.
func Parse(data []byte) (*Archive, error) {
	if len(data) > MaxBytes {
		return nil, errTooLarge
	}
	var a Archive
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	if len(a.Log.Entries) > MaxEntries || len(a.Log.Pages) > MaxPages {
		return nil, errTooLarge
	}
	return &a, nil
}
