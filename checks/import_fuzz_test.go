package checks

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"
)

func addFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("%s: %v", pattern, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// holdImport holds what every import has to meet: an error that says something,
// or a definition that loads. ImportRecording and ImportHAR load it themselves
// and call it a fault of the import if that fails.
func holdImport(t *testing.T, imported *Import, err error, took time.Duration) {
	t.Helper()
	if took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if err != nil {
		problems, ok := err.(Problems)
		if !ok || len(problems) == 0 || problems[0].Message == "" || bytes.Contains([]byte(err.Error()), []byte("fault of the import")) {
			t.Fatalf("error %v", err)
		}
		return
	}
	if !utf8.Valid(imported.Definition) || len(imported.Definition) > maxFile {
		t.Errorf("%d bytes, or no UTF-8", len(imported.Definition))
	}
	for _, n := range imported.Notes {
		if n.Message == "" || n.Pos.File == "" {
			t.Errorf("note %q", n.Error())
		}
	}
}

func FuzzImportRecording(f *testing.F) {
	addFiles(f, "testdata/imports/*.json")
	for _, step := range []string{
		`{"type":"click","selectors":[["aria/${x}[role=\"button\"]"],["a >>> b"],["::-p-aria(X)"],["xpath/"]],"offsetX":1,"offsetY":-1}`,
		`{"type":"change","selectors":["#password"],"value":"hunter2 ${x}"}`,
		`{"type":"keyDown","key":"\u0000"},{"type":"keyUp","key":"${"}`,
		`{"type":"click","target":"https://other.example/${x}\"\\","frame":[0,1,2,3,4,5,6,7,8],"selectors":["a"]}`,
		`{"type":"waitForElement","selectors":["a"],"properties":{"<<":"x","a":{"b":[1]}},"attributes":{"~":"","null":"> 3"}}`,
		`{"type":"waitForExpression","expression":"\n a\r\n\tb \n"}`,
		`{"type":"navigate","url":"https://a:b@c.example/?password=${x}#%zz"}`,
		`{"type":"setViewport","width":-1,"height":1e300}`,
		`{"type":"emulateNetworkConditions","download":1e-9,"upload":1e308,"latency":0.1}`,
	} {
		f.Add([]byte(`{"title":"${x}","steps":[{"type":"navigate","url":"https://a.example/","assertedEvents":[{"type":"navigation","url":"https://a.example/b?q=${x}","title":"exists"}]},` + step + `]}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		start := time.Now()
		imported, err := ImportRecording("fuzz.json", data, ImportOptions{Positions: len(data)%2 == 0})
		holdImport(t, imported, err, time.Since(start))
		if err != nil {
			return
		}
		// What a check refers to has the same steps.
		l := newLoader(importLookups())
		l.read = func(string, int64) ([]byte, error) { return data, nil }
		l.loadText("fuzz.yaml", []byte("checks: [{id: a, browser: {recording: fuzz.json}}]"))
		defs, err := l.finish()
		if err != nil {
			t.Fatalf("a check that refers to it does not load: %v", err)
		}
		if got := len(defs.Checks[0].Journey.Steps); got != imported.Steps {
			t.Errorf("%d steps, imported %d", got, imported.Steps)
		}
	})
}

func FuzzImportHAR(f *testing.F) {
	addFiles(f, "testdata/imports/*.har")
	for _, entry := range []string{
		`{"request":{"method":"P${x}ST","url":"https://a.example/${x}?a=${x}&token=1234567","headers":[{"name":"~","value":"a"},{"name":"x","value":"a\nb"},{"name":"Authorization","value":"Basic Og=="}],"postData":{"mimeType":"application/json","text":"{\"<<\":1,\"a\":1e400,\"b\":[[]],\"\":\"${\"}"}},"response":{"status":304}}`,
		`{"request":{"method":"POST","url":"https://a.example/","postData":{"mimeType":"multipart/form-data; boundary=x","text":"--x\r\nContent-Disposition: form-data; name=\"<<\"\r\n\r\na\r\n--x--"}},"response":{"status":302,"redirectURL":"https://a.example/"}}`,
		`{"request":{"method":"GET","url":"https://a.example/"},"response":{"status":200,"headers":[{"name":"X-Token","value":"abc12345"}],"content":{"mimeType":"application/json","text":"{\"a'b\":{\"id\":\"abc12345x\"}}"}}},{"request":{"method":"GET","url":"https://a.example/abc12345/abc12345x"},"response":{"status":200}}`,
	} {
		f.Add([]byte(`{"log":{"pages":[{"title":"${x}"}],"entries":[` + entry + `]}}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		start := time.Now()
		imported, err := ImportHAR("fuzz.har", bytes.NewReader(data), ImportOptions{ThirdParties: len(data)%2 == 0, Static: len(data)%3 == 0})
		holdImport(t, imported, err, time.Since(start))
	})
}
