package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// writer owns the one connection that writes. Its goroutine takes what callers
// have queued and commits it as one transaction: while one commit waits for
// the disk, the next ones gather, so that many callers share the price of one
// sync although each returns only when its own write is durable.
type writer struct {
	conn   *sql.Conn
	jobs   chan *job
	quit   chan struct{}
	done   chan struct{}
	once   sync.Once
	closed error // of the connection; read after done
	notify func()

	statements map[string]*sql.Stmt // by their text
	rolled     map[string]int64     // checks.rolled_until, as committed
}

// job is one caller's part of a transaction.
type job struct {
	ctx  context.Context
	do   func(*tx) error
	done chan error
}

const (
	// queued is how many jobs may wait; more callers wait to queue theirs.
	queued = 1024
	// grouped is how many jobs share a transaction at most, which bounds how
	// long the first of them waits for the last.
	grouped = 256
)

func startWriter(ctx context.Context, db *sql.DB, notify func()) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn: conn, notify: notify,
		jobs: make(chan *job, queued), quit: make(chan struct{}), done: make(chan struct{}),
		statements: map[string]*sql.Stmt{},
	}
	if w.rolled, err = rolledUntil(ctx, conn); err != nil {
		conn.Close()
		return nil, err
	}
	go w.run()
	return w, nil
}

// stop lets queued jobs finish and ends the goroutine.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.quit) })
	<-w.done
	return w.closed
}

// do queues a job and waits for its transaction. If ctx ends while the job is
// already being written, it may or may not come into being.
func (w *writer) do(ctx context.Context, do func(*tx) error) error {
	j := &job{ctx, do, make(chan error, 1)}
	select {
	case <-w.quit:
		return ErrClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-w.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		// Queued in the very moment of closing: it was either done or not seen.
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

func (w *writer) run() {
	defer close(w.done)
	defer func() {
		for _, s := range w.statements {
			s.Close()
		}
		w.closed = w.conn.Close()
	}()
	for {
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
		case <-w.quit:
			for {
				select {
				case j := <-w.jobs:
					w.commit(w.gather(j))
				default:
					return
				}
			}
		}
	}
}

// gather takes what is queued behind the first job.
func (w *writer) gather(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < grouped {
		select {
		case j := <-w.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// errNotBegun says that a transaction could not even begin: that is the
// database's trouble, and no job's.
var errNotBegun = errors.New("begin")

// commit does the jobs in one transaction or, if that fails, each in its own,
// so that one bad job fails alone. Where the transaction cannot begin, as while
// another process holds the database locked, they fail together: each would
// wait as long again, and many would be in the way of closing for hours.
func (w *writer) commit(jobs []*job) {
	live := jobs[:0]
	for _, j := range jobs {
		if err := j.ctx.Err(); err != nil {
			j.done <- err
			continue
		}
		live = append(live, j)
	}
	if len(live) == 0 {
		return
	}
	err := w.transact(live)
	if err != nil && len(live) > 1 && !errors.Is(err, errNotBegun) {
		for _, j := range live {
			j.done <- w.transact([]*job{j})
		}
		return
	}
	for _, j := range live {
		j.done <- err
	}
}

// transact runs the jobs in a transaction. It is not cancelled half-way: the
// callers' contexts only end their waiting.
func (w *writer) transact(jobs []*job) error {
	t := &tx{w: w, ctx: context.Background()}
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	err := t.run(jobs)
	if err == nil {
		err = t.exec("COMMIT")
	}
	if err != nil {
		// A full disk may have ended the transaction already.
		_ = t.exec("ROLLBACK")
		return err
	}
	for id, until := range t.rolled {
		w.rolled[id] = until
	}
	if t.appended {
		w.notify()
	}
	return nil
}

// tx is a transaction of the writer.
type tx struct {
	w        *writer
	ctx      context.Context
	appended bool             // a log has grown
	rolled   map[string]int64 // changes to writer.rolled
}

// run does each job; a panic fails the transaction instead of the process,
// which would take the queue with it.
func (t *tx) run(jobs []*job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write: panic: %v", p)
		}
	}()
	for _, j := range jobs {
		if err := j.do(t); err != nil {
			return err
		}
	}
	return nil
}

// rolledUntil gives up to where the check's hours are rolled up, and whether
// the check is known.
func (t *tx) rolledUntil(check string) (int64, bool) {
	if until, ok := t.rolled[check]; ok {
		return until, true
	}
	until, ok := t.w.rolled[check]
	return until, ok
}

func (t *tx) setRolled(check string, until int64) {
	if t.rolled == nil {
		t.rolled = map[string]int64{}
	}
	t.rolled[check] = until
}

// statement gives the prepared statement of a query, which must be one of a
// limited number of texts.
func (t *tx) statement(query string) (*sql.Stmt, error) {
	if s, ok := t.w.statements[query]; ok {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.w.statements[query] = s
	return s, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.result(query, args...)
	return err
}

func (t *tx) result(query string, args ...any) (sql.Result, error) {
	s, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(t.ctx, args...)
}

// affected gives how many rows a statement has changed.
func (t *tx) affected(query string, args ...any) (int64, error) {
	r, err := t.result(query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(t.ctx, args...)
}

// scan reads one row; found is false if there is none.
func (t *tx) scan(query string, args []any, into ...any) (found bool, err error) {
	s, err := t.statement(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(t.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
