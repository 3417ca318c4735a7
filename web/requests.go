package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"outrider/probes"
	"outrider/probes/har"
	"outrider/storage"
)

// harName is the artifact that the waterfall of requests is drawn of.
const harName = "network.har"

// requestsStep is what the pages of a step asked for, on one time axis.
type requestsStep struct {
	Step    string
	Open    bool // shown at once
	Failed  int
	Spared  int // blocked or stubbed by the definition
	Bytes   int64
	Took    time.Duration
	Rows    []requestRow
	Ticks   []chartTick
	Marks   []requestMark
	Missing int // beyond the bound of the archive
}

// requestRow is one request.
type requestRow struct {
	Name   string // the last part of its path
	Host   string
	URL    string
	Method string // unless it is GET
	Type   string
	Status string
	State  string // style class: failed, spared or nothing
	Begun  time.Duration
	Took   time.Duration
	Bytes  int64
	Bars   []waterfallBar
}

// requestMark is a moment of a page.
type requestMark struct {
	X      float64 // percent of the width
	Class  string
	Label  string // FCP; empty if the one before speaks for this one, too
	Anchor string
	Title  string
}

// requestSteps reads the archive of a run, if it has one, and draws it. What
// cannot be read is left out: it is there to be downloaded all the same.
func (s *Server) requestSteps(ctx context.Context, run probes.Run) ([]requestsStep, error) {
	if !slices.ContainsFunc(run.Artifacts, func(a probes.Artifact) bool { return a.Name == harName }) {
		return nil, nil
	}
	full, err := s.runs.Artifact(ctx, run.ID, harName)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil // retention has removed it
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	archive, err := har.Parse(full.Data)
	if err != nil {
		s.log.Warn("the archive of a run cannot be read", "run", run.ID, "error", err)
		return nil, nil
	}
	return newRequestSteps(archive, run), nil
}

// newRequestSteps draws an archive. The step that failed is open or, if none
// did, the one that transferred for longest.
func newRequestSteps(a *har.Archive, run probes.Run) []requestsStep {
	var out []requestsStep
	index := map[string]int{}
	entries := map[string][]har.Entry{}
	for _, e := range a.Log.Entries {
		if _, ok := index[e.Step]; !ok {
			index[e.Step] = len(out)
			out = append(out, requestsStep{Step: e.Step})
		}
		entries[e.Step] = append(entries[e.Step], e)
	}
	open := -1
	for i := range out {
		st := &out[i]
		st.draw(entries[st.Step], a.Log.Pages)
		if open < 0 || st.Took > out[open].Took {
			open = i
		}
	}
	if run.Failure != nil {
		if i, ok := index[run.Failure.Step]; ok {
			open = i
		}
	}
	if open >= 0 {
		out[open].Open = true
		out[len(out)-1].Missing = a.Log.LeftOut
	}
	return out
}

// draw puts the requests of a step on one axis, which begins with its first.
func (st *requestsStep) draw(entries []har.Entry, pages []har.Page) {
	slices.SortStableFunc(entries, func(a, b har.Entry) int { return a.Started.Compare(b.Started) })
	from := entries[0].Started
	till := from.Add(time.Millisecond)
	for _, e := range entries {
		if end := e.Started.Add(milliseconds(e.Time)); end.After(till) {
			till = end
		}
	}
	for _, p := range pages {
		if p.Step == st.Step {
			for _, m := range momentsOf(p) {
				if m.at.After(till) && m.at.Sub(from) < time.Hour {
					till = m.at
				}
			}
		}
	}
	st.Took = till.Sub(from)
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(st.Took) }
	for _, e := range entries {
		row := newRequestRow(e)
		row.Begun = e.Started.Sub(from)
		row.Bars = requestBars(e, row.Begun, percent)
		st.Rows = append(st.Rows, row)
		st.Bytes += row.Bytes
		switch row.State {
		case "failed":
			st.Failed++
		case "spared":
			st.Spared++
		}
	}
	for _, p := range pages {
		if p.Step != st.Step {
			continue
		}
		for _, m := range momentsOf(p) {
			if x := percent(m.at.Sub(from)); x >= 0 && x <= 100 {
				st.Marks = append(st.Marks, requestMark{x, m.class, m.name, "middle", m.long + " after " + showDuration(m.at.Sub(p.Started))})
			}
		}
	}
	labelMarks(st.Marks)
	for _, t := range durationTicks(st.Took, percent) {
		if t.At < 92 { // the label of a later one would be cut off
			st.Ticks = append(st.Ticks, t)
		}
	}
}

