package forecast

import (
	"math"
	"time"
)

// Kind is what a series measures.
type Kind uint8

// The kinds of series.
const (
	// Latency is a time in milliseconds; the model works on its logarithm.
	Latency Kind = iota
	// ErrorRate is made of single runs: 1 is a failed run, 0 a good one. The
	// model works on shares of failed runs.
	ErrorRate
)

// Options say what a model forecasts. They are not part of its state: give
// the same ones when restoring it.
type Options struct {
	Kind Kind
	// Limit is what the series should stay under: milliseconds, or a share of
	// failed runs between 0 and 1. Zero means that nothing is predicted.
	Limit float64
	// Quantile is which part of the runs Limit is about: 0.95 means that the
	// 95th percentile is held against Limit. Zero means the median. It is
	// ignored for error rates.
	Quantile float64
	// Location is where the seasons follow the clock; nil means UTC.
	Location *time.Location
}

func (o *Options) location() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// minimum keeps logarithms finite: a hundredth of a millisecond.
const minimum = 0.01

// hourly is the space in which hours are forecast: the logarithm of a
// latency; of a share the arcsine of its root, which makes the noise of a
// share about the same at every height (Anscombe 1948).
func (k Kind) hourly(value float64) float64 {
	if k == ErrorRate {
		return math.Asin(math.Sqrt(min(max(value, 0), 1)))
	}
	return math.Log(max(value, minimum))
}

// value is the inverse of hourly.
func (k Kind) value(y float64) float64 {
	if k == ErrorRate {
		s := math.Sin(min(max(y, 0), math.Pi/2))
		return s * s
	}
	return math.Exp(min(y, 600))
}

// fine is the space in which ramps are sought: the logarithm of a latency,
// but shares as they are, since in five minutes most are zero.
func (k Kind) fine(value float64) float64 {
	if k == ErrorRate {
		return value
	}
	return k.hourly(value)
}

// fineValue is the inverse of fine.
func (k Kind) fineValue(r float64) float64 {
	if k == ErrorRate {
		return min(max(r, 0), 1)
	}
	return k.value(r)
}
