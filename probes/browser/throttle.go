package browser

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"

	"outrider/checks"
)

// emulateNetworkConditions is what browsers before 2025 know instead of the
// command with rules; newer ones have dropped it from their description.
var emulateNetworkConditions = cdp.Command[oldConditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

type oldConditions struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency"`            // ms
	DownloadThroughput float64 `json:"downloadThroughput"` // bytes per second; -1: unlimited
	UploadThroughput   float64 `json:"uploadThroughput"`
}

// slowDown gives what makes the browser slower, as the options say.
func (t *tab) slowDown(ctx context.Context, o checks.BrowserOptions) []func() error {
	var steps []func() error
	if o.CPU > 1 {
		steps = append(steps, command(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: o.CPU}))
	}
	if !o.Network.IsZero() {
		steps = append(steps, func() error { return t.emulateNetwork(ctx, o.Network) })
	}
	return steps
}

// emulateNetwork makes the browser believe in a connection.
func (t *tab) emulateNetwork(ctx context.Context, n checks.Network) error {
	rate := func(v float64) float64 {
		if v <= 0 {
			return -1
		}
		return v
	}
	latency := float64(n.Latency) / float64(time.Millisecond)
	_, err := call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency: latency, DownloadThroughput: rate(n.Download), UploadThroughput: rate(n.Upload), Offline: n.Offline,
		}},
	})
	if err != nil && strings.Contains(err.Error(), "-32601") { // no such method
		_, err = call(ctx, t, emulateNetworkConditions, oldConditions{n.Offline, latency, rate(n.Download), rate(n.Upload)})
	}
	return err
}
