package shop

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is a webhook that arrived at the inbox.
type Message struct {
	ID      string `json:"id"`   // webhook-id; empty if the sender gave none
	Type    string `json:"type"` // as the payload says, such as incident.opened
	Summary string `json:"summary"`
	// Verified says that the signature was right; else Reason says why not.
	Verified bool   `json:"verified"`
	Reason   string `json:"reason,omitempty"`
	// Deliveries counts how often the message came: more than once if the
	// sender did not hear the answer.
	Deliveries int       `json:"deliveries"`
	ReceivedAt time.Time `json:"received_at"` // the first time, UTC
	LastAt     time.Time `json:"last_at"`     // the last time, UTC
	// Payload is the body if it is JSON, Text if it is not.
	Payload json.RawMessage `json:"payload,omitempty"`
	Text    string          `json:"text,omitempty"`
}

// The longest header, type and summary that are kept, in characters.
const (
	maxMessageID = 200
	maxType      = 80
	maxSummary   = 300
)

// newMessage reads what it can from a body. Outside text is cut to length.
func newMessage(id string, body []byte, at time.Time) Message {
	m := Message{ID: cut(id, maxMessageID), Deliveries: 1, ReceivedAt: at.UTC(), LastAt: at.UTC()}
	if !json.Valid(body) {
		m.Text = strings.ToValidUTF8(string(body), string(utf8.RuneError))
		m.Summary = cut(m.Text, maxSummary)
		return m
	}
	m.Payload = body
	m.Type, m.Summary = describe(body)
	return m
}

// describe finds the type and the summary of a payload: the summary stands
// directly in the data, or in the event or the incident that it tells of.
func describe(body []byte) (kind, summary string) {
	var payload struct {
		Type any `json:"type"`
		Data any `json:"data"`
	}
	// A payload of another form has neither, which is no error of the inbox.
	_ = json.Unmarshal(body, &payload)
	kind, _ = payload.Type.(string)
	data, _ := payload.Data.(map[string]any)
	for _, place := range []any{data, data["event"], data["incident"]} {
		fields, _ := place.(map[string]any)
		if text, ok := fields["summary"].(string); ok && text != "" {
			summary = text
			break
		}
	}
	return cut(kind, maxType), cut(summary, maxSummary)
}

// size is what the message takes, in bytes.
func (m Message) size() int { return len(m.Payload) + len(m.Text) }

// Tone is how the message is coloured: bad, warn, good or plain.
func (m Message) Tone() string {
	switch {
	case strings.HasSuffix(m.Type, "opened"), strings.HasSuffix(m.Type, "escalated"):
		return "bad"
	case strings.HasSuffix(m.Type, "updated"):
		return "warn"
	case strings.HasSuffix(m.Type, "resolved"):
		return "good"
	}
	return "plain"
}

// Limits of what a page shows of one payload.
const (
	maxShown  = 16 << 10
	maxNested = 32
)

// Pretty is the payload, indented for reading. One that is nested so deeply
// that indenting would blow it up stays as it is.
func (m Message) Pretty() string {
	shown := m.Text
	if m.Payload != nil {
		shown = string(m.Payload)
		var indented bytes.Buffer
		if nesting(m.Payload) <= maxNested && json.Indent(&indented, m.Payload, "", "  ") == nil {
			shown = indented.String()
		}
	}
	if len(shown) > maxShown {
		shown = strings.ToValidUTF8(shown[:maxShown], "") + "…"
	}
	return shown
}

// nesting is how deeply valid JSON is nested.
func nesting(text []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++ // whatever is escaped cannot end the string
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}
