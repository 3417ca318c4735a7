package http

import (
	"fmt"
	nethttp "net/http"

	"outrider/checks"
	"outrider/probes"
)

// maxCapture bounds a captured value, in bytes.
const maxCapture = 64 << 10

// capture keeps what the definition wants for later steps. It gives a failure
// if something is not there.
func (a *answer) capture() *probes.Failure {
	for i := range a.exchange.request.Capture {
		c := &a.exchange.request.Capture[i]
		value, err := a.captured(c)
		if err == nil && len(value) > maxCapture {
			err = fmt.Errorf("it is longer than %d bytes", maxCapture)
		}
		if err != nil {
			return &probes.Failure{Kind: probes.FailVariable, Message: fmt.Sprintf("nothing to capture for ${%s}: %v", c.Variable, err)}
		}
		a.exchange.journey.scope.Set(c.Variable, value)
	}
	return nil
}

func (a *answer) captured(c *checks.Capture) (string, error) {
	switch c.From {
	case checks.CaptureJSON:
		return a.capturedJSON(c)
	case checks.CaptureHeader:
		if values := a.resp.Header.Values(c.Name); len(values) > 0 {
			return values[0], nil
		}
		return "", fmt.Errorf("the answer has no header %s", c.Name)
	case checks.CaptureRegexp:
		return a.capturedPattern(c)
	case checks.CaptureCookie:
		return a.capturedCookie(c.Name)
	}
	return "", fmt.Errorf("captures from %q are not known", c.From)
}

func (a *answer) capturedJSON(c *checks.Capture) (string, error) {
	document, err := a.JSON()
	if err != nil {
		return "", err
	}
	switch value := c.Path.Find(document); value {
	case checks.Missing:
		return "", fmt.Errorf("%s is not in the JSON", c.Path)
	case nil:
		return "", fmt.Errorf("%s is null", c.Path)
	default:
		return jsonText(value), nil
	}
}

func (a *answer) capturedPattern(c *checks.Capture) (string, error) {
	match := c.Pattern.FindSubmatchIndex(a.body)
	switch {
	case match == nil:
		return "", fmt.Errorf("the body does not match %s", c.Pattern)
	case len(match) == 2:
		return string(a.body[match[0]:match[1]]), nil
	case match[2] < 0:
		return "", fmt.Errorf("the first group of %s matched nothing", c.Pattern)
	}
	return string(a.body[match[2]:match[3]]), nil
}

// capturedCookie looks at what this answer sets, then at what an answer on the
// way to it has set.
func (a *answer) capturedCookie(name string) (string, error) {
	for _, cookies := range [][]*nethttp.Cookie{a.resp.Cookies(), a.exchange.journey.jar.Cookies(a.resp.Request.URL)} {
		for _, cookie := range cookies {
			if cookie.Name == name {
				return cookie.Value, nil
			}
		}
	}
	return "", fmt.Errorf("no cookie %s was set", name)
}
