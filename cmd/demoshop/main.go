// Command demoshop serves a small online shop that can be broken on purpose,
// for a monitor to watch. It is a site of its own and knows nothing of
// Outrider.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"outrider/cmd/demoshop/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demoshop:", err)
		os.Exit(1)
	}
}

// run serves the shop until the context ends. The secret comes from the
// environment only: arguments can be read by every user of the machine.
func run(ctx context.Context, args []string) error {
	listen := os.Getenv("DEMOSHOP_LISTEN")
	if listen == "" {
		listen = "127.0.0.1:8081"
	}
	flags := flag.NewFlagSet("demoshop", flag.ExitOnError)
	flags.StringVar(&listen, "listen", listen, "address to listen on (environment: DEMOSHOP_LISTEN)")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "demoshop serves a shop for monitors to watch.\n\nDEMO_WEBHOOK_SECRET (whsec_…) is what its inbox verifies webhooks with.\n\nFlags:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := shop.New(shop.Options{WebhookSecret: os.Getenv("DEMO_WEBHOOK_SECRET"), Log: log})
	if err != nil {
		return fmt.Errorf("DEMO_WEBHOOK_SECRET: %w", err)
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	address := "http://" + ln.Addr().String()
	log.Info("the shop is open", "shop", address+"/", "faults", address+"/panel", "inbox", address+"/inbox")
	return s.Serve(ctx, ln)
}
