package attribution

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"outrider/checks"
)

// Finding is what Rank said of one check at one location.
type Finding struct {
	Check     string
	Location  string
	Component string // label of the check; empty if it has none
	Culprits  []Culprit
}

// Shared is a cause that several checks have in common.
type Shared struct {
	// Kind and Part are those of the culprits; Host is theirs, too. A cause
	// that only the component is known of has neither.
	Kind      Kind     `json:"kind,omitempty"`
	Part      string   `json:"part,omitempty"`
	Host      string   `json:"host,omitempty"`
	Component string   `json:"component,omitempty"`
	Checks    []string `json:"checks"` // sorted
	Sentence  string   `json:"sentence"`
}

// leading is how many culprits of a finding count, if each of them matters.
const leading = 2

// Common finds what several checks, at least two, suffer from alike, the most
// shared first: one third party, one host in the same way, one address, one
// location, one certificate. Checks that share nothing but their component are
// told, too. Each check is explained by one cause: the most shared of its own.
func Common(findings []Finding) []Shared {
	var causes []*cause
	for i := range findings {
		f := &findings[i]
		for j := range f.Culprits {
			if c := &f.Culprits[j]; j < leading && c.Confidence >= 0.5 && c.Share >= 0.3 {
				causes = note(causes, f, c)
			}
		}
		if f.Component != "" && len(f.Culprits) > 0 {
			causes = note(causes, f, nil)
		}
	}
	// A cause that says more wins over the mere component.
	slices.SortStableFunc(causes, func(a, b *cause) int {
		if vague := cmp.Compare(a.vagueness(), b.vagueness()); vague != 0 {
			return vague
		}
		return cmp.Compare(len(b.checks), len(a.checks))
	})
	explained := map[string]bool{}
	var shared []Shared
	for _, c := range causes {
		c.checks = slices.DeleteFunc(c.checks, func(id string) bool { return explained[id] })
		if len(c.checks) < 2 {
			continue
		}
		for _, id := range c.checks {
			explained[id] = true
		}
		shared = append(shared, c.say())
	}
	slices.SortStableFunc(shared, func(a, b Shared) int { return cmp.Compare(len(b.Checks), len(a.Checks)) })
	return shared
}

// cause is what findings have in common, as it is found.
type cause struct {
	kind             Kind
	host, part, room string // room is the component
	checks           []string
}

// vagueness orders causes: those that name a thing, and the component alone.
func (c *cause) vagueness() int {
	if c.kind == "" {
		return 1
	}
	return 0
}

// note adds a check to the cause that a culprit names; a nil culprit stands for
// the component.
func note(causes []*cause, f *Finding, c *Culprit) []*cause {
	k := cause{room: f.Component}
	if c != nil {
		k = cause{kind: c.Kind, host: c.Host, part: c.Part}
		switch c.Kind {
		case KindHost:
			k.host, k.part = "", f.Location // one prober, many checks
		case KindResource, KindStatus:
			k.part = "" // other pages of the host ask for other things
		case KindThirdParty, KindAddress, KindCertificate, KindLocation:
		case KindPhase, KindTimeout, KindResolve, KindConnect, KindTLS:
			if k.host == "" {
				return causes
			}
		default:
			return causes // of one page only
		}
	}
	i := slices.IndexFunc(causes, func(o *cause) bool {
		return o.kind == k.kind && o.host == k.host && o.part == k.part && o.room == k.room
	})
	if i < 0 {
		i = len(causes)
		causes = append(causes, &k)
	}
	if at, found := slices.BinarySearch(causes[i].checks, f.Check); !found {
		causes[i].checks = slices.Insert(causes[i].checks, at, f.Check)
	}
	return causes
}

// say puts a cause into words.
func (c *cause) say() Shared {
	s := Shared{Kind: c.kind, Part: c.part, Host: c.host, Component: c.room, Checks: c.checks}
	n := fmt.Sprintf("%d checks", len(c.checks))
	what := ""
	switch c.kind {
	case KindPhase:
		what = n + " lose time in the same place, " + phaseText(checks.Phase(c.part)) + " of " + c.host
		if c.part == string(checks.PhaseFirstByte) {
			what = n + " wait for the first byte of " + c.host
		}
	case KindTimeout:
		what = n + " wait in vain for " + c.host
	case KindResolve:
		what = n + " cannot resolve the name of " + c.host
	case KindConnect:
		what = n + " get no connection to " + c.host
	case KindTLS:
		what = n + " fail in the TLS handshake with " + c.host
	case KindStatus:
		what = n + " get error statuses of " + c.host
	case KindResource:
		what = n + " wait for what their pages ask of " + c.host
	case KindThirdParty:
		what = n + " suffer from the third party " + c.host
	case KindAddress:
		what = n + " suffer from the address " + c.part
	case KindCertificate:
		what = n + " suffer since " + c.host + " has another certificate"
	case KindLocation:
		what = n + " suffer at " + c.part + " only"
	case KindHost:
		what = n + " suffer from the prober at " + c.part + " itself"
	default:
		s.Sentence = n + " of the component " + c.room + " are in trouble: likely one cause (" + list(c.checks) + ")"
		return s
	}
	s.Sentence = what + ": one cause (" + list(c.checks) + ")"
	return s
}

// list names a few checks.
func list(ids []string) string {
	const most = 6
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:most], ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
}
