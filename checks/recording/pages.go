package recording

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/publicsuffix"

	"outrider/checks/draft"
)

// findPlaces decides for every target but the main page whether it is a page of
// its own or a frame. The recording names both by their URL only: a frame has a
// target of its own where its site is another one's than the page's.
func (t *translation) findPlaces(acts []act) {
	site := ""
	for i := range acts {
		a := &acts[i]
		if a.Target == "" {
			if a.do == "navigate" {
				site = siteOf(a.URL)
			}
			for _, e := range a.events() {
				if e.URL != "" {
					site = siteOf(e.URL)
				}
			}
			continue
		}
		if _, known := t.places[a.Target]; known {
			continue
		}
		page, sure := t.isPage(acts[i:], a.Target, site)
		var p place
		if page {
			p.page = t.pageName(a.Target)
		} else {
			p.frame = draft.Flow(draft.Mapping(draft.Pair{Key: "css", Value: draft.Text(frameSelector(a.Target))}))
		}
		if !sure {
			what, other := "a frame of the page", "a window of its own: give the step that opens it popup: NAME, and leave out frame:"
			if page {
				what, other = "a window of its own", "a frame of the page: give its steps frame: and leave out popup: and switch:"
			}
			p.doubt = fmt.Sprintf("the recording does not tell what %s is: it is taken for %s. If it is %s", withoutQuery(a.Target), what, other)
		}
		t.places[a.Target] = p
	}
}

var (
	signInPlaces = regexp.MustCompile(`(?i)accounts\.google|login\.microsoftonline|appleid\.apple|oauth|openid|/authorize|signin|sign-in|login|sso\b`)
	// What is closed, opened or given a size is a page.
	pageTypes = regexp.MustCompile(`^(close|navigate|setViewport|emulateNetworkConditions)$`)
)

// isPage tells whether a target is a page of its own, and whether that is sure.
func (t *translation) isPage(acts []act, target, site string) (page, sure bool) {
	for i := range acts {
		if acts[i].Target == target && pageTypes.MatchString(acts[i].do) {
			return true, true
		}
	}
	if s := siteOf(target); s == "" || s == site {
		return true, true // a frame of the same site would have no target
	}
	if signInPlaces.MatchString(target) {
		return true, false
	}
	for i := range acts {
		if acts[i].Target == "" {
			return false, false // the journey goes on around it
		}
	}
	return true, false
}

// siteOf is what browsers isolate: scheme and registrable domain.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if site, err := publicsuffix.EffectiveTLDPlusOne(u.Hostname()); err == nil {
		return u.Scheme + "://" + site
	}
	return u.Scheme + "://" + u.Hostname()
}

// frameSelector finds the iframe of a URL. Its query is another one each time.
func frameSelector(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return "iframe"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return `iframe[src^="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\a `).Replace(u.String()) + `"]`
}

// pageName names a page by its path or host.
func (t *translation) pageName(target string) string {
	name := "page"
	if u, err := url.Parse(target); err == nil {
		parts := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' || r == '.' })
		if len(parts) > 0 && !draft.Volatile(parts[len(parts)-1]) {
			name = draft.ID(parts[len(parts)-1], "page")
		} else if host, _, _ := strings.Cut(strings.TrimPrefix(u.Hostname(), "www."), "."); host != "" {
			name = draft.ID(host, "page")
		}
	}
	name = strings.TrimLeft(name, "0123456789-._")
	const longest = 28 // of 32, with a number
	if name = strings.TrimRight(name[:min(len(name), longest)], "-"); name == "" || name == mainPage {
		name = "page"
	}
	free := name
	for n := 2; t.pageTaken(free); n++ {
		free = fmt.Sprintf("%s%d", name, n)
	}
	return free
}

func (t *translation) pageTaken(name string) bool {
	for _, p := range t.places {
		if p.page == name {
			return true
		}
	}
	return false
}

// enter goes to where a step is done and gives the way to its frame. It is
// false if there is none.
func (t *translation) enter(a *act) (frame *yaml.Node, ok bool) {
	page, frames := mainPage, []*yaml.Node{}
	if a.Target != "" {
		p := t.places[a.Target]
		if p.doubt != "" {
			t.remark(a.Step, "%s", p.doubt)
			p.doubt = ""
			t.places[a.Target] = p
		}
		if p.frame != nil {
			frames = append(frames, p.frame)
		} else {
			page = p.page
		}
		if p.page != "" && !p.open {
			p = t.open(a, p)
			t.places[a.Target] = p
			page, t.here = p.page, p.page
		}
	}
	if page != t.here {
		t.emit(&act{Step: a.Step}, "switch", draft.Word(page))
		t.here = page
	}
	for _, index := range a.Frame {
		frames = append(frames, draft.Number(int64(index)))
	}
	if len(frames) > maxFrames {
		t.remark(a.Step, "is in a frame that is %d deep: at most %d can be written, it is not carried over", len(frames), maxFrames)
		return nil, false
	}
	switch len(frames) {
	case 0:
		return nil, true
	case 1:
		return clone(frames[0]), true
	}
	list := draft.Flow(draft.List())
	for _, f := range frames {
		list.Content = append(list.Content, clone(f))
	}
	return list, true
}

// clone copies a node that stands in several places.
func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	for _, child := range n.Content {
		c.Content = append(c.Content, clone(child))
	}
	return &c
}

// open has the last step open a page. Where none can have done it, the page is
// opened in place of the one that is there.
func (t *translation) open(a *act, p place) place {
	p.open = true
	if n := len(t.out.Steps); n > 0 {
		keys := t.out.Steps[n-1].Keys
		verb := keys.Content[0].Value
		if !hasKey(keys, "popup") && strings.Contains(" click double_click press fill select check hover expect key_up ", " "+verb+" ") {
			name := draft.Word(p.page)
			name.Line, name.Column = a.Line, a.Column
			// What the step leads to is the new page, not another one in its place.
			keys.Content = dropKey(keys.Content, "navigation")
			draft.Set(keys, "popup", name)
			return p
		}
	}
	p.page = t.here
	if a.do == "navigate" && len(t.out.Steps) == 0 {
		return p
	}
	t.remark(a.Step, "no step before it can have opened %s: it is opened in place of the page that is there", withoutQuery(a.Target))
	if u, err := url.Parse(a.Target); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && a.do != "navigate" {
		t.emit(&act{Step: a.Step}, "goto", draft.Word(t.address(u)))
	}
	return p
}

func dropKey(content []*yaml.Node, key string) []*yaml.Node {
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == key {
			return append(content[:i:i], content[i+2:]...)
		}
	}
	return content
}

// close closes a page. That of the journey closes at its end.
func (t *translation) close(a *act) {
	p, known := t.places[a.Target]
	switch {
	case a.Target == "" || !known:
		t.note(a.Step, "the page is closed when the journey ends: the step is left out")
	case !p.open:
		t.remark(a.Step, "closes %s, in which nothing was done: it is left out", withoutQuery(a.Target))
	case p.page == mainPage:
		t.note(a.Step, "the page is closed when the journey ends: the step is left out")
	default:
		t.emit(a, "close", draft.Word(p.page), t.stepOptions(&act{Step: &Step{Timeout: a.Timeout}}, false)...)
		p.open = false
		t.places[a.Target] = p
		if t.here == p.page {
			t.here = mainPage
		}
	}
}
