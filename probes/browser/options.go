package browser

import (
	"log/slog"
	"os"
	"time"

	"outrider/checks"
)

// Options is how a Probe finds, starts and recycles Chromium. The zero value
// works: every field documents what it then means.
type Options struct {
	// ShellPath and FullPath are the headless shell and the full Chromium to
	// run; empty: found by name (see FindChromium).
	ShellPath string
	FullPath  string
	// TempDir is where profile folders are made; empty: os.TempDir.
	TempDir string
	// Sandbox says whether Chromium must run in its sandbox.
	Sandbox Sandbox
	// StartTimeout bounds the start of a Chromium; zero: 20 s.
	StartTimeout time.Duration
	// MaxRuns and MaxAge are how many runs a process does and how old it gets
	// before a fresh one takes over; zero: 200 runs, one hour.
	MaxRuns int
	MaxAge  time.Duration
	// MaxMemory is how much memory (PSS, in bytes) the processes of a Chromium
	// may hold between runs before a fresh one takes over; zero: 1 GB.
	MaxMemory int64
	// PageMemory is how much memory of its own, in bytes, the process of a page
	// may take before it is ended, and its run with it; zero: half of the
	// memory that there is, at most 2 GB.
	PageMemory int64
	// Idle is how long a process without runs is kept; zero: five minutes.
	Idle time.Duration
	// Functions are the sources of template functions; nil: the real clock and
	// a random generator of its own.
	Functions *checks.Functions
	// Baselines, if set, takes the pictures that looks_like expectations find,
	// instead of their being held against those that there are. It may be
	// called by several goroutines at once.
	Baselines func(path string, png []byte) error
	// Logger hears of starts, crashes and warnings; nil: slog.Default.
	Logger *slog.Logger
}

// Sandbox says whether Chromium must run in its sandbox, which keeps a
// hostile page from the host.
type Sandbox string

// The sandbox modes.
const (
	// SandboxAuto uses the sandbox and goes without, with a warning, where it
	// cannot work: as root, or where the kernel allows no user namespaces.
	SandboxAuto Sandbox = ""
	// SandboxRequired fails rather than go without.
	SandboxRequired Sandbox = "required"
	// SandboxOff goes without.
	SandboxOff Sandbox = "off"
)

// withDefaults fills in what was left zero.
func (o Options) withDefaults() Options {
	if o.TempDir == "" {
		o.TempDir = os.TempDir()
	}
	if o.StartTimeout <= 0 {
		o.StartTimeout = 20 * time.Second
	}
	if o.MaxRuns <= 0 {
		o.MaxRuns = 200
	}
	if o.MaxAge <= 0 {
		o.MaxAge = time.Hour
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = restingMemory
	}
	if o.PageMemory <= 0 {
		o.PageMemory = defaultPageMemory()
	}
	if o.Idle <= 0 {
		o.Idle = 5 * time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
