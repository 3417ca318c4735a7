// Package influx copies what is recorded to InfluxDB: every run, its steps,
// vitals and certificates, and what happened to incidents. It reads the durable
// logs of runs and of incident events with cursors of its own, so that
// InfluxDB may be away, slow or full for as long as the logs are kept: nothing
// is lost, and nobody waits.
//
// Delivery is at least once. A point is identified by its measurement, tags
// and time stamp, all of which follow from the run alone, so a point that is
// sent twice is stored once. README.md, chapter InfluxDB, says what
// is written.
//
// It works with InfluxDB 2 and later, and with 1.8 through its interface of
// version 2: bucket "database/policy", token "user:password" or none.
package influx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"

	"outrider/checks"
	"outrider/storage"
)

// Log is what the exporter reads, and where it keeps how far it has come.
type Log interface {
	RunsAfter(ctx context.Context, seq int64, limit int) ([]storage.Entry, error)
	IncidentEventsAfter(ctx context.Context, seq int64, limit int) ([]storage.EventEntry, error)
	JudgementsAfter(ctx context.Context, seq int64, limit int) ([]storage.JudgementEntry, error)
	Cursor(ctx context.Context, name string) (int64, error)
	SetCursor(ctx context.Context, name string, seq int64) error
	// Subscribe gives a channel that receives after a log has grown; the
	// function ends the subscription.
	Subscribe() (<-chan struct{}, func())
}

// Options is where and how to export. URL and Bucket are required.
type Options struct {
	URL string // of the server, such as "http://127.0.0.1:8086"
	// Token is that of InfluxDB 2; for 1.8 it is "user:password", or empty if
	// the server asks for none.
	Token checks.Secret
	Org   string // InfluxDB 2
	// Bucket of InfluxDB 2, or "database/policy" of 1.8.
	Bucket string
	// Labels names the labels of checks that become tags. Every different value
	// makes series of its own, so name those with few values.
	Labels []string
	// Follower names the cursors in the log; zero: DefaultFollower.
	Follower string
	// BatchPoints is about how many points are written at once; zero: 5,000.
	BatchPoints int
	// Gather is how long to wait for more after the first new run; zero: 1 s.
	Gather time.Duration
	// Timeout bounds one request; zero: 30 s.
	Timeout time.Duration
	// ShortestPause and LongestPause bound the pause after a failed write,
	// which doubles from one to the next; zero: 1 s and 1 min.
	ShortestPause, LongestPause time.Duration

	Client *http.Client                         // nil: one of its own
	Now    func() time.Time                     // nil: time.Now
	Rand   func() float64                       // at least 0, under 1; nil: math/rand/v2
	After  func(time.Duration) <-chan time.Time // nil: time.After
	Logger *slog.Logger                         // nil: slog.Default()
}

// DefaultFollower is the name of the exporter's cursors in the log.
const DefaultFollower = "influx"

// Exporter copies the logs to InfluxDB. Make it with New, let Run run until
// the end, then Close it.
type Exporter struct {
	log      Log
	opts     Options
	logger   *slog.Logger
	redactor *checks.Redactor
	client   influxdb2.Client
	http     *http.Client
	writer   api.WriteAPIBlocking
	points   pointMaker
	status   status
}

// New makes an exporter. It contacts nobody; the error is about the options.
func New(log Log, o Options) (*Exporter, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		// The error of url.Parse repeats the URL, which may hold a password.
		return nil, errors.New("export to InfluxDB: the URL must be like http://host:8086")
	}
	if o.Bucket == "" {
		return nil, errors.New("export to InfluxDB: no bucket is named")
	}
	o = o.orDefault()
	e := &Exporter{log: log, opts: o, logger: o.Logger, points: newPointMaker(o.Labels)}
	secrets := []checks.Secret{o.Token}
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, checks.NewSecret(password))
	}
	e.redactor = checks.NewRedactor(secrets...)
	e.http = guarded(o.Client, o.Timeout)
	settings := influxdb2.DefaultOptions().SetHTTPClient(e.http).SetApplicationName("outrider").SetPrecision(time.Nanosecond)
	e.client = influxdb2.NewClientWithOptions(o.URL, o.Token.Reveal(), settings)
	e.writer = e.client.WriteAPIBlocking(o.Org, o.Bucket)
	return e, nil
}

