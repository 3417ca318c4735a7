package evaluate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"outrider/incidents/detect/forecast"
	"outrider/incidents/detect/simulate"
)

// ForecastOptions say how much is simulated for the tables of forecasts.
type ForecastOptions struct {
	Seed   uint64 // of the first series; the others follow
	Series int    // of each class or kind
	Weeks  int    // after learning
}

// forecastLearning is how long models learn before they are measured.
const forecastLearning = 3

// hourlyMedians gives the median of each hour of a series, in milliseconds,
// as seen by someone who keeps everything.
type hourlyMedians struct {
	medians, usual []float64
	shift          []float64 // the level at the end of the hour, logarithm
	now            []float64
	sum            float64
	level          float64
}

func (h *hourlyMedians) add(p simulate.ForecastPoint) (closed bool) {
	if p.At.Minute() == 0 && len(h.now) > 0 {
		slices.Sort(h.now)
		n := len(h.now)
		h.medians = append(h.medians, (h.now[(n-1)/2]+h.now[n/2])/2)
		h.usual = append(h.usual, h.sum/float64(n))
		h.shift = append(h.shift, h.level)
		h.now, h.sum = h.now[:0], 0
		closed = true
	}
	h.now = append(h.now, p.Value)
	h.sum += p.Usual
	h.level = p.Shift
	return closed
}

// forecastError sums absolute errors of forecasters.
type forecastError struct {
	n                         int
	path, pathNaive, pathBest float64 // the coming 24 hours together
	last, lastNaive, lastBest float64 // the 24th of them
}

// ForecastTable prints the error of hourly forecasts against the seasonal
// naive one (the same hour of the day before), as a ratio of mean absolute
// errors in milliseconds: that is the ratio of the two MASE, since their
// scaling is the same. Forecasts are made every three hours after three weeks
// of learning. "All 24 hours" is the mean over the coming 24; "24th hour" is
// the last of them. The floor is what someone reaches who is told the true
// usual median of every hour at the level of the origin, but not the noise: 0.71 where the noise of
// hours is independent and normal, as √2 is what the seasonal naive forecast
// loses by having noise of its own. Nobody is told of level shifts to come.
// The verdict is on all 24 hours, as MASE is defined over a whole horizon; the
// 24th hour alone is printed beside it with its own.
func ForecastTable(w io.Writer, o ForecastOptions) error {
	fmt.Fprintf(w, "error against seasonal naive, hourly medians; %d series a class, %d weeks each after %d of learning\n", o.Series, o.Weeks, forecastLearning)
	fmt.Fprintf(w, "at least 0.85, goal 0.70\n\n%-18s %12s %7s %10s %7s %10s %10s\n", "class", "all 24 hours", "floor", "24th hour", "floor", "verdict", "24th hour")
	for _, class := range simulate.ForecastClasses() {
		var e forecastError
		for i := range o.Series {
			e.measure(simulate.ForecastSeries{Class: class, Seed: o.Seed + uint64(i), Weeks: forecastLearning + o.Weeks})
		}
		last := e.last / e.lastNaive
		all := e.path / e.pathNaive
		fmt.Fprintf(w, "%-18s %12.3f %7.3f %10.3f %7.3f %10s %10s\n", class, all, e.pathBest/e.pathNaive,
			last, e.lastBest/e.lastNaive, verdict(all, 0.85, 0.70), verdict(last, 0.85, 0.70))
	}
	return nil
}

// verdict compares a figure that should be small with its two targets.
func verdict(v, least, goal float64) string {
	switch {
	case v <= goal:
		return "goal"
	case v <= least:
		return "ok"
	}
	return "MISSED"
}

func (e *forecastError) measure(series simulate.ForecastSeries) {
	m := forecast.New(forecast.Options{})
	var h hourlyMedians
	type waiting struct {
		origin int
		hours  []forecast.Hour
	}
	var wait []waiting
	for p := range series.Points() {
		closed := h.add(p)
		m.Observe(p.At, p.Value, false)
		if n := len(h.medians); closed && n >= forecastLearning*168 && n%3 == 0 {
			wait = append(wait, waiting{n, m.Forecast(24 * time.Hour)})
		}
	}
	for _, f := range wait {
		if f.origin+24 > len(h.medians) {
			break
		}
		for i, hour := range f.hours {
			at := f.origin + i
			err := math.Abs(hour.Median - h.medians[at])
			naive := math.Abs(h.medians[at-24] - h.medians[at])
			best := math.Abs(h.usual[at]*math.Exp(h.shift[f.origin-1]-h.shift[at]) - h.medians[at])
			e.path, e.pathNaive, e.pathBest = e.path+err, e.pathNaive+naive, e.pathBest+best
			if i == 23 {
				e.last, e.lastNaive, e.lastBest = e.last+err, e.lastNaive+naive, e.lastBest+best
			}
		}
		e.n++
	}
}

