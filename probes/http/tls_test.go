package http_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	probehttp "outrider/probes/http"
)

// authority is a certificate authority for one test.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t}
	cert := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Test Authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotAfter: time.Now().Add(365 * 24 * time.Hour),
	})
	a.cert, a.key = cert.Leaf, cert.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// issue signs a certificate, at first the authority's own.
func (a *authority) issue(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-400 * 24 * time.Hour)
	}
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) server(change func(*x509.Certificate)) tls.Certificate {
	template := &x509.Certificate{
		Subject:  pkix.Name{CommonName: "shop.example"},
		DNSNames: []string{"shop.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(30*24*time.Hour + time.Hour),
	}
	if change != nil {
		change(template)
	}
	return a.issue(template)
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// serveTLS starts a TLS server that speaks HTTP/1.1 and, if wanted, HTTP/2.
func serveTLS(t testing.TB, config *tls.Config, http2 bool) string {
	t.Helper()
	s := httptest.NewUnstartedServer(text("hello"))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = http2
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestTLSDetails(t *testing.T) {
	ca := newAuthority(t)
	url := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(nil)}}, true)
	probe := probehttp.New(probehttp.Options{Roots: ca.pool()})
	got, err := run(t, probe, load(t, url, `
http:
  - get: ${URL}/
    expect: {tls_version: ">= 1.3", certificate_days: "> 29", certificate: valid, body: hello}
  - get: ${URL}/
    protocol: http/1.1
    expect: {certificate_days: "< 31"}
  - get: ${URL}/
    protocol: http/2
`))
	if err != nil || got.Outcome != probes.Passed {
		t.Fatal(err, got.Failure)
	}
	for i, protocol := range []string{"HTTP/2.0", "HTTP/1.1", "HTTP/2.0"} {
		h := got.Steps[i].HTTP
		if h.Protocol != protocol || h.Phases.TLS <= 0 {
			t.Errorf("step %d: %s, TLS took %s", i, h.Protocol, h.Phases.TLS)
		}
		if d := h.TLS; d == nil || d.Version != "1.3" || d.Cipher == "" || d.Issuer != "Test Authority" || d.Subject != "shop.example" || !d.Verified || time.Until(d.NotAfter) > 31*24*time.Hour {
			t.Errorf("step %d: %+v", i, d)
		}
	}
	failure := func() *probes.Failure {
		got, err := run(t, probe, load(t, url, "http:\n  - get: ${URL}/\n    expect: {certificate_days: '> 60'}"))
		if err != nil {
			t.Fatal(err)
		}
		return wantFailure(t, got, probes.FailAssertion)
	}()
	contains(t, failure.Message, "days until the certificate expires", "> 60", "got 30.04")
}

func TestCertificatesThatAreNotAccepted(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	alone := &authority{t: t}
	for name, c := range map[string]struct {
		cert    tls.Certificate
		message []string
	}{
		"expired": {ca.server(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-73 * time.Hour) }),
			[]string{"expired 3 days ago"}},
		"not yet valid": {ca.server(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(49 * time.Hour) }),
			[]string{"not valid for another 2 days"}},
		"wrong host": {ca.server(func(c *x509.Certificate) { c.IPAddresses = nil }),
			[]string{"is for shop.example, not for 127.0.0.1"}},
		"unknown authority": {stranger.server(nil), []string{"unknown authority", "Test Authority"}},
		"self-signed": {alone.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "me"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}),
			[]string{"signed by itself"}},
	} {
		t.Run(name, func(t *testing.T) {
			url := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{c.cert}}, false)
			probe := probehttp.New(probehttp.Options{Roots: ca.pool()})
			got, err := run(t, probe, load(t, url, `http: [{get: "${URL}/"}]`))
			if err != nil {
				t.Fatal(err)
			}
			failure := wantFailure(t, got, probes.FailTLS)
			contains(t, failure.Message, append(c.message, "certificate of 127.0.0.1:")...)
			if d := got.Steps[0].HTTP.TLS; d == nil || d.Verified || !d.NotAfter.Equal(c.cert.Leaf.NotAfter) {
				t.Errorf("%+v", d)
			}
			got, err = run(t, probe, load(t, url, "http:\n  - get: ${URL}/\n    skip_verify: true\n    expect: {certificate: invalid}"))
			if err != nil || got.Outcome != probes.Passed {
				t.Fatal(err, got.Failure)
			}
			if d := got.Steps[0].HTTP.TLS; d == nil || d.Verified || d.Version == "" {
				t.Errorf("unverified: %+v", d)
			}
		})
	}
}

