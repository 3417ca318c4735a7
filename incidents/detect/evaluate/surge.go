package evaluate

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"outrider/incidents/detect/surge"
)

// SurgeOptions is what Surge simulates.
type SurgeOptions struct {
	// Seed is that of the first server; the others follow.
	Seed uint64
	// Servers is how many of each class. Zero: 30.
	Servers int
}

// surgeScore sums up one class at one factor of the peak.
type surgeScore struct {
	projected            int
	covered, likely      int // within the interval of 95 %, of 80 %
	tells, leans, cannot int
	saturates, saturated int       // verdicts, and how many of them are right
	errors               []float64 // of what was told, of what it leant to
	leanings             []float64
}

// surgeBreaks sums up where latency triples.
type surgeBreaks struct {
	asked, covered, reached int
	errors                  []float64
}

// Surge simulates servers with known curves, fits what a monitor would have
// seen of them, and holds projections to 2 and 5 times the peak against the
// truth. A saturated server is covered by an interval that ends in saturation.
func Surge(w io.Writer, o SurgeOptions) error {
	if o.Servers == 0 {
		o.Servers = 30
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "server\tload\twithin 95 %\twithin 80 %\ttells\terror\tleans\terror\tsaturates (right)\tcannot tell\ttripled at: covered\terror")
	var all [3]surgeScore
	var allBreaks surgeBreaks
	var calibration surgeCalibration
	for k, class := range surgeClasses() {
		var scores [3]surgeScore
		var breaks surgeBreaks
		for i := range o.Servers {
			r := rand.New(rand.NewPCG(o.Seed+uint64(i), uint64(k)))
			server := class.make(r)
			fit, err := surge.New(server.pairs(r))
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", class.name, o.Seed+uint64(i), err)
			}
			for f, factor := range surgeFactors {
				scores[f].add(server, fit.At(factor*fit.Peak))
			}
			breaks.add(server, fit)
			calibration.add(server, fit)
		}
		for f, factor := range surgeFactors {
			tripled := ""
			if f == 0 {
				tripled = breaks.String()
			}
			fmt.Fprintf(t, "%s\t%gx\t%s\t%s\n", class.name, factor, scores[f].String(), tripled)
			all[f].merge(scores[f])
		}
		allBreaks.merge(breaks)
	}
	for f, factor := range surgeFactors {
		tripled := ""
		if f == 0 {
			tripled = allBreaks.String()
		}
		fmt.Fprintf(t, "all\t%gx\t%s\t%s\n", factor, all[f].String(), tripled)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return calibration.write(w)
}

// surgeFactors are the planned loads, as factors of the peak.
var surgeFactors = [...]float64{1, 2, 5}

func (s *surgeScore) add(server surgeServer, p surge.Projection) {
	truth := server.median(p.Load)
	s.projected++
	if between(truth, p.Low, p.High) {
		s.covered++
	}
	if between(truth, p.LikelyLow, p.LikelyHigh) {
		s.likely++
	}
	miss := math.Abs(math.Log(p.Median.Value.Seconds() / truth))
	switch p.Verdict {
	case surge.Tells:
		s.tells++
		s.errors = append(s.errors, miss)
	case surge.Leans:
		s.leans++
		s.leanings = append(s.leanings, miss)
	case surge.Saturates:
		s.saturates++
		if math.IsInf(truth, 1) {
			s.saturated++
		}
	default:
		s.cannot++
	}
}

// between tells whether the truth is within an interval; a saturated server is
// within one that ends in saturation.
func between(truth float64, low, high surge.Latency) bool {
	above := high.Saturates || truth <= high.Value.Seconds()
	below := math.IsInf(truth, 1) || !low.Saturates && truth >= low.Value.Seconds()
	return above && below
}

func (s *surgeScore) merge(o surgeScore) {
	s.projected += o.projected
	s.covered += o.covered
	s.likely += o.likely
	s.tells += o.tells
	s.leans += o.leans
	s.leanings = append(s.leanings, o.leanings...)
	s.cannot += o.cannot
	s.saturates += o.saturates
	s.saturated += o.saturated
	s.errors = append(s.errors, o.errors...)
}

// String gives the cells of a row.
func (s *surgeScore) String() string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%d (%d)\t%s", share(s.covered, s.projected), share(s.likely, s.projected),
		share(s.tells, s.projected), medianError(s.errors), share(s.leans, s.projected), medianError(s.leanings),
		s.saturates, s.saturated, share(s.cannot, s.projected))
}

// add asks at which load the typical latency is three times the unloaded one.
func (b *surgeBreaks) add(server surgeServer, f *surge.Fit) {
	const reach = 10
	limit := 3 * server.median(0)
	truth := math.Inf(1)
	if server.median(reach*f.Peak) > limit {
		low, high := 0.0, reach*f.Peak
		for range 50 {
			if middle := (low + high) / 2; server.median(middle) > limit {
				high = middle
			} else {
				low = middle
			}
		}
		truth = high
	}
	k := f.Breaks(time.Duration(limit*float64(time.Second)), 0.5, reach*f.Peak)
	b.asked++
	if k.Low <= truth && truth <= k.High {
		b.covered++
	}
	if !math.IsInf(truth, 1) && k.Reached() {
		b.reached++
		b.errors = append(b.errors, math.Abs(math.Log(k.Load/truth)))
	}
}

func (b *surgeBreaks) merge(o surgeBreaks) {
	b.asked += o.asked
	b.covered += o.covered
	b.reached += o.reached
	b.errors = append(b.errors, o.errors...)
}

// String gives the cells of a row.
func (b *surgeBreaks) String() string {
	return fmt.Sprintf("%s\t%s", share(b.covered, b.asked), medianError(b.errors))
}

func share(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

// medianError shows the median of differences of logarithms as a percentage,
// and how many of the truths were saturation instead.
func medianError(errors []float64) string {
	if len(errors) == 0 {
		return "-"
	}
	sorted := slices.Sorted(slices.Values(errors))
	finite := slices.IndexFunc(sorted, func(e float64) bool { return math.IsInf(e, 1) })
	if finite < 0 {
		return fmt.Sprintf("%.1f %%", 100*(math.Exp(sorted[len(sorted)/2])-1))
	}
	text := fmt.Sprintf("%d saturate", len(sorted)-finite)
	if finite > 0 {
		text = fmt.Sprintf("%.1f %%, ", 100*(math.Exp(sorted[finite/2])-1)) + text
	}
	return text
}
