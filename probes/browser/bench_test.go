package browser

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

// cpuTime gives the CPU time that the processes on profiles of a folder have
// taken, with that of their dead children, from /proc.
func cpuTime(b *testing.B, temp string) time.Duration {
	b.Helper()
	const tick = 10 * time.Millisecond // sysconf(_SC_CLK_TCK) is 100 on Linux
	var sum time.Duration
	counted := map[int]bool{}
	for _, leader := range chromiumsIn(temp) {
		p, ok := inspect(leader)
		if !ok {
			continue
		}
		for _, pid := range users(p.profile(), p.session) {
			stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			if err != nil || counted[pid] {
				continue
			}
			counted[pid] = true
			fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
			for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
				n, _ := strconv.ParseInt(fields[i], 10, 64)
				sum += time.Duration(n) * tick
			}
		}
	}
	return sum
}

// BenchmarkJourney does a journey of five steps in a fresh context of a shared
// browser, in turns with Outrider and with a bare chromedp script that does the
// same actions, so that both meet the same load of the machine. The CPU time is
// that of the browser's processes; a ratio is Outrider's share of the script's.
func BenchmarkJourney(b *testing.B) {
	server := shop(b, nil)
	ours, bare := outriderJourney(b, server.URL), bareJourney(b, server.URL)
	contestants := []*contestant{ours, bare}
	for _, c := range contestants {
		c.journey() // starts the browser
		c.cpu = -cpuTime(b, c.temp)
	}
	for b.Loop() {
		for _, c := range contestants {
			began := time.Now()
			c.journey()
			c.wall += time.Since(began)
		}
	}
	for _, c := range contestants {
		c.cpu += cpuTime(b, c.temp)
		b.ReportMetric(float64(c.cpu.Milliseconds())/float64(b.N), c.name+"-cpu-ms/op")
		b.ReportMetric(float64(c.wall.Milliseconds())/float64(b.N), c.name+"-ms/op")
	}
	b.ReportMetric(float64(ours.cpu)/float64(bare.cpu), "cpu-ratio")
	b.ReportMetric(float64(ours.wall)/float64(bare.wall), "wall-ratio")
}

// contestant is one way to do the journey, in a browser of its own.
type contestant struct {
	name, temp string
	journey    func()
	cpu, wall  time.Duration
}

// outriderJourney is the journey as Outrider does it.
func outriderJourney(b *testing.B, url string) *contestant {
	check := journeyOf(
		goTo(url+"/"),
		&checks.Click{Target: bySelector("a[href='/mugs.html']")},
		&checks.Click{Target: bySelector("#add")},
		&checks.Click{Target: bySelector("#cart a")},
		&checks.Fill{Target: bySelector("#card"), Value: lit("4242424242424242")},
	)
	c := &contestant{name: "outrider", temp: b.TempDir()}
	probe := newProbe(b, Options{TempDir: c.temp, Logger: slog.New(slog.DiscardHandler), MaxRuns: 1 << 30})
	c.journey = func() { mustPass(b, run(b, probe, check)) }
	return c
}

// bareJourney is the journey as a script for chromedp does it that does nothing
// else: no measuring, no Web Vitals, no care for what goes wrong.
func bareJourney(b *testing.B, url string) *contestant {
	shellPath, _, err := FindChromium(Options{})
	if err != nil || shellPath == "" {
		b.Fatalf("no headless shell: %v", err)
	}
	c := &contestant{name: "bare", temp: b.TempDir()}
	profile, err := newProfile(c.temp)
	if err != nil {
		b.Fatal(err)
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(shellPath), chromedp.UserDataDir(profile.dir))...)
	browser, stop := chromedp.NewContext(allocator)
	b.Cleanup(func() {
		stop()
		cancel()
		killUsers(profile.dir, 0)
		if err := profile.remove(); err != nil {
			b.Error(err)
		}
	})
	do := func(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
		if err := chromedp.Do(ctx, actions...); err != nil {
			b.Fatal(err)
		}
	}
	do(browser)
	clickAndLoad := func(ctx context.Context, selector string) {
		if _, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))); err != nil {
			b.Fatal(err)
		}
	}
	c.journey = func() {
		ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		defer cancel()
		do(ctx, chromedp.EmulateViewport(checks.DefaultViewportWidth, checks.DefaultViewportHeight), chromedp.Navigate(url+"/"))
		clickAndLoad(ctx, "a[href='/mugs.html']")
		do(ctx, chromedp.Click(chromedp.CSS("#add"), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS("#cart a")))
		clickAndLoad(ctx, "#cart a")
		do(ctx, chromedp.SendKeys(chromedp.CSS("#card"), "4242424242424242", chromedp.NodeVisible))
	}
	return c
}

// BenchmarkFlood takes console messages from a page that has sent too many, and
// for comparison those that pass. The ratio is what one that is dropped costs of
// one that passes.
func BenchmarkFlood(b *testing.B) {
	const count = 2000
	message := `{"method":"Runtime.consoleAPICalled","params":{"type":"error","args":[{"type":"string","value":"flood 1"}],"stackTrace":{"callFrames":[` +
		strings.Repeat(`{"functionName":"onload","scriptId":"5","url":"http://127.0.0.1/page","lineNumber":0,"columnNumber":30},`, 5) + `{"scriptId":"6"}]}},"sessionId":"S1"}`
	messages := make([]string, count)
	for i := range messages {
		messages[i] = message
	}
	took := func(known bool) time.Duration {
		g := gateOver(messages...)
		if known {
			g.open("S1")
			g.pages["S1"].noise = maxNoise
		}
		began := time.Now()
		for {
			var msg cdproto.Message
			if err := g.next(&msg); err != nil {
				return time.Since(began)
			}
		}
	}
	var dropped, passed time.Duration
	for b.Loop() {
		dropped += took(true)
		passed += took(false)
	}
	b.ReportMetric(float64(dropped.Nanoseconds())/float64(b.N)/count, "ns/dropped")
	b.ReportMetric(float64(dropped)/float64(passed), "dropped/passed")
	b.ReportMetric(0, "ns/op")
}
