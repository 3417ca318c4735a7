package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

// belongings are what a journey brings along into an empty browser context:
// cookies, and what the pages of an origin have stored. All of it may be
// secret.
type belongings struct {
	cookies []*network.CookieParam
	stores  []*store
}

// store is what is stored for an origin, as js/storage.js takes it.
type store struct {
	Origin  string      `json:"origin"` // scheme://host:port
	Local   [][2]string `json:"local"`
	Session [][2]string `json:"session"`
}

// belongingsOf fills in what the options of a journey name. It is for the
// origins of the journey's own pages.
func belongingsOf(o *checks.BrowserOptions, origins []string, scope checks.Scope) (*belongings, error) {
	b := &belongings{}
	for _, c := range o.Cookies {
		value, err := c.Value.Expand(scope)
		if err != nil {
			return nil, fmt.Errorf("cookie %s: %w", c.Name, err)
		}
		cookie := network.CookieParam{Name: c.Name, Value: value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly}
		if cookie.Path == "" {
			cookie.Path = "/"
		}
		if c.Domain != "" {
			b.cookies = append(b.cookies, &cookie)
			continue
		}
		for _, host := range hostsOf(origins) {
			own := cookie
			own.Domain = host
			b.cookies = append(b.cookies, &own)
		}
	}
	local, err := items(o.LocalStorage, scope)
	if err != nil {
		return nil, fmt.Errorf("local_storage: %w", err)
	}
	session, err := items(o.SessionStorage, scope)
	if err != nil {
		return nil, fmt.Errorf("session_storage: %w", err)
	}
	if len(local)+len(session) > 0 {
		for _, origin := range origins {
			b.stores = append(b.stores, &store{Origin: origin, Local: local, Session: session})
		}
	}
	return b, nil
}

// items fills in the items of a storage.
func items(fields []checks.Field, scope checks.Scope) ([][2]string, error) {
	var list [][2]string
	for _, f := range fields {
		value, err := f.Value.Expand(scope)
		if err != nil {
			return nil, err
		}
		list = append(list, [2]string{f.Name, value})
	}
	return list, nil
}

// hostsOf gives the hosts of origins, each once: cookies know no ports.
func hostsOf(origins []string) []string {
	var hosts []string
	seen := map[string]bool{}
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || seen[u.Hostname()] {
			continue
		}
		seen[u.Hostname()] = true
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

// with adds other belongings, which win where both have the same.
func (b *belongings) with(more *belongings) *belongings {
	all := &belongings{cookies: append(append([]*network.CookieParam(nil), b.cookies...), more.cookies...)}
	all.stores = append(append([]*store(nil), b.stores...), more.stores...) // set in this order
	return all
}

// bring puts belongings into the context of the tab, which shows no page yet.
func (t *tab) bring(ctx context.Context, b *belongings) error {
	if len(b.cookies) > 0 {
		// Not the run's context: see openTab.
		if _, err := chromedp.CallBrowser(t.ctx, storage.SetCookies, storage.SetCookiesParams{Cookies: b.cookies, BrowserContextID: t.context}); err != nil {
			return fmt.Errorf("set cookies: %w", withoutValue(err))
		}
	}
	if len(b.stores) == 0 {
		return nil
	}
	if err := t.eachBlank(ctx, b.stores, func(s *store) error {
		return t.inBlank(ctx, s.Origin, "store", s, nil)
	}); err != nil {
		return fmt.Errorf("set up storage: %w", err)
	}
	// What was done here is no part of the journey.
	if _, err := call(ctx, t, page.ResetNavigationHistory, cdp.Empty{}); err != nil {
		return err
	}
	t.observer.restart()
	return nil
}

// maxOrigins bounds the origins whose storage is kept, and maxStored what one
// of them may hold, in characters.
const (
	maxOrigins = 20
	maxStored  = 4 << 20
)

// keepOrigins has the origins of documents kept from now on.
func (o *observer) keepOrigins() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.origins = map[string]bool{}
}

// taken gives all that the context of the tab holds after a journey: what a
// person takes along who is signed in.
func (t *tab) taken(ctx context.Context) (*belongings, error) {
	// Not the run's context: see openTab.
	res, err := chromedp.CallBrowser(t.ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: t.context})
	if err != nil {
		return nil, fmt.Errorf("read cookies: %w", err)
	}
	b := &belongings{}
	for _, c := range res.Cookies {
		b.cookies = append(b.cookies, cookieParam(c))
	}
	// The page itself first: leaving it may change what it has stored.
	current := &store{}
	args := map[string]any{"limit": maxStored}
	if err := inWorld(ctx, t, "stored", func() any { return args }, current); err != nil {
		return nil, fmt.Errorf("read storage: %w", err)
	}
	t.observer.mu.Lock()
	var others []*store
	for origin := range t.observer.origins {
		if u, err := url.Parse(origin); err == nil && u.Host != "" && isWeb(origin+"/") && originOf(u) != current.Origin {
			others = append(others, &store{Origin: originOf(u)})
		}
	}
	t.observer.mu.Unlock()
	if len(others) > 0 {
		if err := t.eachBlank(ctx, others, func(s *store) error {
			return t.inBlank(ctx, s.Origin, "stored", args, s)
		}); err != nil {
			return nil, fmt.Errorf("read storage: %w", err)
		}
	}
	for _, s := range append([]*store{current}, others...) {
		if len(s.Local)+len(s.Session) > 0 && isWeb(s.Origin+"/") {
			b.stores = append(b.stores, s)
		}
	}
	return b, nil
}

