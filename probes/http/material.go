package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	"outrider/checks"
)

// material is what a definition's PEM texts say, parsed once and used by all
// runs: parsing costs more than a request.
type material struct {
	roots        *x509.CertPool // nil: none of its own
	certificates []tls.Certificate
}

// materials keeps parsed material. The zero value is ready.
type materials struct {
	mu   sync.Mutex
	kept map[materialKey]*material
}

// materialKey tells definitions' PEM texts apart by where they are in memory:
// they never change, and while the key is kept nothing else can be there.
type materialKey struct{ ca, cert, key *byte }

// maxMaterials bounds what is kept; reloaded definitions leave old ones behind.
const maxMaterials = 1024

// of gives the material of a request's options; nil if there is none.
func (m *materials) of(options *checks.TLSOptions) (*material, error) {
	key := materialKey{first(options.CA), first(options.ClientCert), first(options.ClientKey)}
	if key == (materialKey{}) {
		return nil, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.kept[key]; known != nil {
		return known, nil
	}
	parsed, err := parseMaterial(options)
	if err != nil {
		return nil, err
	}
	if m.kept == nil || len(m.kept) >= maxMaterials {
		m.kept = map[materialKey]*material{}
	}
	m.kept[key] = parsed
	return parsed, nil
}

func first(text []byte) *byte {
	if len(text) == 0 {
		return nil
	}
	return &text[0]
}

func parseMaterial(options *checks.TLSOptions) (*material, error) {
	parsed := &material{}
	if len(options.CA) > 0 {
		parsed.roots = x509.NewCertPool()
		if !parsed.roots.AppendCertsFromPEM(options.CA) {
			return nil, errors.New("the definition's CA has no certificate in it: it must be PEM")
		}
	}
	if len(options.ClientCert) > 0 || len(options.ClientKey) > 0 {
		pair, err := tls.X509KeyPair(options.ClientCert, options.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("read the definition's client certificate: %w", err)
		}
		parsed.certificates = []tls.Certificate{pair}
	}
	return parsed, nil
}
