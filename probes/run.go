// Package probes does a journey once, as a customer would, and says what it
// took: a Run. Each kind of probe is a folder below (probes/http,
// probes/browser).
//
// A probe measures; it does not record, and it raises no alarm. A broken site
// is a Run with an outcome, never an error; an error means that Outrider
// itself could not probe.
package probes

import (
	"context"
	"time"

	"outrider/checks"
)

// Probe does journeys of one kind.
type Probe interface {
	// Run does the check's journey once: one attempt, without retries and
	// without looking at thresholds (see Execute). The error means that we
	// could not probe (no browser, no file descriptors); whatever the site
	// did is in the Run.
	Run(ctx context.Context, check checks.Check) (Run, error)
}

// Outcome is how a run ended.
type Outcome string

// The outcomes. Unknown is our own trouble; it never speaks about the site.
const (
	Passed   Outcome = "passed"
	Degraded Outcome = "degraded" // worked, but slower than a degraded threshold
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"
)

// Run is one journey as it went.
type Run struct {
	// ID is a UUID version 7 (RFC 9562), so that ids sort by time.
	ID        string            `json:"id"`
	CheckID   string            `json:"check"`
	CheckName string            `json:"check_name"`
	Kind      checks.Kind       `json:"kind"`
	Location  string            `json:"location"`
	Labels    map[string]string `json:"labels,omitempty"`

	Scheduled time.Time `json:"scheduled"` // UTC: when it was due
	Started   time.Time `json:"started"`   // UTC: when the last attempt began
	Finished  time.Time `json:"finished"`  // UTC
	// Duration is what the customer waited for: the sum of the last attempt's
	// steps, from a monotonic clock. Queueing, set-up and tidying up of the
	// probe are not in it.
	Duration time.Duration `json:"duration_ns"`
	// StartDelay is how late the run began: Started of the first attempt minus
	// Scheduled. SlotWait is the part of it that was spent waiting for a free
	// probe slot.
	StartDelay time.Duration `json:"start_delay_ns"`
	SlotWait   time.Duration `json:"slot_wait_ns"`

	Outcome Outcome `json:"outcome"`
	// Failure says why the outcome is failed or unknown; nil otherwise.
	Failure *Failure `json:"failure,omitempty"`
	// Exceeded lists the thresholds that were gone over.
	Exceeded []Exceeded `json:"exceeded,omitempty"`
	Steps    []Step     `json:"steps"`
	// Attempts are the failed attempts before this last one, oldest first.
	Attempts  []Attempt  `json:"attempts,omitempty"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
	// Browser names the browser binary and version that ran the journey.
	Browser string `json:"browser,omitempty"`
	// TraceID is the W3C trace id, the run's id without dashes, that the run's requests to the monitored
	// site carried: 32 hexadecimal digits, or empty if it was not traced.
	TraceID string `json:"trace_id,omitempty"`
	// BrowserWait is how long the last attempt waited for a Chromium to start.
	// It is in no step's time.
	BrowserWait time.Duration `json:"browser_wait_ns,omitempty"`
	// Disturbance is how disturbed the probing host was during the last
	// attempt: the share of time, 0 to 1, by which a sleeping goroutine was
	// woken late.
	Disturbance float64 `json:"host_disturbance"`
	// CPUPressure is the share of the last attempt's time, 0 to 1, in which
	// something on the host waited for a core, and CPUThrottled that for which
	// the quota of our control group stopped us. They are measured for journeys
	// in a browser, where the kernel tells.
	CPUPressure  float64 `json:"cpu_pressure,omitempty"`
	CPUThrottled float64 `json:"cpu_throttled,omitempty"`
	// Disturbed says, in a clause about the host, why the times of the run are
	// not to be trusted; it is empty if they are. The latency of such a run
	// raises nothing: it is held against no threshold, promise or baseline.
	Disturbed string `json:"disturbed,omitempty"`
	// Maintenance says that the run was made in a maintenance window: it is
	// recorded but judged by nobody.
	Maintenance bool `json:"maintenance,omitempty"`
	// Secrets are values that only came up in the run, such as one-time codes.
	// Execute takes them out of all that the run says, and then forgets them.
	Secrets []checks.Secret `json:"-"`
}

// Step is one step of a run as it went. Steps that were never reached are not
// in the run.
type Step struct {
	Name     string        `json:"name"`
	Verb     string        `json:"verb"`
	Started  time.Duration `json:"started_ns"` // since Run.Started
	Duration time.Duration `json:"duration_ns"`
	Outcome  Outcome       `json:"outcome"`
	Failure  *Failure      `json:"failure,omitempty"`
	HTTP     *HTTP         `json:"http,omitempty"`
	// Matched is the fall-back by which a step in a browser found its target;
	// empty: the first way to find it worked. It tells that a definition rots.
	Matched string `json:"matched,omitempty"`
	// Vitals are those of the page that the step left behind.
	Vitals *Vitals `json:"vitals,omitempty"`
	// SpeedIndex is that of the page that the step opened, in milliseconds, if
	// the run was filmed (browser_options keep: film).
	SpeedIndex *float64 `json:"speed_index_ms,omitempty"`
	// Resources sums up by host what the page asked for during a step in a
	// browser, apart from the document that HTTP is about: the host that the
	// step waited for longest first. There are at most MaxResourceGroups.
	Resources []ResourceGroup `json:"resources,omitempty"`
	// Exception is the last uncaught exception of the page during a step in a
	// browser: one line, secrets taken out.
	Exception string `json:"exception,omitempty"`
	// What the page of a step in a browser tells besides: see page.go.
	Split          *Split           `json:"split,omitempty"`
	Page           *PageStats       `json:"page,omitempty"`
	Marks          []Mark           `json:"marks,omitempty"`
	ServerTiming   []ServerTiming   `json:"server_timing,omitempty"`
	Console        []ConsoleMessage `json:"console,omitempty"`
	FailedRequests []FailedRequest  `json:"failed_requests,omitempty"`
}

// MaxResourceGroups bounds the groups of a step.
const MaxResourceGroups = 16

// ResourceGroup is what a page asked one host for during a step.
type ResourceGroup struct {
	// Host is that of the URLs, with the port if they name one. It is empty in
	// the last group if that sums up the hosts beyond the bound.
	Host string `json:"host"`
	// FirstParty tells that the host is of the same site as the journey's
	// first page; others are third parties.
	FirstParty bool `json:"first_party"`
	// Requests were under way at some time of the step. Of them, Failed ended
	// in it with a network error or a status of 400 and more, and Pending had
	// not ended when the step did.
	Requests int `json:"requests"`
	Failed   int `json:"failed,omitempty"`
	Pending  int `json:"pending,omitempty"`
	// Time is the part of the step's duration that is put down to the host.
	// A moment in which the document was not under way belongs to that request
	// under way which ended last, since the step could not go on before; so
	// the times of a step's groups and the phases of its document never count
	// a moment twice. What was pending counts in a failed step only: another
	// one did not wait for it.
	Time time.Duration `json:"time_ns"`
	// TransferBytes came over the wire by requests that ended in the step.
	TransferBytes int64 `json:"transfer_bytes"`
	// Slowest is the request with the largest part of Time.
	Slowest *Resource `json:"slowest,omitempty"`
	// Broken is the first request that failed.
	Broken *Resource `json:"broken,omitempty"`
}

// Resource is one request of a page.
type Resource struct {
	Path   string `json:"path"` // without query, secrets taken out
	Type   string `json:"type"` // as the browser calls it: "image", "script", "fetch"
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"` // network error
	// Time is from the request to its end, or to that of the step; Wait is the
	// part of it before the answer began.
	Time time.Duration `json:"time_ns"`
	Wait time.Duration `json:"wait_ns"`
}

