package shop

import (
	"container/list"
	"sync"
	"time"
)

// recent is a bounded memory: at most max values, each for ttl after its last
// use; when it is full the least recently used one goes. It is safe for use by
// many goroutines. Values are handed out as copies: what they refer to must
// never be changed in place.
type recent[V any] struct {
	max int
	ttl time.Duration
	now func() time.Time

	mu    sync.Mutex
	items map[string]*list.Element // of *remembered[V]
	order *list.List               // most recently used first
}

type remembered[V any] struct {
	key   string
	value V
	used  time.Time
}

func newRecent[V any](max int, ttl time.Duration, now func() time.Time) *recent[V] {
	return &recent[V]{max: max, ttl: ttl, now: now, items: map[string]*list.Element{}, order: list.New()}
}

// get gives a value and counts as its use.
func (r *recent[V]) get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if item := r.touch(key); item != nil {
		return item.value, true
	}
	var none V
	return none, false
}

// update changes a value; false if it is not there.
func (r *recent[V]) update(key string, change func(*V)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	item := r.touch(key)
	if item == nil {
		return false
	}
	change(&item.value)
	return true
}

// put adds or replaces a value.
func (r *recent[V]) put(key string, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if item := r.touch(key); item != nil {
		item.value = value
		return
	}
	for r.order.Len() >= r.max {
		r.drop(r.order.Back())
	}
	r.items[key] = r.order.PushFront(&remembered[V]{key: key, value: value, used: r.now()})
}

// remove forgets a value.
func (r *recent[V]) remove(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.items[key]; ok {
		r.drop(e)
	}
}

// len is how many values are kept, idle ones included until they are noticed.
func (r *recent[V]) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Len()
}

// touch drops what has been idle for too long and then finds a value.
func (r *recent[V]) touch(key string) *remembered[V] {
	now := r.now()
	for e := r.order.Back(); e != nil && now.Sub(e.Value.(*remembered[V]).used) >= r.ttl; e = r.order.Back() {
		r.drop(e)
	}
	e, ok := r.items[key]
	if !ok {
		return nil
	}
	item := e.Value.(*remembered[V])
	item.used = now
	r.order.MoveToFront(e)
	return item
}

func (r *recent[V]) drop(e *list.Element) {
	delete(r.items, e.Value.(*remembered[V]).key)
	r.order.Remove(e)
}
