package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage"
)

// memory keeps runs and incidents in memory, as the contracts of storage say.
type memory struct {
	mu            sync.Mutex
	entries       []storage.Entry // oldest first
	incidents     []incidents.Incident
	notifications []incidents.Notification
	judgements    map[string]detect.Judgement // by run
	notes         []incidents.Note            // oldest first
	fail          error                       // every question fails with it
	asked         map[string]int
}

func (m *memory) ask(name string) error {
	if m.asked == nil {
		m.asked = map[string]int{}
	}
	m.asked[name]++
	return m.fail
}

// add records a run, in the order in which it started.
func (m *memory) add(r probes.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = append(m.entries, storage.Entry{Seq: int64(len(m.entries) + 1), Run: r})
}

func matches(e storage.Entry, q storage.RunQuery) bool {
	r := e.Run
	return (q.CheckID == "" || r.CheckID == q.CheckID) &&
		(len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, r.Outcome)) &&
		(q.Since.IsZero() || !r.Started.Before(q.Since)) &&
		(q.Until.IsZero() || r.Started.Before(q.Until)) &&
		(q.Before == 0 || e.Seq < q.Before)
}

func (m *memory) Runs(_ context.Context, q storage.RunQuery) ([]storage.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Runs"); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	var out []storage.Entry
	for _, e := range slices.Backward(m.entries) {
		if matches(e, q) && len(out) < q.Limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memory) Run(_ context.Context, id string) (storage.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Run"); err != nil {
		return storage.Entry{}, err
	}
	for _, e := range m.entries {
		if e.Run.ID == id {
			return e, nil
		}
	}
	return storage.Entry{}, storage.ErrNotFound
}

func (m *memory) Artifact(ctx context.Context, run, name string) (probes.Artifact, error) {
	e, err := m.Run(ctx, run)
	if err != nil {
		return probes.Artifact{}, err
	}
	for _, a := range e.Run.Artifacts {
		if a.Name == name {
			return a, nil
		}
	}
	return probes.Artifact{}, storage.ErrNotFound
}

func (m *memory) Within(_ context.Context, check string, latency time.Duration, since, until time.Time) (storage.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Within"); err != nil {
		return storage.Kept{}, err
	}
	var k storage.Kept
	for _, e := range m.entries {
		r := e.Run
		if start := r.Started.Truncate(time.Hour); r.CheckID != check || r.Maintenance || r.Outcome == probes.Unknown || start.Before(since) || !start.Before(until) {
			continue
		}
		k.Total++
		if r.Outcome != probes.Failed && r.Duration <= latency {
			k.Good++
		}
	}
	return k, nil
}

func (m *memory) Hours(_ context.Context, check string, since, until time.Time) ([]storage.Hour, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Hours"); err != nil {
		return nil, err
	}
	return m.hours(since, until)[check], nil
}

func (m *memory) AllHours(_ context.Context, since, until time.Time) (map[string][]storage.Hour, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("AllHours"); err != nil {
		return nil, err
	}
	return m.hours(since, until), nil
}

// hours rolls up all runs whose hour lies between the two.
func (m *memory) hours(since, until time.Time) map[string][]storage.Hour {
	out := map[string][]storage.Hour{}
	took := map[string][]time.Duration{}
	for _, e := range m.entries {
		r := e.Run
		start := r.Started.Truncate(time.Hour)
		if start.Before(since) || !start.Before(until) {
			continue
		}
		list := out[r.CheckID]
		if len(list) == 0 || !list[len(list)-1].Start.Equal(start) {
			list = append(list, storage.Hour{Start: start})
			took[r.CheckID] = nil
		}
		h := &list[len(list)-1]
		out[r.CheckID] = list
		switch {
		case r.Maintenance:
			h.Maintenance++
			continue
		case r.Outcome == probes.Passed:
			h.Passed++
		case r.Outcome == probes.Degraded:
			h.Degraded++
		case r.Outcome == probes.Failed:
			h.Failed++
		default:
			h.Unknown++
			continue
		}
		at, _ := slices.BinarySearch(took[r.CheckID], r.Duration)
		d := slices.Insert(took[r.CheckID], at, r.Duration)
		took[r.CheckID] = d
		h.P50, h.P95, h.Max = d[len(d)/2], d[len(d)*95/100], d[len(d)-1]
	}
	return out
}

func (m *memory) Recent(_ context.Context, after int64, perCheck int) (map[string][]storage.Summary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Recent"); err != nil {
		return nil, err
	}
	out := map[string][]storage.Summary{}
	for _, e := range slices.Backward(m.entries) {
		if id := e.Run.CheckID; e.Seq > after && len(out[id]) < perCheck {
			out[id] = append(out[id], summary(e))
		}
	}
	return out, nil
}

