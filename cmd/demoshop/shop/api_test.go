package shop

import (
	"net/http"
	"testing"
	"time"
)

func TestAPI(t *testing.T) {
	_, v := open(t, Options{})
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		part                     string
	}{
		{"health", "GET", "/api/health", "", 200, `"status":"ok"`},
		{"search", "GET", "/api/search?q=mug", "", 200, `"items":[{"id":"speckled-mug","name":"Speckled Mug"`},
		{"search for nothing", "GET", "/api/search?q=+", "", 400, `"error"`},
		{"search without a match", "GET", "/api/search?q=zebra", "", 200, `"total":0,"items":[]`},
		{"product", "GET", "/api/products/moss-mug", "", 200, `"price_cents":2600,"currency":"EUR"`},
		{"unknown product", "GET", "/api/products/hat", "", 404, `"error"`},
		{"empty cart", "GET", "/api/cart", "", 200, `"items":[],"total_cents":0`},
		{"cart without its token", "POST", "/api/cart", `{"product":"moss-mug","quantity":1}`, 403, `"error"`},
		{"wrong password", "POST", "/api/session", `{"email":"sam@example.com","password":"x"}`, 401, `"error"`},
		{"malformed", "POST", "/api/session", `{"email":`, 400, "malformed JSON"},
		{"unknown field", "POST", "/api/session", `{"mail":"x"}`, 400, "unknown field"},
		{"two values", "POST", "/api/session", `{} {}`, 400, "more than one value"},
		{"orders without a token", "GET", "/api/orders", "", 401, "bearer token"},
		{"unknown", "GET", "/api/hats", "", 404, `"error"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := v.json(c.method, c.path, c.body).want(t, c.status, c.part)
			if kind := got.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("Content-Type is %q", kind)
			}
		})
	}
	v.send(http.MethodPost, "/api/session", "{}").want(t, 415)
}

func TestAPIOrders(t *testing.T) {
	now := time.Now()
	_, v := open(t, Options{Now: func() time.Time { return now }})
	got := v.json(http.MethodPost, "/api/session", `{"email":"sam@example.com","password":"mugs-and-more"}`).want(t, 201, `"token_type":"Bearer"`)
	key := decode[struct{ Token string }](t, got).Token
	v.send(http.MethodGet, "/api/orders", "", "Authorization", "Bearer "+key).want(t, 200, `"number":"K-1001"`, `"total_cents":11000`)
	v.send(http.MethodGet, "/api/orders/K-1001", "", "Authorization", "bearer "+key).want(t, 200, `"quantity":2`)
	v.send(http.MethodGet, "/api/orders/K-9999", "", "Authorization", "Bearer "+key).want(t, 404)
	refused := v.send(http.MethodGet, "/api/orders", "", "Authorization", "Basic "+key).want(t, 401)
	if refused.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	// Using a token does not make it last longer.
	now = now.Add(40 * time.Minute)
	v.send(http.MethodGet, "/api/orders", "", "Authorization", "Bearer "+key).want(t, 200)
	now = now.Add(20 * time.Minute)
	v.send(http.MethodGet, "/api/orders", "", "Authorization", "Bearer "+key).want(t, 401)
}

func TestAPICart(t *testing.T) {
	_, v := open(t, Options{})
	token := decode[cartState](t, v.get("/api/cart")).CSRF
	put := func(body string) answer {
		return v.json(http.MethodPost, "/api/cart", body, "X-CSRF-Token", token)
	}
	put(`{"product":"moss-mug","quantity":2}`).want(t, 200, `"quantity":2`, `"total_cents":5200`)
	put(`{"product":"hat","quantity":1}`).want(t, 404)
	put(`{"product":"moss-mug","quantity":98}`).want(t, 422)
	v.get("/cart").want(t, 200, "Moss Mug", "€52.00") // one cart for both
}
