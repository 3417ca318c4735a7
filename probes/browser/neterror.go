package browser

import (
	"strings"

	"outrider/probes"
)

// Chromium's network errors (net/base/net_error_list.h) that speak about the
// probing host rather than the site.
var ownErrors = map[string]bool{
	"ERR_INTERNET_DISCONNECTED":    true,
	"ERR_NETWORK_CHANGED":          true,
	"ERR_NETWORK_IO_SUSPENDED":     true,
	"ERR_NETWORK_ACCESS_DENIED":    true,
	"ERR_NETWORK_ACCESS_REVOKED":   true,
	"ERR_INSUFFICIENT_RESOURCES":   true,
	"ERR_OUT_OF_MEMORY":            true,
	"ERR_FILE_NO_SPACE":            true,
	"ERR_ADDRESS_IN_USE":           true,
	"ERR_NO_BUFFER_SPACE":          true,
	"ERR_PROXY_CONNECTION_FAILED":  true,
	"ERR_TUNNEL_CONNECTION_FAILED": true,
	"ERR_CONTEXT_SHUT_DOWN":        true,
}

// netErrorKinds sorts the others by the start of their name, the first that
// fits.
var netErrorKinds = []struct {
	prefix string
	kind   probes.FailureKind
}{
	{"ERR_NAME_", probes.FailResolve},
	{"ERR_DNS_", probes.FailResolve},
	{"ERR_ICANN_NAME_COLLISION", probes.FailResolve},
	{"ERR_CONNECTION_TIMED_OUT", probes.FailTimeout},
	{"ERR_TIMED_OUT", probes.FailTimeout},
	{"ERR_CONNECTION_", probes.FailConnect},
	{"ERR_ADDRESS_", probes.FailConnect},
	{"ERR_SOCKET_", probes.FailConnect},
	{"ERR_NETWORK_", probes.FailConnect},
	{"ERR_SSL_", probes.FailTLS},
	{"ERR_CERT_", probes.FailTLS},
	{"ERR_BAD_SSL_", probes.FailTLS},
	{"ERR_ECH_", probes.FailTLS},
	{"ERR_TLS13_", probes.FailTLS},
	{"ERR_TOO_MANY_REDIRECTS", probes.FailProtocol},
	{"ERR_UNSAFE_REDIRECT", probes.FailProtocol},
	{"ERR_INVALID_REDIRECT", probes.FailProtocol},
	{"ERR_EMPTY_RESPONSE", probes.FailProtocol},
	{"ERR_INVALID_", probes.FailProtocol},
	{"ERR_HTTP", probes.FailProtocol},
	{"ERR_QUIC_", probes.FailProtocol},
	{"ERR_INCOMPLETE_", probes.FailProtocol},
	{"ERR_CONTENT_", probes.FailProtocol},
	{"ERR_RESPONSE_HEADERS_", probes.FailProtocol},
}

// netErrorKind sorts a network error of Chromium, such as
// "net::ERR_CONNECTION_REFUSED". Own is true if it is our trouble, not the
// site's.
func netErrorKind(text string) (kind probes.FailureKind, own bool) {
	name := strings.TrimPrefix(text, "net::")
	if ownErrors[name] {
		return probes.FailProber, true
	}
	for _, k := range netErrorKinds {
		if strings.HasPrefix(name, k.prefix) {
			return k.kind, false
		}
	}
	return probes.FailPage, false
}
