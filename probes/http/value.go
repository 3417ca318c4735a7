package http

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"outrider/checks"
)

// value gives what an assertion looks at, in the type that checks.Subject
// promises; checks.Missing if it is not there.
func (a *answer) value(assertion *checks.Assertion) (any, error) {
	h := a.exchange.step.HTTP
	switch assertion.Subject {
	case checks.SubjectStatus:
		return float64(a.resp.StatusCode), nil
	case checks.SubjectLatency:
		return a.exchange.step.Duration, nil
	case checks.SubjectResolve, checks.SubjectConnect, checks.SubjectTLS, checks.SubjectFirstByte, checks.SubjectDownload:
		return h.Phases.Of(checks.Phase(assertion.Subject)), nil
	case checks.SubjectHeader:
		if values := a.resp.Header.Values(assertion.Name); len(values) > 0 {
			return strings.Join(values, ", "), nil
		}
		return checks.Missing, nil
	case checks.SubjectBody:
		return a.Text(), nil
	case checks.SubjectJSON:
		document, err := a.JSON()
		if err != nil {
			return a.Text(), err
		}
		return assertion.Path.Find(document), nil
	case checks.SubjectSize:
		return float64(a.size), nil
	case checks.SubjectURL:
		return h.URL, nil
	case checks.SubjectRedirects:
		return float64(h.Redirects), nil
	}
	return a.tlsValue(assertion.Subject)
}

func (a *answer) tlsValue(subject checks.Subject) (any, error) {
	t := a.exchange.step.HTTP.TLS
	if t == nil {
		return checks.Missing, nil
	}
	switch subject {
	case checks.SubjectCertificateDays:
		return t.NotAfter.Sub(a.exchange.journey.probe.now()).Hours() / 24, nil
	case checks.SubjectCertificateValid:
		return t.Verified, nil
	case checks.SubjectTLSVersion:
		version, err := strconv.ParseFloat(t.Version, 64)
		if err != nil {
			return checks.Missing, nil
		}
		return version, nil
	}
	return checks.Missing, fmt.Errorf("assertions on %q are not known", subject)
}

// shown writes a value for a person.
func shown(got any) string {
	switch v := got.(type) {
	case time.Duration:
		return brief(v)
	case float64:
		return strconv.FormatFloat(v, 'f', decimals(v), 64)
	}
	if got == checks.Missing {
		return "nothing"
	}
	return jsonText(got)
}

// decimals is -1, as many as needed, for numbers that have few.
func decimals(v float64) int {
	if text := strconv.FormatFloat(v, 'f', -1, 64); len(text) > 12 && strings.Contains(text, ".") {
		return 2
	}
	return -1
}

// brief writes a duration with as many digits as a person wants to see.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
