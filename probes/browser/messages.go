package browser

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	"outrider/checks"
	"outrider/probes"
)

// messages keeps errors and warnings of a page's console with where they came
// from. (console keeps them as text, for evidence.)
type messages struct {
	list []message
	keep keeper
}

// message is one, and when it was said first.
type message struct {
	at time.Time
	probes.ConsoleMessage
}

// maxMessages bounds the different messages of a run, maxMessageText one's text
// and maxSaid what of it is looked at, in bytes.
const (
	maxMessages    = 200
	maxMessageText = 500
	maxSaid        = 64 << 10
)

// handle takes an event.
func (m *messages) handle(event any, now time.Time) {
	switch ev := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch ev.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			var parts []string
			for _, arg := range ev.Args {
				parts = append(parts, objectText(arg))
			}
			m.add(string(ev.Type), strings.Join(parts, " "), m.stack(ev.StackTrace), now)
		}
	case *runtime.EventExceptionThrown:
		d := ev.ExceptionDetails
		stack := m.stack(d.StackTrace)
		if stack == nil && d.URL != "" {
			stack = []string{m.place("", d.URL, d.LineNumber, d.ColumnNumber)}
		}
		text := d.Text
		if d.Exception != nil {
			// An error's description ends with its stack.
			if what, _, _ := strings.Cut(objectText(d.Exception), "\n    at "); what != "" {
				text = what
			}
		}
		m.add("exception", strings.TrimPrefix(text, "Uncaught "), stack, now)
	case *log.EventEntryAdded:
		// Requests that failed are listed by themselves.
		if e := ev.Entry; e.Level == log.EntryLevelError && e.Source != log.EntrySourceNetwork {
			stack := m.stack(e.StackTrace)
			if stack == nil && e.URL != "" {
				stack = []string{m.place("", e.URL, e.LineNumber, 0)}
			}
			m.add(string(e.Source), e.Text, stack, now)
		}
	}
}

// add keeps a message, or counts it if it was said before.
func (m *messages) add(kind, text string, stack []string, now time.Time) {
	text = m.text(text)
	for i := range slices.Backward(m.list) {
		said := &m.list[i]
		if said.Kind == kind && said.Text == text && slices.Equal(said.Stack, stack) {
			said.Count = max(said.Count, 1) + 1
			return
		}
	}
	if len(m.list) < maxMessages {
		m.list = append(m.list, message{now, probes.ConsoleMessage{Kind: kind, Text: text, Stack: stack}})
	}
}

// text makes a message fit: secrets first.
func (m *messages) text(text string) string {
	cut := len(text) > maxSaid
	if cut {
		text = text[:maxSaid]
	}
	if m.keep.hide != nil {
		text = m.keep.hide(text)
	}
	if cut && len(text) <= maxMessageText {
		return checks.Redacted
	}
	return shorten(strings.ToValidUTF8(text, "\uFFFD"), maxMessageText)
}

// stack gives the innermost frames.
func (m *messages) stack(t *runtime.StackTrace) []string {
	if t == nil {
		return nil
	}
	var list []string
	for _, f := range t.CallFrames {
		if len(list) == probes.MaxStack {
			break
		}
		list = append(list, m.place(f.FunctionName, f.URL, f.LineNumber, f.ColumnNumber))
	}
	return list
}

// place names a place in a script; lines and columns count from 0.
func (m *messages) place(function, url string, line, column int64) string {
	where := fmt.Sprintf("%s:%d:%d", m.keep.address(url), line+1, column+1)
	if function == "" {
		return where
	}
	return m.keep.text(function) + " (" + where + ")"
}

// during gives what was said first in a time.
func (m *messages) during(from, next time.Time) []probes.ConsoleMessage {
	var list []probes.ConsoleMessage
	for i := range m.list {
		if at := m.list[i].at; !at.Before(from) && at.Before(next) && len(list) < probes.MaxConsole {
			list = append(list, m.list[i].ConsoleMessage)
		}
	}
	return list
}
