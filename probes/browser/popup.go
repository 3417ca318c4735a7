package browser

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"outrider/checks"
	"outrider/probes"
)

// openPage is a page that a journey has open.
type openPage struct {
	name string
	tab  *tab
}

// errClosedItself is what becomes of a page that a script of it closes.
const errClosedItself = deadPage("the page closed itself")

// maxPages bounds the pages that a journey has open at a time.
const maxPages = 20

// opening is a page that a step is to open: it waits in the lobby until it is
// set up. Meanwhile the page that opens it may stand still, so this goes on
// beside the step.
type opening struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when what follows is set

	came   bool
	page   *tab
	waited time.Duration // for how long we kept it from going on
	err    error
}

// expectPage gets ready for a page that a step opens.
func (j *journey) expectPage(ctx context.Context) (*opening, error) {
	opener, first := j.tab, j.mainTab()
	id := target.ID(opener.target.TargetID)
	lobby := &opener.process.lobby
	if err := lobby.await(ctx, id); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &opening{cancel: cancel, done: make(chan struct{})}
	room := len(j.pages) < maxPages
	go func() {
		defer close(p.done)
		defer lobby.done(id)
		var opened target.ID
		p.err = opener.observer.await(ctx, func() bool {
			opened = opener.observer.came
			return opened != ""
		})
		if p.came = p.err == nil; !p.came || !room {
			return
		}
		began := time.Now()
		holder := lobby.choose(ctx, id, opened)
		p.page, p.err = opener.openedPage(ctx, opened, j, first, holder, func() {
			lobby.admit(id)
			p.waited = time.Since(began)
		})
	}()
	return p, nil
}

// over gives up a page that has not been opened by now.
func (p *opening) over() {
	p.cancel()
	<-p.done
}

// pageOpened waits for the page that a step opens, and goes on in it.
func (j *journey) pageOpened(ctx context.Context, h *happening, t *timing) error {
	p := h.opening
	<-p.done // the step's context bounds it
	t.own += p.waited
	switch {
	case !p.came:
		return j.late(ctx, p.err, probes.FailPage, "the step opened no page", h.began)
	case len(j.pages) >= maxPages:
		return failf(probes.FailPage, "the journey has more than %d pages open: close some", maxPages)
	case p.err != nil:
		return j.late(ctx, p.err, probes.FailTimeout, "the page that the step opened did not respond", h.began)
	}
	if len(j.pages) == 0 {
		j.pages = []openPage{{checks.MainPage, j.tab}}
	}
	j.pages = append(j.pages, openPage{h.options.Popup, p.page})
	j.front(p.page)
	d, err := j.arrived(ctx, t, h.began)
	if err != nil {
		return err
	}
	if x := d.exchange; x != nil && x.http.Status >= 400 {
		return badStatus(x)
	}
	return j.arrivedAt(ctx, h.options.Navigation, t)
}

// front makes a page the one that steps act in.
func (j *journey) front(t *tab) {
	j.tab, j.aimed = t, nil
	j.buttons = 0
	j.film.follow(t)
}

// blankPatience is how long a page that was opened without an address may take
// to get one.
const blankPatience = 500 * time.Millisecond

// arrived waits until a page that was opened is loaded. Where its request was
// not seen, what the page itself knows of it has to do.
func (j *journey) arrived(ctx context.Context, t *timing, began time.Time) (*document, error) {
	o := j.tab.observer
	for {
		tree, err := call(ctx, j.tab, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return nil, j.lost(ctx, err)
		}
		o.adopt(tree.FrameTree.Frame)
		if address := o.current().url; address != "" && address != "about:blank" || o.underway() {
			break
		}
		short, cancel := context.WithCancel(ctx)
		if !j.tab.headed(ctx) {
			short, cancel = context.WithTimeout(ctx, blankPatience)
		}
		mark := o.mark()
		err = o.await(short, func() bool { return o.moves != mark })
		cancel()
		if ctx.Err() != nil {
			return nil, j.late(ctx, err, probes.FailTimeout, "the page that the step opened did not load", began)
		}
		if err != nil {
			break // it stays what it is
		}
	}
	d, err := j.loaded(ctx, t, began)
	if err != nil || d.exchange != nil || !isWeb(d.url) {
		return d, err
	}
	var a arrival
	if inWorld(ctx, j.tab, "arrival", func() any { return nil }, &a) == nil && a.Status > 0 {
		o.mu.Lock()
		defer o.mu.Unlock()
		d.exchange = a.exchange(d.url)
	}
	return d, nil
}

