package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	composeVariable = regexp.MustCompile(`\$\{([A-Z_]+)(:-([^}]*))?\}`)
	composePort     = regexp.MustCompile(`(?m)^\s+ports:\n\s+- (.*)$`)
)

// docker-compose.yml works without a .env, with the values that .env.example
// shows, and opens no port to the network.
func TestComposeDefaults(t *testing.T) {
	compose := readText(t, "../../docker-compose.yml")
	shown := map[string]string{}
	for line := range strings.Lines(readText(t, "../../.env.example")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Errorf(".env.example: %q is no setting", line)
		}
		shown[name] = value
	}
	used := map[string]bool{}
	for _, v := range composeVariable.FindAllStringSubmatch(compose, -1) {
		name, fallback := v[1], v[3]
		used[name] = true
		if v[2] == "" {
			t.Errorf("%s has no default", name)
		}
		if want, ok := shown[name]; ok && fallback != want {
			t.Errorf("%s is %q by default, and %q in .env.example", name, fallback, want)
		}
	}
	for name := range shown {
		if !used[name] {
			t.Errorf("%s is in .env.example, but nothing uses it", name)
		}
	}
	ports := composePort.FindAllStringSubmatch(compose, -1)
	if len(ports) != 3 {
		t.Errorf("%d services have ports, want 3", len(ports))
	}
	for _, p := range ports {
		if !strings.HasPrefix(p[1], `"127.0.0.1:`) {
			t.Errorf("port %s is open to the network", p[1])
		}
	}
}

// The image is built with the release of Go that the module asks for: the
// official image takes no other.
func TestDockerfileGoVersion(t *testing.T) {
	wanted := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readText(t, "../../go.mod"))
	used := regexp.MustCompile(`(?m)^ARG GO_VERSION=(\S+)$`).FindStringSubmatch(readText(t, "../../Dockerfile"))
	if wanted == nil || used == nil || wanted[1] != used[1] {
		t.Errorf("go.mod wants %q, the Dockerfile has %q", wanted, used)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
