package checks

import (
	"math/rand/v2"
	"time"
)

// Functions are the sources that template functions draw from, fields so that
// tests own them. A nil field means the real clock, and chance.
type Functions struct {
	Now  func() time.Time
	Rand *rand.Rand
	// Used remembers the one-time codes that were given out, for all journeys
	// that are not to use the same one; nil: they may.
	Used *UsedCodes
}

// Variables is the Scope of one run: what its steps captured. It is used by
// one goroutine.
type Variables struct {
	values    map[string]string
	functions *Functions
	codes     []Secret
}

// NewVariables makes an empty scope.
func NewVariables(f *Functions) *Variables {
	return &Variables{values: map[string]string{}, functions: f}
}

// Set keeps a value.
func (v *Variables) Set(name, value string) { v.values[name] = value }

// Variable implements Scope.
func (v *Variables) Variable(name string) (string, bool) {
	value, ok := v.values[name]
	return value, ok
}

// Functions implements Scope.
func (v *Variables) Functions() *Functions { return v.functions }
