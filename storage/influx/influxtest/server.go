// Package influxtest runs a real InfluxDB for tests: version 1.8.10, the last
// that builds with Go alone, with its interface of version 2 and Flux.
package influxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Options is how the server is set up.
type Options struct {
	// User and Password, if set, are those of its only user, and nobody else
	// gets in.
	User, Password string
}

// Server is an influxd process that tests may stop and start.
type Server struct {
	// URL stays the same over Stop and Start.
	URL string

	opts    Options
	binary  string
	folder  string
	output  *lockedBuffer
	made    int // databases
	process *exec.Cmd
	exited  chan struct{} // closed when the process has ended
	client  *http.Client
}

// Start starts an empty server, and removes it with all it has written when the
// test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	binary, err := Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{opts: o, binary: binary, folder: t.TempDir(), output: &lockedBuffer{}}
	s.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	// Between finding a free port and using it somebody else may take it.
	for range 3 {
		if err = s.configure(); err != nil {
			t.Fatal(err)
		}
		if err = s.Start(); err == nil {
			break
		}
	}
	if err == nil && o.User != "" {
		err = s.Query(fmt.Sprintf(`CREATE USER "%s" WITH PASSWORD '%s' WITH ALL PRIVILEGES`, o.User, o.Password))
	}
	if err != nil {
		t.Fatalf("%v; influxd said:\n%s", err, s.output.String())
	}
	return s
}

// configure chooses ports and writes the configuration.
func (s *Server) configure() error {
	web, err := freePort()
	if err != nil {
		return err
	}
	backup, err := freePort()
	if err != nil {
		return err
	}
	s.URL = "http://" + web
	text := fmt.Sprintf(`
reporting-disabled = true
bind-address = %q
[meta]
  dir = %q
[data]
  dir = %q
  wal-dir = %q
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = %q
  flux-enabled = true
  log-enabled = false
  auth-enabled = %t
[logging]
  level = "warn"
  suppress-logo = true
`, backup, filepath.Join(s.folder, "meta"), filepath.Join(s.folder, "data"), filepath.Join(s.folder, "wal"), web, s.opts.User != "")
	return os.WriteFile(filepath.Join(s.folder, "influxdb.conf"), []byte(text), 0o600)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// Start starts the process again after Stop and waits until it answers.
func (s *Server) Start() error {
	p := exec.Command(s.binary, "run", "-config", filepath.Join(s.folder, "influxdb.conf"))
	p.Env = []string{"HOME=" + s.folder}
	p.Stdout, p.Stderr = s.output, s.output
	p.SysProcAttr = dieWithParent()
	if err := p.Start(); err != nil {
		return fmt.Errorf("start influxd: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = p.Wait() // however it ended: Start and Stop say what that means
		close(exited)
	}()
	s.process, s.exited = p, exited
	deadline := time.Now().Add(30 * time.Second)
	for {
		answer, err := s.client.Get(s.URL + "/health")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(answer.Status)
		}
		select {
		case <-exited:
			s.process = nil
			return fmt.Errorf("start influxd: it ended: %s", p.ProcessState)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("start influxd: not healthy: %w", err), s.Stop())
		}
	}
}

// Stop ends the process; what it has stored stays for the next Start.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	if err := p.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop influxd: %w", err)
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(10 * time.Second):
	}
	err := p.Process.Kill()
	<-s.exited
	return err
}

// Token gives what a client of version 2 uses as its token; empty if the
// server asks for none.
func (s *Server) Token() string {
	if s.opts.User == "" {
		return ""
	}
	return s.opts.User + ":" + s.opts.Password
}

// NewBucket makes an empty database and gives its bucket's name. A retention
// other than zero is how long InfluxDB keeps points.
func (s *Server) NewBucket(t testing.TB, retention time.Duration) string {
	t.Helper()
	s.made++
	name := fmt.Sprintf("outrider%d", s.made)
	statement := "CREATE DATABASE " + name
	if retention > 0 {
		statement += fmt.Sprintf(" WITH DURATION %dm SHARD DURATION 1h NAME kept", int(retention.Minutes()))
		name += "/kept"
	} else {
		name += "/autogen"
	}
	if err := s.Query(statement); err != nil {
		t.Fatal(err)
	}
	return name
}

// Query runs an InfluxQL statement that changes something.
func (s *Server) Query(statement string) error {
	form := url.Values{"q": {statement}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.opts.User != "" {
		request.SetBasicAuth(s.opts.User, s.opts.Password)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("query influxd: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("query influxd: %w", err)
	}
	if answer.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"error"`)) {
		return fmt.Errorf("query influxd: %s: %s", answer.Status, text)
	}
	return nil
}

// lockedBuffer keeps what a process says.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String gives everything written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
