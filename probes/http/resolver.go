package http

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"outrider/probes"
)

// notFound is the failure of a host name that does not exist.
func (e *exchange) notFound(err *net.DNSError) *probes.Failure {
	kind := ""
	if e.request.IP != "" {
		kind = " of IP version " + string(e.request.IP)
	}
	return &probes.Failure{
		Kind:    probes.FailResolve,
		Message: fmt.Sprintf("the host name %s has no address%s", err.Name, kind),
	}
}

// unresolved sorts lookups that gave neither an address nor the answer that
// there is none. Whether the site's name servers are down or ours cannot be
// told from that: both are silence, or SERVFAIL. So ours are asked for
// something that does not depend on the site.
func (e *exchange) unresolved(ctx context.Context, err *net.DNSError) (*probes.Failure, error) {
	if !e.route.resolverAnswers(ctx) {
		return nil, fmt.Errorf("look up %s: the name servers of this machine do not answer: %s", err.Name, err.Err)
	}
	return &probes.Failure{
		Kind:    probes.FailResolve,
		Message: fmt.Sprintf("the host name %s could not be resolved: %s", err.Name, err.Err),
	}, nil
}

// resolverPatience bounds the question to our own name servers.
const resolverPatience = time.Second

// resolverAnswers tells whether our name servers work: whether they know the
// servers of the root, or answer that they do not.
func (r *route) resolverAnswers(ctx context.Context) bool {
	// The step's own time may be over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolverPatience)
	defer cancel()
	_, err := r.resolver.LookupNS(ctx, ".")
	var failed *net.DNSError
	return err == nil || errors.As(err, &failed) && failed.IsNotFound
}
