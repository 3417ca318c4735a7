// Package http does HTTP journeys: ordered requests, each with what it took
// by phase, what is expected of its answer, and what is kept of it for later
// requests.
//
// A run is a customer's cold visit: it has connections, cookies and a TLS
// state of its own and leaves nothing behind. Within the run, requests share
// connections as a browser's would.
//
// Whatever a server answers is hostile: time, header, body before and after
// decompression, redirects and nesting are bounded.
package http
