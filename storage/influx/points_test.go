package influx

import (
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

// full is a run that has everything.
func full() probes.Run {
	run := storagetest.Failed(storagetest.NewRun("a", start, time.Second))
	v := 1.5
	run.Browser, run.TraceID = "Chromium 152 (headless shell)", "0af7651916cd43dd8448eb211c80319c"
	run.Steps[1].SpeedIndex = &v
	run.Steps[1].Vitals = &probes.Vitals{LCP: &v, CLS: &v, INP: &v, FCP: &v, TTFB: &v, TBT: &v}
	run.TraceID, run.Steps[1].SpeedIndex = "4bf92f3577b34da6a3ce929d0e0e4736", &v
	run.Steps[1].Split = &probes.Split{Server: time.Millisecond}
	run.Steps[1].Page = &probes.PageStats{Elements: 1, JSHeap: 1, Types: map[string]probes.Traffic{}}
	for _, kind := range probes.RequestTypes() {
		run.Steps[1].Page.Types[kind] = probes.Traffic{Requests: 1}
	}
	return run
}

// README.md is what people build dashboards and alerts on: it names every
// measurement, tag and field that is written, and no others.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	must(t, err)
	documented := map[string][]string{}
	name := regexp.MustCompile("`([a-z_]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[1], "`") {
			continue
		}
		// Examples of values are given in brackets after a tag.
		tags := regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(cells[3], "")
		for _, m := range name.FindAllStringSubmatch(tags+cells[4], -1) {
			documented[name.FindStringSubmatch(cells[1])[1]] = append(documented[name.FindStringSubmatch(cells[1])[1]], m[1])
		}
	}
	var b batch
	m := newPointMaker(nil)
	m.run(&b, full())
	incident := storagetest.Resolve(storagetest.NewIncident("a", start), start.Add(time.Hour))
	for _, e := range incident.Events {
		m.event(&b, storage.EventEntry{Incident: incident, Event: e})
	}
	m.judgement(&b, storage.JudgementEntry{
		Summary: storage.Summary{ID: "run", CheckID: "a", Started: start}, Kind: "http", Location: "here", Judgement: judgements(1)[0].Judgement,
	})
	written := map[string][]string{}
	for _, p := range b.points {
		names := written[p.wire.Name()]
		for _, tag := range p.wire.TagList() {
			names = append(names, tag.Key)
		}
		for _, field := range p.wire.FieldList() {
			names = append(names, field.Key)
			if !slices.Contains(own, field.Key) && !hasUnit(field.Key) {
				t.Errorf("a label named %q would hide the field", field.Key)
			}
		}
		written[p.wire.Name()] = names
	}
	for _, names := range []map[string][]string{documented, written} {
		for k := range names {
			slices.Sort(names[k])
			names[k] = slices.Compact(names[k])
		}
	}
	if diff := cmp.Diff(documented, written); diff != "" {
		t.Errorf("(-README.md +written):\n%s", diff)
	}
}

func TestPoints(t *testing.T) {
	points := func(run probes.Run, labels ...string) []*write.Point {
		var b batch
		newPointMaker(labels).run(&b, run)
		var all []*write.Point
		for _, p := range b.points {
			all = append(all, p.wire)
		}
		return all
	}
	tag := func(p *write.Point, key string) string {
		for _, t := range p.TagList() {
			if t.Key == key {
				return t.Value
			}
		}
		return ""
	}
	t.Run("labels of our names", func(t *testing.T) {
		run := full()
		run.Labels = map[string]string{"check": "x", "load_ms": "y", "_time": "z", "up": "u", "tier": "gold"}
		p := points(run, "check", "load_ms", "_time", "up", "tier", "tier", " ")[0]
		for key, want := range map[string]string{
			"check": "a", "label_check": "x", "label_load_ms": "y", "label__time": "z", "label_up": "u", "tier": "gold",
		} {
			if got := tag(p, key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
	})
	t.Run("numbers that are none", func(t *testing.T) {
		run := full()
		nan, inf := math.NaN(), math.Inf(1)
		run.Disturbance = inf
		run.Steps[1].Vitals = &probes.Vitals{LCP: &nan, CLS: &inf}
		for _, p := range points(run) {
			if p.Name() == "vital" {
				t.Error("a page without numbers has a point")
			}
			for _, f := range p.FieldList() {
				if v, is := f.Value.(float64); is && (math.IsNaN(v) || math.IsInf(v, 0)) {
					t.Errorf("%s is %v", f.Key, v)
				}
			}
		}
	})
	t.Run("a run without a time", func(t *testing.T) {
		run := full()
		run.Started = time.Time{}
		for _, p := range points(run) {
			if p.Time().IsZero() {
				t.Error("the server would choose the time")
			}
		}
	})
	t.Run("runs of one moment", func(t *testing.T) {
		seen := map[string]bool{}
		for _, location := range []string{"here", "there"} {
			for _, check := range []string{"a", "b"} {
				run := full()
				run.CheckID, run.Location = check, location
				for _, p := range points(run) {
					key := p.Name() + tag(p, "check") + "," + tag(p, "location") + "," + tag(p, "step") + p.Time().String()
					if seen[key] {
						t.Errorf("%s would overwrite another", key)
					}
					seen[key] = true
				}
			}
		}
	})
}

// FuzzPoints holds that no text, wherever it comes from, can break out of the
// line of its point or add tags to it.
func FuzzPoints(f *testing.F) {
	f.Add("plain")
	f.Add("a\\")
	f.Add("a,b=c d\ne=1 2\n")
	f.Add("\xff\u2028\x00\"")
	f.Fuzz(func(t *testing.T, text string) {
		if tag := tagText(text); !utf8.ValidString(tag) || len(tag) > longestTag || strings.ContainsRune(tag, '\\') ||
			strings.ContainsFunc(tag, unicode.IsControl) || tag != strings.TrimSpace(tag) || tagText(tag) != tag {
			t.Fatalf("%q becomes the tag %q", text, tag)
		}
		run := full()
		run.CheckID, run.Location, run.ID = text, text, text
		run.Labels = map[string]string{text: text}
		for i := range run.Steps {
			run.Steps[i].Name = text
		}
		run.Failure = &probes.Failure{Kind: probes.FailureKind(text), Step: text}
		var b batch
		newPointMaker([]string{text}).run(&b, run)
		for _, p := range b.points {
			line := strings.TrimSuffix(write.PointToLineProtocol(p.wire, time.Nanosecond), "\n")
			if strings.ContainsAny(line, "\n\r") || !utf8.ValidString(line) {
				t.Fatalf("%q breaks the line %q", text, line)
			}
			want := 0
			for _, tag := range p.wire.TagList() {
				if tag.Value != "" {
					want++
				}
			}
			if got := unescaped(line, ','); got != want {
				t.Fatalf("%q makes %d tags of %d: %q", text, got, want, line)
			}
		}
	})
}

// unescaped counts a separator before the first space that separates.
func unescaped(line string, separator byte) (n int) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case ' ':
			return n
		case separator:
			n++
		}
	}
	return n
}
