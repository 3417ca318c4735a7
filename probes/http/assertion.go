package http

import (
	"errors"
	"fmt"
	"strings"

	"outrider/checks"
	"outrider/probes"
)

// maxQuoted is the length in bytes up to which a value is quoted in a message;
// a longer one is in the failure's Got alone.
const maxQuoted = 80

// judge holds the answer against the definition's assertions, in order. It
// gives the first that does not hold, or nil.
//
// The failure's Got is the whole value: it is cut by the Executor, after
// secrets were taken out of it.
func (a *answer) judge() *probes.Failure {
	for i := range a.exchange.request.Expect {
		assertion := &a.exchange.request.Expect[i]
		if assertion.Subject == checks.SubjectSchema {
			if failure := a.judgeSchema(assertion); failure != nil {
				return failure
			}
			continue
		}
		got, err := a.value(assertion)
		if err != nil {
			return failed(assertion, err.Error(), shown(got))
		}
		holds, err := assertion.Condition.Holds(got, a.exchange.journey.scope)
		switch {
		case err != nil:
			return failed(assertion, err.Error(), shown(got))
		case !holds:
			return failed(assertion, quoted(got), shown(got))
		}
	}
	return nil
}

// failed makes the failure of an assertion; instead is what is there instead
// of what was expected.
func failed(a *checks.Assertion, instead, got string) *probes.Failure {
	expected := a.Condition.String()
	return &probes.Failure{
		Kind:     probes.FailAssertion,
		Message:  fmt.Sprintf("%s: expected %s, %s", subject(a), expected, instead),
		Expected: expected,
		Got:      got,
		Slow:     isTime(a.Subject),
	}
}

// isTime tells whether an assertion is about how long something took.
func isTime(s checks.Subject) bool {
	switch s {
	case checks.SubjectLatency, checks.SubjectResolve, checks.SubjectConnect, checks.SubjectTLS, checks.SubjectFirstByte, checks.SubjectDownload:
		return true
	}
	return false
}

// quoted says what there is in a few words.
func quoted(got any) string {
	text := shown(got)
	switch s, isText := got.(string); {
	case len(text) > maxQuoted && isText:
		return fmt.Sprintf("got a text of %d bytes", len(s))
	case len(text) > maxQuoted:
		return fmt.Sprintf("got a value of %d bytes", len(text))
	case isText:
		return fmt.Sprintf("got %q", s)
	}
	return "got " + text
}

// subject names what an assertion looks at.
func subject(a *checks.Assertion) string {
	switch a.Subject {
	case checks.SubjectHeader:
		return "header " + a.Name
	case checks.SubjectJSON:
		return "JSON " + a.Path.String()
	case checks.SubjectSchema:
		return "JSON Schema"
	case checks.SubjectCertificateDays:
		return "days until the certificate expires"
	case checks.SubjectCertificateValid:
		return "certificate"
	case checks.SubjectTLSVersion:
		return "TLS version"
	case checks.SubjectURL:
		return "final URL"
	case checks.SubjectTLS:
		return "TLS handshake"
	case checks.SubjectFirstByte:
		return "first byte"
	}
	return string(a.Subject)
}

// judgeSchema holds the body against a JSON Schema.
func (a *answer) judgeSchema(assertion *checks.Assertion) *probes.Failure {
	document, err := a.JSON()
	if err == nil {
		err = validate(assertion.Schema, document)
	}
	if err == nil {
		return nil
	}
	return &probes.Failure{
		Kind:     probes.FailAssertion,
		Message:  "JSON Schema: " + err.Error(),
		Expected: "a body that is valid by " + strings.TrimSpace("the schema "+assertion.Condition.String()),
		Got:      err.Error(),
	}
}

// validate gives the first violation, as one line.
func validate(schema checks.JSONSchema, document any) error {
	if schema.Schema == nil {
		return errors.New("there is no schema to compare with")
	}
	err := schema.Validate(document)
	if err == nil {
		return nil
	}
	// The first line names the schema, the others a violation each.
	_, violations, _ := strings.Cut(err.Error(), "\n")
	first, more, several := strings.Cut(strings.TrimSpace(violations), "\n")
	first = strings.TrimPrefix(strings.TrimSpace(first), "- ")
	if first == "" {
		return err
	}
	if several {
		return fmt.Errorf("%s (and %d more)", first, strings.Count(more, "\n")+1)
	}
	return errors.New(first)
}
