package probes

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// NewRunID makes the id of a run, for a probe that needs it before the run
// begins.
func NewRunID() string { return uuid.Must(uuid.NewV7()).String() } // crypto/rand never fails

// TraceIDOf makes the W3C trace id of a run of its id, a UUID: both have 128
// bits, so that either leads to the other.
func TraceIDOf(run string) string { return strings.ReplaceAll(run, "-", "") }

// Traceparent makes the header of one request of a trace (W3C Trace Context
// level 1, version 00), with a parent id of its own. It is marked as sampled:
// somebody who looks at a slow run wants to find its trace.
func Traceparent(traceID string) string {
	var span [8]byte
	for span == [8]byte{} { // all zeroes is invalid
		_, _ = rand.Read(span[:]) // never fails
	}
	return "00-" + traceID + "-" + hex.EncodeToString(span[:]) + "-01"
}
