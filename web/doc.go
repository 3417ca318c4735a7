// Package web is what people look at: pages, a JSON API, health and metrics,
// with every asset embedded. It reads through the contracts of storage and of
// its own Status, changes nothing, and judges nothing.
//
// What monitored pages and servers sent is hostile. It reaches a page only
// through html/template, under a Content-Security-Policy that allows nothing
// but our own files; evidence (artifacts) is served with fixed content types
// inside a sandbox.
//
// # Pages
//
//	/                  all checks, those in trouble first
//	/checks/{id}       a check: promise, latency, runs, incidents
//	/runs/{id}         a run: steps, phases, vitals, evidence
//	/incidents         open incidents, then history
//	/incidents/{id}    an incident: timeline, impact, procedure, notifications
//	/status            how the monitor itself is
//
// # API
//
// Everything but marks is GET and answers JSON. Names ending in _ns are durations in
// nanoseconds, times are RFC 3339 in UTC. Errors are {"error": "..."} with the
// fitting status: 400 for a parameter that cannot be read (the text says what
// to write), 401, 404, 405, 500.
//
//	/api/v1/checks?q=&label=key=value&state=     every check with its state
//	/api/v1/checks/{id}                          one check
//	/api/v1/checks/{id}/runs                     its runs, newest first
//	    before=SEQ   page on: the next_before of the answer before
//	    limit=N      1 to 1000, 100 without
//	    since=, until=   RFC 3339; started at or after, started before
//	    outcome=     passed, degraded, failed or unknown; may be repeated
//	/api/v1/checks/{id}/hours?since=&until=      hourly roll-ups, 24 h without
//	/api/v1/checks/{id}/judgements?since=&until=   what was said of its runs, 24 h without
//	/api/v1/notes?check=&kind=&since=&until=&limit=   deployments, changes of level, predictions
//	/api/v1/marks                                POST {"name", "check", "at"}: mark a deployment
//	/api/v1/runs/{id}                            one run
//	/api/v1/runs/{id}/artifacts/{name}           its evidence, as bytes
//	/api/v1/incidents?check=&state=&since=&before=&limit=   newest first
//	/api/v1/incidents/{id}                       one incident and its notifications
//	/api/v1/status                               how the monitor itself is
//
// # For machines
//
// /healthz says that the process is alive, /readyz that it can do its work;
// both are open to anyone who can reach the server. /metrics is in the
// Prometheus text format; see the metrics type for the names.
package web
