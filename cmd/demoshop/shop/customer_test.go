package shop

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A customer buys: the way that the demo's browser journey goes.
func TestBuy(t *testing.T) {
	_, v := open(t, Options{})
	got := v.submit("/products/indigo-mug", "/cart", "product", "indigo-mug", "quantity", "2").want(t, 303)
	if to := got.Header.Get("Location"); to != "/cart" {
		t.Fatalf("sent to %q", to)
	}
	v.get("/cart").want(t, 200, "Indigo Mug", "€52.00", `<span class="count">2</span>`)
	v.get("/checkout").want(t, 200, `<label for="name">Name</label>`, `<label for="address">Address</label>`,
		`<label for="card">Card number</label>`, `<button class="wide">Pay</button>`, "€52.00")
	got = v.submit("/checkout", "/checkout", pairs(goodForm())...).want(t, 303)
	order := got.Header.Get("Location")
	v.get(order).want(t, 200, "Thank you, Ada Potter", "K-1002", "€52.00", "ends in 4242")
	v.get("/cart").want(t, 200, "There is nothing in it yet.")

	stranger := &visitor{v.t, v.base, &http.Client{Transport: v.http.Transport}}
	stranger.get(order).want(t, 404)
}

func goodForm() map[string]string {
	return map[string]string{
		"name": "Ada Potter", "address": "1 Mill Road", "city": "Clayton",
		"card": "4242 4242 4242 4242", "expiry": "04/30", "code": "123",
	}
}

func pairs(fields map[string]string) []string {
	var all []string
	for k, v := range fields {
		all = append(all, k, v)
	}
	return all
}

func TestCheckoutForm(t *testing.T) {
	_, v := open(t, Options{})
	v.submit("/products/moss-mug", "/cart", "product", "moss-mug", "quantity", "1").want(t, 303)
	for _, c := range []struct {
		name, field, value string
		status             int
		part               string
	}{
		{"no name", "name", " ", 422, "Please tell us your name."},
		{"long address", "address", strings.Repeat("x", 101), 422, "Please shorten this"},
		{"no city", "city", "", 422, "Please tell us the city."},
		{"card with a wrong digit", "card", "4242424242424241", 422, "This is not a card number."},
		{"card with letters", "card", "4242x", 422, "This is not a card number."},
		{"month 13", "expiry", "13/30", 422, "Please write month and year"},
		{"code of two", "code", "12", 422, "Three or four digits"},
		{"declined", "card", "4000 0000 0000 0002", 402, "Your bank declined this card."},
		{"hostile name is escaped", "name", `"><script>` + strings.Repeat("x", 101), 422, "&#34;&gt;&lt;script&gt;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := maps.Clone(goodForm())
			form[c.field] = c.value
			got := v.submit("/checkout", "/checkout", pairs(form)...).want(t, c.status, c.part, `aria-invalid="true"`, `role="alert"`)
			got.lacks(t, "4242424242424241")
		})
	}
	v.get("/cart").want(t, 200, "Moss Mug") // nothing was sold
}

func TestFormsNeedTheirToken(t *testing.T) {
	_, v := open(t, Options{})
	other := v.csrf("/sign-in") // a token, but of another session
	_, w := open(t, Options{})
	w.csrf("/sign-in")
	for _, action := range []string{"/cart", "/cart/remove", "/checkout", "/sign-in", "/sign-out", "/panel/faults", "/panel/faults/fault-1/remove", "/panel/remove-all"} {
		for name, form := range map[string]url.Values{"no": {}, "an empty": {"csrf": {""}}, "a foreign": {"csrf": {other}}} {
			t.Run(action+" with "+name+" token", func(t *testing.T) {
				w.post(action, form).want(t, 403, "This form has expired")
			})
		}
	}
}

