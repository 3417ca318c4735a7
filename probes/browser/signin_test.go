package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// members is a site that only members see, and counts who signs in. They are
// shown by a cookie and by what a script has stored.
type members struct {
	*httptest.Server
	mu      sync.Mutex
	signIns int
	refused int  // tries with another password
	valid   bool // sessions are
}

const memberToken = "tok-7f3a9c51e2d84b60"

func newMembers(t *testing.T) *members {
	m := &members{valid: true}
	m.Server = shop(t, map[string]http.HandlerFunc{
		"/login": html(`<form method=post action=/session><label>Name <input name=name></label><label>Password <input type=password name=password></label><button>Sign in</button></form>`),
		"/session": func(w http.ResponseWriter, r *http.Request) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if r.FormValue("password") != "hunter22" {
				m.refused++
				html("Wrong password")(w, r)
				return
			}
			m.signIns++
			m.valid = true
			http.SetCookie(w, &http.Cookie{Name: "session", Value: memberToken + "-cookie", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			html(`<script>localStorage.token = '`+memberToken+`-stored'; sessionStorage.tab = 'one'</script>Welcome`)(w, r)
		},
		"/account": func(w http.ResponseWriter, r *http.Request) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if c, err := r.Cookie("session"); err != nil || c.Value != memberToken+"-cookie" || !m.valid {
				html("Please sign in")(w, r)
				return
			}
			html(`<script>document.write(localStorage.token === '`+memberToken+`-stored' && sessionStorage.tab === 'one' ? 'Your account' : 'Who are you?', localStorage.token)</script>`)(w, r)
		},
	})
	return m
}

// checks reads the sign-in and the check that uses it.
func (m *members) checks(t *testing.T, password, options string) (account, login checks.Check) {
	t.Helper()
	defs, err := checks.LoadBytes("t.yaml", []byte(`
checks:
  - id: login
    enabled: false
    notify: []
    browser:
      - goto: `+m.URL+`/login
      - fill: {label: Name, value: ann}
      - fill: {label: Password, value: "${secret:PASSWORD}"}
      - click: {role: button, name: Sign in}
      - expect: Welcome
        timeout: 500ms
  - id: account
    notify: []
    browser_options: {signed_in_by: login`+options+`}
    browser:
      - goto: `+m.URL+`/account
      - expect: Your account
        timeout: 500ms
`), checks.Options{LookupSecret: func(string) (string, bool, error) { return password, true, nil }})
	if err != nil {
		t.Fatal(err)
	}
	account, _ = defs.Check("account")
	login, _ = defs.Check("login")
	return account, login
}

// signingIn is a site, a probe, and a check that is signed in there by another.
func signingIn(t *testing.T, password string) (*members, *Probe, checks.Check) {
	m := newMembers(t)
	account, _ := m.checks(t, password, "")
	return m, newProbe(t, Options{}), account
}

func (m *members) counted() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.signIns
}

func TestSignInOnce(t *testing.T) {
	m, p, account := signingIn(t, "hunter22")
	var all sync.WaitGroup
	runs := make([]probes.Run, 3)
	for i := range runs {
		all.Go(func() { runs[i], _ = p.Run(context.Background(), account) })
	}
	all.Wait()
	for _, r := range append(runs, run(t, p, account)) {
		mustPass(t, r)
		if len(r.Steps) != 2 || r.Duration != r.Steps[0].Duration+r.Steps[1].Duration {
			t.Errorf("the journey has %d steps and took %s", len(r.Steps), r.Duration)
		}
		if r.Steps[0].HTTP == nil || r.Steps[0].HTTP.Status != 200 {
			t.Errorf("the first step's page: %+v", r.Steps[0].HTTP)
		}
	}
	if n := m.counted(); n != 1 {
		t.Errorf("signed in %d times", n)
	}
	// A new definition may have another password.
	again, _ := m.checks(t, "hunter22", "")
	mustPass(t, run(t, p, again))
	if n := m.counted(); n != 2 {
		t.Errorf("signed in %d times after a reload", n)
	}
}

func TestSignInAgain(t *testing.T) {
	m, p, account := signingIn(t, "hunter22")
	mustPass(t, run(t, p, account))
	m.mu.Lock()
	m.valid = false // the site has forgotten the session
	m.mu.Unlock()
	r := run(t, p, account)
	mustFail(t, r, probes.FailAssertion, `the text "Your account" did not appear`)
	for _, a := range r.Artifacts {
		if strings.Contains(string(a.Data), memberToken) {
			t.Errorf("%s shows the token", a.Name)
		}
	}
	mustPass(t, run(t, p, account))
	if n := m.counted(); n != 2 {
		t.Errorf("signed in %d times", n)
	}
}

