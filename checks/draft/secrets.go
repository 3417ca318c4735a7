package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Secrets are what the imported file holds in clear and the definition must
// not: each becomes a ${secret:NAME}.
type Secrets struct {
	// Prefix starts the names, such as SHOP of SHOP_PASSWORD.
	Prefix  string
	secrets []Secret
}

// Secret is one of them. Its value is kept only to be left out.
type Secret struct {
	Name  string
	value string
}

// Names are the names of the secrets that the definition needs, in the order
// of their first use.
func (s *Secrets) Names() []string {
	names := make([]string, len(s.secrets))
	for i, secret := range s.secrets {
		names[i] = secret.Name
	}
	return names
}

// Ref gives what stands in the place of a secret of a kind, such as PASSWORD:
// ${secret:SHOP_PASSWORD}. The same value has the same name.
func (s *Secrets) Ref(kind, value string) string {
	for _, known := range s.secrets {
		if known.value == value {
			return "${secret:" + known.Name + "}"
		}
	}
	name := strings.ToUpper(strings.Trim(notName.ReplaceAllString(s.Prefix+"_"+kind, "_"), "_"))
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "SITE_" + name
	}
	free := name
	for n := 2; slices.ContainsFunc(s.secrets, func(k Secret) bool { return k.Name == free }); n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	s.secrets = append(s.secrets, Secret{free, value})
	return "${secret:" + free + "}"
}

var notName = regexp.MustCompile(`[^A-Za-z0-9]+`)

// leastHidden is how long a secret is at least, in bytes, for it to be looked
// for in other places: a shorter one is found in words that only look like it.
const leastHidden = 6

// In tells whether a text holds one of the secrets.
func (s *Secrets) In(text string) bool {
	return slices.ContainsFunc(s.secrets, func(k Secret) bool { return len(k.value) >= leastHidden && strings.Contains(text, k.value) })
}

// hide puts with in the place of every secret in a text.
func (s *Secrets) hide(text string, with func(Secret) string) string {
	for _, k := range s.secrets {
		if len(k.value) >= leastHidden {
			text = strings.ReplaceAll(text, k.value, with(k))
		}
	}
	return text
}

// HideSecrets takes the secrets out of everything that the definition says: a
// password that was also typed elsewhere, or shown in a title.
func (d *Definition) HideSecrets() {
	if d.Secrets == nil || len(d.Secrets.secrets) == 0 {
		return
	}
	// A longer one may hold a shorter one.
	inOrder := d.Secrets.secrets
	defer func() { d.Secrets.secrets = inOrder }()
	d.Secrets.secrets = slices.Clone(inOrder)
	slices.SortStableFunc(d.Secrets.secrets, func(a, b Secret) int { return len(b.value) - len(a.value) })
	plain := func(text string) string { return d.Secrets.hide(text, func(Secret) string { return "…" }) }
	d.Name = plain(d.Name)
	for i := range d.Intro {
		d.Intro[i] = plain(d.Intro[i])
	}
	for i := range d.Steps {
		d.hideIn(d.Steps[i].Keys, plain, true)
		for j := range d.Steps[i].Remarks {
			d.Steps[i].Remarks[j] = plain(d.Steps[i].Remarks[j])
		}
	}
	for i := range d.Rest {
		d.Rest[i] = plain(d.Rest[i])
	}
	for i := range d.Notes {
		d.Notes[i].Message = plain(d.Notes[i].Message)
	}
	if d.Options != nil {
		d.hideIn(d.Options, plain, false)
	}
}

// hideIn takes the secrets out of a node; step tells that it is a whole step.
func (d *Definition) hideIn(n *yaml.Node, plain func(string) string, step bool) {
	for i, c := range n.Content {
		switch {
		case c.Kind != yaml.ScalarNode:
			d.hideIn(c, plain, false)
		case n.Kind == yaml.MappingNode && i%2 == 0:
			// A key: those that can hold a secret are names of fields, not values.
		case step && n.Content[i-1].Value == "name":
			c.Value = plain(c.Value) // variables cannot stand in names of steps
		default:
			for _, k := range d.Secrets.secrets {
				if len(k.value) >= leastHidden {
					c.Value = outside(c.Value, k.value, "${secret:"+k.Name+"}")
				}
			}
		}
	}
}

// outside replaces a text where it is not part of a variable.
func outside(text, old, with string) string {
	var b strings.Builder
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 || start > 0 && text[start-1] == '$' {
			b.WriteString(strings.ReplaceAll(text[:start+2], old, with))
			text = text[start+2:]
			continue
		}
		b.WriteString(strings.ReplaceAll(text[:start], old, with) + text[start:start+end+1])
		text = text[start+end+1:]
	}
	b.WriteString(strings.ReplaceAll(text, old, with))
	return b.String()
}
