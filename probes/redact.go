package probes

import (
	"maps"
	"slices"
	"strings"

	"outrider/checks"
)

// redact takes secrets out of everything that a run says, and makes it
// readable: what the site sent is hostile text of any length.
//
// Secrets go first, from the whole text: once a text is cut, the half of a
// secret that is left could not be told any more.
func redact(run *Run, r *checks.Redactor) {
	if !saysSecret(run, r) {
		r = nil
	}
	line(&run.CheckName, r, shortText)
	redactLabels(run, r)
	line(&run.Browser, r, shortText)
	redactFailure(run.Failure, r)
	for i := range run.Steps {
		redactStep(&run.Steps[i], r)
	}
	for i := range run.Exceeded {
		line(&run.Exceeded[i].Step, r, shortText)
	}
	for i := range run.Attempts {
		redactFailure(run.Attempts[i].Failure, r)
	}
	for i := range run.Artifacts {
		redactArtifact(&run.Artifacts[i], r)
	}
}

func redactLabels(run *Run, r *checks.Redactor) {
	copied := false
	for name, value := range run.Labels {
		shown := value
		if line(&shown, r, shortText); shown == value {
			continue
		}
		if !copied { // the map is the definition's own, shared by all runs
			run.Labels, copied = maps.Clone(run.Labels), true
		}
		run.Labels[name] = shown
	}
}

func redactFailure(f *Failure, r *checks.Redactor) {
	if f == nil {
		return
	}
	line(&f.Step, r, shortText)
	line(&f.Message, r, longText)
	line(&f.Expected, r, shortText)
	line(&f.Got, r, shortText)
}

func redactStep(s *Step, r *checks.Redactor) {
	line(&s.Name, r, shortText)
	redactFailure(s.Failure, r)
	line(&s.Exception, r, longText)
	redactPage(s, r)
	for i := range s.Resources {
		g := &s.Resources[i]
		line(&g.Host, r, shortText)
		redactResource(g.Slowest, r)
		redactResource(g.Broken, r)
	}
	if s.HTTP == nil {
		return
	}
	line(&s.HTTP.Method, r, shortText)
	line(&s.HTTP.URL, r, addressText)
	line(&s.HTTP.Address, r, shortText)
	line(&s.HTTP.Protocol, r, shortText)
	if tls := s.HTTP.TLS; tls != nil {
		line(&tls.Version, r, shortText)
		line(&tls.Cipher, r, shortText)
		line(&tls.Issuer, r, shortText)
		line(&tls.Subject, r, shortText)
	}
}

func redactResource(x *Resource, r *checks.Redactor) {
	if x == nil {
		return
	}
	line(&x.Path, r, shortText)
	line(&x.Type, r, shortText)
	line(&x.Error, r, shortText)
}

func redactArtifact(a *Artifact, r *checks.Redactor) {
	line(&a.Name, r, shortText)
	line(&a.Step, r, shortText)
	if r == nil || !isText(a.MediaType) {
		return
	}
	if text := string(a.Data); r.Redact(text) != text {
		a.Data = []byte(r.Redact(text))
		a.Bytes = int64(len(a.Data))
	}
}

// isText tells whether a media type is of text that could be read.
func isText(mediaType string) bool {
	essence, _, _ := strings.Cut(mediaType, ";")
	essence = strings.ToLower(strings.TrimSpace(essence))
	return strings.HasPrefix(essence, "text/") ||
		strings.HasSuffix(essence, "json") || strings.HasSuffix(essence, "xml") ||
		slices.Contains([]string{"application/javascript", "application/x-www-form-urlencoded", "application/yaml"}, essence)
}

// maxRedact bounds what of a text is searched for secrets, since the search
// takes far more room than the text.
const maxRedact = 128 << 10

// line makes one line for a person of a text, in place.
func line(text *string, r *checks.Redactor, limit int) {
	if *text == "" {
		return
	}
	whole := *text
	cut := len(whole) > maxRedact
	if cut {
		whole = whole[:maxRedact]
	}
	redacted := r.Redact(whole)
	if cut && len(redacted) < maxRedact/2 {
		// Most of it was secrets: what is left may be the half of one.
		redacted = checks.Redacted
	}
	shown := readable(redacted, limit)
	if shown != redacted {
		// Cleaning may have put together what was apart.
		shown = r.Redact(shown)
	}
	*text = shown
}

// saysSecret tells whether a secret may be in what a run says. Nearly always
// there is none, and to search once in all of the texts is far cheaper than
// to search in each.
func saysSecret(run *Run, r *checks.Redactor) bool {
	if r == nil {
		return false
	}
	if run.Failure != nil || len(run.Attempts) > 0 || len(run.Artifacts) > 0 {
		return true
	}
	all := make([]byte, 0, 512)
	add := func(text string) {
		all = append(append(all, text...), 0)
	}
	add(run.CheckName)
	add(run.Browser)
	for _, value := range run.Labels {
		add(value)
	}
	for i := range run.Exceeded {
		add(run.Exceeded[i].Step)
	}
	for i := range run.Steps {
		step := &run.Steps[i]
		if step.Failure != nil {
			return true
		}
		add(step.Name)
		add(step.Exception)
		pageTexts(step, func(text *string, _ int) { add(*text) })
		for i := range step.Resources {
			g := &step.Resources[i]
			add(g.Host)
			for _, x := range []*Resource{g.Slowest, g.Broken} {
				if x != nil {
					add(x.Path)
					add(x.Type)
					add(x.Error)
				}
			}
		}
		if h := step.HTTP; h != nil {
			add(h.Method)
			add(h.URL)
			add(h.Address)
			add(h.Protocol)
			if h.TLS != nil {
				add(h.TLS.Version)
				add(h.TLS.Cipher)
				add(h.TLS.Issuer)
				add(h.TLS.Subject)
			}
		}
	}
	text := string(all)
	return len(text) > maxRedact || r.Redact(text) != text
}
