package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

// usesFrames tells whether a journey acts in frames. Those that do not are
// spared what that costs.
func usesFrames(j *checks.Journey) bool {
	for _, step := range j.Steps {
		for _, t := range targetsOf(step.Action) {
			if t.InFrame() {
				return true
			}
		}
	}
	return false
}

// maxKnownFrames bounds what is kept of one page's frames.
const maxKnownFrames = 1000

// frameTable is what is known of the frames that one session shows: those of a
// page in its own process, or of a frame in another's.
type frameTable struct {
	worlds map[cdp.FrameID]string           // unique ids of our worlds
	apart  map[cdp.FrameID]target.SessionID // frames that other processes show
}

func newFrameTable() *frameTable {
	return &frameTable{worlds: map[cdp.FrameID]string{}, apart: map[cdp.FrameID]target.SessionID{}}
}

// entered notes our world of a frame.
func (f *frameTable) entered(frame cdp.FrameID, world string) {
	if len(f.worlds) < maxKnownFrames {
		f.worlds[frame] = world
	}
}

// handle takes an event of the session.
func (f *frameTable) handle(event any) {
	switch ev := event.(type) {
	case *runtime.EventExecutionContextDestroyed:
		for frame, world := range f.worlds {
			if world == ev.ExecutionContextUniqueID {
				delete(f.worlds, frame)
			}
		}
	case *runtime.EventExecutionContextsCleared:
		clear(f.worlds)
	case *target.EventAttachedToTarget:
		if ev.TargetInfo.Type == "iframe" && len(f.apart) < maxKnownFrames {
			f.apart[cdp.FrameID(ev.TargetInfo.TargetID)] = ev.SessionID
		}
	case *target.EventDetachedFromTarget:
		for frame, session := range f.apart {
			if session == ev.SessionID {
				delete(f.apart, frame)
			}
		}
	}
}

// frameHost is a session that shows documents: a page's, or that of a frame in
// a process of its own.
type frameHost struct {
	target *chromedp.Target
	cancel context.CancelFunc // nil for a page's
	gone   <-chan struct{}    // closed when the frame is not shown by it any more

	mu      sync.Mutex
	changed chan struct{}
	table   *frameTable
}

// handle takes an event of the session of a frame.
func (h *frameHost) handle(event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ev, ok := event.(*runtime.EventExecutionContextCreated); ok {
		if frame, ours := worldOf(ev.Context); ours {
			h.table.entered(frame, ev.Context.UniqueID)
		}
	} else {
		h.table.handle(event)
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// await waits until the condition holds of what is known of the frames.
func (h *frameHost) await(ctx context.Context, t *tab, holds func(*frameTable) bool) error {
	if h.cancel == nil {
		return t.observer.await(ctx, func() bool { return holds(t.observer.frames) })
	}
	for {
		h.mu.Lock()
		ok, changed := holds(h.table), h.changed
		h.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// frameHostOf gives the session of a frame that another process shows.
func (t *tab) frameHostOf(ctx context.Context, frame cdp.FrameID) (*frameHost, error) {
	if h := t.hosts[frame]; h != nil {
		return h, nil
	}
	t.sweepHosts()
	if len(t.hosts) >= maxHosts {
		return nil, fmt.Errorf("the page has more than %d frames in processes of their own", maxHosts)
	}
	h := &frameHost{changed: make(chan struct{}), table: newFrameTable()}
	hostCtx, cancel := chromedp.NewContext(t.ctx, chromedp.WithTargetID(target.ID(frame)), chromedp.WithListener(h.handle),
		chromedp.WithDetachOnCancel()) // to close it would be to close the page
	stop := context.AfterFunc(ctx, cancel)
	err := chromedp.Do(hostCtx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if c := chromedp.FromContext(hostCtx); c.Target != nil {
		h.target = c.Target
		t.process.gate.open(h.target.SessionID)
		h.gone, _ = chromedp.Detached(hostCtx) // there is a target
	}
	h.cancel = cancel
	if err == nil {
		_, err = cdp.Call(ctx, h.target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: injected(true), WorldName: worldName, RunImmediately: new(true),
		})
	}
	if err != nil {
		t.leaveHost(h)
		return nil, err
	}
	if t.hosts == nil {
		t.hosts = map[cdp.FrameID]*frameHost{}
	}
	t.hosts[frame] = h
	return h, nil
}

// maxHosts bounds the sessions of frames of one page.
const maxHosts = 32

// sweepHosts ends the sessions of frames that are not there any more.
func (t *tab) sweepHosts() {
	for _, h := range t.hosts {
		select {
		case <-h.gone:
			t.dropHost(h)
		default:
		}
	}
}

// dropHost forgets the session of a frame that is not shown by that process
// any more.
func (t *tab) dropHost(h *frameHost) {
	for frame, host := range t.hosts {
		if host == h {
			delete(t.hosts, frame)
			t.leaveHost(h)
		}
	}
}

// leaveHost ends the session of a frame.
func (t *tab) leaveHost(h *frameHost) {
	if h.target != nil {
		t.process.gate.shut(h.target.SessionID)
		defer t.process.gate.forget(h.target.SessionID)
	}
	h.cancel()
}

// isGone tells whether an error says that the document of a call is there no
// more.
func isGone(err error) bool {
	return errors.Is(err, errFrameGone) || errors.Is(err, chromedp.ErrTargetDetached)
}
