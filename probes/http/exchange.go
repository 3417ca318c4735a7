package http

import (
	"context"
	nethttp "net/http"
	"net/http/httptrace"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// exchange is one step's request with its redirects, up to the end of the
// last answer.
type exchange struct {
	journey    *journey
	definition *checks.Step
	request    *checks.Request
	step       *probes.Step
	route      *route
	// parent is the context without the step's own timeout.
	parent context.Context

	trace *trace
	// first is the request that the definition asks for; hops counts the
	// redirects that were followed, and away says that one of them left the
	// first request's origin.
	first *nethttp.Request
	hops  int
	away  bool
}

// do makes the request and reads the whole answer. What is known of it is
// noted in the step, even if it fails.
func (e *exchange) do(ctx context.Context, req *nethttp.Request) (*answer, error) {
	e.trace = newTrace(e.route.proxy != nil)
	req = req.WithContext(httptrace.WithClientTrace(ctx, &e.trace.hooks))
	e.first = req
	e.step.HTTP = &probes.HTTP{Method: req.Method, URL: req.URL.Redacted()}
	e.step.Started = time.Since(e.journey.started)

	began := time.Now()
	resp, err := e.client().Do(req)
	var body rawBody
	if err == nil {
		body, err = e.read(resp)
		resp.Body.Close()
	}
	ended := time.Now()
	e.trace.end(ended)
	e.step.Duration = ended.Sub(began)
	e.note(resp, err)
	if err != nil {
		return nil, err
	}
	a := &answer{exchange: e, resp: resp}
	if a.body, a.size, err = e.decode(ctx, resp, body); err != nil {
		return nil, err
	}
	e.step.HTTP.BodyBytes = a.size
	return a, nil
}

// note puts what the exchange showed into the step.
func (e *exchange) note(resp *nethttp.Response, err error) {
	h := e.step.HTTP
	h.Phases, h.Address = e.trace.result()
	h.Redirects = e.hops
	if resp != nil {
		h.Status = resp.StatusCode
		h.Protocol = resp.Proto
		if resp.Request != nil {
			h.Method = resp.Request.Method
			h.URL = resp.Request.URL.Redacted()
		}
		h.HeaderBytes = headerBytes(resp)
		h.TransferBytes += h.HeaderBytes
		if resp.TLS != nil {
			h.TLS = e.describe(resp)
		}
		return
	}
	h.TLS = refused(err)
}

// headerBytes is the size of an answer's header as HTTP/1.1 writes it; HTTP/2
// compresses it.
func headerBytes(resp *nethttp.Response) int64 {
	n := len(resp.Proto) + 1 + len(resp.Status) + 2
	for name, values := range resp.Header {
		for _, v := range values {
			n += len(name) + 2 + len(v) + 2
		}
	}
	return int64(n + 2)
}
