package http_test

import (
	"bytes"
	"io"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"outrider/probes"
)

// compress applies codings in order.
func compress(t testing.TB, body []byte, codings ...string) []byte {
	t.Helper()
	for _, coding := range codings {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "zlib":
			w = zlib.NewWriter(&b)
		case "flate":
			w, _ = flate.NewWriter(&b, 9)
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			w, _ = zstd.NewWriter(&b)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		body = b.Bytes()
	}
	return body
}

// encoded answers with a body that claims an encoding.
func encoded(encoding string, body []byte) nethttp.HandlerFunc {
	return func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}
}

func TestCompressedBodies(t *testing.T) {
	plain := []byte(strings.Repeat("a mug, and another mug; ", 1000))
	for name, c := range map[string]struct {
		encoding string
		body     []byte
	}{
		"gzip":           {"gzip", compress(t, plain, "gzip")},
		"x-gzip":         {"X-GZip", compress(t, plain, "gzip")},
		"deflate":        {"deflate", compress(t, plain, "zlib")},
		"bare deflate":   {"deflate", compress(t, plain, "flate")},
		"brotli":         {"br", compress(t, plain, "br")},
		"zstd":           {"zstd", compress(t, plain, "zstd")},
		"gzip then br":   {"gzip, br", compress(t, plain, "gzip", "br")},
		"identity":       {"identity", plain},
		"unknown coding": {"odd", plain},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, encoded(c.encoding, c.body))
			for range 2 { // the second with what the first gave back
				got := pass(t, url, "http:\n  - get: ${URL}/\n    expect: {body: contains another mug, size: 24000}\n  - get: ${URL}/")
				for i, s := range got.Steps {
					if h := s.HTTP; h.BodyBytes != int64(len(plain)) || h.TransferBytes != h.HeaderBytes+int64(len(c.body)) {
						t.Errorf("step %d: %+v", i, h)
					}
				}
			}
		})
	}
	t.Run("no body at all", func(t *testing.T) {
		pass(t, serve(t, encoded("gzip", nil)), `http: [{get: "${URL}/"}, {head: "${URL}/"}]`)
	})
}

func TestBrokenCompression(t *testing.T) {
	good := compress(t, []byte(strings.Repeat("mug ", 100)), "gzip")
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		message  string
	}{
		"not gzip":      {"gzip", []byte("plain text"), "not valid gzip"},
		"cut off":       {"gzip", good[:len(good)-9], "not valid gzip"},
		"not brotli":    {"br", []byte("\xff\xff\xff\xff"), "not valid br"},
		"not zstd":      {"zstd", []byte("plain text"), "not valid zstd"},
		"not deflate":   {"deflate", []byte("\xff\xff\xff"), "not valid deflate"},
		"again & again": {"gzip, gzip, gzip, gzip", good, "too many times"},
	} {
		t.Run(name, func(t *testing.T) {
			contains(t, fail(t, serve(t, encoded(c.encoding, c.body)), `http: [{get: "${URL}/"}]`, probes.FailProtocol).Message, c.message)
		})
	}
}

func TestBombs(t *testing.T) {
	bomb := make([]byte, 16<<20)
	for _, codings := range [][]string{{"gzip"}, {"br"}, {"zstd"}, {"zlib"}, {"gzip", "gzip"}} {
		name := strings.ReplaceAll(strings.Join(codings, ", "), "zlib", "deflate")
		t.Run(name, func(t *testing.T) {
			url := serve(t, encoded(name, compress(t, bomb, codings...)))
			for _, expect := range []string{"", "\n    expect: {body: contains x}"} {
				failure := fail(t, url, "http:\n  - get: ${URL}/\n    max_body: 1MB"+expect, probes.FailProtocol)
				contains(t, failure.Message, "larger than the limit of 1000000 bytes after decompression")
			}
		})
	}
}
