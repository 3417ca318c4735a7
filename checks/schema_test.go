package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../configs/outrider.schema.json"

// compiled compiles our own schema; this also holds it against the
// metaschema of draft 2020-12.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("outrider.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("outrider.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.DraftVersion != 2020 {
		t.Errorf("draft %d", s.DraftVersion)
	}
	return s
}

// instance reads YAML as an editor does, to hold it against the schema.
func instance(t *testing.T, text []byte) any {
	t.Helper()
	s, problem := parseSource("test.yaml", text)
	if problem != nil {
		t.Fatal(problem)
	}
	v, ok := newDecoder(newLoader(Options{}), s).value(s.root, 0)
	if !ok {
		t.Fatal("not readable")
	}
	return v
}

func TestSchemaFile(t *testing.T) { golden(t, schemaFile, Schema()) }

func TestExamples(t *testing.T) {
	schema := compiled(t)
	files, err := filepath.Glob("../configs/*/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("files: %v, %v", files, err)
	}
	// Without any environment; the demo makes up a secret for itself.
	opts := testOptions(nil, map[string]string{"DEMO_WEBHOOK_SECRET": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			modeline, _, _ := strings.Cut(string(text), "\n")
			path, ok := strings.CutPrefix(modeline, "# yaml-language-server: $schema=")
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), path)); !ok || err != nil {
				t.Errorf("the first line leads editors nowhere: %s, %v", modeline, err)
			}
			if err := schema.Validate(instance(t, text)); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
	for _, folder := range []string{"../configs/examples", "../configs/demo"} {
		defs, err := Load([]string{folder}, opts)
		if err != nil {
			t.Errorf("%s:\n%v", folder, err)
			continue
		}
		for _, w := range defs.Warnings {
			t.Errorf("%s: %s", folder, w)
		}
	}
	// Each example also works alone.
	examples, err := filepath.Glob("../configs/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range examples {
		if _, err := Load([]string{file}, Options{}); err != nil {
			t.Errorf("%s alone:\n%v", file, err)
		}
	}
}

