package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxCodings bounds how often a body may be compressed over and over.
const maxCodings = 3

// maxWindow is the memory that an answer compressed with zstd may ask for, the
// most that a browser grants (RFC 9659).
const maxWindow = 8 << 20

// decodeError says that a body is not compressed in the way that it claims.
type decodeError struct {
	coding string
	err    error
}

func (e *decodeError) Error() string {
	return fmt.Sprintf("the body is not valid %s: %v", e.coding, e.err)
}
func (e *decodeError) Unwrap() error { return e.err }

// codings lists the compressions of an answer in the order in which they were
// applied; nil if there is none, or one that nobody asked for and that we do
// not know, which leaves the body as it is.
func codings(resp *nethttp.Response) []string {
	var list []string
	for _, value := range resp.Header["Content-Encoding"] {
		for coding := range strings.SplitSeq(value, ",") {
			switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
			case "", "identity":
			case "gzip", "x-gzip", "deflate", "br", "zstd":
				list = append(list, strings.TrimPrefix(coding, "x-"))
			default:
				return nil
			}
		}
	}
	return list
}

// decode takes the compression off a body. It gives the body, if somebody
// wants to see it, and its length.
func (e *exchange) decode(ctx context.Context, resp *nethttp.Response, raw rawBody) ([]byte, int64, error) {
	list := codings(resp)
	if len(list) == 0 || raw.size == 0 {
		return raw.bytes, raw.size, nil
	}
	if len(list) > maxCodings {
		return nil, 0, &decodeError{strings.Join(list[:maxCodings], ", ") + ", …", errors.New("compressed too many times")}
	}
	d := &e.journey.probe.decoders
	var source io.Reader = &contextReader{ctx, bytes.NewReader(raw.bytes)}
	for _, coding := range slices.Backward(list) {
		decoder, release, err := d.open(coding, source)
		if err != nil {
			return nil, 0, &decodeError{coding, err}
		}
		defer release()
		source = decoder
	}
	limit := e.maxBody()
	source = io.LimitReader(source, limit+1)
	var body []byte
	var size int64
	var err error
	if e.wantsBody() {
		body, err = readAll(source, 4*raw.size)
		size = int64(len(body))
	} else {
		size, err = e.journey.probe.buffers.discard(source)
	}
	switch {
	case size > limit:
		return nil, size, &tooLargeError{limit: limit, expanded: true}
	case ctx.Err() != nil:
		return nil, size, ctx.Err()
	case err != nil:
		return nil, size, &decodeError{strings.Join(list, ", "), err}
	}
	return body, size, nil
}

// contextReader stops reading when the time is up.
type contextReader struct {
	ctx    context.Context
	source *bytes.Reader
}

func (r *contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.source.Read(b[:min(len(b), bufferSize)])
}

// decoders lends decompressors, which are expensive to make. The zero value
// is ready.
type decoders struct{ gzip, brotli, zstd sync.Pool }

// open gives a reader of what source is the compressed form of, and what is
// to be called when it is no longer needed.
func (d *decoders) open(coding string, source io.Reader) (io.Reader, func(), error) {
	switch coding {
	case "gzip":
		r, _ := d.gzip.Get().(*gzip.Reader)
		if r == nil {
			r = new(gzip.Reader)
		}
		return r, func() { d.gzip.Put(r) }, r.Reset(source)
	case "br":
		r, _ := d.brotli.Get().(*brotli.Reader)
		if r == nil {
			r = new(brotli.Reader)
		}
		return r, func() { d.brotli.Put(r) }, r.Reset(source)
	case "zstd":
		r, _ := d.zstd.Get().(*zstd.Decoder)
		if r == nil {
			var err error
			// One decoder at a time works without goroutines of its own.
			r, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, nil, err
			}
		}
		return r, func() { d.zstd.Put(r) }, r.Reset(source)
	}
	return deflate(source)
}

// deflate reads the coding of that name: zlib's format (RFC 1950) by the
// standard, bare flate (RFC 1951) by some servers.
func deflate(source io.Reader) (io.Reader, func(), error) {
	head := make([]byte, 2)
	n, err := io.ReadFull(source, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil, nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), source)
	if n == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		r, err := zlib.NewReader(whole)
		return r, func() {}, err
	}
	return flate.NewReader(whole), func() {}, nil
}