// labelMarks puts those labels together that would overlap, and keeps them within
// the picture.
func labelMarks(marks []requestMark) {
	slices.SortStableFunc(marks, func(a, b requestMark) int { return cmp.Compare(a.X, b.X) })
	const room = 5 // percent that a label takes
	last := -1
	for i := range marks {
		m := &marks[i]
		if last >= 0 && m.X-marks[last].X < room {
			marks[last].Label += " " + m.Label
			marks[last].Title += ", " + m.Title
			m.Label = ""
			continue
		}
		last = i
		switch {
		case m.X < room:
			m.Anchor = "start"
		case m.X > 100-2*room:
			m.Anchor = "end"
		}
	}
}

// pageMoment is one of a page's life.
type pageMoment struct {
	at                time.Time
	class, name, long string
}

// momentsOf gives those that are known of a page, in order.
func momentsOf(p har.Page) []pageMoment {
	var list []pageMoment
	add := func(at *float64, class, name, long string) {
		if at != nil && *at >= 0 {
			list = append(list, pageMoment{p.Started.Add(milliseconds(*at)), class, name, long})
		}
	}
	add(p.Timings.FCP, "fcp", "FCP", "first contentful paint")
	add(p.Timings.LCP, "lcp", "LCP", "largest contentful paint")
	add(p.Timings.ContentLoad, "dom", "DOM", "document parsed")
	add(p.Timings.Load, "load", "load", "page loaded")
	slices.SortStableFunc(list, func(a, b pageMoment) int { return a.at.Compare(b.at) })
	return list
}

// newRequestRow says what a request was.
func newRequestRow(e har.Entry) requestRow {
	row := requestRow{URL: e.Request.URL, Type: e.Type, Took: milliseconds(e.Time), Bytes: e.Response.TransferBytes(), Status: strconv.Itoa(e.Response.Status)}
	if e.Request.Method != "GET" {
		row.Method = e.Request.Method
	}
	if u, err := url.Parse(e.Request.URL); err == nil {
		row.Host = u.Host
		row.Name = u.EscapedPath()
		if i := strings.LastIndexByte(strings.TrimSuffix(row.Name, "/"), '/'); i >= 0 && len(row.Name) > 1 {
			row.Name = row.Name[i+1:]
		}
	}
	row.Name = cmp.Or(row.Name, "/")
	switch {
	case e.Blocked:
		row.Status, row.State = "blocked", "spared"
	case e.Stubbed:
		row.Status, row.State = row.Status+" stub", "spared"
	case e.Error != "":
		row.Status = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(e.Error, "net::ERR_"), "_", " "))
		row.State = "failed"
	case e.Failed():
		row.State = "failed"
	case e.Pending:
		row.Status = "pending"
	}
	if row.Status == "0" {
		row.Status = "–"
	}
	return row
}

// requestBars divides a request into its parts, in the order in which they
// pass.
func requestBars(e har.Entry, begun time.Duration, percent func(time.Duration) float64) []waterfallBar {
	var out []waterfallBar
	x := begun
	add := func(class, name string, ms float64) {
		if d := milliseconds(ms); d > 0 {
			out = append(out, waterfallBar{percent(x), percent(d), class, name + " " + showDuration(d)})
			x += d
		}
	}
	t := e.Timings
	add("other", "waiting to be sent", t.Blocked)
	add("resolve", "resolve", t.DNS)
	add("connect", "connect", t.Connect-max(t.SSL, 0))
	add("tls", "TLS", t.SSL)
	add("first_byte", "first byte", t.Send+t.Wait)
	add("download", "download", t.Receive)
	return out
}

// milliseconds makes a duration of a figure of an archive, which may be
// anything.
func milliseconds(ms float64) time.Duration {
	const most = float64(24 * time.Hour / time.Millisecond)
	if !(ms > 0) {
		return 0
	}
	return time.Duration(min(ms, most) * float64(time.Millisecond))
}
