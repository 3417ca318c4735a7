package shop

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"slices"
	"time"
)

const sessionCookie = "kiln_session"

// session is what the shop knows of one visitor. Its slices are replaced,
// never changed in place: copies of a session share them.
type session struct {
	id       string
	csrf     string
	cart     []line
	customer string   // e-mail address; empty: not signed in
	orders   []string // numbers of the orders made in this session
}

// line is a product in a cart or an order.
type line struct {
	Product  product
	Quantity int
}

// Limits of one cart.
const (
	maxLines    = 20
	maxQuantity = 99
)

// Total is the price of the line, in cents.
func (l line) Total() cents { return l.Product.Price * cents(l.Quantity) }

// total is the price of several lines, in cents.
func total(lines []line) cents {
	var sum cents
	for _, l := range lines {
		sum += l.Total()
	}
	return sum
}

// pieces counts the pieces in the cart.
func (s session) pieces() int {
	n := 0
	for _, l := range s.cart {
		n += l.Quantity
	}
	return n
}

// with gives the cart with more of a product; false if it does not fit.
func (s session) with(p product, quantity int) ([]line, bool) {
	cart := slices.Clone(s.cart)
	i := slices.IndexFunc(cart, func(l line) bool { return l.Product.ID == p.ID })
	if i < 0 {
		return append(cart, line{p, quantity}), len(cart) < maxLines
	}
	cart[i].Quantity += quantity
	return cart, cart[i].Quantity <= maxQuantity
}

// without gives the cart without a product.
func (s session) without(id string) []line {
	return slices.DeleteFunc(slices.Clone(s.cart), func(l line) bool { return l.Product.ID == id })
}

// sessions finds visitors by their cookie.
type sessions struct{ known *recent[session] }

func newSessions(now func() time.Time) *sessions {
	return &sessions{newRecent[session](maxSessions, sessionIdle, now)}
}

// of gives the visitor's session; the zero session if there is none.
func (s *sessions) of(r *http.Request) session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}
	}
	found, _ := s.known.get(cookie.Value)
	return found
}

// ensure gives the visitor's session, starting one if needed. Only pages with
// a form need one.
func (s *sessions) ensure(w http.ResponseWriter, r *http.Request) session {
	if found := s.of(r); found.id != "" {
		return found
	}
	return s.start(w, session{})
}

// start stores a session under a new id and tells the browser.
func (s *sessions) start(w http.ResponseWriter, fresh session) session {
	fresh.id, fresh.csrf = rand.Text(), rand.Text()
	s.known.put(fresh.id, fresh)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: fresh.id, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return fresh
}

// renew moves a session to a new id, so that an id that was known before
// signing in or out is worth nothing after.
func (s *sessions) renew(w http.ResponseWriter, old session) session {
	s.known.remove(old.id)
	return s.start(w, old)
}

// submitted gives the session that a form was made for; false if the form's
// token is not the session's.
func (s *sessions) submitted(r *http.Request) (session, bool) {
	found := s.of(r)
	sent := r.Header.Get("X-CSRF-Token")
	if sent == "" {
		sent = r.PostFormValue("csrf")
	}
	ok := found.id != "" && subtle.ConstantTimeCompare([]byte(found.csrf), []byte(sent)) == 1
	return found, ok
}
