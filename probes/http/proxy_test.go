package http_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"outrider/probes"
	probehttp "outrider/probes/http"
)

// join copies between two connections until both have ended.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		})
	}
	wg.Wait()
}

// httpProxy is a proxy for ann with password pw.
func httpProxy(t testing.TB) (address string, requests *[]string) {
	t.Helper()
	requests = new([]string)
	var tunnels sync.WaitGroup
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		*requests = append(*requests, r.Method+" "+r.Host)
		if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("ann:pw")) {
			w.WriteHeader(nethttp.StatusProxyAuthRequired)
			return
		}
		if r.Method != nethttp.MethodConnect {
			r.RequestURI = ""
			r.Header.Del("Proxy-Authorization")
			resp, err := nethttp.DefaultTransport.RoundTrip(r)
			if err != nil {
				w.WriteHeader(nethttp.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(w, resp.Body)
			return
		}
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(nethttp.StatusBadGateway)
			return
		}
		from, _, err := w.(nethttp.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
		tunnels.Go(func() { join(from, to) })
	}))
	t.Cleanup(func() {
		s.Close()
		tunnels.Wait()
		nethttp.DefaultTransport.(*nethttp.Transport).CloseIdleConnections()
	})
	return s.Listener.Addr().String(), requests
}

// socksProxy speaks SOCKS5 (RFC 1928) without authentication.
func socksProxy(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			clients.Go(func() { defer c.Close(); socks(c) })
		}
	})
	t.Cleanup(func() { l.Close(); clients.Wait() })
	return l.Addr().String()
}

func socks(c net.Conn) {
	r := bufio.NewReader(c)
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return
	}
	_, _ = r.Discard(int(head[1]))
	_, _ = c.Write([]byte{5, 0})
	request := make([]byte, 4)
	if _, err := io.ReadFull(r, request); err != nil {
		return
	}
	length := 4
	if request[3] == 3 {
		n, _ := r.ReadByte()
		length = int(n)
	}
	host := make([]byte, length)
	port := make([]byte, 2)
	_, _ = io.ReadFull(r, host)
	_, _ = io.ReadFull(r, port)
	name := string(host)
	if request[3] == 1 {
		name = net.IP(host).String()
	}
	to, err := net.Dial("tcp", net.JoinHostPort(name, strconv.Itoa(int(port[0])<<8|int(port[1]))))
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}) // connection refused
		return
	}
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(c, to)
}

func TestProxies(t *testing.T) {
	ca := newAuthority(t)
	plain := serve(t, text("hello"))
	secure := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.server(nil)}}, true)
	proxy, requests := httpProxy(t)
	probe := probehttp.New(probehttp.Options{Roots: ca.pool()})
	closed := closedPort(t)

	for name, c := range map[string]struct{ url, proxy, address string }{
		"HTTP over HTTP":   {plain, "http://ann:pw@" + proxy, proxy},
		"HTTPS over HTTP":  {secure, "http://ann:pw@" + proxy, proxy},
		"HTTP over SOCKS":  {plain, "socks5://" + socksProxy(t), ""},
		"HTTPS over SOCKS": {secure, "socks5h://" + socksProxy(t), ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(*requests)
			got, err := run(t, probe, load(t, c.url, "http:\n  - get: ${URL}/\n    proxy: "+c.proxy+"\n    expect: {body: hello}"))
			if err != nil || got.Outcome != probes.Passed {
				t.Fatal(err, got.Failure)
			}
			h := got.Steps[0].HTTP
			if h.Phases.Connect <= 0 || c.address != "" && (h.Address != c.address || len(*requests) != before+1) {
				t.Errorf("%+v, %v", h, *requests)
			}
		})
	}
	for name, c := range map[string]struct{ url, proxy, message string }{
		"HTTP":  {"https://" + closed, "http://ann:pw@" + proxy, "through the proxy: Bad Gateway"},
		"SOCKS": {"http://" + closed, "socks5://" + socksProxy(t), "connection refused"},
	} {
		t.Run("the site is down behind "+name, func(t *testing.T) {
			got, err := run(t, probe, load(t, c.url, "http:\n  - get: ${URL}/\n    proxy: "+c.proxy))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, wantFailure(t, got, probes.FailConnect).Message, c.message)
		})
	}
	for name, c := range map[string]struct{ proxy, message string }{
		"down":        {"http://" + closed, "reach the proxy " + closed},
		"SOCKS, down": {"socks5://" + closed, "reach the proxy " + closed},
		"no password": {"http://" + proxy, "other credentials"},
	} {
		t.Run("the proxy is our own trouble: "+name, func(t *testing.T) {
			got, err := run(t, probe, load(t, secure, "http:\n  - get: ${URL}/\n    proxy: "+c.proxy))
			if err == nil || got.Outcome != probes.Unknown {
				t.Fatalf("outcome %s, failure %+v", got.Outcome, got.Failure)
			}
			contains(t, err.Error(), c.message)
		})
	}
}
