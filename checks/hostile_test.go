package checks

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Large files, made to be as hard to read as possible. Each has
// to end, in bounded memory; how long it takes is logged.
func TestHostileFiles(t *testing.T) {
	// An eighth of the largest size: at the full size the slowest takes a few
	// seconds, and nothing here grows faster than the file.
	const size = maxFile / 8
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	step := "checks:\n- id: a\n  http:\n  - post: http://127.0.0.1/\n    "
	tests := map[string]string{
		"many unknown keys":         "checks:\n- id: a\n" + numbered("  k%d: 1\n"),
		"many duplicate keys":       "checks:\n- id: a\n" + repeat("  k: 1\n"),
		"many checks":               "checks:\n" + numbered("- {id: c%d, http: [get: http://a/]}\n"),
		"many tiny nodes":           "checks: [" + repeat(",0")[1:] + "]\n",
		"many empty mappings":       "checks: [" + repeat("{},") + "]\n",
		"one long line":             "checks: [{id: a, http: [{post: 'http://127.0.0.1/', json: [" + repeat("'${a}',") + "]}]}]\n",
		"variables never written":   step + "json: [" + repeat(`"\x24{a}",`) + "]\n",
		"many merges":               "x-a: &a {" + strings.TrimSuffix(numbered("k%d: 1, ")[:size/2-20], ",") + ": 1}\nchecks:\n- <<: [" + strings.Repeat("*a,", size/8) + "]\n",
		"merge of merges":           "x-a: &a {b: 1}\nx-b: &b {<<: [" + strings.Repeat("*a,", 5000) + "]}\nx-c: &c {<<: [" + strings.Repeat("*b,", 5000) + "]}\nchecks:\n- <<: [" + strings.Repeat("*c,", 5000) + "]\n",
		"one long text, many times": "x-a: &a " + strings.Repeat("x", size/2) + "\n" + step + "json: [" + strings.Repeat("*a,", size/8) + "]\n",
		"patterns":                  step + "expect: {body: [" + numbered("'matches x{999}y{999}z{999}%d',") + "]}\n",
		"patterns by alias":         "x-a: &a 'matches x{999}y{999}z{999}'\n" + step + "expect: {body: [" + strings.Repeat("*a,", size/8) + "]}\n",
		"patterns of a schema":      step + "expect: {json_schema: {properties: {" + numbered("p%d: {pattern: 'x{999}y{999}z{999}'},") + "}}}\n",
		"a schema, many times":      "x-s: &s {json_schema: {properties: {" + numbered("p%d: {type: string},")[:size/4] + "}}}\nchecks:\n- id: a\n  http:\n" + strings.Repeat("  - {get: 'http://a/', expect: *s}\n", 190),
		"steps by alias":            "x-s: &s [" + strings.Repeat("{get: 'http://a/'},", 199) + "]\nchecks:\n" + numbered("- {id: c%d, http: *s}\n"),
		"many anchors":              numbered("x-%d: &a%[1]d [1]\n"),
		"long key":                  "checks:\n- " + repeat("k") + ": 1\n",
		"deep defaults":             "defaults: " + strings.Repeat("{labels: ", 50) + "1" + strings.Repeat("}", 50) + "\n",
		"deep blocks": func() string {
			var b strings.Builder
			for i := range 500 {
				fmt.Fprintf(&b, "%*sa:\n", i, "")
			}
			return b.String()
		}(),
		"ampersands":     repeat("&a "),
		"question marks": repeat("? "),
		"dashes":         repeat("- "),
		"quotes":         "a: " + repeat("''"),
		"tags":           repeat("!!a "),
		"percents":       repeat("%YAML 1.2\n"),
		"NULs":           repeat("\x00"),
		"tabs":           repeat("\t"),
		"comments":       repeat("#\n"),
		"colons":         repeat(":"),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if len(text) > 2*size {
				t.Fatalf("the file is %d bytes long", len(text))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := LoadBytes("hostile.yaml", []byte(text), fuzzOptions())
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			message := "no error"
			if err != nil {
				message = strings.SplitN(err.Error(), "\n", 2)[0]
			}
			t.Logf("%s, %d MB allocated: %s", took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, cut(message)+message[max(0, len(message)-60):])
		})
	}
}
