package checks

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// httpDraft is how requests are sent, while it is read: for a whole journey,
// or for one step on top of that.
type httpDraft struct {
	HTTPOptions
	headers []Field
	auth    *Auth
	uses    []variableUse
	certPos *yaml.Node // of client_cert or client_key
	skipPos Position
}

var httpKeys = []key[httpDraft]{
	{name: "headers", doc: "Headers to send; a list sends one several times.", form: fieldsForm, read: readHeaders, instead: []string{"header"}},
	{name: "basic", doc: "User name and password (RFC 7617).", form: ref("basic"), read: readBasic, instead: []string{"auth", "basic_auth"}},
	{name: "bearer", doc: "A bearer token (RFC 6750), such as ${secret:API_TOKEN}.", form: textForm, read: readBearer, instead: []string{"token", "bearer_token"}},
	{name: "redirects", doc: "follow (up to 10), a number (the most that are followed), none (a redirect is an answer like any other) or forbid. Default: follow.",
		form: anyOf(form{"enum": []string{"follow", "none", "forbid"}}, form{"type": "integer", "minimum": 0, "maximum": maxRedirectLimit}, variableForm),
		read: readRedirects, instead: []string{"follow", "follow_redirects", "redirect"}},
	{name: "protocol", doc: "The HTTP version to speak. Default: any, as browsers do.", form: form{"enum": protocolNames[:]}, read: readProtocol, instead: []string{"http_version", "version"}},
	{name: "ip", doc: "The IP version to connect with. Default: any.", form: form{"enum": []any{"any", 4, 6, "4", "6"}}, read: readIP, instead: []string{"ip_version"}},
	{name: "resolve", doc: "Addresses to use instead of name resolution, by host or host:port.", form: mapOf(textForm), read: readResolve, instead: []string{"hosts"}},
	{name: "proxy", doc: "URL of an HTTP or SOCKS5 proxy.", form: textForm, read: readProxy},
	{name: "ca", doc: "File with the CA certificates (PEM) to trust instead of the system's.", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { readCA(d, n, o) }, instead: []string{"ca_file", "cacert"}},
	{name: "client_cert", doc: "File with the client certificate (PEM); goes with client_key.", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { o.certPos = n; set(&o.TLS.ClientCert)(d.pem(n)) }, instead: []string{"cert"}},
	{name: "client_key", doc: "File with the client certificate's key (PEM).", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { o.certPos = n; set(&o.TLS.ClientKey)(d.pem(n)) }, instead: []string{"key"}},
	{name: "skip_verify", doc: "Accept any certificate. Anyone in between can then answer in the site's place.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) {
			set(&o.TLS.SkipVerify)(d.boolean(n))
			o.skipPos = d.at(n)
		}, instead: []string{"insecure", "insecure_skip_verify", "ignore_certificate"}},
	{name: "server_name", doc: "The name to ask and verify the certificate for. Default: the URL's host.", form: textForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { set(&o.TLS.ServerName)(d.text(n, "a host name")) }, instead: []string{"sni"}},
	{name: "max_body", doc: "The longest body that is accepted, after decompression. Default: 10MiB.", form: sizeForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { set(&o.MaxBody)(d.bytes(n, 0, 1<<30)) }},
	{name: "max_header", doc: "The longest header that is accepted. Default: 1MiB.", form: sizeForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { set(&o.MaxHeader)(d.bytes(n, 256, 16<<20)) }},
	{name: "trace", doc: "Send a W3C traceparent header, so that a run leads to its backend trace.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, o *httpDraft) { set(&o.Trace)(d.boolean(n)) }, instead: []string{"traceparent", "tracing"}},
}

var httpOptionsObject = object[httpDraft]{name: "http_options", noun: "http_options",
	doc: "How requests are sent: for a whole journey, or in a step for its request.", keys: httpKeys}

var basicObject = object[Auth]{name: "basic", noun: "basic", doc: "User name and password.",
	sample: `a user name and a password, such as {username: ann, password: "${secret:SHOP_PASSWORD}"}`,
	keys: []key[Auth]{
		{name: "username", doc: "The user name.", form: textForm,
			read: func(d *decoder, n *yaml.Node, a *Auth) { set(&a.Username)(d.template(n)) }, instead: []string{"user"}},
		{name: "password", doc: "The password, such as ${secret:SHOP_PASSWORD}.", form: textForm,
			read: func(d *decoder, n *yaml.Node, a *Auth) { set(&a.Password)(d.template(n)) }, instead: []string{"pass"}},
	},
	rules: form{"required": []string{"username"}}}

// readHTTPOptions reads the options of a whole journey.
func (d *decoder) readHTTPOptions(n *yaml.Node, o *httpDraft) {
	outer := d.uses
	d.uses = nil
	o.certPos = nil
	httpOptionsObject.decode(d, n, o)
	d.checkClientCert(o)
	o.uses = append(slices.Clip(o.uses), d.uses...)
	d.uses = outer
}

func readHeaders(d *decoder, n *yaml.Node, o *httpDraft) {
	added := d.headers(n)
	// What is nearer replaces headers of the same name.
	kept := slices.DeleteFunc(slices.Clone(o.headers), func(old Field) bool {
		return slices.ContainsFunc(added, func(f Field) bool { return strings.EqualFold(f.Name, old.Name) })
	})
	o.headers = append(kept, added...)
}

func readBasic(d *decoder, n *yaml.Node, o *httpDraft) {
	var a Auth
	if _, ok := basicObject.decode(d, n, &a); !ok {
		return
	}
	if a.Username.IsZero() {
		d.problem(n, "needs username and password")
	}
	d.warnLiteralSecret(n, "password", a.Password)
	d.deriveBasic(&a)
	o.auth = &a
}

