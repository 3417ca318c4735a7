package apps

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// registry starts verdaccio with an account and two packages.
func registry(t testing.TB) (url string) {
	program, err := filepath.Abs("node_modules/verdaccio/bin/verdaccio")
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	write(t, filepath.Join(temp, "config.yaml"), `
storage: ./storage
auth:
  htpasswd: {file: ./htpasswd}
uplinks: {}
packages:
  '**': {access: $all, publish: $authenticated}
web: {title: Kiln Registry}
log: {type: stdout, format: pretty, level: warn}
`)
	address := "127.0.0.1:" + strconv.Itoa(freePort(t))
	cmd := exec.Command("node", program, "--config", "config.yaml", "--listen", address)
	cmd.Dir = temp
	s := start(t, "verdaccio", cmd)
	url = "http://" + address
	s.await(t, answers(url+"/-/ping"))

	var account struct{ Token string }
	put(t, url+"/-/user/org.couchdb.user:rider", "", map[string]any{"name": "rider", "password": password}, &account)
	publish(t, url, account.Token, "glaze-mixer", "Mixes glazes by weight", []string{"2.0.0", "2.1.0-beta"}, map[string]string{"kiln-timer": "^1.0.0"})
	publish(t, url, account.Token, "kiln-timer", "Fires a kiln on time", []string{"1.0.0", "1.1.0"}, nil)
	return url
}

// publish puts versions of a package into the registry, as npm does.
func publish(t testing.TB, url, token, name, about string, versions []string, needs map[string]string) {
	t.Helper()
	readme := "# About the " + name + "\n\n" + about + ".\n"
	for _, v := range versions {
		file := name + "-" + v + ".tgz"
		manifest := map[string]any{
			"name": name, "version": v, "description": about, "readme": readme, "dependencies": needs,
			"author": map[string]string{"name": "Robin Rider"},
			"dist":   map[string]string{"tarball": url + "/" + name + "/-/" + file},
		}
		put(t, url+"/"+name, token, map[string]any{
			"name": name, "readme": readme, "dist-tags": map[string]string{"latest": v},
			"versions": map[string]any{v: manifest},
			"_attachments": map[string]any{file: map[string]any{
				"content_type": "application/octet-stream", "length": 4, "data": base64.StdEncoding.EncodeToString([]byte("mugs")),
			}},
		}, nil)
	}
}

// put sends a document to the registry and reads the answer.
func put(t testing.TB, url, token string, document, answer any) {
	t.Helper()
	body, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("PUT %s: status %d: %s", url, resp.StatusCode, text)
	}
	if answer != nil {
		if err := json.NewDecoder(strings.NewReader(string(text))).Decode(answer); err != nil {
			t.Fatal(err)
		}
	}
}
