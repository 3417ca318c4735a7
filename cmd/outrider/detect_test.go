package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "series.csv")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("timestamp,value,p95\n2014-04-01 00:00:00,1.0,7\n2014-04-01 00:05:00,,8\n")
	bad := file("timestamp,value\n2014-04-01 00:00:00,much\n")
	tests := []struct {
		name string
		args []string
		code int
		says string // on either stream
	}{
		{"scores", []string{"--csv", good}, 0, "timestamp,value,anomaly_score\n2014-04-01 00:00:00,1.0,0\n2014-04-01 00:05:00,,0\n"},
		{"other column", []string{"--csv", good, "--column", "p95"}, 0, "2014-04-01 00:05:00,8,0\n"},
		{"no such column", []string{"--csv", good, "--column", "p99"}, 2, ":1: no column \"p99\"; there are: timestamp, value, p95"},
		{"bad value", []string{"--csv", bad}, 2, bad + ":2: value \"much\" is no number"},
		{"no such file", []string{"--csv", good + "x"}, 2, "no such file"},
		{"a folder", []string{"--csv", filepath.Dir(good)}, 2, "is a directory"},
		{"nothing to read", nil, 2, "required flag"},
		{"nothing on standard input", []string{"--csv", "-"}, 2, "standard input: empty"},
		{"cannot write", []string{"--csv", good, "-o", filepath.Join(good, "x")}, 3, "write "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := outrider(t, nil, append([]string{"detect"}, test.args...)...)
			if code != test.code || !strings.Contains(out+errs, test.says) {
				t.Errorf("exit code %d, want %d, saying %q:\n%s%s", code, test.code, test.says, out, errs)
			}
		})
	}
}

func TestDetectWritesWholeFilesOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "series.csv")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const broken = "timestamp,value\n1396310400,1\n1396310460,x\n"
	write(broken)
	if _, _, code := outrider(t, nil, "detect", "--csv", path, "-o", path); code != 2 || read() != broken {
		t.Errorf("exit code %d; the file is now %q", code, read())
	}
	write("timestamp,value\n1396310400,1\n")
	_, errs, code := outrider(t, nil, "detect", "--csv", path, "-o", path)
	if want := "timestamp,value,anomaly_score\n1396310400,1,0\n"; code != 0 || read() != want {
		t.Errorf("exit code %d; got %q, want %q\n%s", code, read(), want, errs)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
