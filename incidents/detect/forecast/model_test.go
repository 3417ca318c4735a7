package forecast_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents/detect/forecast"
)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// series is a daily cycle with noise, and a ramp to three times the usual from
// a day on; one value a minute.
func series(seed uint64, rampFrom, rampLength float64) func(i int) float64 {
	return func(i int) float64 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		day := float64(i) / 1440
		v := 400 * math.Exp(0.2*math.Sin(2*math.Pi*day)+0.2*r.NormFloat64())
		if rampLength > 0 && day > rampFrom {
			v *= 1 + 2*min((day-rampFrom)/rampLength, 1)
		}
		return v
	}
}

func at(i int) time.Time { return start.Add(time.Duration(i) * time.Minute) }

func feed(m *forecast.Model, from, to int, value func(int) float64) (changes []forecast.Change) {
	for i := from; i < to; i++ {
		if c := m.Observe(at(i), value(i), false); c.Kind != forecast.Nothing {
			changes = append(changes, c)
		}
	}
	return changes
}

func encode(t *testing.T, m *forecast.Model) []byte {
	t.Helper()
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRestartIsNoRestart(t *testing.T) {
	for name, o := range map[string]forecast.Options{
		"latency":    {Limit: 900},
		"tail":       {Limit: 1500, Quantile: 0.95},
		"error rate": {Kind: forecast.ErrorRate, Limit: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			value := series(1, 9, 0.5)
			if o.Kind == forecast.ErrorRate {
				latency := value
				value = func(i int) float64 {
					if latency(i) > 800 {
						return 1
					}
					return 0
				}
			}
			whole, parts := forecast.New(o), forecast.New(o)
			var want, got []forecast.Change
			random := rand.New(rand.NewPCG(7, 7))
			for i := 0; i < 10*1440; {
				n := 1 + random.IntN(1500)
				want = append(want, feed(whole, i, i+n, value)...)
				got = append(got, feed(parts, i, i+n, value)...)
				i += n
				restored := forecast.New(o)
				if err := restored.UnmarshalBinary(encode(t, parts)); err != nil {
					t.Fatal(err)
				}
				parts = restored
			}
			if !bytes.Equal(encode(t, whole), encode(t, parts)) {
				t.Error("state differs after restarts")
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(whole.Forecast(48*time.Hour), parts.Forecast(48*time.Hour)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReplayIsTheSame(t *testing.T) {
	run := func() []byte {
		m := forecast.New(forecast.Options{Limit: 900})
		feed(m, 0, 8*1440, series(2, 7, 0.3))
		return encode(t, m)
	}
	if !bytes.Equal(run(), run()) {
		t.Error("two runs differ")
	}
}

func TestAsking_ChangesNothing(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	feed(m, 0, 9*1440+77, series(3, 8.8, 0.5))
	before := encode(t, m)
	m.Forecast(7 * 24 * time.Hour)
	m.BreachProbability(700, 6*time.Hour)
	m.BreachProbability(math.NaN(), time.Hour)
	m.TomorrowsPeak()
	m.Prediction()
	if !bytes.Equal(before, encode(t, m)) {
		t.Error("asking changed the state")
	}
}

func TestUselessSamples(t *testing.T) {
	value := series(4, 0, 0)
	clean, dirty := forecast.New(forecast.Options{Limit: 900}), forecast.New(forecast.Options{Limit: 900})
	for i := range 3 * 1440 {
		clean.Observe(at(i), value(i), false)
		dirty.Observe(at(i), value(i), false)
		dirty.Observe(at(i), 1e6, false)                        // twice
		dirty.Observe(at(i).Add(-time.Hour), 1e6, false)        // too late
		dirty.Observe(at(i).Add(time.Second), math.NaN(), true) // nothing
		dirty.Observe(at(i).Add(time.Second), math.Inf(1), true)
		dirty.Observe(at(i).Add(time.Second), math.Inf(-1), false)
		dirty.Observe(at(i).Add(time.Second), -1, false)
		dirty.Observe(time.Time{}, 1, false)
		dirty.Observe(at(i).AddDate(400, 0, 0), 1, false)
	}
	if !bytes.Equal(encode(t, clean), encode(t, dirty)) {
		t.Error("useless samples changed the state")
	}
}

func TestGaps(t *testing.T) {
	value := series(5, 0, 0)
	for name, gap := range map[string]int{"an hour": 60, "a day": 1440, "two weeks": 14 * 1440, "a year": 365 * 1440} {
		t.Run(name, func(t *testing.T) {
			m := forecast.New(forecast.Options{Limit: 2000})
			feed(m, 0, 5*1440, value)
			if c := feed(m, 5*1440+gap, 8*1440+gap, value); len(c) > 0 {
				t.Errorf("a gap is no event, got %v", c)
			}
			for _, h := range m.Forecast(24 * time.Hour) {
				if !(h.Lower <= h.Median && h.Median <= h.Upper) || h.Median < 200 || h.Median > 800 {
					t.Fatalf("forecast after the gap: %+v", h)
				}
			}
		})
	}
}

func TestForecast_IsEmptyBeforeTheFirstHour(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	feed(m, 0, 59, series(1, 0, 0))
	if h := m.Forecast(time.Hour); len(h) != 0 {
		t.Errorf("got %v", h)
	}
	if b := m.BreachProbability(900, time.Hour); b.Probability != 0 {
		t.Errorf("got %v", b)
	}
}

func TestForecast_FollowsTheDay(t *testing.T) {
	m := forecast.New(forecast.Options{})
	feed(m, 0, 14*1440+1, series(6, 0, 0)) // an hour ends with the next sample
	hours := m.Forecast(24 * time.Hour)
	if len(hours) != 24 || !hours[0].At.Equal(start.AddDate(0, 0, 14)) {
		t.Fatalf("%d hours from %v", len(hours), hours[0].At)
	}
	for i, h := range hours {
		want := 400 * math.Exp(0.2*math.Sin(2*math.Pi*(float64(i)+0.5)/24))
		if math.Abs(h.Median/want-1) > 0.06 || h.Lower > want || h.Upper < want {
			t.Errorf("hour %d: %+v, want about %.0f", i, h, want)
		}
	}
}

// A zone whose clock is set on at the end of March: the day keeps its shape.
func TestForecast_FollowsTheClock(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	m := forecast.New(forecast.Options{Location: zone})
	noise := rand.New(rand.NewPCG(1, 1))
	begin := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	usual := func(at time.Time) float64 {
		if h := at.In(zone).Hour(); h >= 9 && h < 17 {
			return 600
		}
		return 300
	}
	for i := range 21 * 1440 {
		now := begin.Add(time.Duration(i) * time.Minute)
		m.Observe(now, usual(now)*math.Exp(0.1*noise.NormFloat64()), false)
	}
	for _, h := range m.Forecast(24 * time.Hour) {
		if want := usual(h.At); math.Abs(h.Median/want-1) > 0.15 {
			t.Errorf("%v: %.0f, want about %.0f", h.At.In(zone), h.Median, want)
		}
	}
}

func TestStateRefusesDamage(t *testing.T) {
	m := forecast.New(forecast.Options{})
	feed(m, 0, 1440, series(1, 0, 0))
	good := encode(t, m)
	if len(good) > 8192 {
		t.Errorf("state of %d bytes, the goal is 8192", len(good))
	}
	for name, bad := range map[string][]byte{
		"nothing":   nil,
		"short":     good[:len(good)-1],
		"long":      append(bytes.Clone(good), 0),
		"other":     append([]byte("not a state"), good[11:]...),
		"a bit":     flip(good, 1000),
		"a version": flip(good, 2),
	} {
		other := forecast.New(forecast.Options{})
		before := encode(t, other)
		if err := other.UnmarshalBinary(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
		if !bytes.Equal(before, encode(t, other)) {
			t.Errorf("%s changed the model", name)
		}
	}
}

func flip(data []byte, i int) []byte {
	data = bytes.Clone(data)
	data[i] ^= 0x10
	return data
}

func FuzzUnmarshal(f *testing.F) {
	m := forecast.New(forecast.Options{Limit: 900})
	feed(m, 0, 3*1440, series(1, 2.5, 0.3))
	good, err := m.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[4:len(good)-4], uint16(0), byte(0))
	f.Add(good[4:len(good)-4], uint16(300), byte(255))
	f.Fuzz(func(t *testing.T, body []byte, at uint16, with byte) {
		// The checksum is made right, or nothing but it would be tried.
		data := append([]byte(nil), good[:4]...)
		data = append(data, body...)
		if int(at) < len(body) {
			data[4+int(at)] = with
		}
		m := forecast.New(forecast.Options{Limit: 900})
		if m.UnmarshalBinary(checksummed(data)) != nil {
			return
		}
		for i := 3 * 1440; i < 3*1440+150; i++ {
			m.Observe(time.Unix(start.Unix()+int64(i)*60, 0), 500, false)
		}
		m.Forecast(48 * time.Hour)
		m.BreachProbability(700, 24*time.Hour)
		if p, ok := m.Prediction(); ok {
			_ = p.Explain(forecast.Options{}, start)
		}
		m.TomorrowsPeak()
	})
}

// Any sequence of samples is harmless.
func FuzzObserve(f *testing.F) {
	f.Add(int64(1_770_000_000), 500.0, int64(60), uint16(200), false)
	f.Add(int64(0), math.Inf(1), int64(-5), uint16(3), true)
	f.Add(int64(1<<40), 1e300, int64(1<<39), uint16(9), false)
	f.Fuzz(func(t *testing.T, sec int64, value float64, every int64, n uint16, errors bool) {
		o := forecast.Options{Limit: 100}
		if errors {
			o.Kind = forecast.ErrorRate
		}
		m := forecast.New(o)
		for i := range int64(n % 512) {
			m.Observe(time.Unix(sec+i*every, 0), value*float64(1+i%3), i%7 == 0)
		}
		m.Forecast(6 * time.Hour)
		data, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := forecast.New(o).UnmarshalBinary(data); err != nil {
			t.Fatalf("a model does not take its own state: %v", err)
		}
	})
}

// A level that moved by less than what makes a single hour suspect is taken for
// the new one within half a day.
func TestSmallStepIsFollowed(t *testing.T) {
	const calm, after = 28 * 1440, 14 * 60
	usual := series(7, 0, 0)
	m := forecast.New(forecast.Options{})
	feed(m, 0, calm+after, func(i int) float64 {
		v := usual(i)
		if i >= calm {
			v *= 1.12
		}
		return v
	})
	hours := m.Forecast(24 * time.Hour)
	for _, h := range hours {
		day := h.At.Add(30*time.Minute).Sub(start).Hours() / 24
		truth := 1.12 * 400 * math.Exp(0.2*math.Sin(2*math.Pi*day))
		if off := math.Abs(math.Log(h.Median / truth)); off > 0.035 {
			t.Errorf("%s: %.0f ms is expected, %.0f is right", h.At, h.Median, truth)
		}
	}
}

// weekends has weekends that are a third faster, which look like a new level in
// their first hours.
func weekends(i int) float64 {
	v := series(3, 0, 0)(i)
	if d := at(i).Weekday(); d == time.Saturday || d == time.Sunday {
		v /= 1.5
	}
	return v
}

// The days of a weekend are learned though they begin and end like a change of
// level: the next ones, and the Monday after them, are expected the day before.
func TestWeekendIsNoNewLevel(t *testing.T) {
	m := forecast.New(forecast.Options{})
	feed(m, 0, 19*1440, weekends)
	for day := 19; day < 23; day++ {
		for _, h := range m.Forecast(24 * time.Hour) {
			truth := 400 * math.Exp(0.2*math.Sin(2*math.Pi*h.At.Add(30*time.Minute).Sub(start).Hours()/24))
			if d := h.At.Weekday(); d == time.Saturday || d == time.Sunday {
				truth /= 1.5
			}
			if math.Abs(math.Log(h.Median/truth)) > 0.15 || h.Lower > truth || h.Upper < truth {
				t.Errorf("%s: %.0f ms (%.0f to %.0f) is expected, %.0f is right", h.At.Format("Mon 15:04"), h.Median, h.Lower, h.Upper, truth)
			}
		}
		feed(m, day*1440, (day+1)*1440, weekends)
	}
}

// A level that stays is followed from its first hours on: while the days before
// it are remembered as they were, and when they have been moved for good.
func TestLevelThatStays(t *testing.T) {
	const changed = 22*1440 + 600
	usual := series(9, 0, 0)
	m := forecast.New(forecast.Options{})
	from := 0
	for _, hours := range []int{6, 30, 71, 75, 130} {
		feed(m, from, changed+60*hours, func(i int) float64 {
			if i >= changed {
				return 1.6 * usual(i)
			}
			return usual(i)
		})
		from = changed + 60*hours
		for _, h := range m.Forecast(24 * time.Hour) {
			truth := 1.6 * 400 * math.Exp(0.2*math.Sin(2*math.Pi*h.At.Add(30*time.Minute).Sub(start).Hours()/24))
			if off := math.Abs(math.Log(h.Median / truth)); off > 0.1 {
				t.Errorf("%d hours later, %s: %.0f ms is expected, %.0f is right", hours, h.At, h.Median, truth)
			}
		}
	}
}

// States of the version before are taken, and none that is older or newer.
func TestStateOfVersions(t *testing.T) {
	m := forecast.New(forecast.Options{})
	feed(m, 0, 1440, series(1, 0, 0))
	good := encode(t, m)
	for version := range byte(8) {
		data := bytes.Clone(good[:len(good)-4])
		data[2] = version
		other := forecast.New(forecast.Options{})
		err := other.UnmarshalBinary(checksummed(data))
		if want := version == 3 || version == 4; (err == nil) != want {
			t.Errorf("version %d: %v", version, err)
		}
		if err == nil && !bytes.Equal(encode(t, other), good) {
			t.Errorf("version %d became another state", version)
		}
	}
}
