package har

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes/har/hartest"
)

func sample() *Archive {
	load := 120.5
	return &Archive{Log: Log{
		Version: "1.2", Creator: Tool{"Outrider", "1"}, Browser: &Tool{"Chromium", "156"},
		Pages: []Page{{Started: time.Unix(1, 5e8).UTC(), ID: "page_1", Title: "https://a.example/", Timings: PageTimings{Load: &load}, Step: "goto /"}},
		Entries: []Entry{{
			Page: "page_1", Started: time.Unix(1, 5e8).UTC(), Time: 6,
			Request:  Request{Method: "GET", URL: "https://a.example/?x=1", HTTPVersion: "HTTP/1.1", Cookies: []Cookie{}, Headers: []Pair{{"Accept", "*/*"}}, Query: []Pair{{"x", "1"}}, HeadersSize: -1},
			Response: Response{Status: 200, HTTPVersion: "HTTP/1.1", Cookies: []Cookie{}, Headers: []Pair{}, Content: Content{Size: 5, MimeType: "text/html"}, HeadersSize: 10, BodySize: 5},
			Timings:  Timings{Blocked: 1, DNS: -1, Connect: 2, Send: 1, Wait: 1, Receive: 1, SSL: 1}, Address: "127.0.0.1",
		}},
	}}
}

func TestRoundTrip(t *testing.T) {
	a := sample()
	data, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := hartest.Validate(data); err != nil {
		t.Error(err)
	}
	back, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, back); d != "" {
		t.Error(d)
	}
	if got := a.Log.Entries[0].Timings.Total(); got != a.Log.Entries[0].Time {
		t.Errorf("total %v", got)
	}
}

// The schema would be worth nothing if it took anything.
func TestSchemaRefuses(t *testing.T) {
	data, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"version":          {`"1.2"`, `"1.1"`},
		"time":             {`"1970-01-01T00:00:01.5Z","id"`, `"1.5","id"`},
		"missing":          {`"headersSize":-1,`, ``},
		"negative timing":  {`"send":1`, `"send":-1`},
		"address":          {`127.0.0.1`, `127.0.0.1:80`},
		"unknown field":    {`"status":200`, `"status":200,"phase":1`},
		"fragment in URL":  {`?x=1"`, `?x=1#a"`},
		"text for a value": {`"size":5`, `"size":"5"`},
	} {
		changed := strings.Replace(string(data), change[0], change[1], 1)
		if changed == string(data) {
			t.Errorf("%s: nothing to change in %s", name, data)
		} else if hartest.Validate([]byte(changed)) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestFailed(t *testing.T) {
	for name, c := range map[string]struct {
		entry Entry
		want  bool
	}{
		"fine":    {Entry{Response: Response{Status: 304}}, false},
		"status":  {Entry{Response: Response{Status: 404}}, true},
		"network": {Entry{Error: "net::ERR_FAILED"}, true},
		"blocked": {Entry{Error: "net::ERR_BLOCKED_BY_CLIENT", Blocked: true}, false},
		"stubbed": {Entry{Response: Response{Status: 503}, Stubbed: true}, false},
	} {
		if got := c.entry.Failed(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"log":{"entries":[{"time":1e999}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Parse(data)
		if err != nil {
			return
		}
		if len(a.Log.Entries) > MaxEntries || len(a.Log.Pages) > MaxPages {
			t.Errorf("%d entries, %d pages", len(a.Log.Entries), len(a.Log.Pages))
		}
		if _, err := a.Encode(); err != nil && !strings.Contains(err.Error(), "year") {
			t.Errorf("%q cannot be written again: %v", data, err)
		}
	})
}
