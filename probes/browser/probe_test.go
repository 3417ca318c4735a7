package browser

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"testing"

	"outrider/checks"
)

// purchase is the journey of a customer who buys a mug.
func purchase(url string) checks.Check {
	return journeyOf(
		goTo(url+"/"),
		&checks.Click{Target: byRole("link", "Mugs")},
		&checks.Click{Target: byRole("button", "Add to cart")},
		&checks.Expect{Text: lit("1 in your cart")},
		&checks.Click{Target: checks.Target{Text: lit("Check out")}},
		&checks.Fill{Target: checks.Target{Label: lit("Your name")}, Value: lit("Ada Lovelace")},
		&checks.Fill{Target: checks.Target{Label: lit("Card number")}, Value: lit("4242424242424242")},
		&checks.Select{Target: byRole("combobox", "Delivery"), Option: lit("Express, next day")},
		&checks.Click{Target: byRole("checkbox", "Send me news")},
		&checks.Screenshot{Name: "filled in"},
		&checks.Click{Target: byRole("button", "Pay")},
		&checks.Expect{Visible: byRole("heading", "Thank you")},
		&checks.Evaluate{Script: "document.getElementById('order').textContent", Variable: "order"},
	)
}

func TestPurchase(t *testing.T) {
	for _, chromium := range []string{"", "full"} {
		t.Run("chromium="+chromium, func(t *testing.T) {
			paid := make(chan string, 1)
			server := shop(t, map[string]http.HandlerFunc{
				"/thanks.html": func(w http.ResponseWriter, r *http.Request) {
					paid <- r.URL.RawQuery
					http.ServeFile(w, r, "testdata/site/thanks.html")
				},
			})
			check := purchase(server.URL)
			check.Journey.Browser.Chromium = chromium
			r := run(t, newProbe(t, Options{}), check)
			for _, s := range r.Steps {
				t.Logf("%-14s %10s %+v", s.Name, s.Duration, s.Vitals)
			}
			mustPass(t, r)
			if got, want := <-paid, "name=Ada+Lovelace&card=4242424242424242&delivery=fast&news=on"; got != want {
				t.Errorf("the form was sent with %s, expected %s", got, want)
			}
			if len(r.Artifacts) != 1 || r.Artifacts[0].Name != "filled-in.jpg" {
				t.Fatalf("artifacts are %+v, expected filled-in.jpg", r.Artifacts)
			}
			picture, err := jpeg.Decode(bytes.NewReader(r.Artifacts[0].Data))
			if err != nil {
				t.Fatalf("decode the screenshot: %v", err)
			}
			if size := picture.Bounds().Size(); size.X != checks.DefaultViewportWidth || size.Y != checks.DefaultViewportHeight {
				t.Errorf("the screenshot is %v, expected the default viewport", size)
			}
		})
	}
}
