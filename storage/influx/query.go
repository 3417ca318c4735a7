package influx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
)

// Value is one value of a series.
type Value struct {
	Time  time.Time
	Value float64
}

// maxValues bounds how much a query may answer.
const maxValues = 5_000_000

// Series runs a Flux query that gives one series of numbers (_time, _value).
// Of the options, URL, Token, Org, Timeout and Client count.
func Series(ctx context.Context, o Options, flux string) (values []Value, err error) {
	o = o.orDefault()
	client := o.Client
	if client == nil {
		client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), Timeout: o.Timeout}
		defer client.CloseIdleConnections()
	}
	c := influxdb2.NewClientWithOptions(o.URL, o.Token.Reveal(), influxdb2.DefaultOptions().SetHTTPClient(client))
	defer c.Close()
	defer func() {
		if err != nil {
			err = fmt.Errorf("query InfluxDB: %w", err)
		}
	}()
	result, err := c.QueryAPI(o.Org).Query(ctx, flux)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	first := 0
	for result.Next() {
		record := result.Record()
		switch {
		case len(values) == 0:
			first = record.Table()
		case record.Table() != first:
			return nil, errors.New("the query gives several series: make one of them, such as with group() and aggregateWindow(every: 1m, fn: sum)")
		case len(values) == maxValues:
			return nil, fmt.Errorf("the query gives more than %d values: aggregate them", maxValues)
		}
		v, ok := number(record.Value())
		if !ok {
			if record.Value() == nil {
				continue // an empty window
			}
			return nil, fmt.Errorf("the query gives %T as _value: a number is needed", record.Value())
		}
		at, ok := record.ValueByKey("_time").(time.Time)
		if !ok {
			return nil, errors.New("the query gives no _time: keep the times of the series, such as with aggregateWindow")
		}
		values = append(values, Value{at.UTC(), v})
	}
	if err := result.Err(); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, errors.New("the query gives no values: look at its bucket, range and filter")
	}
	return values, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}
