// Package attribution says what moved when a journey is slow or fails: which
// step, which phase of it, which host, address, certificate or size, or that
// it was us.
//
// A Profile knows what each part of a check's journey usually takes at one
// location. Rank holds bad runs against it and gives the culprits, most
// telling first; Locate compares locations, and Common finds what the culprits
// of several checks share.
//
// The package explains trouble, it does not find it: that a run is bad, and
// that an incident is open, is for others to say. All of it is deterministic
// and keeps no clock.
package attribution

import "outrider/checks"

// Kind is what sort of thing moved.
type Kind string

// The kinds of what makes a journey slow.
const (
	// KindPhase: a phase of the request for a step's document; Part is the
	// phase, a checks.Phase.
	KindPhase Kind = "phase"
	// KindScript: time of a step in a browser that no request explains: the
	// page's scripts, drawing, or waiting for what they show.
	KindScript Kind = "script"
	// KindStep: a step as a whole, or time of it that no phase explains.
	KindStep Kind = "step"
	// KindResource: what a page asks its own site for; Part is host and path
	// of the request that was waited for longest.
	KindResource Kind = "resource"
	// KindThirdParty: the same, of another site; Part is its host.
	KindThirdParty Kind = "third_party"
	// KindAddress: the address that answers; Part is the address.
	KindAddress Kind = "address"
	// KindLocation: one place from which the check is run; Part is its name.
	KindLocation Kind = "location"
	// KindCertificate: another certificate, or one that expired.
	KindCertificate Kind = "certificate"
	// KindSize: an answer that grew; Part is "body" or "transfer".
	KindSize Kind = "size"
	// KindRedirect: more redirects than before.
	KindRedirect Kind = "redirect"
	// KindProtocol: another protocol; Part is the one that is spoken now.
	KindProtocol Kind = "protocol"
	// KindVital: a Web Vital; Part is the checks.Vital.
	KindVital Kind = "vital"
	// KindHost: the probing host itself was disturbed; it is ours.
	KindHost Kind = "host"
)

// The kinds of what makes a journey fail, besides KindResource,
// KindThirdParty, KindCertificate and KindLocation, which do so, too.
const (
	// KindResolve: the host's name could not be resolved; Part is the host.
	KindResolve Kind = "resolve"
	// KindConnect: no connection came about; Part is the host.
	KindConnect Kind = "connect"
	// KindTLS: the handshake failed; Part is the host.
	KindTLS Kind = "tls"
	// KindTimeout: something never came; Part is the phase that did not end.
	KindTimeout Kind = "timeout"
	// KindStatus: an answer with an error status; Part is the status.
	KindStatus Kind = "status"
	// KindException: a script of the page threw; Part is what.
	KindException Kind = "exception"
	// KindAction: a step that led to requests before leads to none any more,
	// such as a click on a button that does nothing.
	KindAction Kind = "action"
	// KindElement: an element is missing, hidden or disabled.
	KindElement Kind = "element"
	// KindAssertion: the answer or the page is not what was expected.
	KindAssertion Kind = "assertion"
	// KindOther: anything else; Part is the probes.FailureKind.
	KindOther Kind = "other"
)

// Unit is what Was and Is are counted in.
type Unit string

// The units.
const (
	Milliseconds Unit = "ms"
	Bytes        Unit = "bytes"
	Count        Unit = "count"
	Score        Unit = "score" // Cumulative Layout Shift
	Ratio        Unit = "ratio" // 0 to 1
	NoUnit       Unit = ""      // neither Was nor Is is a number: see the texts
)

// Culprit is one thing that moved, and what it has to do with the trouble.
type Culprit struct {
	Kind Kind `json:"kind"`
	// Step is the step that it happened in; empty if it is of several.
	Step string `json:"step,omitempty"`
	// Part says more exactly what moved; see the kinds.
	Part string `json:"part,omitempty"`
	// Host is the host concerned, with its port if the URL names one.
	Host string `json:"host,omitempty"`

	// Was is what is usual and Is what it is now, in Unit. WasText and IsText
	// stand for them where they are no numbers: an address, an issuer.
	Was     float64 `json:"was"`
	Is      float64 `json:"is"`
	Unit    Unit    `json:"unit,omitempty"`
	WasText string  `json:"was_text,omitempty"`
	IsText  string  `json:"is_text,omitempty"`

	// Share is the part of all time gained by any part of the journey that is
	// due to this one, 0 to 1; where runs failed, the share of them. Culprits
	// may explain one another (a larger answer, its longer download): shares do
	// not add up to 1.
	Share float64 `json:"share"`
	// Confidence is the probability that this really moved, 0 to 1, and is not
	// the usual ups and downs; it says nothing about Share.
	Confidence float64 `json:"confidence"`
	// Sentence says all this to an on-call engineer.
	Sentence string `json:"sentence"`

	score float64 // what culprits are ranked by
}

// phaseText is a phase within a sentence.
func phaseText(p checks.Phase) string {
	switch p {
	case checks.PhaseTLS, checks.PhaseDownload:
		return "the " + p.Text()
	}
	return p.Text()
}
