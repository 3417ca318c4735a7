package browser

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpio "github.com/chromedp/cdproto/io"
	"github.com/chromedp/cdproto/tracing"

	"outrider/probes"
)

const (
	// chromeTraceName is the name of the browser's trace among the artifacts.
	chromeTraceName = "chrome-trace.gz"
	// maxChromeTrace bounds a trace, in bytes before and after compression, and
	// chromeTraceBuffer what the browser keeps of it, in KiB: a full buffer
	// takes no more.
	maxChromeTrace, maxChromeTraceKept = 24 << 20, 4 << 20
	chromeTraceBuffer                  = 8 << 10
	// chromeTraceTime bounds what it may take to get it.
	chromeTraceTime = 10 * time.Second
)

// chromeTraceCategories are those of the developer tools' performance panel,
// without samples of scripts, which cost as much as what they measure.
var chromeTraceCategories = []string{
	"devtools.timeline", "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.frame",
	"blink.user_timing", "loading", "latencyInfo", "v8.execute", "__metadata",
}

// startChromeTrace has the browser trace itself, if that is wanted. It does so
// as a whole, with whatever else it does: so such a run has a browser of its
// own (see Probe.browserFor).
func (j *journey) startChromeTrace(ctx context.Context) error {
	if !j.keeping.ChromeTrace.Possible(j.keeping.draw) {
		return nil
	}
	j.mainTab().observer.mu.Lock()
	j.mainTab().observer.traced = make(chan *tracing.EventTracingComplete, 1)
	j.mainTab().observer.mu.Unlock()
	_, err := call(ctx, j.mainTab(), tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReturnAsStream, StreamFormat: tracing.StreamFormatJSON,
		TraceConfig: &tracing.TraceConfig{
			RecordMode: tracing.TraceConfigRecordModeRecordUntilFull, TraceBufferSizeInKb: chromeTraceBuffer,
			IncludedCategories: chromeTraceCategories, ExcludedCategories: []string{"*"},
		},
	})
	return err
}

// keepChromeTrace ends the trace and keeps it, if it is wanted. One that does
// not come in time, or is too large, is left out.
func (j *journey) keepChromeTrace(ctx context.Context) {
	j.mainTab().observer.mu.Lock()
	traced := j.mainTab().observer.traced
	j.mainTab().observer.mu.Unlock()
	if traced == nil || !j.keeping.ChromeTrace.Wanted(j.result.Outcome == probes.Failed, j.keeping.draw) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chromeTraceTime)
	defer cancel()
	stop := context.AfterFunc(j.mainTab().ctx, cancel)
	defer stop()
	if _, err := call(ctx, j.mainTab(), tracing.End, cdp.Empty{}); err != nil {
		return
	}
	select {
	case done := <-traced:
		if data, err := j.readStream(ctx, done.Stream); err == nil && len(data) <= maxChromeTraceKept {
			j.keep(chromeTraceName, "application/gzip", "", data)
		}
	case <-ctx.Done():
	}
}

// errTraceTooLarge says that a trace is beyond its bound.
var errTraceTooLarge = errors.New("the trace is too large")

// readStream reads a trace, without secrets, and compresses it.
func (j *journey) readStream(ctx context.Context, handle cdpio.StreamHandle) ([]byte, error) {
	var raw bytes.Buffer
	for {
		part, err := call(ctx, j.mainTab(), cdpio.Read, cdpio.ReadParams{Handle: handle, Size: 1 << 20})
		if err != nil {
			return nil, err
		}
		if raw.Write(part.Data); raw.Len() > maxChromeTrace {
			return nil, errTraceTooLarge
		}
		if part.EOF {
			break
		}
	}
	_, _ = call(ctx, j.mainTab(), cdpio.Close, cdpio.CloseParams{Handle: handle})
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	// An event is a line. What is searched for secrets at once ends with one,
	// so that none is cut in two, and is small, since the search takes room.
	const atOnce = 256 << 10
	for rest := raw.Bytes(); len(rest) > 0; {
		n := min(atOnce, len(rest))
		if i := bytes.IndexByte(rest[n:], '\n'); i >= 0 {
			n += i + 1
		} else {
			n = len(rest)
		}
		if _, err := w.Write([]byte(j.secrets.hide(string(rest[:n])))); err != nil {
			return nil, fmt.Errorf("compress the trace: %w", err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress the trace: %w", err)
	}
	return out.Bytes(), nil
}

// browserFor gives the pool that a run takes its browser from: that of the
// build, or one of its own if the browser is to trace itself, since its trace
// tells of every page that it shows. leave has to be called when the browser
// has been given back.
func (p *Probe) browserFor(wanted string, k keeping, run string) (chosen *pool, leave func(), err error) {
	if !k.ChromeTrace.Possible(k.draw) {
		chosen, err = p.pool(wanted)
		return chosen, func() {}, err
	}
	b, path, err := p.options.choose(wanted)
	if err != nil {
		return nil, nil, err
	}
	own := &pool{options: p.options, build: b, path: path, root: p.root(), warn: p.warnOfSandbox}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errClosed
	}
	key := build("traced " + run)
	p.pools[key] = own // so that Close ends it, too
	return own, func() {
		p.mu.Lock()
		delete(p.pools, key)
		p.mu.Unlock()
		own.close()
	}, nil
}
