package http

import (
	nethttp "net/http"
	"net/http/cookiejar"
	"net/url"

	"golang.org/x/net/publicsuffix"
)

// jar keeps a run's cookies. Most runs never get one: the real jar is made
// for the first. The zero value is ready.
type jar struct{ kept *cookiejar.Jar }

var _ nethttp.CookieJar = (*jar)(nil)

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(u *url.URL, cookies []*nethttp.Cookie) {
	if len(cookies) == 0 {
		return
	}
	if j.kept == nil {
		// With this list a site cannot set a cookie for all of "co.uk".
		j.kept, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
	}
	j.kept.SetCookies(u, cookies)
}

// Cookies implements http.CookieJar.
func (j *jar) Cookies(u *url.URL) []*nethttp.Cookie {
	if j.kept == nil {
		return nil
	}
	return j.kept.Cookies(u)
}
