package attribution

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

func TestRankNamesWhatMoved(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name       string
		kind       checks.Kind
		change     func(*probes.Run)
		want       Kind
		step, part string
		sentence   string // contained
	}{
		{"server", checks.KindHTTP, func(r *probes.Run) { slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 800*ms) },
			KindPhase, "step 2", "first_byte", "waiting for the first byte in step step 2 ("},
		{"name resolution", checks.KindHTTP, func(r *probes.Run) { slower(&r.Steps[0], &r.Steps[0].HTTP.Phases.Resolve, 300*ms) },
			KindPhase, "step 0", "resolve", "name resolution"},
		{"connecting, everywhere", checks.KindHTTP, func(r *probes.Run) {
			for i := range r.Steps {
				slower(&r.Steps[i], &r.Steps[i].HTTP.Phases.Connect, 200*ms)
			}
		}, KindPhase, "", "connect", "connecting in 5 steps, all at shop.example"},
		{"the whole of a step", checks.KindHTTP, func(r *probes.Run) {
			s := &r.Steps[1]
			p := &s.HTTP.Phases
			for _, phase := range []*time.Duration{&p.Resolve, &p.Connect, &p.TLS, &p.FirstByte, &p.Download} {
				slower(s, phase, 200*ms)
			}
		}, KindStep, "step 1", "total", "step step 1 as a whole"},
		{"larger answer", checks.KindHTTP, func(r *probes.Run) {
			slower(&r.Steps[3], &r.Steps[3].HTTP.Phases.Download, 500*ms)
			r.Steps[3].HTTP.TransferBytes *= 40
			r.Steps[3].HTTP.BodyBytes *= 40
		}, KindSize, "step 3", "transfer", "grew from 9 kB to 360 kB, and with it the download"},
		{"certificate", checks.KindHTTP, func(r *probes.Run) {
			for i := range r.Steps {
				tls := *r.Steps[i].HTTP.TLS
				tls.Issuer = "Other CA"
				r.Steps[i].HTTP.TLS = &tls
			}
			slower(&r.Steps[0], &r.Steps[0].HTTP.Phases.TLS, 400*ms)
		}, KindCertificate, "step 0", "Other CA", "issued by Other CA instead of Good CA, and with it the TLS handshake"},
		{"redirects", checks.KindHTTP, func(r *probes.Run) {
			r.Steps[0].HTTP.Redirects = 3
			slower(&r.Steps[0], &r.Steps[0].HTTP.Phases.FirstByte, 300*ms)
		}, KindRedirect, "step 0", "", "redirected 3 times instead of 0"},
		{"protocol", checks.KindHTTP, func(r *probes.Run) {
			r.Steps[1].HTTP.Protocol = "HTTP/1.1"
			slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, 300*ms)
		}, KindProtocol, "step 1", "HTTP/1.1", "instead of HTTP/2.0"},
		{"new address", checks.KindHTTP, func(r *probes.Run) {
			r.Steps[1].HTTP.Address = "198.51.100.7:443"
			slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, 500*ms)
		}, KindAddress, "step 1", "198.51.100.7:443", "new address 198.51.100.7:443"},
		{"one address of three", checks.KindHTTP, func(r *probes.Run) {
			r.Steps[1].HTTP.Address = "192.0.2.2:443"
			slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, 500*ms)
		}, KindAddress, "step 1", "192.0.2.2:443", "only the address 192.0.2.2:443 of shop.example is slow: all 5 bad runs met it"},
		{"busy prober", checks.KindHTTP, func(r *probes.Run) {
			r.Disturbance = 0.4
			for i := range r.Steps {
				p := &r.Steps[i].HTTP.Phases
				for _, phase := range []*time.Duration{&p.Resolve, &p.Connect, &p.TLS, &p.FirstByte, &p.Download} {
					slower(&r.Steps[i], phase, *phase)
				}
			}
		}, KindHost, "", "", "the probing host itself was disturbed 40 % of the time"},
		{"third party", checks.KindBrowser, func(r *probes.Run) { slower(&r.Steps[4], &r.Steps[4].Resources[1].Time, 900*ms) },
			KindThirdParty, "step 4", "tags.example", "waiting for third party tags.example (/tag.js) in step step 4"},
		{"new third party", checks.KindBrowser, func(r *probes.Run) {
			r.Steps[4].Resources = append(r.Steps[4].Resources, probes.ResourceGroup{Host: "ads.example", Requests: 1})
			slower(&r.Steps[4], &r.Steps[4].Resources[2].Time, 900*ms)
		}, KindThirdParty, "step 4", "ads.example", "third party ads.example in step step 4 (0 ms → "},
		{"own interface", checks.KindBrowser, func(r *probes.Run) {
			slower(&r.Steps[2], &r.Steps[2].Resources[0].Time, 900*ms)
			r.Steps[2].Resources[0].Slowest.Path = "/api/search"
		}, KindResource, "step 2", "shop.example/api/search", "waiting for /api/search of shop.example"},
		{"scripts", checks.KindBrowser, func(r *probes.Run) { r.Steps[3].Duration += 700 * ms },
			KindScript, "step 3", "script", "scripts and drawing in step step 3, which no request explains"},
		{"larger images", checks.KindBrowser, func(r *probes.Run) {
			slower(&r.Steps[2], &r.Steps[2].Resources[0].Time, 900*ms)
			r.Steps[2].Resources[0].TransferBytes = 4_000_000
		}, KindSize, "step 2", "transfer", "what shop.example sends in step step 2 grew from 90 kB to 4 MB"},
		{"layout shift", checks.KindBrowser, func(r *probes.Run) {
			shift := 0.31
			r.Outcome, r.Steps[1].Vitals.CLS = probes.Degraded, &shift
			r.Exceeded = []probes.Exceeded{{Step: "step 1", Measure: "cls", Level: probes.Degraded, Limit: 0.1, Got: shift}}
		}, KindVital, "step 1", "cls", "layout shift of step step 1 went from 0.01 to 0.31"},
		{"paint that no request explains", checks.KindBrowser, func(r *probes.Run) {
			lcp := 4000.0
			r.Outcome, r.Steps[1].Vitals.LCP = probes.Degraded, &lcp
			r.Exceeded = []probes.Exceeded{{Step: "step 1", Measure: "lcp", Level: probes.Degraded, Limit: 2500, Got: lcp}}
		}, KindVital, "step 1", "lcp", "largest contentful paint of step step 1 went from "},
		{"a cause that the browser names", checks.KindBrowser, func(r *probes.Run) {
			shift := 0.31
			r.Outcome, r.Steps[1].Vitals.CLS = probes.Degraded, &shift
			r.Steps[1].Vitals.Causes = &probes.Causes{CLS: &probes.CLSCause{Target: "#banner", Shift: 0.3, At: 1200}}
			r.Exceeded = []probes.Exceeded{{Step: "step 1", Measure: "cls", Level: probes.Degraded, Limit: 0.1, Got: shift}}
		}, KindVital, "step 1", "cls", "layout shift of step step 1 went from 0.01 to 0.31: #banner moved by 0.3, 1.2 s after the start"},
		{"paint that a slow host explains", checks.KindBrowser, func(r *probes.Run) {
			lcp := 4000.0
			slower(&r.Steps[1], &r.Steps[1].Resources[0].Time, 3800*ms)
			r.Outcome, r.Steps[1].Vitals.LCP = probes.Degraded, &lcp
			r.Exceeded = []probes.Exceeded{{Step: "step 1", Measure: "lcp", Level: probes.Degraded, Limit: 2500, Got: lcp}}
		}, KindResource, "step 1", "shop.example", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(7)
			w.kind = c.kind
			p := w.learned(200)
			w.change = c.change
			first(t, p.Rank(w.several(5)), c.want, c.step, c.part, c.sentence)
		})
	}
}

