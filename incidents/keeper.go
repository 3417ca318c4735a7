package incidents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// ErrReplay says that the Keeper does not know which runs are judged: runs
// have to be handed to it again from Cursor on.
var ErrReplay = errors.New("runs have to be judged again from the cursor on")

// Store is what the Keeper needs of Outrider's memory.
type Store interface {
	// JudgeCursor is the Seq of the last change; zero if there was none.
	JudgeCursor(ctx context.Context) (int64, error)
	// OpenIncidents gives every open incident with its events.
	OpenIncidents(ctx context.Context) ([]Incident, error)
	// Memories gives what was last stored of every series.
	Memories(ctx context.Context) ([]Memory, error)
	// SeriesRuns gives up to 1,000 runs of a series from behind the place after
	// to the place until in the log, in its order.
	SeriesRuns(ctx context.Context, checkID, location string, after, until int64) ([]LoggedRun, error)
	// Deployments gives the marked deployments that concern a check, at or after
	// since and before until, the newest first.
	Deployments(ctx context.Context, checkID string, since, until time.Time) ([]Note, error)
	// Notifications gives all notifications of an incident.
	Notifications(ctx context.Context, incidentID string) ([]Notification, error)
	// Advance stores a change as a whole or not at all.
	Advance(ctx context.Context, c Change) error
}

// Options is what a Keeper works with. Store, Definitions and Compose have to
// be given.
type Options struct {
	Store       Store
	Definitions DefinitionsFunc
	Compose     ComposeFunc
	// Wake is called after notifications were stored; nil: nobody is told.
	Wake func()
	// Batch is how many runs in a row are judged, at the most, before their
	// change is stored if nothing happens to an incident; zero: 200.
	Batch int
	// Remember is how long what is remembered of a series may stay unstored if
	// nothing happens to an incident; zero: 10 min. It is much, and changes with
	// every run; after a crash it follows from the runs.
	Remember time.Duration
	Now      func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil: slog.Default()
}

// The defaults bound what has to be judged again after a crash.
const (
	defaultBatch    = 200
	defaultRemember = 10 * time.Minute
)

// Keeper owns the life of incidents: it judges runs in the order of the log
// and opens, changes and resolves incidents accordingly. What it has judged
// and what came of that is stored together, so that after a crash it goes on
// from where the store is as if nothing had happened.
//
// It is safe for concurrent use, but the log can only be followed once.
type Keeper struct {
	Options

	mu     sync.Mutex
	loaded bool // what is below is what the store has, and pending on top
	// followed tells that Cursor was called since loading, so that Judge can
	// rely on being handed every run.
	followed bool
	cursor   int64
	stored   int64
	open     map[trouble]*Incident
	watched  map[series]*watched
	pending  pending
	index    index
	suspects map[string]suspect // of open incidents, by their id
}

// series is the runs of one check at one location, which are judged together.
type series struct{ check, location string }

// watched is a series and how much of what it remembers is stored.
type watched struct {
	*detect.Series
	judged   int64     // Seq of the last run that it was handed
	stored   int64     // Seq up to which it is stored
	storedAt time.Time // zero: never
	changed  bool      // by something other than a run
}

// trouble is what there is at most one open incident for.
type trouble struct {
	series
	cause detect.Cause
}

// NewKeeper makes a Keeper. It reads nothing from the store yet.
func NewKeeper(o Options) *Keeper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.Remember <= 0 {
		o.Remember = defaultRemember
	}
	return &Keeper{Options: o}
}

// Cursor gives the place in the log after which runs have to be handed to
// Judge. It is to be called before the first Judge and after every error.
func (k *Keeper) Cursor(ctx context.Context) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(ctx); err != nil {
		return 0, err
	}
	k.followed = true
	return k.cursor, nil
}

// Judge judges the run at place seq of the log. Runs have to come in the
// order of the log, none left out; one that was judged before changes
// nothing. If an incident changes by it, that is stored at once; else at
// Flush, or when enough has come together.
//
// After an error nothing that was not yet stored counts as judged: go on from
// Cursor. Until then Judge gives ErrReplay.
func (k *Keeper) Judge(ctx context.Context, seq int64, run probes.Run) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.followed {
		return fmt.Errorf("judge run %s: %w", run.ID, ErrReplay)
	}
	if seq <= k.cursor {
		return nil
	}
	if err := k.judge(ctx, seq, &run); err != nil {
		k.lose()
		return fmt.Errorf("judge run %s: %w", run.ID, err)
	}
	k.cursor = seq
	k.pending.runs++
	if k.pending.urgent || k.pending.runs >= k.Batch {
		return k.flush(ctx)
	}
	return nil
}

// Flush stores what was judged and is not yet stored. It is to be called
// whenever the end of the log is reached. What is remembered of a series is
// stored from time to time only; see Options.Remember. For errors see Judge.
func (k *Keeper) Flush(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.flush(ctx)
}

// Close stores everything that is remembered, so that the next start need not
// judge any run again. For errors see Judge.
func (k *Keeper) Close(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for s, w := range k.watched {
		if w.judged > w.stored {
			w.changed = true
			k.pending.touchSeries(s)
		}
	}
	return k.flush(ctx)
}

