package checks

import (
	"fmt"
	"slices"
	"time"
)

// Position is a place in a definition file. Line and Column count from 1;
// a zero Line means that the whole file is meant.
type Position struct {
	File   string
	Line   int
	Column int
}

// String gives the position as file:line:column, the form that editors and
// compilers share.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Definitions is everything that one or more definition files say, after
// defaults were merged in and every reference was resolved.
type Definitions struct {
	Checks    []Check
	Audiences []Audience
	// Events are planned surges, by their start.
	Events []Event
	// Holidays are days that are like another day of the week.
	Holidays []Holiday
	// Deploys are markers of changes, by their time.
	Deploys []Deploy
	// Warnings are remarks on definitions that work but deserve a second look,
	// such as a request that skips certificate verification.
	Warnings []Problem
	// Secrets are the values of every ${secret:NAME} that the definitions use.
	// Nothing that leaves the process may contain one of them: see Redactor.
	Secrets []Secret
	// Files are the paths that were read, procedures and bodies included, so
	// that a change to one of them can be noticed.
	Files []string
}

// Check returns the check with the given id.
func (d *Definitions) Check(id string) (Check, bool) {
	i := slices.IndexFunc(d.Checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return d.Checks[i], true
}

// Audience returns the audience with the given id.
func (d *Definitions) Audience(id string) (Audience, bool) {
	i := slices.IndexFunc(d.Audiences, func(a Audience) bool { return a.ID == id })
	if i < 0 {
		return Audience{}, false
	}
	return d.Audiences[i], true
}

// A Check is one journey that is watched: what is done, how often, what was
// promised about it, and who hears when the promise is broken.
type Check struct {
	// ID names the check for ever: history hangs on it. Lower-case letters,
	// digits, '-', '_' and '.', at most 64 bytes, unique over all files.
	ID          string
	Name        string // for people; the ID if the definition gives none
	Description string
	Labels      map[string]string
	Enabled     bool
	Schedule    Schedule
	// Timeout bounds one attempt at the whole journey.
	Timeout time.Duration
	Retries Retries
	Confirm Confirm
	// Thresholds of the journey as a whole; those of steps are with the steps.
	Thresholds Thresholds
	// Objectives are what was promised; their names are unique.
	Objectives []Objective
	// Detection is what is watched for besides thresholds and promises.
	Detection Detection
	// Locations limits the check to the named locations; empty means all.
	Locations []string
	// Notify names the audiences that hear of this check's incidents.
	Notify    []string
	Procedure Procedure
	Load      *LoadSeries // nil: no load series is known
	Journey   Journey
	Pos       Position
}

// RunsAt tells whether the check is to be run at a location.
func (c *Check) RunsAt(location string) bool {
	return len(c.Locations) == 0 || slices.Contains(c.Locations, location)
}

// Retries says how often a failed attempt is repeated before the run counts
// as failed. The zero value repeats nothing.
type Retries struct {
	Count int
	// Backoff is the pause before the first repetition; it doubles from one to
	// the next and is never part of the journey's time.
	Backoff time.Duration
}

// Confirm says how many of the last runs must be bad before an incident opens,
// and how many good runs in a row end it.
type Confirm struct {
	Failures int // m of "m of n"; at least 1
	Of       int // n of "m of n"; at least Failures
	Recovery int // good runs in a row; at least 1
}

// Procedure is what responders do first: text, a link, or both. The text may
// come from a file that the definition names.
type Procedure struct {
	Text string // Markdown
	URL  string
	File string // where Text came from, as written in the definition
}

// IsZero tells whether there is no procedure at all.
func (p Procedure) IsZero() bool { return p == Procedure{} }

// Kind is how a journey is done.
type Kind string

// The kinds of journey.
const (
	KindHTTP    Kind = "http"
	KindBrowser Kind = "browser"
)

// Journey is what a customer does, in order.
type Journey struct {
	Kind    Kind
	Steps   []Step
	Browser BrowserOptions // for KindBrowser
}

// Step is one action of a journey.
type Step struct {
	// Name is stable, since history hangs on it: it is what the definition
	// gives, or follows from what the step does. Unique within the journey.
	Name string
	// Timeout bounds this step; zero leaves only the check's timeout.
	Timeout    time.Duration
	Thresholds Thresholds
	Action     Action
	Browser    StepOptions // for KindBrowser
	Pos        Position
}

// Action is the one thing that a step does. The set is closed: *Request for
// HTTP journeys; the types of browser.go and browser_acts.go (all as pointers)
// for browser journeys.
type Action interface {
	// Verb is the key that names the action in a definition, such as "click".
	Verb() string
}
