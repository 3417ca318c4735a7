package checks

import (
	"net/netip"
	"strings"
	"time"
)

// Request is the action of an HTTP step: one request, what is expected of its
// answer and what is kept of it for later steps. Options given for the whole
// journey are already merged in.
type Request struct {
	Method  string
	URL     Template
	Query   []Field
	Headers []Field
	Body    *Body // nil: no body
	Auth    *Auth // nil: none
	Expect  []Assertion
	Capture []Capture
	HTTPOptions
}

// Verb implements Action: the lower-case method, as definitions write it.
func (r *Request) Verb() string { return strings.ToLower(r.Method) }

// Field is a named value: a header, a query parameter, a form field.
type Field struct {
	Name  string
	Value Template
}

// HTTPOptions is how requests of an HTTP journey are sent.
type HTTPOptions struct {
	// MaxRedirects is how many redirects are followed; going over it fails the
	// step. Zero: a redirect is an answer like any other.
	MaxRedirects int
	// ForbidRedirects makes any redirect a failure.
	ForbidRedirects bool
	Protocol        Protocol
	IP              IPVersion
	// Resolve overrides name resolution: "host:port" or "host" to an address.
	Resolve map[string]netip.AddrPort
	Proxy   Template // URL of an HTTP or SOCKS5 proxy; empty: none
	TLS     TLSOptions
	// MaxBody bounds the body after decompression, in bytes; a longer answer
	// fails the step.
	MaxBody int64
	// MaxHeader bounds the answer's header, in bytes.
	MaxHeader int64
	// Trace sends a W3C traceparent; no redirect takes it to another origin.
	Trace bool
}

// Protocol is the HTTP version to speak.
type Protocol string

// The protocols. ProtocolAny negotiates, as browsers do.
const (
	ProtocolAny   Protocol = ""
	ProtocolHTTP1 Protocol = "http/1.1"
	ProtocolHTTP2 Protocol = "http/2" // over TLS, or by prior knowledge without
)

// IPVersion is the IP version to connect with.
type IPVersion string

// The IP versions.
const (
	IPAny IPVersion = ""
	IPv4  IPVersion = "4"
	IPv6  IPVersion = "6"
)

// TLSOptions is how a request's TLS connection is made and verified.
type TLSOptions struct {
	CA         []byte // PEM; replaces the system's roots
	ClientCert []byte // PEM
	ClientKey  []byte // PEM; secret
	SkipVerify bool   // accepts any certificate; loading warns of it
	ServerName string // for SNI and verification; empty: the URL's host
}

// Auth is a request's Authorization header: Bearer, or else Username and
// Password (RFC 6750, RFC 7617).
type Auth struct {
	Username Template
	Password Template
	Bearer   Template
}

// Body is a request's body. Exactly one of its sources is used, told by Kind.
type Body struct {
	Kind   BodyKind
	Text   Template // BodyText, BodyJSON (as JSON text)
	Fields []Field  // BodyForm, BodyMultipart
	Files  []File   // BodyMultipart; BodyFile: exactly one
}

// BodyKind is the form of a body.
type BodyKind string

// The kinds of body.
const (
	BodyText      BodyKind = "text"
	BodyJSON      BodyKind = "json"
	BodyForm      BodyKind = "form"
	BodyMultipart BodyKind = "multipart"
	BodyFile      BodyKind = "file"
)

// File is a file that is sent. Its content was read when the definition was
// loaded, so that a run never depends on the file system.
type File struct {
	Field   string // name of the form field (BodyMultipart)
	Name    string // file name as sent
	Type    string // media type
	Content []byte
}

// Capture keeps a part of an answer in a variable for later steps.
type Capture struct {
	Variable string
	From     CaptureSource
	// Name is the header's or cookie's name; Pattern a regular expression
	// whose first group, or whole match, is kept; Path a JSONPath.
	Name    string
	Pattern Pattern
	Path    Path
}

// CaptureSource is where a capture looks.
type CaptureSource string

// The sources of a capture.
const (
	CaptureJSON   CaptureSource = "json"
	CaptureHeader CaptureSource = "header"
	CaptureRegexp CaptureSource = "regex"
	CaptureCookie CaptureSource = "cookie"
)

// Assertion is something that must be true of an answer.
type Assertion struct {
	Subject   Subject
	Name      string     // header name, for SubjectHeader
	Path      Path       // for SubjectJSON
	Schema    JSONSchema // for SubjectSchema
	Condition Condition
	Pos       Position
}

// Subject is what an assertion looks at.
type Subject string

// The subjects of assertions, with the Go type of the value that a Condition
// is given for each.
const (
	SubjectStatus           Subject = "status"            // float64
	SubjectLatency          Subject = "latency"           // time.Duration, the whole step
	SubjectResolve          Subject = "resolve"           // time.Duration
	SubjectConnect          Subject = "connect"           // time.Duration
	SubjectTLS              Subject = "tls"               // time.Duration
	SubjectFirstByte        Subject = "first_byte"        // time.Duration
	SubjectDownload         Subject = "download"          // time.Duration
	SubjectHeader           Subject = "header"            // string; Missing if absent
	SubjectBody             Subject = "body"              // string
	SubjectJSON             Subject = "json"              // decoded JSON; Missing if no match
	SubjectSchema           Subject = "json_schema"       // Schema instead of Condition
	SubjectSize             Subject = "size"              // float64, bytes of the body
	SubjectCertificateDays  Subject = "certificate_days"  // float64, days until expiry
	SubjectCertificateValid Subject = "certificate_valid" // bool
	SubjectTLSVersion       Subject = "tls_version"       // float64: 1.2, 1.3
	SubjectURL              Subject = "url"               // string, after redirects
	SubjectRedirects        Subject = "redirects"         // float64
)

// DefaultTimeout and the other defaults apply where a definition is silent.
const (
	DefaultTimeout      = 30 * time.Second
	DefaultEvery        = time.Minute
	DefaultMaxRedirects = 10
	DefaultMaxBody      = 10 << 20
	DefaultMaxHeader    = 1 << 20
	// DefaultRetries is how often a failed attempt is repeated: at one failure in
	// a hundred runs, 2 of 3 runs a minute would otherwise be bad by chance about
	// twice a week; with one repetition in 100 weeks not once.
	DefaultRetries      = 1
	DefaultRetryBackoff = 2 * time.Second
)
