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

// TestNoSecretsInShownTexts checks that what is shown of a check cannot hold a
// secret, and that messages show no part of one.
func TestNoSecretsInShownTexts(t *testing.T) {
	secret := strings.Repeat("Lk9", 80)
	const start = "checks:\n  - id: test\n    every: 1m\n    notify: []\n    http: [{get: \"http://shop/\"}]\n    "
	tests := map[string]string{
		"name":           `name: "a ${secret:TOKEN}"`,
		"description":    `description: "a ${secret:TOKEN}"`,
		"label":          `labels: {team: "a ${secret:TOKEN}"}`,
		"procedure":      `procedure: "call ${secret:TOKEN}"`,
		"procedure text": `procedure: {text: "call ${secret:TOKEN}"}`,
		"procedure link": `procedure: "https://wiki/${secret:TOKEN}"`,
		"number":         `timeout: "${secret:TOKEN}"`,
		"time zone":      `schedule: {cron: "* * * * *", timezone: "${secret:TOKEN}"}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := LoadBytes("test.yaml", []byte(start+text+"\n"), Options{
				LookupEnv:    func(string) (string, bool) { return "", false },
				LookupSecret: func(string) (string, bool, error) { return secret, true, nil },
			})
			if err == nil {
				t.Fatal("the definition was taken")
			}
			if strings.Contains(err.Error(), secret[:8]) {
				t.Errorf("the message shows a part of the secret: %v", err)
			}
		})
	}
}
