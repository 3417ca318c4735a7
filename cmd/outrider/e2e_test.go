package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"outrider/probes"
)

const endToEndDefinitions = `
defaults:
  timeout: 20s
  retries: 0
  confirm: 2 of 3
  notify: [responders]

audiences:
  - id: responders
    webhooks:
      - url: ${RECEIVER_URL}
        secret: ${secret:E2E_WEBHOOK_SECRET}

checks:
  - id: api
    name: The search answers
    every: 1s
    http:
      - get: ${SHOP_URL}/api/search?q=mug
        expect: {status: 200}
        headers: {Authorization: "Bearer ${secret:E2E_API_TOKEN}"}

  - id: storefront
    name: A customer looks at mugs
    every: 5s
    browser:
      - goto: ${SHOP_URL}/
      - click: {role: link, name: Mugs}
      - expect: {text: Mug}
`

func TestEndToEnd(t *testing.T) {
	s := newSystem(t, endToEndDefinitions)
	for _, check := range []string{"api", "storefront"} {
		eventually(t, check+" passes", func() error { return s.wantOutcome(check, probes.Passed) })
		eventually(t, check+" is in InfluxDB", func() error {
			ids, err := s.exported(check)
			if err != nil {
				return err
			}
			for _, outcome := range ids {
				if outcome == string(probes.Passed) {
					return nil
				}
			}
			return fmt.Errorf("no passed run among %d", len(ids))
		})
	}

	// A fault opens one incident, told once; its removal ends it.
	s.fault(searchBroken)
	eventually(t, "the incident opens", func() error { return s.wantIncidents("api", 1, 1) })
	eventually(t, "its opening is told", func() error { return s.receiver.want("incident.opened", "api", 1) })
	s.fault("")
	eventually(t, "the incident ends", func() error { return s.wantIncidents("api", 1, 0) })
	eventually(t, "its end is told", func() error { return s.receiver.want("incident.resolved", "api", 1) })
	for _, kind := range []string{"incident.opened", "incident.resolved"} {
		if n := len(s.receiver.of(kind, "api")); n != 1 {
			t.Errorf("%s was delivered %d times to a receiver that was there", kind, n)
		}
	}

	// Again, while InfluxDB and the receiver are down, with kill -9 between.
	if err := s.influx.Stop(); err != nil {
		t.Fatal(err)
	}
	s.receiver.down()
	s.fault(searchBroken)
	eventually(t, "a second incident opens", func() error { return s.wantIncidents("api", 2, 1) })
	s.kill()
	s.start()
	if err := s.wantIncidents("api", 2, 1); err != nil {
		t.Errorf("after kill -9: %v", err)
	}
	s.fault("")
	eventually(t, "the second incident ends", func() error { return s.wantIncidents("api", 2, 0) })
	before, err := s.runs("api")
	if err != nil {
		t.Fatal(err)
	}
	s.kill()
	if err := s.influx.Start(); err != nil {
		t.Fatal(err)
	}
	s.receiver.up()
	s.start()
	eventually(t, "the second opening is told", func() error { return s.receiver.want("incident.opened", "api", 2) })
	eventually(t, "the second end is told", func() error { return s.receiver.want("incident.resolved", "api", 2) })

	// Nothing is missing: not in the log, not in InfluxDB.
	after, err := s.runs("api")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, r := range after {
		have[r.ID] = true
	}
	for _, r := range before {
		if !have[r.ID] {
			t.Errorf("run %s was recorded before kill -9 and is gone", r.ID)
		}
	}
	for _, check := range []string{"api", "storefront"} {
		eventually(t, "InfluxDB has every run of "+check, func() error { return s.wantExported(check) })
	}
	if n := len(s.receiver.of("incident.opened", "storefront")); n != 0 {
		t.Errorf("%d incidents of a check that nothing was wrong with", n)
	}
	if s.receiver.badSign > 0 {
		t.Errorf("%d webhooks had a bad signature", s.receiver.badSign)
	}
	s.monitor.end(syscall.SIGTERM)
	s.wantNoSecrets()
	if code := s.monitor.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("serve ended with exit code %d after SIGTERM", code)
	}
}

// wantNoSecrets looks for secrets in all that Outrider left: its log, its
// database, what it told.
func (s *system) wantNoSecrets() {
	s.t.Helper()
	texts := map[string]string{"the log": s.monitor.log.String()}
	for _, d := range s.receiver.deliveries {
		texts["a webhook"] += d.Raw
	}
	files, err := filepath.Glob(filepath.Join(s.data, "*"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no data files: %v", err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(content)
	}
	for where, text := range texts {
		for _, secret := range []string{apiToken, influxPassword, webhookSecret} {
			if strings.Contains(text, secret) {
				s.t.Errorf("%s holds a secret", where)
			}
		}
	}
}
