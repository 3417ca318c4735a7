package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"

	"outrider/checks"
)

// credentials answer the challenge of the monitored site (RFC 7235), and of
// nobody else.
type credentials struct {
	username, password string

	mu sync.Mutex // the pages of a journey share them
	// asked are the requests that were challenged: a second challenge says
	// that the credentials are wrong.
	asked map[challenged]bool
}

// challenged is a request; ids are those of one page.
type challenged struct {
	id  fetch.RequestID
	url string
}

// maxAsked bounds how many challenged requests are kept.
const maxAsked = 1000

// authenticate fills in who the person is: a header, or the answer to a
// challenge.
func (h *ownHeaders) authenticate(a *checks.Auth, scope checks.Scope) error {
	var texts [3]string
	for i, t := range []checks.Template{a.Username, a.Password, a.Bearer} {
		var err error
		if texts[i], err = t.Expand(scope); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
	}
	if texts[2] == "" {
		h.credentials = &credentials{username: texts[0], password: texts[1], asked: map[challenged]bool{}}
		return nil
	}
	const name = "Authorization"
	if !slices.ContainsFunc(h.entries, func(e *fetch.HeaderEntry) bool { return strings.EqualFold(e.Name, name) }) {
		h.entries = append(h.entries, &fetch.HeaderEntry{Name: name, Value: "Bearer " + texts[2]})
	}
	return nil
}

// response is what to answer a challenge: nothing for a third party or a proxy,
// and nothing the second time.
func (h *ownHeaders) response(ev *fetch.EventAuthRequired) *fetch.AuthChallengeResponse {
	refused := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
	c, challenge := h.credentials, ev.AuthChallenge
	if c == nil || challenge == nil {
		return refused
	}
	if challenge.Source == fetch.AuthChallengeSourceProxy || !slices.Contains(h.origins, strings.ToLower(challenge.Origin)) {
		return refused
	}
	request := challenged{id: ev.RequestID, url: ev.Request.URL}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked[request] || len(c.asked) >= maxAsked {
		return refused
	}
	c.asked[request] = true
	return &fetch.AuthChallengeResponse{
		Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: c.username, Password: c.password,
	}
}

// answerChallenge answers a challenge.
func (t *tab) answerChallenge(by cdp.Session, ev *fetch.EventAuthRequired) {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	// The page may have given the request up by now.
	_, _ = cdp.Call(ctx, by, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{
		RequestID: ev.RequestID, AuthChallengeResponse: t.requests.headers.response(ev),
	})
}
