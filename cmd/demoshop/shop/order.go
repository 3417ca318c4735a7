package shop

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// order is a finished purchase. It never changes.
type order struct {
	Number   string
	Customer string // e-mail address; empty for guests
	Name     string
	Address  string
	City     string
	Card     string // the last four digits
	Lines    []line
	Total    cents
	At       time.Time
}

// orders keeps the last orders, oldest first.
type orders struct {
	mu   sync.Mutex
	kept []order
	next int
}

func newOrders() *orders { return &orders{next: 1001} }

// place gives the order its number and keeps it.
func (o *orders) place(fresh order) order {
	o.mu.Lock()
	defer o.mu.Unlock()
	fresh.Number = fmt.Sprintf("K-%d", o.next)
	o.next++
	if len(o.kept) == maxOrders {
		o.kept = slices.Delete(o.kept, 0, 1)
	}
	o.kept = append(o.kept, fresh)
	return fresh
}

// find gives an order by its number.
func (o *orders) find(number string) (order, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.kept, func(x order) bool { return x.Number == number })
	if i < 0 {
		return order{}, false
	}
	return o.kept[i], true
}

// of gives a customer's orders, newest first, at most 50.
func (o *orders) of(customer string) []order {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []order
	for _, x := range slices.Backward(o.kept) {
		if x.Customer == customer && len(found) < 50 {
			found = append(found, x)
		}
	}
	return found
}
