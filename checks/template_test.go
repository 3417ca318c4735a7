package checks

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

func testScope(values map[string]string) *Variables {
	v := NewVariables(&Functions{
		Now:  func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.FixedZone("", 3600)) },
		Rand: rand.New(rand.NewPCG(1, 2)),
	})
	for name, value := range values {
		v.Set(name, value)
	}
	return v
}

func TestTemplate(t *testing.T) {
	p := &templateParser{
		env: func(name string) (string, bool) {
			v, ok := map[string]string{"HOST": "shop.example", "EMPTY": "", "ODD": "${x} $"}[name]
			return v, ok
		},
		secret: func(string) (string, error) { return "s3cret", nil },
	}
	tests := []struct{ source, want string }{
		{"", ""},
		{"plain $ text { }", "plain $ text { }"},
		{"http://${HOST}/a", "http://shop.example/a"},
		{"${HOST}${HOST}", "shop.exampleshop.example"},
		{"${NONE:-http://x:8081/?a=b}", "http://x:8081/?a=b"},
		{"${EMPTY:-default}|${EMPTY}|${HOST:-unused}", "default||shop.example"},
		{"${NONE:-}", ""},
		{"${ODD}", "${x} $"}, // what comes from outside is not read again
		{"$${HOST} $$ $$${HOST}", "${HOST} $$ $${HOST}"},
		{"k=${secret:KEY}", "k=s3cret"},
		{"${product}/${other}", "17/a b"},
		{"${now()} ${now(+1h)}", "2026-03-04T04:06:07Z 2026-03-04T05:06:07Z"},
		{"${unix()} ${unix(-1m)} ${unix_ms()}", "1772597167 1772597107 1772597167089"},
		{"${date(2006-01-02)}", "2026-03-04"},
		{"${date(Jan 2, 2006)} ${date(2006-01-02 15:04, -1d)} ${date(Jan 2, 2006, +1d)}", "Mar 4, 2026 2026-03-03 04:06 Mar 5, 2026"},
		{"${random_int(7, 7)}", "7"},
	}
	for _, test := range tests {
		t.Run(test.source, func(t *testing.T) {
			p.problems, p.captured = nil, nil
			got, err := p.parse(test.source).Expand(testScope(map[string]string{"product": "17", "other": "a b"}))
			if got != test.want || err != nil || len(p.problems) > 0 {
				t.Errorf("got %q, %v, %v; want %q", got, err, p.problems, test.want)
			}
		})
	}
}

func TestTemplateKinds(t *testing.T) {
	p := &templateParser{secret: func(string) (string, error) { return "s3cret", nil }}
	constant, secret, late, call := p.parse("abc"), p.parse("a ${secret:KEY}"), p.parse("${x}"), p.parse("${uuid()}")
	if v, ok := constant.Constant(); v != "abc" || !ok || constant.HasSecret() || constant.IsZero() {
		t.Errorf("constant: %q, %v", v, ok)
	}
	if v, ok := secret.Constant(); v != "a s3cret" || !ok || !secret.HasSecret() || strings.Contains(secret.String(), "s3cret") {
		t.Errorf("secret: %q, %v, %s", v, ok, secret)
	}
	for _, template := range []Template{late, call} {
		if _, ok := template.Constant(); ok {
			t.Errorf("%s is not the same in every run", template)
		}
	}
	if _, err := late.Expand(testScope(nil)); err == nil || !strings.Contains(err.Error(), "${x} has no value") {
		t.Errorf("missing variable: %v", err)
	}
	if _, err := late.Expand(nil); err == nil {
		t.Error("no error without a scope")
	}
}

func TestRandomFunctions(t *testing.T) {
	scope := testScope(nil)
	seen := map[string]bool{}
	forms := map[string]string{
		"${uuid()}":              `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"${random_string(12)}":   `^[a-z0-9]{12}$`,
		"${random_int(-5, 5)}":   `^-?[0-5]$`,
		"${random_int(10, 19)}x": `^1[0-9]x$`,
		"${random_int(-9223372036854775808, 9223372036854775807)}": `^-?[0-9]+$`,
	}
	for source, form := range forms {
		template, err := ParseTemplate(source)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			got, err := template.Expand(scope)
			if err != nil || !regexp.MustCompile(form).MatchString(got) {
				t.Fatalf("%s gave %q, %v", source, got, err)
			}
			if seen[got] && len(got) > 10 && !strings.Contains(source, "int") {
				t.Fatalf("%s gave %q twice", source, got)
			}
			seen[got] = true
		}
	}
	for _, n := range []string{"-5x", "5"} {
		if n == "5" && !seen[n] {
			t.Error("random_int never gave its largest number")
		}
	}
	// Without sources, functions still work.
	if got, err := mustTemplate(t, "${uuid()}${now()}").Expand(NewVariables(nil)); err != nil || len(got) < 50 {
		t.Errorf("without sources: %q, %v", got, err)
	}
}

func mustTemplate(t *testing.T, source string) Template {
	t.Helper()
	template, err := ParseTemplate(source)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// Whatever is filled in, a JSON body stays JSON and says what was meant.
func TestJSONBody(t *testing.T) {
	nasty := "a\"b\\c\n\u2028</script>é\x00"
	opts := testOptions(map[string]string{"NASTY": nasty}, map[string]string{"KEY": `k"e\y`})
	defs := load(t, `
checks:
  - id: a
    http:
      - get: http://127.0.0.1/
        capture: {id: json $.id, nasty: json $.n}
      - post: http://127.0.0.1/
        json:
          ${NASTY} is no variable in a key: 1
          text: 'x "${NASTY}" ${nasty} $${kept} ${secret:KEY}'
          id: ${json(id)}
          list: [1, 2.50, true, false, null, "", 12345678901234567890, 0x10, 2026-01-02]
          empty: {}
          none: []
          deep: {a: [{b: ["${id}"]}]}
`, opts)
	body := defs.Checks[0].Journey.Steps[1].Action.(*Request).Body
	if body.Kind != BodyJSON || !body.Text.HasSecret() {
		t.Errorf("body: %+v", body)
	}
	text, err := body.Text.Expand(testScope(map[string]string{"id": `{"n": 17}`, "nasty": nasty}))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var got map[string]any
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if want := `x "` + nasty + `" ` + nasty + ` ${kept} k"e\y`; got["text"] != want {
		t.Errorf("text is %q, want %q", got["text"], want)
	}
	delete(got, "text")
	rest, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"${NASTY} is no variable in a key":1,"deep":{"a":[{"b":["{\"n\": 17}"]}]},"empty":{},"id":{"n":17},` +
		`"list":[1,2.50,true,false,null,"",12345678901234567890,16,"2026-01-02"],"none":[]}`
	if string(rest) != want {
		t.Errorf("got  %s\nwant %s", rest, want)
	}
	// What is no JSON becomes a string.
	text, err = body.Text.Expand(testScope(map[string]string{"id": `no "JSON`, "nasty": ""}))
	if err != nil || !json.Valid([]byte(text)) || !strings.Contains(text, `"id":"no \"JSON"`) {
		t.Errorf("%s, %v", text, err)
	}
}
