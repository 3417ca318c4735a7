package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"outrider/cmd/demoshop/shop"
	"outrider/configs"
)

func newDemo() *cobra.Command {
	var shopListen, folder string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start a demo: a shop that can be broken, and Outrider over it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings()
			if err != nil {
				return err
			}
			return demo(cmd, s, shopListen, folder)
		},
	}
	cmd.Flags().StringVar(&shopListen, "shop-listen", "127.0.0.1:8081", "`ADDRESS` of the shop")
	cmd.Flags().StringVar(&folder, "checks", "", "definition `FOLDER` (default: configs/demo if it is there, else a built-in copy)")
	return cmd
}

// demo runs the shop and the monitor until the command's context ends. All
// they keep is in a temporary folder that goes with them.
func demo(cmd *cobra.Command, s settings, shopListen, folder string) error {
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	temp, err := os.MkdirTemp("", "outrider-demo-")
	if err != nil {
		return &exitError{exitCannot, err}
	}
	defer os.RemoveAll(temp)
	s.Data = temp
	if folder == "" {
		if folder, err = demoFolder(temp); err != nil {
			return &exitError{exitCannot, err}
		}
	}
	listener, err := net.Listen("tcp", shopListen)
	if err != nil {
		return &exitError{exitCannot, fmt.Errorf("open the shop: %w (choose another address with --shop-listen)", err)}
	}
	address := "http://" + listener.Addr().String()
	secret := newWebhookSecret()
	store, err := shop.New(shop.Options{WebhookSecret: secret, Log: s.logger()})
	if err != nil {
		listener.Close()
		return &exitError{exitCannot, err}
	}
	s.environment = map[string]string{
		"SHOP_URL":            address,
		"INBOX_URL":           address + "/inbox/webhook",
		"DEMO_WEBHOOK_SECRET": secret,
	}
	paths := []string{folder}
	defs, err := s.load(paths)
	if err != nil {
		listener.Close()
		return definitionError(cmd, err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), demoWelcome, address, address, address, folder, s.Listen)

	var open sync.WaitGroup
	defer open.Wait()
	defer stop()
	open.Go(func() {
		if err := store.Serve(ctx, listener); err != nil {
			s.logger().Error("the shop closed", "error", err)
		}
	})
	return serve(ctx, s, paths, defs, cmd.OutOrStdout())
}

const demoWelcome = `
  The shop         %s/
  Its fault panel  %s/panel   break something here …
  Webhook inbox    %s/inbox   … and read here what Outrider tells
  Definitions      %s   (change them: they are read again at once)
  Outrider         http://%s/   watch it happen

Ctrl-C ends it all.

`

// demoFolder is configs/demo of a checkout, or a copy of the built-in one.
func demoFolder(temp string) (string, error) {
	if info, err := os.Stat(filepath.Join("configs", "demo")); err == nil && info.IsDir() {
		return filepath.Join("configs", "demo"), nil
	}
	folder := filepath.Join(temp, "checks")
	if err := os.CopyFS(folder, configs.Demo()); err != nil {
		return "", fmt.Errorf("write the demo's definitions: %w", err)
	}
	return folder, nil
}

// newWebhookSecret makes up a secret as Standard Webhooks 1.0 writes it.
func newWebhookSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails, see its documentation
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}