// What a page waits for delays its largest paint, also where a later step of the
// same page waits for it, and even if it is less sure than the paint.
func TestPaintIsAConsequenceOnItsPage(t *testing.T) {
	w := newWorld(7)
	w.kind = checks.KindBrowser
	n := 0
	w.change = func(r *probes.Run) {
		r.Steps[2].HTTP, r.Steps[2].Vitals = nil, nil // it stays on the page of step 1
		n++
		r.Steps[2].Resources[0].Time = time.Duration(n%2*40) * time.Millisecond // sometimes it is there already
	}
	p := w.learned(8)
	usual := w.change
	w.change = func(r *probes.Run) {
		usual(r)
		lcp := 4000.0
		slower(&r.Steps[2], &r.Steps[2].Resources[0].Time, 3800*time.Millisecond)
		r.Outcome, r.Steps[1].Vitals.LCP = probes.Degraded, &lcp
		r.Exceeded = []probes.Exceeded{{Step: "step 2", Measure: "total", Level: probes.Degraded, Limit: 2000, Got: 4000}}
	}
	first(t, p.Rank(w.several(2)), KindResource, "step 2", "shop.example", "")
}

// first holds the first culprit against what is wanted.
func first(t *testing.T, culprits []Culprit, kind Kind, step, part, sentence string) {
	t.Helper()
	if len(culprits) == 0 {
		t.Fatal("no culprit")
	}
	c := culprits[0]
	if c.Kind != kind || c.Step != step || !strings.Contains(c.Part, part) || !strings.Contains(c.Sentence, sentence) {
		text, _ := json.MarshalIndent(culprits, "", " ")
		t.Errorf("want %s %q %q first, saying %q; got %s", kind, step, part, sentence, text)
	}
	for _, c := range culprits {
		if !(c.Share >= 0 && c.Share <= 1) || !(c.Confidence >= 0 && c.Confidence <= 1) || c.Sentence == "" {
			t.Errorf("not a culprit: %+v", c)
		}
	}
}

