package checks

import (
	"fmt"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

const maxRetries = 10

var retriesObject = object[Retries]{name: "retries", noun: "retries", doc: "How a failed attempt is repeated.",
	keys: []key[Retries]{
		{name: "count", doc: "How often a failed attempt is repeated. Default: 1.", form: form{"type": "integer", "minimum": 0, "maximum": maxRetries},
			read: func(d *decoder, n *yaml.Node, r *Retries) { set(&r.Count)(d.integer(n, 0, maxRetries)) }},
		{name: "backoff", doc: "The pause before the first repetition; it doubles each time. Default: 2s.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, r *Retries) { set(&r.Backoff)(d.duration(n, 0)) }, instead: []string{"delay", "pause"}},
	}}

func readRetries(d *decoder, n *yaml.Node, c *checkDraft) {
	if d.isMapping(n) {
		retriesObject.decode(d, n, &c.Retries)
		return
	}
	set(&c.Retries.Count)(d.integer(n, 0, maxRetries))
}

const maxOf = 100

var confirmObject = object[Confirm]{name: "confirm", noun: "a confirmation", doc: "When an incident opens and ends.",
	keys: []key[Confirm]{
		{name: "failures", doc: "How many of the last runs must be bad, such as 2 of 3.", form: ofForm, read: readFailures},
		{name: "recovery", doc: "How many good runs in a row end an incident.", form: form{"type": "integer", "minimum": 1, "maximum": maxOf},
			read: func(d *decoder, n *yaml.Node, c *Confirm) { set(&c.Recovery)(d.integer(n, 1, maxOf)) }},
	}}

func readConfirm(d *decoder, n *yaml.Node, c *checkDraft) {
	if d.isMapping(n) {
		confirmObject.decode(d, n, &c.Confirm)
		return
	}
	readFailures(d, n, &c.Confirm)
}

// readFailures reads "2 of 3", or "2" for two in a row.
func readFailures(d *decoder, n *yaml.Node, c *Confirm) {
	errForm := fmt.Errorf("write how many bad runs of how many, such as 2 of 3, the second at most %d", maxOf)
	type share struct{ m, n int }
	v, ok := parsed(d, n, "how many bad runs of how many, such as 2 of 3", func(s string) (share, error) {
		bad, of, isShare := strings.Cut(s, " of ")
		if !isShare {
			of = bad
		}
		m, err1 := strconv.Atoi(strings.TrimSpace(bad))
		n, err2 := strconv.Atoi(strings.TrimSpace(of))
		if err1 != nil || err2 != nil || m < 1 || n < m || n > maxOf {
			return share{}, errForm
		}
		return share{m, n}, nil
	})
	if ok {
		c.Failures, c.Of = v.m, v.n
	}
}
