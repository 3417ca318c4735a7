package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The page's script waits in slices, after each of which it tells how things
// stand: how long it does at most, first and then.
const (
	firstSlice = 50 * time.Millisecond
	nextSlice  = 400 * time.Millisecond
)

// errScript says that a method of js/page.js threw: its argument makes no
// sense to the page, such as an invalid selector.
type errScript string

// Error implements error.
func (e errScript) Error() string { return string(e) }

// inWorld calls a method of js/page.js in the document that the page shows,
// waiting for one to come if need be; it starts again when the document is
// replaced meanwhile. args is marshalled anew for each call.
func inWorld(ctx context.Context, t *tab, method string, args func() any, result any) error {
	for {
		var world string
		if err := t.observer.await(ctx, func() bool {
			world = t.observer.world
			return world != ""
		}); err != nil {
			return t.reason(ctx, err)
		}
		err := callWorld(ctx, t, world, method, args(), result)
		var refused *cdproto.Error
		if !errors.As(err, &refused) {
			if err != nil {
				var thrown errScript
				if errors.As(err, &thrown) {
					return err
				}
				return t.reason(ctx, err)
			}
			return nil
		}
		// The document went away under the call. The event that says so may
		// be still to come.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return t.reason(ctx, ctx.Err())
		}
	}
}

// callWorld calls a method once.
func callWorld(ctx context.Context, t *tab, world, method string, args, result any) error {
	return callWorldOf(ctx, t.target, t.hushed, world, method, args, result)
}

// callWorldOf calls a method once in a world of a session.
func callWorldOf(ctx context.Context, session *chromedp.Target, hushed bool, world, method string, args, result any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("encode the arguments of %s: %w", method, err)
	}
	res, err := callIn(ctx, session, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: "function(args, hushed) { " + seldom(method) + "outrider.hushed = hushed; return outrider." + method + "(args) }",
		UniqueContextID:     world,
		Arguments: []*runtime.CallArgument{
			{Value: jsonv2.Value(raw)}, {Value: jsonv2.Value(strconv.FormatBool(hushed))},
		},
		AwaitPromise:  new(true),
		ReturnByValue: new(true),
		Silent:        new(true),
	})
	if err != nil {
		return err
	}
	if res.ExceptionDetails != nil {
		return errScript(exceptionText(res.ExceptionDetails))
	}
	if result == nil || len(res.Result.Value) == 0 {
		return nil
	}
	if err := json.Unmarshal(res.Result.Value, result); err != nil {
		return fmt.Errorf("decode the result of %s: %w", method, err)
	}
	return nil
}

// sliceOf gives a slice in milliseconds; it leaves the last bit before the
// deadline for the page's answer to arrive.
func sliceOf(ctx context.Context, d time.Duration) float64 {
	if deadline, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(deadline)-answerReserve)
	}
	return float64(max(d, 0)) / float64(time.Millisecond)
}

// answerReserve is the time kept for the answer of the page.
const answerReserve = 25 * time.Millisecond

// over tells whether there is no time for another slice.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < answerReserve+5*time.Millisecond
}
