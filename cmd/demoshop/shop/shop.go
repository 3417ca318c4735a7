// Package shop is a small online shop for people to watch: pages, sessions, a
// cart, a checkout, a JSON API. It is a real site with real state, and it can
// be broken on purpose from its fault panel, so that a monitor has something
// to find. Its webhook inbox shows what the monitor then told.
//
// All state is in memory and bounded; it goes with the process. The shop
// sells nothing and keeps no card number.
package shop

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Options is how a shop is set up. The zero value is a working shop.
type Options struct {
	// WebhookSecret is what the inbox verifies signatures with, as Standard
	// Webhooks writes it: "whsec_" + base64 of 24 to 64 bytes. Empty: the inbox
	// takes everything and calls nothing verified.
	WebhookSecret string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Chance draws from [0, 1) to decide which requests an error rate hits;
	// nil means math/rand.
	Chance func() float64
	// Log gets what the shop cannot tell its customer; nil discards it.
	Log *slog.Logger
}

// Limits on what is kept in memory and on what one request may bring.
const (
	maxSessions = 5000
	maxTokens   = 1000
	maxOrders   = 1000
	maxFaults   = 50
	maxHeld     = 512 // requests that a fault keeps waiting at once
	maxMessages = 200
	maxInbox    = 8 << 20 // bytes of all messages together

	maxForm    = 64 << 10
	maxWebhook = 512 << 10

	sessionIdle = 30 * time.Minute
	tokenLife   = time.Hour
)

// Shop is the shop as an http.Handler.
type Shop struct {
	now      func() time.Time
	log      *slog.Logger
	goods    catalogue
	pages    pages
	sessions *sessions
	tokens   *recent[token]
	orders   *orders
	faults   *faults
	inbox    *inbox
	handler  http.Handler
}

// New makes a shop with nothing but the demo customer and one past order. Its
// error says that the webhook secret is malformed, without showing it.
func New(opts Options) (*Shop, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Chance == nil {
		opts.Chance = rand.Float64
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	verifier, err := newVerifier(opts.WebhookSecret)
	if err != nil {
		return nil, err
	}
	s := &Shop{
		now:      opts.Now,
		log:      opts.Log,
		goods:    newCatalogue(),
		pages:    parsePages(),
		sessions: newSessions(opts.Now),
		tokens:   newRecent[token](maxTokens, tokenLife, opts.Now),
		orders:   newOrders(),
		faults:   newFaults(opts.Now, opts.Chance),
		inbox:    newInbox(verifier, opts.Now),
	}
	s.seed()
	s.handler = s.routes()
	return s, nil
}

// newVerifier gives nil without a secret.
func newVerifier(secret string) (*standardwebhooks.Webhook, error) {
	if secret == "" {
		return nil, nil
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		// The library's error may quote the secret.
		return nil, fmt.Errorf("webhook secret: not of the form whsec_ + base64")
	}
	return verifier, nil
}

// ServeHTTP implements http.Handler.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes puts the shop behind its faults, and the panel and the inbox beside
// them: what switches faults off must work while they are on.
func (s *Shop) routes() http.Handler {
	site := http.NewServeMux()
	s.storefrontRoutes(site)
	s.cartRoutes(site)
	s.accountRoutes(site)
	s.apiRoutes(site)

	desk := http.NewServeMux()
	s.panelRoutes(desk)
	s.inboxRoutes(desk)

	root := http.NewServeMux()
	root.Handle("/", http.MaxBytesHandler(s.faults.disturb(site), maxForm))
	root.Handle("/panel", http.MaxBytesHandler(desk, maxForm))
	root.Handle("/panel/", http.MaxBytesHandler(desk, maxForm))
	root.Handle("/inbox", desk)
	root.Handle("/inbox/", http.MaxBytesHandler(s.faults.disturb(desk), maxWebhook))

	// Forms carry tokens of their own; this also keeps other sites away from
	// the JSON interfaces.
	protected := http.NewCrossOriginProtection().Handler(root)
	return serverTiming(guard(protected))
}

// guard sets the headers that every answer has.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
