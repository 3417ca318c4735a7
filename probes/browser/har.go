package browser

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"outrider/checks"
	"outrider/probes/har"
)

const (
	// maxHARText bounds one address or value of a header, in bytes.
	maxHARText = 4 << 10
	// maxHeaders bounds the headers of a request or an answer.
	maxHeaders = 100
)

// harName is the name of the archive among the artifacts of a run.
const harName = "network.har"

// newHAR makes an empty HAR of a browser.
func newHAR(browser string) *har.Archive {
	name, version, _ := strings.Cut(browser, " ")
	return &har.Archive{Log: har.Log{
		Version: "1.2", Creator: har.Tool{Name: "Outrider", Version: "1"}, Browser: &har.Tool{Name: name, Version: version}, Entries: []har.Entry{},
	}}
}

// addTo adds what was kept of a tab to a HAR. The caller holds the observer's
// lock.
func (a *archive) addTo(out *har.Archive, stepAt func(time.Time) string, hide func(string) string) {
	m := masker{hide: hide}
	ids := map[*shownPage]string{}
	out.Log.LeftOut += a.leftOut
	for _, p := range a.pages {
		if len(out.Log.Pages) >= har.MaxPages {
			break
		}
		ids[p] = "page_" + strconv.Itoa(len(out.Log.Pages)+1)
		out.Log.Pages = append(out.Log.Pages, har.Page{
			Started: clockTime(p.wall), ID: ids[p], Title: m.address(p.url), Timings: p.timings(), Step: stepAt(p.begun),
		})
	}
	for i, f := range a.entries {
		if len(out.Log.Entries) >= har.MaxEntries {
			out.Log.LeftOut += len(a.entries) - i
			break
		}
		e := f.entry(m)
		e.Page, e.Step = ids[f.page], stepAt(f.begun)
		out.Log.Entries = append(out.Log.Entries, e)
	}
}

// timings gives a page's, since its start.
func (p *shownPage) timings() har.PageTimings {
	since := func(at float64) *float64 {
		if at <= p.issued {
			return nil
		}
		return new(round((at - p.issued) * 1000))
	}
	t := har.PageTimings{ContentLoad: since(p.contentLoad), Load: since(p.load)}
	if p.document != nil {
		v := p.document.page.first()
		t.FCP, t.LCP = v.FCP, v.LCP
	}
	return t
}

// entry is a request as a HAR has it.
func (f *fetched) entry(m masker) har.Entry {
	e := har.Entry{
		Started: clockTime(f.wall), Type: strings.ToLower(string(f.kind)), Timings: f.timings(),
		Blocked: f.fate == fateBlocked, Stubbed: f.fate == fateStubbed, Pending: f.ended == 0,
		Error: shorten(f.failed, 200),
	}
	e.Time = round(e.Timings.Total())
	method := f.request.Method
	if method == "" {
		method = "GET"
	}
	e.Request = har.Request{
		Method: shorten(m.hide(method), 50), URL: m.address(f.request.URL), Cookies: []har.Cookie{}, Headers: m.headers(f.request.Headers),
		HeadersSize: -1, BodySize: 0,
	}
	if f.request.HasPostData {
		e.Request.BodySize = -1
	}
	e.Request.Query = queryOf(e.Request.URL)
	e.Response = har.Response{Cookies: []har.Cookie{}, Headers: []har.Pair{}, HeadersSize: -1, BodySize: -1}
	r := f.response
	if r == nil {
		return e
	}
	e.Response.Status = int(max(0, min(r.Status, 999)))
	e.Response.StatusText = shorten(m.hide(r.StatusText), 100)
	e.Response.HTTPVersion = protocolName(r.Protocol)
	e.Request.HTTPVersion = e.Response.HTTPVersion
	e.Response.Headers = m.headers(r.Headers)
	e.Response.Content = har.Content{Size: f.body, MimeType: shorten(m.hide(r.MimeType), 100)}
	if f.encoded >= 0 {
		// What came before the body is known only where there is a body.
		head := min(max(int64(r.EncodedDataLength), 0), f.encoded)
		e.Response.HeadersSize, e.Response.BodySize = head, f.encoded-head
		if saved := f.body - e.Response.BodySize; saved > 0 && e.Response.BodySize > 0 {
			e.Response.Content.Compression = saved
		}
	}
	for name, value := range r.Headers {
		if text, ok := value.(string); ok && strings.EqualFold(name, "Location") && r.Status/100 == 3 {
			e.Response.RedirectURL = m.address(text)
		}
	}
	e.Address = strings.Trim(r.RemoteIPAddress, "[]")
	if r.ConnectionID > 0 {
		e.Connection = strconv.FormatInt(int64(r.ConnectionID), 10)
	}
	return e
}

