package checks

import "time"

// Deploy marks when something was changed, so that what changes with it can be
// matched with it.
type Deploy struct {
	Name string
	At   time.Time // UTC
	Selector
	Pos Position
}
