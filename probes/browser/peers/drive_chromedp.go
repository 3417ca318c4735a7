package main

import (
	"context"
	"os"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

// The journey as a script for chromedp does it that does nothing else: no
// measuring, no Web Vitals, no care for what goes wrong.

// allocate gives what starts Chromium.
func allocate(binary string) (context.Context, context.CancelFunc) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	return chromedp.NewExecAllocator(context.Background(), options...)
}

// sharedChromedp does each journey in a new context of one browser.
func sharedChromedp(shop, binary string) (journeyer, func(), error) {
	allocator, cancel := allocate(binary)
	browser, stop := chromedp.NewContext(allocator)
	end := func() {
		stop()
		cancel()
	}
	if err := chromedp.Do(browser); err != nil {
		end()
		return nil, nil, err
	}
	return func(context.Context) error {
		tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		defer closeTab()
		return script(tab, shop)
	}, end, nil
}

// freshChromedp does each journey in a browser of its own.
func freshChromedp(shop, binary string) journeyer {
	return func(context.Context) error {
		allocator, cancel := allocate(binary)
		defer cancel()
		tab, closeTab := chromedp.NewContext(allocator)
		defer closeTab()
		return script(tab, shop)
	}
}

// script is the journey.
func script(tab context.Context, shop string) error {
	if err := chromedp.Do(tab,
		chromedp.EmulateViewport(checks.DefaultViewportWidth, checks.DefaultViewportHeight),
		chromedp.Navigate(shop+"/"),
	); err != nil {
		return err
	}
	for _, selector := range []string{
		`nav a[href="/category/mugs"]`, `main a[href="/products/indigo-mug"]`, `main form[action="/cart"] button`, `main a[href="/checkout"]`,
	} {
		click := chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
		if _, err := chromedp.Run(tab, chromedp.WaitEvent(page.LoadEventFired, nil, click)); err != nil {
			return err
		}
	}
	return nil
}
