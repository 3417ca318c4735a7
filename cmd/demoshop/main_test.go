package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"-listen", "127.0.0.1:0"}); err != nil {
		t.Errorf("a shop that is told to close: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Run("a malformed secret", func(t *testing.T) {
		t.Setenv("DEMO_WEBHOOK_SECRET", "whsec_!secret!")
		err := run(t.Context(), []string{"-listen", "127.0.0.1:0"})
		if err == nil || !strings.Contains(err.Error(), "DEMO_WEBHOOK_SECRET") || strings.Contains(err.Error(), "!secret!") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("an address in use", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		t.Setenv("DEMOSHOP_LISTEN", ln.Addr().String())
		if err := run(t.Context(), nil); err == nil {
			t.Error("no error")
		}
	})
}