// HTTP is what a request took. Durations of several hops (redirects) are
// summed by phase.
type HTTP struct {
	Method  string `json:"method"`
	URL     string `json:"url"` // final URL, secrets taken out
	Status  int    `json:"status"`
	Phases  Phases `json:"phases"`
	Address string `json:"address"` // address and port that answered
	// Protocol as the server spoke it: "HTTP/1.1", "HTTP/2.0".
	Protocol    string `json:"protocol"`
	TLS         *TLS   `json:"tls,omitempty"`
	Redirects   int    `json:"redirects"`
	HeaderBytes int64  `json:"header_bytes"`
	BodyBytes   int64  `json:"body_bytes"` // after decompression
	// TransferBytes is the last answer as it came over the wire: its header,
	// and its body before decompression.
	TransferBytes int64 `json:"transfer_bytes"`
}

// Phases is the time that each part of a request took.
type Phases struct {
	Resolve   time.Duration `json:"resolve_ns"`
	Connect   time.Duration `json:"connect_ns"`
	TLS       time.Duration `json:"tls_ns"`
	FirstByte time.Duration `json:"first_byte_ns"`
	Download  time.Duration `json:"download_ns"`
}

// Of gives the duration of one phase.
func (p Phases) Of(phase checks.Phase) time.Duration {
	switch phase {
	case checks.PhaseResolve:
		return p.Resolve
	case checks.PhaseConnect:
		return p.Connect
	case checks.PhaseTLS:
		return p.TLS
	case checks.PhaseFirstByte:
		return p.FirstByte
	case checks.PhaseDownload:
		return p.Download
	}
	return 0
}

