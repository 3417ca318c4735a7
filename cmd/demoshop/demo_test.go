package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"

	"outrider/checks"
)

const (
	demoFolder = "../../configs/demo"
	testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// loadDemo reads the demo's definitions as "outrider demo" does.
func loadDemo(t *testing.T, env map[string]string) *checks.Definitions {
	t.Helper()
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	defs, err := checks.Load([]string{demoFolder}, checks.Options{
		LookupEnv:    lookup,
		LookupSecret: checks.SecretLookup("", lookup),
	})
	var problems checks.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			t.Error(p)
		}
		t.FailNow()
	}
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

func TestDemoDefinitions(t *testing.T) {
	env := map[string]string{
		"DEMO_WEBHOOK_SECRET": testSecret,
		"SHOP_URL":            "http://shop.example",
		"INBOX_URL":           "http://inbox.example/webhook",
	}
	defs := loadDemo(t, env)
	for _, w := range defs.Warnings {
		t.Errorf("warning: %v", w)
	}
	for _, id := range []string{"checkout", "search", "workshop", "search-api", "orders-api", "health"} {
		check, ok := defs.Check(id)
		if !ok {
			t.Errorf("there is no check %q", id)
			continue
		}
		if !strings.Contains(check.Procedure.Text, "In the demo:") {
			t.Errorf("%s: the procedure is %q", id, check.Procedure.Text)
		}
		if len(check.Notify) != 1 || check.Notify[0] != "responders" {
			t.Errorf("%s notifies %v", id, check.Notify)
		}
		// An incident opens and ends within a minute, with time to spare.
		runs := max(check.Confirm.Failures, check.Confirm.Recovery)
		if worst := check.Schedule.Every*2 + check.Timeout; runs > 2 || worst.Seconds() > 50 {
			t.Errorf("%s takes %d runs and %s to be confirmed", id, runs, worst)
		}
	}
	if _, ok := defs.Audience("responders"); !ok || len(defs.Audiences) != 1 {
		t.Errorf("audiences are %+v", defs.Audiences)
	}
	if url := defs.Audiences[0].Channels[0].Webhook.URL; url != env["INBOX_URL"] {
		t.Errorf("the webhook goes to %s", url)
	}
}

// Without settings the shop at its default address is meant.
func TestDemoDefaults(t *testing.T) {
	defs := loadDemo(t, map[string]string{"DEMO_WEBHOOK_SECRET": testSecret})
	health, _ := defs.Check("health")
	request, ok := health.Journey.Steps[0].Action.(*checks.Request)
	if !ok {
		t.Fatalf("the first step is %T", health.Journey.Steps[0].Action)
	}
	if url, _ := request.URL.Constant(); url != "http://127.0.0.1:8081/api/health" {
		t.Errorf("the shop is at %s", url)
	}
	if url := defs.Audiences[0].Channels[0].Webhook.URL; url != "http://127.0.0.1:8081/inbox/webhook" {
		t.Errorf("the webhook goes to %s", url)
	}
}

// Every definition file tells editors where its schema is, and fits it.
func TestDemoFitsTheSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(checks.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("mem:///outrider.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("mem:///outrider.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(demoFolder + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("definition files: %v, %v", files, err)
	}
	for _, file := range files {
		text := readText(t, file)
		const modeline = "# yaml-language-server: $schema=../outrider.schema.json\n"
		if !strings.HasPrefix(text, modeline) {
			t.Errorf("%s does not start with %q", file, modeline)
		}
		var definitions any
		if err := yaml.Unmarshal([]byte(text), &definitions); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(definitions); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