func TestRankNamesWhatBroke(t *testing.T) {
	const ms = time.Millisecond
	expired := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		kind       checks.Kind
		change     func(*probes.Run)
		want       Kind
		step, part string
		sentence   string
	}{
		{"status", checks.KindHTTP, func(r *probes.Run) {
			fails(r, 1, probes.Failure{Kind: probes.FailAssertion, Message: "status is 503"}).HTTP.Status = 503
		}, KindStatus, "step 1", "503", "shop.example answers step step 1 with status 503 (3 of 3 failed runs)"},
		{"no answer", checks.KindHTTP, func(r *probes.Run) {
			s := fails(r, 2, probes.Failure{Kind: probes.FailTimeout, Message: "timeout"})
			s.HTTP.Status, s.HTTP.Phases.FirstByte, s.HTTP.Phases.Download = 0, 5*time.Second, 0
		}, KindTimeout, "step 2", "first_byte", "the first byte from shop.example never came in step step 2: given up after 5 s, which usually takes 1"},
		{"no connection", checks.KindHTTP, func(r *probes.Run) {
			fails(r, 0, probes.Failure{Kind: probes.FailConnect, Message: "connection refused"}).HTTP.Status = 0
		}, KindConnect, "step 0", "shop.example", "no connection to shop.example in step step 0: connection refused"},
		{"no name", checks.KindHTTP, func(r *probes.Run) {
			fails(r, 0, probes.Failure{Kind: probes.FailResolve, Message: "no such host"}).HTTP.Status = 0
		}, KindResolve, "step 0", "shop.example", "no such host"},
		{"expired", checks.KindHTTP, func(r *probes.Run) {
			s := fails(r, 0, probes.Failure{Kind: probes.FailTLS, Message: "certificate has expired"})
			s.HTTP.Status, s.HTTP.TLS = 0, &probes.TLS{Issuer: "Good CA", NotAfter: expired}
		}, KindCertificate, "step 0", "expired", "expired on 1 March 2026"},
		{"wrong certificate", checks.KindHTTP, func(r *probes.Run) {
			s := fails(r, 0, probes.Failure{Kind: probes.FailTLS, Message: "unknown authority"})
			s.HTTP.Status, s.HTTP.TLS = 0, &probes.TLS{Issuer: "Home CA", NotAfter: expired.AddDate(1, 0, 0)}
		}, KindCertificate, "step 0", "Home CA", "issued by Home CA instead of Good CA, and the handshake fails: unknown authority"},
		{"handshake", checks.KindHTTP, func(r *probes.Run) {
			s := fails(r, 0, probes.Failure{Kind: probes.FailTLS, Message: "no common version"})
			s.HTTP.Status, s.HTTP.TLS = 0, nil
		}, KindTLS, "step 0", "shop.example", "no common version"},
		{"wrong content", checks.KindHTTP, func(r *probes.Run) {
			fails(r, 3, probes.Failure{Kind: probes.FailAssertion, Message: "$.total is 0", Expected: ">= 1", Got: "0"})
		}, KindAssertion, "step 3", "", "$.total is 0"},
		{"exception", checks.KindBrowser, func(r *probes.Run) {
			fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
			r.Steps[2].Exception = "TypeError: x is null"
		}, KindException, "step 2", "TypeError", "a script of the page threw in step step 2: TypeError: x is null"},
		{"request that fails", checks.KindBrowser, func(r *probes.Run) {
			s := fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
			s.Exception = "Error: it went wrong"
			s.Resources[0].Failed, s.Resources[0].Broken = 1, &probes.Resource{Path: "/api/pay", Status: 500}
		}, KindResource, "step 3", "shop.example/api/pay", "/api/pay of shop.example failed in step step 3: status 500"},
		{"third party that fails", checks.KindBrowser, func(r *probes.Run) {
			s := fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
			s.Resources[1].Failed, s.Resources[1].Broken = 1, &probes.Resource{Path: "/tag.js", Error: "net::ERR_CONNECTION_REFUSED"}
		}, KindThirdParty, "step 3", "tags.example", "net::ERR_CONNECTION_REFUSED"},
		{"request that hangs", checks.KindBrowser, func(r *probes.Run) {
			s := fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
			s.HTTP, s.Duration = nil, 5*time.Second
			s.Resources = []probes.ResourceGroup{{Host: "shop.example", FirstParty: true, Requests: 1, Pending: 1, Time: 5 * time.Second, Slowest: &probes.Resource{Path: "/api/pay", Type: "fetch"}}}
		}, KindResource, "step 3", "shop.example/api/pay", "not answered in step step 3: given up after 5 s"},
		{"button that does nothing", checks.KindBrowser, func(r *probes.Run) {
			fails(r, 3, probes.Failure{Kind: probes.FailAssertion, Message: "no thanks"})
			r.Steps[2].HTTP, r.Steps[2].Resources = nil, nil
			r.Steps[2].Duration = 30 * ms
		}, KindAction, "step 2", "page", "step step 2 leads to no page any more: it did in 100 % of the runs before"},
		{"missing element", checks.KindBrowser, func(r *probes.Run) {
			fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
		}, KindElement, "step 3", "", "button was not found"},
		{"outside of any step", checks.KindHTTP, func(r *probes.Run) {
			r.Steps, r.Outcome = nil, probes.Failed
			r.Failure = &probes.Failure{Kind: probes.FailTimeout, Message: "not finished within 30s"}
		}, KindTimeout, "", "", "not finished within 30s"},
		{"time was used up before", checks.KindHTTP, func(r *probes.Run) {
			slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, 4*time.Second)
			s := fails(r, 2, probes.Failure{Kind: probes.FailTimeout, Message: "timeout"})
			s.HTTP.Status, s.HTTP.Phases.Download = 0, 0
		}, KindPhase, "step 1", "first_byte", "of the extra 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(11)
			w.kind = c.kind
			p := w.learned(100)
			w.change = c.change
			first(t, p.Rank(w.several(3)), c.want, c.step, c.part, c.sentence)
		})
	}
}

