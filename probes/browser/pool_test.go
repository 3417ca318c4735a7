package browser

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// TestBrowserIsReplaced checks that a worn browser is replaced by one that was
// started beside it, so that no run waits for a start.
func TestBrowserIsReplaced(t *testing.T) {
	var temp string
	var seen []int // the browser that asked for the page first
	server := shop(t, map[string]http.HandlerFunc{"/page": func(w http.ResponseWriter, r *http.Request) {
		if len(seen) == 0 {
			seen = leaders(temp)
		}
		html("Ready")(w, r)
	}})
	for _, tt := range []struct {
		name    string
		options Options
	}{
		{"after a number of runs", Options{MaxRuns: 1}},
		{"after its age", Options{MaxAge: time.Millisecond}},
		{"when it holds too much memory", Options{MaxMemory: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			temp, seen = t.TempDir(), nil
			tt.options.TempDir = temp
			probe := newProbe(t, tt.options)
			mustPass(t, run(t, probe, journeyOf(goTo(server.URL+"/page"))))
			if tt.options.MaxMemory > 0 {
				for range weighEvery {
					mustPass(t, run(t, probe, aboutUs(server.URL)))
				}
			}
			until(t, "the next browser", func() bool {
				now := leaders(temp)
				return len(seen) == 1 && len(now) == 1 && now[0] != seen[0]
			})
			if r := run(t, probe, aboutUs(server.URL)); r.Outcome != probes.Passed || r.BrowserWait > 0 {
				t.Errorf("the run after it is %s and waited %s for a browser", r.Outcome, r.BrowserWait)
			}
		})
	}
	t.Run("when idle", func(t *testing.T) {
		temp := t.TempDir()
		probe := newProbe(t, Options{TempDir: temp, Idle: time.Millisecond})
		if r := run(t, probe, aboutUs(server.URL)); r.Outcome != probes.Passed || r.BrowserWait == 0 {
			t.Errorf("the first run is %s and waited %s for a browser", r.Outcome, r.BrowserWait)
		} else {
			var steps time.Duration
			for _, step := range r.Steps {
				steps += step.Duration
			}
			if r.Duration != steps {
				t.Errorf("the journey took %s, its steps %s: the wait must not be in it", r.Duration, steps)
			}
		}
		until(t, "the end of the idle browser", func() bool { return len(chromiumsIn(temp)) == 0 })
		mustPass(t, run(t, probe, aboutUs(server.URL)))
	})
}

