package evaluate

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"outrider/incidents/detect/surge"
)

// surgeCalibration holds stated probabilities of saturation against how often
// servers saturate, and counts what is said of histories that do not deserve it.
type surgeCalibration struct {
	stated, count, saturated [len(calibrationEdges)]float64
	fits, drifted, timeOfDay int
	// beyond sums up the shares of runs at the peak that take longer than what
	// one in twenty is said to, over plain servers.
	beyond, plain float64
}

// calibrationEdges are the upper ends of classes of stated probability.
var calibrationEdges = [...]float64{0.02, 0.1, 0.3, 0.6, 0.9, 1}

func (c *surgeCalibration) add(server surgeServer, f *surge.Fit) {
	c.fits++
	if f.Drift != nil {
		c.drifted++
	}
	if f.TimeOfDay == surge.ByTime {
		c.timeOfDay++
	}
	if peak := f.At(f.Peak); server.outliers == 0 && !peak.P95.Saturates {
		z := math.Log(peak.P95.Value.Seconds()/server.median(f.Peak)) / server.noise
		c.beyond += 0.5 * math.Erfc(z/math.Sqrt2)
		c.plain++
	}
	for _, factor := range []float64{1.2, 1.5, 2, 3, 5, 8} {
		p := f.At(factor * f.Peak)
		k := 0
		for p.Saturation > calibrationEdges[k] && k+1 < len(calibrationEdges) {
			k++
		}
		c.count[k]++
		c.stated[k] += p.Saturation
		if math.IsInf(server.median(p.Load), 1) {
			c.saturated[k]++
		}
	}
}

// write gives the table and the mean distance of stated from true, weighted by
// how often it was stated.
func (c *surgeCalibration) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nstated saturation\tprojections\tstated, mean\tsaturated")
	off, all := 0.0, 0.0
	for k, edge := range calibrationEdges {
		if c.count[k] == 0 {
			continue
		}
		fmt.Fprintf(t, "up to %g %%\t%.0f\t%.1f %%\t%.1f %%\n", 100*edge, c.count[k], 100*c.stated[k]/c.count[k], 100*c.saturated[k]/c.count[k])
		off += math.Abs(c.stated[k] - c.saturated[k])
		all += c.count[k]
	}
	fmt.Fprintf(t, "calibration error\t\t\t%.1f %%\n", 100*off/max(1, all))
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "runs at the peak beyond what one in twenty is said to take: %.1f %%\nhistories without a change in which one was found: %d of %d; put down to the time of day: %d\n",
		100*c.beyond/max(1, c.plain), c.drifted, c.fits, c.timeOfDay)
	return err
}
