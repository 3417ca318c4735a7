package apps

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds the start of an application on a busy machine.
const startTimeout = time.Minute

// server is a program that a test has started.
type server struct {
	name   string
	output lockedBuffer
	exited chan struct{}
}

// start runs a program until the test ends, in a process group of its own so
// that its children end with it.
func start(t testing.TB, name string, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{name: name, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v (make applications installs it)", name, err)
	}
	go func() {
		defer close(s.exited)
		_ = cmd.Wait() // how it ended shows in what it printed
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-s.exited:
		case <-time.After(5 * time.Second):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-s.exited
	})
	return s
}

// await waits until ready says that the program answers.
func (s *server) await(t testing.TB, ready func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-s.exited:
			t.Fatalf("%s ended: %s", s.name, s.output.String())
		case <-ctx.Done():
			t.Fatalf("%s did not answer within %s: %v\n%s", s.name, startTimeout, err, s.output.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers tells whether a page can be had.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers with status %d", url, resp.StatusCode)
		}
		return nil
	}
}

// listens tells whether an address takes connections.
func listens(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// client keeps no connection, so that no goroutine outlives a test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

// freePort gives a loopback port that nobody listens on. Somebody may take it
// before it is used; the application's start then fails.
func freePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// php serves a folder with PHP's own server, by a few workers. settings are
// php.ini's.
func php(t testing.TB, name, root string, env []string, settings ...string) (url string) {
	t.Helper()
	address := "127.0.0.1:" + strconv.Itoa(freePort(t))
	args := []string{"-S", address, "-t", root, "-d", "display_errors=0", "-d", "opcache.enable_cli=1"}
	for _, s := range settings {
		args = append(args, "-d", s)
	}
	cmd := exec.Command("php", args...)
	cmd.Env = append(append(os.Environ(), "PHP_CLI_SERVER_WORKERS=4"), env...)
	s := start(t, name, cmd)
	s.await(t, listens(address))
	return "http://" + address
}

// write makes a file with its folders.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyFolder copies the plain files of a folder, links followed, and none of
// its subfolders.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatalf("%v (make applications installs it)", err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			continue // a folder, or nothing that we may read and therefore need
		}
		write(t, filepath.Join(to, e.Name()), string(text))
	}
}

// fill puts values into a text: each @NAME@ by its value.
func fill(text string, values ...string) string {
	return strings.NewReplacer(values...).Replace(text)
}

// lockedBuffer is a buffer that a program may write to while it is read.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
