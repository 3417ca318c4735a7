package checks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// setupDraft is what is noted beside a Setting while it is read.
type setupDraft struct {
	sized     bool     // a viewport was given
	signedPos Position // of signed_in_by
}

// The bounds of what a journey can bring along.
const (
	maxCookies     = 100
	maxStored      = 100
	maxLocale      = 35
	maxSignedInFor = 30 * 24 * time.Hour
)

var setupKeys = []key[browserDraft]{
	{name: "device", doc: "The device to stand for: phone, tablet or desktop, with viewport, scale, touch screen and user agent. Default: none, the browser as it is.",
		form: form{"enum": []string{"phone", "tablet", "desktop"}}, instead: []string{"emulate"},
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.Device)(choice[Device](d, n, []string{"phone", "tablet", "desktop"}))
		}},
	{name: "locale", doc: "Language and region, such as de-DE: what pages are asked for in, and how they write numbers and dates.", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.Locale)(parsed(d, n, "a locale such as de-DE", parseLocale))
		}, instead: []string{"language", "lang"}},
	{name: "timezone", doc: "The time zone of the browser (IANA name). Default: the machine's.", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			if z, ok := parsed(d, n, "a time zone such as Europe/Berlin", d.zone); ok {
				o.Timezone = z.String()
			}
		}, instead: []string{"zone", "time_zone", "tz"}},
	{name: "color_scheme", doc: "The colours that the person prefers: light or dark.", form: form{"enum": []string{"light", "dark"}},
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.ColorScheme)(choice[ColorScheme](d, n, []string{"light", "dark"}))
		}, instead: []string{"colour_scheme", "theme"}},
	{name: "reduced_motion", doc: "Whether the person prefers pages without motion.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { set(&o.ReducedMotion)(d.boolean(n)) }},
	{name: "geolocation", doc: "Where the person is: latitude and longitude in degrees, such as \"52.5,13.4\". Grants the permission.", form: form{"type": "string"},
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.Geolocation)(parsed(d, n, "latitude and longitude such as \"52.5,13.4\"", parseGeolocation))
		}, instead: []string{"location", "position"}},
	{name: "permissions", doc: "What pages may do without asking.", form: orList(form{"enum": permissionNames[:]}),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			o.Permissions = nil
			for _, item := range d.itemsOrOne(n) {
				if p, ok := choice[Permission](d, item, permissionNames[:]); ok && !slices.Contains(o.Permissions, p) {
					o.Permissions = append(o.Permissions, p)
				}
			}
		}, instead: []string{"permission", "grant"}},
	{name: "auth", doc: "User name and password, or a bearer token, for the site that goto steps open; no third party gets them.", form: ref("browser_auth"),
		read: readBrowserAuth, instead: []string{"basic", "basic_auth", "credentials"}},
	{name: "cookies", doc: "Cookies that are there before the first page: values, or {value, domain, path, secure, http_only}.", form: mapOf(anyOf(textForm, ref("cookie"))),
		read: readBrowserCookies},
	{name: "local_storage", doc: "What the local storage of the site that goto steps open holds before the first page.", form: mapOf(textForm),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { o.LocalStorage = d.stored(n) }, instead: []string{"localstorage"}},
	{name: "session_storage", doc: "What its session storage holds before the first page.", form: mapOf(textForm),
		read: func(d *decoder, n *yaml.Node, o *browserDraft) { o.SessionStorage = d.stored(n) }, instead: []string{"sessionstorage"}},
	{name: "signed_in_by", doc: "The id of the check whose journey signs in for this one: it is done once, and its cookies and storage are used until they are too old or a run with them fails.", form: idForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			set(&o.SignedInBy)(d.id(n))
			o.setup.signedPos = d.at(n)
		}, instead: []string{"login", "sign_in", "signin"}},
	{name: "signed_in_for", doc: "How long a sign-in is used for. Default: 1h.", form: durationForm,
		read: func(d *decoder, n *yaml.Node, o *browserDraft) {
			if v, ok := d.duration(n, time.Second); ok {
				if v > maxSignedInFor {
					d.problem(n, "write at most %s", formatDuration(maxSignedInFor))
					return
				}
				o.SignedInFor = v
			}
		}},
}

// options gives what was read, with what follows from it.
func (o *browserDraft) options() BrowserOptions {
	options := o.BrowserOptions
	if options.Device != DeviceOwn && !o.setup.sized {
		options.Width, options.Height = 0, 0 // the device's
	}
	if options.SignedInBy != "" && options.SignedInFor == 0 {
		options.SignedInFor = DefaultSignedInFor
	}
	return options
}

