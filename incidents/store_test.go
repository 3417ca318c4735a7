package incidents_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

var errDisk = errors.New("disk full")

// memoryStore keeps what is advanced in memory, in the way that a durable
// store would: nothing that a caller holds on to can change it.
type memoryStore struct {
	mu            sync.Mutex
	cursor        int64
	memories      map[[2]string][]byte
	seqs          map[[2]string]int64 // of memories
	log           []probes.Run        // the run at place n of the log is log[n-1]
	judgements    map[int64]detect.Judgement
	deployed      []incidents.Note
	incidents     map[string][]byte // JSON
	notifications []incidents.Notification
	advances      int
	// fail, if set, decides before each Advance: whether it takes place, and
	// what it gives.
	fail func() (commit bool, err error)
}

func newMemoryStore() *memoryStore {
	return &memoryStore{memories: map[[2]string][]byte{}, seqs: map[[2]string]int64{}, judgements: map[int64]detect.Judgement{}, incidents: map[string][]byte{}}
}

func (s *memoryStore) JudgeCursor(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

func (s *memoryStore) OpenIncidents(context.Context) ([]incidents.Incident, error) {
	var open []incidents.Incident
	for _, i := range s.all() {
		if i.State == incidents.Open {
			open = append(open, i)
		}
	}
	return open, nil
}

// all gives every incident, oldest first.
func (s *memoryStore) all() []incidents.Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []incidents.Incident
	for _, id := range slices.Sorted(maps.Keys(s.incidents)) {
		var i incidents.Incident
		if err := json.Unmarshal(s.incidents[id], &i); err != nil {
			panic(err)
		}
		all = append(all, i)
	}
	return all
}

func (s *memoryStore) Memories(context.Context) ([]incidents.Memory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []incidents.Memory
	for k, data := range s.memories {
		all = append(all, incidents.Memory{CheckID: k[0], Location: k[1], Seq: s.seqs[k], Data: slices.Clone(data)})
	}
	return all, nil
}

func (s *memoryStore) SeriesRuns(_ context.Context, check, location string, after, until int64) ([]incidents.LoggedRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []incidents.LoggedRun
	for i, run := range s.log {
		seq := int64(i + 1)
		if run.CheckID == check && run.Location == location && seq > after && seq <= until && len(runs) < 5 {
			runs = append(runs, incidents.LoggedRun{Seq: seq, Run: run})
		}
	}
	return runs, nil
}

func (s *memoryStore) Deployments(_ context.Context, check string, since, until time.Time) ([]incidents.Note, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []incidents.Note
	for _, n := range s.deployed {
		if (n.CheckID == "" || n.CheckID == check) && !n.At.Before(since) && n.At.Before(until) {
			list = append(list, n)
		}
	}
	return list, nil
}

func (s *memoryStore) Notifications(_ context.Context, id string) ([]incidents.Notification, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []incidents.Notification
	for _, n := range s.notifications {
		if n.IncidentID == id {
			list = append(list, n)
		}
	}
	return list, nil
}

func (s *memoryStore) Advance(_ context.Context, c incidents.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advances++
	commit, err := true, error(nil)
	if s.fail != nil {
		commit, err = s.fail()
	}
	if commit {
		s.commit(c)
	}
	return err
}

func (s *memoryStore) commit(c incidents.Change) {
	s.cursor = max(s.cursor, c.Seq)
	for _, m := range c.Memories {
		key := [2]string{m.CheckID, m.Location}
		if len(m.Data) == 0 {
			delete(s.memories, key)
			delete(s.seqs, key)
			continue
		}
		s.memories[key] = slices.Clone(m.Data)
		s.seqs[key] = m.Seq
	}
	for _, i := range c.Incidents {
		data, err := json.Marshal(i)
		if err != nil {
			panic(err)
		}
		s.incidents[i.ID] = data
	}
	for _, j := range c.Judgements {
		if old, ok := s.judgements[j.Seq]; ok && !reflect.DeepEqual(old, j.Judgement) {
			panic(fmt.Sprintf("run %d was judged %+v and then %+v", j.Seq, old, j.Judgement))
		}
		s.judgements[j.Seq] = j.Judgement
	}
	for _, n := range c.Notifications {
		if !slices.ContainsFunc(s.notifications, func(o incidents.Notification) bool { return o.ID == n.ID }) {
			s.notifications = append(s.notifications, n)
		}
	}
	slices.SortStableFunc(s.notifications, func(a, b incidents.Notification) int {
		return cmp.Or(cmp.Compare(a.IncidentID, b.IncidentID), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Endpoint(), b.Endpoint()))
	})
}
