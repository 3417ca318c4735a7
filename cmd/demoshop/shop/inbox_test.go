package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// deliver sends a webhook, signed at a time.
func (v *visitor) deliver(id, body string, at time.Time) answer {
	v.t.Helper()
	signer, err := standardwebhooks.NewWebhook(testSecret)
	if err != nil {
		v.t.Fatal(err)
	}
	signature, err := signer.Sign(id, at, []byte(body))
	if err != nil {
		v.t.Fatal(err)
	}
	return v.json(http.MethodPost, "/inbox/webhook", body,
		"webhook-id", id, "webhook-timestamp", fmt.Sprint(at.Unix()), "webhook-signature", signature)
}

func (v *visitor) messages() []Message {
	v.t.Helper()
	return decode[struct{ Messages []Message }](v.t, v.get("/inbox/api/messages").want(v.t, 200)).Messages
}

const opened = `{"type":"incident.opened","timestamp":"2026-01-02T03:04:05Z","data":{"incident":{"summary":"Pay <b>fails</b>"}}}`

func TestInbox(t *testing.T) {
	_, v := open(t, Options{WebhookSecret: testSecret})
	if got := v.get("/inbox/api/messages").want(t, 200).body; strings.TrimSpace(got) != `{"messages":[]}` {
		t.Errorf("an empty inbox is %s", got)
	}
	v.deliver("msg_1", opened, time.Now()).want(t, 204)
	v.deliver("msg_1", opened, time.Now()).want(t, 204)
	v.deliver("msg_2", `{"type":"incident.resolved","data":{"event":{"summary":"all is well"},"incident":{"summary":"Pay fails"}}}`, time.Now()).want(t, 204)
	got := v.messages()
	if len(got) != 2 {
		t.Fatalf("messages are %+v", got)
	}
	if m := got[1]; m.ID != "msg_1" || !m.Verified || m.Deliveries != 2 || m.Type != "incident.opened" || m.Summary != "Pay <b>fails</b>" || m.LastAt.Before(m.ReceivedAt) {
		t.Errorf("first message is %+v", m)
	}
	if !json.Valid(got[1].Payload) {
		t.Errorf("payload is %s", got[1].Payload)
	}
	page := v.get("/inbox").want(t, 200, "incident.opened", "✓ verified", "came 2 times", "Pay &lt;b&gt;fails&lt;/b&gt;", `class="sheet message good"`)
	if newest, oldest := strings.Index(page.body, "all is well"), strings.Index(page.body, "Pay &lt;"); newest > oldest {
		t.Error("the newest is not first")
	}
	page.lacks(t, "<b>fails")
	v.get("/inbox?part=list").want(t, 200, "all is well").lacks(t, "<html")
}

func TestInboxVerifies(t *testing.T) {
	_, v := open(t, Options{WebhookSecret: testSecret})
	stamp := fmt.Sprint(time.Now().Unix())
	for _, c := range []struct {
		name   string
		send   func() answer
		reason string
	}{
		{"no headers", func() answer { return v.json("POST", "/inbox/webhook", opened) }, "is missing"},
		{"too old", func() answer { return v.deliver("old", opened, time.Now().Add(-6*time.Minute)) }, "5 minutes"},
		{"from the future", func() answer { return v.deliver("new", opened, time.Now().Add(6*time.Minute)) }, "5 minutes"},
		{"wrong signature", func() answer {
			return v.json("POST", "/inbox/webhook", opened, "webhook-id", "wrong", "webhook-timestamp", stamp, "webhook-signature", "v1,AAAA")
		}, "does not match"},
		{"malformed time", func() answer {
			return v.json("POST", "/inbox/webhook", opened, "webhook-id", "time", "webhook-timestamp", "noon", "webhook-signature", "v1,AAAA")
		}, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.send().want(t, 401, "not verified", c.reason)
			if m := v.messages()[0]; m.Verified || !strings.Contains(m.Reason, c.reason) {
				t.Errorf("message is %+v", m)
			}
			v.get("/inbox").want(t, 200, c.reason)
		})
	}
}

// A forged repetition does not touch the message that it names.
func TestInboxKeepsForgeriesApart(t *testing.T) {
	_, v := open(t, Options{WebhookSecret: testSecret})
	v.deliver("msg_1", opened, time.Now()).want(t, 204)
	v.json("POST", "/inbox/webhook", `{"type":"incident.resolved"}`, "webhook-id", "msg_1").want(t, 401)
	got := v.messages()
	if len(got) != 2 || got[0].Verified || !got[1].Verified || got[1].Deliveries != 1 {
		t.Errorf("messages are %+v", got)
	}
}

func TestInboxWithoutSecret(t *testing.T) {
	_, v := open(t, Options{})
	v.deliver("msg_1", opened, time.Now()).want(t, 204)
	if m := v.messages()[0]; m.Verified || !strings.Contains(m.Reason, "no secret") {
		t.Errorf("message is %+v", m)
	}
}

func TestInboxIsBounded(t *testing.T) {
	_, v := open(t, Options{WebhookSecret: testSecret})
	for i := range maxMessages + 5 {
		v.deliver(fmt.Sprintf("msg_%d", i), `{}`, time.Now()).want(t, 204)
	}
	got := v.messages()
	if len(got) != maxMessages || got[0].ID != "msg_204" || got[len(got)-1].ID != "msg_5" {
		t.Errorf("%d messages, %s to %s", len(got), got[0].ID, got[len(got)-1].ID)
	}
	large := `"` + strings.Repeat("x", maxWebhook-2) + `"`
	v.json("POST", "/inbox/webhook", large+" ").want(t, 413)
	for i := range maxInbox/maxWebhook + 1 {
		v.deliver(fmt.Sprintf("large_%d", i), large, time.Now()).want(t, 204)
	}
	if got := v.messages(); len(got) != maxInbox/maxWebhook || got[len(got)-1].ID != "large_1" {
		t.Errorf("%d large messages, the oldest is %s", len(got), got[len(got)-1].ID)
	}
}

func TestInboxHostileBodies(t *testing.T) {
	_, v := open(t, Options{})
	for name, body := range map[string]string{
		"not JSON":         "<script>alert(1)</script>",
		"not UTF-8":        "\xff\xfe",
		"null":             "null",
		"wrong types":      `{"type":7,"data":[{"summary":"x"}]}`,
		"deep":             strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"markup in a name": `{"type":"</pre><script>alert(1)</script>","data":{"</pre><script>":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			v.json("POST", "/inbox/webhook", body).want(t, 204)
			page := v.get("/inbox?part=list").want(t, 200)
			page.lacks(t, "<script")
			if len(page.body) > 1<<20 {
				t.Errorf("the page has %d bytes", len(page.body))
			}
			v.messages() // is valid JSON
		})
	}
}

func TestBadSecret(t *testing.T) {
	for name, secret := range map[string]string{"no prefix": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "not base64": "whsec_$$$not-base64$$$"} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Options{WebhookSecret: secret})
			if err == nil || strings.Contains(err.Error(), secret[6:]) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{opened, "null", `{"type":"x","data":{"incident":3}}`, "\xff", `"\"[["`, strings.Repeat("[", 100)} {
		f.Add("msg_1", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		m := newMessage(id, body, time.Unix(0, 0))
		if len([]rune(m.Summary)) > maxSummary+1 || len([]rune(m.Type)) > maxType+1 || len([]rune(m.ID)) > maxMessageID+1 {
			t.Fatalf("too long: %+v", m)
		}
		if got := len(m.Pretty()); got > maxShown+len("…") {
			t.Fatalf("%d bytes are shown", got)
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}
