package browser

import (
	"bytes"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"strings"
	"testing"

	"outrider/probes"
)

// TestSecretsAreHidden checks that no secret is left in anything that a run
// keeps, pictures included.
func TestSecretsAreHidden(t *testing.T) {
	const card, token = "4242424242424242", "tok-Secret-1"
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`
		<style>body{margin:0;font:20px monospace} input{display:block;width:400px;height:40px}</style>
		<input aria-label="Card" id="card"><input aria-label="Name">
		<output id="echo" style="display:block;height:40px"></output>
		<script>
			document.getElementById('card').oninput = (e) => {
				document.getElementById('echo').textContent = 'Paying with ' + e.target.value.replace(/(.{4})/g, '$1 ');
				document.title = 'Card ' + e.target.value;
				console.error('card is ' + e.target.value);
			};
		</script>`)})
	check := load(t, server.URL, `
- goto: ${URL}/page?token=${secret:TOKEN}
- fill: {label: Card, value: "${secret:CARD}"}
- fill: {label: Name, value: Ada}
- screenshot: filled
- expect: {title: contains Thanks}
  timeout: 300ms
`, map[string]string{"CARD": card, "TOKEN": token})
	check.Journey.Steps[3].Name = "picture"
	r := run(t, newProbe(t, Options{}), check)
	mustFail(t, r, probes.FailAssertion, "the page's title is")
	texts := []string{r.Failure.Message, r.Failure.Got}
	for _, s := range r.Steps {
		if s.HTTP != nil {
			texts = append(texts, s.HTTP.URL)
		}
	}
	pictures := 0
	for _, a := range r.Artifacts {
		if a.MediaType != "image/jpeg" {
			texts = append(texts, string(a.Data))
			continue
		}
		pictures++
		picture, err := jpeg.Decode(bytes.NewReader(a.Data))
		if err != nil {
			t.Fatalf("decode %s: %v", a.Name, err)
		}
		black := func(x, y int) bool {
			g := color.GrayModel.Convert(picture.At(x, y)).(color.Gray)
			return g.Y < 40
		}
		if !black(50, 20) || !black(250, 20) {
			t.Errorf("%s shows the field with the secret", a.Name)
		}
		// 12 letters of 12 pixels, then the number.
		if !black(160, 100) && !black(180, 100) {
			t.Errorf("%s shows the text with the secret", a.Name)
		}
		if black(300, 60) {
			t.Errorf("%s hides a field without a secret", a.Name)
		}
		if dir := os.Getenv("OUTRIDER_KEEP"); dir != "" {
			_ = os.WriteFile(dir+"/"+a.Name, a.Data, 0o600)
		}
	}
	if pictures != 2 {
		t.Errorf("%d pictures were kept, expected 2", pictures)
	}
	for _, text := range texts {
		flat := strings.NewReplacer(" ", "", "\u00a0", "").Replace(text)
		if strings.Contains(flat, card) || strings.Contains(flat, card[:9]) || strings.Contains(text, token) {
			t.Errorf("a secret is left in %q", text)
		}
	}
}

// TestSecretsAreHiddenAtCuts checks that no half of a secret is left where a
// text of the page is cut.
func TestSecretsAreHiddenAtCuts(t *testing.T) {
	const token = "tok-Secret-that-is-rather-long"
	tests := []struct{ name, page, expect string }{
		{"title", `<script>document.title = 'x'.repeat(990) + TOKEN</script>`, "text: Thanks"},
		{"page text", `<script>document.body.textContent = 'x'.repeat(65500) + TOKEN</script>`, "text: Thanks"},
		{"page of secrets", `<script>document.body.textContent = 'x'.repeat(13) + (TOKEN + ' ').repeat(8000)</script>`, "text: Thanks"},
		{"attribute", `<b>x</b><script>document.querySelector('b').id = 'x'.repeat(20) + TOKEN</script>`, "hidden: {css: b}"},
		{"upper case", `<script>document.body.textContent = TOKEN.toUpperCase(); console.error(TOKEN.toUpperCase())</script>`, "text: Thanks"},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := strings.Replace(tt.page, "<script>", "<script>const TOKEN = new URLSearchParams(location.search).get('token');", 1)
			server := shop(t, map[string]http.HandlerFunc{"/page": html("<p>A page</p>" + body)})
			check := load(t, server.URL, "- goto: ${URL}/page?token=${secret:TOKEN}\n- expect: {"+tt.expect+"}\n  timeout: 300ms\n", map[string]string{"TOKEN": token})
			r := run(t, probe, check)
			mustFail(t, r, probes.FailAssertion)
			texts := []string{r.Failure.Message, r.Failure.Got}
			for _, a := range r.Artifacts {
				if a.MediaType != "image/jpeg" {
					texts = append(texts, string(a.Data))
				}
			}
			for _, text := range texts {
				if i := strings.Index(strings.ToLower(text), strings.ToLower(token[:6])); i >= 0 {
					t.Errorf("a part of a secret is left: %q", text[max(0, i-40):min(len(text), i+60)])
				}
			}
		})
	}
}