// judge brings memory and incidents up to date with one run.
func (k *Keeper) judge(ctx context.Context, seq int64, run *probes.Run) error {
	defs := k.Definitions()
	if defs == nil {
		return errors.New("no definitions are loaded")
	}
	check, ok := k.index.check(defs, run.CheckID)
	if !ok || !check.Enabled || !check.RunsAt(run.Location) {
		return nil // taken out since: Retire ends what was open
	}
	s := series{run.CheckID, run.Location}
	w := k.watch(s)
	k.inOrder(w, run)
	w.SetCalendar(k.index.calendar(defs, check))
	result := w.Judge(check, run)
	if result.Lost != nil {
		k.Logger.Warn("memory of a check starts afresh, all or in part", "check", s.check, "location", s.location, "error", result.Lost)
	}
	w.judged = seq
	k.pending.touchSeries(s)
	if !result.Judgement.IsZero() {
		k.pending.judgements = append(k.pending.judgements, Judgement{seq, result.Judgement})
	}
	for i, n := range result.Notes {
		if n.Kind == detect.NoteChange {
			near, err := k.nearDeploy(ctx, defs, check, n.At)
			if err != nil {
				return err
			}
			if near != "" {
				n.Text += ", " + near
			}
		}
		k.pending.notes = append(k.pending.notes, Note{noteID(s, run, i), s.check, s.location, n})
	}
	for i := range result.Verdicts {
		if err := k.follow(ctx, basis{defs, check, run}, &result.Verdicts[i]); err != nil {
			return err
		}
	}
	return nil
}

// watch gives a series, a new one if need be.
func (k *Keeper) watch(s series) *watched {
	w := k.watched[s]
	if w == nil {
		w = &watched{Series: detect.NewSeries()}
		k.watched[s] = w
	}
	return w
}

// basis is what an event of an incident rests on: the definitions in force,
// the check (nil if it is no longer defined) and the run (nil if none led to
// the event).
type basis struct {
	defs  *checks.Definitions
	check *checks.Check
	run   *probes.Run
}

// follow does to the incident of a cause what a verdict says.
func (k *Keeper) follow(ctx context.Context, b basis, v *detect.Verdict) error {
	at := trouble{series{b.run.CheckID, b.run.Location}, v.Cause}
	incident := k.open[at]
	if incident == nil && v.Severity == detect.None {
		return nil // a bad run that is not confirmed
	}
	findings, err := k.findings(ctx, b, v)
	if err != nil {
		return err
	}
	e := Event{At: b.run.Finished.UTC(), Severity: v.Severity, Summary: v.Summary, RunID: b.run.ID, Findings: findings}
	switch {
	case incident == nil:
		incident = open(b, at, v)
		e.Kind = EventOpened
	case v.Bad:
		incident.Impact.BadRuns++
		k.pending.touch(incident)
	}
	switch {
	case e.Kind == EventOpened:
	case !v.Changed():
		return nil
	case v.Severity == detect.None:
		e.Kind, e.Severity = EventResolved, incident.Severity
	case v.Severity.WorseThan(incident.Severity):
		e.Kind = EventEscalated
	default:
		e.Kind = EventUpdated
	}
	return k.happen(ctx, b, at, incident, e)
}

// happen adds an event to an incident and makes its notifications.
func (k *Keeper) happen(ctx context.Context, b basis, at trouble, incident *Incident, e Event) error {
	e.Number = len(incident.Events) + 1
	if err := incident.Apply(e); err != nil {
		return err
	}
	if incident.State == Resolved {
		delete(k.open, at)
	} else {
		k.open[at] = incident
	}
	k.pending.touch(incident)
	k.pending.urgent = true
	k.pending.news = append(k.pending.news, news{incident.ID, incident.CheckID, incident.Location, incident.Cause, e})
	endpoints, err := k.endpoints(ctx, b, incident, e)
	if err != nil || len(endpoints) == 0 {
		return err
	}
	payload := k.Compose(Message{Incident: *incident, Event: e, Run: b.run})
	now := k.Now().UTC()
	for _, n := range endpoints {
		n.ID = notificationID(incident.ID, e, n.Endpoint())
		n.IncidentID, n.Event = incident.ID, e.Number
		n.Payload, n.CreatedAt, n.NextAttempt = payload, now, now
		n.State = Pending
		k.pending.notifications = append(k.pending.notifications, n)
	}
	return nil
}

// open makes the incident that a verdict opens, without its first event.
func open(b basis, at trouble, v *detect.Verdict) *Incident {
	return &Incident{
		ID:        incidentID(at, b.run),
		CheckID:   b.check.ID,
		CheckName: b.check.Name,
		Location:  at.location,
		Labels:    b.check.Labels,
		Cause:     at.cause,
		Impact:    Impact{BadRuns: v.BadRuns, Since: v.Since},
		Procedure: Procedure{Text: b.check.Procedure.Text, URL: b.check.Procedure.URL},
	}
}

// inOrder makes a series ready for a run. A memory from the future, which a
// clock that was set back leaves behind, would make every run look late until
// that time has come again.
func (k *Keeper) inOrder(w *watched, run *probes.Run) {
	const tolerance = time.Minute
	if run.Started.After(w.Last()) || !w.Last().After(k.Now().Add(tolerance)) {
		return
	}
	k.Logger.Warn("clock was set back: runs are judged from here on",
		"check", run.CheckID, "location", run.Location, "last", w.Last(), "run", run.Started)
	w.Rewind()
	w.changed = true
}
