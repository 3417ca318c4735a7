package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// leaders gives the main processes of the Chromiums in a folder.
func leaders(temp string) []int {
	var pids []int
	for _, pid := range chromiumsIn(temp) {
		if p, ok := inspect(pid); ok && p.session == p.pid {
			pids = append(pids, pid)
		}
	}
	return pids
}

// until waits for a condition, for at most five seconds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about in time", what)
		}
	}
}

func aboutUs(url string) checks.Check {
	return journeyOf(goTo(url+"/about.html"), &checks.Expect{Text: lit("About us")})
}

func TestBrowserIsSharedAndIsolated(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/visit": func(w http.ResponseWriter, r *http.Request) {
			if _, err := r.Cookie("seen"); err == nil {
				html("welcome back")(w, r)
				return
			}
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", MaxAge: 3600})
			html("first visit<script>localStorage.setItem('n', 1 + Number(localStorage.getItem('n'))); document.title = localStorage.getItem('n')</script>")(w, r)
		},
	})
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	check := load(t, server.URL, "- goto: ${URL}/visit\n- expect: {text: first visit, title: \"== 1\"}\n- goto: ${URL}/visit?again\n- expect: welcome back", nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r, err := probe.Run(context.Background(), check)
			if err != nil || r.Outcome != probes.Passed {
				t.Errorf("run: %v, %+v", err, r.Failure)
			}
		})
	}
	wg.Wait()
	if pids := leaders(temp); len(pids) != 1 {
		t.Errorf("%d browsers run for 4 runs, expected one", len(pids))
	}
}

// TestBrowserKilled checks that a browser that is killed in the middle of a
// run costs that run at most.
func TestBrowserKilled(t *testing.T) {
	arrived := make(chan bool, 10)
	server := shop(t, map[string]http.HandlerFunc{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}})
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	done := make(chan error, 1)
	go func() {
		_, err := probe.Run(context.Background(), journeyOf(goTo(server.URL+"/hang")))
		done <- err
	}()
	<-arrived
	for _, pid := range leaders(temp) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatalf("kill: %v", err)
		}
	}
	if err := <-done; !errors.Is(err, errGone) {
		t.Errorf("the run whose browser was killed gave %v, expected errGone", err)
	}
	mustPass(t, run(t, probe, aboutUs(server.URL)))
}

func TestCloseEndsRuns(t *testing.T) {
	arrived := make(chan bool, 10)
	server := shop(t, map[string]http.HandlerFunc{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}})
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	done := make(chan error, 1)
	go func() {
		_, err := probe.Run(context.Background(), journeyOf(goTo(server.URL+"/hang")))
		done <- err
	}()
	<-arrived
	probe.Close()
	nothingLeft(t, temp)
	if err := <-done; err == nil {
		t.Error("the run under way gave no error")
	}
	if _, err := probe.Run(context.Background(), aboutUs(server.URL)); err == nil {
		t.Error("a run after Close gave no error")
	}
}

