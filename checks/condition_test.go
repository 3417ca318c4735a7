package checks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// conditionOf reads a condition from YAML, as definitions do.
func conditionOf(t *testing.T, text string, m measure) (Condition, error) {
	t.Helper()
	l := newLoader(testOptions(map[string]string{"LIMIT": "300"}, nil))
	s, problem := parseSource("c.yaml", []byte("c: "+text))
	if problem != nil {
		t.Fatal(problem)
	}
	d := newDecoder(l, s)
	c, ok := d.condition(s.root.Content[1], m)
	if !ok {
		return c, l.problems
	}
	return c, nil
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConditionHolds(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		condition string // YAML
		measure   measure
		yes       []any
		no        []any
	}{
		{"200", numberMeasure, []any{200.0}, []any{201.0, Missing}},
		{`"200"`, numberMeasure, []any{200.0}, []any{404.0}},
		{"2xx", numberMeasure, []any{200.0, 299.0}, []any{199.0, 300.0}},
		{`"!= 2xx"`, numberMeasure, []any{404.0}, []any{204.0}},
		{"[200, 204, 3xx]", numberMeasure, []any{200.0, 204.0, 304.0}, []any{201.0, 400.0}},
		{`"[200, 204]"`, numberMeasure, []any{200.0}, []any{201.0}},
		{"< 400", numberMeasure, []any{200.0, 399.0}, []any{400.0}},
		{"<= 400", numberMeasure, []any{400.0}, []any{400.5}},
		{"'>= 1.2'", numberMeasure, []any{1.2, 1.3}, []any{1.1}},
		{`"< ${LIMIT}"`, numberMeasure, []any{299.0}, []any{300.0}},
		{"< 300ms", durationMeasure, []any{299 * ms}, []any{300 * ms, time.Second}},
		{`"> 1m30s"`, durationMeasure, []any{91 * time.Second}, []any{90 * time.Second}},
		{"< 100kB", sizeMeasure, []any{99_999.0}, []any{100_000.0}},
		{"'> 14'", daysMeasure, []any{14.5}, []any{14.0, -1.0}},

		{"hello", textMeasure, []any{"hello"}, []any{"Hello", "hello ", "", Missing}},
		{"'== hello'", textMeasure, []any{"hello"}, []any{"x"}},
		{"'!= hello'", textMeasure, []any{"x", Missing}, []any{"hello"}},
		{"equals < 5", textMeasure, []any{"< 5"}, []any{"4"}},
		{`'"< 5"'`, textMeasure, []any{"< 5"}, []any{"4"}},
		{"{equals: '< 5'}", textMeasure, []any{"< 5"}, []any{"4"}},
		{"{equals: exists}", textMeasure, []any{"exists"}, []any{"x"}},
		{"{not_equals: '< 5'}", textMeasure, []any{"4", Missing}, []any{"< 5"}},
		{"{contains: ' > 5 '}", textMeasure, []any{"a > 5 b"}, []any{"a >5"}},
		{"{equals: 12}", textMeasure, []any{"12"}, []any{"12.0"}},
		{"12", textMeasure, []any{"12"}, []any{"13"}},
		{"true", textMeasure, []any{"true"}, []any{"yes"}},
		{"[a, 2]", textMeasure, []any{"a", "2"}, []any{"b"}},
		{"contains Mug", textMeasure, []any{"a Mug", "Mug"}, []any{"mug", Missing}},
		{"contains 'Mug '", textMeasure, []any{"a Mug b"}, []any{"a Mug"}},
		{"not contains Mug", textMeasure, []any{"mug", Missing}, []any{"Mug"}},
		{"matches ^\\d+$", textMeasure, []any{"12"}, []any{"12a"}},
		{"not matches ^\\d+$", textMeasure, []any{"12a", Missing}, []any{"12"}},
		{"starts with http", textMeasure, []any{"https://x"}, []any{"x http"}},
		{"ends with .png", textMeasure, []any{"a.png"}, []any{"a.png?"}},
		{"exists", textMeasure, []any{"", "x"}, []any{Missing}},
		{"absent", textMeasure, []any{Missing}, []any{"", "x"}},
		{"'> 5'", textMeasure, []any{"6", " 7.5 "}, []any{"5"}},
		{"length < 3", textMeasure, []any{"äö"}, []any{"abc"}},
		{`""`, textMeasure, []any{""}, []any{"x", Missing}},

		{"12", anyMeasure, []any{12.0, int64(12), json.Number("12")}, []any{"12", 13.0, true, nil}},
		{`"12"`, anyMeasure, []any{12.0, "12"}, []any{13.0}},
		{"{equals: '12'}", anyMeasure, []any{"12"}, []any{12.0}},
		{"{equals: 12}", anyMeasure, []any{12.0}, []any{"12"}},
		{"true", anyMeasure, []any{true}, []any{"true", false, 1.0}},
		{`"true"`, anyMeasure, []any{true, "true"}, []any{false}},
		{"null", anyMeasure, []any{nil}, []any{"null", Missing, 0.0}},
		{"", anyMeasure, []any{nil}, []any{""}},
		{"'!= null'", anyMeasure, []any{"x", 0.0, Missing}, []any{nil}},
		{"exists", anyMeasure, []any{nil, 0.0}, []any{Missing}},
		{"{equals: [1, {a: b}]}", anyMeasure, []any{decoded(t, `[1,{"a":"b"}]`)}, []any{decoded(t, `[1]`), "x", 1.0}},
		{"{equals: []}", anyMeasure, []any{[]any{}}, []any{[]any{1.0}, map[string]any{}}},
		{"{not_equals: []}", anyMeasure, []any{[]any{1.0}}, []any{[]any{}}},
		{"contains 3", anyMeasure, []any{decoded(t, `[1,3]`), decoded(t, `["3"]`), decoded(t, `{"3":0}`), "a3"}, []any{decoded(t, `[33]`)}},
		{"length > 1", anyMeasure, []any{decoded(t, `[1,2]`), decoded(t, `{"a":1,"b":2}`), "ab"}, []any{decoded(t, `[1]`), Missing}},
		{"length 2", anyMeasure, []any{"length 2"}, []any{"ab"}},
		{"length == 2", anyMeasure, []any{"ab"}, []any{"a"}},
		{"matches ^1", anyMeasure, []any{12.0, "1"}, []any{2.0}},
		{"[1, b, true]", anyMeasure, []any{1.0, "b", true}, []any{2.0, "1", nil}},
		{"true", boolMeasure, []any{true}, []any{false}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/%d", test.condition, test.measure), func(t *testing.T) {
			c, err := conditionOf(t, test.condition, test.measure)
			if err != nil {
				t.Fatal(err)
			}
			for want, values := range map[bool][]any{true: test.yes, false: test.no} {
				for _, v := range values {
					if got, err := c.Holds(v, nil); got != want || err != nil {
						t.Errorf("%v (%T): %v, %v; want %v", v, v, got, err, want)
					}
				}
			}
			if test.condition != "" && test.condition != `""` && c.String() == "" {
				t.Error("shows nothing")
			}
		})
	}
}

