package shop

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium starts a browser with an empty profile and gives its first tab.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var binary string
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		t.Fatal("no Chromium is installed: apt-get install chromium-headless-shell")
	}
	// The sandbox needs privileges that neither root nor most containers have;
	// the only pages here are the shop's own.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.NoSandbox,
		chromedp.WindowSize(1280, 900))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(allocator)
	limited, cancel := context.WithTimeout(tab, time.Minute)
	t.Cleanup(func() {
		cancel()
		if err := chromedp.Cancel(tab); err != nil {
			t.Errorf("end the browser: %v", err)
		}
		closeTab()
		end()
	})
	// The first run starts the browser, and must not be bound by a time limit
	// that ends it.
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("start %s: %v", binary, err)
	}
	return limited
}

func value[V any](t *testing.T, tab context.Context, action chromedp.Action[V]) V {
	t.Helper()
	v, err := chromedp.Run(tab, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What only shows once scripts run and a layout is made, in a real browser.
func TestInBrowser(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	tab := chromium(t)
	do := func(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(tab, actions...); err != nil {
			t.Fatal(err)
		}
	}
	text := func(t *testing.T, selector string) string {
		t.Helper()
		return value(t, tab, chromedp.Text(chromedp.CSS(selector)))
	}
	spoil := func(t *testing.T, f Fault) {
		t.Helper()
		if _, err := s.faults.set(f); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.faults.clear)
	}
	reach := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(server.URL + path) }

	t.Run("a customer buys", func(t *testing.T) {
		do(t, reach("/"),
			chromedp.Click(`//nav//a[text()="Mugs"]`), chromedp.Click(`//h3[text()="Indigo Mug"]`),
			chromedp.Click(`//button[text()="Add to cart"]`), chromedp.Click(`//a[text()="Checkout"]`),
			chromedp.SendKeys("#name", "Ada Potter"), chromedp.SendKeys("#address", "1 Mill Road"), chromedp.SendKeys("#city", "Clayton"),
			chromedp.SendKeys("#card", "4242 4242 4242 4242"), chromedp.SendKeys("#expiry", "04/30"), chromedp.SendKeys("#code", "123"),
			chromedp.Click(`//button[text()="Pay"]`), chromedp.WaitVisible(`//h1[contains(., "Thank you")]`))
		if got := text(t, "[data-testid=order-number]"); !strings.HasPrefix(got, "K-") {
			t.Errorf("the order's number is %q", got)
		}
	})

	t.Run("a customer searches", func(t *testing.T) {
		do(t, reach("/"), chromedp.SendKeys("#find", "teapot\r"), chromedp.WaitVisible(`//h3[text()="Harbour Teapot"]`))
		if got := text(t, "#status"); got != "2 things for “teapot”" {
			t.Errorf("status is %q", got)
		}
		do(t, reach("/search?q=%3Cimg+src%3Dx%3E"), chromedp.WaitVisible(`//p[contains(., "We found nothing for “<img src=x>”.")]`))
		spoil(t, Fault{Kind: ErrorRate, Path: "/api/search"})
		do(t, reach("/search?q=mug"), chromedp.WaitVisible(`//p[@role="alert"][contains(., "does not work right now")]`))
	})

	t.Run("the search page's script throws", func(t *testing.T) {
		thrown := chromedp.Events(tab, runtime.ExceptionThrown)
		spoil(t, Fault{Kind: ScriptException})
		do(t, reach("/search?q=mug"))
		for e, err := range thrown {
			if err != nil {
				t.Fatal(err)
			}
			if message := e.ExceptionDetails.Exception.Description; !strings.Contains(message, "TypeError") {
				t.Errorf("thrown is %s", message)
			}
			break
		}
		if got := text(t, "#status"); got != "Searching…" {
			t.Errorf("status is %q", got)
		}
	})

	t.Run("a dead button", func(t *testing.T) {
		spoil(t, Fault{Kind: BrokenButton, Button: buttonCart})
		do(t, reach("/products/moss-mug"), chromedp.Click(`//button[text()="Add to cart"]`))
		if path := value(t, tab, chromedp.Evaluate[string]("location.pathname")); path != "/products/moss-mug" {
			t.Errorf("the button leads to %s", path)
		}
	})

	const shifts = `new Promise(done => {
		let sum = 0;
		new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; }).observe({type: "layout-shift", buffered: true});
		setTimeout(() => done(sum), %DELAY%);
	})`
	measure := func(t *testing.T, delay string) float64 {
		t.Helper()
		do(t, reach("/story"))
		return value(t, tab, chromedp.Evaluate[float64](strings.ReplaceAll(shifts, "%DELAY%", delay), chromedp.EvalAwaitPromise))
	}
	t.Run("the page jumps", func(t *testing.T) {
		if calm := measure(t, "500"); calm > 0.01 {
			t.Errorf("the whole page shifts by %f", calm)
		}
		spoil(t, Fault{Kind: LayoutShift, Path: "/story"})
		do(t, reach("/story"), chromedp.WaitVisible(".late"))
		if shift := measure(t, "1000"); shift < 0.1 {
			t.Errorf("the broken page shifts by %f only", shift)
		}
	})

	t.Run("the workshop picture is the largest paint", func(t *testing.T) {
		do(t, reach("/story"))
		// Smaller things may be painted first; the picture must follow.
		url := value(t, tab, chromedp.Evaluate[string](`new Promise(done => {
			new PerformanceObserver(list => {
				const last = list.getEntries().at(-1);
				if (last.url) done(last.url);
			}).observe({type: "largest-contentful-paint", buffered: true});
			setTimeout(() => done("no picture"), 20000);
		})`, chromedp.EvalAwaitPromise))
		if !strings.HasSuffix(url, workshopImage) {
			t.Errorf("the largest paint is %q", url)
		}
	})

	t.Run("the inbox keeps itself up to date", func(t *testing.T) {
		v := visit(t, server)
		do(t, reach("/inbox"))
		v.json("POST", "/inbox/webhook", opened).want(t, 204)
		do(t, chromedp.WaitVisible(`//p[contains(., "Pay <b>fails</b>")]`))
	})

	t.Run("the panel's buttons work", func(t *testing.T) {
		t.Cleanup(s.faults.clear)
		do(t, reach("/panel"), chromedp.Click(`//button[text()="Dead Pay button"]`), chromedp.WaitVisible(`//li[contains(., "the button “Pay” does nothing")]`))
		do(t, chromedp.Click(`//button[text()="Remove all"]`), chromedp.WaitVisible(`//p[contains(., "Nothing. The shop works")]`))
	})
}
