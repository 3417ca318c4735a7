package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestProcedure(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"nothing", "", ""},
		{"headings go below the page's", "# Nobody can buy\n\nText.", "<h3>Nobody can buy</h3>\n<p>Text.</p>\n"},
		{"numbers go on after a list within", "1. a\n   - b\n2. c", "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ol>\n"},
		{"code block", "```\nrm *\n<b>\n```", "<pre><code>rm *\n&lt;b&gt;\n</code></pre>\n"},
		{"inline", "run `ls` **now**", "<p>run <code>ls</code> <strong>now</strong></p>\n"},
		{"link", "[wiki](https://w.example.org/a)", `<p><a href="https://w.example.org/a" rel="noopener noreferrer">wiki</a></p>` + "\n"},
		{"bare link", "https://w.example.org/a, then", `<p><a href="https://w.example.org/a" rel="noopener noreferrer">https://w.example.org/a</a>, then</p>` + "\n"},
		{"script link", "[x](javascript:alert(1))", "<p>x</p>\n"},
		{"data link", "[x](data:text/html,hello)", "<p>x</p>\n"},
		{"a picture is a link", "![plan](https://w.example.org/plan.png)", `<p><a href="https://w.example.org/plan.png" rel="noopener noreferrer">plan</a></p>` + "\n"},
		{"raw HTML", "a <img src=x onerror=alert(1)> b", "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>\n"},
		{"block of HTML", "<script>\nalert(1)\n</script>", "<pre>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</pre>\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newProcedures().render(c.source)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzProcedure looks for a procedure that gets more into our page than text,
// lists, tables and links to the web.
func FuzzProcedure(f *testing.F) {
	for _, s := range []string{
		"# a\n\n- b\n1. c\n```\nd\n```\n[e](https://f) `g` **h** <https://i> https://j. ~~k~~\n\n- [ ] l\n\n|m|\n|-|\n|n|", hostile,
		"[x](javascript:1)", "![x](https://y)", "<b onclick=x>", "[x]: javascript:1\n\n[x]", "<mailto:a@b>", "&lt;script&gt;",
	} {
		f.Add(s)
	}
	allowed := map[string]bool{
		"p": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "li": true, "pre": true, "code": true,
		"strong": true, "em": true, "del": true, "a": true, "br": true, "hr": true, "blockquote": true, "input": true,
		"table": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true,
	}
	p := newProcedures()
	f.Fuzz(func(t *testing.T, source string) {
		page, err := p.render(source)
		if err != nil {
			t.Fatal(err)
		}
		z := html.NewTokenizer(strings.NewReader(string(page)))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
				continue
			}
			if !allowed[token.Data] {
				t.Fatalf("element %q in %q", token.Data, page)
			}
			for _, a := range token.Attr {
				switch {
				case a.Key == "href" && webLink(a.Val) == "":
					t.Fatalf("link to %q", a.Val)
				case strings.HasPrefix(a.Key, "on"), a.Key == "src":
					t.Fatalf("attribute %s=%q", a.Key, a.Val)
				}
			}
		}
	})
}