// headed tells whether a page is on its way to an address: it began to be before
// we could watch it.
func (t *tab) headed(ctx context.Context) bool {
	info, err := cdp.Call(ctx, chromedp.FromContext(t.ctx).Browser, target.GetTargetInfo, target.GetTargetInfoParams{TargetID: t.target.TargetID})
	return err == nil && info.TargetInfo != nil && isWeb(info.TargetInfo.URL)
}

// arrival is what a page knows of the request that led to it: Navigation
// Timing, level 2. Times are in milliseconds.
type arrival struct {
	Status                                     int
	Protocol                                   string
	Resolve, Connect, TLS, FirstByte, Download float64
	Transfer, Body                             int64
}

// exchange gives it the form of one that was watched.
func (a arrival) exchange(url string) *exchange {
	return &exchange{answered: true, http: probes.HTTP{
		Method: "GET", URL: url, Status: a.Status, Protocol: protocolName(a.Protocol),
		Phases: probes.Phases{
			Resolve: milliseconds(a.Resolve), Connect: milliseconds(a.Connect), TLS: milliseconds(a.TLS),
			FirstByte: milliseconds(a.FirstByte), Download: milliseconds(a.Download),
		},
		TransferBytes: a.Transfer, BodyBytes: a.Body,
	}}
}

// adopt takes the document that a page showed before it was watched.
func (o *observer) adopt(f *cdp.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := o.document; d.loader == "" || d.loader == f.LoaderID {
		d.loader, d.url, d.unreachable = f.LoaderID, f.URL+f.URLFragment, f.UnreachableURL != ""
		if d.unreachable {
			d.url = f.UnreachableURL
		}
	}
	// One in a new process went on before its document could be told of.
	if p, d := o.pending, o.document; p != nil && p.loader == f.LoaderID && d.loader == f.LoaderID {
		o.pending, d.exchange = nil, o.requests[network.RequestID(f.LoaderID)]
	}
}

// openedPage sets up a page that this one has opened; first is the page that the
// journey began in, holder the session that holds the page, and admit lets it go
// on.
func (t *tab) openedPage(ctx context.Context, id target.ID, j *journey, first *tab, holder target.SessionID, admit func()) (*tab, error) {
	p := &tab{
		process: t.process, options: t.options, context: t.context, popup: true, requests: t.requests, framed: t.framed, hushed: t.hushed,
		tasks: make(chan task, t.requests.room()), base: t.base,
	}
	p.observer = newObserver(p.take, j.secrets.hide)
	if j.keeping.HAR.Possible(j.keeping.draw) {
		p.observer.keepRequests()
	}
	if looksBack(&j.check.Journey) {
		p.observer.keepCalls()
	}
	if p.framed {
		p.observer.frames = newFrameTable()
	}
	p.observer.setFrame(cdp.FrameID(id))
	// Not the run's context: see openTab.
	p.ctx, p.cancel = chromedp.NewContext(t.process.ctx, chromedp.WithTargetID(id), chromedp.WithListener(p.observer.handle))
	first.popups = append(first.popups, p)
	stop := context.AfterFunc(ctx, p.cancel)
	attached := make(chan struct{})
	var failed error
	go func() {
		defer close(attached)
		failed = chromedp.Do(p.ctx)
	}()
	var err error
	if p.met(attached) {
		// It answers nothing before it goes on, unless it shares its opener's
		// process: all of it has to be said first.
		p.target = chromedp.FromContext(p.ctx).Target
		t.process.gate.open(p.target.SessionID)
		p.life, p.die = context.WithCancelCause(p.base)
		p.letters = &letters{t.process.gate, p.target.SessionID, holder}
		p.attended.Go(p.attend)
		err = p.instruct(ctx, j.check.Journey.Browser)
		p.letters = nil
		admit()
	}
	if <-attached; err == nil {
		err = failed
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = p.settleIn(ctx, j.check.Journey.Browser)
	}
	if err != nil {
		return nil, fmt.Errorf("set up a page that was opened: %w", err)
	}
	return p, nil
}

// met waits until chromedp has a session of the page, from whose beginning its
// events are heard. It is false if chromedp has failed to attach to it.
func (t *tab) met(attached <-chan struct{}) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for over := false; ; {
		if _, err := chromedp.Detached(t.ctx); err == nil || over {
			return err == nil
		}
		select {
		case <-attached:
			over = true
		case <-tick.C:
		}
	}
}

