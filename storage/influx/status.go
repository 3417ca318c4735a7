package influx

import (
	"sync"
	"time"
)

// Status is how the export goes.
type Status struct {
	// Connected tells whether the last write succeeded; false before the first.
	Connected bool `json:"connected"`
	// LastError is why the last write failed, empty if it did not. It holds no
	// secrets.
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	// Lag is the age of the oldest run or incident event that is known not to
	// be exported; zero if there is none.
	Lag time.Duration `json:"lag_ns"`
	// Exported and Rejected count points since the start of the process.
	Exported int64 `json:"exported_points"`
	Rejected int64 `json:"rejected_points"`
}

// status is a Status under way.
type status struct {
	mu     sync.Mutex
	now    Status
	oldest map[string]time.Time // not exported, by cursor
}

// Status tells how the export goes. It is safe for concurrent use.
func (e *Exporter) Status() Status {
	e.status.mu.Lock()
	defer e.status.mu.Unlock()
	s := e.status.now
	for _, oldest := range e.status.oldest {
		s.Lag = max(s.Lag, e.opts.Now().Sub(oldest))
	}
	return s
}

func (s *status) behind(cursor string, oldest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.oldest == nil {
		s.oldest = map[string]time.Time{}
	}
	s.oldest[cursor] = oldest
}

func (s *status) caughtUp(cursor string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.oldest, cursor)
}

func (s *status) wrote(at time.Time, exported, rejected int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Connected, s.now.LastError, s.now.LastSuccess = true, "", at
	s.now.Exported += int64(exported)
	s.now.Rejected += int64(rejected)
}

// failed keeps the error and tells whether it is news.
func (s *status) failed(at time.Time, err error) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news = s.now.LastError != err.Error()
	s.now.Connected, s.now.LastError, s.now.LastErrorAt = false, err.Error(), at
	return news
}
