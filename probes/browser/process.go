package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// exitGrace is how long a Chromium that was told to end may take before it is
// killed.
const exitGrace = 2 * time.Second

// process is one running Chromium. We start and end it ourselves and let
// chromedp attach to its pipe: chromedp's own allocator has no place for the
// gate, and neither a process group nor a lock on the profile.
type process struct {
	ctx     context.Context // chromedp's; done when the browser is gone
	cancel  context.CancelFunc
	gate    *gate
	build   build
	version string // as the browser gives it, with the build
	profile *profile
	pid     int // leader of its session and process group
	exited  chan struct{}
	output  *tail
	guard   *guard
	lobby   lobby
	// zygotes are the processes that pages are forked from; nil: not known yet.
	zygotes atomic.Pointer[[]int]
	// asked is when the first page was asked for, in clock ticks since boot.
	asked atomic.Uint64
}

// launch starts a Chromium and waits until it answers.
func launch(ctx context.Context, o Options, b build, path string, sandbox bool) (*process, error) {
	profile, err := newProfile(o.TempDir)
	if err != nil {
		return nil, err
	}
	p := &process{build: b, profile: profile, exited: make(chan struct{}), output: &tail{}}
	if err := p.spawn(path, arguments(b, profile.dir, sandbox, smallSharedMemory())); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), profile.remove())
	}
	p.lobby.process = p
	p.attach(o.Logger)
	// The browser lives as long as the context of the first call, so that the
	// start is bounded by ending the process instead.
	stop := context.AfterFunc(ctx, p.signal)
	info, err := chromedp.CallBrowser(p.ctx, browser.GetVersion, cdp.Empty{})
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		killErr := p.kill() // first, so that all output is there
		return p, errors.Join(fmt.Errorf("start %s: %w%s", path, err, p.output.sentence()), killErr)
	}
	_, number, _ := strings.Cut(info.Product, "/")
	p.version = "Chromium " + number + " (" + string(b) + ")"
	p.guard = &guard{family: family{leader: p.pid}, limit: o.PageMemory}
	return p, nil
}

// spawn starts the program with a debugging pipe. The goroutine that starts it
// keeps its thread until the program has ended: the kernel's death signal is
// tied to the thread (go.dev/issue/27505).
func (p *process) spawn(path string, args []string) error {
	commandsR, commandsW, err := os.Pipe()
	if err != nil {
		return err
	}
	answersR, answersW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, commandsR.Close(), commandsW.Close())
	}
	cmd := exec.Command(path, args...)
	cmd.Env = environment(p.profile.dir)
	cmd.Dir = p.profile.dir
	cmd.ExtraFiles = []*os.File{commandsR, answersW} // its descriptors 3 and 4
	cmd.Stderr = p.output
	cmd.SysProcAttr = ownSession()
	cmd.WaitDelay = exitGrace // children may hold stderr open

	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended tells nothing that its pipe does not
			close(p.exited)
		}
	}()
	err = <-started
	commandsR.Close()
	answersW.Close()
	if err != nil {
		return errors.Join(err, commandsW.Close(), answersR.Close())
	}
	p.pid = cmd.Process.Pid
	p.gate = newGate(answersR, commandsW)
	return nil
}

// attach makes the chromedp context of the browser.
func (p *process) attach(logger *slog.Logger) {
	allocated, cancelAllocated := chromedp.NewAllocatorContext(context.Background(), &attacher{gate: p.gate, logger: logger})
	ctx, cancel := chromedp.NewContext(allocated)
	p.ctx = ctx
	p.cancel = func() {
		cancel()
		cancelAllocated()
	}
}

// attacher is the chromedp allocator of a browser that runs already.
type attacher struct {
	gate   *gate
	logger *slog.Logger
}

// Allocate implements chromedp.Allocator.
func (a *attacher) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	quiet := func(format string, args ...any) {
		a.logger.Debug("chromedp", "message", fmt.Sprintf(format, args...))
	}
	return chromedp.NewBrowserTransport(ctx, a.gate, append(opts, chromedp.WithBrowserLogf(quiet), chromedp.WithBrowserErrorf(quiet))...)
}

// Wait implements chromedp.Allocator.
func (a *attacher) Wait() {}

// Attaches implements chromedp.Attacher.
func (a *attacher) Attaches() bool { return true }

// gone tells whether the browser has ended, stopped to answer, or cannot open
// pages any more.
func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return p.ctx.Err() != nil || p.sterile()
	}
}

// askPage is called before a page is asked for.
func (p *process) askPage() {
	if p.asked.Load() == 0 {
		p.asked.CompareAndSwap(0, ticks())
	}
}

// meetZygotes learns which processes pages are forked from. It is called once
// there is a page: before, they may be still on their way. What was just forked
// from them looks the same, but came later.
func (p *process) meetZygotes() {
	if p.zygotes.Load() != nil {
		return
	}
	var pids []int
	for _, pid := range (&family{leader: p.pid}).members() {
		if child, ok := inspect(pid); ok && child.is("zygote") && child.started < p.asked.Load() {
			pids = append(pids, pid)
		}
	}
	p.zygotes.Store(&pids)
}

// sterile tells whether a process is dead that pages are forked from: the
// browser itself goes on then, but every page crashes.
func (p *process) sterile() bool {
	zygotes := p.zygotes.Load()
	if zygotes == nil {
		return false
	}
	for _, pid := range *zygotes {
		if z, ok := readStat(pid); !ok || z.zombie {
			return true
		}
	}
	return false
}

// farewell is the error of a run whose browser has ended.
func (p *process) farewell() error {
	if bytes, hoarded := p.guard.hoarded(); hoarded {
		return fmt.Errorf("%w: it took %d MB of memory and was ended", errGone, bytes>>20)
	}
	return errGone
}

// crash gives what became of a page whose process has ended: its own doing,
// or ours.
func (p *process) crash(reason string) error {
	if p.gone() {
		return errGone
	}
	if bytes, hoarded := p.guard.hoarded(); hoarded {
		return deadPage(fmt.Sprintf("the page took %d MB of memory and was ended", bytes>>20))
	}
	return deadPage(reason)
}

// signal kills the browser and its children.
func (p *process) signal() { _ = syscall.Kill(-p.pid, syscall.SIGKILL) } // gone already is as good

// close ends the browser, with time to do so itself, and removes everything
// that it leaves behind. No run may use it any more.
func (p *process) close() error {
	p.cancel()
	p.gate.Close() // the end of its pipe makes Chromium exit in good order
	select {
	case <-p.exited:
	case <-time.After(exitGrace):
	}
	return p.kill()
}

// kill ends the browser at once, with every process that belongs to it, and
// removes its profile.
func (p *process) kill() error {
	p.signal()
	p.cancel()
	p.gate.Close()
	<-p.exited
	killUsers(p.profile.dir, p.pid)
	return p.profile.remove()
}

// smallSharedMemory tells whether /dev/shm is too small for Chromium.
func smallSharedMemory() bool {
	var stat syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &stat); err != nil {
		return true
	}
	return uint64(stat.Bsize)*stat.Blocks < 512<<20
}

// noSandbox tells from what Chromium printed whether it ended because its
// sandbox cannot work here.
func (p *process) noSandbox() bool {
	text := p.output.String()
	for _, sign := range []string{"No usable sandbox", "without --no-sandbox", "Failed to move to new namespace", "setuid_sandbox", "zygote_host_impl"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// tail is a writer that keeps the last few kilobytes.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize is what a tail keeps, in bytes.
const tailSize = 4 << 10

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String gives what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// sentence gives the last line that was printed, as the end of an error.
func (t *tail) sentence() string {
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}
