package shop

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// FaultKind is a way in which the shop can be broken on purpose.
type FaultKind string

// The kinds of fault.
const (
	// SlowEndpoint answers late by DelayMS.
	SlowEndpoint FaultKind = "slow_endpoint"
	// ErrorRate answers a share of the requests with an error status.
	ErrorRate FaultKind = "error_rate"
	// BrokenButton makes a button do nothing.
	BrokenButton FaultKind = "broken_button"
	// ScriptException makes the search page's script throw while it loads.
	ScriptException FaultKind = "javascript_exception"
	// SlowImage delays images; the page around them stays quick.
	SlowImage FaultKind = "slow_image"
	// HangingResponse never answers, until the fault is removed or the client
	// leaves.
	HangingResponse FaultKind = "hanging_response"
	// LayoutShift pushes a page's content down after it was painted.
	LayoutShift FaultKind = "layout_shift"
)

// Fault is one thing that is broken on purpose. Which fields count depends on
// the Kind; Validate fills in what was left out.
type Fault struct {
	ID   string    `json:"id"` // given by the shop
	Kind FaultKind `json:"kind"`
	// Path is the beginning of the paths that are hit.
	Path    string `json:"path,omitempty"`
	DelayMS int    `json:"delay_ms,omitempty"` // SlowEndpoint, SlowImage
	Percent int    `json:"percent,omitempty"`  // ErrorRate: 1 to 100
	Status  int    `json:"status,omitempty"`   // ErrorRate: 400 to 599
	Button  string `json:"button,omitempty"`   // BrokenButton: pay or add_to_cart
	// Since is when the fault was set.
	Since time.Time `json:"since,omitzero"`
}

// The buttons that can be broken.
const (
	buttonPay  = "pay"
	buttonCart = "add_to_cart"
)

// Defaults and bounds of faults.
const (
	defaultDelayMS = 3000
	maxDelayMS     = 120_000
	defaultStatus  = 500
	maxPath        = 200
	workshopImage  = "/images/workshop.svg"
)

// Validate fills in defaults, clears fields that the kind does not have, and
// tells what is wrong.
func (f *Fault) Validate() error {
	clean := Fault{Kind: f.Kind, Path: f.Path}
	var err error
	switch f.Kind {
	case SlowEndpoint, SlowImage:
		clean.DelayMS = f.DelayMS
		if clean.DelayMS == 0 {
			clean.DelayMS = defaultDelayMS
		}
		if clean.DelayMS < 1 || clean.DelayMS > maxDelayMS {
			err = fmt.Errorf("delay_ms is %d: write 1 to %d", f.DelayMS, maxDelayMS)
		}
		if f.Kind == SlowImage && clean.Path == "" {
			clean.Path = workshopImage
		}
	case ErrorRate:
		clean.Percent, clean.Status = f.Percent, f.Status
		if clean.Percent == 0 {
			clean.Percent = 100
		}
		if clean.Status == 0 {
			clean.Status = defaultStatus
		}
		if clean.Percent < 1 || clean.Percent > 100 {
			err = fmt.Errorf("percent is %d: write 1 to 100", f.Percent)
		}
		if clean.Status < 400 || clean.Status > 599 {
			err = errors.Join(err, fmt.Errorf("status is %d: write 400 to 599", f.Status))
		}
	case BrokenButton:
		clean.Path, clean.Button = "", f.Button
		if f.Button != buttonPay && f.Button != buttonCart {
			err = fmt.Errorf("button is %q: write %s or %s", cut(f.Button, 40), buttonPay, buttonCart)
		}
	case ScriptException:
		clean.Path = "/search"
	case LayoutShift:
		if clean.Path == "" {
			clean.Path = "/"
		}
	case HangingResponse:
	default:
		return fmt.Errorf("kind is %q: write one of %s", cut(string(f.Kind), 40), strings.Join(kindNames(), ", "))
	}
	if err == nil && clean.Kind != BrokenButton {
		err = validPath(clean.Path)
	}
	clean.ID, clean.Since = f.ID, f.Since
	*f = clean
	return err
}

func validPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("path is %q: write the beginning of a path, such as /api/search", cut(path, 40))
	case len(path) > maxPath:
		return fmt.Errorf("path is longer than %d bytes", maxPath)
	case below(path, "/panel"):
		return errors.New("path is the panel's own: the panel is never broken")
	}
	return nil
}

// below tells whether a path is a folder or in it.
func below(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func kindNames() []string {
	kinds := []FaultKind{SlowEndpoint, ErrorRate, BrokenButton, ScriptException, SlowImage, HangingResponse, LayoutShift}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// same tells whether one fault takes the place of the other.
func (f Fault) same(other Fault) bool {
	return f.Kind == other.Kind && f.Path == other.Path && f.Button == other.Button
}

// hits tells whether a request for a path is touched: never one for the panel,
// and one for the inbox only by a fault that names it, so that "/" does not
// silence what tells of it.
func (f Fault) hits(path string) bool {
	if below(path, "/panel") || below(path, "/inbox") && !below(f.Path, "/inbox") {
		return false
	}
	return f.Path != "" && strings.HasPrefix(path, f.Path)
}

// String says in words what is broken.
func (f Fault) String() string {
	switch f.Kind {
	case SlowEndpoint:
		return fmt.Sprintf("%s… answers %s late", f.Path, milliseconds(f.DelayMS))
	case SlowImage:
		return fmt.Sprintf("images at %s… come %s late", f.Path, milliseconds(f.DelayMS))
	case ErrorRate:
		return fmt.Sprintf("%d %% of requests for %s… fail with status %d", f.Percent, f.Path, f.Status)
	case BrokenButton:
		return fmt.Sprintf("the button “%s” does nothing", map[string]string{buttonPay: "Pay", buttonCart: "Add to cart"}[f.Button])
	case ScriptException:
		return "the script of the search page throws while it loads"
	case HangingResponse:
		return fmt.Sprintf("requests for %s… are never answered", f.Path)
	case LayoutShift:
		return fmt.Sprintf("a late banner pushes down pages at %s…", f.Path)
	}
	return string(f.Kind)
}

func milliseconds(ms int) string { return (time.Duration(ms) * time.Millisecond).String() }

// cut shortens outside text for a message.
func cut(text string, max int) string {
	if runes := []rune(text); len(runes) > max {
		return string(runes[:max]) + "…"
	}
	return text
}