// Values of every key that the schema knows go through the decoder: it must
// know them, too. The other way round follows from their common tables.
func TestSchemaAndDecoderKnowTheSameKeys(t *testing.T) {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]struct {
				Description string `json:"description"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	// Where an object of each kind stands in a file.
	places := map[string]string{
		"defaults": "defaults: {%s}", "check": "checks: [{%s}]", "audience": "audiences: [{%s}]",
		"event": "events: [{%s}]", "holiday": "holidays: [{%s}]", "deploy": "deploys: [{%s}]",
		"load":            "checks: [{load: {%s}}]",
		"webhook":         "audiences: [{webhooks: [{%s}]}]",
		"retries":         "checks: [{retries: {%s}}]",
		"confirm":         "checks: [{confirm: {%s}}]",
		"objective":       "checks: [{objective: {%s}}]",
		"detection":       "checks: [{detection: {%s}}]",
		"burn_rate":       "checks: [{objective: {burn: [{%s}]}}]",
		"procedure":       "checks: [{procedure: {%s}}]",
		"maintenance":     "checks: [{maintenance: {%s}}]",
		"thresholds":      "checks: [{thresholds: {%s}}]",
		"limit":           "checks: [{thresholds: {phases: {tls: {%s}}}}]",
		"vital":           "checks: [{thresholds: {vitals: {lcp: {%s}}}}]",
		"http_options":    "checks: [{http_options: {%s}}]",
		"browser_options": "checks: [{browser_options: {%s}}]",
		"network":         "checks: [{browser_options: {network: {%s}}}]",
		"stub":            "checks: [{browser_options: {stub: {%s}}}]",
		"keep":            "checks: [{browser_options: {keep: {%s}}}]",
		"basic":           "checks: [{http: [{basic: {%s}}]}]",
		"request":         "checks: [{http: [{%s}]}]",
		"method_url":      "checks: [{http: [{request: {%s}}]}]",
		"upload":          "checks: [{http: [{multipart: {a: {%s}}}]}]",
		"expect":          "checks: [{http: [{expect: {%s}}]}]",
		"condition":       "checks: [{http: [{expect: {url: {%s}}}]}]",
		"recording":       "checks: [{browser: {%s}}]",
		"step":            "checks: [{browser: [{%s}]}]",
		"target":          "checks: [{browser: [{hover: {%s}}]}]",
		"fill":            "checks: [{browser: [{fill: {%s}}]}]",
		"select":          "checks: [{browser: [{select: {%s}}]}]",
		"press":           "checks: [{browser: [{press: {%s}}]}]",
		"wait":            "checks: [{browser: [{wait: {%s}}]}]",
		"page":            "checks: [{browser: [{expect: {%s}}]}]",
		"evaluate":        "checks: [{browser: [{evaluate: {%s}}]}]",
		"click":           "checks: [{browser: [{click: {%s}}]}]",
		"type":            "checks: [{browser: [{type: {%s}}]}]",
		"upload_files":    "checks: [{browser: [{upload: {%s}}]}]",
		"drag":            "checks: [{browser: [{drag: {%s}}]}]",
		"scroll":          "checks: [{browser: [{scroll: {%s}}]}]",
		"dialog":          "checks: [{browser: [{dialog: {%s}}]}]",
		"download":        "checks: [{browser: [{download: {%s}}]}]",
		"navigation":      "checks: [{browser: [{navigation: {%s}}]}]",
		"browser_auth":    "checks: [{browser_options: {auth: {%s}}}]",
		"cookie":          "checks: [{browser_options: {cookies: {a: {%s}}}}]",
		"element":         "checks: [{browser: [{expect: {element: {%s}}}]}]",
		"page_request":    "checks: [{browser: [{expect: {request: {%s}}}]}]",
		"clean":           "checks: [{browser: [{expect: {no_console_errors: {%s}}}]}]",
		"accessible":      "checks: [{browser: [{expect: {accessible: {%s}}}]}]",
		"look":            "checks: [{browser: [{expect: {looks_like: {%s}}}]}]",
	}
	unknown := func(text string) bool {
		_, err := LoadBytes("t.yaml", []byte(text), Options{})
		return err != nil && strings.Contains(err.Error(), "unknown key \"")
	}
	for name, def := range schema.Defs {
		place, ok := places[name]
		if !ok {
			t.Errorf("the test does not know where %q stands", name)
			continue
		}
		if !unknown(fmt.Sprintf(place, "zzz: 1")) {
			t.Errorf("%s: an unknown key was taken, or the place is wrong", name)
		}
		for key, property := range def.Properties {
			if unknown(fmt.Sprintf(place, key+": zzz")) {
				t.Errorf("%s: the decoder does not know %q", name, key)
			}
			if property.Description == "" {
				t.Errorf("%s.%s has no description for editors", name, key)
			}
		}
	}
	if len(schema.Defs) != len(places) {
		t.Errorf("%d definitions, %d places", len(schema.Defs), len(places))
	}
	for key := range schema.Properties {
		if unknown(key + ": []") {
			t.Errorf("the decoder does not know %q at the top", key)
		}
	}
}

// What the decoder takes, editors must not mark as wrong.
func TestSchemaTakesWhatTheDecoderTakes(t *testing.T) {
	schema := compiled(t)
	opts := testOptions(map[string]string{"N": "3", "D": "3m", "B": "true"}, nil)
	const get = "http: [get: 'http://127.0.0.1/']"
	for _, text := range []string{
		"x-anchors: {a: 1}\nchecks: [{id: a, every: '${D}', retries: '${N}', enabled: '${B}', timeout: 1m 30s, " + get + "}]",
		"checks: [{id: a, labels: {n: 1, b: true}, confirm: 2, objective: 99%, active: mon-fri, locations: x, notify: [], " + get + "}]",
		"events: [{name: a, from: 2026-11-27, to: 2026-11-28 00:00, load: 5x, checks: a, labels: {n: 1}}, {name: b, from: '2026-11-27', to: 2026-11-28, load: 1700}]\nholidays: [2026-12-25, {date: 2026-12-24, like: sat}]\ndeploys: [{name: 1.42, at: 2026-11-20}]\nchecks: [{id: a, labels: {n: 1}, load: {csv: a.csv}, " + get + "}]",
		"checks: [{id: a, maintenance: {cron: '0 0 * * *', for: 1h}, procedure: Call, thresholds: {vitals: {cls: {degraded: 0.1}}}, " + get + "}]",
		"checks: [{id: a, http: [{get: 'http://127.0.0.1/', redirects: 3, ip: 4, max_body: 100, query: {a: [1, x]}, expect: {status: [200, 2xx], body: [contains a, {equals: '<'}], json: {$.a: null, $.b: true, $.c: 1.5, $.d: {equals: [1]}}}}]}]",
		"checks: [{id: a, http: [{request: {url: 'http://127.0.0.1/'}, json: [1, {a: null}], redirects: none, ip: any, max_body: 1MB}]}]",
		"checks: [{id: a, browser: [{goto: 'http://127.0.0.1/'}, {wait: 2s}, {wait: {hidden: {css: a}}}, {press: 5}, {screenshot: }, {click: 5}, {expect: Thanks}, {expect: {url: {starts_with: h}}}]}]",
	} {
		if _, err := LoadBytes("t.yaml", []byte(text), opts); err != nil {
			t.Errorf("decoder: %v\n%s", err, text)
		}
		if err := schema.Validate(instance(t, []byte(text))); err != nil {
			t.Errorf("schema: %v\n%s", err, text)
		}
	}
}

// What editors can know to be wrong, they say.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for _, text := range []string{
		"chekcs: []",
		"checks: [{id: A, http: [get: 'http://127.0.0.1/']}]",
		"checks: [{http: [get: 'http://127.0.0.1/']}]",
		"checks: [{id: a}]",
		"checks: [{id: a, http: []}]",
		"checks: [{id: a, every: 30, http: [get: 'http://127.0.0.1/']}]",
		"checks: [{id: a, every: soon, http: [get: 'http://127.0.0.1/']}]",
		"checks: [{id: a, http: [{name: x}]}]",
		"checks: [{id: a, http: [{get: a, post: b}]}]",
		"checks: [{id: a, browser: [{clik: a}]}]",
		"checks: [{id: a, browser: [{click: {role: buton}}]}]",
		"events: [{name: a, from: 2026-11-27, to: 2026-11-28}]",
		"events: [{name: a, from: 2026-11-27, to: 2026-11-28, load: much}]",
		"holidays: [{date: 2026-12-25, like: today}]",
		"checks: [{id: a, browser: [{fill: {label: a}}]}]",
		"checks: [{id: a, thresholds: {phases: {dns: {failed: 1s}}}, browser: [{goto: a}]}]",
	} {
		if schema.Validate(instance(t, []byte(text))) == nil {
			t.Errorf("took %s", text)
		}
	}
}

func TestNamesInTablesAreUnique(t *testing.T) {
	check := func(object string, names []string) {
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s: a key is there twice: %v", object, names)
		}
	}
	check("check", keyNames(checkObject.keys))
	check("request", keyNames(requestObject.keys))
	check("step", keyNames(stepObject.keys))
	check("fill", keyNames(fillObject.keys))
	check("select", keyNames(selectObject.keys))
	check("press", keyNames(pressObject.keys))
	check("expect", keyNames(expectObject.keys))
	check("thresholds", keyNames(thresholdsObject.keys))
}

func keyNames[T any](keys []key[T]) []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}
