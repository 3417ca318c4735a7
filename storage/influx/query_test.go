package influx

import (
	"fmt"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"outrider/checks"
	"outrider/storage/influx/influxtest"
)

func TestSeries(t *testing.T) {
	server := influxtest.Start(t, influxtest.Options{User: "reader", Password: "correct-horse"})
	bucket := server.NewBucket(t, 0)
	client := influxdb2.NewClient(server.URL, server.Token())
	defer client.Close()
	from := time.Now().UTC().Truncate(time.Minute).Add(-time.Hour)
	for i := range 30 {
		for host := range 2 {
			must(t, client.WriteAPIBlocking("", bucket).WriteRecord(t.Context(),
				fmt.Sprintf("requests,host=h%d rate=%d %d", host, 10*i, from.Add(time.Duration(i)*time.Minute).UnixNano())))
		}
	}
	opts := Options{URL: server.URL, Token: checks.NewSecret(server.Token()), Bucket: bucket}
	base := fmt.Sprintf(`from(bucket: %q) |> range(start: -2h) |> filter(fn: (r) => r._measurement == "requests" and r._field == "rate")`, bucket)
	values, err := Series(t.Context(), opts, base+` |> group() |> aggregateWindow(every: 1m, fn: sum, timeSrc: "_start", createEmpty: false)`)
	must(t, err)
	if len(values) != 30 || values[7].Value != 140 || !values[7].Time.Equal(from.Add(7*time.Minute)) {
		t.Errorf("%d values, the eighth is %+v", len(values), values[min(7, len(values)-1)])
	}
	for name, test := range map[string]struct{ flux, says string }{
		"two series": {base, "several series"},
		"nothing":    {base + ` |> filter(fn: (r) => r.host == "other")`, "no values"},
		"no flux":    {"from(", "query InfluxDB"},
		"no time":    {base + ` |> group() |> sum()`, "no _time"},
		"text":       {base + ` |> group() |> map(fn: (r) => ({r with _value: "a"}))`, "a number is needed"},
	} {
		if _, err := Series(t.Context(), opts, test.flux); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
	opts.Token = checks.NewSecret("reader:wrong-horse")
	if _, err := Series(t.Context(), opts, base); err == nil || strings.Contains(err.Error(), "horse") {
		t.Errorf("wrong password: %v", err)
	}
}