func TestConditionCannotCompare(t *testing.T) {
	tests := []struct {
		condition string
		got       any
		want      string
	}{
		{"< 5", "abc", "text that is no number"},
		{"< 5", nil, "got null"},
		{"< 5", true, "got true or false"},
		{"< 5", []any{}, "got a list"},
		{"< 5", time.Second, "got a duration"},
		{"contains x", nil, "got null, which cannot contain"},
		{"not contains x", 5.0, "got a number, which cannot contain"},
		{"matches x", map[string]any{}, "got an object"},
		{"length > 1", 5.0, "got a number, which has no length"},
		{"== ${gone}", "x", "${gone} has no value"},
		{"< ${word}", 5.0, "got a number"},
		{"matches ${open", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.condition, func(t *testing.T) {
			c, err := ParseCondition(test.condition)
			if err != nil {
				if test.want != "" {
					t.Fatal(err)
				}
				return
			}
			ok, err := c.Holds(test.got, testScope(map[string]string{"word": "abc"}))
			if ok || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v; want %q", ok, err, test.want)
			}
		})
	}
	if _, err := (Condition{}).Holds("x", nil); err == nil {
		t.Error("no condition holds")
	}
}

func TestConditionWithVariables(t *testing.T) {
	scope := testScope(map[string]string{"id": "1.5", "name": "a.b(c"})
	tests := []struct {
		condition string
		got       any
		want      bool
	}{
		{"${id}", 1.5, true},
		{"${id}", "1.5", true},
		{"> ${id}", 2.0, true},
		{"contains /${id}/", "x/1.5/y", true},
		{`matches ^/${name}$`, "/a.b(c", true}, // taken as it is
		{`matches ^/${name}$`, "/aXb(c", false},
		{`"${id}"`, 1.5, false}, // quoted: text
		{`length == ${id}`, "x", false},
	}
	for _, test := range tests {
		c, err := ParseCondition(test.condition)
		if err != nil {
			t.Errorf("%s: %v", test.condition, err)
			continue
		}
		if got, err := c.Holds(test.got, scope); got != test.want || err != nil {
			t.Errorf("%s of %v: %v, %v", test.condition, test.got, got, err)
		}
		if c.String() != test.condition {
			t.Errorf("shows %q", c.String())
		}
	}
}

