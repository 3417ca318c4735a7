package shop

import (
	"fmt"
	"net/http"
	"time"
)

// serverTiming reports how long the shop itself took, up to the header of the
// answer, as Server-Timing (W3C) "app", in milliseconds: whoever measures from
// outside can subtract it.
func serverTiming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &timedWriter{ResponseWriter: w, start: time.Now()}
		next.ServeHTTP(t, r)
		t.stamp() // for answers without a body, whose header goes out now
	})
}

type timedWriter struct {
	http.ResponseWriter
	start   time.Time
	stamped bool
}

func (t *timedWriter) stamp() {
	if t.stamped {
		return
	}
	t.stamped = true
	took := time.Since(t.start)
	t.Header().Set("Server-Timing", fmt.Sprintf("app;dur=%.3f", float64(took)/float64(time.Millisecond)))
}

func (t *timedWriter) WriteHeader(status int) {
	t.stamp()
	t.ResponseWriter.WriteHeader(status)
}

func (t *timedWriter) Write(p []byte) (int, error) {
	t.stamp()
	return t.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *timedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
