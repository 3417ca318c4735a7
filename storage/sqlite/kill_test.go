package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

// childVariable makes the test binary a process that records runs into the
// named database until it is killed.
const childVariable = "OUTRIDER_TEST_RECORD_INTO"

// recordUntilKilled records runs from several goroutines and prints the id of
// each one that was acknowledged.
func recordUntilKilled(path string) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path, Retention: Retention{MaxBytes: 4 << 20}})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fail := func(err error) {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	var printing sync.Mutex
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				run := storagetest.NewRun(fmt.Sprintf("check-%d", w), time.Now().UTC(), time.Second)
				run.Artifacts = []probes.Artifact{{Name: "page.txt", MediaType: "text/plain", Data: make([]byte, 1_000)}}
				if err := s.Record(ctx, run); err != nil {
					fail(err)
				}
				printing.Lock()
				fmt.Println(run.ID)
				printing.Unlock()
			}
		}()
	}
	for i := int64(1); ; i++ {
		incident := storagetest.NewIncident("check-0", time.Now().UTC())
		if err := s.Advance(ctx, incidents.Change{Seq: i, Incidents: []incidents.Incident{incident}}); err != nil {
			fail(err)
		}
		printing.Lock()
		fmt.Println("incident", incident.ID)
		printing.Unlock()
		if i%20 == 0 {
			if err := s.rollUp(ctx); err != nil {
				fail(err)
			}
		}
	}
}

func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outrider.db")
	var acknowledged []string
	for range 6 {
		acknowledged = append(acknowledged, recordAndKill(t, path, time.Duration(20+rand.IntN(200))*time.Millisecond)...)
	}
	s := open(t, Options{Path: path})
	must(t, s.Check(t.Context()))
	runs := 0
	for _, line := range acknowledged {
		if id, is := strings.CutPrefix(line, "incident "); is {
			if i, err := s.Incident(t.Context(), id); err != nil || len(i.Events) != 1 {
				t.Errorf("acknowledged incident %s: %v, %d events", id, err, len(i.Events))
			}
			continue
		}
		entry, err := s.Run(t.Context(), line)
		if err != nil {
			t.Errorf("acknowledged run is gone: %v", err)
			continue
		}
		if _, err := s.Artifact(t.Context(), entry.Run.ID, "page.txt"); err != nil {
			t.Error(err)
		}
		runs++
	}
	if runs < 20 {
		t.Errorf("only %d runs were acknowledged: the test shows nothing", runs)
	}
	totals, err := s.Totals(t.Context(), time.Time{}, time.Time{})
	must(t, err)
	summed := 0
	for _, c := range totals {
		summed += c.Passed
	}
	all := 0
	for seq := int64(0); ; {
		entries, err := s.RunsAfter(t.Context(), seq, 1_000)
		must(t, err)
		if len(entries) == 0 {
			break
		}
		all += len(entries)
		seq = entries[len(entries)-1].Seq
	}
	if all < runs || summed != all {
		t.Errorf("the log has %d runs, their hours sum up to %d; %d were acknowledged", all, summed, runs)
	}
	t.Logf("%d runs acknowledged, %d recorded", runs, all)
	if _, err := s.Runs(t.Context(), storage.RunQuery{}); err != nil {
		t.Error(err)
	}
}

// recordAndKill lets a process record for a while after its first run, kills
// it, and gives what it acknowledged.
func recordAndKill(t *testing.T, path string, after time.Duration) (lines []string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), childVariable+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	kill := time.AfterFunc(30*time.Second, func() { child.Process.Kill() })
	defer kill.Stop()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		if message, is := strings.CutPrefix(scanner.Text(), "error: "); is {
			t.Errorf("child: %s", message)
		}
		if len(lines) == 0 {
			time.AfterFunc(after, func() { child.Process.Kill() })
		}
		lines = append(lines, scanner.Text())
	}
	_ = child.Wait() // it was killed
	return lines
}
