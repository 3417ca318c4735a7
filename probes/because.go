package probes

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"outrider/checks"
)

// Because says in words what made a vital of the step's page what it is, as far
// as that is known: "the image /hero.jpg began to load 1.2 s late". It is empty
// if there is nothing to say.
func (s *Step) Because(vital checks.Vital) string {
	if s.Vitals.Of(vital) == nil {
		return ""
	}
	if vital == checks.VitalTBT {
		return s.becauseTBT()
	}
	c := s.Vitals.Causes
	if c == nil {
		return ""
	}
	switch {
	case vital == checks.VitalLCP && c.LCP != nil:
		return s.becauseLCP(c.LCP)
	case vital == checks.VitalCLS && c.CLS != nil:
		return becauseCLS(c.CLS)
	case vital == checks.VitalINP && c.INP != nil:
		return s.becauseINP(c.INP)
	case vital == checks.VitalFCP && c.FCP != nil:
		return largest(
			part{c.FCP.TTFB, "the first byte came after %s"},
			part{c.FCP.RenderDelay, "the page was painted %s after its first byte"})
	case vital == checks.VitalTTFB && c.TTFB != nil:
		return largest(
			part{c.TTFB.Waiting, "redirects and the browser itself took %s"},
			part{c.TTFB.Cache, "looking into the cache took %s"},
			part{c.TTFB.Resolve, "resolving the name took %s"},
			part{c.TTFB.Connect, "connecting took %s"},
			part{c.TTFB.Request, "the server took %s"})
	}
	return ""
}

// part is a part of a vital, in milliseconds, and the words for it.
type part struct {
	ms    float64
	words string
}

// largest says which part was the largest; nothing if none is worth a word.
func largest(parts ...part) string {
	p := slices.MaxFunc(parts, func(a, b part) int { return cmp.Compare(a.ms, b.ms) })
	if p.ms < 1 {
		return ""
	}
	return fmt.Sprintf(p.words, figure(p.ms))
}

func (s *Step) becauseLCP(c *LCPCause) string {
	what := "the largest element"
	switch {
	case c.URL != "":
		what = "the image " + s.shortAddress(c.URL)
	case c.Target != "":
		what = "the text in " + c.Target
	}
	// The words are put together, not formatted: a page may name its elements
	// as it likes.
	words := func(before, after string) string {
		return strings.ReplaceAll(before, "%", "%%") + after
	}
	if c.URL == "" {
		return largest(
			part{c.TTFB, words(what, " is the largest; the first byte came after %s")},
			part{c.LoadDelay + c.LoadDuration + c.RenderDelay, words(what, " was painted %s after the first byte")})
	}
	return largest(
		part{c.TTFB, words(what, " is the largest; the first byte of the page came after %s")},
		part{c.LoadDelay, words(what, " began to load %s late")},
		part{c.LoadDuration, words(what, " took %s to load")},
		part{c.RenderDelay, words(what, " was painted %s after it was loaded")})
}

func becauseCLS(c *CLSCause) string {
	what := "something"
	if c.Target != "" {
		what = c.Target
	}
	text := fmt.Sprintf("%s moved by %.2g, %s after the start", what, c.Shift, figure(c.At))
	if c.State == "complete" {
		text += ", when the page was loaded"
	}
	return text
}

func (s *Step) becauseINP(c *INPCause) string {
	what := "the input"
	switch c.Event {
	case "pointer":
		what = "the click"
	case "keyboard":
		what = "the key"
	}
	if c.Target != "" {
		what += " on " + strings.ReplaceAll(c.Target, "%", "%%")
	}
	text := largest(
		part{c.InputDelay, what + " waited %s for other work of the page"},
		part{c.Processing, "handling " + what + " took %s"},
		part{c.Presentation, what + " was handled %s before its result was painted"})
	if script := s.scriptName(c.Script); text != "" && script != "" {
		text += "; " + script
	}
	return text
}

func (s *Step) becauseTBT() string {
	if s.Page == nil || s.Page.LongTasks == 0 {
		return ""
	}
	text := fmt.Sprintf("%d long tasks", s.Page.LongTasks)
	if s.Page.LongTasks == 1 {
		text = "a long task"
	}
	text += " of " + figure(float64(s.Page.LongTaskTime)/1e6)
	if s.Page.LongTasks > 1 {
		text += " together"
	}
	if script := s.scriptName(s.Page.Script); script != "" {
		text += "; " + script
	}
	return text
}

// scriptName says which script ran longest, and for how long.
func (s *Step) scriptName(c *ScriptCause) string {
	if c == nil || c.Duration < 1 {
		return ""
	}
	name := c.Function
	if name == "" {
		name = c.Invoker
	}
	switch where := s.shortAddress(c.URL); {
	case name == "" && where == "":
		return ""
	case name == "" || name == c.URL:
		name = where
	case where != "":
		name += " in " + where
	}
	return fmt.Sprintf("%s ran %s", name, figure(c.Duration))
}

// shortAddress is a URL without what it has in common with that of the page.
func (s *Step) shortAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	for _, page := range []string{s.Vitals.softNavigation(), s.httpURL()} {
		if p, err := url.Parse(page); err == nil && p.Host == u.Host {
			return u.EscapedPath()
		}
	}
	return u.Host + u.EscapedPath()
}

func (v *Vitals) softNavigation() string {
	if v == nil {
		return ""
	}
	return v.SoftNavigation
}

func (s *Step) httpURL() string {
	if s.HTTP == nil {
		return ""
	}
	return s.HTTP.URL
}

// figure writes milliseconds for reading: 340 ms, 1.2 s.
func figure(ms float64) string {
	if ms < 999.5 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}
