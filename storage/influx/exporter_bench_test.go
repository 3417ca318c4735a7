package influx

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"outrider/probes"
	"outrider/storage/influx/influxtest"
	"outrider/storage/storagetest"
)

// BenchmarkExport measures the way from the SQLite log into a real InfluxDB
// beside the client alone writing the same points, ready made, in batches of
// the same size, to the same server in the same run. One operation is one run,
// which makes five points.
func BenchmarkExport(b *testing.B) {
	server := influxtest.Start(b, influxtest.Options{})
	ctx := context.Background()
	for b.Loop() {
		// The work is given by its size, so that both sides do the same.
		b.StopTimer()
		const runs = 4_000
		store := openStore(b)
		made := make([]probes.Run, runs)
		var ready batch
		maker := newPointMaker(nil)
		for i := range made {
			made[i] = storagetest.NewRun(fmt.Sprintf("check-%d", i%100), start.Add(time.Duration(i)*time.Millisecond), time.Second)
			maker.run(&ready, made[i])
		}
		must(b, store.Record(ctx, made...))
		points := len(ready.points)

		e := newExporter(b, store, target{server, server.NewBucket(b, 0)}, Options{})
		b.StartTimer()
		ours := measure(func() { must(b, e.Flush(ctx)) })
		b.StopTimer()
		if got := e.Status().Exported; got != int64(points) {
			b.Fatalf("exported %d points, want %d", got, points)
		}
		client := influxdb2.NewClient(server.URL, "")
		writer := client.WriteAPIBlocking("", server.NewBucket(b, 0))
		bare := measure(func() {
			for rest := ready.points; len(rest) > 0; {
				n := min(5_000, len(rest))
				wire := make([]*write.Point, n)
				for i := range wire {
					wire[i] = rest[i].wire
				}
				must(b, writer.WritePoint(ctx, wire...))
				rest = rest[n:]
			}
		})
		client.Close()
		n := float64(points)
		b.ReportMetric(n/ours.wall.Seconds(), "points/s")
		b.ReportMetric(float64(ours.cpu.Microseconds())/n, "cpu-µs/point")
		b.ReportMetric(n/bare.wall.Seconds(), "bare-points/s")
		b.ReportMetric(float64(bare.cpu.Microseconds())/n, "bare-cpu-µs/point")
		b.ReportMetric(ours.wall.Seconds()/bare.wall.Seconds(), "wall-ratio")
		b.StartTimer()
	}
}

type cost struct{ wall, cpu time.Duration }

// measure gives the time that f took, and the CPU time of this process (not
// of InfluxDB's).
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
