//go:build linux

package browser

import (
	"os/exec"
	"testing"
	"time"
)

// TestMeetZygotes has a process that looks like a zygote from before the first
// page, and one from after: only the first is one, the other a page that was
// just forked from it.
func TestMeetZygotes(t *testing.T) {
	cmd := exec.Command("sh", "-c", `sh -c 'sleep 60; :' --type=zygote & read go; sh -c 'sleep 60; :' --type=zygote & wait`)
	cmd.SysProcAttr = ownSession()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{pid: cmd.Process.Pid}
	t.Cleanup(func() {
		p.signal()
		_ = cmd.Wait()
	})
	look := func(want int) []int {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			var found []int
			for _, pid := range (&family{leader: p.pid}).members() {
				if child, ok := inspect(pid); ok && child.is("zygote") {
					found = append(found, pid)
				}
			}
			if len(found) == want || time.Now().After(deadline) {
				return found
			}
		}
	}
	first := look(1)
	time.Sleep(30 * time.Millisecond) // more than a clock tick
	p.askPage()
	time.Sleep(30 * time.Millisecond)
	if _, err := stdin.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if all := look(2); len(first) != 1 || len(all) != 2 {
		t.Fatalf("there are %d and then %d processes that look like a zygote", len(first), len(all))
	}
	p.meetZygotes()
	if got := *p.zygotes.Load(); len(got) != 1 || got[0] != first[0] {
		t.Errorf("the zygotes are %v, expected %v", got, first)
	}
}
