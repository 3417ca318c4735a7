package http

import (
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"sync"

	"outrider/checks"
)

// answer is what came back, read to its end.
type answer struct {
	exchange *exchange
	resp     *nethttp.Response
	// body is the body after decompression if an assertion or a capture wants
	// to see it; size is its length in any case.
	body []byte
	size int64

	text     *string
	document *document
}

// Text gives the body as text.
func (a *answer) Text() string {
	if a.text == nil {
		text := string(a.body)
		a.text = &text
	}
	return *a.text
}

// rawBody is a body as it came over the wire. If nobody wants to see it, only
// its size is known.
type rawBody struct {
	bytes []byte
	size  int64
}

// tooLargeError says that a body goes over the definition's limit.
type tooLargeError struct {
	limit    int64
	expanded bool // only after decompression
}

func (e *tooLargeError) Error() string {
	if e.expanded {
		return fmt.Sprintf("the body is larger than the limit of %d bytes after decompression", e.limit)
	}
	return fmt.Sprintf("the body is larger than the limit of %d bytes", e.limit)
}

func (e *exchange) maxBody() int64 {
	if e.request.MaxBody <= 0 {
		return checks.DefaultMaxBody
	}
	return e.request.MaxBody
}

// read takes in the body. Decompression comes later: it is not what the
// customer's network took.
func (e *exchange) read(resp *nethttp.Response) (rawBody, error) {
	limit := e.maxBody()
	keep := e.wantsBody() || len(codings(resp)) > 0
	if resp.ContentLength > limit && resp.Request.Method != nethttp.MethodHead {
		return rawBody{}, &tooLargeError{limit: limit}
	}
	var raw rawBody
	var err error
	source := io.LimitReader(resp.Body, limit+1)
	if keep {
		raw.bytes, err = readAll(source, resp.ContentLength)
		raw.size = int64(len(raw.bytes))
	} else {
		raw.size, err = e.journey.probe.buffers.discard(source)
	}
	e.step.HTTP.TransferBytes = raw.size
	if raw.size > limit {
		err = &tooLargeError{limit: limit}
	}
	return raw, err
}

// wantsBody tells whether anything in the definition looks at the body.
func (e *exchange) wantsBody() bool {
	return slices.ContainsFunc(e.request.Expect, func(a checks.Assertion) bool {
		return a.Subject == checks.SubjectBody || a.Subject == checks.SubjectJSON || a.Subject == checks.SubjectSchema
	}) || slices.ContainsFunc(e.request.Capture, func(c checks.Capture) bool {
		return c.From == checks.CaptureJSON || c.From == checks.CaptureRegexp
	})
}

// readAll is io.ReadAll with room for what the server announces, within what
// it may be trusted with.
func readAll(r io.Reader, announced int64) ([]byte, error) {
	const least, most = 512, 512 << 10
	b := make([]byte, 0, min(max(announced+1, least), most))
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
	}
}

// buffers lends the space that bodies which nobody looks at pass through. The
// zero value is ready.
type buffers struct{ pool sync.Pool }

const bufferSize = 16 << 10

func (p *buffers) discard(r io.Reader) (int64, error) {
	buffer, _ := p.pool.Get().(*[bufferSize]byte)
	if buffer == nil {
		buffer = new([bufferSize]byte)
	}
	defer p.pool.Put(buffer)
	var total int64
	for {
		n, err := r.Read(buffer[:])
		total += int64(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
