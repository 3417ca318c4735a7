package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	nethttp "net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"outrider/checks"
)

// route is a way to servers: requests of one run with the same options share
// it, and with it its connections. It is made for one run, so that every run
// connects anew.
type route struct {
	probe    *Probe
	options  *checks.HTTPOptions
	address  string   // proxy as text, to tell routes apart
	proxy    *url.URL // nil: none
	network  string   // tcp, tcp4 or tcp6
	resolver *net.Resolver

	plain  *nethttp.Transport // http
	secure *nethttp.Transport // https

	mu     sync.Mutex
	conns  []net.Conn
	closed bool
}

var errClosed = errors.New("the run has ended")

// route gives the run's route for the options; it makes one if there is none.
func (j *journey) route(options *checks.HTTPOptions) (*route, error) {
	address, err := options.Proxy.Expand(j.scope)
	if err != nil {
		return nil, &variableError{"proxy: " + err.Error()}
	}
	for _, r := range j.routes {
		if r.address == address && sameRoute(r.options, options) {
			return r, nil
		}
	}
	r := &route{probe: j.probe, options: options, address: address, network: "tcp" + string(options.IP)}
	r.resolver = r.newResolver()
	if address != "" {
		// Of the address nothing is shown: it may contain a password.
		if r.proxy, err = url.Parse(address); err != nil || r.proxy.Host == "" {
			return nil, errors.New("the proxy's address is no URL such as http://proxy:3128")
		}
		switch r.proxy.Scheme {
		case "http", "https", "socks5", "socks5h":
		default:
			return nil, fmt.Errorf("proxies of kind %q are not known: write http, https, socks5 or socks5h", r.proxy.Scheme)
		}
	}
	j.routes = append(j.routes, r)
	return r, nil
}

// sameRoute tells whether two requests may share connections.
func sameRoute(a, b *checks.HTTPOptions) bool {
	return a == b || a.Protocol == b.Protocol && a.IP == b.IP && a.MaxHeader == b.MaxHeader &&
		a.TLS.SkipVerify == b.TLS.SkipVerify && a.TLS.ServerName == b.TLS.ServerName &&
		bytes.Equal(a.TLS.CA, b.TLS.CA) && bytes.Equal(a.TLS.ClientCert, b.TLS.ClientCert) &&
		bytes.Equal(a.TLS.ClientKey, b.TLS.ClientKey) && maps.Equal(a.Resolve, b.Resolve)
}

// RoundTrip implements http.RoundTripper. There is a transport for each
// scheme, made when it is needed: one that might speak HTTP/2 over TLS costs
// a plain request a tenth of its time in preparations.
func (r *route) RoundTrip(req *nethttp.Request) (*nethttp.Response, error) {
	if req.URL.Scheme == "https" {
		if r.secure == nil {
			config, err := r.probe.tlsConfig(&r.options.TLS)
			if err != nil {
				return nil, &proberError{err}
			}
			r.secure = r.transport(r.protocols(true))
			r.secure.TLSClientConfig = config
		}
		return r.secure.RoundTrip(req)
	}
	if r.plain == nil {
		r.plain = r.transport(r.protocols(r.proxy != nil && r.proxy.Scheme == "https"))
	}
	return r.plain.RoundTrip(req)
}

// protocols are the HTTP versions to offer.
func (r *route) protocols(secure bool) *nethttp.Protocols {
	var p nethttp.Protocols
	switch {
	case r.options.Protocol == checks.ProtocolHTTP1:
		p.SetHTTP1(true)
	case r.options.Protocol == checks.ProtocolHTTP2 && secure:
		p.SetHTTP2(true)
	case r.options.Protocol == checks.ProtocolHTTP2:
		p.SetUnencryptedHTTP2(true)
	default:
		p.SetHTTP1(true)
		p.SetHTTP2(secure)
	}
	return &p
}

func (r *route) transport(protocols *nethttp.Protocols) *nethttp.Transport {
	maxHeader := r.options.MaxHeader
	if maxHeader <= 0 {
		maxHeader = checks.DefaultMaxHeader
	}
	t := &nethttp.Transport{
		DialContext: r.dial,
		// Decompression is ours, so that bytes on the wire can be counted and
		// what they expand to be bounded.
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		ExpectContinueTimeout:  time.Second,
		Protocols:              protocols,
	}
	if r.proxy != nil {
		t.Proxy = nethttp.ProxyURL(r.proxy)
	}
	return t
}

// dial opens a connection, with the definition's own addresses for hosts.
func (r *route) dial(ctx context.Context, _, address string) (net.Conn, error) {
	dial := r.probe.dial
	if dial == nil {
		// Connections are short-lived: asking the kernel to keep them alive
		// would be four system calls for nothing.
		dialer := net.Dialer{Resolver: r.resolver, KeepAlive: -1}
		dial = dialer.DialContext
	}
	return r.keep(dial(ctx, r.network, r.override(address)))
}

// newResolver makes the route's resolver. It shares nothing with other runs:
// neither lookups that are under way nor the connections to name servers,
// which Go's resolver would leave open for seconds after it was told to stop.
func (r *route) newResolver() *net.Resolver {
	template := r.probe.template
	return &net.Resolver{
		PreferGo:     template.PreferGo,
		StrictErrors: template.StrictErrors,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if template.Dial != nil {
				return r.keep(template.Dial(ctx, network, address))
			}
			var dialer net.Dialer
			return r.keep(dialer.DialContext(ctx, network, address))
		},
	}
}

// keep notes a connection, so that it ends with the run.
func (r *route) keep(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed { // a transport goes on dialling for requests that were given up
		conn.Close()
		return nil, errClosed
	}
	r.conns = append(r.conns, conn)
	return conn, nil
}

// override gives the address that the definition wants for a host, or for one
// port of it.
func (r *route) override(address string) string {
	if len(r.options.Resolve) == 0 {
		return address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	host = strings.ToLower(host)
	to, ok := r.options.Resolve[net.JoinHostPort(host, port)]
	if !ok {
		if to, ok = r.options.Resolve[host]; !ok {
			return address
		}
	}
	if to.Port() == 0 {
		return net.JoinHostPort(to.Addr().String(), port)
	}
	return netip.AddrPortFrom(to.Addr(), to.Port()).String()
}

// close ends all connections: politely those that are idle, and the rest, too.
func (r *route) close() {
	if r.plain != nil {
		r.plain.CloseIdleConnections()
	}
	if r.secure != nil {
		r.secure.CloseIdleConnections()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, conn := range r.conns {
		conn.Close()
	}
}

// proberError is trouble of our own that comes up within a request.
type proberError struct{ err error }

func (e *proberError) Error() string { return e.err.Error() }
func (e *proberError) Unwrap() error { return e.err }
