package notify

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// send makes one attempt with a Webhook that has a transport of its own.
func send(t *testing.T, w Webhook, hook checks.Webhook) (Answer, error) {
	t.Helper()
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	w.Transport = transport
	return w.Send(t.Context(), Endpoint{"team", checks.Channel{Name: "hook", Webhook: &hook}},
		incidents.Notification{ID: "msg-1", Payload: []byte(`{"type":"test"}`)})
}

func TestWebhookRequest(t *testing.T) {
	var got *http.Request
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		got = r
		fmt.Fprint(w, "thank\tyou,\n\x1b[31mOutrider\x00")
	})
	answer, err := send(t, Webhook{}, checks.Webhook{
		URL: r.URL + "/in?token=x", Secret: checks.NewSecret(secret),
		Headers: []checks.Header{
			{Name: "X-Team", Value: "shop"}, {Name: "Host", Value: "hooks.test"},
			{Name: "Webhook-Id", Value: "forged"}, {Name: "Content-Type", Value: "text/plain"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 200 || answer.Text != "thank you, [31mOutrider" {
		t.Errorf("answer: %+v", answer)
	}
	if got.Method != "POST" || got.URL.String() != "/in?token=x" || got.Host != "hooks.test" {
		t.Errorf("got %s %s, host %s", got.Method, got.URL, got.Host)
	}
	header := map[string]string{"X-Team": "shop", "Content-Type": "application/json", "Webhook-Id": "msg-1", "User-Agent": "Outrider"}
	for name, want := range header {
		if diff := cmp.Diff([]string{want}, got.Header.Values(name)); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(r.requests(t)[0].body)
	if err := wh.Verify(body, got.Header); err != nil { // time stamp included
		t.Errorf("signature: %v", err)
	}
	if err := wh.Verify(append(body, ' '), got.Header); err == nil {
		t.Error("another body passes as signed")
	}
}

func TestWebhookUnsigned(t *testing.T) {
	var header http.Header
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header }))
	defer s.Close()
	forged := []checks.Header{{Name: "webhook-signature", Value: "v1,x"}}
	if _, err := send(t, Webhook{}, checks.Webhook{URL: s.URL, Headers: forged}); err != nil {
		t.Fatal(err)
	}
	if header.Get("webhook-id") != "msg-1" || header.Get("webhook-timestamp") == "" || header.Get("webhook-signature") != "" {
		t.Errorf("headers: %v", header)
	}
}

func TestWebhookFollowsNoRedirect(t *testing.T) {
	other := newReceiver(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := newReceiver(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, other.URL, status)
		})
		if _, err := send(t, Webhook{}, checks.Webhook{URL: r.URL, Secret: checks.NewSecret(secret)}); err == nil {
			t.Errorf("%d: got no error", status)
		}
	}
	if got := other.ids(t); len(got) > 0 {
		t.Errorf("a redirect was followed: %v", got)
	}
}

// An answer without end costs neither time nor memory.
func TestWebhookAnswerIsBounded(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter) error{
		"body": func(w http.ResponseWriter) error {
			_, err := w.Write([]byte(strings.Repeat("x", 1<<20)))
			return err
		},
		"compressed": func(w http.ResponseWriter) error {
			w.Header().Set("Content-Encoding", "gzip")
			_, err := w.Write([]byte(strings.Repeat("x", 1<<20)))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for write(w) == nil {
				}
			}))
			defer s.Close()
			answer, err := send(t, Webhook{}, checks.Webhook{URL: s.URL})
			if err != nil || len(answer.Text) > maxAnswerText+len("…") {
				t.Errorf("got %d bytes of text, error %v", len(answer.Text), err)
			}
		})
	}
	t.Run("header", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 10*maxAnswer))
		}))
		defer s.Close()
		if _, err := send(t, Webhook{}, checks.Webhook{URL: s.URL}); err == nil {
			t.Error("got no error")
		}
	})
}

func TestWebhookErrorsShowNoSecret(t *testing.T) {
	dead := deadURL(t)
	echo := newReceiver(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "no access for %s with %s", r.URL, r.Header.Get("Authorization"))
	})
	withUser := func(url string) string { return strings.Replace(url, "http://", "http://user:hunter22@", 1) }
	tests := []struct {
		name string
		hook checks.Webhook
		want string
	}{
		{"dead", checks.Webhook{URL: withUser(dead) + "/hunter22?token=hunter22#hunter22"}, "connection refused"},
		{"not a URL", checks.Webhook{URL: "http://hunter22:%zz/"}, "URL is not valid"},
		{"no such scheme", checks.Webhook{URL: "gopher://user:hunter22@host/hunter22"}, "unsupported protocol scheme"},
		{"bad header", checks.Webhook{URL: echo.URL, Headers: []checks.Header{{Name: "X-Token", Value: "hunter22\n"}}}, "X-Token"},
		{"echo", checks.Webhook{URL: echo.URL + "/?token=hunter22", Headers: []checks.Header{{Name: "Authorization", Value: "Bearer hunter22"}}},
			"endpoint answered 403 Forbidden: no access for /?token=[redacted] with Bearer [redacted]"},
		{"bad secret", checks.Webhook{URL: echo.URL, Secret: checks.NewSecret("whsec_hunter22!")}, "the webhook's secret is not"},
	}
	redactor := checks.NewRedactor(checks.NewSecret("hunter22"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := send(t, Webhook{Redactor: func() *checks.Redactor { return redactor }}, tt.hook)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error: got %v, want one with %q", err, tt.want)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%v %+v", e, answer), "hunter22") {
					t.Errorf("the secret is in %#v or %+v", e, answer)
				}
			}
		})
	}
	// Without a redactor a URL's parts are still not shown.
	if _, err := send(t, Webhook{}, tests[0].hook); strings.Contains(err.Error(), "hunter22") {
		t.Errorf("without a redactor: %v", err)
	}
}

func TestSendTest(t *testing.T) {
	good, bad := newReceiver(t, nil), newReceiver(t, always(http.StatusTeapot))
	channel := func(name, url string) checks.Channel {
		return checks.Channel{Name: name, Webhook: &checks.Webhook{URL: url, Secret: checks.NewSecret(secret)}}
	}
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	now := time.Now()
	results := SendTest(t.Context(), []Sender{&Webhook{Transport: transport}}, &Composer{},
		checks.Audience{ID: "team", Channels: []checks.Channel{channel("good", good.URL), channel("bad", bad.URL), {Name: "odd"}}}, now)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprintf("%s %d %v", r.Channel, r.Answer.Status, r.Err))
	}
	want := []string{"good 204 <nil>", "bad 418 endpoint answered 418 I'm a teapot", "odd 0 no sender for this kind of channel"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	validate(t, []byte(good.requests(t)[0].body))
}

// An answer is read up to a bound; a secret across that bound must not leave
// its first half.
func TestWebhookAnswerCutWithinASecret(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		fmt.Fprint(w, "sorry"+strings.Repeat(" ", maxAnswer-len("sorry")-4)+"hunter22")
	})
	redactor := checks.NewRedactor(checks.NewSecret("hunter22"))
	answer, err := send(t, Webhook{Redactor: func() *checks.Redactor { return redactor }}, checks.Webhook{URL: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Text != "sorry" {
		t.Errorf("the answer is shown as %q", answer.Text)
	}
}
