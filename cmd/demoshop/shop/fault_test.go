package shop

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type faultList struct{ Faults []Fault }

func (v *visitor) breaks(fault string) Fault {
	v.t.Helper()
	return decode[Fault](v.t, v.json(http.MethodPut, "/panel/api/faults", fault).want(v.t, 200))
}

func (v *visitor) faults() []Fault {
	v.t.Helper()
	return decode[faultList](v.t, v.get("/panel/api/faults").want(v.t, 200)).Faults
}

func TestFaultAPI(t *testing.T) {
	_, v := open(t, Options{})
	slow := v.breaks(`{"kind":"slow_endpoint","path":"/api/search","delay_ms":50}`)
	button := v.breaks(`{"kind":"broken_button","button":"pay","path":"/ignored"}`)
	if button.Path != "" || button.Since.IsZero() {
		t.Errorf("button is %+v", button)
	}
	again := v.breaks(`{"kind":"slow_endpoint","path":"/api/search","delay_ms":70}`)
	if again.ID != slow.ID {
		t.Errorf("the same fault has ids %s and %s", slow.ID, again.ID)
	}
	if got := v.faults(); len(got) != 2 || got[0].DelayMS != 70 {
		t.Errorf("faults are %+v", got)
	}
	v.send(http.MethodDelete, "/panel/api/faults/"+slow.ID, "").want(t, 204)
	v.send(http.MethodDelete, "/panel/api/faults/"+slow.ID, "").want(t, 404)
	if got := v.faults(); len(got) != 1 || got[0].ID != button.ID {
		t.Errorf("faults are %+v", got)
	}
	v.send(http.MethodDelete, "/panel/api/faults", "").want(t, 204)
	if got := v.get("/panel/api/faults").want(t, 200).body; strings.TrimSpace(got) != `{"faults":[]}` {
		t.Errorf("faults are %s", got)
	}
}

