package recording

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

func (t *translation) setViewport(a *act) {
	size := [2]float64{math.Round(a.Width), math.Round(a.Height)}
	if len(t.out.Steps) > 0 {
		if size != t.viewport {
			t.remark(a.Step, "a journey keeps one size of its window: the change to %sx%s is not carried over", number(size[0]), number(size[1]))
		}
		return
	}
	const least, most = 100, 10_000
	clamped := [2]float64{min(max(size[0], least), most), min(max(size[1], least), most)}
	if clamped != size {
		t.remark(a.Step, "a window is from %d to %d pixels wide and high: %sx%s is changed to that", least, most, number(size[0]), number(size[1]))
	}
	t.viewport = clamped
	t.out.Options = draft.Mapping(slices.DeleteFunc(pairs(t.out.Options), func(p draft.Pair) bool { return p.Key == "viewport" || p.Key == "device" })...)
	set := func(key string, value *yaml.Node) {
		draft.Locate(value, a.Line, a.Column)
		draft.Set(t.out.Options, key, value)
	}
	switch small := min(clamped[0], clamped[1]); {
	case a.Mobile && small < 600:
		set("device", draft.Word("phone"))
	case a.Mobile:
		set("device", draft.Word("tablet"))
	case a.Touch:
		t.remark(a.Step, "the window has a touch screen, which only device: phone and tablet have")
	}
	if a.Scale != 0 && a.Scale != 1 {
		if a.Mobile {
			t.remark(a.Step, "the scale factor %s is left to the device", number(a.Scale))
		} else {
			t.remark(a.Step, "the scale factor %s is not carried over", number(a.Scale))
		}
	}
	set("viewport", draft.Word(fmt.Sprintf("%.0fx%.0f", clamped[0], clamped[1])))
}

func pairs(mapping *yaml.Node) []draft.Pair {
	var list []draft.Pair
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		list = append(list, draft.Pair{Key: mapping.Content[i].Value, Value: mapping.Content[i+1]})
	}
	return list
}

// networkNames are the connections of Chrome's developer tools, by their
// numbers: bytes per second down and up, and milliseconds.
var networkNames = map[[3]float64]string{
	{50_000, 50_000, 2000}:    "slow-3g",
	{180_000, 84_375, 562.5}:  "fast-3g",
	{1_012_500, 168_750, 165}: "4g",
	{0, 0, 0}:                 "offline",
	{187_500, 48_000, 50}:     "dsl",
}

func (t *translation) emulate(a *act) {
	conditions := [3]float64{a.Download, a.Upload, a.LatencyMS}
	if len(t.out.Steps) > 0 {
		if conditions != t.network {
			t.remark(a.Step, "a journey keeps one connection: the change to %s down, %s up and %s ms is not carried over", rate(a.Download), rate(a.Upload), number(a.LatencyMS))
		}
		return
	}
	t.network = conditions
	t.out.Options = draft.Mapping(slices.DeleteFunc(pairs(t.out.Options), func(p draft.Pair) bool { return p.Key == "network" })...)
	var value *yaml.Node
	if name, ok := networkNames[conditions]; ok {
		value = draft.Word(name)
	} else {
		value = draft.Flow(draft.Mapping())
		for _, r := range []struct {
			key   string
			speed float64
		}{{"download", a.Download}, {"upload", a.Upload}} {
			const least, most = 100, 10e9
			switch {
			case r.speed <= 0:
			case r.speed < least || r.speed > most:
				t.remark(a.Step, "%s of %s cannot be emulated: it is left out", r.key, rate(r.speed))
			default:
				draft.Set(value, r.key, draft.Word(rate(r.speed)))
			}
		}
		const longest = 60_000
		if a.LatencyMS >= 1 {
			if a.LatencyMS > longest {
				t.remark(a.Step, "a latency of %s ms is shortened to a minute", number(a.LatencyMS))
			}
			draft.Set(value, "latency", draft.Duration(time.Duration(min(a.LatencyMS, longest)*float64(time.Millisecond))))
		}
		if len(value.Content) == 0 {
			return // as fast as the host's own
		}
	}
	draft.Locate(value, a.Line, a.Column)
	draft.Set(t.out.Options, "network", value)
}

// rate writes bytes per second.
func rate(v float64) string {
	switch {
	case v < 0:
		return "any speed"
	case v >= 1000 && math.Mod(v, 100) == 0:
		return number(v/1000) + "kB/s"
	}
	return strconv.FormatFloat(math.Round(v), 'f', -1, 64) + "B/s"
}
