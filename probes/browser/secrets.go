package browser

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"outrider/checks"
)

// secrets are the secret values that a journey uses, to be kept out of all that
// a run shows.
type secrets struct {
	all    []checks.Secret
	values []string

	mu       sync.RWMutex // of what follows: the page's events read it, too
	redactor *checks.Redactor
	// loose finds the values with spaces or dashes between their characters
	// and in any case, as pages show card numbers; nil if there are none.
	loose *regexp.Regexp
}

// shortest is the length below which a value is not searched for: taking every
// "1" out of a page would hide more than it protects.
const shortest = 4

var separators = regexp.MustCompile(`[\s-]+`)

// secretsOf collects the secrets of a check's journey.
func secretsOf(check *checks.Check) *secrets {
	var all []checks.Secret
	for _, h := range check.Journey.Browser.Headers {
		all = append(all, h.Value.Secrets()...)
	}
	all = append(all, settingSecrets(&check.Journey.Browser.Setting)...)
	for _, step := range check.Journey.Steps {
		for _, t := range templatesOf(step.Action) {
			all = append(all, t.Secrets()...)
		}
		all = append(all, optionSecrets(step.Browser)...)
		all = append(all, stateSecrets(step.Action)...)
	}
	s := &secrets{}
	s.add(all...)
	return s
}

// add takes further values for secret, which only the run has brought up. Only
// the journey's own goroutine calls it.
func (s *secrets) add(more ...checks.Secret) {
	known := len(s.all)
	for _, secret := range more {
		if !slices.ContainsFunc(s.all, func(old checks.Secret) bool { return old.Reveal() == secret.Reveal() }) {
			s.all = append(s.all, secret)
		}
	}
	if len(s.all) == known && s.redactor != nil {
		return
	}
	var values, patterns []string
	for _, secret := range s.all {
		value := separators.ReplaceAllString(secret.Reveal(), "")
		if len(value) < shortest {
			continue
		}
		values = append(values, value)
		var parts []string
		for _, r := range value {
			parts = append(parts, regexp.QuoteMeta(string(r)))
		}
		patterns = append(patterns, strings.Join(parts, `[\s-]*`))
	}
	var loose *regexp.Regexp
	if len(patterns) > 0 {
		loose = regexp.MustCompile("(?i)" + strings.Join(patterns, "|"))
	}
	redactor := checks.NewRedactor(s.all...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values, s.redactor, s.loose = values, redactor, loose
}

// known gives the values to look for in a page. Any goroutine may call it.
func (s *secrets) known() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.values
}

// hide returns the text without secrets.
func (s *secrets) hide(text string) string {
	s.mu.RLock()
	redactor, loose := s.redactor, s.loose
	s.mu.RUnlock()
	text = redactor.Redact(text)
	if loose != nil {
		text = loose.ReplaceAllLiteralString(text, checks.Redacted)
	}
	return text
}

// templatesOf gives every text of an action that may hold a secret.
func templatesOf(action checks.Action) []checks.Template {
	var texts []checks.Template
	switch a := action.(type) {
	case *checks.Goto:
		texts = append(texts, a.URL)
	case *checks.Fill:
		texts = append(texts, a.Value)
	case *checks.Select:
		texts = append(texts, a.Option)
	case *checks.Expect:
		texts = append(texts, a.Text)
	case *checks.Type:
		texts = append(texts, a.Text)
	}
	for _, t := range targetsOf(action) {
		texts = append(texts, t.Templates()...)
	}
	return texts
}

// targetsOf gives every target of an action; some may be zero.
func targetsOf(action checks.Action) []checks.Target {
	switch a := action.(type) {
	case *checks.Click:
		return []checks.Target{a.Target}
	case *checks.Fill:
		return []checks.Target{a.Target}
	case *checks.Select:
		return []checks.Target{a.Target}
	case *checks.Press:
		return []checks.Target{a.Target}
	case *checks.Hover:
		return []checks.Target{a.Target}
	case *checks.Wait:
		return []checks.Target{a.Visible, a.Hidden}
	case *checks.Expect:
		targets := []checks.Target{a.Visible, a.Hidden, a.Enabled, a.Disabled, a.Checked}
		if a.Element != nil {
			targets = append(targets, a.Element.Target)
		}
		if a.LooksLike != nil {
			targets = append(append(targets, a.LooksLike.Target), a.LooksLike.Mask...)
		}
		return targets
	case *checks.DoubleClick:
		return []checks.Target{a.Target}
	case *checks.Type:
		return []checks.Target{a.Target}
	case *checks.SetChecked:
		return []checks.Target{a.Target}
	case *checks.Upload:
		return []checks.Target{a.Target}
	case *checks.Drag:
		return []checks.Target{a.From, a.To}
	case *checks.Scroll:
		return []checks.Target{a.Target}
	}
	return nil
}

// optionSecrets gives the secrets of what a step expects.
func optionSecrets(o checks.StepOptions) []checks.Secret {
	var all []checks.Secret
	if o.Dialog != nil {
		all = o.Dialog.Answer.Secrets()
	}
	for _, c := range conditionsOf(o) {
		if c != nil {
			all = append(all, c.Secrets()...)
		}
	}
	return all
}

// conditionsOf gives the conditions of what a step expects; some may be nil.
func conditionsOf(o checks.StepOptions) []*checks.Condition {
	var all []*checks.Condition
	if o.Dialog != nil {
		all = append(all, o.Dialog.Message)
	}
	if d := o.Download; d != nil {
		all = append(all, d.Name, d.Size, d.Type)
	}
	if n := o.Navigation; n != nil {
		all = append(all, n.URL, n.Title)
	}
	return all
}
