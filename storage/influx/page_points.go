package influx

import (
	"outrider/probes"
)

// split adds where the time of a step in a browser went.
func (d draft) split(s *probes.Split) draft {
	if s == nil {
		return d
	}
	return d.ms("network_ms", s.Network).ms("server_ms", s.Server).ms("script_ms", s.Script).
		ms("rendering_ms", s.Rendering).ms("other_ms", s.Other)
}

// page adds the point of what the page of a step took. Types of requests are a
// closed set, so each has fields of its own.
func (m pointMaker) page(b *batch, run *probes.Run, step *probes.Step) {
	p := step.Page
	if p == nil {
		return
	}
	d := m.series("page", run).tag("step", step.Name).
		int("requests", int64(p.Traffic.Requests)).int("failed_requests", int64(p.Traffic.Failed)).int("transfer_bytes", p.Traffic.TransferBytes).
		int("first_party_requests", int64(p.FirstParty.Requests)).int("first_party_bytes", p.FirstParty.TransferBytes).
		int("third_party_requests", int64(p.ThirdParty.Requests)).int("third_party_bytes", p.ThirdParty.TransferBytes).
		ms("busy_ms", p.Busy).int("long_tasks", int64(p.LongTasks)).ms("long_tasks_ms", p.LongTaskTime).
		int("console_messages", int64(len(step.Console)))
	if p.Elements > 0 {
		d.int("dom_elements", int64(p.Elements))
	}
	if p.JSHeap > 0 {
		d.int("js_heap_bytes", p.JSHeap)
	}
	for _, kind := range probes.RequestTypes() {
		if t := p.Types[kind]; t.Requests > 0 {
			d.int(kind+"_requests", int64(t.Requests)).int(kind+"_bytes", t.TransferBytes)
		}
	}
	b.add(d.text("run", run.ID), run.ID)
}