func TestSignInAges(t *testing.T) {
	m, p, account := signingIn(t, "hunter22")
	account.Journey.Browser.SignedInFor = time.Nanosecond
	mustPass(t, run(t, p, account))
	mustPass(t, run(t, p, account))
	if n := m.counted(); n != 2 {
		t.Errorf("signed in %d times", n)
	}
}

func TestSignInFails(t *testing.T) {
	_, p, account := signingIn(t, "wr0ng-password")
	r := run(t, p, account)
	mustFail(t, r, probes.FailAssertion, `signing in by check "login" failed at its step "expect \"Welcome\"": the text "Welcome" did not appear within 500ms`)
	if len(r.Steps) != 0 || r.Duration != 0 || len(r.Artifacts) == 0 {
		t.Errorf("the run has %d steps, %d artifacts and took %s", len(r.Steps), len(r.Artifacts), r.Duration)
	}
	for _, a := range r.Artifacts {
		if strings.Contains(string(a.Data), "wr0ng-password") {
			t.Errorf("%s shows the password", a.Name)
		}
	}
}

// A sign-in that has failed is not tried again at once, however many want it.
func TestSignInFailsOnce(t *testing.T) {
	m, p, account := signingIn(t, "wr0ng-password")
	mustFail(t, run(t, p, account), probes.FailAssertion)
	mustFail(t, run(t, p, account), probes.FailAssertion, `signing in by check "login" failed at its step "expect \"Welcome\"" `, " ago, and is not tried again for ", `the text "Welcome" did not appear`)
	if m.refused != 1 {
		t.Errorf("it was tried %d times", m.refused)
	}
	p.signIns.byCheck["login"].at = time.Now().Add(-account.Journey.Browser.SignIn.Schedule.Every)
	mustFail(t, run(t, p, account), probes.FailAssertion, `failed at its step "expect \"Welcome\"": the text`)
	if m.refused != 2 {
		t.Errorf("later it was tried %d times", m.refused)
	}
	// A new definition may have the right one.
	again, _ := m.checks(t, "hunter22", "")
	mustPass(t, run(t, p, again))
}

// The time of the sign-in is none of the journey's.
func TestSignInTakesLonger(t *testing.T) {
	_, p, account := signingIn(t, "hunter22")
	by := *account.Journey.Browser.SignIn
	by.Journey.Steps = append(by.Journey.Steps, checks.Step{Name: "wait", Action: &checks.Wait{For: 2 * time.Second}})
	account.Journey.Browser.SignIn = &by
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	r, err := p.Run(ctx, account)
	if err != nil {
		t.Fatal(err)
	}
	mustPass(t, r)
	// Who gives up is let go at once.
	account.Journey.Browser.SignIn = new(by)
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	if _, err := p.Run(ctx, account); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

// What is stored for a site that the sign-in went by is kept, too.
func TestSignInElsewhere(t *testing.T) {
	p := newProbe(t, Options{})
	server := shop(t, map[string]http.HandlerFunc{
		"/identity": func(w http.ResponseWriter, r *http.Request) {
			html(fmt.Sprintf(`<script>localStorage.known = 'ann'; location = 'http://%s/home'</script>`, r.URL.Query().Get("back")))(w, r)
		},
		"/home":  html(`Home`),
		"/known": html(`<script>document.write('Known: ' + localStorage.known)</script>`),
	})
	elsewhere := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	login := journeyOf(goTo(elsewhere+"/identity?back="+strings.TrimPrefix(server.URL, "http://")), &checks.Expect{Text: lit("Home")})
	login.ID = "login"
	check := journeyOf(goTo(elsewhere+"/known"), &checks.Expect{Text: lit("Known: ann")})
	check.Journey.Browser.SignIn = &login
	mustPass(t, run(t, p, check))
}

func TestLooksSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"abcdef0123456789": true, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x-1": true,
		"": false, "true": false, "1764076182123": false, "a1b2c3": false, "the quick brown fox 1": false, `{"a":"0123456789abcdef"}`: false, "internationalization": false,
	} {
		if got := looksSecret(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	b := belongings{stores: []*store{{Local: [][2]string{{"a", `{"user":{"name":"Ann","token":["abcdef0123456789"]}}`}, {"b", `{"broken`}, {"c", "dark"}}}}}
	if list := b.secrets(); len(list) != 1 || list[0].Reveal() != "abcdef0123456789" {
		t.Errorf("%d secrets", len(list))
	}
}
