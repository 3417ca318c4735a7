package probes

import (
	"testing"
	"time"
)

func TestHostSumsLateness(t *testing.T) {
	var h host
	mark := h.enter(false)
	s := h.sleeper
	s.mu.Lock() // nobody wakes the sleeper: the host is busy
	time.Sleep(3 * nap)
	s.mu.Unlock()
	share := h.leave(mark).lateness
	if share <= 0.3 || share > 1 {
		t.Errorf("asleep for three naps, late by %.2f", share)
	}
	if h.sleeper != nil || h.runs != 0 {
		t.Error("the sleeper outlives the last run")
	}
}

func TestHostIsSharedByRuns(t *testing.T) {
	var h host
	first := h.enter(false)
	s := h.sleeper
	s.mu.Lock()
	s.late += time.Hour // before the second began
	s.mu.Unlock()
	second := h.enter(false)
	if h.sleeper != s {
		t.Error("a second sleeper")
	}
	time.Sleep(time.Millisecond)
	if share := h.leave(second).lateness; share == 1 {
		t.Error("the second run pays for what was before")
	}
	if share := h.leave(first).lateness; share != 1 {
		t.Errorf("the first run was disturbed by %.2f", share)
	}
}
