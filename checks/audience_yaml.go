package checks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

const (
	defaultWebhookTimeout = 10 * time.Second
	maxWebhookTimeout     = time.Minute
)

var audienceObject = object[Audience]{name: "audience", noun: "an audience", doc: "People who hear of incidents in one way.",
	keys: []key[Audience]{
		{name: "id", doc: "What notify: of checks says.", form: idForm, read: func(d *decoder, n *yaml.Node, a *Audience) { set(&a.ID)(d.id(n)) }},
		{name: "name", doc: "The audience's name for people. Default: the id.", form: textForm,
			read: func(d *decoder, n *yaml.Node, a *Audience) { set(&a.Name)(d.bounded(n, 200)) }},
		{name: "severity", doc: "The least severity that it is told of: notice (predictions, too), warning or critical. Default: warning.",
			form: form{"enum": severities[:]}, read: func(d *decoder, n *yaml.Node, a *Audience) { set(&a.Severity)(choice[string](d, n, severities[:])) }, instead: []string{"min_severity", "level"}},
		{name: "webhooks", doc: "HTTP endpoints that are told, signed as Standard Webhooks does.", form: listOf(ref("webhook")), read: readWebhooks, instead: []string{"webhook", "channels"}},
	}, rules: form{"required": []string{"id"}}}

// severities are those of incidents, from least to most.
var severities = [...]string{"notice", "warning", "critical"}

// webhookDraft is a webhook while it is read.
type webhookDraft struct {
	Webhook
	name string
}

var webhookObject = object[webhookDraft]{name: "webhook", noun: "a webhook", doc: "An HTTP endpoint that is told of incidents.",
	keys: []key[webhookDraft]{
		{name: "name", doc: "Tells it from the audience's other channels, for ever: deliveries under way refer to it. Default: webhook.", form: idForm,
			read: func(d *decoder, n *yaml.Node, w *webhookDraft) { w.name, _ = d.id(n) }},
		{name: "url", doc: "The endpoint's URL; a secret may be part of it.", form: textForm,
			read: func(d *decoder, n *yaml.Node, w *webhookDraft) { set(&w.URL)(d.webhookURL(n)) }},
		{name: "secret", doc: "The signing secret (whsec_…), such as ${secret:WEBHOOK_SECRET}. Default: unsigned.", form: textForm,
			read: func(d *decoder, n *yaml.Node, w *webhookDraft) { set(&w.Secret)(d.webhookSecret(n)) }},
		{name: "headers", doc: "Headers to add.", form: mapOf(textForm), read: readWebhookHeaders},
		{name: "timeout", doc: "How long one attempt may take. Default: 10s.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, w *webhookDraft) {
				v, ok := d.duration(n, 100*time.Millisecond)
				if ok && v > maxWebhookTimeout {
					d.problem(n, "write at most %s", formatDuration(maxWebhookTimeout))
				}
				set(&w.Timeout)(v, ok)
			}},
	}, rules: form{"required": []string{"url"}}}

// readAudiences reads the file's audiences.
func (d *decoder) readAudiences() {
	if d.top.audiences == nil {
		return
	}
	var items []*yaml.Node
	d.within("audiences", func() {
		items, _ = d.items(d.top.audiences, "a list of audiences, each starting with - id:")
	})
	for _, n := range items {
		d.readAudience(n)
	}
}

func (d *decoder) readAudience(n *yaml.Node) {
	a := Audience{Severity: "warning"}
	entries, ok := audienceObject.decode(d, n, &a)
	if !ok {
		return
	}
	a.Pos = d.at(n)
	switch first, taken := d.audienceIDs[a.ID]; {
	case !has(entries, "id"):
		d.problem(n, "this audience has no id: add one, such as id: responders")
		return
	case a.ID == "":
		return // noted
	case taken:
		d.problem(n, "audience %q is already defined at %s: ids are unique over all files", a.ID, first)
		return
	}
	d.audienceIDs[a.ID] = a.Pos
	if a.Name == "" {
		a.Name = a.ID
	}
	if !has(entries, "webhooks") {
		d.problem(n, "audience %q has no way to be told: add webhooks:", a.ID)
	}
	d.audiences = append(d.audiences, a)
}

func readWebhooks(d *decoder, n *yaml.Node, a *Audience) {
	items, ok := d.items(n, "a list of webhooks, each starting with - url:")
	if ok && len(items) == 0 {
		d.problem(n, "is empty: add a webhook with its url")
	}
	names := map[string]bool{}
	for _, item := range items {
		w := webhookDraft{name: "webhook", Webhook: Webhook{Timeout: defaultWebhookTimeout}}
		entries, ok := webhookObject.decode(d, item, &w)
		if !ok {
			continue
		}
		if !has(entries, "url") {
			d.problem(item, "needs url")
		}
		if w.name != "" && names[w.name] {
			d.problem(item, "two webhooks are called %q: give each a name of its own", w.name)
		}
		names[w.name] = true
		if !has(entries, "secret") {
			d.warn(d.at(item), "webhook %q is not signed, so its receiver cannot tell who sends: add secret: ${secret:NAME}", w.name)
		}
		a.Channels = append(a.Channels, Channel{Name: w.name, Webhook: &w.Webhook})
	}
}

// webhookURL reads a URL that is the same in every run.
func (d *decoder) webhookURL(n *yaml.Node) (string, bool) {
	text, ok := d.text(n, "a URL")
	if !ok {
		return "", false
	}
	if u, err := url.Parse(text); err != nil || !isURL(text) || u.Host == "" {
		// The text may hold a secret: show it as it is written.
		d.problem(n, "found %s: write a URL that starts with https:// or http://", describe(d.peek(n)))
		return "", false
	}
	return text, true
}

// webhookSecret reads a secret of Standard Webhooks: "whsec_" and Base64 of
// 24 to 64 bytes.
func (d *decoder) webhookSecret(n *yaml.Node) (Secret, bool) {
	n = d.scalar(n, "a secret such as ${secret:WEBHOOK_SECRET}")
	if n == nil {
		return Secret{}, false
	}
	text, ok := d.constant(n, n.Value)
	if !ok {
		return Secret{}, false
	}
	if err := checkWebhookSecret(text); err != nil {
		d.problem(n, "%s", err)
		return Secret{}, false
	}
	if !strings.Contains(n.Value, "${") {
		d.warn(d.at(n), "the secret stands in the file: write ${secret:NAME}")
	}
	d.derived = append(d.derived, NewSecret(text))
	return NewSecret(text), true
}

func checkWebhookSecret(text string) error {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	if !ok {
		return errors.New(`no webhook secret: it starts with "whsec_"`)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return errors.New(`no webhook secret: after "whsec_" comes Base64 (standard alphabet, with padding)`)
	}
	if len(raw) < 24 || len(raw) > 64 {
		return fmt.Errorf("no webhook secret: it is %d bytes long, write Base64 of 24 to 64 bytes", len(raw))
	}
	return nil
}

func readWebhookHeaders(d *decoder, n *yaml.Node, w *webhookDraft) {
	entries, _ := d.entries(n, "headers, such as {X-Team: shop}")
	for _, e := range entries {
		if !httpguts.ValidHeaderFieldName(e.name) {
			d.problem(e.key, "%q is no header name: write letters, digits and -", cut(e.name))
			continue
		}
		d.within("headers."+e.name, func() {
			v, ok := d.text(e.value, "text")
			if ok && !httpguts.ValidHeaderFieldValue(v) {
				d.problem(e.value, "has a line break or another control character: remove it")
				return
			}
			if ok {
				w.Headers = append(w.Headers, Header{e.name, v})
			}
		})
	}
}
