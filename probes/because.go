package probes

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"outrider/checks"
)

// Because says in words what made a vital of a step's page what it is, as far as
// that is known: "the image /hero.jpg began to load 1.2 s late". It is empty if
// there is nothing to say.
func (r *Run) Because(step int, vital checks.Vital) string {
	s := &r.Steps[step]
	if s.Vitals.Of(vital) == nil || s.Vitals.Causes == nil {
		return ""
	}
	c, page := s.Vitals.Causes, r.pageOf(step)
	since := "the first byte"
	if s.Vitals.SoftNavigation != "" {
		since = "the interaction"
	}
	switch {
	case vital == checks.VitalLCP && c.LCP != nil:
		return page.becauseLCP(c.LCP, since)
	case vital == checks.VitalCLS && c.CLS != nil:
		return becauseCLS(c.CLS)
	case vital == checks.VitalINP && c.INP != nil:
		return page.becauseINP(c.INP)
	case vital == checks.VitalTBT && c.TBT != nil:
		return page.becauseTBT(c.TBT)
	case vital == checks.VitalFCP && c.FCP != nil:
		return largest(
			part{c.FCP.TTFB, "the first byte came after %s"},
			part{c.FCP.RenderDelay, "the first paint came %s after " + since})
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

func (p pageAddress) becauseLCP(c *LCPCause, since string) string {
	what := "the largest element"
	switch {
	case c.URL != "":
		what = "the image " + p.shorten(c.URL)
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
			part{c.LoadDelay + c.LoadDuration + c.RenderDelay, words(what, " was painted %s after "+since)})
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

func (p pageAddress) becauseINP(c *INPCause) string {
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
	if script := p.scriptName(c.Script); text != "" && script != "" {
		text += "; " + script
	}
	return text
}

func (p pageAddress) becauseTBT(c *TBTCause) string {
	text := "a task took " + figure(c.Longest)
	if c.Tasks > 1 {
		text = fmt.Sprintf("the longest of %d long tasks took %s", c.Tasks, figure(c.Longest))
	}
	if script := p.scriptName(c.Script); script != "" {
		text += "; " + script
	}
	return text
}

// scriptName says which script ran longest, and for how long.
func (p pageAddress) scriptName(c *ScriptCause) string {
	if c == nil || c.Duration < 1 {
		return ""
	}
	name := c.Function
	if name == "" {
		name = c.Invoker
	}
	switch where := p.shorten(c.URL); {
	case name == "" && where == "":
		return ""
	case name == "" || name == c.URL:
		name = where
	case where != "":
		name += " in " + where
	}
	return fmt.Sprintf("%s ran %s", name, figure(c.Duration))
}

// pageAddress is the host of the page that words are about.
type pageAddress string

// pageOf gives the page that a step left behind, as far as the run tells.
func (r *Run) pageOf(step int) pageAddress {
	for i := step; i >= 0; i-- {
		if h := r.Steps[i].HTTP; h != nil {
			if u, err := url.Parse(h.URL); err == nil {
				return pageAddress(u.Host)
			}
		}
	}
	return ""
}

// shorten takes out of a URL what it has in common with that of the page.
func (p pageAddress) shorten(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	if u.Host == string(p) {
		return u.EscapedPath()
	}
	return u.Host + u.EscapedPath()
}

// figure writes milliseconds for reading: 340 ms, 1.2 s.
func figure(ms float64) string {
	if ms < 999.5 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}