// What always was so is not to blame.
func TestUsualTroubleIsNoCulprit(t *testing.T) {
	w := newWorld(3)
	w.kind = checks.KindBrowser
	usual := func(r *probes.Run) {
		r.Steps[2].Exception = "always the same"
		r.Steps[2].Resources[1].Failed, r.Steps[2].Resources[1].Broken = 1, &probes.Resource{Path: "/beacon", Status: 404}
		r.Steps[1].HTTP = nil
	}
	w.change = usual
	p := w.learned(50)
	w.change = func(r *probes.Run) {
		usual(r)
		fails(r, 3, probes.Failure{Kind: probes.FailElement, Message: "button was not found"})
	}
	first(t, p.Rank(w.several(3)), KindElement, "step 3", "", "button was not found")
}

func TestFailuresComeFirst(t *testing.T) {
	w := newWorld(5)
	p := w.learned(100)
	w.change = func(r *probes.Run) { slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 800*time.Millisecond) }
	slow := w.several(2)
	w.change = func(r *probes.Run) {
		fails(r, 1, probes.Failure{Kind: probes.FailAssertion, Message: "status"}).HTTP.Status = 500
	}
	broken := w.several(2)
	first(t, p.Rank(append(slow, broken...)), KindStatus, "step 1", "500", "")
	// One failed run among many slow ones is told after these.
	first(t, p.Rank(append(slow, broken[0])), KindPhase, "step 2", "first_byte", "")
}

