package influx

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage/storagetest"
)

// Every query of the dashboards finds something in what the exporter writes:
// they name no measurement, tag or field that is not there.
func dashboards(t *testing.T, to target) {
	store := openStore(t)
	v := 900.0
	for i := range 10 {
		run := full()
		run.Steps[1].Vitals = &probes.Vitals{LCP: &v, FCP: &v}
		run.Started = at(i)
		if i == 3 {
			run = storagetest.Unknown(run)
		}
		must(t, store.Record(t.Context(), run))
	}
	must(t, store.Advance(t.Context(), incidents.Change{
		Seq: 10, Incidents: []incidents.Incident{storagetest.NewIncident("a", at(5))}, Judgements: judgements(10),
	}))
	must(t, newExporter(t, store, to, Options{}).Flush(t.Context()))

	client := influxdb2.NewClient(to.URL, to.Token())
	defer client.Close()
	for file, variables := range map[string]*strings.Replacer{
		"influxdb.json": strings.NewReplacer("v.outrider_bucket", `"`+to.bucket+`"`, "v.outrider_check", `"a"`),
		"grafana.json":  strings.NewReplacer("${bucket}", to.bucket, "${check:regex}", "a"),
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "configs", "dashboards", file))
		must(t, err)
		var document any
		must(t, json.Unmarshal(text, &document))
		queries := collectQueries(document)
		if len(queries) < 16 {
			t.Errorf("%s has %d queries", file, len(queries))
		}
		for title, script := range queries {
			t.Run(file+": "+title, func(t *testing.T) {
				if strings.Contains(script, "buckets()") {
					return // there are none in 1.8
				}
				script = variables.Replace(script)
				script = strings.NewReplacer("v.timeRangeStart", "-1d", "v.timeRangeStop", "1d", "v.windowPeriod", "1m").Replace(script)
				result, err := client.QueryAPI("").Query(t.Context(), script)
				if err != nil {
					t.Fatalf("%v\n%s", err, script)
				}
				defer result.Close()
				rows := 0
				for result.Next() {
					rows++
				}
				must(t, result.Err())
				if rows == 0 {
					t.Errorf("finds nothing:\n%s", script)
				}
			})
		}
	}
}

// judgements are what was said of the first runs of a log, nothing left out.
func judgements(runs int64) (all []incidents.Judgement) {
	chance := 0.04
	for seq := int64(1); seq <= runs; seq++ {
		all = append(all, incidents.Judgement{Seq: seq, Judgement: detect.Judgement{
			Score: 0.2, Learned: 0.5, ExpectedMS: 400, LowerMS: 300, UpperMS: 600, BreachProbability: &chance,
			Objectives: []detect.ObjectiveState{{Name: "availability", Good: 995, Total: 1000, BudgetLeft: 0.5}},
		}})
	}
	return all
}

// collectQueries finds the queries of panels and variables, by their title.
func collectQueries(node any) map[string]string {
	found := map[string]string{}
	var walk func(node any, title string)
	walk = func(node any, title string) {
		switch n := node.(type) {
		case []any:
			for _, child := range n {
				walk(child, title)
			}
		case map[string]any:
			for _, key := range []string{"name", "title"} {
				if s, is := n[key].(string); is && s != "" {
					title = s
				}
			}
			for key, child := range n {
				if s, is := child.(string); is && key == "query" && strings.Contains(s, "(") {
					found[title] = s
				}
				walk(child, title)
			}
		}
	}
	walk(node, "")
	return found
}
