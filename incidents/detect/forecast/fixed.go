package forecast

import "math"

// A model remembers a few hundred numbers of which three digits are known at
// best. They are kept in two bytes each, in memory as in storage, so that a
// restart loses nothing: state per series is what bounds how many there can be.
type (
	// small is a difference in hourly or fine space, in 4096ths: up to a factor
	// of 2,900 between latencies, to within 0.02 %.
	small int16
	// level is a value in hourly space, in 2048ths: up to two and a half hours.
	level int16
)

const (
	smallUnit = 1.0 / 4096
	levelUnit = 1.0 / 2048
	// noFixed is what is not known.
	noFixed = math.MinInt16
)

func smallOf(x float64) small { return small(fixed(x / smallUnit)) }
func levelOf(x float64) level { return level(fixed(x / levelUnit)) }

func (v small) value() float64 { return unfixed(int16(v), smallUnit) }
func (v level) value() float64 { return unfixed(int16(v), levelUnit) }

// fixed rounds, and stops at the ends.
func fixed(x float64) int16 {
	if math.IsNaN(x) {
		return noFixed
	}
	return int16(min(max(math.Round(x), -math.MaxInt16), math.MaxInt16))
}

func unfixed(v int16, unit float64) float64 {
	if v == noFixed {
		return math.NaN()
	}
	return float64(v) * unit
}

// unknown marks all of a ring as not known.
func unknown[T small | level](ring []T) {
	for i := range ring {
		ring[i] = noFixed
	}
}

// move adds to what is known of a ring.
func move[T interface {
	small | level
	value() float64
}](ring []T, by float64, of func(float64) T) {
	for i, v := range ring {
		ring[i] = of(v.value() + by)
	}
}
