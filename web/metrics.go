package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"outrider/checks"
	"outrider/probes"
)

// scrapeTimeout bounds what one scrape may ask of the store.
const scrapeTimeout = 5 * time.Second

// metrics are read at each scrape from the store and from Status, so that
// nothing has to be told to them. Series per check are few on purpose: its
// last run as gauges, its runs as counters; only steps and phases add more,
// bounded by the definitions. Counters start when the monitor starts.
//
//	outrider_build_info{version,location}                            1
//	outrider_store_up                                                0 if the last scrape could not read the store
//	outrider_check_info{check,name,kind}                             1, to join names
//	outrider_check_up{check}                                         1 passed or degraded, 0 failed; absent while unknown
//	outrider_check_degraded{check}                                   1 if the last run was degraded
//	outrider_check_last_duration_seconds{check}                      journey of the last run
//	outrider_check_last_run_timestamp_seconds{check}                 when it started
//	outrider_check_runs_total{check,outcome}
//	outrider_check_missed_starts_total{check}
//	outrider_step_duration_seconds{check,step}                       of the last run
//	outrider_step_phase_duration_seconds{check,step,phase}           of the last run, HTTP steps
//	outrider_start_delay_seconds                                     histogram over all checks
//	outrider_slot_wait_seconds                                       histogram over all checks
//	outrider_incidents_open{check,severity}
//	outrider_notifications_pending{endpoint}
//	outrider_notification_last_success_timestamp_seconds{endpoint}
//	outrider_influx_connected, outrider_influx_lag_seconds,
//	outrider_influx_exported_total, outrider_influx_rejected_total   only with InfluxDB
//	outrider_slots{kind}, outrider_slots_in_use{kind}, outrider_slots_waiting{kind}
//	outrider_browsers, outrider_browser_processes, outrider_browser_memory_bytes,
//	outrider_browser_disk_bytes, outrider_browser_journeys_total     only where browser checks can be run
//	outrider_definitions_refused, outrider_definitions_loaded_timestamp_seconds
type metrics struct {
	server *Server
	desc   descriptions

	// What follows the log of runs.
	mu         sync.Mutex
	follow     follower
	runsTotal  *prometheus.CounterVec
	startDelay prometheus.Histogram
	slotWait   prometheus.Histogram
	steps      map[string][]probes.Step // of the last run, by check
}

// newMetrics registers the metrics and gives the handler that shows them.
func newMetrics(s *Server, reg *prometheus.Registry) (http.Handler, error) {
	if reg == nil {
		reg = prometheus.NewRegistry()
		reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	delays := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	m := &metrics{
		server: s, desc: newDescriptions(), steps: map[string][]probes.Step{},
		follow: follower{runs: s.runs, since: s.now()},
		runsTotal: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "outrider_check_runs_total", Help: "Runs recorded since the monitor started, by outcome."}, []string{"check", "outcome"}),
		startDelay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "outrider_start_delay_seconds", Help: "How late runs began.", Buckets: delays}),
		slotWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "outrider_slot_wait_seconds", Help: "How long runs waited for a free probe slot.", Buckets: delays}),
	}
	if err := reg.Register(m); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{s.log}, ErrorHandling: promhttp.ContinueOnError, Timeout: 2 * scrapeTimeout,
		DisableCompression: true, // done for every answer
	}), nil
}

// scrapeLog hands the library's complaints to our log.
type scrapeLog struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (l scrapeLog) Println(v ...any) {
	l.log.Error("collect metrics", "error", strings.TrimSpace(fmt.Sprintln(v...)))
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	m.desc.all(ch)
	m.runsTotal.Describe(ch)
	m.startDelay.Describe(ch)
	m.slotWait.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	out := sink{ch}
	out.gauge(m.desc.build, 1, m.server.version, m.server.location)
	m.health(out)
	m.held(out)
	up := 1.0
	if err := m.stored(ctx, out); err != nil {
		m.server.log.Error("collect metrics", "error", err)
		up = 0
	}
	out.gauge(m.desc.storeUp, up)
	m.runsTotal.Collect(ch)
	m.startDelay.Collect(ch)
	m.slotWait.Collect(ch)
}

