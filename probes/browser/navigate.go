package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
)

// goTo opens a page and waits until it is loaded, along with every page that
// it sends the customer on to at once.
func (j *journey) goTo(ctx context.Context, a *checks.Goto, t *timing) error {
	address, err := j.expand(a.URL)
	if err != nil {
		return err
	}
	if !isWeb(address) {
		return failf(probes.FailVariable, "%q is not to be opened: only https:// and http:// are", j.cut(address))
	}
	began := time.Now()
	before := j.tab.observer.current()
	res, err := call(ctx, j.tab, page.Navigate, page.NavigateParams{URL: address})
	if err != nil {
		if err = j.tab.reason(ctx, err); timedOut(err) {
			return failf(probes.FailTimeout, "%s did not answer %s", address, patience(ctx, began))
		}
		return err
	}
	switch {
	case j.downloads && (res.IsDownload || res.ErrorText == "net::ERR_ABORTED"):
		return nil
	case res.IsDownload:
		return failf(probes.FailPage, "%s is a download, not a page", address)
	case res.ErrorText == "net::ERR_ABORTED":
		// Either another navigation took over, or there was nothing to show.
		if j.tab.observer.current() == before && !j.tab.observer.underway() {
			// Or the tab crashed, which is told a moment later.
			select {
			case <-ctx.Done():
				return j.tab.reason(ctx, ctx.Err())
			case <-time.After(settlePatience):
			}
			return failf(probes.FailPage, "%s answered without a page", address)
		}
	case res.ErrorText == "net::ERR_HTTP_RESPONSE_CODE_FAILURE" && a.AnyStatus:
		// A status without a page, which may be what is expected.
	case res.ErrorText != "":
		return j.netFailure(address, res.ErrorText, j.tab.observer.request(res.LoaderID))
	}
	d, err := j.loaded(ctx, t, began)
	if err != nil {
		if a.AnyStatus && j.tab.observer.current().onlyStatus() {
			return nil
		}
		return err
	}
	if x := d.exchange; x != nil && x.http.Status >= 400 && !a.AnyStatus {
		return badStatus(x)
	}
	return nil
}

// onlyStatus tells whether a document is the browser's own, in place of an
// answer that had a status of 400 or above and nothing else.
func (d *document) onlyStatus() bool {
	return d.unreachable && d.exchange != nil && d.exchange.answered && d.exchange.http.Status >= 400
}

// isWeb tells whether a URL is one that a customer could be sent to. A URL may
// come out of a page, by way of a captured value: it must not make the browser
// show this machine's files or the browser's own pages.
func isWeb(address string) bool {
	// No stricter than the browser, which opens what net/url takes for invalid.
	scheme, _, found := strings.Cut(strings.TrimSpace(address), "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// follow carries out an input and waits for what it leads to: if the page asks
// for another in answer to it, until that is loaded; else the input itself is
// all.
func (j *journey) follow(ctx context.Context, t *timing, do func() error) error {
	_, err := j.followPress(ctx, t, func() (bool, error) { return false, do() })
	return err
}

// followPress is follow for a press. It tells whether the press did not land on
// the element that it was meant for, if it was not seen at once; where the page
// cannot tell, since the press itself led on to another or keeps its scripts
// busy, it did.
func (j *journey) followPress(ctx context.Context, t *timing, do func() (missed bool, err error)) (missed bool, err error) {
	began := time.Now()
	mark := j.tab.observer.mark()
	j.tab.observer.missedOne()
	if missed, err = do(); err != nil {
		return missed, err
	}
	t.end = time.Now()
	// A press on a link has asked for its page by the time that it is answered.
	if !j.tab.observer.moving(mark) {
		missed = j.settle(ctx) || j.tab.observer.missedOne() || missed
	}
	if !j.tab.observer.moving(mark) {
		return missed, nil
	}
	before := t.end
	d, err := j.loaded(ctx, t, began)
	if err != nil {
		t.end = time.Time{}
		return missed, err
	}
	if t.end.Before(before) {
		t.end = before
	}
	// A customer who gets a server error instead of a page is stuck; other
	// statuses are for the site and the next steps to judge, such as a form
	// that is answered with 422.
	if x := d.exchange; d.loaded.After(began) && x != nil && x.http.Status >= 500 {
		return missed, badStatus(x)
	}
	return missed, nil
}

// loaded waits until the page is loaded and stays. The time that it takes to
// see that it stays is nobody's: the end is the load.
func (j *journey) loaded(ctx context.Context, t *timing, began time.Time) (*document, error) {
	for visited := 0; ; visited++ {
		d, err := j.tab.observer.settled(ctx)
		if err != nil {
			if err = j.tab.reason(ctx, err); !timedOut(err) {
				return nil, err
			}
			within := patience(ctx, began)
			if visited > 1 {
				return nil, failf(probes.FailTimeout, "the page did not come to rest %s: it was loaded, and went on to another, %d times", within, visited)
			}
			if n, one := j.tab.observer.unfinished(); n > 0 {
				return nil, failf(probes.FailTimeout, "the page did not load %s: %s", within, j.requestsLeft(n, one))
			}
			return nil, failf(probes.FailTimeout, "the page did not load %s", within)
		}
		t.end = d.loaded
		if d.unreachable {
			return nil, j.netFailure(d.url, "net::ERR_FAILED", d.exchange)
		}
		mark := j.tab.observer.mark()
		j.settle(ctx)
		if !j.tab.observer.moving(mark) {
			return d, nil
		}
	}
}

// settlePatience is how long a page may take to do what it has begun before we
// go on without it.
const settlePatience = 250 * time.Millisecond

// settle gives the page the moment in which it asks for another page, if the
// last input or its load makes it do so. That is no part of any step's time. It
// tells whether the press that was made last missed.
func (j *journey) settle(ctx context.Context) (missed bool) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	// If the document is replaced meanwhile, that is the answer, too. What was
	// done in a frame may have the page move on, and a press that misses a frame
	// is heard in what the frame is in.
	v := j.aimed
	if v == nil {
		v = j.tab.pageView()
	}
	for ; v != nil; v = v.outer {
		var now struct{ Missed bool }
		missed = v.once(ctx, "settle", map[string]int{"press": j.presses}, &now) == nil && now.Missed || missed
	}
	return missed
}

// netFailure says why a page could not be loaded: a failure of the site, or our
// own trouble. x is what is known of its request, or nil.
func (j *journey) netFailure(url, text string, x *exchange) error {
	if x != nil {
		if url = x.http.URL; x.failed != "" {
			text = x.failed
		}
		// The browser shows an error page of its own for an error without one.
		if x.answered && x.http.Status >= 400 {
			return badStatus(x)
		}
	}
	kind, own := netErrorKind(text)
	if own && j.check.Journey.Browser.Network.Offline {
		kind, own = probes.FailConnect, false // as the definition wants it
	}
	if own {
		return fmt.Errorf("load %s: %s", url, text)
	}
	return failf(kind, "%s could not be loaded: %s", url, text)
}

// badStatus says that a page's answer is an error.
func badStatus(x *exchange) error {
	f := failf(probes.FailAssertion, "%s answered with status %d", x.http.URL, x.http.Status)
	f.expected, f.got = "a status below 400", strconv.Itoa(x.http.Status)
	return f
}
