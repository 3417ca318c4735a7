package probes

import "time"

// Causes say what made the Web Vitals of a page what they are, as Google's
// web-vitals library attributes them; one that was not reported is nil. Elements
// are named by CSS selectors, URLs come without their query, secrets are taken
// out, and the durations of a vital's parts are milliseconds.
type Causes struct {
	LCP  *LCPCause  `json:"lcp,omitempty"`
	CLS  *CLSCause  `json:"cls,omitempty"`
	INP  *INPCause  `json:"inp,omitempty"`
	FCP  *FCPCause  `json:"fcp,omitempty"`
	TTFB *TTFBCause `json:"ttfb,omitempty"`
	TBT  *TBTCause  `json:"tbt,omitempty"`
}

// LCPCause is what was painted largest, and the parts of the time until then.
// Without a resource (URL) the two parts about it are 0.
type LCPCause struct {
	Target       string  `json:"target,omitempty"`
	URL          string  `json:"url,omitempty"`
	TTFB         float64 `json:"ttfb_ms"`
	LoadDelay    float64 `json:"load_delay_ms"`
	LoadDuration float64 `json:"load_duration_ms"`
	RenderDelay  float64 `json:"render_delay_ms"`
}

// CLSCause is the largest of the shifts.
type CLSCause struct {
	Target string  `json:"target,omitempty"`
	Shift  float64 `json:"shift"` // its share of the score
	At     float64 `json:"at_ms"` // since the page was asked for
	// State is how far the page was loaded: "loading", "dom-interactive",
	// "dom-content-loaded", "complete".
	State string `json:"state,omitempty"`
}

// INPCause is the interaction that took longest, and its parts.
type INPCause struct {
	Target       string  `json:"target,omitempty"`
	Event        string  `json:"event,omitempty"` // "pointer", "keyboard"
	InputDelay   float64 `json:"input_delay_ms"`
	Processing   float64 `json:"processing_ms"`
	Presentation float64 `json:"presentation_ms"`
	// Script is the one that ran longest meanwhile, if it ran in a long frame.
	Script *ScriptCause `json:"script,omitempty"`
}

// ScriptCause is a script that took time.
type ScriptCause struct {
	URL      string `json:"url,omitempty"`
	Function string `json:"function,omitempty"`
	// Invoker is what called it: "BUTTON#pay.onclick", "TimerHandler:setTimeout".
	Invoker  string  `json:"invoker,omitempty"`
	Duration float64 `json:"duration_ms"`
	// Part is that of the interaction in which it ran: "input-delay",
	// "processing-duration", "presentation-delay".
	Part string `json:"part,omitempty"`
}

// FCPCause is the parts of the time until the first paint.
type FCPCause struct {
	TTFB        float64 `json:"ttfb_ms"`
	RenderDelay float64 `json:"render_delay_ms"` // from the first byte to the paint
}

// TTFBCause is the parts of the time until the first byte.
type TTFBCause struct {
	Waiting float64 `json:"waiting_ms"` // redirects, and the browser's own delay
	Cache   float64 `json:"cache_ms"`
	Resolve float64 `json:"resolve_ms"`
	Connect float64 `json:"connect_ms"` // with TLS
	Request float64 `json:"request_ms"` // sending, and the server
}

// TBTCause is what blocked the page.
type TBTCause struct {
	Tasks   int     `json:"tasks"`
	Longest float64 `json:"longest_ms"`
	// Script is the one that ran longest, if one did in a long frame.
	Script *ScriptCause `json:"script,omitempty"`
}

