package http

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	nethttp "net/http"
	"strings"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// tlsConfig makes the configuration of a run's TLS connections. It has no
// session cache: every run is a first visit.
func (p *Probe) tlsConfig(options *checks.TLSOptions) (*tls.Config, error) {
	config := &tls.Config{
		RootCAs:            p.roots,
		ServerName:         options.ServerName,
		InsecureSkipVerify: options.SkipVerify, // the definition asks for it, and loading warns of it
		Time:               p.now,
	}
	m, err := p.materials.of(options)
	if err != nil {
		return nil, err
	}
	if m != nil {
		if m.roots != nil {
			config.RootCAs = m.roots
		}
		config.Certificates = m.certificates
	}
	return config, nil
}

// describe gives what was agreed in the handshake of an answer's connection.
func (e *exchange) describe(resp *nethttp.Response) *probes.TLS {
	state := resp.TLS
	d := &probes.TLS{
		Version:  version(state.Version),
		Cipher:   tls.CipherSuiteName(state.CipherSuite),
		Verified: len(state.VerifiedChains) > 0,
	}
	certificates(d, state.PeerCertificates)
	if options := &e.request.TLS; options.SkipVerify && len(state.PeerCertificates) > 0 {
		d.Verified = e.journey.probe.verifies(state.PeerCertificates, options, resp.Request.URL.Hostname())
	}
	return d
}

// verifies tells whether a chain that was accepted unseen would have been
// accepted by a customer.
func (p *Probe) verifies(chain []*x509.Certificate, options *checks.TLSOptions, host string) bool {
	config, err := p.tlsConfig(options)
	if err != nil {
		return false
	}
	if options.ServerName != "" {
		host = options.ServerName
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{
		DNSName: host, Roots: config.RootCAs, Intermediates: between, CurrentTime: p.now(),
	})
	return err == nil
}

// refused gives what is known of a certificate that was not accepted, or nil.
func refused(err error) *probes.TLS {
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
		return nil
	}
	d := &probes.TLS{}
	certificates(d, failed.UnverifiedCertificates)
	return d
}

// certificates notes whose certificate it is and when the first of its chain
// expires.
func certificates(d *probes.TLS, chain []*x509.Certificate) {
	if len(chain) == 0 {
		return
	}
	d.Subject, d.Issuer = person(chain[0].Subject), person(chain[0].Issuer)
	if d.Subject == "" && len(chain[0].DNSNames) > 0 {
		d.Subject = chain[0].DNSNames[0] // some authorities leave the subject empty
	}
	var first time.Time
	for _, c := range chain {
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	d.NotAfter = first.UTC()
}

// person gives the name that people know a subject by.
func person(n pkix.Name) string {
	if n.CommonName != "" {
		return n.CommonName
	}
	return n.String()
}

// version writes a TLS version as "1.3".
func version(v uint16) string {
	name, ok := strings.CutPrefix(tls.VersionName(v), "TLS ")
	if !ok {
		return tls.VersionName(v)
	}
	return name
}