// A page of another site must not reach the JSON interfaces either.
func TestOtherSitesAreKeptOut(t *testing.T) {
	s, v := open(t, Options{})
	v.json(http.MethodPut, "/panel/api/faults", `{"kind":"broken_button","button":"pay"}`, "Sec-Fetch-Site", "cross-site").want(t, 403)
	if got := s.faults.list(); len(got) != 0 {
		t.Errorf("faults are %v", got)
	}
}

func TestSignIn(t *testing.T) {
	s, v := open(t, Options{})
	v.submit("/sign-in", "/sign-in", "email", demoEmail, "password", "wrong").want(t, 401, "Email or password is wrong.", `value="sam@example.com"`)
	v.get("/orders").want(t, 303)

	before := v.cookie()
	v.submit("/sign-in", "/sign-in", "email", " SAM@example.com ", "password", demoPassword).want(t, 303)
	if v.cookie() == before {
		t.Error("the session keeps its id after signing in")
	}
	if _, ok := s.sessions.known.get(before); ok {
		t.Error("the old session still exists")
	}
	v.get("/orders").want(t, 200, "K-1001", "€110.00")
	v.get("/orders/K-1001").want(t, 200, "Thank you, Sam Carter")
	v.get("/").want(t, 200, "Sam Carter")

	signedIn := v.cookie()
	v.submit("/orders", "/sign-out").want(t, 303)
	if _, ok := s.sessions.known.get(signedIn); ok {
		t.Error("the session outlives signing out")
	}
	v.get("/orders").want(t, 303)
}

func (v *visitor) cookie() string {
	v.t.Helper()
	u, err := url.Parse(v.base)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == sessionCookie {
			return c.Value
		}
	}
	return ""
}

func TestCartLimits(t *testing.T) {
	_, v := open(t, Options{})
	for _, c := range []struct {
		name, product, quantity string
		status                  int
	}{
		{"none", "moss-mug", "0", 422},
		{"negative", "moss-mug", "-1", 422},
		{"not a number", "moss-mug", "two", 422},
		{"too many", "moss-mug", "100", 422},
		{"unknown", "hat", "1", 404},
		{"as many as go", "moss-mug", "99", 303},
		{"one more", "moss-mug", "1", 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.submit("/products/moss-mug", "/cart", "product", c.product, "quantity", c.quantity).want(t, c.status)
		})
	}
	v.submit("/cart", "/cart/remove", "product", "moss-mug").want(t, 303)
	v.get("/cart").want(t, 200, "There is nothing in it yet.")
}

func TestRecentIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := newRecent[int](3, time.Minute, func() time.Time { return now })
	for i, key := range []string{"a", "b", "c"} {
		r.put(key, i)
	}
	r.get("a") // the least recently used is now b
	r.put("d", 3)
	if _, ok := r.get("b"); ok || r.len() != 3 {
		t.Errorf("b is kept: %t, %d values", ok, r.len())
	}
	now = now.Add(59 * time.Second)
	if _, ok := r.get("a"); !ok {
		t.Error("a is gone before its time")
	}
	now = now.Add(time.Second)
	if _, ok := r.get("c"); ok || r.len() != 1 {
		t.Errorf("c is kept: %t, %d values", ok, r.len())
	}
	if !r.update("a", func(v *int) { *v = 7 }) {
		t.Error("a cannot be updated")
	}
	if v, _ := r.get("a"); v != 7 {
		t.Errorf("a is %d", v)
	}
	r.remove("a")
	if r.update("a", func(*int) {}) {
		t.Error("a is updated after its removal")
	}
}

func TestOrdersAreBounded(t *testing.T) {
	o := newOrders()
	for range maxOrders + 10 {
		o.place(order{Customer: "x"})
	}
	if len(o.kept) != maxOrders {
		t.Errorf("%d orders are kept", len(o.kept))
	}
	if _, ok := o.find("K-1010"); ok {
		t.Error("the oldest is still there")
	}
	if mine := o.of("x"); len(mine) != 50 || mine[0].Number != "K-2010" {
		t.Errorf("%d orders, first %s", len(mine), mine[0].Number)
	}
}
