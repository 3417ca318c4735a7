package http

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// untrusted says in one sentence why a certificate was not accepted; it is
// empty if the error is none of a certificate.
func untrusted(err error, host string, now time.Time) string {
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return outOfDate(invalid.Cert, host, now)
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate of %s is not valid: %v", host, strings.TrimPrefix(invalid.Error(), "x509: "))
	case errors.As(err, &authority):
		return unknownAuthority(authority.Cert, host)
	case errors.As(err, &name):
		return wrongName(name, host)
	}
	return ""
}

func outOfDate(c *x509.Certificate, host string, now time.Time) string {
	whose := "the certificate of " + host
	if c.IsCA {
		whose = fmt.Sprintf("the authority's certificate %q of %s", person(c.Subject), host)
	}
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("%s is not valid for another %s (from %s)", whose, days(c.NotBefore.Sub(now)), date(c.NotBefore))
	}
	return fmt.Sprintf("%s expired %s ago (on %s)", whose, days(now.Sub(c.NotAfter)), date(c.NotAfter))
}

func unknownAuthority(c *x509.Certificate, host string) string {
	if c == nil {
		return fmt.Sprintf("the certificate of %s is signed by an unknown authority", host)
	}
	if string(c.RawSubject) == string(c.RawIssuer) {
		return fmt.Sprintf("the certificate of %s is signed by itself, not by a known authority", host)
	}
	return fmt.Sprintf("the certificate of %s is signed by an unknown authority, %q", host, person(c.Issuer))
}

// wrongName lists a few of the names that the certificate is for.
func wrongName(err x509.HostnameError, host string) string {
	const most = 3
	var names []string
	if c := err.Certificate; c != nil {
		names = append(names, c.DNSNames...)
		for _, ip := range c.IPAddresses {
			names = append(names, net.IP(ip).String())
		}
	}
	wanted := err.Host
	if wanted == "" {
		wanted = host
	}
	if len(names) == 0 {
		return fmt.Sprintf("the certificate of %s names no host, so it is not for %s", host, wanted)
	}
	if len(names) > most {
		names = append(names[:most:most], "…")
	}
	return fmt.Sprintf("the certificate of %s is for %s, not for %s", host, strings.Join(names, ", "), wanted)
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
