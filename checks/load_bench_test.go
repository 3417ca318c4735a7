package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// thousand writes 1,000 definitions of the usual kinds, ten to a file.
func thousand(tb testing.TB) (folder string, texts [][]byte) {
	tb.Helper()
	folder = tb.TempDir()
	for file := range 100 {
		text := []byte("defaults:\n  every: 1m\n  labels: {team: shop}\nchecks:\n")
		for i := range 10 {
			id := file*10 + i
			if i%5 == 4 {
				text = fmt.Appendf(text, `
  - id: check-%d
    name: A customer buys a mug
    thresholds: {degraded: 4s, failed: 12s}
    browser:
      - goto: ${SHOP_URL:-http://127.0.0.1:8081}/
      - click: {role: link, name: Mugs}
      - fill: {label: Card number, value: "4242 4242 4242 4242"}
      - click: {role: button, name: Pay}
      - expect: {text: Thank you, url: contains /order}
`, id)
				continue
			}
			text = fmt.Appendf(text, `
  - id: check-%d
    name: Find a mug and look at it
    objective: {good: 99.5%%, over: 30d}
    http:
      - get: ${SHOP_URL:-http://127.0.0.1:8081}/api/search?q=mug
        expect:
          status: 200
          latency: < 300ms
          headers: {Content-Type: contains json}
          json: {"$.items[0].name": contains Mug}
        capture: {product: "json $.items[0].id"}
      - get: ${SHOP_URL:-http://127.0.0.1:8081}/api/products/${product}
        expect: {status: 2xx, body: "matches (?i)mug"}
`, id)
		}
		texts = append(texts, text)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.yaml", file)), text, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return folder, texts
}

// BenchmarkLoad1000 loads 1,000 definitions. Beside it the same bytes are
// decoded into maps by the YAML library alone; yaml-ratio is how many times as
// long loading takes.
func BenchmarkLoad1000(b *testing.B) {
	folder, texts := thousand(b)
	var loading, decoding time.Duration
	for b.Loop() {
		start := time.Now()
		defs, err := Load([]string{folder}, Options{})
		loading += time.Since(start)
		if err != nil || len(defs.Checks) != 1000 {
			b.Fatal(err)
		}
		b.StopTimer()
		start = time.Now()
		for _, text := range texts {
			var v map[string]any
			if err := yaml.Load(text, &v); err != nil {
				b.Fatal(err)
			}
		}
		decoding += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(loading)/float64(decoding), "yaml-ratio")
}

func BenchmarkConditionHolds(b *testing.B) {
	c, err := ParseCondition("< 300ms")
	if err != nil {
		b.Fatal(err)
	}
	got := any(20 * time.Millisecond)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := c.Holds(got, nil); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