// Split says where the time of a step in a browser went: its parts sum up to
// the step's duration. A moment in which requests were under way belongs to the
// one that ended last (see ResourceGroup.Time), be scripts running or not; only
// moments without one belong to scripts and rendering.
type Split struct {
	// Network is queueing in the browser, resolving, connecting, TLS, sending
	// and downloading; Server is the wait from the request sent to the first
	// byte of the answer, which has one round trip of the network in it.
	Network time.Duration `json:"network_ns,omitempty"`
	Server  time.Duration `json:"server_ns,omitempty"`
	// Script and Rendering (style, layout, and in long frames painting) are
	// measured exactly for frames of 50 ms and more. What ran in shorter ones
	// is known as a sum over the step; it is spread evenly over them.
	Script    time.Duration `json:"script_ns,omitempty"`
	Rendering time.Duration `json:"rendering_ns,omitempty"`
	// Other is what nothing explains: timers of the page, parsing, waiting for
	// frames, the browser itself.
	Other time.Duration `json:"other_ns,omitempty"`
}

// PageStats is what the page of a step took, from the start of the step to that
// of the next.
type PageStats struct {
	// Traffic sums up the requests that began in the time, documents included.
	// First party is what belongs to the registrable domain of the journey's
	// first page.
	Traffic    Traffic            `json:"traffic,omitzero"`
	FirstParty Traffic            `json:"first_party,omitzero"`
	ThirdParty Traffic            `json:"third_party,omitzero"`
	Types      map[string]Traffic `json:"types,omitempty"` // by type: see RequestTypes
	// Elements is how many the document had, JSHeap how many bytes its scripts
	// used, garbage included, both at the end of the step. Zero: not known.
	Elements int   `json:"dom_elements,omitempty"`
	JSHeap   int64 `json:"js_heap_bytes,omitempty"`
	// Busy is how long the page's main thread was at work; LongTasks are the
	// tasks of more than 50 ms in it.
	Busy         time.Duration `json:"busy_ns,omitempty"`
	LongTasks    int           `json:"long_tasks,omitempty"`
	LongTaskTime time.Duration `json:"long_task_time_ns,omitempty"`
	// Script is the longest one that ran in a frame of 50 ms or more.
	Script *ScriptCause `json:"longest_script,omitempty"`
}

// Traffic is a number of requests and what came over the wire for them.
type Traffic struct {
	Requests      int   `json:"requests"`
	Failed        int   `json:"failed,omitempty"`
	TransferBytes int64 `json:"transfer_bytes"`
}

// RequestTypes are the types by which traffic is told apart.
func RequestTypes() []string {
	return []string{"document", "script", "stylesheet", "image", "font", "media", "fetch", "other"}
}

// Mark is a mark or measure of the page's own (User Timing).
type Mark struct {
	Name string `json:"name"`
	// Measure tells that it has a duration.
	Measure  bool          `json:"measure,omitempty"`
	Start    time.Duration `json:"start_ns"` // since the page was asked for
	Duration time.Duration `json:"duration_ns,omitempty"`
}

// ServerTiming is one metric that a server of the site gave with an answer
// (header Server-Timing).
type ServerTiming struct {
	Path        string `json:"path"` // of the request, without query
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Duration is nil if the server gave none.
	Duration *time.Duration `json:"duration_ns,omitempty"`
}

// ConsoleMessage is an error or warning on the page's console.
type ConsoleMessage struct {
	Kind string `json:"kind"` // "error", "warning", "assert", "exception", "security"…
	Text string `json:"text"`
	// Stack is where it came from, innermost first: "pay (https://…/shop.js:3:14)".
	Stack []string `json:"stack,omitempty"`
	// Count is how often it was said, if more than once.
	Count int `json:"count,omitempty"`
}

// FailedRequest is a request of the page that failed or was blocked.
type FailedRequest struct {
	Host   string `json:"host"`
	Path   string `json:"path"`
	Type   string `json:"type"`
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"` // network error
	// Blocked is why the browser did not let it through: "csp",
	// "mixed-content", "inspector" (a block list)…
	Blocked string `json:"blocked,omitempty"`
}

// Bounds of what a step keeps of its page.
const (
	MaxMarks          = 50
	MaxServerTimings  = 30
	MaxConsole        = 20
	MaxStack          = 8
	MaxFailedRequests = 20
)
