package shop

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// The one customer who has an account. The sign-in page tells everybody.
const (
	demoEmail    = "sam@example.com"
	demoPassword = "mugs-and-more"
	demoName     = "Sam Carter"
)

// seed gives the demo customer a past order.
func (s *Shop) seed() {
	mug, _ := s.goods.product("speckled-mug")
	pot, _ := s.goods.product("morning-teapot")
	lines := []line{{mug, 2}, {pot, 1}}
	s.orders.place(order{
		Customer: demoEmail, Name: demoName,
		Address: "12 Kiln Lane", City: "Clayton", Card: "4242",
		Lines: lines, Total: total(lines), At: s.now(),
	})
}

func (s *Shop) accountRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, r *http.Request) {
		s.renderForm(w, r, http.StatusOK, "signin", view{Title: "Sign in", Data: signIn{Demo: demoEmail, Password: demoPassword}})
	})
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /orders", s.showOrders)
}

// signIn is what the sign-in page shows.
type signIn struct {
	Email, Error   string
	Demo, Password string
}

// known tells whether somebody is a customer.
func known(email, password string) bool {
	email = strings.ToLower(strings.TrimSpace(email))
	// Hashes have one length, so that the comparison tells nothing of the
	// lengths of the two.
	got := sha256.Sum256([]byte(email + "\x00" + password))
	want := sha256.Sum256([]byte(demoEmail + "\x00" + demoPassword))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (s *Shop) signIn(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		s.expired(w, r)
		return
	}
	if !known(r.PostFormValue("email"), r.PostFormValue("password")) {
		s.renderForm(w, r, http.StatusUnauthorized, "signin", view{Title: "Sign in", Data: signIn{
			Email: cut(r.PostFormValue("email"), 100),
			Error: "Email or password is wrong.",
			Demo:  demoEmail, Password: demoPassword,
		}})
		return
	}
	visitor.customer = demoEmail
	s.sessions.renew(w, visitor)
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
}

func (s *Shop) signOut(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		s.expired(w, r)
		return
	}
	s.sessions.known.remove(visitor.id)
	s.sessions.start(w, session{})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Shop) showOrders(w http.ResponseWriter, r *http.Request) {
	visitor := s.sessions.of(r)
	if visitor.customer == "" {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	s.renderForm(w, r, http.StatusOK, "orders", view{Title: "Your orders", Data: s.orders.of(visitor.customer)})
}
