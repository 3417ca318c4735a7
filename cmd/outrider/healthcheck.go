package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// newHealthcheck asks a running server whether it is ready: for containers,
// whose images have no curl.
func newHealthcheck() *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on this machine whether it is ready: exit 0 or 1",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				s, err := readSettings()
				if err != nil {
					return err
				}
				if url, err = localURL(s); err != nil {
					return err
				}
				url += "/readyz"
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return usageError(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return &exitError{exitFailed, err}
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return &exitError{exitFailed, fmt.Errorf("%s answered %s", url, resp.Status)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "readiness URL (default: /readyz of OUTRIDER_LISTEN's port)")
	return cmd
}
