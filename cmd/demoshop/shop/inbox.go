package shop

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// inbox keeps the last webhooks that were sent to it, oldest first.
type inbox struct {
	verifier *standardwebhooks.Webhook // nil: nothing can be verified
	now      func() time.Time

	mu   sync.Mutex
	kept []Message
	size int // of the kept messages, in bytes
}

func newInbox(verifier *standardwebhooks.Webhook, now func() time.Time) *inbox {
	return &inbox{verifier: verifier, now: now}
}

// receive verifies and keeps a message.
func (b *inbox) receive(header http.Header, body []byte) Message {
	m := newMessage(header.Get(standardwebhooks.HeaderWebhookID), body, b.now())
	m.Reason = b.verify(header, body)
	m.Verified = m.Reason == ""
	b.mu.Lock()
	defer b.mu.Unlock()
	// What is not verified must not pass as a repetition of what is.
	same := func(x Message) bool { return m.ID != "" && x.ID == m.ID && x.Verified == m.Verified }
	if i := slices.IndexFunc(b.kept, same); i >= 0 {
		b.kept[i].Deliveries++
		b.kept[i].LastAt = m.LastAt
		return b.kept[i]
	}
	b.kept = append(b.kept, m)
	for b.size += m.size(); len(b.kept) > maxMessages || b.size > maxInbox; {
		b.size -= b.kept[0].size()
		b.kept = slices.Delete(b.kept, 0, 1)
	}
	return m
}

// verify says in words why a message is not verified; empty if it is.
func (b *inbox) verify(header http.Header, body []byte) string {
	if b.verifier == nil {
		return "this inbox has no secret to verify with"
	}
	err := b.verifier.Verify(body, header)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, standardwebhooks.ErrRequiredHeaders):
		return "webhook-id, webhook-timestamp or webhook-signature is missing"
	case errors.Is(err, standardwebhooks.ErrMessageTooOld), errors.Is(err, standardwebhooks.ErrMessageTooNew):
		return "the time stamp is more than 5 minutes off"
	case errors.Is(err, standardwebhooks.ErrNoMatchingSignature):
		return "the signature does not match"
	}
	return "the signature headers are malformed"
}

// messages gives what was received, newest first.
func (b *inbox) messages() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Message, len(b.kept)) // never nil: JSON has a list either way
	for i, m := range b.kept {
		all[len(all)-1-i] = m
	}
	return all
}

func (s *Shop) inboxRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /inbox", s.showInbox)
	mux.HandleFunc("POST /inbox/webhook", s.receiveWebhook)
	mux.HandleFunc("GET /inbox/api/messages", s.listMessages)
}

// receiveWebhook answers 204 to what it accepts, and 401 to what has no right
// signature, which it shows all the same.
func (s *Shop) receiveWebhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, r, bodyStatus(err), "The request's body could not be read.")
		return
	}
	m := s.inbox.receive(r.Header, body)
	if !m.Verified && s.inbox.verifier != nil {
		http.Error(w, "not verified: "+m.Reason, http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Shop) listMessages(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, struct {
		Messages []Message `json:"messages"`
	}{s.inbox.messages()})
}

// showInbox shows the page, or only its list for the script that keeps the
// page up to date.
func (s *Shop) showInbox(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "Webhook inbox", Data: struct {
		Messages []Message
		Signed   bool
	}{s.inbox.messages(), s.inbox.verifier != nil}}
	if r.URL.Query().Get("part") == "list" {
		s.renderPart(w, "inbox", "messages", v)
		return
	}
	s.render(w, r, http.StatusOK, "inbox", v)
}
