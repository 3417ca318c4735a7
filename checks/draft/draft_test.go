package draft

import (
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

func TestID(t *testing.T) {
	for title, want := range map[string]string{
		"Buy a mug":                "buy-a-mug",
		"Recording 11/25/26":       "recording-11-25-26",
		"Café & Bar – Menü":        "cafe-and-bar-menue",
		"Anna's mug":               "annas-mug",
		"  --  ":                   "none",
		"日本":                       "none",
		"":                         "none",
		strings.Repeat("a b ", 40): strings.Repeat("a-b-", 16)[:63],
	} {
		if got := ID(title, "none"); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

func TestVolatile(t *testing.T) {
	for _, text := range []string{"10421", "K-1042", "3f0c2b7a-9d4e-4a1b-8c6d-2e5f7a9b1c3d", "cus_7Hd92LkQ", "of_9f8e7d6c5b4a", "kq8Zr1Wn5yTbC0Xe", "deadbeefcafe"} {
		if !Volatile(text) {
			t.Errorf("%q is the same every time", text)
		}
	}
	for _, text := range []string{"", "mugs", "indigo-mug", "iPhone-15-Pro", "de-DE", "v2", "add-to-cart", "A-very-long-title-of-an-article-of-ours", "index.html"} {
		if Volatile(text) {
			t.Errorf("%q is another one each time", text)
		}
	}
}

// written is a condition as it stands in a definition.
func written(n *yaml.Node) string {
	if n == nil {
		return "none"
	}
	if n.Kind == yaml.MappingNode {
		return n.Content[0].Value + ": " + n.Content[1].Value
	}
	return n.Value
}

func TestURLCondition(t *testing.T) {
	for _, test := range []struct {
		url, want string
		loosened  bool
	}{
		{"https://a.example/", "https://a.example/", false},
		{"https://a.example/mugs?sort=price", "https://a.example/mugs?sort=price", false},
		{"https://a.example/orders/K-1042/thanks", "starts with https://a.example/orders/", true},
		{"https://a.example/10421", "starts with https://a.example/", true},
		{"https://a.example/cb?code=x", "starts with https://a.example/cb", true},
		{"https://a.example/cb?access_token=x", "starts with https://a.example/cb", true},
		{"https://a.example/#/boards", "https://a.example/#/boards", false},
		{"https://a.example/#access=1", "starts with https://a.example/", true},
		{"https://u:p@a.example/x", "https://a.example/x", true},
		{"https://a.example/${x}", "starts with https://a.example/", true},
		{"about:blank", "none", true},
		{"%zz", "none", true},
	} {
		n, loosened := URLCondition(test.url)
		if got := written(n); got != test.want || loosened != test.loosened {
			t.Errorf("%s: %s (loosened: %t), want %s (%t)", test.url, got, loosened, test.want, test.loosened)
		}
	}
}

func TestTitleCondition(t *testing.T) {
	for _, test := range []struct {
		title, want string
		loosened    bool
	}{
		{"Mugs · Kiln & Co.", "Mugs · Kiln & Co.", false},
		{"exists", "equals: exists", false},
		{"> Sale <", "equals: > Sale <", false},
		{"contains mugs", "equals: contains mugs", false},
		{"[1]", "none", true},
		{"Order K-1042 · Kiln", "starts with Order K-", true},
		{"(3) Inbox", "contains Inbox", true},
		{"Starts at 5", "starts with Starts at", true},
		{"starts at 5", "starts_with: starts at", true},
		{"", "none", false},
		{strings.Repeat("long ", 100), "none", true},
	} {
		n, loosened := TitleCondition(test.title)
		if got := written(n); got != test.want || loosened != test.loosened {
			t.Errorf("%q: %s (loosened: %t), want %s (%t)", test.title, got, loosened, test.want, test.loosened)
		}
	}
}

func TestSecrets(t *testing.T) {
	s := Secrets{Prefix: "my-shop"}
	for i, want := range []string{"${secret:MY_SHOP_PASSWORD}", "${secret:MY_SHOP_PASSWORD_2}", "${secret:MY_SHOP_PASSWORD}"} {
		if got := s.Ref("PASSWORD", []string{"first one", "second", "first one"}[i]); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	digits := Secrets{Prefix: "1und1"}
	if got := digits.Ref("PASSWORD", "x"); got != "${secret:SITE_1UND1_PASSWORD}" {
		t.Error(got)
	}
}

func TestHideSecrets(t *testing.T) {
	d := &Definition{Name: "as hunter22", Kind: "browser", Secrets: &Secrets{Prefix: "A"}, Rest: []string{"hunter22!"}, Notes: []Note{{Message: "typed hunter22"}}}
	ref := d.Secrets.Ref("PASSWORD", "hunter22")
	d.Secrets.Ref("PASSWORD", "PASSWORD") // part of a name
	d.Steps = []Step{{Keys: Mapping(
		Pair{"click", Flow(Mapping(Pair{"role", Word("link")}, Pair{"name", Text("I am hunter22")}))},
		Pair{"name", Word("click hunter22")}, Pair{"value", Word(ref)}), Remarks: []string{"hunter22"}}}
	d.HideSecrets()
	text, err := d.YAML("s")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text)+d.Notes[0].Message, "hunter22") {
		t.Errorf("%s\n%s", text, d.Notes[0].Message)
	}
	for _, want := range []string{"name: I am ${secret:A_PASSWORD}", "name: click …", "value: ${secret:A_PASSWORD}"} {
		if !strings.Contains(strings.ReplaceAll(string(text), "'", ""), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestRealCard(t *testing.T) {
	for text, want := range map[string]bool{
		"4539 1488 0343 6467": true, "4539-1488-0343-6467": true, "4539148803436468": false,
		"4242 4242 4242 4242": false, "4111111111111111": false, "1234": false, "K4539148803436467": false,
	} {
		if RealCard(text) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

// Everything that is written is read again as it was.
func FuzzYAML(f *testing.F) {
	for _, s := range []string{"", " ", "a: b", "# x", "- x", "\n", "a\nb", "a \n b", "\t", "null", "~", "0x1", "'", `"`, "\u0085", "\ufeff", "{a}", "${a}", "a\r\nb", "<<", "*a", "&a", "!a", "|", "%", "@"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		key, value = strings.ToValidUTF8(key, "?"), strings.ToValidUTF8(value, "?")
		if key == "<<" {
			return // importers leave it out
		}
		d := &Definition{ID: "a", Kind: "browser", Intro: []string{value}, Rest: []string{key}, Steps: []Step{
			{Keys: Mapping(Pair{"fill", Flow(Mapping(Pair{"css", Word(key)}, Pair{"value", Word(value)}))}, Pair{"k", Mapping(Pair{key, Script(value)})}), Remarks: []string{value, key}},
		}}
		text, err := d.YAML(value)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Checks []struct {
				Browser []struct {
					Fill struct{ CSS, Value string }
					K    map[string]string
				}
			}
		}
		if err := yaml.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		step := back.Checks[0].Browser[0]
		if step.Fill.CSS != key || step.Fill.Value != value || step.K[key] != value {
			t.Errorf("%q, %q became %+v:\n%s", key, value, step, text)
		}
	})
}
