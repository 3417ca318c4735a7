package browser

import (
	"context"
	"regexp"
	"strings"

	"github.com/chromedp/cdproto/emulation"

	"outrider/checks"
)

// device is what a kind of device looks like to a page. Sizes are in CSS
// pixels; they are those of common devices of its kind.
type device struct {
	width, height  int
	scale          float64
	mobile, touch  bool
	agent          string // of the user agent, between Mozilla/5.0 and the engine
	platform       string // of client hints
	javaPlatform   string // navigator.platform
	version, model string // of the platform and the device, in client hints
	factor         string // form factor, in client hints
}

// deviceOf gives a device, or nothing for the browser as it is. What it says it
// is follows the reduced form in which Chrome names all devices of a platform.
func deviceOf(d checks.Device) *device {
	switch d {
	case checks.DevicePhone:
		return &device{width: 412, height: 915, scale: 2.625, mobile: true, touch: true, agent: "(Linux; Android 10; K)",
			platform: "Android", javaPlatform: "Linux armv81", version: "14.0.0", model: "Pixel 7", factor: "Mobile"}
	case checks.DeviceTablet:
		return &device{width: 800, height: 1280, scale: 2, mobile: true, touch: true, agent: "(Linux; Android 10; K)",
			platform: "Android", javaPlatform: "Linux armv81", version: "14.0.0", model: "Pixel Tablet", factor: "Tablet"}
	case checks.DeviceDesktop:
		return &device{width: checks.DefaultViewportWidth, height: checks.DefaultViewportHeight, scale: 1, agent: "(X11; Linux x86_64)",
			platform: "Linux", javaPlatform: "Linux x86_64", factor: "Desktop"}
	}
	return nil
}

// viewport gives the size of the window that the options ask for, in CSS
// pixels.
func viewport(o checks.BrowserOptions) (width, height int) {
	width, height = checks.DefaultViewportWidth, checks.DefaultViewportHeight
	if d := deviceOf(o.Device); d != nil {
		width, height = d.width, d.height
	}
	if o.Width > 0 {
		width = o.Width
	}
	if o.Height > 0 {
		height = o.Height
	}
	return width, height
}

// metrics are those of the window and the screen that the options ask for.
func metrics(o checks.BrowserOptions) emulation.SetDeviceMetricsOverrideParams {
	width, height := viewport(o)
	m := emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1}
	if d := deviceOf(o.Device); d != nil {
		m.DeviceScaleFactor, m.Mobile = d.scale, d.mobile
		if d.mobile { // the screen is the window
			m.ScreenWidth, m.ScreenHeight = m.Width, m.Height
		}
	}
	return m
}

var chromiumVersion = regexp.MustCompile(`/(([0-9]+)\.[0-9.]+)`)

// agent gives what a browser of a version says it is on a device: the user
// agent, and the client hints that go with it.
func (d *device) identity(browser string) (agent string, hints *emulation.UserAgentMetadata) {
	full, major := "100.0.0.0", "100"
	if m := chromiumVersion.FindStringSubmatch(browser); m != nil {
		full, major = m[1], m[2]
	}
	mobile := ""
	if d.factor == "Mobile" {
		mobile = " Mobile" // tablets do not say so
	}
	agent = "Mozilla/5.0 " + d.agent + " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + major + ".0.0.0" + mobile + " Safari/537.36"
	architecture, bitness := "", ""
	if !d.mobile {
		architecture, bitness = "x86", "64"
	}
	// The brand that is none keeps sites from relying on the order.
	brands := func(version, none string) []*emulation.UserAgentBrandVersion {
		return []*emulation.UserAgentBrandVersion{{Brand: "Chromium", Version: version}, {Brand: "Not.A/Brand", Version: none}}
	}
	return agent, &emulation.UserAgentMetadata{
		Brands: brands(major, "24"), FullVersionList: brands(full, "24.0.0.0"),
		Platform: d.platform, PlatformVersion: d.version, Architecture: architecture, Bitness: bitness,
		Model: d.model, Mobile: d.factor == "Mobile", FormFactors: []string{d.factor},
	}
}

// inherited takes it for done if a page that shares its opener's process
// already has what it is told to have.
func inherited(t *tab, step func() error) func() error {
	if !t.popup {
		return step
	}
	return func() error {
		err := step()
		if err != nil && strings.Contains(err.Error(), "already in effect") {
			return nil
		}
		return err
	}
}

// pretend makes the commands by which a page takes the browser for another:
// its device, language, time zone, place and what its person prefers.
func pretend(ctx context.Context, t *tab, o checks.BrowserOptions) []func() error {
	var steps []func() error
	var agent emulation.SetUserAgentOverrideParams
	if d := deviceOf(o.Device); d != nil {
		agent.UserAgent, agent.UserAgentMetadata = d.identity(t.process.version)
		agent.Platform = d.javaPlatform
		if d.touch {
			steps = append(steps, command(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5}))
		}
	}
	if o.UserAgent != "" {
		agent.UserAgent = o.UserAgent
	}
	if o.Locale != "" {
		agent.AcceptLanguage = o.Locale
		if language, _, found := strings.Cut(o.Locale, "-"); found {
			agent.AcceptLanguage += "," + language
		}
		steps = append(steps, inherited(t, command(ctx, t, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: o.Locale})))
	}
	if agent.UserAgent != "" || agent.AcceptLanguage != "" {
		steps = append(steps, command(ctx, t, emulation.SetUserAgentOverride, agent))
	}
	if o.Timezone != "" {
		steps = append(steps, inherited(t, command(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: o.Timezone})))
	}
	var features []*emulation.MediaFeature
	if o.ColorScheme != checks.ColorSchemeOwn {
		features = append(features, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: string(o.ColorScheme)})
	}
	if o.ReducedMotion {
		features = append(features, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	}
	if len(features) > 0 {
		steps = append(steps, command(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}))
	}
	if g := o.Geolocation; g != nil {
		steps = append(steps, command(ctx, t, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{
			Latitude: &g.Latitude, Longitude: &g.Longitude, Accuracy: &g.Accuracy,
		}))
	}
	return steps
}