// cookieParam is how a cookie is set that was read.
func cookieParam(c *network.Cookie) *network.CookieParam {
	p := &network.CookieParam{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite,
		Priority: c.Priority, SourceScheme: c.SourceScheme, SourcePort: c.SourcePort, PartitionKey: c.PartitionKey,
	}
	if !c.Session && c.Expires > 0 {
		p.Expires = cdp.TimeSinceEpoch(c.Expires)
	}
	return p
}

// shortLived is the lifetime below which a cookie is not what keeps a person
// signed in.
const shortLived = time.Minute

// expiry is when the first cookie expires that may keep a person signed in;
// zero if none does.
func (b *belongings) expiry(now time.Time) time.Time {
	var first time.Time
	for _, c := range b.cookies {
		if c.Expires <= 0 {
			continue
		}
		at := time.UnixMicro(int64(float64(c.Expires) * 1e6))
		if at.Sub(now) < shortLived || !c.HTTPOnly && !looksSecret(c.Value) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// maxTokens bounds how many values are looked for as secrets: every picture and
// text of the run is searched for each.
const maxTokens = 40

// secrets are the values by which a person may be signed in: cookies that are
// kept from scripts, and whatever looks like a token.
func (b *belongings) secrets() []checks.Secret {
	var list []checks.Secret
	keep := func(value string, sure bool) {
		if len(list) < maxTokens && len(value) >= shortest && (sure && len(value) >= leastToken || looksSecret(value)) {
			list = append(list, checks.NewSecret(value))
		}
	}
	for _, c := range b.cookies {
		keep(c.Value, c.HTTPOnly)
	}
	for _, s := range b.stores {
		for _, items := range [][][2]string{s.Local, s.Session} {
			for _, item := range items {
				keep(item[1], false)
				for _, value := range leaves(item[1]) {
					keep(value, false)
				}
			}
		}
	}
	return list
}

// leastToken is the length from which on a cookie that is kept from scripts is
// taken for a token, in bytes: "1" and "true" are none.
const leastToken = 8

// leaves gives the texts in a value that is JSON.
func leaves(text string) []string {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' && text[0] != '"' {
		return nil
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return nil
	}
	var found []string
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 10 || len(found) > 1000 {
			return
		}
		switch v := v.(type) {
		case string:
			found = append(found, v)
		case []any:
			for _, item := range v {
				walk(item, depth+1)
			}
		case map[string]any:
			for _, item := range v {
				walk(item, depth+1)
			}
		}
	}
	walk(value, 0)
	return found
}

// withoutValue leaves out what a browser says of a cookie, which may quote it.
func withoutValue(err error) error {
	if strings.Contains(err.Error(), "(-32602)") {
		return errors.New("the browser takes one of them for invalid: look at domain, path and value")
	}
	return err
}

// eachBlank does something on an empty page of each store's origin. Nobody is
// asked for the page: the browser hands us the request, and attend answers it.
func (t *tab) eachBlank(ctx context.Context, stores []*store, do func(*store) error) (err error) {
	var patterns []*fetch.RequestPattern
	for _, s := range stores {
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: patternText(s.Origin) + blankPath})
	}
	if _, err := call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		return err
	}
	t.blank.Store(true)
	defer func() {
		t.blank.Store(false)
		if err == nil {
			err = t.intercept(ctx)
		}
	}()
	for _, s := range stores {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// blankPath is the path of the empty page.
const blankPath = "/outrider-blank"

// patternText makes a text stand for itself in a pattern of requests.
func patternText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text)
}

// inBlank shows the empty page of an origin and calls a method of js/storage.js
// in it.
func (t *tab) inBlank(ctx context.Context, origin, method string, args, result any) error {
	res, err := call(ctx, t, page.Navigate, page.NavigateParams{URL: origin + blankPath})
	switch {
	case err != nil:
		return t.reason(ctx, err)
	case res.ErrorText != "":
		return fmt.Errorf("show an empty page: %s", res.ErrorText)
	}
	var world string
	if err := t.observer.await(ctx, func() bool {
		world = t.observer.world
		return world != "" && t.observer.document.loader == res.LoaderID
	}); err != nil {
		return t.reason(ctx, err)
	}
	return callWorld(ctx, t, world, method, args, result)
}

// fulfilBlank answers the request for an empty page.
func (t *tab) fulfilBlank(by cdp.Session, ev *fetch.EventRequestPaused) {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	_, _ = cdp.Call(ctx, by, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: ev.RequestID, ResponseCode: 200,
		ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html"}, {Name: "Cache-Control", Value: "no-store"}},
		Body:            []byte("<!doctype html><title>Blank</title>"),
	})
}

// restart forgets what has been seen so far, apart from the document.
func (o *observer) restart() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = resources{}
	o.console = console{hide: o.console.hide}
	if o.ledger != nil {
		o.ledger = newLedger()
	}
	clear(o.loading)
}
