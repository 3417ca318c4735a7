package incidents_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"outrider/incidents"
)

var errDisk = errors.New("disk full")

// memoryStore keeps what is advanced in memory, in the way that a durable
// store would: nothing that a caller holds on to can change it.
type memoryStore struct {
	mu            sync.Mutex
	cursor        int64
	memories      map[[2]string][]byte
	incidents     map[string][]byte // JSON
	notifications []incidents.Notification
	advances      int
	// fail, if set, decides before each Advance: whether it takes place, and
	// what it gives.
	fail func() (commit bool, err error)
}

func newMemoryStore() *memoryStore {
	return &memoryStore{memories: map[[2]string][]byte{}, incidents: map[string][]byte{}}
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
		all = append(all, incidents.Memory{CheckID: k[0], Location: k[1], Data: slices.Clone(data)})
	}
	return all, nil
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
	memories := c.Memories
	if c.CheckID != "" {
		memories = append(slices.Clone(memories), incidents.Memory{CheckID: c.CheckID, Location: c.Location, Data: c.Memory})
	}
	for _, m := range memories {
		key := [2]string{m.CheckID, m.Location}
		if len(m.Data) == 0 {
			delete(s.memories, key)
			continue
		}
		s.memories[key] = slices.Clone(m.Data)
	}
	for _, i := range c.Incidents {
		data, err := json.Marshal(i)
		if err != nil {
			panic(err)
		}
		s.incidents[i.ID] = data
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
