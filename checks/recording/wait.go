package recording

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

// waitForElement writes an expectation. Recorder counts what the first selector
// that finds anything finds, and visible: false turns the whole around.
func (t *translation) waitForElement(a *act, frame *yaml.Node) {
	node, _ := t.element(a, useAny, frame)
	if node == nil {
		return
	}
	plain := a.Count == nil && a.Operator == ">="
	if a.Count != nil && *a.Count == 1 && a.Operator == ">=" {
		plain = true
	}
	conditions := t.elementConditions(a)
	options := t.stepOptions(a, frame != nil)
	expect := func(key string, value *yaml.Node) *yaml.Node {
		return draft.Mapping(draft.Pair{Key: key, Value: value})
	}
	switch {
	case len(conditions) == 0 && plain:
		key := "visible"
		if !a.Visible {
			key = "hidden"
		}
		t.emit(a, "expect", expect(key, node), options...)
		return
	case !a.Visible && len(conditions) > 0:
		t.remark(a.Step, "waits until no element has these properties and attributes: that can only be said of the element itself, so it is left out")
		return
	}
	element := draft.Mapping(draft.Pair{Key: "target", Value: node})
	if len(conditions) == 0 || !plain {
		draft.Set(element, "count", draft.Word(countCondition(a)))
	}
	for _, c := range conditions {
		draft.Set(element, c.Key, c.Value)
	}
	t.emit(a, "expect", expect("element", element), options...)
}

// countCondition is on how many elements there are.
func countCondition(a *act) string {
	count := 1
	if a.Count != nil {
		count = *a.Count
	}
	operator := a.Operator
	if !a.Visible {
		operator = map[string]string{">=": "<", "==": "!=", "<=": ">"}[operator]
	}
	return fmt.Sprintf("%s %d", operator, count)
}

// elementConditions are those on the attributes and properties of an element;
// what cannot be said is remarked on.
func (t *translation) elementConditions(a *act) []draft.Pair {
	var list []draft.Pair
	attributes := draft.Flow(draft.Mapping())
	if a.Attributes != nil {
		for _, m := range unique(a.Attributes.members) {
			if !attributeName(m.name) {
				t.remark(a.Step, "%q is no name of an attribute: it is left out", cut(m.name))
				continue
			}
			draft.Set(attributes, m.name, draft.Equals(m.value.text))
		}
	}
	if a.Properties != nil {
		taken := map[string]bool{}
		for _, m := range unique(a.Properties.members) {
			key, value := property(m)
			switch {
			case key == "value" && !taken["value"], key == "text" && !taken["text"]:
				taken[key] = true
				list = append(list, draft.Pair{Key: key, Value: value})
			case key != "" && key != "value" && key != "text" && !hasKey(attributes, key):
				draft.Set(attributes, key, value)
			default:
				t.scriptProperty(a, m)
			}
		}
	}
	if len(attributes.Content) > 0 {
		list = append(list, draft.Pair{Key: "attribute", Value: attributes})
	}
	return list
}

// unique keeps the last of members of one name.
func unique(members []member) []member {
	var list []member
	for i, m := range members {
		if !slices.ContainsFunc(members[i+1:], func(n member) bool { return n.name == m.name }) {
			list = append(list, m)
		}
	}
	return list
}

func attributeName(name string) bool {
	return name != "" && len(name) < 100 && !strings.ContainsAny(name, "\x00;= \t\r\n\"'<>/") && !strings.Contains(name, "${") && name != "<<"
}

// property says what a DOM property is to a definition: value, text, or the
// attribute that it reflects.
func property(m member) (key string, value *yaml.Node) {
	if m.value.kind != kindText {
		return "", nil
	}
	switch m.name {
	case "value":
		return "value", draft.Equals(m.value.text)
	case "textContent", "innerText":
		return "text", draft.Equals(strings.Join(strings.Fields(m.value.text), " "))
	case "className":
		return "class", draft.Equals(m.value.text)
	case "id", "title", "name", "alt", "placeholder", "lang", "rel", "target":
		return m.name, draft.Equals(m.value.text)
	}
	return "", nil
}

// scriptProperty expects a property by a script, which needs a CSS selector.
func (t *translation) scriptProperty(a *act, m member) {
	selector := css(a.Selectors)
	flat := m.value.kind == kindText || m.value.kind == kindNumber || m.value.kind == kindBool
	if selector == "" || len(a.Frame) > 0 || a.Target != "" || !flat {
		t.remark(a.Step, "the property %q is not carried over", cut(m.name))
		return
	}
	name, err1 := json.Marshal(m.name)
	where, err2 := json.Marshal(selector)
	want := m.value.text
	switch m.value.kind {
	case kindText:
		text, _ := json.Marshal(m.value.text)
		want = string(text)
	case kindBool:
		want = strconv.FormatBool(m.value.bool)
	}
	if err1 != nil || err2 != nil {
		return
	}
	script := fmt.Sprintf("document.querySelector(%s)?.[%s] === %s", where, name, want)
	t.emit(a, "expect", draft.Mapping(draft.Pair{Key: "script", Value: draft.Script(script)}))
}

const maxScript = 64 << 10 // what a definition can have

func (t *translation) waitForExpression(a *act, frame *yaml.Node) {
	switch {
	case strings.TrimSpace(a.Expression) == "" || len(a.Expression) > maxScript:
		t.remark(a.Step, "the expression is empty or longer than %d KiB: it is not carried over", maxScript>>10)
	case frame != nil:
		t.remark(a.Step, "expressions are of the page, not of a frame in it: it is not carried over")
	default:
		t.emit(a, "expect", draft.Mapping(draft.Pair{Key: "script", Value: draft.Script(a.Expression)}), t.stepOptions(a, false)...)
	}
}
