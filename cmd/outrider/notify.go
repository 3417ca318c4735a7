package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"outrider/checks"
	"outrider/incidents/notify"
)

func newNotify() *cobra.Command {
	cmd := &cobra.Command{Use: "notify", Short: "Try out notifications"}
	cmd.AddCommand(newNotifyTest())
	return cmd
}

func newNotifyTest() *cobra.Command {
	var only []string
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Send a sample to every channel of the audiences",
		Long: `Send a sample notification, marked as a test, to every channel of every
audience (or of those named with --audience), and say what each answered.

Exit codes: 0 all delivered, 1 a channel did not take it, 2 bad usage or definition.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			s, defs, err := readDefinitions(cmd, paths)
			if err != nil {
				return err
			}
			audiences, err := chooseAudiences(defs, only)
			if err != nil {
				return usageError(err)
			}
			redactor := checks.NewRedactor(defs.Secrets...)
			senders, closeSenders := newSenders(func() *checks.Redactor { return redactor })
			defer closeSenders()
			composer := &notify.Composer{BaseURL: s.BaseURL, Redactor: func() *checks.Redactor { return redactor }}
			failed := false
			for _, a := range audiences {
				for _, r := range notify.SendTest(cmd.Context(), senders, composer, a, time.Now()) {
					said := fmt.Sprintf("delivered: status %d after %d ms", r.Answer.Status, r.Answer.Took.Milliseconds())
					if r.Err != nil {
						failed, said = true, "NOT delivered: "+r.Err.Error()
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s/%s  %s\n", a.ID, r.Channel, said)
				}
			}
			if failed {
				return &exitError{code: exitFailed}
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&only, "audience", nil, "only the audience with this `ID` (may be repeated)")
	return cmd
}

func chooseAudiences(defs *checks.Definitions, ids []string) ([]checks.Audience, error) {
	if len(ids) == 0 {
		if len(defs.Audiences) == 0 {
			return nil, fmt.Errorf("no audience in these definitions")
		}
		return defs.Audiences, nil
	}
	var chosen []checks.Audience
	for _, id := range ids {
		a, ok := defs.Audience(id)
		if !ok {
			return nil, fmt.Errorf("no audience %q in these definitions", id)
		}
		chosen = append(chosen, a)
	}
	return chosen, nil
}

// newSenders makes the ways to reach people; the function closes what they
// hold open.
func newSenders(redactor func() *checks.Redactor) ([]notify.Sender, func()) {
	transport := notify.NewTransport()
	webhook := &notify.Webhook{Transport: transport, Redactor: redactor, UserAgent: "Outrider/" + version()}
	return []notify.Sender{webhook}, transport.CloseIdleConnections
}
