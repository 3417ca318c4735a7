package browser

import (
	"context"
	"math"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
)

// sample is what is asked of the page at the border of two steps: how much its
// main thread has worked so far, and how large it is.
type sample struct {
	done chan struct{} // closed when the rest may be read

	known    bool
	total    work // since the document began
	heap     int64
	elements int
	slow     bool // an input took the page long, and its paint has yet to be seen
}

const (
	// samplePatience is how long the journey waits for a sample, so that it is
	// about the border. A busy page answers later, which is better than never.
	samplePatience = 50 * time.Millisecond
	sampleTimeout  = time.Second
)

// measure has a sample taken of the page, by the page itself: what is asked of
// it next comes after. What the browser is asked does not: finishPage waits
// before it.
func (j *journey) measure(ctx context.Context) {
	s := &sample{done: make(chan struct{})}
	j.samples = append(j.samples, s)
	on := j.tab // another may be in front before the answer is there
	world := on.observer.currentWorld()
	go func() {
		defer close(s.done)
		ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
		defer cancel()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			var document struct {
				Elements int
				Slow     bool
			}
			if world != "" && callWorld(ctx, on, world, "measured", nil, &document) == nil {
				s.elements, s.slow = max(document.Elements, 0), document.Slow
			}
		}()
		if res, err := call(ctx, on, performance.GetMetrics, cdp.Empty{}); err == nil {
			s.take(res.Metrics)
		}
		<-asked
	}()
}

// await waits a moment for the sample.
func (s *sample) await() {
	patience := time.NewTimer(samplePatience)
	defer patience.Stop()
	select {
	case <-s.done:
	case <-patience.C:
	}
}

// finishSamples waits for samples that are late, as long as the context allows,
// and gives up the others.
func (j *journey) finishSamples(ctx context.Context) {
	for _, s := range j.samples {
		select {
		case <-s.done:
		case <-ctx.Done():
		}
	}
	j.stopSamples()
	for _, s := range j.samples {
		<-s.done
	}
}

// take reads the browser's metrics.
func (s *sample) take(metrics []*performance.Metric) {
	for _, m := range metrics {
		if m == nil || math.IsNaN(m.Value) || m.Value < 0 || m.Value > 1e15 {
			continue
		}
		seconds := milliseconds(min(m.Value, 1e6) * 1000)
		switch m.Name {
		case "ScriptDuration":
			s.total.script, s.known = seconds, true
		case "LayoutDuration", "RecalcStyleDuration":
			s.total.rendering += seconds
		case "TaskDuration":
			s.total.busy = seconds
		case "JSHeapUsedSize":
			s.heap = int64(m.Value)
		}
	}
}

// since gives the work from an earlier sample of the same document until this
// one, or from its start. The browser counts anew for each document.
func (s *sample) since(before *sample) work {
	w := s.total
	if before == nil || !before.known {
		return w
	}
	b := before.total
	if w.script < b.script || w.rendering < b.rendering || w.busy < b.busy {
		return w
	}
	return work{w.script - b.script, w.rendering - b.rendering, w.busy - b.busy}
}
