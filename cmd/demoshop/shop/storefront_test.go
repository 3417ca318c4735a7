package shop

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPages(t *testing.T) {
	_, v := open(t, Options{})
	for _, c := range []struct {
		name, path string
		status     int
		parts      []string
	}{
		{"home", "/", 200, []string{"<h1>Stoneware from a small kiln</h1>", `src="/images/hero.svg"`, `<a href="/category/mugs">Mugs</a>`, "Morning Teapot"}},
		{"category", "/category/mugs", 200, []string{"<h1>Mugs</h1>", "Speckled Mug", "€16.00"}},
		{"unknown category", "/category/hats", 404, []string{"Not on our shelves"}},
		{"product", "/products/indigo-mug", 200, []string{"<h1>Indigo Mug</h1>", "<button>Add to cart</button>", "€26.00"}},
		{"unknown product", "/products/hat", 404, nil},
		{"search without words", "/search", 200, []string{"Type what you are looking for."}},
		{"search", "/search?q=mug", 200, []string{`value="mug"`, `id="results"`, "/assets/search.js"}},
		{"search escapes", "/search?q=%3Cscript%3E%22", 200, []string{`value="&lt;script&gt;&#34;"`}},
		{"long search", "/search?q=" + strings.Repeat("x", 101), 400, nil},
		{"story", "/story", 200, []string{"<h1>Our workshop</h1>", workshopImage}},
		{"sign-in", "/sign-in", 200, []string{`<label for="email">Email</label>`, `<label for="password">Password</label>`, "sam@example.com"}},
		{"empty cart", "/cart", 200, []string{"There is nothing in it yet."}},
		{"checkout of nothing", "/checkout", 303, nil},
		{"orders of nobody", "/orders", 303, nil},
		{"somebody's order", "/orders/K-1001", 404, nil},
		{"nothing", "/nope", 404, []string{"Not on our shelves"}},
		{"panel", "/panel", 200, []string{"<h1>Fault panel</h1>", "Nothing. The shop works as it should."}},
		{"inbox", "/inbox", 200, []string{"<h1>Webhook inbox</h1>", "Nothing yet."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := v.get(c.path).want(t, c.status, c.parts...)
			if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'self'") {
				t.Errorf("Content-Security-Policy is %q", policy)
			}
			if got.StatusCode < 300 && !regexp.MustCompile(`^app;dur=\d+\.\d{3}$`).MatchString(got.Header.Get("Server-Timing")) {
				t.Errorf("Server-Timing is %q", got.Header.Get("Server-Timing"))
			}
		})
	}
}

func TestWrongMethod(t *testing.T) {
	_, v := open(t, Options{})
	got := v.send(http.MethodPost, "/search", "").want(t, 405)
	if allow := got.Header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow is %q", allow)
	}
}

// Every picture must be a well-formed document, and heavy enough to be taken
// for a page's largest paint where it is one.
func TestPictures(t *testing.T) {
	_, v := open(t, Options{})
	for _, c := range []struct {
		path  string
		bytes int
	}{
		{"/images/hero.svg", 1200 * 420 / 8 / 20},
		{workshopImage, 1200 * 600 / 8 / 20},
		{"/images/products/speckled-mug.svg", 500},
		{"/images/products/ramen-bowl.svg", 500},
		{"/images/products/harbour-teapot.svg", 500},
		{"/images/icon.svg", 100},
	} {
		t.Run(c.path, func(t *testing.T) {
			got := v.get(c.path).want(t, 200, "<svg")
			if kind := got.Header.Get("Content-Type"); kind != "image/svg+xml" {
				t.Errorf("Content-Type is %q", kind)
			}
			if len(got.body) < c.bytes {
				t.Errorf("%d bytes, want %d at least", len(got.body), c.bytes)
			}
			document := xml.NewDecoder(strings.NewReader(got.body))
			for {
				if _, err := document.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			again := v.send(http.MethodGet, c.path, "", "If-None-Match", got.Header.Get("ETag"))
			again.want(t, 304)
		})
	}
}

func TestAssets(t *testing.T) {
	_, v := open(t, Options{})
	for path, kind := range map[string]string{
		"/assets/shop.css": "text/css", "/assets/shop.js": "text/javascript", "/assets/search.js": "text/javascript",
		"/panel/assets/shop.css": "text/css", "/panel/assets/desk.js": "text/javascript",
	} {
		if got := v.get(path).want(t, 200).Header.Get("Content-Type"); !strings.HasPrefix(got, kind) {
			t.Errorf("%s is %q, want %s", path, got, kind)
		}
	}
}

// A large body is refused before it is kept.
func TestLargeForm(t *testing.T) {
	_, v := open(t, Options{})
	v.send(http.MethodPost, "/sign-in", "email="+strings.Repeat("x", 2*maxForm), "Content-Type", "application/x-www-form-urlencoded").want(t, 403)
	v.json(http.MethodPost, "/api/session", `{"email":"`+strings.Repeat("x", 2*maxForm)+`"}`).want(t, 413)
}

func TestSearchOrder(t *testing.T) {
	goods := newCatalogue()
	names := func(query string) string {
		var all []string
		for _, p := range goods.search(query) {
			all = append(all, p.ID)
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{
		"TEAPOT":       "morning-teapot harbour-teapot",
		"blue teapots": "harbour-teapot",
		"  ":           "",
		"zebra":        "",
		"bowl":         "breakfast-bowl ramen-bowl fig-bowl",
	} {
		if got := names(query); got != want {
			t.Errorf("search %q: got %q, want %q", query, got, want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, seed := range []string{"mug", "Tall MUG", "\x00", "ſ İ", "<script>"} {
		f.Add(seed)
	}
	goods := newCatalogue()
	f.Fuzz(func(t *testing.T, query string) {
		found := goods.search(query)
		if len(found) > len(goods.products) {
			t.Fatalf("%q finds %d of %d products", query, len(found), len(goods.products))
		}
		if short := cut(query, 10); utf8.ValidString(query) && utf8.RuneCountInString(short) > 11 {
			t.Fatalf("cut %q to %q", query, short)
		}
	})
}
