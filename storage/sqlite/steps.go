package sqlite

import (
	"context"
	"slices"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// StepTimes gives what each step of a check took in the runs that started at
// or after since and before until (zero: now), in the order of the journey. It is exact,
// from runs that are still kept, at most the newest 10,000.
func (s *Store) StepTimes(ctx context.Context, checkID string, since, until time.Time) ([]storage.StepTimes, error) {
	if until.IsZero() {
		until = s.now()
	}
	rows, err := s.reading.QueryContext(ctx, `SELECT t.name, t.outcome, t.duration
		FROM (SELECT seq FROM runs INDEXED BY runs_by_hour
			WHERE check_id = ? AND started >= ? AND started < ? AND maintenance = 0
			ORDER BY started DESC LIMIT ?) r
		CROSS JOIN steps t ON t.run = r.seq
		WHERE t.outcome <> ? ORDER BY t.position`,
		checkID, nanos(since), nanos(until), maxSummaries, string(probes.Unknown))
	if err != nil {
		return nil, s.wrap("read step times", err)
	}
	defer rows.Close()
	var times []storage.StepTimes
	place := map[string]int{}
	durations := map[string][]int64{}
	for rows.Next() {
		var (
			name     string
			outcome  probes.Outcome
			duration int64
		)
		if err := rows.Scan(&name, &outcome, &duration); err != nil {
			return nil, s.wrap("read step times", err)
		}
		i, ok := place[name]
		if !ok {
			i = len(times)
			place[name] = i
			times = append(times, storage.StepTimes{Name: name})
		}
		times[i].Count++
		if outcome == probes.Failed {
			times[i].Failed++
		}
		durations[name] = append(durations[name], duration)
	}
	for i := range times {
		d := durations[times[i].Name]
		slices.Sort(d)
		times[i].P50, times[i].P95, times[i].Max = quantile(d, 50), quantile(d, 95), quantile(d, 100)
	}
	return times, s.wrap("read step times", rows.Err())
}
