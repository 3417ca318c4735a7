package browser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// switchedOff are features of Chromium that a journey does without.
var switchedOff = []string{
	// They ask for what the page did not, or load it ahead of time.
	"AutofillServerCommunication", "BackForwardCache", "CertificateTransparencyComponentUpdater", "DialMediaRouteProvider",
	"HttpsUpgrades", "MediaRouter", "OptimizationHints", "Prerender2", "Translate",
	// The address bar's pop-ups are two pages of their own in each window.
	"WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
	// A new frame, widget and compositor for each document that a page shows: a
	// tenth of a journey's CPU. Without, a frame takes one document after the
	// other, as in every Chromium before 2025.
	"RenderDocument",
	// A process for the page of another site that might come next, ended unused
	// with the journey: a tenth as well. The headless shell has none, either.
	"SpareRendererForSitePerProcess",
}

// arguments is Chromium's command line.
func arguments(b build, profile string, sandbox bool, smallSharedMemory bool) []string {
	args := []string{
		"--remote-debugging-pipe",
		"--user-data-dir=" + profile,
		"--no-first-run",
		"--no-default-browser-check",
		// Nothing that the page did not ask for: no updates, no telemetry. No
		// page comes out of a cache or is loaded ahead of time, either: every
		// load is a customer's first.
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-component-extensions-with-background-pages",
		"--disable-client-side-phishing-detection",
		"--disable-default-apps",
		"--disable-domain-reliability",
		"--disable-field-trial-config", // experiments of its developers, on in builds like Debian's
		"--disable-extensions",
		"--disable-sync",
		"--metrics-recording-only",
		"--no-pings",
		"--no-service-autorun",
		"--safebrowsing-disable-auto-update",
		"--disable-features=" + strings.Join(switchedOff, ","),
		// Its network service needs no process of its own: nothing on Linux
		// would keep it in a sandbox there, and each message between the two
		// costs CPU.
		"--enable-features=NetworkServiceInProcess2",
		// No QUIC: the first visit goes by TCP anyway, and closed networks
		// drop UDP without an answer.
		"--disable-quic",
		// Dead processes leave no reports.
		"--disable-breakpad",
		"--disable-crash-reporter",
		"--noerrdialogs",
		// The page is measured as if it were in front.
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--disable-renderer-backgrounding",
		"--deny-permission-prompts",
		"--disable-prompt-on-repost",
		"--force-color-profile=srgb",
		"--hide-scrollbars",
		"--mute-audio",
		"--password-store=basic",
		"--disable-gpu",
	}
	if b == full {
		args = append(args, "--headless=new")
	}
	if !sandbox {
		args = append(args, "--no-sandbox")
	}
	if smallSharedMemory {
		// Chromium crashes when /dev/shm fills up, 64 MB in many containers.
		args = append(args, "--disable-dev-shm-usage")
	}
	return args
}

// passed are the environment variables that Chromium gets. The others stay
// with us: they may hold secrets, and a browser that runs foreign scripts is
// not the place for them.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH",
	"FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_DATA_DIRS", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
}

// longestTemp is the longest temporary folder under which Chromium's socket
// (/org.chromium.Chromium.XXXXXX/SingletonSocket) fits into a socket address.
const longestTemp = 107 - len("/org.chromium.Chromium.XXXXXX/SingletonSocket")

// shortTemp is the temporary folder in the working directory of whoever asks,
// by a short absolute name.
const shortTemp = "/proc/self/cwd/t"

// environment is Chromium's environment: what it writes outside of its profile
// goes into the profile, too, so that it can be removed as a whole.
func environment(profile string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(passed, name) || strings.HasPrefix(name, "LC_") {
			env = append(env, kv)
		}
	}
	env = append(env,
		"XDG_CONFIG_HOME="+profile,
		"XDG_CACHE_HOME="+profile,
		// No D-Bus: there is nothing to ask of the desktop.
		"DBUS_SESSION_BUS_ADDRESS=/dev/null",
		"DBUS_SYSTEM_BUS_ADDRESS=/dev/null",
	)
	temp := filepath.Join(profile, "t")
	if len(temp) > longestTemp {
		if _, err := os.Stat("/proc/self/cwd"); err != nil {
			return env
		}
		temp = shortTemp // the profile is its working directory: see spawn
	}
	return append(env, "TMPDIR="+temp)
}
