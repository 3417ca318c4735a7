package monitor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"

	"outrider/checks"
	"outrider/probes"
)

// scheduledCheck is a check with its job at the scheduler.
type scheduledCheck struct {
	id  string
	job uuid.UUID
	// before is the same check at its former rhythm, whose journey may still
	// be under way; nil if there is none.
	before *scheduledCheck

	mu      sync.Mutex
	check   checks.Check
	due     time.Time // the next planned start
	running bool      // a journey is queued or under way
	queued  bool
	missed  int64
}

// reschedule brings the scheduler's jobs in line with the definitions. The
// caller holds m.mu.
func (m *Monitor) reschedule() error {
	if m.scheduler == nil {
		return nil
	}
	wanted := map[string]checks.Check{}
	for _, c := range m.defs.Checks {
		if c.Enabled && c.RunsAt(m.opts.Location) {
			wanted[c.ID] = c
		}
	}
	former := map[string]*scheduledCheck{}
	for id, s := range m.scheduled {
		c, ok := wanted[id]
		if ok && s.adopt(c) {
			continue
		}
		if err := m.scheduler.RemoveJob(s.job); err != nil {
			return fmt.Errorf("unschedule check %s: %w", id, err)
		}
		delete(m.scheduled, id)
		former[id] = s
	}
	for id, c := range wanted {
		if m.scheduled[id] != nil {
			continue
		}
		s, err := m.schedule(c, former[id])
		if err != nil {
			return fmt.Errorf("schedule check %s: %w", id, err)
		}
		m.scheduled[id] = s
	}
	return nil
}

// adopt takes a new version of the check; it tells whether the rhythm is the
// same, so that the job can stay.
func (s *scheduledCheck) adopt(c checks.Check) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.check.Schedule
	if old.Every != c.Schedule.Every || old.Cron != c.Schedule.Cron || old.Zone.String() != c.Schedule.Zone.String() {
		return false
	}
	s.check = c
	return true
}

// settling is how far ahead the first start of a check is planned at least, so
// that registering a thousand jobs does not miss the first of them.
const settling = 100 * time.Millisecond

func (m *Monitor) schedule(c checks.Check, former *scheduledCheck) (*scheduledCheck, error) {
	s := &scheduledCheck{id: c.ID, check: c}
	if former.busy() {
		s.before = former
	}
	task := gocron.NewTask(func() { m.fire(s) })
	var err error
	s.due, err = next(c, time.Now().Add(settling))
	if err != nil {
		return nil, err
	}
	var job gocron.Job
	if c.Schedule.Every > 0 {
		job, err = m.scheduler.NewJob(gocron.DurationJob(c.Schedule.Every), task,
			gocron.WithName(c.ID), gocron.WithStartAt(gocron.WithStartDateTime(s.due)))
	} else {
		job, err = m.scheduler.NewJob(gocron.CronJob("CRON_TZ="+c.Schedule.Zone.String()+" "+c.Schedule.Cron, false), task,
			gocron.WithName(c.ID))
	}
	if err != nil {
		return nil, err
	}
	s.job = job.ID()
	return s, nil
}

// next is the first planned start of the check after t.
func next(c checks.Check, t time.Time) (time.Time, error) {
	if c.Schedule.Every > 0 {
		return c.Schedule.FirstStart(c.ID, t.Add(1)), nil
	}
	return c.Schedule.NextCron(t)
}

// fire is what gocron calls when a check is due. The journey runs in a
// goroutine of the monitor's own, so that it decides how they end.
func (m *Monitor) fire(s *scheduledCheck) {
	m.mu.Lock()
	ctx, redactor := m.runCtx, m.redactor
	if m.scheduler == nil || m.scheduled[s.id] != s { // stopping, or unscheduled in this very moment
		m.mu.Unlock()
		return
	}
	m.journeys.Add(1)
	m.mu.Unlock()

	check, scheduled, ok := s.begin(time.Now())
	if !ok {
		m.journeys.Done()
		return
	}
	go func() {
		defer m.journeys.Done()
		defer s.end()
		m.journey(ctx, s, check, scheduled, redactor)
	}()
}

