package checks

import "time"

// Phase is a part of the time that one request takes. The names follow what
// a customer waits for, in order.
type Phase string

// The phases of a request.
const (
	PhaseResolve   Phase = "resolve"    // host name to address
	PhaseConnect   Phase = "connect"    // TCP handshake
	PhaseTLS       Phase = "tls"        // TLS handshake
	PhaseFirstByte Phase = "first_byte" // request written to first byte of the answer
	PhaseDownload  Phase = "download"   // first byte to the end of the body
)

var phases = [...]Phase{PhaseResolve, PhaseConnect, PhaseTLS, PhaseFirstByte, PhaseDownload}

// Phases returns all phases in the order in which they pass.
func Phases() []Phase { return append([]Phase(nil), phases[:]...) }

// Text is what people call the phase: "name resolution". What is no phase it
// gives back.
func (p Phase) Text() string {
	switch p {
	case PhaseResolve:
		return "name resolution"
	case PhaseConnect:
		return "connecting"
	case PhaseTLS:
		return "TLS handshake"
	case PhaseFirstByte:
		return "waiting for the first byte"
	case PhaseDownload:
		return "download"
	}
	return string(p)
}

// Vital is one of the Web Vitals (web.dev/articles/vitals), a measure of what
// a page load feels like.
type Vital string

// The Web Vitals. CLS is a score without unit, all others are milliseconds.
const (
	VitalLCP  Vital = "lcp"  // largest contentful paint
	VitalCLS  Vital = "cls"  // cumulative layout shift
	VitalINP  Vital = "inp"  // interaction to next paint
	VitalFCP  Vital = "fcp"  // first contentful paint
	VitalTTFB Vital = "ttfb" // time to first byte
	VitalTBT  Vital = "tbt"  // total blocking time
)

var vitals = [...]Vital{VitalLCP, VitalCLS, VitalINP, VitalFCP, VitalTTFB, VitalTBT}

// Vitals returns all Web Vitals.
func Vitals() []Vital { return append([]Vital(nil), vitals[:]...) }

// Text is what people call the vital: "largest contentful paint". What is no
// vital it gives back.
func (v Vital) Text() string {
	switch v {
	case VitalLCP:
		return "largest contentful paint"
	case VitalCLS:
		return "layout shift"
	case VitalINP:
		return "interaction to next paint"
	case VitalFCP:
		return "first contentful paint"
	case VitalTTFB:
		return "time to first byte"
	case VitalTBT:
		return "total blocking time"
	}
	return string(v)
}

// Thresholds are static bounds. Going over Degraded makes a run degraded,
// going over Failed makes it failed. The zero value bounds nothing.
//
// At a check, Total bounds the journey, and Phases and Vitals bound every
// step; at a step all three bound that step.
type Thresholds struct {
	Total  Limit
	Phases map[Phase]Limit
	Vitals map[Vital]VitalLimit
}

// Limit is a pair of bounds on a duration; zero means no bound.
type Limit struct {
	Degraded time.Duration
	Failed   time.Duration
}

// VitalLimit is a pair of bounds on a Web Vital, in milliseconds or, for CLS,
// as a score; zero means no bound.
type VitalLimit struct {
	Degraded float64
	Failed   float64
}
