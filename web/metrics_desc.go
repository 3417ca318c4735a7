package web

import "github.com/prometheus/client_golang/prometheus"

// sink sends metrics on.
type sink struct{ ch chan<- prometheus.Metric }

func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s sink) counter(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// descriptions are the names and help texts of what is read at each scrape.
type descriptions struct {
	build, storeUp                                      *prometheus.Desc
	checkInfo, up, degraded, lastDuration, lastRun      *prometheus.Desc
	missed, step, phase, incidents                      *prometheus.Desc
	pending, delivered                                  *prometheus.Desc
	influxUp, influxLag, influxExported, influxRejected *prometheus.Desc
	slots, slotsInUse, slotsWaiting                     *prometheus.Desc
	refused, loaded                                     *prometheus.Desc
	browsers, browserProcesses, browserMemory           *prometheus.Desc
	browserDisk, browserJourneys                        *prometheus.Desc
}

func newDescriptions() descriptions {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("outrider_"+name, help, labels, nil)
	}
	return descriptions{
		build:            d("build_info", "Version and location of the monitor.", "version", "location"),
		storeUp:          d("store_up", "Whether the store could be read for this scrape."),
		checkInfo:        d("check_info", "Name and kind of a check.", "check", "name", "kind"),
		up:               d("check_up", "Whether the last run of the check worked; absent while unknown.", "check"),
		degraded:         d("check_degraded", "Whether the last run of the check was degraded; absent while unknown.", "check"),
		lastDuration:     d("check_last_duration_seconds", "Duration of the journey in the last run.", "check"),
		lastRun:          d("check_last_run_timestamp_seconds", "When the last run started.", "check"),
		missed:           d("check_missed_starts_total", "Starts that were missed since the monitor started.", "check"),
		step:             d("step_duration_seconds", "Duration of the step in the last run.", "check", "step"),
		phase:            d("step_phase_duration_seconds", "Duration of a phase of the step's requests in the last run.", "check", "step", "phase"),
		incidents:        d("incidents_open", "Open incidents.", "check", "severity"),
		pending:          d("notifications_pending", "Notifications that wait for delivery.", "endpoint"),
		delivered:        d("notification_last_success_timestamp_seconds", "When a notification was last delivered.", "endpoint"),
		influxUp:         d("influx_connected", "Whether InfluxDB takes what is exported."),
		influxLag:        d("influx_lag_seconds", "Age of the oldest run that is recorded but not exported to InfluxDB yet."),
		influxExported:   d("influx_exported_total", "Points exported to InfluxDB since the monitor started."),
		influxRejected:   d("influx_rejected_total", "Points that InfluxDB refused for good since the monitor started."),
		slots:            d("slots", "Probes that may run at once.", "kind"),
		slotsInUse:       d("slots_in_use", "Probes that run.", "kind"),
		browsers:         d("browsers", "Chromiums that are started."),
		browserProcesses: d("browser_processes", "Processes of all Chromiums."),
		browserMemory:    d("browser_memory_bytes", "Memory of these: what each holds alone and its share of what several hold."),
		browserDisk:      d("browser_disk_bytes", "Files in the profile folders of Chromiums."),
		browserJourneys:  d("browser_journeys_total", "Attempts at browser journeys since the monitor started."),
		slotsWaiting:     d("slots_waiting", "Runs that wait for a free probe slot.", "kind"),
		refused:          d("definitions_refused", "Whether the last change of the definitions was refused."),
		loaded:           d("definitions_loaded_timestamp_seconds", "When the definitions in force were loaded."),
	}
}

// all sends every description on.
func (d descriptions) all(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		d.build, d.storeUp, d.checkInfo, d.up, d.degraded, d.lastDuration, d.lastRun, d.missed, d.step, d.phase,
		d.incidents, d.pending, d.delivered, d.influxUp, d.influxLag, d.influxExported, d.influxRejected,
		d.slots, d.slotsInUse, d.slotsWaiting, d.refused, d.loaded,
		d.browsers, d.browserProcesses, d.browserMemory, d.browserDisk, d.browserJourneys,
	} {
		ch <- desc
	}
}