func TestCancelledRunIsNoFailure(t *testing.T) {
	arrived := make(chan bool, 10)
	server := shop(t, map[string]http.HandlerFunc{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := newProbe(t, Options{}).Run(ctx, journeyOf(goTo(server.URL+"/hang")))
	if !errors.Is(err, context.Canceled) && (err == nil || !strings.Contains(err.Error(), "canceled")) {
		t.Errorf("a cancelled run gave %v, expected the context's error", err)
	}
}

// TestOwnerKilled starts this test's program as a probe of its own, kills it
// in the middle of a run, and checks that its browser ends with it, whatever its
// page is busy with, and that the next probe clears up the rest.
func TestOwnerKilled(t *testing.T) {
	if url := os.Getenv("OUTRIDER_TEST_VICTIM"); url != "" {
		probe, err := New(Options{TempDir: os.Getenv("OUTRIDER_TEST_TEMP")})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		check := journeyOf(goTo(url))
		check.Journey.Browser.Chromium = os.Getenv("OUTRIDER_TEST_BUILD")
		_, _ = probe.Run(context.Background(), check)
		return
	}
	for _, tt := range []struct{ name, build, page string }{
		{"headless shell that waits", "", "/hang"},
		{"full Chromium with an endless script", "full", "/busy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			arrived := make(chan bool, 10)
			server := shop(t, map[string]http.HandlerFunc{
				"/hang": func(_ http.ResponseWriter, r *http.Request) {
					arrived <- true
					<-r.Context().Done()
				},
				"/busy":    html("<script>fetch('/arrived'); new Worker('/busy.js'); setTimeout(() => { for (;;); }, 20)</script>"),
				"/busy.js": hostilePages()["/busy.js"],
				"/arrived": func(http.ResponseWriter, *http.Request) { arrived <- true },
			})
			temp := t.TempDir()
			before := strays(t)
			victim := exec.Command(os.Args[0], "-test.run=^TestOwnerKilled$")
			victim.Env = append(os.Environ(), "OUTRIDER_TEST_VICTIM="+server.URL+tt.page, "OUTRIDER_TEST_TEMP="+temp, "OUTRIDER_TEST_BUILD="+tt.build)
			if err := victim.Start(); err != nil {
				t.Fatalf("start the victim: %v", err)
			}
			<-arrived
			if heads := leaders(temp); len(heads) != 1 {
				t.Errorf("the victim has %d browsers, expected one", len(heads))
			}
			members := 0
			for _, leader := range leaders(temp) {
				members += len((&family{leader: leader}).members())
			}
			if err := victim.Process.Kill(); err != nil {
				t.Fatalf("kill the victim: %v", err)
			}
			_ = victim.Wait()
			until(t, "the end of the victim's browser", func() bool { return len(chromiumsIn(temp)) == 0 })
			if members < 3 {
				t.Errorf("the victim's browser had %d processes", members)
			}
			if dirs, _ := filepath.Glob(filepath.Join(temp, profilePrefix+"*")); len(dirs) != 1 {
				t.Errorf("%d profiles are left, expected the victim's", len(dirs))
			}
			probe := newProbe(t, Options{TempDir: temp})
			nothingLeft(t, temp)
			mustPass(t, run(t, probe, aboutUs(server.URL)))
			for _, path := range strays(t) {
				// Other tests of this machine may run Chromiums, too; theirs are
				// gone before long.
				if !slices.Contains(before, path) {
					until(t, "the end of "+path, func() bool { _, err := os.Stat(path); return err != nil })
				}
			}
		})
	}
}

// strays gives what Chromiums have in the system's temporary folder and in its
// shared memory.
func strays(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"/tmp/*org.chromium.*", "/dev/shm/.org.chromium.*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, paths...)
	}
	return all
}

// TestSweep checks that sweeping kills and removes what is a dead owner's, and
// nothing else.
func TestSweep(t *testing.T) {
	temp, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(temp, profilePrefix+"999999999-1-1")
	foreign := filepath.Join(temp, "somebody-elses")
	odd := filepath.Join(temp, profilePrefix+"something")
	for _, dir := range []string{stale, foreign, odd} {
		if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	living, err := newProfile(temp)
	if err != nil {
		t.Fatal(err)
	}
	// Stand-ins for Chromium: all that counts is the command line.
	orphan, theirs, ours := standIn(t, stale), standIn(t, foreign), standIn(t, living.dir)
	bereft := standIn(t, filepath.Join(temp, profilePrefix+"999999999-1-2")) // without a folder

	killed, removed := sweep(temp)
	if killed != 2 || removed != 1 {
		t.Errorf("sweep killed %d and removed %d, expected 2 and 1", killed, removed)
	}
	for _, p := range []*exec.Cmd{orphan, bereft} {
		if err := p.Wait(); err == nil {
			t.Error("an orphan ended by itself")
		}
	}
	for name, p := range map[string]*exec.Cmd{"another's": theirs, "a living probe's": ours} {
		if err := p.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("%s process is gone: %v", name, err)
		}
		_ = p.Process.Kill()
		_ = p.Wait()
	}
	for _, dir := range []string{foreign, odd, living.dir} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("%s is gone", dir)
		}
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the stale profile is left")
	}
	if err := living.remove(); err != nil {
		t.Error(err)
	}
}

