package checks

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files that tests compare with")

// golden compares with a file that -update writes.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code gives; look at the difference (-file +code), then run go test ./checks -update\n%s",
			path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

// testOptions finds what is in the maps, and nothing of the real environment.
func testOptions(env, secrets map[string]string) Options {
	return Options{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		LookupSecret: func(name string) (string, bool, error) {
			v, ok := secrets[name]
			return v, ok, nil
		},
	}
}

// Every file of wrong definitions has beside it what a user is told.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	opts := testOptions(map[string]string{"HOME": "/home", "USER": "ann"}, map[string]string{"SHORT": "abc", "SEED": "otpauth://totp/shop?secret=GEZDGNBVGY3TQOJQ&digits=9"})
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			defs, err := LoadBytes(filepath.Base(file), text, opts)
			if err == nil {
				t.Fatalf("took it: %d checks", len(defs.Checks))
			}
			for _, p := range err.(Problems) {
				if p.Pos.File != filepath.Base(file) {
					t.Errorf("%q is not in the file", p)
				}
				if lines := bytes.Count(text, []byte("\n")) + 1; p.Pos.Line > lines {
					t.Errorf("%q: the file has %d lines", p, lines)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", []byte(err.Error()+"\n"))
		})
	}
}
