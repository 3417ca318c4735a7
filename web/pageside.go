package web

import (
	"strings"
	"time"

	"outrider/probes"
)

// pageSide is what the pages of a browser journey took and told.
type pageSide struct {
	Rows    []pageRow
	Types   []typeRow
	Timings []stepRow[probes.ServerTiming]
	Marks   []stepRow[probes.Mark]
	Console []stepRow[probes.ConsoleMessage]
	Failed  []stepRow[probes.FailedRequest]
}

// stepRow is a thing that happened in a step; the step is named at its first
// one only.
type stepRow[T any] struct {
	Step string
	It   T
}

// pageRow is what the page of one step took.
type pageRow struct {
	Step   string
	Page   probes.PageStats
	Script string // the longest one
}

// typeRow is the traffic of the journey by type.
type typeRow struct {
	Type string
	probes.Traffic
	Share float64 // of all bytes, percent
}

// Told tells whether the pages told anything.
func (p *pageSide) Told() bool { return len(p.Timings)+len(p.Marks) > 0 }

// newPageSide collects it from a run's steps; nil if there is none.
func newPageSide(steps []probes.Step) *pageSide {
	p := &pageSide{}
	byType := map[string]probes.Traffic{}
	var bytes int64
	for _, st := range steps {
		if st.Page != nil && st.Page.Traffic.Requests+st.Page.LongTasks > 0 {
			row := pageRow{Step: st.Name, Page: *st.Page}
			if s := st.Page.Script; s != nil {
				row.Script = strings.Join(strings.Fields(s.Function+" "+s.URL), " ")
			}
			p.Rows = append(p.Rows, row)
			for kind, t := range st.Page.Types {
				sum := byType[kind]
				byType[kind] = probes.Traffic{Requests: sum.Requests + t.Requests, Failed: sum.Failed + t.Failed, TransferBytes: sum.TransferBytes + t.TransferBytes}
				bytes += t.TransferBytes
			}
		}
		p.Timings = addRows(p.Timings, st.Name, st.ServerTiming)
		p.Marks = addRows(p.Marks, st.Name, st.Marks)
		p.Console = addRows(p.Console, st.Name, st.Console)
		p.Failed = addRows(p.Failed, st.Name, st.FailedRequests)
	}
	for _, kind := range probes.RequestTypes() {
		if t := byType[kind]; t.Requests > 0 {
			p.Types = append(p.Types, typeRow{kind, t, 100 * float64(t.TransferBytes) / float64(max(bytes, 1))})
		}
	}
	if len(p.Rows) == 0 && !p.Told() && len(p.Console)+len(p.Failed) == 0 {
		return nil
	}
	return p
}

func addRows[T any](rows []stepRow[T], step string, list []T) []stepRow[T] {
	for _, it := range list {
		rows = append(rows, stepRow[T]{step, it})
		step = ""
	}
	return rows
}

// splitParts are the parts of a step's time in the order in which they are
// drawn.
func splitParts(s *probes.Split) [5]phaseKey {
	return [...]phaseKey{
		{"network", "network", s.Network}, {"server", "server", s.Server}, {"script", "script", s.Script},
		{"rendering", "rendering", s.Rendering}, {"other", "other", s.Other},
	}
}

// addSplit adds the parts to the legend, in their order.
func addSplit(legend []phaseKey, totals map[string]time.Duration) []phaseKey {
	for _, part := range splitParts(&probes.Split{}) {
		if t := totals[part.Class]; t > 0 && part.Class != "other" {
			legend = append(legend, phaseKey{part.Class, part.Name, t})
		}
	}
	return legend
}