// stored gives what comes from the store.
func (m *metrics) stored(ctx context.Context, out sink) error {
	fresh, err := m.follow.next(ctx)
	if err != nil {
		return err
	}
	for _, run := range fresh {
		m.runsTotal.WithLabelValues(clean(run.CheckID), string(run.Outcome)).Inc()
		m.startDelay.Observe(run.StartDelay.Seconds())
		m.slotWait.Observe(run.SlotWait.Seconds())
		m.steps[run.CheckID] = run.Steps
	}
	list, err := m.server.overviewOf(ctx)
	if err != nil {
		return err
	}
	defined := make(map[string]bool, len(list))
	for i := range list {
		c := &list[i]
		defined[c.Check.ID] = true
		m.check(out, c)
	}
	for id := range m.steps {
		if !defined[id] {
			delete(m.steps, id)
			m.runsTotal.DeletePartialMatch(prometheus.Labels{"check": clean(id)})
		}
	}
	return nil
}

// check gives the series of one check.
func (m *metrics) check(out sink, c *checkState) {
	id := clean(c.Check.ID)
	out.gauge(m.desc.checkInfo, 1, id, clean(c.Check.Name), string(c.Check.Journey.Kind))
	out.counter(m.desc.missed, float64(c.Status.Missed), id)
	if last := c.Last(); last != nil {
		out.gauge(m.desc.lastDuration, last.Duration.Seconds(), id)
		out.gauge(m.desc.lastRun, float64(last.Started.UnixMilli())/1000, id)
		if last.Outcome != probes.Unknown {
			out.gauge(m.desc.up, one(last.Outcome != probes.Failed), id)
			out.gauge(m.desc.degraded, one(last.Outcome == probes.Degraded), id)
		}
	}
	open := map[string]int{}
	for _, i := range c.Open {
		open[string(i.Severity)]++
	}
	for severity, n := range open {
		out.gauge(m.desc.incidents, float64(n), id, clean(severity))
	}
	seen := map[string]bool{}
	for _, st := range m.steps[c.Check.ID] {
		name := clean(st.Name)
		if seen[name] {
			continue // names are unique by contract; two series of one name would spoil the scrape
		}
		seen[name] = true
		out.gauge(m.desc.step, st.Duration.Seconds(), id, name)
		if st.HTTP == nil {
			continue
		}
		for _, p := range checks.Phases() {
			out.gauge(m.desc.phase, st.HTTP.Phases.Of(p).Seconds(), id, name, string(p))
		}
	}
}

// health gives what Status tells of the monitor itself.
func (m *metrics) health(out sink) {
	h := m.server.status.Health()
	out.gauge(m.desc.refused, one(h.DefinitionsError != ""))
	if !h.DefinitionsLoaded.IsZero() {
		out.gauge(m.desc.loaded, float64(h.DefinitionsLoaded.Unix()))
	}
	if x := h.Influx; x != nil {
		out.gauge(m.desc.influxUp, one(x.Connected))
		out.gauge(m.desc.influxLag, x.Lag.Seconds())
		out.counter(m.desc.influxExported, float64(x.Exported))
		out.counter(m.desc.influxRejected, float64(x.Rejected))
	}
	for _, e := range h.Endpoints {
		out.gauge(m.desc.pending, float64(e.Pending), clean(e.Endpoint))
		if !e.LastSuccess.IsZero() {
			out.gauge(m.desc.delivered, float64(e.LastSuccess.Unix()), clean(e.Endpoint))
		}
	}
	for _, s := range h.Slots {
		out.gauge(m.desc.slots, float64(s.Size), string(s.Kind))
		out.gauge(m.desc.slotsInUse, float64(s.InUse), string(s.Kind))
		out.gauge(m.desc.slotsWaiting, float64(s.Waiting), string(s.Kind))
	}
}

// held gives what the browsers hold of the machine.
func (m *metrics) held(out sink) {
	if m.server.browsers == nil {
		return
	}
	b := m.server.browsers()
	out.gauge(m.desc.browsers, float64(b.Browsers))
	out.gauge(m.desc.browserProcesses, float64(b.Processes))
	out.gauge(m.desc.browserMemory, float64(b.Memory))
	out.gauge(m.desc.browserDisk, float64(b.Disk))
	out.counter(m.desc.browserJourneys, float64(b.Journeys))
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// clean makes a label value that the format can carry.
func clean(v string) string { return strings.ToValidUTF8(v, "\ufffd") }
