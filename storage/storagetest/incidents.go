package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents"
	"outrider/storage"
)

func (s suite) advance(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	opened := NewIncident("a", start)
	page := NewNotification(opened, "responders", "webhook", start)
	wantMemories := []incidents.Memory{
		{CheckID: "a", Location: "local", Seq: 41, Data: []byte("two bad")}, {CheckID: "b", Location: "local", Seq: 12, Data: []byte("fine")},
	}
	must(t, store.Advance(ctx, incidents.Change{
		Seq:           41,
		Memories:      wantMemories,
		Incidents:     []incidents.Incident{opened},
		Notifications: []incidents.Notification{page},
	}))
	if seq := got(store.JudgeCursor(ctx))(t); seq != 41 {
		t.Errorf("judged up to %d, want 41", seq)
	}
	if m := got(store.Memory(ctx, "a", "local"))(t); string(m) != "two bad" {
		t.Errorf("remembers %q", m)
	}
	if m := got(store.Memory(ctx, "a", "elsewhere"))(t); m != nil {
		t.Errorf("remembers %q of a series without runs", m)
	}
	if diff := cmp.Diff(wantMemories, got(store.Memories(ctx))(t)); diff != "" {
		t.Errorf("memories (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]incidents.Incident{opened}, got(store.OpenIncidents(ctx))(t)); diff != "" {
		t.Errorf("open incidents (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]incidents.Notification{page}, got(store.Notifications(ctx, opened.ID))(t)); diff != "" {
		t.Errorf("notifications (-want +got):\n%s", diff)
	}

	resolved := Resolve(opened, start.Add(time.Hour))
	must(t, store.Advance(ctx, incidents.Change{Seq: 50, Memories: []incidents.Memory{{CheckID: "a", Location: "local", Seq: 50}}, Incidents: []incidents.Incident{resolved}}))
	if diff := cmp.Diff(resolved, got(store.Incident(ctx, opened.ID))(t)); diff != "" {
		t.Errorf("resolved incident (-want +got):\n%s", diff)
	}
	if open := got(store.OpenIncidents(ctx))(t); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
	if m := got(store.Memory(ctx, "a", "local"))(t); m != nil {
		t.Errorf("remembers %q after it was told to forget", m)
	}
	must(t, store.Advance(ctx, incidents.Change{Seq: 44})) // the cursor never goes back
	if seq := got(store.JudgeCursor(ctx))(t); seq != 50 {
		t.Errorf("judged up to %d, want 50", seq)
	}
}

func (s suite) advanceAgain(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	opened := NewIncident("a", start)
	page := NewNotification(opened, "responders", "webhook", start)
	change := incidents.Change{Seq: 1, Incidents: []incidents.Incident{opened}, Notifications: []incidents.Notification{page}}
	must(t, store.Advance(ctx, change))
	delivered := page
	delivered.State, delivered.Attempts, delivered.DeliveredAt, delivered.NextAttempt = incidents.Delivered, 1, start, time.Time{}
	must(t, store.SettleNotification(ctx, delivered))

	forged := opened
	forged.Events = []incidents.Event{opened.Events[0]}
	forged.Events[0].Summary = "history rewritten"
	change.Incidents = []incidents.Incident{forged}
	must(t, store.Advance(ctx, change))
	if events := got(store.Incident(ctx, opened.ID))(t).Events; len(events) != 1 || events[0].Summary != "2 of 3 runs failed" {
		t.Errorf("events are %+v, want the first one as it was", events)
	}
	if diff := cmp.Diff([]incidents.Notification{delivered}, got(store.Notifications(ctx, opened.ID))(t)); diff != "" {
		t.Errorf("a delivered notification was put into the outbox again (-want +got):\n%s", diff)
	}
}

func (s suite) findIncidents(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	var all []incidents.Incident
	for h := range 6 {
		i := NewIncident([]string{"a", "b"}[h%2], at(h))
		if h != 1 && h != 4 {
			i = Resolve(i, at(h).Add(30*time.Minute))
		}
		all = append(all, i)
	}
	must(t, store.Advance(ctx, incidents.Change{Seq: 1, Incidents: all}))
	for name, c := range map[string]struct {
		query storage.IncidentQuery
		want  []int
	}{
		"all, the newest first":     {storage.IncidentQuery{}, []int{5, 4, 3, 2, 1, 0}},
		"of a check":                {storage.IncidentQuery{CheckID: "a"}, []int{4, 2, 0}},
		"open":                      {storage.IncidentQuery{State: incidents.Open}, []int{4, 1}},
		"resolved":                  {storage.IncidentQuery{State: incidents.Resolved, Limit: 2}, []int{5, 3}},
		"open or resolved since":    {storage.IncidentQuery{Since: at(3)}, []int{5, 4, 3, 1}},
		"the next page":             {storage.IncidentQuery{OpenedBefore: at(4), Limit: 2}, []int{3, 2}},
		"open, of a check, a while": {storage.IncidentQuery{CheckID: "b", State: incidents.Open, Since: at(5)}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []incidents.Incident
			for _, i := range c.want {
				want = append(want, all[i])
			}
			if diff := cmp.Diff(want, got(store.Incidents(ctx, c.query))(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func (s suite) pruneIncidents(t *testing.T) {
	ctx := t.Context()
	clock := &clock{start.Add(500 * 24 * time.Hour)}
	store := s.open(t, clock.Now)
	open := NewIncident("open", start)
	told := Resolve(NewIncident("told", start), start.Add(time.Hour))
	untold := Resolve(NewIncident("untold", start), start.Add(time.Hour))
	fresh := Resolve(NewIncident("fresh", start), clock.now.Add(-time.Hour))
	delivered := NewNotification(told, "x", "webhook", start)
	delivered.State = incidents.Delivered
	pending := NewNotification(untold, "x", "webhook", start)
	must(t, store.Advance(ctx, incidents.Change{
		Seq: 1, Incidents: []incidents.Incident{open, told, untold, fresh},
		Notifications: []incidents.Notification{delivered, pending},
	}))
	left := func(want ...string) {
		t.Helper()
		must(t, store.Prune(ctx))
		var checks []string
		for _, i := range got(store.Incidents(ctx, storage.IncidentQuery{}))(t) {
			checks = append(checks, i.CheckID)
		}
		seen := map[string]bool{}
		for _, c := range checks {
			seen[c] = true
		}
		for _, w := range want {
			if !seen[w] {
				t.Errorf("%s is gone", w)
			}
		}
		if len(checks) != len(want) {
			t.Errorf("left are %v, want %v", checks, want)
		}
	}
	must(t, store.SetCursor(ctx, storage.EventCursor("influx"), 1))
	left("open", "told", "untold", "fresh") // their events were not exported yet
	must(t, store.SetCursor(ctx, storage.EventCursor("influx"), 100))
	left("open", "untold", "fresh")
	if n := len(got(store.Notifications(ctx, told.ID))(t)); n != 0 {
		t.Errorf("%d notifications of a removed incident are left", n)
	}
	pending.State = incidents.Undeliverable
	must(t, store.SettleNotification(ctx, pending))
	left("open", "fresh")
}

func (s suite) followEvents(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	a, b := NewIncident("a", start), NewIncident("b", start.Add(time.Minute))
	must(t, store.Advance(ctx, incidents.Change{Seq: 1, Incidents: []incidents.Incident{a}}))
	must(t, store.Advance(ctx, incidents.Change{Seq: 2, Incidents: []incidents.Incident{b}}))
	a = Resolve(a, start.Add(time.Hour))
	must(t, store.Advance(ctx, incidents.Change{Seq: 3, Incidents: []incidents.Incident{a}}))
	type line struct {
		Incident string
		Event    incidents.Event
	}
	want := []line{{a.ID, a.Events[0]}, {b.ID, b.Events[0]}, {a.ID, a.Events[1]}}
	var read []line
	seq := int64(0)
	for range want {
		for _, e := range got(store.IncidentEventsAfter(ctx, seq, 1))(t) {
			if e.Seq <= seq || e.Incident.Events != nil {
				t.Errorf("after %d comes %+v", seq, e)
			}
			seq = e.Seq
			read = append(read, line{e.Incident.ID, e.Event})
		}
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if rest := got(store.IncidentEventsAfter(ctx, seq, 10))(t); len(rest) != 0 {
		t.Errorf("more events: %+v", rest)
	}
}

func (s suite) outbox(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	incident := NewIncident("a", start)
	at := func(m int) time.Time { return start.Add(time.Duration(m) * time.Minute) }
	first := NewNotification(incident, "responders", "webhook", at(0))
	second := NewNotification(incident, "responders", "webhook", at(5))
	second.ID += "-second"
	other := NewNotification(incident, "managers", "webhook", at(1))
	must(t, store.Advance(ctx, incidents.Change{
		Seq: 1, Incidents: []incidents.Incident{incident}, Notifications: []incidents.Notification{second, other, first},
	}))
	due := func(name, endpoint string, now time.Time, want ...incidents.Notification) {
		t.Helper()
		if diff := cmp.Diff(want, got(store.DueNotifications(ctx, endpoint, now, 10))(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff([]string{"managers/webhook", "responders/webhook"}, got(store.PendingEndpoints(ctx))(t)); diff != "" {
		t.Errorf("pending endpoints (-want +got):\n%s", diff)
	}
	due("nothing yet", "responders/webhook", at(-1))
	due("the first", "responders/webhook", at(0), first)
	due("both", "responders/webhook", at(5), first, second)
	if n := got(store.DueNotifications(ctx, "responders/webhook", at(5), 1))(t); len(n) != 1 {
		t.Errorf("limit 1 gave %d", len(n))
	}

	first.Attempts, first.NextAttempt, first.LastError = 1, at(30), "503 Service Unavailable"
	must(t, store.SettleNotification(ctx, first))
	due("after a failed attempt", "responders/webhook", at(5), second)
	if next, ok, err := store.NextDue(ctx, "responders/webhook"); err != nil || !ok || !next.Equal(at(5)) {
		t.Errorf("next due %v %v %v, want %v", next, ok, err, at(5))
	}
	must(t, store.ExpediteNotifications(ctx, "responders/webhook", at(3)))
	first.NextAttempt, second.NextAttempt = at(3), at(3)
	due("expedited", "responders/webhook", at(3), first, second)
	due("the other endpoint is not", "managers/webhook", at(0))

	for _, n := range []incidents.Notification{first, second} {
		n.State, n.NextAttempt, n.DeliveredAt = incidents.Delivered, time.Time{}, at(4)
		must(t, store.SettleNotification(ctx, n))
	}
	due("all delivered", "responders/webhook", at(100))
	if _, ok, err := store.NextDue(ctx, "responders/webhook"); err != nil || ok {
		t.Errorf("something is still due: %v %v", ok, err)
	}
	must(t, store.ExpediteNotifications(ctx, "responders/webhook", at(1)))
	if n := got(store.Notifications(ctx, incident.ID))(t); n[0].State != incidents.Delivered && n[1].State != incidents.Delivered {
		t.Errorf("expediting revived %+v", n)
	}
	notFound(t, store.SettleNotification(ctx, incidents.Notification{ID: "nobody"}))
}
