package main

import (
	"context"
	"errors"
	"log/slog"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser"
	probehttp "outrider/probes/http"
	"outrider/web"
)

// prober is an executor with the probes that have to be closed after use.
type prober struct {
	*probes.Executor
	browser *browser.Probe // nil: there is none on this machine
}

// newProber sets up both kinds of probe. A machine without Chromium can still
// run HTTP checks: there, runs of browser checks end as unknown, saying why.
// Baselines that are not nil are taken rather than looked at.
func newProber(s settings, log *slog.Logger, taken *baselines) (*prober, error) {
	used := &checks.UsedCodes{}
	p := &prober{Executor: &probes.Executor{
		Location:  s.Location,
		Logger:    log,
		Tolerance: s.Tolerance,
		Probes: map[checks.Kind]probes.Probe{
			checks.KindHTTP: probehttp.New(probehttp.Options{UserAgent: "Outrider/" + version(), Used: used}),
		},
	}}
	var err error
	options := browser.Options{
		ShellPath: s.Chromium,
		FullPath:  s.ChromiumFull,
		Sandbox:   sandbox(s.ChromiumSandbox),
		Functions: &checks.Functions{Used: used},
		Logger:    log,
	}
	if taken != nil {
		options.Baselines = taken.write
	}
	p.browser, err = browser.New(options)
	switch {
	case errors.Is(err, browser.ErrNoChromium):
		p.Probes[checks.KindBrowser] = unable{err}
	case err != nil:
		return nil, err
	default:
		p.Probes[checks.KindBrowser] = p.browser
	}
	return p, nil
}

// usage tells what the browsers hold of the machine; nil where there are none.
func (p *prober) usage() func() web.BrowserUsage {
	if p.browser == nil {
		return nil
	}
	return func() web.BrowserUsage { return web.BrowserUsage(p.browser.Usage()) }
}

func sandbox(setting string) browser.Sandbox {
	if setting == "auto" {
		return browser.SandboxAuto
	}
	return browser.Sandbox(setting)
}

// Close ends the browsers and waits for them.
func (p *prober) Close() {
	if p.browser != nil {
		p.browser.Close()
	}
}

// unable is a probe that cannot work on this machine.
type unable struct{ err error }

func (u unable) Run(context.Context, checks.Check) (probes.Run, error) { return probes.Run{}, u.err }
