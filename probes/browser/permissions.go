package browser

import (
	"slices"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

// descriptors are a permission's names in the Permissions API, as far as
// Chromium has them.
func descriptors(p checks.Permission) []*browser.PermissionDescriptor {
	named := func(names ...string) []*browser.PermissionDescriptor {
		var list []*browser.PermissionDescriptor
		for _, name := range names {
			list = append(list, &browser.PermissionDescriptor{Name: name})
		}
		return list
	}
	switch p {
	case checks.PermissionClipboard:
		return []*browser.PermissionDescriptor{
			{Name: "clipboard-read", AllowWithoutSanitization: true}, {Name: "clipboard-read"},
			{Name: "clipboard-write", AllowWithoutSanitization: true}, {Name: "clipboard-write"},
		}
	case checks.PermissionMIDI:
		return []*browser.PermissionDescriptor{{Name: "midi"}, {Name: "midi", Sysex: true}}
	case checks.PermissionSensors:
		return named("accelerometer", "gyroscope", "magnetometer", "ambient-light-sensor")
	case checks.PermissionWakeLock:
		return named("screen-wake-lock")
	case checks.PermissionStorageAccess:
		return named("storage-access", "top-level-storage-access")
	}
	return named(string(p))
}

// permit makes the commands that grant what the options ask for, to all pages
// of the context.
func permit(t *tab, o checks.BrowserOptions) []func() error {
	permissions := o.Permissions
	if o.Geolocation != nil && !slices.Contains(permissions, checks.PermissionGeolocation) {
		permissions = append(slices.Clip(permissions), checks.PermissionGeolocation)
	}
	var steps []func() error
	for _, p := range permissions {
		for _, d := range descriptors(p) {
			steps = append(steps, func() error {
				_, err := chromedp.CallBrowser(t.ctx, browser.SetPermission, browser.SetPermissionParams{
					Permission: d, Setting: browser.PermissionSettingGranted, BrowserContextID: t.context,
				})
				return err
			})
		}
	}
	return steps
}