func (m *memory) Summaries(ctx context.Context, q storage.RunQuery) ([]storage.Summary, error) {
	entries, err := m.Runs(ctx, q)
	out := make([]storage.Summary, len(entries))
	for i, e := range entries {
		out[i] = summary(e)
	}
	return out, err
}

func (m *memory) Totals(_ context.Context, since, until time.Time) (map[string]storage.Counts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Totals"); err != nil {
		return nil, err
	}
	out := map[string]storage.Counts{}
	for id, hours := range m.hours(since, until) {
		c := out[id]
		for _, h := range hours {
			c.Passed += h.Passed
			c.Degraded += h.Degraded
			c.Failed += h.Failed
			c.Unknown += h.Unknown
			c.Maintenance += h.Maintenance
		}
		out[id] = c
	}
	return out, nil
}

func summary(e storage.Entry) storage.Summary {
	r := e.Run
	return storage.Summary{Seq: e.Seq, ID: r.ID, CheckID: r.CheckID, Started: r.Started, Duration: r.Duration,
		Outcome: r.Outcome, Maintenance: r.Maintenance}
}

func (m *memory) Incidents(_ context.Context, q storage.IncidentQuery) ([]incidents.Incident, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Incidents"); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	var out []incidents.Incident
	sorted := slices.SortedFunc(slices.Values(m.incidents), func(a, b incidents.Incident) int { return b.OpenedAt.Compare(a.OpenedAt) })
	for _, i := range sorted {
		if (q.CheckID == "" || i.CheckID == q.CheckID) && (q.State == "" || i.State == q.State) &&
			(q.Since.IsZero() || i.State == incidents.Open || !i.ResolvedAt.Before(q.Since)) &&
			(q.OpenedBefore.IsZero() || i.OpenedAt.Before(q.OpenedBefore)) && len(out) < q.Limit {
			out = append(out, i)
		}
	}
	return out, nil
}

func (m *memory) Incident(_ context.Context, id string) (incidents.Incident, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Incident"); err != nil {
		return incidents.Incident{}, err
	}
	for _, i := range m.incidents {
		if i.ID == id {
			return i, nil
		}
	}
	return incidents.Incident{}, storage.ErrNotFound
}

func (m *memory) Notifications(_ context.Context, incident string) ([]incidents.Notification, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []incidents.Notification
	for _, n := range m.notifications {
		if n.IncidentID == incident {
			out = append(out, n)
		}
	}
	return out, m.ask("Notifications")
}

// monitorStatus is a Status that tests set.
type monitorStatus struct {
	checks []CheckStatus
	health Health
}

func (m *monitorStatus) Checks() []CheckStatus { return m.checks }
func (m *monitorStatus) Health() Health        { return m.health }

var (
	_ storage.Runs      = (*memory)(nil)
	_ storage.Overview  = (*memory)(nil)
	_ storage.Incidents = (*memory)(nil)
	_ Status            = (*monitorStatus)(nil)
)

// defined makes a check as loading would.
func defined(id, name string, kind checks.Kind, labels string) checks.Check {
	c := checks.Check{
		ID: id, Name: name, Enabled: true, Labels: map[string]string{},
		Schedule: checks.Schedule{Every: time.Minute, Zone: time.UTC}, Timeout: 30 * time.Second,
		Confirm: checks.Confirm{Failures: 2, Of: 3, Recovery: 2}, Notify: []string{"responders"},
		Journey: checks.Journey{Kind: kind},
	}
	for _, l := range strings.Fields(labels) {
		k, v, _ := strings.Cut(l, "=")
		c.Labels[k] = v
	}
	return c
}

func (m *memory) Judgements(_ context.Context, check string, since, until time.Time, _ time.Duration) ([]storage.JudgementEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Judgements"); err != nil {
		return nil, err
	}
	var out []storage.JudgementEntry
	for _, e := range m.entries {
		j, ok := m.judgements[e.Run.ID]
		if ok && e.Run.CheckID == check && !e.Run.Started.Before(since) && e.Run.Started.Before(until) {
			out = append(out, storage.JudgementEntry{Summary: summary(e), Location: e.Run.Location, Judgement: j})
		}
	}
	return out, nil
}

func (m *memory) Judgement(_ context.Context, run string) (detect.Judgement, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Judgement"); err != nil {
		return detect.Judgement{}, err
	}
	j, ok := m.judgements[run]
	if !ok {
		return j, storage.ErrNotFound
	}
	return j, nil
}

func (m *memory) Notes(_ context.Context, q storage.NoteQuery) ([]incidents.Note, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("Notes"); err != nil {
		return nil, err
	}
	var out []incidents.Note
	for _, n := range slices.Backward(m.notes) {
		if (q.CheckID == "" || n.CheckID == "" || n.CheckID == q.CheckID) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, n.Kind)) &&
			(q.Since.IsZero() || !n.At.Before(q.Since)) && (q.Until.IsZero() || n.At.Before(q.Until)) {
			out = append(out, n)
		}
	}
	return out, nil
}