// timings divides a request's time. What no other part explains before its
// sending, such as waiting for a free connection, is blocked.
func (f *fetched) timings() har.Timings {
	t := har.Timings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1}
	end := f.ended
	var c *network.ResourceTiming
	if f.response != nil {
		c = f.response.Timing
	}
	if c == nil {
		if end > f.issued {
			t.Wait = round((end - f.issued) * 1000)
		}
		return t
	}
	part := func(from, to float64) float64 {
		if from < 0 || to < from {
			return -1
		}
		return round(to - from)
	}
	t.DNS, t.Connect, t.SSL = part(c.DNSStart, c.DNSEnd), part(c.ConnectStart, c.ConnectEnd), part(c.SslStart, c.SslEnd)
	sent := c.RequestTime + c.SendStart/1000 // browser's clock, seconds
	t.Blocked = max(0, round((sent-f.issued)*1000-max(t.DNS, 0)-max(t.Connect, 0)))
	t.Send = max(0, part(c.SendStart, c.SendEnd))
	first := c.ReceiveHeadersStart
	if first <= 0 {
		first = c.ReceiveHeadersEnd
	}
	t.Wait = max(0, part(c.SendEnd, first))
	t.Receive = max(0, round((end-c.RequestTime)*1000-first))
	if end == 0 {
		t.Receive = 0
	}
	return t
}

// round keeps microseconds of milliseconds.
func round(ms float64) float64 {
	const least, most = -1, 1e9
	if !(ms > least) {
		return least
	}
	return float64(int64(min(ms, most)*1000+.5)) / 1000
}

// clockTime makes a time of the browser's seconds since 1970.
func clockTime(seconds float64) time.Time {
	if !(seconds > 0 && seconds < 1e11) {
		return time.Unix(0, 0).UTC()
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}

// masker takes out of addresses and headers what could be a secret, whether we
// know its value or only its name.
type masker struct{ hide func(string) string }

// secretHeaders always hold secrets; so do those whose name says so.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "x-amz-security-token", "www-authenticate", "proxy-authenticate", "authentication-info", "x-forwarded-access-token"}

// secretNames are parts of the names of headers and parameters that hold
// secrets, and wholly the names of such parameters.
var (
	secretParts = []string{"token", "secret", "passw", "apikey", "api-key", "api_key", "auth", "session", "credential", "signature", "csrf", "xsrf", "otp"}
	secretWhole = []string{"key", "sig", "code", "sid", "jwt", "pwd", "pin", "state", "nonce", "phpsessid", "jsessionid"}
)

// secretName tells whether a name says that its value is a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(secretHeaders, name) || slices.Contains(secretWhole, name) ||
		slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) })
}

// addressHeader tells whether a header's value is an address, perhaps a
// relative one.
func addressHeader(name string) bool {
	switch strings.ToLower(name) {
	case "location", "content-location", "referer", "sourcemap":
		return true
	}
	return false
}

// headers gives headers in the order of their names.
func (m masker) headers(h network.Headers) []har.Pair {
	list := []har.Pair{}
	for name, value := range h {
		text, ok := value.(string)
		if !ok {
			continue
		}
		list = append(list, har.Pair{Name: shorten(m.hide(name), 200), Value: text})
	}
	slices.SortFunc(list, func(a, b har.Pair) int { return strings.Compare(a.Name, b.Name) })
	list = list[:min(len(list), maxHeaders)]
	for i, p := range list {
		switch {
		case secretName(p.Name):
			list[i].Value = checks.Redacted
		case addressHeader(p.Name) || strings.HasPrefix(p.Value, "http://") || strings.HasPrefix(p.Value, "https://"):
			list[i].Value = m.address(p.Value)
		default:
			list[i].Value = shorten(m.hide(p.Value), maxHARText)
		}
	}
	return list
}

// address gives an address without its fragment, its user and what its
// parameters keep secret.
func (m masker) address(text string) string {
	text, _, _ = strings.Cut(text, "#")
	path, query, found := strings.Cut(text, "?")
	if scheme, rest, ok := strings.Cut(path, "://"); ok {
		host, after, _ := strings.Cut(rest, "/")
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			path = scheme + "://" + checks.Redacted + "@" + host[i+1:] + "/" + after
		}
	}
	if !found {
		return uri(shorten(m.hide(path), maxHARText))
	}
	params := strings.Split(query, "&")
	for i, p := range params {
		name, _, valued := strings.Cut(p, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if valued && secretName(plain) {
			params[i] = name + "=" + checks.Redacted
		}
	}
	return uri(shorten(m.hide(path+"?"+strings.Join(params, "&")), maxHARText))
}

// uri makes an address that was worked on valid again: what stands for a
// secret, and where it was cut, may not be in one.
func uri(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// queryOf lists the parameters of an address.
func queryOf(address string) []har.Pair {
	list := []har.Pair{}
	_, query, _ := strings.Cut(address, "?")
	for p := range strings.SplitSeq(query, "&") {
		if p == "" || len(list) >= maxHeaders {
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		list = append(list, har.Pair{Name: unescaped(name), Value: unescaped(value)})
	}
	return list
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return strings.ToValidUTF8(plain, "\uFFFD")
	}
	return text
}