func TestConditionRefused(t *testing.T) {
	tests := []struct {
		condition string
		measure   measure
	}{
		{"300ms", durationMeasure}, {"< 300", durationMeasure}, {"contains 3", durationMeasure}, {"exists", durationMeasure},
		{"teapot", numberMeasure}, {"< 2xx", numberMeasure}, {"contains 2", numberMeasure}, {"length > 2", numberMeasure}, {"[200, ok]", numberMeasure},
		{"14", daysMeasure}, {"< big", sizeMeasure}, {"maybe", boolMeasure},
		{"matches (", textMeasure}, {"'<'", textMeasure}, {"contains", textMeasure}, {"< abc", textMeasure}, {"<html>", textMeasure},
		{"{}", anyMeasure}, {"{equals: a, contains: b}", anyMeasure}, {"{contains: [a]}", anyMeasure}, {"[]", anyMeasure}, {"[[a]]", anyMeasure},
		{"!x y", anyMeasure}, {".inf", anyMeasure},
	}
	for _, test := range tests {
		if c, err := conditionOf(t, test.condition, test.measure); err == nil {
			t.Errorf("%s: took it as %q", test.condition, c.Op)
		}
	}
}

// Conditions are evaluated all day long: nothing of it may allocate. A pattern
// is left out: package regexp keeps its machines in a sync.Pool, which the race
// detector empties at random.
func TestConditionAllocatesNothing(t *testing.T) {
	body := any("a long body with a Mug in it")
	status, latency := any(200.0), any(20*time.Millisecond)
	list := any([]any{1.0, "b"})
	conditions := map[string]any{"< 400": status, "[200, 204]": status, "2xx": status, "< 300ms": latency, "contains Mug": body, "length > 1": body, "contains b": list}
	for text, got := range conditions {
		c, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		allocations := testing.AllocsPerRun(100, func() {
			if ok, err := c.Holds(got, nil); !ok || err != nil {
				t.Fatalf("%s: %v, %v", text, ok, err)
			}
		})
		if limit := map[string]float64{"length > 1": 1}[text]; allocations > limit {
			t.Errorf("%s: %v allocations", text, allocations)
		}
	}
}
