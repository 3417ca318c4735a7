package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretLookup(t *testing.T) {
	dir := write(t, map[string]string{
		"secrets/LINE": "from-file\n", "secrets/WINDOWS": "from-file\r\n", "secrets/TWO": "a\nb\n\n", "secrets/EMPTY": "",
		"secrets/FOLDER/x": "", "secrets/BOTH": "file", "outside": "outside",
		"secrets/..data/LINKED": "linked\n", "secrets/LONG": strings.Repeat("x", maxSecret+1),
	})
	if err := os.Symlink(filepath.Join("..data", "LINKED"), filepath.Join(dir, "secrets/LINKED")); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"BOTH": "env", "ENV": "env", "FOLDER": "env"}[name]
		return v, ok
	}
	lookup := SecretLookup(filepath.Join(dir, "secrets"), env)
	tests := []struct {
		name, want string
		ok, err    bool
	}{
		{"LINE", "from-file", true, false},
		{"WINDOWS", "from-file", true, false},
		{"TWO", "a\nb\n", true, false},
		{"EMPTY", "", true, false},
		{"BOTH", "file", true, false},
		{"ENV", "env", true, false},
		{"LINKED", "linked", true, false},
		{"NONE", "", false, false},
		{"FOLDER", "", false, true},
		{"LONG", "", false, true},
		{"../outside", "", false, true},
		{"..", "", false, true},
		{"/etc/passwd", "", false, true},
		{"", "", false, true},
		{"a\x00b", "", false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok, err := lookup(test.name)
			if got != test.want || ok != test.ok || (err != nil) != test.err {
				t.Errorf("got %q, %v, %v", got, ok, err)
			}
		})
	}
	if got, ok, err := SecretLookup("", env)("BOTH"); got != "env" || !ok || err != nil {
		t.Errorf("without a folder: %q, %v, %v", got, ok, err)
	}
	if _, ok, err := SecretLookup(filepath.Join(dir, "gone"), env)("NONE"); ok || err != nil {
		t.Errorf("without its folder: %v, %v", ok, err)
	}
}
