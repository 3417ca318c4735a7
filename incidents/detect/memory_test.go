package detect_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
)

// letters makes a random history in which every kind of run occurs.
func letters(rnd *rand.Rand, n int) []rune {
	const kinds = "ppppdddcccfffum"
	all := make([]rune, n)
	for i := range all {
		all[i] = rune(kinds[rnd.IntN(len(kinds))])
	}
	return all
}

// judgeAll judges runs, with the memory passing through between after each.
func judgeAll(t *testing.T, check checks.Check, runs []probes.Run, between func(detect.Memory) detect.Memory) ([][]detect.Verdict, detect.Memory) {
	t.Helper()
	var all [][]detect.Verdict
	var memory detect.Memory
	for i := range runs {
		var verdicts []detect.Verdict
		memory, verdicts = detect.Judge(&check, memory, &runs[i])
		all = append(all, verdicts)
		memory = between(memory)
	}
	return all, memory
}

func keep(m detect.Memory) detect.Memory { return m }

// Over many random histories and rules: a restart after every run, which takes
// the memory through its bytes, changes no verdict; nor do duplicates and late
// runs; nor does judging it all again.
func TestJudgeProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for range 100 {
		of := 1 + rnd.IntN(6)
		check := checkOf(1+rnd.IntN(of), of, 1+rnd.IntN(4))
		var runs []probes.Run
		for i, letter := range letters(rnd, 60) {
			runs = append(runs, runOf(letter, i+1))
		}
		want, wantMemory := judgeAll(t, check, runs, keep)
		for _, verdicts := range want {
			for _, v := range verdicts {
				if v.Changed() {
					changed++
				}
				if v.Changed() != (v.Summary != "") {
					t.Fatalf("summary without change or change without summary: %+v", v)
				}
			}
		}

		again, _ := judgeAll(t, check, runs, keep)
		if diff := cmp.Diff(want, again); diff != "" {
			t.Fatalf("judged again (-first +second):\n%s", diff)
		}
		restarted, memory := judgeAll(t, check, runs, func(m detect.Memory) detect.Memory {
			m, err := detect.DecodeMemory(m.Encode())
			if err != nil {
				t.Fatal(err)
			}
			return m
		})
		if diff := cmp.Diff(want, restarted); diff != "" {
			t.Fatalf("restart after every run (-without +with):\n%s", diff)
		}
		if !bytes.Equal(memory.Encode(), wantMemory.Encode()) {
			t.Fatalf("memory after restarts:\n got %s\nwant %s", memory.Encode(), wantMemory.Encode())
		}

		seen := 0
		repeated, _ := judgeAll(t, check, runs, func(m detect.Memory) detect.Memory {
			if runs[seen].Maintenance || runs[seen].Outcome == probes.Unknown {
				seen++
				return m // it left no trace, so earlier runs count as the last
			}
			seen++
			for _, i := range []int{seen - 1, rnd.IntN(seen)} {
				after, verdicts := detect.Judge(&check, m, &runs[i])
				if len(verdicts) > 0 || !bytes.Equal(after.Encode(), m.Encode()) {
					t.Fatalf("run %d judged again after %d: %v", i+1, seen, verdicts)
				}
			}
			return m
		})
		if diff := cmp.Diff(want, repeated); diff != "" {
			t.Fatalf("duplicates (-without +with):\n%s", diff)
		}
	}
	if changed < 300 {
		t.Errorf("only %d changes of severity in all histories: they show little", changed)
	}
}

// Judge must not write to the memory that it is given.
func TestJudgeKeepsOldMemory(t *testing.T) {
	check := checkOf(2, 8, 1)
	memory, _ := history(check, detect.Memory{}, "ccc")
	before := string(memory.Encode())
	for _, letter := range "pdcf" {
		run := runOf(letter, 50)
		detect.Judge(&check, memory, &run)
	}
	if after := string(memory.Encode()); after != before {
		t.Errorf("memory changed:\n got %s\nwant %s", after, before)
	}
}

