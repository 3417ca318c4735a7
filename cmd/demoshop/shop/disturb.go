package shop

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// disturb answers requests as the faults in force say.
func (f *faults) disturb(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, a := range f.at(r.URL.Path, HangingResponse) {
			if !f.hold(w, r, a.gone, nil) {
				return
			}
		}
		if late := f.at(r.URL.Path, SlowEndpoint, SlowImage); len(late) > 0 {
			timer := time.NewTimer(time.Duration(late[0].DelayMS) * time.Millisecond)
			defer timer.Stop()
			if !f.hold(w, r, late[0].gone, timer.C) {
				return
			}
		}
		for _, a := range f.at(r.URL.Path, ErrorRate) {
			if f.chance()*100 < float64(a.Percent) {
				refuse(w, r, a.Status, "This is broken on purpose: see the fault panel.")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// hold keeps a request waiting until its fault is gone or over. It answers
// and gives false if the client left, the server stops, or too many wait.
func (f *faults) hold(w http.ResponseWriter, r *http.Request, gone <-chan struct{}, over <-chan time.Time) bool {
	select {
	case f.held <- struct{}{}:
		defer func() { <-f.held }()
	default:
		refuse(w, r, http.StatusServiceUnavailable, "Too many requests are kept waiting by faults.")
		return false
	}
	// net/http notices that a client left only once the body was read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, r, bodyStatus(err), "The request's body could not be read.")
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	// The server's own time limits would end the wait. Not every connection
	// has deadlines; those that have none need none lifted.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
	defer func() { _ = control.SetWriteDeadline(time.Now().Add(writeTimeout)) }()
	select {
	case <-gone:
		return true
	case <-over:
		return true
	case <-r.Context().Done():
		refuse(w, r, http.StatusServiceUnavailable, "The shop is closing.")
		return false
	}
}

// bodyStatus is the status for a body that could not be read.
func bodyStatus(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// refuse answers with an error in the form that the client reads: JSON below
// an api folder, text elsewhere.
func refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	if strings.Contains(r.URL.Path, "/api/") {
		writeJSON(w, status, problem{message})
		return
	}
	http.Error(w, message, status)
}