// TLS is what was agreed in the handshake.
type TLS struct {
	Version  string    `json:"version"` // "1.2", "1.3"
	Cipher   string    `json:"cipher"`
	Issuer   string    `json:"issuer"`
	Subject  string    `json:"subject"`
	NotAfter time.Time `json:"not_after"` // the earliest in the presented chain
	Verified bool      `json:"verified"`
}

// Vitals are the Web Vitals of a page; a nil value was not reported.
type Vitals struct {
	LCP  *float64 `json:"lcp_ms,omitempty"`
	CLS  *float64 `json:"cls,omitempty"`
	INP  *float64 `json:"inp_ms,omitempty"`
	FCP  *float64 `json:"fcp_ms,omitempty"`
	TTFB *float64 `json:"ttfb_ms,omitempty"`
	// TBT is the total blocking time: of each task of more than 50 ms what goes
	// beyond, from the first contentful paint until the journey acted on the
	// page, left it or ended.
	TBT *float64 `json:"tbt_ms,omitempty"`
	// SoftNavigation is the address, without its query, of the view of a
	// single-page application that the step led to: the vitals are then those
	// of the view, counted from the interaction.
	SoftNavigation string  `json:"soft_navigation,omitempty"`
	Causes         *Causes `json:"causes,omitempty"`
}

// Of gives one vital, or nil.
func (v *Vitals) Of(vital checks.Vital) *float64 {
	if v == nil {
		return nil
	}
	switch vital {
	case checks.VitalLCP:
		return v.LCP
	case checks.VitalCLS:
		return v.CLS
	case checks.VitalINP:
		return v.INP
	case checks.VitalFCP:
		return v.FCP
	case checks.VitalTTFB:
		return v.TTFB
	case checks.VitalTBT:
		return v.TBT
	}
	return nil
}

// Failure is why a run or a step failed.
type Failure struct {
	// Step is the name of the step that failed; empty if the run failed
	// outside of any step.
	Step string      `json:"step,omitempty"`
	Kind FailureKind `json:"kind"`
	// Message is one sentence for a person, secrets taken out, cut to a
	// readable length.
	Message string `json:"message"`
	// Expected and Got are set for failed assertions.
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	// Slow tells of a failed assertion that it is about how long something took.
	Slow bool `json:"slow,omitempty"`
}

// FailureKind sorts failures by where they come from.
type FailureKind string

// The kinds of failure.
const (
	FailAssertion FailureKind = "assertion"
	FailTimeout   FailureKind = "timeout"
	FailResolve   FailureKind = "resolve"
	FailConnect   FailureKind = "connect"
	FailTLS       FailureKind = "tls"
	FailProtocol  FailureKind = "protocol" // broken answer, too many redirects, too large
	FailElement   FailureKind = "element"  // element missing, ambiguous, hidden, disabled
	FailScript    FailureKind = "script"   // a script in the page failed
	FailPage      FailureKind = "page"     // page crashed or could not be loaded
	FailThreshold FailureKind = "threshold"
	FailVariable  FailureKind = "variable" // nothing to capture, or not captured
	FailProber    FailureKind = "prober"   // our own trouble; goes with Unknown
)

// Exceeded is a threshold that was gone over.
type Exceeded struct {
	// Step is empty for the journey as a whole.
	Step string `json:"step,omitempty"`
	// Measure is "total", a phase or a vital.
	Measure string `json:"measure"`
	// Level is Degraded or Failed: the higher bound that was gone over.
	Level Outcome `json:"level"`
	// Limit and Got are milliseconds or, for CLS, scores.
	Limit float64 `json:"limit"`
	Got   float64 `json:"got"`
}

// Attempt is a failed attempt that was repeated.
type Attempt struct {
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	Failure  *Failure      `json:"failure,omitempty"`
}

// Artifact is evidence that a run kept: a screenshot, the text of a page.
type Artifact struct {
	Name      string `json:"name"` // unique within the run, a plain file name
	MediaType string `json:"media_type"`
	Step      string `json:"step,omitempty"`
	Bytes     int64  `json:"bytes"`
	// Data is stored with the run but is not part of its JSON.
	Data []byte `json:"-"`
}