func (o Options) orDefault() Options {
	setDefault(&o.Follower, DefaultFollower)
	setDefault(&o.BatchPoints, 5_000)
	setDefault(&o.Gather, time.Second)
	setDefault(&o.Timeout, 30*time.Second)
	setDefault(&o.ShortestPause, time.Second)
	setDefault(&o.LongestPause, time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func setDefault[T comparable](value *T, to T) {
	if zero := *new(T); *value == zero {
		*value = to
	}
}

// Close gives up idle connections. Run must have ended.
func (e *Exporter) Close() {
	e.client.Close()
	e.http.CloseIdleConnections()
}

// Run exports until ctx ends, which is no error. What is not exported by then
// comes first when an exporter runs again.
func (e *Exporter) Run(ctx context.Context) error {
	grown, unsubscribe := e.log.Subscribe()
	defer unsubscribe()
	pause := backoff{shortest: e.opts.ShortestPause, longest: e.opts.LongestPause, rand: e.opts.Rand}
	for ctx.Err() == nil {
		more, err := e.step(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			wait := pause.next(err)
			e.failed(err, wait)
			e.sleep(ctx, wait)
		case more:
			pause.reset()
		default:
			pause.reset()
			select {
			case <-grown:
				e.sleep(ctx, e.opts.Gather)
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// Flush exports what the logs have now, without waiting for more and without
// trying again.
func (e *Exporter) Flush(ctx context.Context) error {
	for {
		more, err := e.step(ctx)
		if err != nil || !more {
			return err
		}
	}
}

func (e *Exporter) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-e.opts.After(d):
	case <-ctx.Done():
	}
}

// step exports one batch of each log and tells whether there may be more.
func (e *Exporter) step(ctx context.Context) (more bool, err error) {
	moreRuns, err := e.exportRuns(ctx)
	if err != nil {
		return false, err
	}
	moreJudgements, err := e.exportJudgements(ctx)
	if err != nil {
		return false, err
	}
	moreEvents, err := e.exportEvents(ctx)
	return moreRuns || moreJudgements || moreEvents, err
}

// entriesRead is how many entries are read from a log at a time.
const entriesRead = 250

// exportRuns writes the next batch of runs and moves the cursor behind it.
func (e *Exporter) exportRuns(ctx context.Context) (more bool, err error) {
	cursor, err := e.log.Cursor(ctx, e.opts.Follower)
	if err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	var b batch
	last := cursor
	for len(b.points) < e.opts.BatchPoints {
		entries, err := e.log.RunsAfter(ctx, last, entriesRead)
		if err != nil {
			return false, fmt.Errorf("read runs after %d: %w", last, err)
		}
		for _, entry := range entries {
			if len(b.points) >= e.opts.BatchPoints {
				break
			}
			e.points.run(&b, entry.Run)
			last = entry.Seq
			b.entry(entry.Run.Started)
		}
		if len(entries) < entriesRead {
			break
		}
	}
	if cursor == 0 && last == 0 {
		// Known to the log from the start, so that retention waits for us.
		return false, e.log.SetCursor(ctx, e.opts.Follower, 0)
	}
	if err := e.deliver(ctx, b, e.opts.Follower, cursor, last); err != nil {
		return false, err
	}
	return len(b.points) >= e.opts.BatchPoints, nil
}

// exportJudgements writes what was said of the next runs.
func (e *Exporter) exportJudgements(ctx context.Context) (more bool, err error) {
	name := storage.JudgementFollower(e.opts.Follower)
	cursor, err := e.log.Cursor(ctx, name)
	if err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	// First, so that what is judged between the two questions is not skipped.
	judged, err := e.log.Cursor(ctx, storage.JudgeCursor)
	if err != nil {
		return false, fmt.Errorf("read the judge's cursor: %w", err)
	}
	entries, err := e.log.JudgementsAfter(ctx, cursor, judgementsRead)
	if err != nil {
		return false, fmt.Errorf("read judgements after %d: %w", cursor, err)
	}
	var b batch
	last := cursor
	for _, entry := range entries {
		e.points.judgement(&b, entry)
		last = entry.Seq
		b.entry(entry.Started)
	}
	if len(entries) < judgementsRead {
		// Of some runs nothing is said; they must not hold back retention.
		last = max(last, judged)
	}
	if cursor == 0 && last == 0 {
		return false, e.log.SetCursor(ctx, name, 0)
	}
	return len(entries) == judgementsRead, e.deliver(ctx, b, name, cursor, last)
}

// judgementsRead is how many judgements are written at a time.
const judgementsRead = 1_000

// exportEvents writes the next batch of incident events.
func (e *Exporter) exportEvents(ctx context.Context) (more bool, err error) {
	name := storage.EventCursor(e.opts.Follower)
	cursor, err := e.log.Cursor(ctx, name)
	if err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	entries, err := e.log.IncidentEventsAfter(ctx, cursor, entriesRead)
	if err != nil {
		return false, fmt.Errorf("read incident events after %d: %w", cursor, err)
	}
	if cursor == 0 && len(entries) == 0 {
		return false, e.log.SetCursor(ctx, name, 0)
	}
	var b batch
	last := cursor
	for _, entry := range entries {
		e.points.event(&b, entry)
		last = entry.Seq
		b.entry(entry.Event.At)
	}
	if err := e.deliver(ctx, b, name, cursor, last); err != nil {
		return false, err
	}
	return len(entries) == entriesRead, nil
}

// deliver writes a batch and moves the cursor, in this order: if the process
// ends in between, the batch is written again, which changes nothing.
func (e *Exporter) deliver(ctx context.Context, b batch, cursor string, from, to int64) error {
	if to == from {
		e.status.caughtUp(cursor)
		return nil
	}
	var refused []rejected
	if len(b.points) > 0 {
		e.status.behind(cursor, b.oldest)
		var err error
		if refused, err = e.write(ctx, b.points); err != nil {
			return err
		}
	}
	e.status.wrote(e.opts.Now(), len(b.points)-len(refused), len(refused))
	for i, r := range refused {
		if i == maxLogged {
			e.logger.Warn("more points were rejected", "points", len(refused)-maxLogged)
			break
		}
		e.logger.Warn("InfluxDB rejected a point; it is left out", "point", r.point.String(), "reason", r.reason)
	}
	if err := e.log.SetCursor(ctx, cursor, to); err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	e.status.caughtUp(cursor) // until the next batch says otherwise
	return nil
}

// maxLogged is how many rejected points of a batch are logged one by one.
const maxLogged = 10

// failed keeps and logs an error, which is logged again only when it changes.
func (e *Exporter) failed(err error, wait time.Duration) {
	if e.status.failed(e.opts.Now(), err) {
		e.logger.Error("export to InfluxDB; trying again, nothing is lost meanwhile", "error", err, "in", wait.Round(time.Millisecond))
	}
}
