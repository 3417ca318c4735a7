package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/cdproto/target"
)

// Full Chromium gives frames of other sites processes of their own, which know
// nothing of what the page was told. So each waits until it has been told: to say
// what it asks for, what to block, to stub and to trace, and what browser it is in.

// maxApart bounds the frames in processes of their own that are set up, of all
// that one page comes to show.
const maxApart = 1000

// tells gives the commands for a frame in a process of its own, as they are for
// its page.
func (t *tab) tells(ctx context.Context) []func() error {
	o := t.options
	var steps []func() error
	if len(t.requests.patterns()) > 0 {
		steps = append(steps, func() error { return t.intercept(ctx) })
	}
	steps = append(steps, pretend(ctx, t, o)...)
	if o.SkipVerify {
		steps = append(steps, command(ctx, t, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}))
	}
	return append(steps, t.slowDown(ctx, o)...)
}

// holdFrames has such frames wait, if there may be any or something to tell them.
// Workers then wait, too, which do as their page does without being told.
func (t *tab) holdFrames(ctx context.Context) []func() error {
	if t.process.build != full && len(t.tells(ctx)) == 0 {
		return nil
	}
	return []func() error{command(ctx, t, target.SetAutoAttach, target.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true),
	})}
}

// cover tells a frame what its page was told, lets it go on, and notes what it
// asks for.
func (t *tab) cover(ev *target.EventAttachedToTarget) {
	session := ev.SessionID
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	l := &letters{gate: t.process.gate, session: session}
	frame := &tab{process: t.process, popup: true, requests: t.requests, options: t.options, letters: l}
	if t.covered++; ev.TargetInfo.Type == "iframe" && t.covered <= maxApart {
		t.process.gate.aside(session, t.target.SessionID, func(event any) {
			switch ev := event.(type) {
			case *fetch.EventRequestPaused:
				t.take(task{paused: ev, by: l})
			case *fetch.EventAuthRequired:
				t.take(task{challenged: ev, by: l})
			case *target.EventAttachedToTarget: // a frame in it
				t.take(task{apart: ev})
			case *network.EventRequestWillBeSent, *network.EventResponseReceived, *network.EventDataReceived, *network.EventLoadingFinished, *network.EventLoadingFailed:
				t.observer.handle(event)
			}
		})
		tells := append(frame.holdFrames(ctx), command(ctx, frame, network.Enable, network.EnableParams{}))
		for _, tell := range append(tells, frame.tells(ctx)...) {
			_ = tell() // the browser may be gone
		}
	}
	if !ev.WaitingForDebugger {
		return
	}
	_, _ = callIn(ctx, l, runtime.RunIfWaitingForDebugger, cdp.Empty{})
}

// asked gives the session in which a task came up.
func (t *tab) asked(k task) cdp.Session {
	if k.by != nil {
		return k.by
	}
	return t.target
}
