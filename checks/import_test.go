package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importNotes writes the notes as the program shows them.
func importNotes(i *Import) []byte {
	var b strings.Builder
	for _, n := range i.Notes {
		b.WriteString(n.Error() + "\n")
	}
	for _, s := range i.Secrets {
		b.WriteString("secret " + s + "\n")
	}
	return []byte(b.String())
}

// Each recording has beside it what it becomes, and what is said of that.
func TestImportRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/imports/*.json")
	if err != nil || len(files) < 1 {
		t.Fatalf("files: %v, %v", files, err)
	}
	schema := compiled(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			imported, err := ImportRecording(filepath.Base(file), data, ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".json")+".golden.yaml", imported.Definition)
			golden(t, strings.TrimSuffix(file, ".json")+".golden.txt", importNotes(imported))
			if err := schema.Validate(instance(t, imported.Definition)); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

// Each HAR has beside it what it becomes, and what is said of that.
func TestImportHARs(t *testing.T) {
	files, err := filepath.Glob("testdata/imports/*.har")
	if err != nil || len(files) < 2 {
		t.Fatalf("files: %v, %v", files, err)
	}
	schema := compiled(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			imported, err := ImportHAR(filepath.Base(file), f, ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".har")+".golden.yaml", imported.Definition)
			golden(t, strings.TrimSuffix(file, ".har")+".golden.txt", importNotes(imported))
			if err := schema.Validate(instance(t, imported.Definition)); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

// A check may refer to a recording beside its definition.
func TestRecordingReferred(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	recorded := put("mug.json", `{"title": "Mug", "steps": [
  {"type": "setViewport", "width": 1366, "height": 768, "deviceScaleFactor": 2, "isMobile": false, "hasTouch": false, "isLandscape": false},
  {"type": "navigate", "url": "https://shop.example/"},
  {"type": "change", "value": "hunter22", "selectors": [["aria/Password"]]},
  {"type": "click", "selectors": [["aria/Mugs[role=\"link\"]"], ["#mugs"]], "offsetX": 1, "offsetY": 2}
]}`)
	opts := testOptions(nil, map[string]string{"SHOP_PASSWORD": "hunter23"})
	t.Run("steps, files, options", func(t *testing.T) {
		file := put("a.yaml", "checks:\n- id: a\n  browser_options: {color_scheme: dark}\n  browser: {recording: mug.json}\n")
		defs, err := Load([]string{file}, opts)
		if err != nil {
			t.Fatal(err)
		}
		journey := defs.Checks[0].Journey
		if len(journey.Steps) != 3 || journey.Steps[2].Name != `click link "Mugs"` {
			t.Errorf("steps %+v", journey.Steps)
		}
		if at := (Position{recorded, 5, 3}); journey.Steps[2].Pos != at {
			t.Errorf("the click stands at %s, want %s", journey.Steps[2].Pos, at)
		}
		if len(defs.Files) != 2 || defs.Files[1] != recorded {
			t.Errorf("files %v", defs.Files)
		}
		if b := journey.Browser; b.Width != 1366 || b.ColorScheme != ColorSchemeDark {
			t.Errorf("browser %+v", b)
		}
		told := false
		for _, w := range defs.Warnings {
			told = told || w.Pos == Position{recorded, 2, 3} && strings.Contains(w.Message, "scale factor 2")
		}
		if !told {
			t.Errorf("warnings %v", defs.Warnings)
		}
	})
	t.Run("the check's own options count", func(t *testing.T) {
		file := put("b.yaml", "defaults: {browser_options: {viewport: 800x600}}\nchecks:\n- {id: b, browser: {recording: mug.json}}\n- {id: c, browser_options: {viewport: 1000x700}, browser: {recording: mug.json}}\n")
		defs, err := Load([]string{file}, opts)
		if err != nil {
			t.Fatal(err)
		}
		if b, c := defs.Checks[0].Journey.Browser, defs.Checks[1].Journey.Browser; b.Width != 1366 || c.Width != 1000 {
			t.Errorf("widths %d and %d", b.Width, c.Width)
		}
	})
	put("broken.json", "{\"steps\": [\n  {\"type\": \"navigate\"}]}")
	for _, test := range []struct{ name, browser, says string }{
		{"no such file", "{recording: none.json}", "c.yaml:2:32: recording: " + filepath.Join(folder, "none.json") + ": no such file"},
		{"nothing said", "{}", "c.yaml:2:20: browser: needs recording"},
		{"unknown key", "{recordng: mug.json}", `did you mean "recording"?`},
		{"broken", "{recording: broken.json}", "broken.json:2:3: step 1 (navigate): has no url"},
		{"text", "mug.json", "write a list of steps"},
		{"no secret", "{recording: mug.json}", "mug.json:4:3: value: secret SHOP_PASSWORD is not set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := put("c.yaml", "checks:\n- {id: c, browser: "+test.browser+"}\n")
			_, err := Load([]string{file}, testOptions(nil, nil))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v\nwant %s", err, test.says)
			}
		})
	}
}

// Of a HAR, what is left out can be included.
func TestImportHARWhole(t *testing.T) {
	data, err := os.ReadFile("testdata/imports/shop-chrome.har")
	if err != nil {
		t.Fatal(err)
	}
	steps := map[ImportOptions]int{}
	for _, o := range []ImportOptions{{}, {ThirdParties: true}, {Static: true}, {ThirdParties: true, Static: true}} {
		imported, err := ImportHAR("shop.har", strings.NewReader(string(data)), o)
		if err != nil {
			t.Fatal(err)
		}
		steps[o] = imported.Steps
	}
	if a, b, c, d := steps[ImportOptions{}], steps[ImportOptions{ThirdParties: true}], steps[ImportOptions{Static: true}], steps[ImportOptions{ThirdParties: true, Static: true}]; a >= b || a >= c || d <= b || d <= c {
		t.Errorf("%d, with third parties %d, with static files %d, with both %d", a, b, c, d)
	}
}

// Nothing secret of a HAR is in what is made of it.
func TestImportHARSecrets(t *testing.T) {
	for file, secrets := range map[string][]string{
		"shop-chrome.har":      {"mugs-and-more", "pk_live_1234567890", "eyJhbGciOiJIUzI1NiJ9", "a1b2c3d4e5f6a7b8", "pX7wQ2mZk9Lr4TtV", "kq8Zr1Wn5yTbC0Xe"},
		"intranet-firefox.har": {"Straße 9!", "Stra%C3%9Fe", "hemlich123", "YW5uYTpoZW1saWNoMTIz", "0pens3sam3", "s%3Aother", "hJ3kLm9PqRs7", "fe5f80f77d5fa3be", "abcdef0123456789abcdef"},
	} {
		f, err := os.Open(filepath.Join("testdata/imports", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		imported, err := ImportHAR(file, f, ImportOptions{ThirdParties: true, Static: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(string(imported.Definition), s) || strings.Contains(string(importNotes(imported)), s) {
				t.Errorf("%s: %q is in\n%s\n%s", file, s, imported.Definition, importNotes(imported))
			}
		}
	}
}