func TestRankWithoutReference(t *testing.T) {
	w := newWorld(5)
	w.change = func(r *probes.Run) { slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 3*time.Second) }
	var p Profile
	culprits := p.Rank(w.several(1))
	first(t, culprits, KindPhase, "step 2", "first_byte", "nothing is known yet of what is usual; ")
	if culprits[0].Confidence != 0 || culprits[0].Was != 0 {
		t.Errorf("%+v", culprits[0])
	}
	w.change = func(r *probes.Run) {
		fails(r, 1, probes.Failure{Kind: probes.FailAssertion, Message: "status"}).HTTP.Status = 500
	}
	first(t, p.Rank(w.several(1)), KindStatus, "step 1", "500", "")
	if got := p.Rank(nil); len(got) != 0 {
		t.Errorf("no runs, but culprits %+v", got)
	}
	if got := p.Rank([]*probes.Run{nil, {Outcome: probes.Unknown}, {Outcome: probes.Failed}, {Outcome: probes.Passed}}); len(got) != 0 {
		t.Errorf("runs that say nothing, but culprits %+v", got)
	}
}

// Good runs on the other addresses make sure that one is slow, and good runs on
// the same that it is not.
func TestGoodRunsTellAddressesApart(t *testing.T) {
	at := func(address string, slow bool) func(*probes.Run) {
		return func(r *probes.Run) {
			r.Steps[1].HTTP.Address = address
			if slow {
				slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, 500*time.Millisecond)
			}
		}
	}
	for _, c := range []struct {
		good string
		want Kind
	}{{"192.0.2.1:443", KindAddress}, {"192.0.2.2:443", KindPhase}} {
		w := newWorld(9)
		p := w.learned(200)
		w.change = at("192.0.2.2:443", true)
		bad := w.several(2)
		w.change = at(c.good, false)
		first(t, p.Rank(bad, w.several(6)...), c.want, "step 1", "", "")
	}
}

// What the profile has learned since trouble began does not hide what moved.
func TestTroubleThatIsNoticedLate(t *testing.T) {
	change := map[string]func(*probes.Run){
		"phase": func(r *probes.Run) { slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 150*time.Millisecond) },
		"protocol": func(r *probes.Run) {
			r.Steps[2].HTTP.Protocol = "HTTP/1.1"
			slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.Connect, 300*time.Millisecond)
		},
		"certificate": func(r *probes.Run) {
			for i := range r.Steps {
				r.Steps[i].HTTP.TLS = &probes.TLS{Issuer: "Other CA"}
			}
			slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.TLS, 300*time.Millisecond)
		},
		"address": func(r *probes.Run) {
			r.Steps[2].HTTP.Address = "198.51.100.7:443"
			slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 300*time.Millisecond)
		},
	}
	for _, c := range []struct {
		name string
		want Kind
		step string
	}{{"phase", KindPhase, "step 2"}, {"protocol", KindProtocol, "step 2"}, {"certificate", KindCertificate, "step 2"}, {"address", KindAddress, "step 2"}} {
		for _, late := range []int{1, 30, 64} {
			w := newWorld(21)
			p := w.learned(200)
			w.change = change[c.name]
			since := w.now.Add(time.Second)
			runs := w.several(late + 3)
			for _, run := range runs {
				p.Observe(run, false)
			}
			data := encoded(t, p)
			first(t, p.Before(since).Rank(runs[late:]), c.want, c.step, "", "")
			if late == 1 {
				first(t, p.Rank(runs), c.want, c.step, "", "") // by the first run itself
			}
			if !bytes.Equal(data, encoded(t, p)) {
				t.Error("to look back changed the profile")
			}
		}
	}
}