func TestDecodeMemoryRefuses(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"no JSON", "\x00\x01", "decode memory"},
		{"cut off", `{"version":1,"last":5`, "decode memory"},
		{"other type", `[]`, "decode memory"},
		{"no version", `{}`, "version 0"},
		{"later version", `{"version":2}`, "version 2"},
		{"unknown severity", `{"version":1,"failure":{"severity":"bad"}}`, `failure: unknown severity "bad"`},
		{"unknown severity of a reading", `{"version":1,"latency":{"recent":[{"severity":"x"}]}}`, `latency: unknown severity "x"`},
		{"negative count", `{"version":1,"latency":{"good":-1}}`, "-1"},
		{"too long", `{"version":1,"latency":{"recent":[` + strings.Repeat("{},", 2000) + `{}]}}`, "2001 readings"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := detect.DecodeMemory([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want one with %q", err, tt.want)
			}
			if !m.Last().IsZero() {
				t.Errorf("memory of a refused text is not zero: %s", m.Encode())
			}
		})
	}
	if _, err := detect.DecodeMemory(nil); err != nil {
		t.Errorf("no bytes: %v", err)
	}
}

func TestAssume(t *testing.T) {
	check := checkOf(2, 3, 2)
	t.Run("lost memory of an open incident", func(t *testing.T) {
		m := detect.Memory{}.Assume(detect.CauseFailure, detect.Critical)
		_, got := history(check, m, "ffpp")
		if diff := cmp.Diff([]string{"4:failure critical>"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("as it is already", func(t *testing.T) {
		m, _ := history(check, detect.Memory{}, "ffp")
		if got := m.Assume(detect.CauseFailure, detect.Critical); string(got.Encode()) != string(m.Encode()) {
			t.Errorf("got %s, want %s", got.Encode(), m.Encode())
		}
	})
	t.Run("ended by other means", func(t *testing.T) {
		m, _ := history(check, detect.Memory{}, "dd")
		_, got := history(check, m.Assume(detect.CauseLatency, detect.None).Rewound(), "dd")
		if diff := cmp.Diff([]string{"2:latency >warning"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzDecodeMemory(f *testing.F) {
	for _, runs := range []string{"", "p", "ffcdp", "cccpp"} {
		m, _ := history(checkOf(2, 3, 2), detect.Memory{}, runs)
		f.Add(m.Encode(), 2, 3, 1)
	}
	f.Add([]byte(`{"version":1,"last":-1,"latency":{"recent":[{"at":9}],"mild":7}}`), 0, -1, 1<<40)
	f.Fuzz(func(t *testing.T, data []byte, failures, of, recovery int) {
		m, err := detect.DecodeMemory(data)
		if err != nil {
			return
		}
		again, err := detect.DecodeMemory(m.Encode())
		if err != nil {
			t.Fatalf("own bytes are refused: %v", err)
		}
		if !bytes.Equal(again.Encode(), m.Encode()) {
			t.Fatalf("bytes change on the way:\n%s\n%s", m.Encode(), again.Encode())
		}
		// Whatever is read can be judged with, and what comes of it be read.
		for _, letter := range "fcdp" {
			check, run := checkOf(failures, of, recovery), runOf(letter, 1)
			run.Started = m.Last().Add(time.Minute)
			m, _ = detect.Judge(&check, m, &run)
			if _, err := detect.DecodeMemory(m.Encode()); err != nil {
				t.Fatalf("after run %c: %v", letter, err)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for _, bb := range []struct{ name, runs string }{{"passed", "pppp"}, {"failing", "ffff"}, {"changing", "ffpp"}} {
		b.Run(bb.name, func(b *testing.B) {
			check := checkOf(2, 3, 2)
			var runs []probes.Run
			for i, letter := range bb.runs {
				runs = append(runs, runOf(letter, i))
			}
			var memory detect.Memory
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				run := &runs[i%len(runs)]
				run.Started = start.Add(time.Duration(i) * time.Second)
				memory, _ = detect.Judge(&check, memory, run)
			}
		})
	}
	b.Run("memory to bytes and back", func(b *testing.B) {
		memory, _ := history(checkOf(2, 3, 2), detect.Memory{}, "pfpffd")
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if memory, err = detect.DecodeMemory(memory.Encode()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
