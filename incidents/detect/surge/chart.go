package surge

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// The chart's place in its picture, in pixels.
const (
	chartWidth, chartHeight = 760, 420
	chartLeft, chartRight   = 78, 740
	chartTop, chartBottom   = 64, 362
)

// mostDrawn is up to how many times the peak a chart reaches.
const mostDrawn = 1000

// WriteChart draws the medians that were seen, the fit with its 95 % interval
// and the bounds, as an SVG picture. Latency has a logarithmic axis.
func (r *Report) WriteChart(w io.Writer) error {
	most := r.Fit.Peak * 1.1
	for _, p := range r.all() {
		most = max(most, min(p.Load, mostDrawn*r.Fit.Peak)*1.05)
	}
	c := newChart(r, most)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(&b, `<title>%s: latency against load</title>`+"\n", html.EscapeString(r.Check))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="14" fill="#222">%s: latency against load</text>`+"\n", chartLeft, html.EscapeString(r.Check))
	c.grid(&b)
	c.band(&b)
	for _, bin := range r.Fit.Bins {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#1f5fa8"><title>%s: %s, %d runs</title></circle>`+"\n",
			c.x(bin.Load), c.y(math.Log(bin.Median.Seconds())), html.EscapeString(FormatLoad(bin.Load, r.Unit)), FormatLatency(bin.Median), bin.Runs)
	}
	for _, k := range r.Breaks {
		y := math.Log(k.Limit.Seconds())
		if y > c.high || y < c.low {
			continue
		}
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#b3261e" stroke-dasharray="5 4" fill="none"/><text x="%d" y="%.1f" text-anchor="end" fill="#b3261e">%s %s</text>`+"\n",
			chartLeft, c.y(y), chartRight, chartRight, c.y(y)-4, html.EscapeString(k.Name), FormatLatency(k.Limit))
	}
	c.targets(&b)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// chart maps loads and logarithms of latencies to pixels.
type chart struct {
	report    *Report
	most      float64 // load at the right edge
	low, high float64
	loads     []float64
	lines     [3][]float64 // lower bound, median, upper bound
}

func newChart(r *Report, most float64) *chart {
	const steps = 60
	c := &chart{report: r, most: most, low: math.Inf(1), high: math.Inf(-1)}
	see := func(v float64) {
		if !math.IsInf(v, 0) {
			c.low, c.high = min(c.low, v), max(c.high, v)
		}
	}
	for i := range steps + 1 {
		load := most * float64(i) / steps
		c.loads = append(c.loads, load)
		at := r.Fit.at(load / r.Fit.unit)
		for k, q := range [...]float64{lowest, 0.5, highest} {
			v := at.quantile(q)
			c.lines[k] = append(c.lines[k], v)
			if k < 2 {
				see(v)
			}
		}
	}
	for _, b := range r.Fit.Bins {
		see(math.Log(b.Median.Seconds()))
	}
	for _, k := range r.Breaks {
		if v := math.Log(k.Limit.Seconds()); v < c.high+1.5 {
			see(v)
		}
	}
	c.low, c.high = c.low-0.2, c.high+0.5
	return c
}

func (c *chart) x(load float64) float64 {
	return chartLeft + (chartRight-chartLeft)*load/c.most
}

// y keeps what is beyond at the edge.
func (c *chart) y(log float64) float64 {
	part := min(max((log-c.low)/(c.high-c.low), 0), 1)
	return chartBottom - (chartBottom-chartTop)*part
}

func (c *chart) grid(b *strings.Builder) {
	for exponent := -6; exponent <= 6; exponent++ {
		for _, digit := range [...]float64{1, 2, 5} {
			v := math.Log(digit * math.Pow(10, float64(exponent)))
			if v < c.low || v > c.high {
				continue
			}
			fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#e4e4e4"/><text x="%d" y="%.1f" text-anchor="end" fill="#555">%s</text>`+"\n",
				chartLeft, c.y(v), chartRight, chartLeft-8, c.y(v)+4, FormatLatency(seconds(math.Exp(v))))
		}
	}
	step := roundStep(c.most / 5)
	for i := range 6 {
		load := step * float64(i)
		if load > c.most {
			break
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%s</text>`+"\n",
			c.x(load), chartBottom+18, html.EscapeString(FormatLoad(load, c.report.Unit)))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="#555">load; the data reach %s</text>`+"\n",
		(chartLeft+chartRight)/2, chartBottom+40, html.EscapeString(FormatLoad(c.report.Fit.Peak, c.report.Unit)))
}

// roundStep is the next of 1, 2, 5, 10, … from v on.
func roundStep(v float64) float64 {
	size := math.Pow(10, math.Floor(math.Log10(v)))
	for _, digit := range [...]float64{1, 2, 5} {
		if digit*size >= v {
			return digit * size
		}
	}
	return 10 * size
}

// targets marks the planned loads; neighbours have their labels in two rows.
func (c *chart) targets(b *strings.Builder) {
	planned := c.report.all()[1:]
	slices.SortFunc(planned, func(a, b Projection) int { return cmp.Compare(a.Load, b.Load) })
	for i, p := range planned {
		x := c.x(p.Load)
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#777" stroke-dasharray="2 3" fill="none"/><text x="%.1f" y="%d" text-anchor="middle" fill="#222">%s: %s</text>`+"\n",
			x, chartTop, chartBottom, min(max(x, chartLeft+40), chartRight-40), chartTop-6-14*(i%2), factor(p.Factor), p.Median)
	}
}

// band draws the interval, and the median up to where it saturates. What is
// extrapolated lies beyond the shaded range that was seen.
func (c *chart) band(b *strings.Builder) {
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#f3f6fa"/>`+"\n",
		c.x(c.report.Fit.Low), chartTop, c.x(c.report.Fit.Peak)-c.x(c.report.Fit.Low), chartBottom-chartTop)
	var area strings.Builder
	for i, load := range c.loads {
		fmt.Fprintf(&area, "%s%.1f %.1f", letter(i), c.x(load), c.y(c.lines[2][i]))
	}
	for i := len(c.loads) - 1; i >= 0; i-- {
		fmt.Fprintf(&area, "L%.1f %.1f", c.x(c.loads[i]), c.y(c.lines[0][i]))
	}
	fmt.Fprintf(b, `<path d="%sZ" fill="#1f5fa8" fill-opacity="0.15"/>`+"\n", area.String())
	var line strings.Builder
	for i, load := range c.loads {
		if math.IsInf(c.lines[1][i], 1) {
			break
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", letter(i), c.x(load), c.y(c.lines[1][i]))
	}
	fmt.Fprintf(b, `<path d="%s" stroke="#1f5fa8" stroke-width="2" fill="none"/>`+"\n", line.String())
}

func letter(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}