func TestSkipVerifyStillTellsAGoodCertificate(t *testing.T) {
	ca := newAuthority(t)
	url := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(nil)}}, false)
	check := load(t, url, "http:\n  - get: ${URL}/\n    skip_verify: true\n    expect: {certificate: valid}")
	got, err := run(t, probehttp.New(probehttp.Options{Roots: ca.pool()}), check)
	if err != nil || got.Outcome != probes.Passed {
		t.Error(err, got.Failure)
	}
}

func TestOwnAuthorityAndClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	client := ca.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "prober"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	key, err := x509.MarshalECPrivateKey(client.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	url := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{ca.server(nil)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
	}, false)
	check := load(t, url, `http: [{get: "${URL}/"}]`)
	request := check.Journey.Steps[0].Action.(*checks.Request)
	request.TLS.CA = ca.pem()
	probe := probehttp.New(probehttp.Options{})

	got, err := run(t, probe, check)
	if err != nil {
		t.Fatal(err)
	}
	wantFailure(t, got, got.Failure.Kind)

	request.TLS.ClientCert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: client.Certificate[0]})
	request.TLS.ClientKey = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key})
	for range 2 {
		if got, err = run(t, probe, check); err != nil || got.Outcome != probes.Passed {
			t.Fatal(err, got.Failure)
		}
	}

	request.TLS.ClientKey = []byte("no key")
	if _, err = run(t, probe, check); err == nil {
		t.Error("a key that cannot be read is our own trouble")
	}
}

func TestServerNameAndResolve(t *testing.T) {
	ca := newAuthority(t)
	url := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(func(c *x509.Certificate) { c.IPAddresses = nil })}}, false)
	probe := probehttp.New(probehttp.Options{Roots: ca.pool()})
	check := load(t, url, "http:\n  - get: ${URL}/\n    server_name: shop.example")
	if got, err := run(t, probe, check); err != nil || got.Outcome != probes.Passed {
		t.Error(err, got.Failure)
	}
	address := netip.MustParseAddrPort(url[len("https://"):])
	for name, resolve := range map[string]netip.AddrPort{
		"shop.example":     address,
		"shop.example:443": address,
	} {
		check := load(t, url, `http: [{get: "https://Shop.example/"}]`)
		check.Journey.Steps[0].Action.(*checks.Request).Resolve = map[string]netip.AddrPort{name: resolve}
		got, err := run(t, probe, check)
		if err != nil || got.Outcome != probes.Passed {
			t.Fatal(err, got.Failure)
		}
		if h := got.Steps[0].HTTP; h.Address != address.String() || h.Phases.Resolve != 0 {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestHandshakesThatFail(t *testing.T) {
	ca := newAuthority(t)
	plain := serve(t, text("no TLS here"))
	old := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(nil)}, MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}, false)
	only1 := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(nil)}, NextProtos: []string{"http/1.1"}}, false)
	probe := probehttp.New(probehttp.Options{Roots: ca.pool()})
	for name, c := range map[string]struct{ url, options, message string }{
		"no TLS":           {"https" + plain[len("http"):], "", "does not speak TLS"},
		"old TLS":          {old, "", "TLS handshake with 127.0.0.1"},
		"no HTTP/2 on TLS": {only1, "\n    protocol: http/2", "TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := run(t, probe, load(t, c.url, "http:\n  - get: ${URL}/"+c.options))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, wantFailure(t, got, probes.FailTLS).Message, c.message)
		})
	}
}

func TestUnencryptedHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(text("hello"))
	s.Config.Protocols = new(nethttp.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	got := pass(t, s.URL, "http:\n  - get: ${URL}/\n    protocol: http/2\n    expect: {body: hello}\n  - get: ${URL}/\n    protocol: http/2")
	if h := got.Steps[0].HTTP; h.Protocol != "HTTP/2.0" || h.Phases.FirstByte <= 0 {
		t.Errorf("%+v", h)
	}
	if got.Steps[1].HTTP.Phases.Connect != 0 {
		t.Error("the second request connected anew")
	}
	_, err := run(t, probehttp.New(probehttp.Options{}), load(t, serve(t, text("1.1")), "timeout: 2s\nhttp:\n  - get: ${URL}/\n    protocol: http/2"))
	if err != nil {
		t.Error("a server without HTTP/2 is not our own trouble:", err)
	}
}
