package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// ErrNoChromium says that there is no browser to run journeys with.
var ErrNoChromium = errors.New("no Chromium found: install the package chromium-headless-shell or set OUTRIDER_CHROMIUM")

// build is one of the two builds of Chromium.
type build string

const (
	// shell is the headless shell: no user interface at all, a third of the
	// CPU time of full Chromium for the same journey.
	shell build = "headless shell"
	// full is Chromium as people use it, without a window.
	full build = "full"
)

// Where the builds are found, in order. Debian's chromium-headless-shell in
// the path is a script that does not exec, so that the shell around it would
// stand between us and the browser: the binary itself goes first.
var (
	shellNames = []string{
		"/usr/lib/chromium/chromium-headless-shell",
		"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "headless_shell",
		"/opt/chrome-headless-shell/chrome-headless-shell",
	}
	fullNames = []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium",
	}
)

// FindChromium gives the paths of the headless shell and of full Chromium that
// the options name or that are installed; empty where there is none. Its error
// is ErrNoChromium, or names a path of the options that cannot be run.
func FindChromium(o Options) (shellPath, fullPath string, err error) {
	if shellPath, err = installed(o.ShellPath, shellNames); err != nil {
		return "", "", err
	}
	if fullPath, err = installed(o.FullPath, fullNames); err != nil {
		return "", "", err
	}
	if shellPath == "" && fullPath == "" {
		return "", "", ErrNoChromium
	}
	return shellPath, fullPath, nil
}

// installed gives the path of the wanted program, or of the first of the names
// that is installed, or nothing.
func installed(wanted string, names []string) (string, error) {
	if wanted != "" {
		path, err := exec.LookPath(wanted)
		if err != nil {
			return "", fmt.Errorf("find Chromium: %w", err)
		}
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		} else if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) {
			continue // there, but not ours to run
		}
	}
	return "", nil
}

// choose gives the build and the path for a check: the headless shell where it
// is installed, full Chromium where the check asks for it or nothing else is
// there.
func (o Options) choose(wanted string) (build, string, error) {
	shellPath, fullPath, err := FindChromium(o)
	switch {
	case err != nil:
		return "", "", err
	case wanted == "full" && fullPath == "":
		return "", "", fmt.Errorf("the check asks for full Chromium, and there is none: install the package chromium")
	case wanted == "full" || shellPath == "":
		return full, fullPath, nil
	}
	return shell, shellPath, nil
}