// standIn starts a process with the command line of a Chromium on a profile.
func standIn(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "read line; exit 0", "sh", "--user-data-dir="+dir)
	stdin, err := cmd.StdinPipe() // open for as long as it lives
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	return cmd
}

func TestNoBrowser(t *testing.T) {
	if _, err := New(Options{ShellPath: "/nonexistent/shell"}); err == nil || !strings.Contains(err.Error(), "/nonexistent/shell") {
		t.Errorf("a path that is not there gave %v", err)
	}
	broken := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho 'cannot open display' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	probe := newProbe(t, Options{ShellPath: broken})
	_, err := probe.Run(context.Background(), aboutUs("http://127.0.0.1:1"))
	if err == nil || !strings.Contains(err.Error(), "cannot open display") {
		t.Errorf("a browser that does not start gave %v, expected what it printed", err)
	}
	silent := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(silent, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	probe = newProbe(t, Options{ShellPath: silent, StartTimeout: 200 * time.Millisecond})
	if _, err := probe.Run(context.Background(), aboutUs("http://127.0.0.1:1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a browser that says nothing gave %v, expected a time-out", err)
	}
}

// TestSandbox checks that a browser whose sandbox does not work here is started
// without it, with a warning, unless that is ruled out. The browser is a script
// that says what Chromium says.
func TestSandbox(t *testing.T) {
	shellPath, _, err := FindChromium(Options{})
	if err != nil || shellPath == "" {
		t.Fatalf("no headless shell: %v", err)
	}
	picky := filepath.Join(t.TempDir(), "chromium")
	script := "#!/bin/sh\ncase \"$*\" in *--no-sandbox*) exec " + shellPath + " \"$@\";; esac\necho 'FATAL: No usable sandbox!' >&2\nexit 1\n"
	if err := os.WriteFile(picky, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Sandbox{SandboxAuto, SandboxOff, SandboxRequired} {
		t.Run("mode="+string(mode), func(t *testing.T) {
			warnings := 0
			temp := t.TempDir()
			p := &pool{
				options: Options{TempDir: temp, Sandbox: mode, Logger: slog.New(slog.DiscardHandler)}.withDefaults(),
				build:   shell, path: picky, warn: func() { warnings++ },
			}
			s, _, err := p.acquire(t.Context())
			if err == nil {
				p.release(s, false)
			}
			p.close()
			nothingLeft(t, temp)
			if mode == SandboxRequired {
				if err == nil || !strings.Contains(err.Error(), "No usable sandbox") || warnings != 0 {
					t.Errorf("start gave %v and %d warnings, expected an error that says why", err, warnings)
				}
			} else if err != nil || warnings != 1 {
				t.Errorf("start gave %v and %d warnings, expected one warning", err, warnings)
			}
		})
	}
}

func TestDefinitionsThatMakeNoSense(t *testing.T) {
	server := shop(t, nil)
	probe := newProbe(t, Options{})
	for _, action := range []checks.Action{
		&checks.Click{Target: bySelector("a[")},
		&checks.Press{Key: "Entre"},
		&checks.Request{Method: "GET"},
	} {
		if _, err := probe.Run(context.Background(), journeyOf(goTo(server.URL+"/"), action)); err == nil {
			t.Errorf("%s %+v gave no error", action.Verb(), action)
		} else {
			t.Log(fmt.Sprint(err))
		}
	}
}