// judgeStatus lets a goto take any status where the step after it judges it.
func judgeStatus(steps []Step) {
	for i := range steps[:max(len(steps)-1, 0)] {
		g, isGoto := steps[i].Action.(*Goto)
		e, isExpect := steps[i+1].Action.(*Expect)
		if isGoto && isExpect && e.Status != nil {
			g.AnyStatus = true
		}
	}
}

// localeForm is a language tag as far as browsers and people use them: language,
// script, region, variants (RFC 5646).
var localeForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

func parseLocale(s string) (string, error) {
	if len(s) > maxLocale || !localeForm.MatchString(s) {
		return "", errors.New("write a language and a region, such as de-DE")
	}
	return s, nil
}

// parseGeolocation reads "52.5,13.4": degrees north and east.
func parseGeolocation(s string) (*Geolocation, error) {
	errForm := errors.New("write latitude and longitude in degrees, such as \"52.5,13.4\"")
	north, east, ok := strings.Cut(s, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(north), 64)
	long, err2 := strconv.ParseFloat(strings.TrimSpace(east), 64)
	if !ok || err1 != nil || err2 != nil || !(lat >= -90 && lat <= 90) || !(long >= -180 && long <= 180) {
		return nil, errForm
	}
	const street = 10 // metres: what phones give outdoors
	return &Geolocation{Latitude: lat, Longitude: long, Accuracy: street}, nil
}

var browserAuthObject = object[Auth]{name: "browser_auth", noun: "auth", doc: "User name and password, or a bearer token.",
	sample: `a user name and a password, such as {username: ann, password: "${secret:SHOP_PASSWORD}"}, or {bearer: "${secret:TOKEN}"}`,
	keys: append(slices.Clone(basicObject.keys), key[Auth]{name: "bearer", doc: "A bearer token (RFC 6750), such as ${secret:API_TOKEN}.", form: textForm,
		read: func(d *decoder, n *yaml.Node, a *Auth) { set(&a.Bearer)(d.someTemplate(n)) }, instead: []string{"token"}}),
	rules: form{"oneOf": []form{{"required": []string{"username"}}, {"required": []string{"bearer"}}}}}

// readBrowserAuth reads what the site is shown of who the person is.
func readBrowserAuth(d *decoder, n *yaml.Node, o *browserDraft) {
	var a Auth
	before := len(d.problems)
	if _, ok := browserAuthObject.decode(d, n, &a); !ok {
		return
	}
	d.sameInEveryRun(n, "auth", a.Username, a.Password, a.Bearer)
	switch basic := !a.Username.IsZero() || !a.Password.IsZero(); {
	case len(d.problems) > before:
		return
	case basic && !a.Bearer.IsZero():
		d.problem(n, "username and bearer exclude each other: keep one")
		return
	case !basic && a.Bearer.IsZero():
		d.problem(n, "needs username and password, or bearer")
		return
	case basic && a.Username.IsZero():
		d.problem(n, "needs username")
		return
	}
	d.warnLiteralSecret(n, "password", a.Password)
	d.warnLiteralSecret(n, "token", a.Bearer)
	d.deriveBasic(&a)
	o.Auth = &a
}

// sameInEveryRun refuses texts that depend on what a step captures: there is no
// step yet.
func (d *decoder) sameInEveryRun(n *yaml.Node, what string, texts ...Template) {
	for _, t := range texts {
		if slices.ContainsFunc(t.parts, func(p part) bool { return p.variable != "" }) {
			d.problem(n, "%s is set up before the first step: captured values cannot be used here", what)
		}
	}
	d.uses = nil
}

// cookieDraft is a cookie while it is read.
type cookieDraft struct {
	BrowserCookie
	given bool
}

