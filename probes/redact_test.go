package probes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"outrider/checks"
	"outrider/probes"
)

// executed gives what Execute makes of a run that is full of a secret.
func executed(t *testing.T, run probes.Run, secret string) probes.Run {
	t.Helper()
	check := checks.Check{Name: "check " + secret, Labels: map[string]string{"token": secret, "tier": "gold"}}
	got := execute(context.Background(), &clock{time: noon}, check, func(context.Context, checks.Check) (probes.Run, error) { return run, nil }, secret)
	if check.Labels["token"] != secret {
		t.Error("the definition's own labels were changed")
	}
	return got
}

func TestSecretsAreTakenOutEverywhere(t *testing.T) {
	const secret = "hunter22/xyz"
	failure := &probes.Failure{Step: secret, Kind: probes.FailAssertion, Message: "got " + secret, Expected: secret, Got: strings.Repeat("x", 300) + secret}
	got := executed(t, probes.Run{
		Outcome: probes.Failed, Failure: failure, Browser: secret,
		Steps: []probes.Step{{Name: "step " + secret, Failure: failure, Outcome: probes.Failed, HTTP: &probes.HTTP{
			URL: "https://x/?token=hunter22%2Fxyz", Address: secret, TLS: &probes.TLS{Issuer: secret, Subject: secret, Cipher: secret, Version: secret},
		}, Exception: "threw " + secret, Resources: []probes.ResourceGroup{{
			Host: secret, Slowest: &probes.Resource{Path: "/" + secret, Type: secret}, Broken: &probes.Resource{Error: secret},
		}}, Vitals: &probes.Vitals{SoftNavigation: secret, Causes: &probes.Causes{
			LCP: &probes.LCPCause{Target: secret, URL: secret}, CLS: &probes.CLSCause{Target: secret, State: secret},
			INP: &probes.INPCause{Target: secret, Event: secret, Script: &probes.ScriptCause{URL: secret, Function: secret, Invoker: secret, Part: secret}},
		}}, Page: &probes.PageStats{Script: &probes.ScriptCause{URL: secret}},
			Marks:          []probes.Mark{{Name: secret}},
			ServerTiming:   []probes.ServerTiming{{Path: secret, Name: secret, Description: secret}},
			Console:        []probes.ConsoleMessage{{Kind: secret, Text: secret, Stack: []string{secret}}},
			FailedRequests: []probes.FailedRequest{{Host: secret, Path: secret, Type: secret, Error: secret, Blocked: secret}},
		}},
		Artifacts: []probes.Artifact{
			{Name: "page.txt", MediaType: "text/plain; charset=utf-8", Data: []byte("the page says " + secret), Bytes: 26},
			{Name: "answer.json", MediaType: "application/problem+json", Data: []byte(`"` + secret + `"`)},
			{Name: "picture.png", MediaType: "image/png", Data: []byte("bits " + secret)},
		},
	}, secret)
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Artifacts[:2] {
		text = append(text, a.Data...)
		if a.Bytes != int64(len(a.Data)) {
			t.Errorf("%s: %d bytes instead of %d", a.Name, a.Bytes, len(a.Data))
		}
	}
	if strings.Contains(string(text), "hunter22") {
		t.Errorf("a secret in %s", text)
	}
	if string(got.Artifacts[2].Data) != "bits "+secret {
		t.Error("a picture was changed")
	}
	if got.Labels["tier"] != "gold" || got.Steps[0].Name != "step "+checks.Redacted {
		t.Errorf("%+v", got)
	}
}

func TestPassingRunsAreRedactedToo(t *testing.T) {
	got := executed(t, probes.Run{Outcome: probes.Passed, Steps: []probes.Step{{Name: "s", Outcome: probes.Passed, HTTP: &probes.HTTP{URL: "https://x/hunter22"}}}}, "hunter22")
	if got.Steps[0].HTTP.URL != "https://x/"+checks.Redacted || got.Labels["token"] != checks.Redacted || strings.Contains(got.CheckName, "hunter22") {
		t.Errorf("%+v", got)
	}
}

