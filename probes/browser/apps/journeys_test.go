package apps

import (
	"flag"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var runs = flag.Int("runs", 3, "how many times in a row each journey is done")

// password is that of every account in the applications.
const password = "mugs-and-more"

// apps are the applications, each with the definition of its journey.
var apps = []struct {
	name, definition, variable string
	start                      func(testing.TB) (url string)
}{
	{"registry", "registry.yaml", "REGISTRY_URL", registry},
	{"wiki", "wiki.yaml", "WIKI_URL", wiki},
	{"mail", "mail.yaml", "MAIL_URL", mail},
}

// Every run of every journey passes.
func TestJourneys(t *testing.T) {
	for _, app := range apps {
		t.Run(app.name, func(t *testing.T) {
			url := app.start(t)
			check := load(t, app.definition, app.variable, url)
			probe, err := browser.New(browser.Options{TempDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(probe.Close)
			failed, began := 0, time.Now()
			for n := 1; n <= *runs; n++ {
				run, err := probe.Run(t.Context(), check)
				if err != nil {
					failed++
					t.Errorf("run %d could not be done: %v", n, err)
				} else if run.Outcome != probes.Passed {
					failed++
					t.Errorf("run %d %s at step %q: %s\n%s", n, run.Outcome, run.Failure.Step, run.Failure.Message, shown(run))
				}
				if failed == 5 {
					t.Fatal("that is enough")
				}
			}
			t.Logf("%d runs, %d failed, %s each", *runs, failed, (time.Since(began) / time.Duration(*runs)).Round(time.Millisecond))
		})
	}
}

// load reads the one check of a definition.
func load(t testing.TB, file, variable, url string) checks.Check {
	t.Helper()
	defs, err := checks.Load([]string{file}, checks.Options{
		LookupEnv:    func(name string) (string, bool) { return url, name == variable },
		LookupSecret: func(string) (string, bool, error) { return password, true, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return defs.Checks[0]
}

// shown gives what the page said when a run failed.
func shown(run probes.Run) string {
	for _, a := range run.Artifacts {
		if a.Name == "page.txt" {
			return string(a.Data)
		}
	}
	return ""
}
