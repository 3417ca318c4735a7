package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newMark tells a running server that something was deployed.
func newMark() *cobra.Command {
	var url, check, at string
	cmd := &cobra.Command{
		Use:   "mark NAME",
		Short: "Mark a deployment, so that a change of level can be traced to it",
		Long: `Mark a deployment: it is drawn on the charts, and a change of level that begins
soon after names it. For the last step of a pipeline:

  outrider mark "shop 1.42"

The running server is asked, at OUTRIDER_LISTEN or --url, with OUTRIDER_TOKEN or
OUTRIDER_BASIC_USER and OUTRIDER_BASIC_PASSWORD where they are set.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			mark := map[string]any{"name": args[0]}
			if check != "" {
				mark["check"] = check
			}
			if at != "" {
				when, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return usageError(fmt.Errorf("--at %q is no time: write RFC 3339, such as 2026-03-12T11:00:00Z", at))
				}
				mark["at"] = when
			}
			s, err := readSettings()
			if err != nil {
				return err
			}
			if url == "" {
				if url, err = localURL(s); err != nil {
					return err
				}
			}
			return sendMark(cmd.Context(), s, strings.TrimRight(url, "/"), mark)
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "address of the `SERVER` (default: OUTRIDER_LISTEN's port on this machine)")
	cmd.Flags().StringVar(&check, "check", "", "only this check's `ID` is concerned (default: all)")
	cmd.Flags().StringVar(&at, "at", "", "`TIME` of the deployment, RFC 3339 (default: now)")
	return cmd
}

// localURL is the address of the server on this machine.
func localURL(s settings) (string, error) {
	_, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return "", usageError(fmt.Errorf("settings: OUTRIDER_LISTEN: %w", err))
	}
	return "http://" + net.JoinHostPort("127.0.0.1", port), nil
}

func sendMark(ctx context.Context, s settings, url string, mark map[string]any) error {
	body, err := json.Marshal(mark)
	if err != nil {
		return &exitError{exitCannot, err}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/marks", bytes.NewReader(body))
	if err != nil {
		return usageError(err)
	}
	req.Header.Set("Content-Type", "application/json")
	switch {
	case s.BasicUser != "":
		req.SetBasicAuth(s.BasicUser, s.BasicPassword.Reveal())
	case !s.Token.IsZero():
		req.Header.Set("Authorization", "Bearer "+s.Token.Reveal())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &exitError{exitCannot, fmt.Errorf("mark a deployment: %w", err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusCreated {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 2_000)) // what there is of a reason
	var refusal struct{ Error string }
	if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
		refusal.Error = resp.Status
	}
	code := exitCannot
	if resp.StatusCode == http.StatusBadRequest {
		code = exitUsage
	}
	return &exitError{code, fmt.Errorf("%s refused the mark: %s", url, refusal.Error)}
}
