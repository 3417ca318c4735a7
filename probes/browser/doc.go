// Package browser does browser journeys: it drives a real Chromium through
// chromedp as a customer would, with real mouse and keyboard events, and says
// what each step took.
//
// One Chromium process per build (headless shell or full) is shared by all
// runs; every run gets a browser context of its own, so that no cookie, cache
// or storage passes from one run to the next. Monitored pages are hostile
// input: everything that they can make us hold or wait for is bounded.
package browser