// TestWornBrowserKeepsWorking checks that runs go on in a worn browser while
// the next one fails to start.
func TestWornBrowserKeepsWorking(t *testing.T) {
	shellPath, _, err := FindChromium(Options{})
	if err != nil || shellPath == "" {
		t.Fatalf("no headless shell: %v", err)
	}
	dir := t.TempDir()
	once := filepath.Join(dir, "chromium")
	script := "#!/bin/sh\necho x >> " + dir + "/starts\nmkdir " + dir + "/started || { echo 'no memory left' >&2; exit 1; }\nexec " + shellPath + " \"$@\"\n"
	if err := os.WriteFile(once, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	server := shop(t, nil)
	probe := newProbe(t, Options{ShellPath: once, MaxRuns: 1})
	for range 12 {
		mustPass(t, run(t, probe, aboutUs(server.URL)))
	}
	if text, err := os.ReadFile(dir + "/starts"); err != nil || strings.Count(string(text), "x") > 6 {
		t.Errorf("12 runs tried %d starts (%v)", strings.Count(string(text), "x"), err)
	}
}

// membersOf gives the processes of a type of the browsers in a folder.
func membersOf(temp, kind string) []int {
	var pids []int
	heads := leaders(temp)
	for _, p := range processes() {
		if slices.Contains(heads, p.session) && p.is(kind) && !p.zombie {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// TestProcessesKilled kills each kind of process of a browser in the middle of
// a run: whatever it does to that run, the next one works, and nothing is left.
func TestProcessesKilled(t *testing.T) {
	for _, kind := range []string{"zygote", "renderer", "gpu-process", "utility"} {
		t.Run(kind, func(t *testing.T) {
			temp := t.TempDir()
			var once sync.Once
			server := shop(t, map[string]http.HandlerFunc{
				"/page": html(`<script>onload = () => setTimeout(() => fetch('/kill'), 50)</script>Ready`),
				"/kill": func(http.ResponseWriter, *http.Request) {
					once.Do(func() {
						pids := membersOf(temp, kind)
						// What the browser does itself has no process.
						if len(pids) == 0 && kind != "gpu-process" && kind != "utility" {
							t.Errorf("there is no %s", kind)
						}
						for _, pid := range pids {
							if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
								t.Errorf("kill a %s: %v", kind, err)
							}
						}
					})
				},
			})
			probe := newProbe(t, Options{TempDir: temp})
			check := load(t, server.URL, "- goto: ${URL}/page\n- {expect: Ready, timeout: 5s}\n- {wait: 300ms}\n- goto: ${URL}/about.html\n- {expect: About us, timeout: 5s}\n", nil)
			r, err := probe.Run(context.Background(), check)
			t.Logf("the run: %s, %+v, %v", r.Outcome, r.Failure, err)
			if err == nil && r.Outcome == probes.Failed && r.Failure.Kind != probes.FailPage && kind != "utility" {
				t.Errorf("the run failed as %s: %s", r.Failure.Kind, r.Failure.Message)
			}
			if kind == "zygote" && err == nil && r.Outcome == probes.Failed {
				t.Errorf("the site is blamed for the end of our own process: %+v", r.Failure)
			}
			mustPass(t, run(t, probe, aboutUs(server.URL)))
		})
	}
}

// TestPageThatHoards checks that a page that takes too much memory is ended,
// with a failure that says so, and the run beside it goes on.
func TestPageThatHoards(t *testing.T) {
	const limit = 192 << 20
	server := shop(t, map[string]http.HandlerFunc{
		"/hoard": html(`<script>const hoard = []; onload = () => setInterval(() => hoard.push(new Uint8Array(8e6).fill(1)), 20)</script>Ready`),
	})
	probe := newProbe(t, Options{PageMemory: limit})
	var wg sync.WaitGroup
	wg.Go(func() {
		r, err := probe.Run(context.Background(), load(t, server.URL, "- goto: ${URL}/about.html\n- {wait: 1500ms}\n- expect: About us\n", nil))
		if err != nil || r.Outcome != probes.Passed {
			t.Errorf("the run beside: %v, %+v", err, r.Failure)
		}
	})
	r := run(t, probe, load(t, server.URL, "- goto: ${URL}/hoard\n- {expect: Thank you, timeout: 20s}\n", nil))
	mustFail(t, r, probes.FailPage, "MB of memory and was ended")
	wg.Wait()
	mustPass(t, run(t, probe, aboutUs(server.URL)))
}

// TestCrashLoop checks that a browser that does not start is not started over
// and over, and that the message says so.
func TestCrashLoop(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "chromium")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho x >> "+dir+"/starts\necho 'cannot open display' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	probe := newProbe(t, Options{ShellPath: broken})
	var last error
	for range 20 {
		_, last = probe.Run(context.Background(), aboutUs("http://127.0.0.1:1"))
		if last == nil {
			t.Fatal("a run without a browser gave no error")
		}
	}
	for _, part := range []string{"times in a row", "tried again in", "cannot open display"} {
		if !strings.Contains(last.Error(), part) {
			t.Errorf("the error %q does not tell %q", last, part)
		}
	}
	if text, err := os.ReadFile(dir + "/starts"); err != nil || strings.Count(string(text), "x") > 4 {
		t.Errorf("20 runs started it %d times (%v)", strings.Count(string(text), "x"), err)
	}
}

func TestPause(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var p pause
	var lengths []time.Duration
	for range 10 {
		p.failed(now, errors.New("no display"))
		lengths = append(lengths, max(p.until.Sub(now), 0))
	}
	want := []time.Duration{0, 1, 2, 4, 8, 16, 32, 60, 60, 60}
	for i := range want {
		if want[i] *= time.Second; lengths[i] != want[i] {
			t.Errorf("after %d failures the pause is %s, expected %s", i+1, lengths[i], want[i])
		}
	}
	if err := p.refuses(now); err == nil || !strings.Contains(err.Error(), "10 times in a row and is tried again in 1m0s: no display") {
		t.Errorf("refuses: %v", err)
	}
	if err := p.refuses(now.Add(time.Minute)); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if p.over(now.Add(-time.Minute)); p.failures != 10 {
		t.Errorf("what works since before the trouble ends it: %+v", p)
	}
	if p.over(now.Add(time.Minute)); p.refuses(now) != nil || p.failures != 0 {
		t.Errorf("what works is refused: %+v", p)
	}
}

// TestSlowStartIsNoFailure checks that a journey that has no time left since
// the browser took it speaks of us and not of the site.
func TestSlowStartIsNoFailure(t *testing.T) {
	shellPath, _, err := FindChromium(Options{})
	if err != nil || shellPath == "" {
		t.Fatalf("no headless shell: %v", err)
	}
	slow := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(slow, []byte("#!/bin/sh\nsleep 0.3\nexec "+shellPath+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	server := shop(t, map[string]http.HandlerFunc{"/hang": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	probe := newProbe(t, Options{ShellPath: slow})
	check := journeyOf(goTo(server.URL + "/hang"))
	check.Timeout = 3 * time.Second
	r, err := probe.Run(context.Background(), check)
	if err == nil || !strings.Contains(err.Error(), "left too little of the check's timeout") || r.BrowserWait < 300*time.Millisecond {
		t.Errorf("the run gave %v and waited %s, expected an error that says why", err, r.BrowserWait)
	}
	check.Timeout = 500 * time.Millisecond
	if r, err = probe.Run(context.Background(), check); err != nil || r.Outcome != probes.Failed || r.BrowserWait != 0 {
		t.Errorf("in a browser that runs: %v, %s", err, r.Outcome)
	}
}

func TestSharedMemoryIsSwept(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for name, age := range map[string]time.Time{
		".org.chromium.Chromium.AbCdEf": old, ".com.google.Chrome.AbCdEf": old, // left behind
		".org.chromium.Chromium.Young": time.Now(), "sem.other": old, ".org.mozilla.ipc.1": old, // not ours to remove
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".org.chromium.Chromium.folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if removed := sweepSharedMemory(dir, time.Minute); removed != 2 {
		t.Errorf("%d files removed, expected 2", removed)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("%d entries left (%v), expected 4", len(left), err)
	}
	if removed := sweepSharedMemory(filepath.Join(dir, "nowhere"), time.Minute); removed != 0 {
		t.Errorf("%d files removed from a folder that is not there", removed)
	}
}

func TestUsage(t *testing.T) {
	server := shop(t, nil)
	probe := newProbe(t, Options{})
	if u := probe.Usage(); u != (Usage{}) {
		t.Errorf("before the first run: %+v", u)
	}
	mustPass(t, run(t, probe, journeyOf(goTo(server.URL+"/about.html"), &checks.Expect{Text: lit("About us")})))
	if u := probe.Usage(); u.Browsers != 1 || u.Processes < 3 || u.Memory < 20<<20 || u.Memory > 2<<30 || u.Disk <= 0 || u.Journeys != 1 {
		t.Errorf("after a run: %+v", u)
	}
}

func TestKilobytes(t *testing.T) {
	for text, want := range map[string]int64{
		"     123 kB\n": 123 << 10, "": 0, "-4 kB": 0, "kB": 0, strconv.FormatInt(1<<62, 10) + " kB": 0,
	} {
		if got := kilobytes([]byte(text)); got != want {
			t.Errorf("%q is %d bytes, expected %d", text, got, want)
		}
	}
}
