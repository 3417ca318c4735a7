package http_test

import (
	nethttp "net/http"
	"net/http/httptest"
	"testing"
	"time"

	"outrider/checks"
	probehttp "outrider/probes/http"
)

func TestOneTimeCode(t *testing.T) {
	const key, code = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "359152" // RFC 6238, appendix B, one step on
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.FormValue("code") != code {
			w.WriteHeader(nethttp.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	defs, err := checks.LoadBytes("t.yaml", []byte("checks: [{id: a, http: [{post: '"+server.URL+"/', form: {code: '${totp:SHOP}'}}]}]"), checks.Options{
		LookupSecret: func(string) (string, bool, error) { return key, true, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	clock := func() time.Time { // another code is about to expire, and has when it is asked for again
		reads++
		return time.UnixMilli(59_950 + 100*min(int64(reads-1), 1))
	}
	r, err := run(t, probehttp.New(probehttp.Options{Now: clock}), defs.Checks[0])
	if err != nil || r.Failure != nil {
		t.Fatalf("%v, %+v", err, r.Failure)
	}
	if len(r.Secrets) != 1 || r.Secrets[0].Reveal() != code {
		t.Errorf("the run has %d secrets", len(r.Secrets))
	}
}