var cookieObject = object[cookieDraft]{name: "cookie", noun: "a cookie", doc: "A cookie that is there before the first page.",
	sample: `a value, or {value: "1", domain: shop.example}`,
	keys: []key[cookieDraft]{
		{name: "value", doc: "Its value.", form: textForm,
			read: func(d *decoder, n *yaml.Node, c *cookieDraft) {
				c.given = true
				set(&c.Value)(d.template(n))
			}},
		{name: "domain", doc: "The host that gets it, with a dot before it those below as well. Default: the hosts of the goto steps.", form: textForm,
			read: func(d *decoder, n *yaml.Node, c *cookieDraft) {
				v, ok := d.text(n, "a host such as shop.example")
				if ok && (v == "" || len(v) > 253 || strings.ContainsAny(v, "/:@?# ") || !httpguts.ValidHostHeader(v)) {
					d.problem(n, "found %q: write a host such as shop.example, without scheme and port", cut(v))
					return
				}
				c.Domain = strings.ToLower(v)
			}, instead: []string{"host"}},
		{name: "path", doc: "The path below which it is sent. Default: /.", form: textForm,
			read: func(d *decoder, n *yaml.Node, c *cookieDraft) {
				v, ok := d.text(n, "a path such as /account")
				if ok && (!strings.HasPrefix(v, "/") || strings.ContainsAny(v, "; \t\r\n")) {
					d.problem(n, "found %q: write a path such as /account", cut(v))
					return
				}
				c.Path = v
			}},
		{name: "secure", doc: "Whether it is sent over HTTPS only.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, c *cookieDraft) { set(&c.Secure)(d.boolean(n)) }},
		{name: "http_only", doc: "Whether it is kept from scripts.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, c *cookieDraft) { set(&c.HTTPOnly)(d.boolean(n)) }, instead: []string{"httponly"}},
	}, rules: form{"required": []string{"value"}}}

func readBrowserCookies(d *decoder, n *yaml.Node, o *browserDraft) {
	o.Cookies = nil
	entries, _ := d.entries(n, `cookies with their values, such as {consent: "1"}`)
	if len(entries) > maxCookies {
		d.problem(n, "has %d cookies: write at most %d", len(entries), maxCookies)
		return
	}
	for _, e := range entries {
		if !httpguts.ValidHeaderFieldName(e.name) { // both are tokens (RFC 6265, 4.1.1)
			d.problem(e.key, "%q is no name of a cookie: write letters, digits, _ and -", cut(e.name))
			continue
		}
		d.within("cookies."+cut(e.name), func() {
			c := cookieDraft{BrowserCookie: BrowserCookie{Name: e.name}}
			if d.isScalar(e.value) {
				set(&c.Value)(d.template(e.value))
			} else if _, ok := cookieObject.decode(d, e.value, &c); ok && !c.given {
				d.problem(e.value, "needs value")
			}
			d.sameInEveryRun(e.value, "a cookie", c.Value)
			if v, ok := c.Value.Constant(); ok && !httpguts.ValidHeaderFieldValue(v) || strings.ContainsRune(v, ';') {
				d.problem(e.value, "has a semicolon or a control character: a cookie cannot hold it")
			}
			o.Cookies = append(o.Cookies, c.BrowserCookie)
		})
	}
}

// stored reads the items of a storage. A mapping or a list is kept as JSON,
// since that is how pages keep them.
func (d *decoder) stored(n *yaml.Node) []Field {
	var fields []Field
	entries, _ := d.entries(n, "keys with their values, such as {theme: dark}")
	if len(entries) > maxStored {
		d.problem(n, "has %d items: write at most %d", len(entries), maxStored)
		return nil
	}
	for _, e := range entries {
		d.within(d.key+"."+cut(e.name), func() {
			t, ok := d.template(e.value)
			d.sameInEveryRun(e.value, "storage", t)
			if ok {
				fields = append(fields, Field{e.name, t})
			}
		})
	}
	return fields
}

// checkSignIns holds the checks that others name as their sign-in against those
// that exist.
func (l *loader) checkSignIns() {
	byID := map[string]*checkDraft{}
	var ids []string
	for _, c := range l.checks {
		byID[c.ID] = c
		if c.Journey.Kind == KindBrowser {
			ids = append(ids, c.ID)
		}
	}
	for _, c := range l.checks {
		by := c.Journey.Browser.SignedInBy
		switch first := byID[by]; {
		case by == "" || by == c.ID:
		case first == nil:
			if _, broken := l.checkIDs[by]; !broken {
				l.addProblem(c.browser.setup.signedPos, fmt.Sprintf("signed_in_by: unknown check %q%s", cut(by), suggestion(by, ids[:min(len(ids), 20)])))
			}
		case first.Journey.Kind != KindBrowser:
			l.addProblem(c.browser.setup.signedPos, fmt.Sprintf("signed_in_by: check %q is no browser journey: name one that is", by))
		case first.Journey.Browser.SignedInBy != "" && first.Journey.Browser.SignedInBy != by:
			l.addProblem(c.browser.setup.signedPos, fmt.Sprintf("signed_in_by: check %q does not sign in itself, but is signed in by %q: name that", by, first.Journey.Browser.SignedInBy))
		}
	}
}

// resolveSignIns gives checks the check that signs in for them: one for all
// that share it. A check that names itself, by its file's defaults say, is the
// one that signs in.
func resolveSignIns(list []Check) {
	byID := map[string]*Check{}
	for i := range list {
		if o := &list[i].Journey.Browser; o.SignedInBy == list[i].ID {
			o.SignedInBy = ""
		}
	}
	for i := range list {
		by := list[i].Journey.Browser.SignedInBy
		if by == "" {
			continue
		}
		if byID[by] == nil {
			for j := range list {
				if list[j].ID == by {
					c := list[j]
					byID[by] = &c
				}
			}
		}
		list[i].Journey.Browser.SignIn = byID[by]
	}
}
