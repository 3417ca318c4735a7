package http

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"outrider/checks"
	"outrider/probes"
)

// acceptEncoding lists what decode can read.
const acceptEncoding = "gzip, deflate, br, zstd"

// build makes the request that a definition asks for, with what earlier steps
// captured filled in. A *variableError says that this is not possible.
func (j *journey) build(ctx context.Context, definition *checks.Request) (*nethttp.Request, error) {
	target, err := j.target(definition)
	if err != nil {
		return nil, err
	}
	body, contentType, err := j.body(definition.Body)
	if err != nil {
		return nil, err
	}
	req, err := nethttp.NewRequestWithContext(ctx, definition.Method, "http://placeholder.invalid", body)
	if err != nil {
		return nil, fmt.Errorf("make a %s request: %w", definition.Method, err)
	}
	req.URL, req.Host = target, target.Host
	if err := j.headers(req, definition.Headers); err != nil {
		return nil, err
	}
	setDefault(req.Header, "Accept-Encoding", acceptEncoding)
	setDefault(req.Header, "User-Agent", j.probe.userAgent)
	setDefault(req.Header, "Accept", "*/*")
	if definition.Trace {
		setDefault(req.Header, "Traceparent", probes.Traceparent(j.traceID))
	}
	if contentType != "" {
		setDefault(req.Header, "Content-Type", contentType)
	}
	return req, j.authorize(req, definition.Auth)
}

// target is the request's URL with its query.
func (j *journey) target(definition *checks.Request) (*url.URL, error) {
	text, err := definition.URL.Expand(j.scope)
	if err != nil {
		return nil, &variableError{"url: " + err.Error()}
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		var reason *url.Error // which shows the URL, and with it any password
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, &variableError{fmt.Sprintf("%s makes no URL: %v", definition.URL, err)}
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, &variableError{fmt.Sprintf("%s makes no URL that starts with http:// or https:// and a host", definition.URL)}
	}
	if len(definition.Query) == 0 {
		return u, nil
	}
	var query strings.Builder
	query.WriteString(u.RawQuery)
	for _, f := range definition.Query {
		value, err := f.Value.Expand(j.scope)
		if err != nil {
			return nil, &variableError{fmt.Sprintf("query %s: %v", f.Name, err)}
		}
		if query.Len() > 0 {
			query.WriteByte('&')
		}
		query.WriteString(url.QueryEscape(f.Name))
		query.WriteByte('=')
		query.WriteString(url.QueryEscape(value))
	}
	u.RawQuery = query.String()
	return u, nil
}

func (j *journey) headers(req *nethttp.Request, fields []checks.Field) error {
	for _, f := range fields {
		value, err := f.Value.Expand(j.scope)
		if err != nil {
			return &variableError{fmt.Sprintf("header %s: %v", f.Name, err)}
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return &variableError{fmt.Sprintf("header %s cannot be sent: its value has a control character in it", f.Name)}
		}
		if strings.EqualFold(f.Name, "Host") {
			req.Host = value
			continue
		}
		req.Header.Add(f.Name, value)
	}
	return nil
}

// setDefault sets a header unless the definition has set it.
func setDefault(h nethttp.Header, name, value string) {
	if _, there := h[name]; !there {
		h[name] = []string{value}
	}
}

func (j *journey) authorize(req *nethttp.Request, auth *checks.Auth) error {
	if auth == nil {
		return nil
	}
	if !auth.Bearer.IsZero() {
		token, err := auth.Bearer.Expand(j.scope)
		if err != nil {
			return &variableError{"bearer token: " + err.Error()}
		}
		if !httpguts.ValidHeaderFieldValue(token) {
			return &variableError{"the bearer token cannot be sent: it has a control character in it"}
		}
		req.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	user, err := auth.Username.Expand(j.scope)
	if err != nil {
		return &variableError{"user name: " + err.Error()}
	}
	password, err := auth.Password.Expand(j.scope)
	if err != nil {
		return &variableError{"password: " + err.Error()}
	}
	req.SetBasicAuth(user, password)
	return nil
}
