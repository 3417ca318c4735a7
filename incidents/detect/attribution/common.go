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
	// Kind and Part are those of the culprits; Host is theirs, too. Where it
	// shows in several ways at one host, or where no more than the component is
	// known, there is no kind.
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
// shared first: one third party, one host in the same way or in several, one
// address, one location, one certificate. Checks that share nothing but their
// component are told, too. Each check is explained by one cause: the most shared
// of its own.
func Common(findings []Finding) []Shared {
	var causes []*cause
	for i := range findings {
		f := &findings[i]
		for j := range f.Culprits {
			if c := &f.Culprits[j]; j < leading && c.Confidence >= 0.5 && c.Share >= 0.3 {
				if k, ok := causeOf(f, c); ok {
					causes = note(causes, f.Check, k)
				}
				if ofHost(c.Kind) && c.Host != "" {
					causes = note(causes, f.Check, cause{host: c.Host})
				}
			}
		}
		if f.Component != "" && len(f.Culprits) > 0 {
			causes = note(causes, f.Check, cause{room: f.Component})
		}
	}
	// Anything wins over the mere component; else that which explains the most
	// checks, and of these that which says more.
	slices.SortStableFunc(causes, func(a, b *cause) int {
		return cmp.Or(
			firstWith(b.room == "", a.room == ""),
			cmp.Compare(len(b.checks), len(a.checks)),
			firstWith(b.kind != "", a.kind != ""),
		)
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

// cause is what findings have in common, as it is found: the culprits' kind,
// host and part, only the host, or only the component.
type cause struct {
	kind             Kind
	host, part, room string // room is the component
	checks           []string
}

// causeOf is the cause that a culprit names, unless it is of one page only.
func causeOf(f *Finding, c *Culprit) (cause, bool) {
	k := cause{kind: c.Kind, host: c.Host, part: c.Part}
	switch c.Kind {
	case KindHost:
		k.host, k.part = "", f.Location // one prober, many checks
	case KindLocation:
		k.host = ""
	case KindResource, KindStatus, KindTimeout, KindCertificate, KindSize:
		k.part = "" // other pages of the host ask for other things
	case KindThirdParty, KindAddress, KindPhase, KindResolve, KindConnect, KindTLS:
	default:
		return k, false
	}
	return k, k.host != "" || k.part != ""
}

// ofHost tells whether a kind is about what a host does.
func ofHost(k Kind) bool {
	switch k {
	case KindResource, KindThirdParty, KindStatus, KindTimeout, KindPhase, KindResolve, KindConnect, KindTLS, KindAddress, KindCertificate, KindSize:
		return true
	}
	return false
}

// firstWith orders two things by whether they have what comes first.
func firstWith(b, a bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// note adds a check to a cause.
func note(causes []*cause, check string, k cause) []*cause {
	i := slices.IndexFunc(causes, func(o *cause) bool {
		return o.kind == k.kind && o.host == k.host && o.part == k.part && o.room == k.room
	})
	if i < 0 {
		i = len(causes)
		causes = append(causes, &k)
	}
	if at, found := slices.BinarySearch(causes[i].checks, check); !found {
		causes[i].checks = slices.Insert(causes[i].checks, at, check)
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
	case KindSize:
		what = n + " get larger answers of " + c.host
	case KindHost:
		what = n + " suffer from the prober at " + c.part + " itself"
	default:
		if c.host != "" {
			s.Sentence = n + " suffer from the host " + c.host + ": likely one cause (" + list(c.checks) + ")"
			return s
		}
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
