package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

// BenchmarkRecord measures recording beside the least that any store on SQLite
// has to do: insert the same bytes into a bare table, durably, in transactions
// of as many rows. The ratios are those of this run.
func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		name           string
		callers, batch int
	}{
		{"1 caller, 1 run", 1, 1},
		{"1 caller, 100 runs", 1, 100},
		{"100 callers, 1 run", 100, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			runs := make([]probes.Run, b.N)
			texts := make([]string, b.N)
			bytes := 0
			for i := range runs {
				runs[i] = storagetest.NewRun(fmt.Sprintf("check-%d", i%100), start.Add(time.Duration(i)*time.Second), time.Second)
				texts[i], _ = storage.EncodeRun(&runs[i])
				bytes += len(texts[i])
			}
			s := open(b, Options{})
			b.ResetTimer()
			ours := measure(func() { record(b, s, runs, c.callers, c.batch) })
			b.StopTimer()
			bare := measure(func() { insert(b, texts, c.callers*c.batch) })
			n := float64(b.N)
			b.ReportMetric(n/ours.wall.Seconds(), "runs/s")
			b.ReportMetric(float64(ours.cpu.Microseconds())/n, "cpu-µs/run")
			b.ReportMetric(n/bare.wall.Seconds(), "bare-rows/s")
			b.ReportMetric(float64(bare.cpu.Microseconds())/n, "bare-cpu-µs/row")
			b.ReportMetric(ours.wall.Seconds()/bare.wall.Seconds(), "wall-ratio")
			b.ReportMetric(ours.cpu.Seconds()/bare.cpu.Seconds(), "cpu-ratio")
			b.ReportMetric(float64(bytes)/n, "json-bytes/run")
		})
	}
}

// record has callers record all runs, each batch runs at a time.
func record(b *testing.B, s *Store, runs []probes.Run, callers, batch int) {
	var busy sync.WaitGroup
	for c := range callers {
		busy.Go(func() {
			for i := c * batch; i < len(runs); i += callers * batch {
				if err := s.Record(context.Background(), runs[i:min(i+batch, len(runs))]...); err != nil {
					b.Error(err)
				}
			}
		})
	}
	busy.Wait()
}

// insert puts rows into a table without any index, batch rows a transaction.
func insert(b *testing.B, rows []string, batch int) {
	db, err := sql.Open("sqlite", writerDSN(filepath.Join(b.TempDir(), "bare.db"), true))
	must(b, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE runs (seq INTEGER PRIMARY KEY, run TEXT NOT NULL)")
	must(b, err)
	statement, err := db.Prepare("INSERT INTO runs (run) VALUES (?)")
	must(b, err)
	defer statement.Close()
	for len(rows) > 0 {
		t, err := db.Begin()
		must(b, err)
		inTransaction := t.Stmt(statement)
		n := min(batch, len(rows))
		for _, row := range rows[:n] {
			_, err := inTransaction.Exec(row)
			must(b, err)
		}
		must(b, t.Commit())
		rows = rows[n:]
	}
}

type cost struct{ wall, cpu time.Duration }

// measure gives the time that f took, and the CPU time of the whole process.
func measure(f func()) cost {
	began, cpu := time.Now(), cpuTime()
	f()
	return cost{time.Since(began), cpuTime() - cpu}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