func TestFaultIsRefused(t *testing.T) {
	s, v := open(t, Options{})
	for body, message := range map[string]string{
		`{"kind":"meteor"}`:                                                      "write one of slow_endpoint",
		`{"kind":"slow_endpoint"}`:                                               "write the beginning of a path",
		`{"kind":"slow_endpoint","path":"/x","delay_ms":-1}`:                     "delay_ms is -1",
		`{"kind":"slow_endpoint","path":"/x","delay_ms":120001}`:                 "write 1 to 120000",
		`{"kind":"error_rate","path":"/x","percent":101}`:                        "percent is 101",
		`{"kind":"error_rate","path":"/x","status":200}`:                         "status is 200",
		`{"kind":"broken_button","button":"bell"}`:                               "write pay or add_to_cart",
		`{"kind":"hanging_response","path":"/panel"}`:                            "never broken",
		`{"kind":"hanging_response","path":"/panel/api"}`:                        "never broken",
		`{"kind":"hanging_response","path":"/` + strings.Repeat("x", 200) + `"}`: "longer than 200 bytes",
	} {
		v.json(http.MethodPut, "/panel/api/faults", body).want(t, 422, message)
	}
	v.json(http.MethodPut, "/panel/api/faults", `{"since":"now"}`).want(t, 400)
	for i := range maxFaults {
		if _, err := s.faults.set(Fault{Kind: HangingResponse, Path: fmt.Sprintf("/x%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	v.json(http.MethodPut, "/panel/api/faults", `{"kind":"hanging_response","path":"/y"}`).want(t, 422, "remove one first")
}

// The panel's buttons do what its interface does.
func TestFaultForms(t *testing.T) {
	_, v := open(t, Options{})
	for _, p := range presets() {
		f := p.Fault
		v.submit("/panel", "/panel/faults", "kind", string(f.Kind), "path", f.Path, "button", f.Button,
			"delay_ms", fmt.Sprint(f.DelayMS), "percent", fmt.Sprint(f.Percent), "status", fmt.Sprint(f.Status)).want(t, 303)
	}
	got := v.faults()
	if len(got) != len(presets()) {
		t.Fatalf("%d faults of %d presets", len(got), len(presets()))
	}
	v.get("/panel").want(t, 200, "the button “Pay” does nothing", "requests for /api/health… are never answered", "Remove all")
	v.submit("/panel", "/panel/faults", "kind", "slow_endpoint", "path", "/x", "delay_ms", "soon").want(t, 422, `role="alert"`, "delay_ms")
	v.submit("/panel", "/panel/faults", "kind", "slow_endpoint", "path", `/"><script>`, "delay_ms", "1").want(t, 303)
	v.get("/panel").want(t, 200, "/&#34;&gt;&lt;script&gt;")
	v.submit("/panel", "/panel/faults/"+got[0].ID+"/remove").want(t, 303)
	if left := v.faults(); len(left) != len(got) || left[0].ID != got[1].ID {
		t.Errorf("faults are %+v", left)
	}
	v.submit("/panel", "/panel/remove-all").want(t, 303)
	v.get("/panel").want(t, 200, "Nothing. The shop works as it should.")
}

func TestSlow(t *testing.T) {
	for _, c := range []struct{ name, fault, hit, missed string }{
		{"endpoint", `{"kind":"slow_endpoint","path":"/api/search","delay_ms":150}`, "/api/search?q=mug", "/api/health"},
		{"image", `{"kind":"slow_image","delay_ms":150}`, workshopImage, "/story"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, v := open(t, Options{})
			v.breaks(c.fault)
			// That it was late is a lower bound, which no busy machine breaks.
			if got := serviceTime(t, v.get(c.hit).want(t, 200)); got < 150*time.Millisecond {
				t.Errorf("%s took %s", c.hit, got)
			}
			v.get(c.missed).want(t, 200)
			v.send(http.MethodDelete, "/panel/api/faults", "").want(t, 204)
			v.get(c.hit).want(t, 200)
		})
	}
}

// serviceTime is what the shop says it took.
func serviceTime(t *testing.T, a answer) time.Duration {
	t.Helper()
	var ms float64
	if _, err := fmt.Sscanf(a.Header.Get("Server-Timing"), "app;dur=%f", &ms); err != nil {
		t.Fatalf("Server-Timing is %q: %v", a.Header.Get("Server-Timing"), err)
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// A delay that outlasts the server's own time limits is kept all the same,
// also for a request with a body.
func TestSlowBeyondTimeouts(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	v := visit(t, server)
	v.breaks(`{"kind":"slow_endpoint","path":"/api/","delay_ms":400}`)
	v.get("/api/health").want(t, 200)
	v.json(http.MethodPost, "/api/session", `{"email":"sam@example.com","password":"mugs-and-more"}`).want(t, 201)
}

func TestErrorRate(t *testing.T) {
	draws := []float64{0.00, 0.29, 0.30, 0.99}
	next := 0
	chance := func() float64 { next++; return draws[(next-1)%len(draws)] }
	_, v := open(t, Options{Chance: chance})
	v.breaks(`{"kind":"error_rate","path":"/api/orders","percent":30,"status":503}`)
	for i, want := range []int{503, 503, 401, 401} {
		if got := v.get("/api/orders").StatusCode; got != want {
			t.Errorf("request %d: status %d, want %d", i, got, want)
		}
	}
	v.get("/").want(t, 200)
	v.breaks(`{"kind":"error_rate","path":"/category"}`)
	got := v.get("/category/mugs").want(t, 500, "broken on purpose")
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("Content-Type is %q", kind)
	}
}

func TestHanging(t *testing.T) {
	s, v := open(t, Options{})
	hang := v.breaks(`{"kind":"hanging_response","path":"/api/"}`)

	t.Run("until the client leaves", func(t *testing.T) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, method, v.base+"/api/session", strings.NewReader(`{"email":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := v.http.Do(req); err == nil {
				resp.Body.Close()
				t.Errorf("%s was answered with %s", method, resp.Status)
			}
		}
		waitFor(t, "the places to be free again", func() bool { return len(s.faults.held) == 0 })
	})

	t.Run("until removed", func(t *testing.T) {
		answered := make(chan int, 1)
		go func() {
			resp, err := http.Get(v.base + "/api/health")
			if err != nil {
				answered <- 0
				return
			}
			resp.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			answered <- resp.StatusCode
		}()
		waitFor(t, "the request to hang", func() bool { return len(s.faults.held) == 1 })
		v.get("/panel").want(t, 200)
		v.send(http.MethodDelete, "/panel/api/faults/"+hang.ID, "").want(t, 204)
		if status := <-answered; status != 200 {
			t.Errorf("status %d after the removal", status)
		}
	})
}

// More than a bounded number of requests never wait.
func TestHeldRequestsAreBounded(t *testing.T) {
	s, v := open(t, Options{})
	v.breaks(`{"kind":"hanging_response","path":"/api/"}`)
	for range maxHeld {
		s.faults.held <- struct{}{}
	}
	v.get("/api/health").want(t, 503, "Too many requests")
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestBrokenPages(t *testing.T) {
	_, v := open(t, Options{})
	v.submit("/products/moss-mug", "/cart", "product", "moss-mug", "quantity", "1").want(t, 303)
	for _, c := range []struct{ name, fault, page, whole, broken string }{
		{"pay", `{"kind":"broken_button","button":"pay"}`, "/checkout", `<button class="wide">Pay</button>`, `<button type="button" class="wide">Pay</button>`},
		{"add to cart", `{"kind":"broken_button","button":"add_to_cart"}`, "/products/moss-mug", `<button>Add to cart</button>`, `<button type="button">Add to cart</button>`},
		{"script", `{"kind":"javascript_exception"}`, "/search?q=mug", `{"source": "/api/search", "limit": 24}`, `type="application/json">null</script>`},
		{"shift", `{"kind":"layout_shift","path":"/story"}`, "/story", "<body>", "<body data-late-banner>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.get(c.page).want(t, 200, c.whole).lacks(t, c.broken)
			f := v.breaks(c.fault)
			v.get(c.page).want(t, 200, c.broken).lacks(t, c.whole)
			v.send(http.MethodDelete, "/panel/api/faults/"+f.ID, "").want(t, 204)
			v.get(c.page).want(t, 200, c.whole)
		})
	}
}

// With everything broken, the panel, its interface and the inbox still work;
// only a fault that names the inbox reaches it.
func TestPanelIsNeverBroken(t *testing.T) {
	_, v := open(t, Options{})
	for _, fault := range []string{
		`{"kind":"error_rate","path":"/"}`,
		`{"kind":"slow_endpoint","path":"/","delay_ms":60000}`,
		`{"kind":"hanging_response","path":"/"}`,
		`{"kind":"layout_shift"}`,
		`{"kind":"javascript_exception"}`,
	} {
		v.breaks(fault)
	}
	for _, path := range []string{"/panel", "/panel/api/faults", "/panel/assets/shop.css", "/panel/assets/desk.js", "/inbox", "/inbox/api/messages"} {
		v.get(path).want(t, 200).lacks(t, "data-late-banner")
	}
	v.json(http.MethodPost, "/inbox/webhook", "{}").want(t, 204)
	v.breaks(`{"kind":"error_rate","path":"/inbox/webhook","status":502}`)
	v.json(http.MethodPost, "/inbox/webhook", "{}").want(t, 502)
	v.get("/inbox").want(t, 200)
}
