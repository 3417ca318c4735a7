package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser"
)

// TestSoak buys a mug many times in a row and fails if memory, processes, open
// files or disk grow. OUTRIDER_SOAK says how often ("make soak": 1,000 times);
// without it a few journeys see to it that the test itself works.
// OUTRIDER_SOAK_RUNS is after how many runs a browser is replaced.
//
// What is held is measured ten times, as the peak of the tenth before. The
// bound: the peak of the second half is at most that of the first half and a
// quarter, and what chance makes of it.
func TestSoak(t *testing.T) {
	journeys := number(t, "OUTRIDER_SOAK", 10)
	logger := slog.New(slog.DiscardHandler)
	options := browser.Options{Logger: logger, TempDir: t.TempDir(), MaxRuns: number(t, "OUTRIDER_SOAK_RUNS", 0)}
	if os.Getuid() == 0 {
		options.Sandbox = browser.SandboxOff
	}
	chromium, err := browser.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	executor := &probes.Executor{Location: "test", Probes: map[checks.Kind]probes.Probe{checks.KindBrowser: chromium}}
	defs := loadDemo(t, map[string]string{"DEMO_WEBHOOK_SECRET": testSecret, "SHOP_URL": openShop(t)})
	check, ok := defs.Check("checkout")
	if !ok {
		t.Fatal("there is no check checkout")
	}
	check.Timeout = time.Minute // a busy machine may be slow

	var rows []holding
	var late, crowded []float64 // as shares of each journey's time
	var disturbed int
	shared := sharedFiles(t)
	t.Log("| journeys | s each | memory of the browser (PSS, MB) | processes | profile (MB) | our heap (MB) | goroutines | open files | temporary files |")
	t.Log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for done := 0; done < journeys; {
		var peak holding
		began, first := time.Now(), done
		for done < journeys*(len(rows)+1)/10 || done == first {
			run := executor.Execute(t.Context(), check, time.Now(), nil)
			if done++; run.Outcome != probes.Passed && run.Outcome != probes.Degraded {
				t.Fatalf("journey %d is %s", done, describe(run))
			}
			late, crowded = append(late, run.Disturbance), append(crowded, run.CPUPressure)
			if run.Disturbed != "" {
				disturbed++
			}
			if every := max(1, journeys/40); done%every == 0 {
				peak = peak.max(measure(t, chromium, options.TempDir))
			}
		}
		each := time.Since(began).Seconds() / float64(done-first)
		peak = peak.max(measure(t, chromium, options.TempDir))
		rows = append(rows, peak)
		t.Logf("| %d | %.2f | %d | %d | %.1f | %.1f | %d | %d | %d |", done, each, peak.memory>>20, peak.processes,
			float64(peak.disk)/(1<<20), float64(peak.heap)/(1<<20), peak.goroutines, peak.files, peak.entries)
	}
	slices.Sort(late)
	slices.Sort(crowded)
	t.Logf("%d of %d journeys found the host disturbed: late for %.0f %% of the time at the median, %.0f %% at the 95th percentile; cores short for %.0f %% and %.0f %%",
		disturbed, journeys, 100*late[len(late)/2], 100*late[len(late)*95/100], 100*crowded[len(crowded)/2], 100*crowded[len(crowded)*95/100])

	var former, latter holding
	for i, row := range rows {
		if i < len(rows)/2 {
			former = former.max(row)
		} else {
			latter = latter.max(row)
		}
	}
	former.bounds(t, latter)
	chromium.Close()
	if entries, err := os.ReadDir(options.TempDir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
	if now := sharedFiles(t); now > shared {
		t.Errorf("%d files of shared memory are left behind", now-shared)
	}
}

// holding is what journeys hold of the machine.
type holding struct {
	memory, disk, heap           int64 // bytes
	processes, goroutines, files int
	entries                      int // in the temporary folder, all levels
}

func (h holding) max(other holding) holding {
	return holding{
		max(h.memory, other.memory), max(h.disk, other.disk), max(h.heap, other.heap),
		max(h.processes, other.processes), max(h.goroutines, other.goroutines), max(h.files, other.files),
		max(h.entries, other.entries),
	}
}

// bounds fails the test if the second half of the journeys held more than the
// first, h, and what is due to chance.
func (h holding) bounds(t *testing.T, late holding) {
	for _, b := range []struct {
		what               string
		early, late, slack int64
	}{
		{"memory of the browser", h.memory, late.memory, 32 << 20},
		{"disk of the profile", h.disk, late.disk, 8 << 20},
		{"our heap", h.heap, late.heap, 8 << 20},
		{"processes", int64(h.processes), int64(late.processes), 2},
		{"goroutines", int64(h.goroutines), int64(late.goroutines), 8},
		{"open files", int64(h.files), int64(late.files), 8},
		{"temporary files", int64(h.entries), int64(late.entries), 50},
	} {
		if limit := b.early + b.early/4 + b.slack; b.late > limit {
			t.Errorf("%s: grew from %d in the first half to %d in the second, over the bound of %d", b.what, b.early, b.late, limit)
		}
	}
}

// measure tells what is held at the moment. While a browser takes over from
// another it waits: both are there then.
func measure(t *testing.T, p *browser.Probe, temp string) holding {
	t.Helper()
	usage := p.Usage()
	for deadline := time.Now().Add(20 * time.Second); usage.Browsers != 1 && time.Now().Before(deadline); usage = p.Usage() {
		time.Sleep(50 * time.Millisecond)
	}
	if usage.Browsers != 1 {
		t.Errorf("%d browsers run", usage.Browsers)
	}
	// The process of a page that was closed takes a while to end, longer on a busy
	// machine: what is held is what stays for half a second.
	fell := time.Now()
	for deadline := fell.Add(10 * time.Second); time.Since(fell) < 500*time.Millisecond && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
		if now := p.Usage(); now.Browsers == 1 && now.Memory < usage.Memory {
			if usage.Memory-now.Memory > 4<<20 {
				fell = time.Now()
			}
			usage = now
		}
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	h := holding{
		memory: usage.Memory, disk: usage.Disk, heap: int64(memory.HeapAlloc),
		processes: usage.Processes, goroutines: runtime.NumGoroutine(),
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		h.files = len(files)
	}
	// Files come and go meanwhile: what cannot be looked at does not count.
	_ = filepath.WalkDir(temp, func(string, os.DirEntry, error) error {
		h.entries++
		return nil
	})
	return h
}

// sharedFiles counts the files of shared memory that Chromiums have left.
func sharedFiles(t *testing.T) int {
	t.Helper()
	paths, err := filepath.Glob("/dev/shm/.org.chromium.*")
	if err != nil {
		t.Fatal(err)
	}
	return len(paths)
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, fallback int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatal(fmt.Errorf("%s is %q: write a whole number", name, text))
	}
	return n
}