// begin notes a start that is due now. It tells what was planned; ok is false
// if this start is left out because the check's last journey has not ended
// (which counts as missed) or because the check is outside active hours.
func (s *scheduledCheck) begin(now time.Time) (check checks.Check, scheduled time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.followClock(now)
	scheduled = s.due
	// A host that slept, or a scheduler that was held up, leaves planned
	// starts behind: each is a miss, and the last one is this.
	for {
		following, err := s.following()
		if err != nil { // validated when loaded; a cron that never comes again
			break
		}
		s.due = following
		if following.After(now) {
			break
		}
		if s.check.Schedule.ActiveAt(scheduled) {
			s.missed++
		}
		scheduled = following
	}
	if !s.check.Schedule.ActiveAt(scheduled) {
		return checks.Check{}, time.Time{}, false
	}
	if s.running || s.before.busy() {
		s.missed++
		return checks.Check{}, time.Time{}, false
	}
	s.running, s.before = true, nil
	return s.check, scheduled, true
}

// followClock moves the planned start by as much as the clock was set since it
// was planned. gocron goes by the monotonic clock, and so does what is counted
// as missed; but what is shown, and active hours, are of the clock on the wall.
func (s *scheduledCheck) followClock(now time.Time) {
	const slewed = time.Second // not set, only run a little faster or slower
	ahead := s.due.Sub(now)
	if set := s.due.Round(0).Sub(now.Round(0)) - ahead; set.Abs() > slewed {
		s.due = now.Add(ahead)
	}
}

// following is the planned start after the next one, as gocron reckons it.
func (s *scheduledCheck) following() (time.Time, error) {
	if every := s.check.Schedule.Every; every > 0 {
		return s.due.Add(every), nil
	}
	return s.check.Schedule.NextCron(s.due)
}

// busy tells whether a journey is queued or under way, by this rhythm or a
// former one.
func (s *scheduledCheck) busy() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running || s.before.busy()
}

func (s *scheduledCheck) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

func (s *scheduledCheck) setQueued(queued bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued = queued
}

// journey waits for a slot, does the journey and records it.
func (m *Monitor) journey(ctx context.Context, s *scheduledCheck, check checks.Check, scheduled time.Time, redactor *checks.Redactor) {
	slots := m.slots[check.Journey.Kind]
	asked := time.Now()
	s.setQueued(true)
	err := slots.acquire()
	s.setQueued(false)
	if err != nil {
		return // stopping: the journey never began, there is nothing to record
	}
	waited := time.Since(asked)
	run := func() probes.Run {
		defer slots.release()
		return m.opts.Executor.Execute(ctx, check, scheduled, redactor)
	}()
	run.SlotWait = waited
	if check.Journey.Kind == checks.KindBrowser && slots.observe(run.Disturbed != "") {
		m.log.Info("the number of browser journeys at once follows the disturbance of this host", "slots", slots.size(), "disturbed", run.Disturbed)
	}
	m.mu.Lock()
	recordCtx := m.recordCtx
	m.mu.Unlock()
	m.record(recordCtx, run)
}

// recordPatience bounds how long a run that cannot be stored is held in
// memory once the monitor stops.
const recordPatience = 5 * time.Second

// record stores a run. A store that is in trouble (a full disk) is asked again
// until it takes the run: until then the check counts as running, so that at
// most one run a check is held in memory, and later starts are missed in
// plain sight.
func (m *Monitor) record(ctx context.Context, run probes.Run) {
	pause := 100 * time.Millisecond
	var stopping time.Time
	for {
		err := m.opts.Log.Record(ctx, run)
		if err == nil {
			return
		}
		m.log.Error("record a run; trying again", "check", run.CheckID, "run", run.ID, "error", err)
		m.mu.Lock()
		stopped := m.scheduler == nil
		m.mu.Unlock()
		if stopped && stopping.IsZero() {
			stopping = time.Now()
		}
		if ctx.Err() != nil || (stopped && time.Since(stopping) > recordPatience) {
			m.log.Error("give up a run that could not be recorded", "check", run.CheckID, "run", run.ID)
			return
		}
		time.Sleep(pause)
		pause = min(2*pause, recordPatience/2)
	}
}