// coverageCount counts hours inside their interval, 1, 6 and 24 hours ahead.
type coverageCount struct{ inside, all [3]int }

func (c *coverageCount) share(g int) float64 {
	return float64(c.inside[g]) / float64(max(c.all[g], 1))
}

var coverageHours = [3]int{1, 6, 24}

// CoverageTable prints which share of hourly medians lies inside the 95 %
// intervals that were stated for them 1, 6 and 24 hours ahead, after three
// weeks of learning: in calm, and for forecasts that were made in the week
// after a level shift, from the first hour on. The last two lines count
// differently: every hour of the series with shifts, and every hour of the
// week after a shift. Those include forecasts that were made before a shift
// for hours after it; no honest interval holds them, and at 24 hours ahead
// they are a seventh of that week.
func CoverageTable(w io.Writer, o ForecastOptions) error {
	fmt.Fprintf(w, "coverage of 95 %% intervals; %d series a class, %d weeks each after %d of learning\n", o.Series, o.Weeks, forecastLearning)
	fmt.Fprintf(w, "at least 93-97 %%, goal 94-96 %%\n\n%-34s %8s %8s %8s %10s\n", "series", "1 h", "6 h", "24 h", "verdict")
	var after, everything, within coverageCount
	for _, class := range simulate.ForecastClasses() {
		var calm coverageCount
		for i := range o.Series {
			series := simulate.ForecastSeries{Class: class, Seed: o.Seed + uint64(i), Weeks: forecastLearning + o.Weeks}
			measureCoverage(series, &calm, &after, &everything, &within)
		}
		printCoverage(w, class.String(), &calm, true)
	}
	printCoverage(w, "forecast in the week after a shift", &after, true)
	printCoverage(w, "all hours of series with shifts", &everything, false)
	printCoverage(w, "hours of the week after a shift", &within, false)
	return nil
}

func printCoverage(w io.Writer, name string, c *coverageCount, judge bool) {
	worst := 0.0
	for g := range 3 {
		worst = max(worst, math.Abs(c.share(g)-0.95))
	}
	v := ""
	if judge {
		v = verdict(worst, 0.02, 0.01)
	}
	fmt.Fprintf(w, "%-34s %7.1f%% %7.1f%% %7.1f%% %10s\n", name, 100*c.share(0), 100*c.share(1), 100*c.share(2), v)
}

func measureCoverage(series simulate.ForecastSeries, calm, after, everything, within *coverageCount) {
	m := forecast.New(forecast.Options{})
	var h hourlyMedians
	type interval struct {
		origin, at, g int
		low, high     float64
	}
	var claims []interval
	var shifts []int // hours in which the level changed
	var last time.Time
	for p := range series.Points() {
		closed := h.add(p)
		m.Observe(p.At, p.Value, false)
		n := len(h.medians)
		if !p.ShiftedAt.Equal(last) {
			last = p.ShiftedAt
			shifts = append(shifts, n)
		}
		if !closed || n < forecastLearning*168 {
			continue
		}
		hours := m.Forecast(24 * time.Hour)
		for g, ahead := range coverageHours {
			if ahead <= len(hours) {
				f := hours[ahead-1]
				claims = append(claims, interval{n - 1, n - 1 + ahead, g, f.Lower, f.Upper})
			}
		}
	}
	for _, c := range claims {
		if c.at >= len(h.medians) {
			continue
		}
		in := 0
		if v := h.medians[c.at]; v >= c.low && v <= c.high {
			in = 1
		}
		add := func(to *coverageCount) { to.inside[c.g] += in; to.all[c.g]++ }
		crosses, fresh, hit := false, false, false
		for _, s := range shifts {
			// The hour of the shift itself is of both levels. A forecast knows
			// of a shift if it is made at the end of an hour after that one.
			crosses = crosses || c.origin < s && c.at >= s
			fresh = fresh || c.origin >= s && c.origin < s+168
			hit = hit || c.at >= s && c.at < s+168
		}
		if series.Class == simulate.ForecastShifts {
			add(everything)
			if hit {
				add(within)
			}
		}
		switch {
		case crosses:
		case fresh:
			add(after)
		default:
			add(calm)
		}
	}
}