// deriveBasic keeps what user name and password travel as: Base64 of both
// together.
func (d *decoder) deriveBasic(a *Auth) {
	if !a.Password.HasSecret() && !a.Username.HasSecret() {
		return
	}
	user, ok1 := a.Username.Constant()
	password, ok2 := a.Password.Constant()
	if ok1 && ok2 {
		d.derived = append(d.derived, NewSecret(user+":"+password))
	}
}

func readBearer(d *decoder, n *yaml.Node, o *httpDraft) {
	t, ok := d.template(n)
	if !ok {
		return
	}
	if t.IsZero() {
		d.problem(n, "is empty: write a token such as ${secret:API_TOKEN}")
	}
	d.warnLiteralSecret(n, "token", t)
	o.auth = &Auth{Bearer: t}
}

// warnLiteralSecret warns of a password that stands in the file.
func (d *decoder) warnLiteralSecret(n *yaml.Node, what string, t Template) {
	if len(t.parts) == 1 && t.parts[0].constant() && !t.HasSecret() && !strings.Contains(t.source, "${") {
		d.warn(d.at(n), "the %s stands in the file and is shown in logs: write ${secret:NAME}", what)
	}
}

const maxRedirectLimit = 50

func readRedirects(d *decoder, n *yaml.Node, o *httpDraft) {
	write := fmt.Sprintf("follow, none, forbid or a number up to %d", maxRedirectLimit)
	v, ok := parsed(d, n, write, func(s string) (int, error) {
		switch s {
		case "follow":
			return DefaultMaxRedirects, nil
		case "none":
			return 0, nil
		case "forbid":
			return -1, nil
		}
		v, err := strconv.Atoi(s)
		if err != nil || v < 0 || v > maxRedirectLimit {
			return 0, errors.New("write " + write)
		}
		return v, nil
	})
	if ok {
		o.MaxRedirects, o.ForbidRedirects = max(v, 0), v < 0
	}
}

var protocolNames = [...]string{"any", string(ProtocolHTTP1), string(ProtocolHTTP2)}

func readProtocol(d *decoder, n *yaml.Node, o *httpDraft) {
	if p, ok := choice[Protocol](d, n, protocolNames[:]); ok {
		if p == "any" {
			p = ProtocolAny
		}
		o.Protocol = p
	}
}

func readIP(d *decoder, n *yaml.Node, o *httpDraft) {
	if v, ok := choice[IPVersion](d, n, []string{"any", "4", "6"}); ok {
		if v == "any" {
			v = IPAny
		}
		o.IP = v
	}
}

func readResolve(d *decoder, n *yaml.Node, o *httpDraft) {
	resolve := maps.Clone(o.Resolve)
	if resolve == nil {
		resolve = map[string]netip.AddrPort{}
	}
	entries, _ := d.entries(n, "hosts with their addresses, such as {shop.example: 127.0.0.1}")
	for _, e := range entries {
		host, ok := d.constant(e.key, e.name)
		if !ok {
			continue
		}
		if host == "" || strings.ContainsAny(host, "/ @") {
			d.problem(e.key, "found %q: write a host or host:port", cut(host))
			continue
		}
		if address, ok := parsed(d, e.value, "an address such as 127.0.0.1 or 127.0.0.1:8443", parseAddress); ok {
			resolve[strings.ToLower(host)] = address
		}
	}
	o.Resolve = resolve
}

// parseAddress reads an IP address with or without a port; port 0 keeps the
// port of the URL.
func parseAddress(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a, nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.AddrPort{}, errors.New("write an address such as 127.0.0.1, 127.0.0.1:8443 or [::1]:8443")
	}
	return netip.AddrPortFrom(a, 0), nil
}

func readProxy(d *decoder, n *yaml.Node, o *httpDraft) {
	t, ok := d.template(n)
	if !ok {
		return
	}
	if text, constant := t.Constant(); constant && text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			d.problem(n, "found %q: write a URL such as http://proxy:3128 or socks5://proxy:1080", cut(t.source))
		}
	}
	o.Proxy = t
}

// pem reads a PEM file, or PEM text that stands in the definition.
func (d *decoder) pem(n *yaml.Node) ([]byte, bool) {
	text, ok := d.text(n, "the path of a PEM file")
	if !ok {
		return nil, false
	}
	if strings.HasPrefix(strings.TrimSpace(text), "-----BEGIN ") {
		return []byte(text), true
	}
	return d.readFile(n, text, maxPEM)
}

func readCA(d *decoder, n *yaml.Node, o *httpDraft) {
	data, ok := d.pem(n)
	if !ok {
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		d.problem(n, "holds no certificate: write the path of a PEM file")
		return
	}
	o.TLS.CA = data
}

// checkClientCert tells whether certificate and key go together.
func (d *decoder) checkClientCert(o *httpDraft) {
	if o.certPos == nil {
		return
	}
	switch cert, key := len(o.TLS.ClientCert) > 0, len(o.TLS.ClientKey) > 0; {
	case cert && key:
		if _, err := tls.X509KeyPair(o.TLS.ClientCert, o.TLS.ClientKey); err != nil {
			d.problem(o.certPos, "client_cert and client_key do not go together: %s", strings.TrimPrefix(err.Error(), "tls: "))
		}
	case cert:
		d.problem(o.certPos, "client_cert needs client_key")
	case key:
		d.problem(o.certPos, "client_key needs client_cert")
	}
}