// instruct sets up a page that waits, as chromedp will and as the journey needs
// it.
func (t *tab) instruct(ctx context.Context, o checks.BrowserOptions) error {
	for _, step := range []func() error{
		// Our scripts get no function to report by before it is on.
		command(ctx, t, runtime.Enable, cdp.Empty{}),
		command(ctx, t, network.Enable, network.EnableParams{}),
		command(ctx, t, page.Enable, page.EnableParams{}),
		command(ctx, t, page.SetLifecycleEventsEnabled, page.SetLifecycleEventsEnabledParams{Enabled: true}),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return t.prepare(ctx, o)
}

// settleIn does what has to come after chromedp has set up a page, or needs its
// answer.
func (t *tab) settleIn(ctx context.Context, o checks.BrowserOptions) error {
	if _, err := call(ctx, t, dom.Disable, cdp.Empty{}); err != nil {
		return err
	}
	// chromedp has had it hold nothing.
	for _, hold := range t.holdFrames(ctx) {
		if err := hold(); err != nil {
			return err
		}
	}
	if o.Network.IsZero() {
		return nil
	}
	return t.emulateNetwork(ctx, o.Network)
}

// mainTab is the page that the journey started in.
func (j *journey) mainTab() *tab {
	if len(j.pages) > 0 {
		return j.pages[0].tab
	}
	return j.tab
}

// gone tells whether nothing more can come of a page.
func (t *tab) gone() bool { return t.life.Err() != nil }

// switchTo goes on in another page.
func (j *journey) switchTo(ctx context.Context, name string) error {
	i := j.find(name)
	if i < 0 {
		return failf(probes.FailPage, "there is no page named %q: it has not been opened, or is closed", name)
	}
	p := j.pages[i].tab
	if p == j.tab {
		return nil
	}
	if p.gone() {
		return failf(probes.FailPage, "the page %q has closed", name)
	}
	j.front(p)
	if i > 0 { // the first stays first: it is the main one
		j.pages = append(slices.Delete(j.pages, i, i+1), openPage{name, p})
	}
	_, err := call(ctx, j.tab, page.BringToFront, cdp.Empty{})
	return j.lost(ctx, err)
}

// find gives the index of the page of a name that was opened last, or -1.
func (j *journey) find(name string) int {
	for i := len(j.pages) - 1; i >= 0; i-- {
		if j.pages[i].name == name {
			return i
		}
	}
	if len(j.pages) == 0 && name == checks.MainPage {
		j.pages = []openPage{{checks.MainPage, j.tab}}
		return 0
	}
	return -1
}

// closePage closes a page, and goes on in the one that was in front before.
func (j *journey) closePage(ctx context.Context, name string) error {
	i := slices.IndexFunc(j.pages, func(p openPage) bool { return p.tab == j.tab })
	if name != "" {
		i = j.find(name)
	}
	if name != "" && i < 0 {
		return failf(probes.FailPage, "there is no page named %q: it has not been opened, or is closed", name)
	}
	if i < 0 || j.remaining(j.pages[i].tab) == nil {
		return failf(probes.FailPage, "this is the only page that is open: a journey keeps one")
	}
	closing := j.pages[i].tab
	if !closing.gone() {
		if _, err := chromedp.CallBrowser(closing.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: closing.target.TargetID}); err != nil {
			return j.lost(ctx, err)
		}
		closing.die(errClosedItself)
	}
	if closing != j.tab {
		return nil
	}
	return j.handOver(ctx)
}

// remaining gives the page that is in front once another is closed, or nil.
func (j *journey) remaining(closed *tab) *tab {
	for i := len(j.pages) - 1; i >= 0; i-- {
		if p := j.pages[i].tab; p != closed && !p.gone() {
			return p
		}
	}
	return nil
}

// handOver goes on in the page that was in front before the one that closed.
func (j *journey) handOver(ctx context.Context) error {
	next := j.remaining(j.tab)
	if next == nil {
		return errClosedItself
	}
	j.front(next)
	short, cancel := context.WithTimeout(next.life, 2*time.Second)
	defer cancel()
	_, err := call(short, next, page.BringToFront, cdp.Empty{})
	return err
}

// leadsAway tells whether an action may well make its page close itself.
func leadsAway(action checks.Action) bool {
	switch action.(type) {
	case *checks.Click, *checks.DoubleClick, *checks.Press, *checks.KeyDown, *checks.KeyUp, *checks.Type, *checks.Select, *checks.SetChecked, *checks.Evaluate:
		return true
	}
	return false
}
