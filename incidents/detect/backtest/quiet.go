package backtest

import (
	"math"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// history is the runs of a span that say something, by location, as little of
// them as thresholds are found from.
type history struct {
	from, to  time.Time
	locations []*readings
	runs      int
	cut       bool // there were more than maxReadings
}

// readings are the runs at a location.
type readings struct {
	location string
	all      []reading
}

type reading struct {
	at      int64 // Unix nanoseconds
	latency time.Duration
	broken  bool
	// busy tells that the run is of a span that is left out: an outage, or a
	// spell of slow runs.
	busy bool
}

func (r reading) time() time.Time { return time.Unix(0, r.at).UTC() }

// maxReadings bounds what is kept in memory: ten years of a run a minute.
const maxReadings = 5_000_000

// collect reads a source.
func collect(source Source, check *checks.Check, from, to time.Time) (*history, error) {
	h := &history{}
	by := map[string]*readings{}
	err := source(func(run *probes.Run) error {
		_, planned := check.Schedule.InMaintenance(run.Started)
		switch {
		case run.Started.Before(from), !to.IsZero() && !run.Started.Before(to):
			return nil
		case run.Maintenance, planned, run.Outcome == probes.Unknown:
			return nil
		case !check.RunsAt(run.Location) && run.Location != "csv":
			return nil
		case h.runs == maxReadings:
			h.cut = true
			return errStop
		}
		s := by[run.Location]
		if s == nil {
			s = &readings{location: run.Location}
			by[run.Location] = s
			h.locations = append(h.locations, s)
		}
		at := run.Started.UnixNano()
		if n := len(s.all); n > 0 && at <= s.all[n-1].at {
			return nil // judged by nobody
		}
		s.all = append(s.all, reading{at: at, latency: run.Duration, broken: broken(run)})
		h.runs++
		if h.from.IsZero() || run.Started.Before(h.from) {
			h.from = run.Started.UTC()
		}
		h.to = later(h.to, run.Started.UTC())
		return nil
	})
	if err != nil && err != errStop {
		return nil, err
	}
	slices.SortFunc(h.locations, func(a, b *readings) int { return compareText(a.location, b.location) })
	return h, nil
}

// source gives the readings again, as bare runs of a check.
func (h *history) source(check *checks.Check) Source {
	return func(yield func(*probes.Run) error) error {
		for _, s := range h.locations {
			for _, r := range s.all {
				run := runOf(check, &Sample{At: r.time(), Latency: r.latency, Failed: r.broken})
				run.Location = s.location
				if err := yield(&run); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// cadence is the usual distance of runs.
func (s *readings) cadence() time.Duration {
	times := make([]time.Time, len(s.all))
	for i, r := range s.all {
		times[i] = r.time()
	}
	return Cadence(times)
}

// LeftOut tells what a suggestion was not made from.
type LeftOut struct {
	Outages    int           `json:"outages"`
	OutageTime time.Duration `json:"outage_ns"`
	// Slow counts spells of runs far slower than usual at their time of day,
	// whether anything alerted or not.
	Slow     int           `json:"slow_spells"`
	SlowTime time.Duration `json:"slow_ns"`
}

// outageRuns is from how many bad runs on a failure is an outage: fewer are
// taken for the noise that a rule of confirmation has to withstand.
const outageRuns = 5

// leaveOut marks the readings of outages and of slow spells as busy. Outages
// are failures with at least five bad runs, of the alerts or as recorded.
func (h *history) leaveOut(alerts []Alert, recorded []Recorded, acceptAfter time.Duration) (LeftOut, map[string][]span) {
	var out LeftOut
	busy := map[string][]span{}
	for _, s := range h.locations {
		const margin = 3 // runs around an outage that are not usual either
		wide := margin * s.cadence()
		var outages []span
		add := func(location string, cause detect.Cause, bad int, from, to time.Time) {
			if location != s.location || cause != detect.CauseFailure || bad < outageRuns {
				return
			}
			if to.IsZero() {
				to = h.to
			}
			if c := (span{from.Add(-wide), to.Add(wide)}); c.overlaps(span{h.from, h.to}) {
				outages = append(outages, c)
			}
		}
		for _, a := range alerts {
			add(a.Location, a.Cause, a.BadRuns, a.Since, a.Resolved)
		}
		for _, i := range recorded {
			add(i.Location, i.Cause, i.BadRuns, i.Since, i.Resolved)
		}
		outages = union(outages)
		s.mark(outages)
		slow := s.slowSpells(acceptAfter)
		s.mark(slow)
		out.Outages += len(outages)
		out.Slow += len(slow)
		for _, o := range outages {
			out.OutageTime += o.length()
		}
		for _, o := range slow {
			out.SlowTime += o.length()
		}
		busy[s.location] = union(append(outages, slow...))
	}
	return out, busy
}

func (s *readings) mark(spans []span) {
	i := 0
	for k := range s.all {
		at := s.all[k].time()
		for i < len(spans) && spans[i].to.Before(at) {
			i++
		}
		if i < len(spans) && spans[i].has(at) {
			s.all[k].busy = true
		}
	}
}

// slowSpells finds runs that are so slow, several together, that it was no
// chance: the running median of five runs lies over what is usual at that hour
// of the day by more than six robust standard deviations, and by a quarter; a
// spell ends where it lies over by less than half of that. A spell that lasts longer than acceptAfter is the usual level from then on, and
// is not left out.
func (s *readings) slowSpells(acceptAfter time.Duration) []span {
	const width = 5
	at, medians := s.runningMedians(width)
	if len(medians) < 10*width {
		return nil
	}
	var hours [24][]float64
	for i, t := range at {
		hours[t.Hour()] = append(hours[t.Hour()], medians[i])
	}
	all := median(slices.Clone(medians))
	var usual [24]float64
	for h := range hours {
		if usual[h] = all; len(hours[h]) >= 3*width {
			usual[h] = median(hours[h])
		}
	}
	off := make([]float64, len(medians))
	apart := make([]float64, len(medians))
	for i, t := range at {
		off[i] = medians[i] - usual[t.Hour()]
		apart[i] = math.Abs(off[i])
	}
	const normal = 1.4826 // the median absolute deviation of a normal distribution is 1/1.4826
	bound := max(6*normal*median(apart), math.Log(1.25))
	wide := (width/2 + 1) * s.cadence()
	spells := stretches(at, off, bound)
	for i := range spells {
		spells[i] = span{spells[i].from.Add(-wide), spells[i].to.Add(wide)}
	}
	return slices.DeleteFunc(union(spells), func(s span) bool { return acceptAfter > 0 && s.length() > acceptAfter })
}

// stretches finds where values go over a bound, and for how long they stay over
// half of it around there.
func stretches(at []time.Time, values []float64, bound float64) []span {
	var out []span
	var now span
	over, found := false, false
	for i, v := range values {
		if v <= bound/2 {
			if found {
				out = append(out, now)
			}
			over, found = false, false
			continue
		}
		if !over {
			now.from = at[i]
		}
		now.to = at[i]
		over, found = true, found || v > bound
	}
	if found {
		out = append(out, now)
	}
	return out
}

// runningMedians gives the logarithms of the medians of so many runs that
// worked and are not busy, with the time of the middle one.
func (s *readings) runningMedians(width int) (at []time.Time, medians []float64) {
	var window []float64
	var times []time.Time
	sorted := make([]float64, width)
	for _, r := range s.all {
		if r.broken || r.busy {
			continue
		}
		window, times = append(window, logOf(r.latency)), append(times, r.time())
		if n := len(window); n >= width {
			copy(sorted, window[n-width:])
			slices.Sort(sorted)
			at, medians = append(at, times[n-1-width/2]), append(medians, sorted[width/2])
		}
	}
	return at, medians
}

// logOf is the logarithm of a latency in milliseconds.
func logOf(d time.Duration) float64 {
	return math.Log(max(float64(d)/float64(time.Millisecond), 1e-3))
}

// median sorts its argument.
func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
