package browser

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// console keeps what a page says on its console, within bounds: errors and
// warnings, uncaught exceptions, failed requests, dialogs and pop-ups.
type console struct {
	lines      []string
	bytes      int
	dropped    int
	exceptions []exception         // the last uncaught ones, newest last
	errors     []string            // the first lines that tell of an error
	hide       func(string) string // takes secrets out, before anything is cut
}

// exception is an uncaught exception.
type exception struct {
	at   time.Time
	text string
}

const (
	maxConsoleLines = 300
	maxConsoleBytes = 64 << 10
	maxConsoleLine  = 1000
	maxExceptions   = 20
	maxErrors       = 100
)

// isError tells whether a line of a kind tells of an error.
func isError(kind string) bool {
	switch kind {
	case string(runtime.ConsoleAPICalledTypeWarning), "dialog", "pop-up":
		return false
	}
	return true
}

// add keeps a line of a kind.
func (c *console) add(kind, text string) {
	line := kind + ": " + c.cut(text, maxConsoleLine)
	if isError(kind) && len(c.errors) < maxErrors {
		c.errors = append(c.errors, line)
	}
	if len(c.lines) >= maxConsoleLines || c.bytes+len(line) > maxConsoleBytes {
		c.dropped++
		return
	}
	c.lines = append(c.lines, line)
	c.bytes += len(line)
}

// cut makes a text fit to be shown. Secrets go first: the half of one that a
// cut leaves could not be told any more.
func (c *console) cut(text string, limit int) string {
	if c.hide != nil {
		text = c.hide(text)
	}
	return shorten(text, limit)
}

// call keeps what a script logged as an error or a warning.
func (c *console) call(ev *runtime.EventConsoleAPICalled) {
	switch ev.Type {
	case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
	default:
		return
	}
	var parts []string
	for _, arg := range ev.Args {
		parts = append(parts, objectText(arg))
	}
	c.add(string(ev.Type), strings.Join(parts, " "))
}

// exception keeps an uncaught exception.
func (c *console) exception(d *runtime.ExceptionDetails, now time.Time) {
	text := c.cut(exceptionText(d), maxConsoleLine/2)
	c.add("exception", text)
	if len(c.exceptions) == maxExceptions {
		c.exceptions = append(c.exceptions[:0], c.exceptions[1:]...)
	}
	c.exceptions = append(c.exceptions, exception{now, text})
}

// thrown gives the last exception of a time, or nothing.
func (c *console) thrown(from, till time.Time) string {
	for _, e := range slices.Backward(c.exceptions) {
		if !e.at.Before(from) && e.at.Before(till) {
			return e.text
		}
	}
	return ""
}

// entry keeps what the browser itself had to complain of, such as a request
// that failed.
func (c *console) entry(e *log.Entry) {
	if e.Level != log.EntryLevelError {
		return
	}
	text := e.Text
	if e.URL != "" {
		text += " (" + e.URL + ")"
	}
	c.add(string(e.Source), text)
}

// text gives all that was kept, one line each.
func (c *console) text() string {
	if len(c.lines) == 0 {
		return ""
	}
	text := strings.Join(c.lines, "\n") + "\n"
	if c.dropped > 0 {
		text += fmt.Sprintf("(%d more)\n", c.dropped)
	}
	return text
}

// exceptionText gives an exception as one line: what and where.
func exceptionText(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil {
		if what, _, _ := strings.Cut(objectText(d.Exception), "\n"); what != "" {
			text = what
		}
	}
	text = strings.TrimPrefix(text, "Uncaught ")
	if d.URL != "" {
		text += fmt.Sprintf(" (%s:%d)", d.URL, d.LineNumber+1)
	}
	return text
}

// objectText gives a script's value as text.
func objectText(o *runtime.RemoteObject) string {
	switch {
	case o == nil:
		return ""
	case o.Description != "":
		return o.Description
	case len(o.Value) > 0:
		return string(bytes.Trim(o.Value, `"`))
	case o.UnserializableValue != "":
		return string(o.UnserializableValue)
	}
	return string(o.Type)
}

// shorten cuts a text to at most limit bytes, between characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit - len("…")
	for cut > 0 && text[cut]&0xC0 == 0x80 {
		cut--
	}
	return text[:cut] + "…"
}
