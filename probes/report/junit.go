package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"outrider/probes"
)

// The JUnit form that CI servers read: a suite a check, a case a step. Its
// de-facto schema is Jenkins' (junit-10.xsd).
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitProblem `xml:"failure,omitempty"`
		Error   *junitProblem `xml:"error,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the runs as JUnit XML. A failed check is a failure; a
// check that we could not probe is an error. With strict, a degraded check is
// a failure, too.
func WriteJUnit(w io.Writer, runs []probes.Run, strict bool) error {
	suites := junitSuites{Name: "outrider"}
	var total time.Duration
	for _, run := range runs {
		suite := junitRun(run, strict)
		suites.Suites = append(suites.Suites, suite)
		suites.Tests += suite.Tests
		suites.Failures += suite.Failures
		suites.Errors += suite.Errors
		total += run.Duration
	}
	suites.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitRun(run probes.Run, strict bool) junitSuite {
	suite := junitSuite{
		Name: run.CheckID, Time: seconds(run.Duration), Timestamp: run.Started.UTC().Format("2006-01-02T15:04:05"),
	}
	for _, step := range run.Steps {
		c := junitCase{Class: run.CheckID, Name: step.Name, Time: seconds(step.Duration)}
		if step.Outcome == probes.Failed && step.Failure != nil {
			c.Failure = problem(step.Failure)
		}
		suite.Cases = append(suite.Cases, c)
	}
	// The journey as a whole is a case of its own: it can fail or be slow
	// without any one step being to blame.
	whole := junitCase{Class: run.CheckID, Name: "journey", Time: seconds(run.Duration)}
	switch {
	case run.Outcome == probes.Failed && run.Failure != nil:
		whole.Failure = problem(run.Failure)
	case run.Outcome == probes.Unknown && run.Failure != nil:
		whole.Error = problem(run.Failure)
	case run.Outcome == probes.Degraded && strict:
		whole.Failure = &junitProblem{Type: string(probes.Degraded), Message: allExceeded(run)}
	}
	suite.Cases = append(suite.Cases, whole)
	suite.Tests = len(suite.Cases)
	for _, c := range suite.Cases {
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
	}
	return suite
}

func problem(f *probes.Failure) *junitProblem {
	p := &junitProblem{Message: f.Message, Type: string(f.Kind)}
	if f.Expected != "" {
		p.Text = fmt.Sprintf("expected %s\ngot %s\n", f.Expected, f.Got)
	}
	return p
}

func allExceeded(run probes.Run) string {
	var parts []string
	for _, e := range run.Exceeded {
		parts = append(parts, exceeded(e))
	}
	return strings.Join(parts, "; ")
}

// seconds is the form that JUnit wants.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
