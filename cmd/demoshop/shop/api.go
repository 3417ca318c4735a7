package shop

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// token is what a bearer token stands for.
type token struct {
	customer string
	expires  time.Time
}

func (s *Shop) apiRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "products": len(s.goods.products)})
	})
	mux.HandleFunc("GET /api/search", s.apiSearch)
	mux.HandleFunc("GET /api/products/{id}", s.apiProduct)
	mux.HandleFunc("GET /api/cart", s.apiCart)
	mux.HandleFunc("POST /api/cart", s.apiAddToCart)
	mux.HandleFunc("POST /api/session", s.apiSignIn)
	mux.HandleFunc("GET /api/orders", s.apiOrders)
	mux.HandleFunc("GET /api/orders/{number}", s.apiOrder)
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, problem{"no such interface"})
	})
}

// item is a product as the API shows it.
type item struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Category    string `json:"category"`
	Description string `json:"description"`
	PriceCents  cents  `json:"price_cents"`
	Currency    string `json:"currency"`
	Price       string `json:"price"` // as shown to customers
	URL         string `json:"url"`
	Image       string `json:"image"`
}

func itemOf(p product) item {
	return item{
		ID: p.ID, Name: p.Name, Category: p.Category, Description: p.Description,
		PriceCents: p.Price, Currency: "EUR", Price: p.Price.String(),
		URL: "/products/" + p.ID, Image: "/images/products/" + p.ID + ".svg",
	}
}

// lineItem is a line of a cart or an order as the API shows it.
type lineItem struct {
	Product    item  `json:"product"`
	Quantity   int   `json:"quantity"`
	TotalCents cents `json:"total_cents"`
}

func lineItems(lines []line) []lineItem {
	items := make([]lineItem, len(lines))
	for i, l := range lines {
		items[i] = lineItem{itemOf(l.Product), l.Quantity, l.Total()}
	}
	return items
}

func (s *Shop) apiSearch(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	if query == "" || utf8.RuneCountInString(query) > maxQuery {
		writeJSON(w, http.StatusBadRequest, problem{"q is missing or too long"})
		return
	}
	found := s.goods.search(query)
	items := make([]item, len(found))
	for i, p := range found {
		items[i] = itemOf(p)
	}
	writeJSON(w, http.StatusOK, struct {
		Query string `json:"query"`
		Total int    `json:"total"`
		Items []item `json:"items"`
	}{query, len(items), items})
}

func (s *Shop) apiProduct(w http.ResponseWriter, r *http.Request) {
	p, ok := s.goods.product(r.PathValue("id"))
	if !ok {
		writeJSON(w, http.StatusNotFound, problem{"no such product"})
		return
	}
	writeJSON(w, http.StatusOK, itemOf(p))
}

// cartState is the visitor's cart as the API shows it. The token lets a script
// of the same site change it.
type cartState struct {
	Items      []lineItem `json:"items"`
	TotalCents cents      `json:"total_cents"`
	CSRF       string     `json:"csrf,omitempty"`
}

func (s *Shop) apiCart(w http.ResponseWriter, r *http.Request) {
	visitor := s.sessions.ensure(w, r)
	writeJSON(w, http.StatusOK, cartState{lineItems(visitor.cart), total(visitor.cart), visitor.csrf})
}

// apiAddToCart needs the session's token in X-CSRF-Token.
func (s *Shop) apiAddToCart(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		writeJSON(w, http.StatusForbidden, problem{"X-CSRF-Token is not the session's"})
		return
	}
	var wanted struct {
		Product  string `json:"product"`
		Quantity int    `json:"quantity"`
	}
	if !readJSON(w, r, &wanted) {
		return
	}
	switch status := s.put(visitor, wanted.Product, wanted.Quantity); status {
	case http.StatusOK:
		visitor, _ = s.sessions.known.get(visitor.id)
		writeJSON(w, status, cartState{Items: lineItems(visitor.cart), TotalCents: total(visitor.cart)})
	case http.StatusNotFound:
		writeJSON(w, status, problem{"no such product"})
	default:
		writeJSON(w, status, problem{"the cart takes 1 to 99 pieces of a product"})
	}
}

// apiSignIn gives a bearer token for an email address and a password.
func (s *Shop) apiSignIn(w http.ResponseWriter, r *http.Request) {
	var who struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if !readJSON(w, r, &who) {
		return
	}
	if !known(who.Email, who.Password) {
		writeJSON(w, http.StatusUnauthorized, problem{"email or password is wrong"})
		return
	}
	key := rand.Text()
	s.tokens.put(key, token{demoEmail, s.now().Add(tokenLife)})
	writeJSON(w, http.StatusCreated, struct {
		Token     string `json:"token"`
		Type      string `json:"token_type"`
		ExpiresIn int    `json:"expires_in"` // seconds
	}{key, "Bearer", int(tokenLife.Seconds())})
}

// bearer gives the customer that a request's token stands for; it answers
// itself if there is none.
func (s *Shop) bearer(w http.ResponseWriter, r *http.Request) (string, bool) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		if t, ok := s.tokens.get(key); ok && s.now().Before(t.expires) {
			return t.customer, true
		}
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="shop"`)
	writeJSON(w, http.StatusUnauthorized, problem{"a bearer token from POST /api/session is needed"})
	return "", false
}

// orderItem is an order as the API shows it.
type orderItem struct {
	Number     string     `json:"number"`
	PlacedAt   time.Time  `json:"placed_at"`
	TotalCents cents      `json:"total_cents"`
	Items      []lineItem `json:"items"`
}

func orderItemOf(o order) orderItem {
	return orderItem{o.Number, o.At.UTC(), o.Total, lineItems(o.Lines)}
}

func (s *Shop) apiOrders(w http.ResponseWriter, r *http.Request) {
	customer, ok := s.bearer(w, r)
	if !ok {
		return
	}
	placed := s.orders.of(customer)
	items := make([]orderItem, len(placed))
	for i, o := range placed {
		items[i] = orderItemOf(o)
	}
	writeJSON(w, http.StatusOK, struct {
		Orders []orderItem `json:"orders"`
	}{items})
}

func (s *Shop) apiOrder(w http.ResponseWriter, r *http.Request) {
	customer, ok := s.bearer(w, r)
	if !ok {
		return
	}
	placed, ok := s.orders.find(r.PathValue("number"))
	if !ok || placed.Customer != customer {
		writeJSON(w, http.StatusNotFound, problem{"no such order"})
		return
	}
	writeJSON(w, http.StatusOK, orderItemOf(placed))
}

// readJSON reads a body that is one JSON value without unknown fields; it
// answers itself if it is not.
func readJSON(w http.ResponseWriter, r *http.Request, value any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		writeJSON(w, http.StatusUnsupportedMediaType, problem{"Content-Type must be application/json"})
		return false
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(value)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		writeJSON(w, bodyStatus(err), problem{"malformed JSON: " + cut(err.Error(), 200)})
		return false
	}
	return true
}
