package browser

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// lobby is where the pages wait that steps open, until they are set up: they
// ask for nothing and run no script before. The browser can only be told to
// hold every page that is opened, by whichever run, so the others are told to
// go on at once. It is told so when the first step expects a page, and keeps to
// it: to take it back would be to lose what was set up.
//
// A page that opens another in its own process stands still meanwhile, and for
// ever if the other is closed before it was told to go on.
type lobby struct {
	process *process

	opening sync.Mutex // held while the browser is told to hold pages

	mu      sync.Mutex
	heard   bool                  // the browser's events are listened to
	open    bool                  // pages are held
	awaited map[target.ID]*guests // by the page that is about to open one
	gone    map[target.ID]bool    // pages with an opener that need not be told to go on any more
	changed chan struct{}         // closed and replaced when a page comes or goes on
}

// guests are the pages that a page has opened and that wait.
type guests struct {
	chosen target.ID // the one that the step goes on in; empty: not known yet
	in     bool      // that one need not wait any more
	held   map[target.ID]target.SessionID
}

// lobbyPatience is how long a page may take to be held, after it has been told
// of.
const lobbyPatience = time.Second

// await has the pages wait that a page opens, until done.
func (l *lobby) await(ctx context.Context, opener target.ID) error {
	l.opening.Lock()
	defer l.opening.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		l.awaited, l.gone, l.changed = map[target.ID]*guests{}, map[target.ID]bool{}, make(chan struct{})
		if !l.heard {
			chromedp.ListenBrowser(l.process.ctx, func(event any) {
				if ev, ok := event.(*target.EventAttachedToTarget); ok {
					l.attached(ev)
				}
			})
		}
		// From the moment in which it is told, not that in which it answers.
		l.heard, l.open = true, true
		l.mu.Unlock()
		_, err := cdp.Call(ctx, l.browser(), target.SetAutoAttach, target.SetAutoAttachParams{
			AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: target.Filter{{Type: "page"}},
		})
		if l.mu.Lock(); err != nil {
			l.open = false
			return fmt.Errorf("have new pages wait: %w", err)
		}
	}
	l.awaited[opener] = &guests{held: map[target.ID]target.SessionID{}}
	return nil
}

func (l *lobby) browser() *chromedp.Browser { return chromedp.FromContext(l.process.ctx).Browser }

// attached takes in a page that the browser holds, or lets it go on. What does
// not wait was there before, or is one that chromedp attaches to.
func (l *lobby) attached(ev *target.EventAttachedToTarget) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, opener := ev.TargetInfo.TargetID, ev.TargetInfo.OpenerID
	if g := l.awaited[opener]; ev.WaitingForDebugger && g != nil && (g.chosen == "" || g.chosen == id && !g.in) {
		g.held[id] = ev.SessionID
	} else {
		if ev.WaitingForDebugger {
			l.goOn(ev.SessionID)
			l.letGo(ev.SessionID)
		}
		if opener != "" {
			l.gone[id] = true
		}
	}
	l.notify()
}

// notify wakes those who wait for a page. The caller holds the lock.
func (l *lobby) notify() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// goOn tells a page that it may go on.
func (l *lobby) goOn(session target.SessionID) {
	_, _ = callIn(l.process.ctx, &letters{gate: l.process.gate, session: session}, runtime.RunIfWaitingForDebugger, cdp.Empty{})
}

// letGo ends the session of a page that was held.
func (l *lobby) letGo(session target.SessionID) {
	_, _ = callIn(l.process.ctx, &letters{gate: l.process.gate}, target.DetachFromTarget, target.DetachFromTargetParams{SessionID: session})
}

// choose says which of the pages that an opener opened is the one that waits;
// the others go on. It gives the session that holds it, or nothing if none does.
func (l *lobby) choose(ctx context.Context, opener, page target.ID) target.SessionID {
	l.mu.Lock()
	g := l.awaited[opener]
	g.chosen = page
	for id, session := range g.held {
		if id != page {
			l.dismiss(g, id, session)
		}
	}
	l.mu.Unlock()
	var session target.SessionID
	l.wait(ctx, func() bool {
		session = g.held[page]
		return session != ""
	})
	return session
}

// dismiss lets a page go on that no step goes on in. The caller holds the lock.
func (l *lobby) dismiss(g *guests, id target.ID, session target.SessionID) {
	delete(g.held, id)
	l.goOn(session)
	l.letGo(session)
	l.gone[id] = true
	l.notify()
}

// wait waits until a condition holds, at most for lobbyPatience.
func (l *lobby) wait(ctx context.Context, holds func() bool) {
	patience := time.NewTimer(lobbyPatience)
	defer patience.Stop()
	for {
		l.mu.Lock()
		ok, changed := holds(), l.changed
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-patience.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// admit lets the chosen page go on. The session stays: what was set up by it
// ends with it.
func (l *lobby) admit(opener target.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.awaited[opener]
	g.in = true
	if session, waits := g.held[g.chosen]; waits {
		delete(g.held, g.chosen)
		l.goOn(session)
		l.gone[g.chosen] = true
		l.notify()
	}
}

// done lets all pages of an opener go on, those that are still to come as well.
func (l *lobby) done(opener target.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.awaited[opener]
	delete(l.awaited, opener)
	for id, session := range g.held {
		l.dismiss(g, id, session)
	}
}

// close closes a page that nobody waits for, once it has been told to go on.
func (l *lobby) close(ctx context.Context, id target.ID) {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	if open {
		l.wait(ctx, func() bool { return l.gone[id] })
		l.mu.Lock()
		delete(l.gone, id)
		l.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _ = cdp.Call(ctx, l.browser(), target.CloseTarget, target.CloseTargetParams{TargetID: id})
}