func TestResourcesOfPassingRunsAreRedactedToo(t *testing.T) {
	for name, step := range map[string]probes.Step{
		"exception": {Exception: "hunter22"},
		"host":      {Resources: []probes.ResourceGroup{{Host: "hunter22"}}},
		"slowest":   {Resources: []probes.ResourceGroup{{Slowest: &probes.Resource{Path: "/hunter22"}}}},
		"console":   {Console: []probes.ConsoleMessage{{Text: "hunter22"}}},
		"cause":     {Vitals: &probes.Vitals{Causes: &probes.Causes{LCP: &probes.LCPCause{URL: "/hunter22"}}}},
		"broken":    {Resources: []probes.ResourceGroup{{Broken: &probes.Resource{Error: "hunter22"}}}},
	} {
		got := executed(t, probes.Run{Outcome: probes.Passed, Steps: []probes.Step{step}}, "hunter22")
		text, err := json.Marshal(got.Steps)
		if err != nil || strings.Contains(string(text), "hunter22") {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}

func TestSecretsOfEarlierAttempts(t *testing.T) {
	check := checks.Check{Retries: checks.Retries{Count: 1}}
	got := execute(context.Background(), &clock{time: noon}, check, func(context.Context, checks.Check) (probes.Run, error) {
		return failed(probes.FailConnect, "hunter22 refused"), nil
	}, "hunter22")
	if m := got.Attempts[0].Failure.Message; m != checks.Redacted+" refused" {
		t.Errorf("%q", m)
	}
}

// A secret at the place where a text is cut must not leave its half.
func TestNoHalfSecretsAtTheCut(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	for before := 150; before < 220; before++ {
		got := executed(t, probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Got: strings.Repeat("x", before) + secret + strings.Repeat("y", 300)}}, secret)
		if strings.Contains(got.Failure.Got, "correct") {
			t.Fatalf("%d: %q", before, got.Failure.Got)
		}
	}
	long := strings.Repeat("s3cr3t", 5000)
	got := executed(t, probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Got: strings.Repeat(long, 10)}}, long)
	if strings.Contains(got.Failure.Got, "s3cr3t") {
		t.Errorf("%.100q", got.Failure.Got)
	}
}

func TestTextsAreReadable(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":           {"status is 500", "status is 500"},
		"white space":     {"a\tb\r\nc\u2028d", "a b  c d"},
		"control":         {"a\x1b[31mb\x00\x7f", "a\ufffd[31mb\ufffd\ufffd"},
		"direction":       {"a\u202eb\u2066", "a\ufffdb\ufffd"},
		"broken UTF-8":    {"a\xffb", "a\ufffdb"},
		"as long as fits": {strings.Repeat("ä", 200), strings.Repeat("ä", 200)},
		"longer":          {strings.Repeat("ä", 201), strings.Repeat("ä", 199) + "…"},
		"longer, ASCII":   {strings.Repeat("a", 9999), strings.Repeat("a", 199) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := executed(t, probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Got: c.text}}, "unrelated").Failure.Got
			if got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
		})
	}
}

func FuzzReadable(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := executed(t, probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Message: text, Got: text}}, "unrelated").Failure
		if !utf8.ValidString(got.Got) || utf8.RuneCountInString(got.Got) > 200 || utf8.RuneCountInString(got.Message) > 500 || strings.ContainsAny(got.Message, "\x00\x1b\n\r\u202e") {
			t.Errorf("%q, %q", got.Message, got.Got)
		}
	})
}

// What only comes up in a run, such as a one-time code, is taken out like what
// the definitions name.
func TestSecretsOfARun(t *testing.T) {
	const code, token = "287082", "tok-Secret-1"
	attempts := 0
	e := probes.Executor{Sleep: func(context.Context, time.Duration) error { return nil }, Probes: map[checks.Kind]probes.Probe{
		checks.KindHTTP: probeFunc(func(context.Context, checks.Check) (probes.Run, error) {
			attempts++
			run := failed(probes.FailAssertion, fmt.Sprintf("the code %s was refused with %s", code, token))
			run.Secrets = []checks.Secret{checks.NewSecret(code)}
			run.Artifacts = []probes.Artifact{{Name: "page.txt", MediaType: "text/plain", Data: []byte("your code " + code)}}
			return run, nil
		}),
	}}
	check := checks.Check{ID: "a", Retries: checks.Retries{Count: 1}, Journey: checks.Journey{Kind: checks.KindHTTP}}
	run := e.Execute(context.Background(), check, time.Now(), checks.NewRedactor(checks.NewSecret(token)))
	all := fmt.Sprintf("%+v %+v %s", *run.Failure, *run.Attempts[0].Failure, run.Artifacts[0].Data)
	if attempts != 2 || strings.Contains(all, code) || strings.Contains(all, token) || run.Secrets != nil {
		t.Errorf("after %d attempts: %s", attempts, all)
	}
}
