package web

import "time"

// notice is a line on top of every page that says what is wrong with the
// monitor itself.
type notice struct {
	Level string // "critical" or "warning"
	Title string
	Text  string
	Pre   bool // Text has lines worth keeping
}

// notices gives what everyone who looks at a page has to know.
func notices(h Health, now time.Time) []notice {
	var out []notice
	if h.DefinitionsError != "" {
		text := "The definitions before go on running"
		if !h.DefinitionsLoaded.IsZero() {
			text += ", loaded " + ago(h.DefinitionsLoaded, now)
		}
		out = append(out, notice{"critical", "Changed definitions were refused. " + text + ".", h.DefinitionsError, true})
	}
	if !h.Ready && h.NotReady != "" {
		out = append(out, notice{"warning", "The monitor is not ready.", h.NotReady, false})
	}
	if x := h.Influx; x != nil && !x.Connected && x.LastError != "" {
		text := "Runs wait in the local log, the oldest for " + showSpan(x.Lag) + "; nothing is lost. Last error: " + x.LastError
		out = append(out, notice{"warning", "InfluxDB cannot be reached.", text, false})
	}
	for _, e := range h.Endpoints {
		if !e.Failing() {
			continue
		}
		text := plural(e.Pending, "notification waits", "notifications wait") + " and will be repeated. Last error: " + e.LastError
		out = append(out, notice{"critical", "Notifications to " + e.Endpoint + " do not get through.", text, false})
	}
	return out
}
