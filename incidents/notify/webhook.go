package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"outrider/checks"
	"outrider/incidents"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Bounds on one attempt.
const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 30 * time.Second
	maxAnswer      = 64 << 10 // bytes read of a body, so that the connection can be used again
	maxAnswerText  = 500      // bytes kept of it
)

// Webhook sends notifications to HTTP endpoints as Standard Webhooks 1.0 says
// (github.com/standard-webhooks/standard-webhooks): webhook-id,
// webhook-timestamp and, if the channel has a secret, webhook-signature.
// Redirects are not followed. Any 2xx is success, 410 means gone.
type Webhook struct {
	// Transport makes the connections: see NewTransport. Its owner closes idle
	// ones at the end. Nil: http.DefaultTransport.
	Transport http.RoundTripper
	// Redactor takes secrets out of errors and answers; nil: there are none.
	Redactor  func() *checks.Redactor
	UserAgent string           // empty: "Outrider"
	Now       func() time.Time // nil: time.Now
}

var _ Sender = (*Webhook)(nil)

// NewTransport makes a transport with bounds that suit webhooks.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    maxTimeout,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: maxAnswer,
	}
}

// Handles implements Sender.
func (w *Webhook) Handles(c checks.Channel) bool { return c.Webhook != nil }

// Send implements Sender.
func (w *Webhook) Send(ctx context.Context, e Endpoint, n incidents.Notification) (Answer, error) {
	timeout := e.Channel.Webhook.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, min(timeout, maxTimeout))
	defer cancel()
	req, err := w.request(ctx, e.Channel.Webhook, n)
	if err != nil {
		return Answer{}, err
	}
	began := w.now()
	res, err := w.client().Do(req)
	if err != nil {
		return Answer{Took: w.now().Sub(began)}, &SendError{Err: w.clean(req.URL, err), Busy: true}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if len(text) == maxAnswer {
		// The cut may have left half a secret, which nothing would recognise.
		text = text[:bytes.LastIndexAny(text, " \t\r\n")+1]
	}
	answer := Answer{Status: res.StatusCode, Text: w.readable(text), Took: w.now().Sub(began)}
	if isSuccess(res.StatusCode) {
		return answer, nil // the status is what counts, even if the body broke off
	}
	if err != nil && answer.Text == "" {
		answer.Text = w.clean(req.URL, err).Error()
	}
	return answer, w.refusal(res, answer)
}

// request makes the signed request of one attempt.
func (w *Webhook) request(ctx context.Context, hook *checks.Webhook, n incidents.Notification) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(n.Payload))
	if err != nil {
		return nil, errors.New("make request: the webhook's URL is not valid") // err would show it
	}
	for _, h := range hook.Headers {
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Value
			continue
		}
		req.Header.Add(h.Name, h.Value)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", w.userAgent())
	}
	now := w.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(standardwebhooks.HeaderWebhookID, n.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Del(standardwebhooks.HeaderWebhookSignature)
	if hook.Secret.IsZero() {
		return req, nil
	}
	signer, err := standardwebhooks.NewWebhook(hook.Secret.Reveal())
	if err != nil {
		return nil, errors.New(`sign request: the webhook's secret is not "whsec_" and Base64`)
	}
	signature, err := signer.Sign(n.ID, now, n.Payload)
	if err != nil {
		return nil, fmt.Errorf("sign request: %w", err)
	}
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return req, nil
}

// refusal explains an answer that is no success.
func (w *Webhook) refusal(res *http.Response, answer Answer) *SendError {
	text := "endpoint answered " + strconv.Itoa(res.StatusCode)
	if name := http.StatusText(res.StatusCode); name != "" {
		text += " " + name
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		text += " (redirects are not followed)"
	}
	if answer.Text != "" {
		text += ": " + answer.Text
	}
	e := &SendError{Err: errors.New(text)}
	switch res.StatusCode {
	case http.StatusGone:
		e.Gone = true
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.Busy = true
		e.RetryAfter = retryAfter(res.Header.Get("Retry-After"), w.now())
	}
	return e
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3): seconds
// or a date. Zero if there is none, or none that makes sense.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if s, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

// clean makes an error of the HTTP client fit to be shown: without the URL,
// whose path or query often is a secret.
func (w *Webhook) clean(u *url.URL, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer in time"
	}
	return errors.New(w.redact(fmt.Sprintf("post to %s://%s: %s", u.Scheme, u.Host, text)))
}

// readable makes the start of a body fit to be shown.
func (w *Webhook) readable(body []byte) string {
	text := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, w.redact(strings.ToValidUTF8(string(body), "")))
	return cut(strings.Join(strings.Fields(text), " "), maxAnswerText)
}

func (w *Webhook) client() *http.Client {
	return &http.Client{
		Transport:     w.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (w *Webhook) redact(text string) string {
	if w.Redactor == nil {
		return text
	}
	return w.Redactor().Redact(text)
}

func (w *Webhook) userAgent() string {
	if w.UserAgent == "" {
		return "Outrider"
	}
	return w.UserAgent
}

func (w *Webhook) now() time.Time {
	if w.Now == nil {
		return time.Now()
	}
	return w.Now()
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
