package checks

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// oneTimeCode makes the codes that an authenticator app shows: TOTP, RFC 6238.
type oneTimeCode struct {
	key    []byte
	hash   func() hash.Hash
	digits int
	period time.Duration
	// secrets are the forms in which the key is written.
	secrets []Secret
}

// The bounds of a one-time code. RFC 4226 wants six digits or more, and keys of
// 128 bits or more; sites that hand out 80 bits are common all the same.
const (
	leastKey    = 10 // bytes
	mostKey     = 1024
	leastPeriod = 5 * time.Second
	mostPeriod  = 10 * time.Minute
	codePeriod  = 30 * time.Second
)

// at gives the code of a moment (RFC 6238, 4.2; RFC 4226, 5.3).
func (c *oneTimeCode) at(t time.Time) string {
	mac := hmac.New(c.hash, c.key)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(c.step(t)))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	code := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	limit := uint32(1)
	for range c.digits {
		limit *= 10
	}
	return fmt.Sprintf("%0*d", c.digits, code%limit)
}

// step numbers the periods in which a code stays the same.
func (c *oneTimeCode) step(t time.Time) int64 { return t.Unix() / int64(c.period/time.Second) }

// left is how long the code of a moment stays good.
func (c *oneTimeCode) left(t time.Time) time.Duration {
	begun := t.Unix() % int64(c.period/time.Second) // in nanoseconds the years end in 2262
	return c.period - time.Duration(begun)*time.Second - time.Duration(t.Nanosecond())
}

// parseOneTimeCode reads what a site gives for an authenticator app: the key in
// Base32, as shown beside the picture to scan, or the otpauth: URI in the
// picture. Its errors quote nothing of it.
func parseOneTimeCode(text string) (*oneTimeCode, error) {
	text = strings.TrimSpace(text)
	c := &oneTimeCode{hash: sha1.New, digits: 6, period: codePeriod}
	key := text
	if scheme, _, found := strings.Cut(text, "://"); found {
		if !strings.EqualFold(scheme, "otpauth") {
			return nil, errors.New("is neither a Base32 key nor an otpauth: URI")
		}
		u, err := url.Parse(text)
		if err != nil {
			return nil, errors.New("is no valid otpauth: URI")
		}
		if !strings.EqualFold(u.Host, "totp") {
			return nil, errors.New("is no key of codes by time: only otpauth://totp/ can be used")
		}
		query := u.Query()
		if key, err = c.parameters(query), c.invalid(query); err != nil {
			return nil, err
		}
	}
	written := strings.ToUpper(strings.TrimRight(strings.NewReplacer(" ", "", "-", "").Replace(key), "="))
	var err error
	if c.key, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(written); err != nil {
		return nil, errors.New("has no key in Base32 (letters and the digits 2 to 7)")
	}
	if len(c.key) < leastKey || len(c.key) > mostKey {
		return nil, fmt.Errorf("has a key of %d bytes: %d to %d are possible", len(c.key), leastKey, mostKey)
	}
	c.secrets = []Secret{NewSecret(text)}
	for _, form := range []string{key, written} {
		if !slices.ContainsFunc(c.secrets, func(s Secret) bool { return s.Reveal() == form }) {
			c.secrets = append(c.secrets, NewSecret(form))
		}
	}
	return c, nil
}

// parameters takes the parameters of an otpauth: URI and gives its key.
func (c *oneTimeCode) parameters(query url.Values) (key string) {
	switch strings.ToUpper(query.Get("algorithm")) {
	case "SHA256":
		c.hash = sha256.New
	case "SHA512":
		c.hash = sha512.New
	}
	if v := query.Get("digits"); v != "" {
		c.digits, _ = strconv.Atoi(v)
	}
	if v := query.Get("period"); v != "" {
		seconds, _ := strconv.Atoi(v)
		c.period = time.Duration(min(max(seconds, 0), int(mostPeriod/time.Second)+1)) * time.Second
	}
	return query.Get("secret")
}

// invalid says which parameter makes no sense.
func (c *oneTimeCode) invalid(query url.Values) error {
	switch {
	case !slices.Contains([]string{"", "SHA1", "SHA256", "SHA512"}, strings.ToUpper(query.Get("algorithm"))):
		return errors.New("has an unknown algorithm: SHA1, SHA256 and SHA512 are possible")
	case c.digits < 6 || c.digits > 8:
		return errors.New("has a number of digits other than 6, 7 or 8")
	case c.period < leastPeriod || c.period > mostPeriod:
		return fmt.Errorf("has a period outside of %s to %s", leastPeriod, mostPeriod)
	}
	return nil
}

// oneTimeCode finds what makes the codes of a secret.
func (l *loader) oneTimeCode(name string) (*oneTimeCode, error) {
	if c := l.codes[name]; c != nil {
		return c, nil
	}
	value, err := l.secret(name)
	if err != nil {
		return nil, err
	}
	c, err := parseOneTimeCode(value)
	if err != nil {
		return nil, fmt.Errorf("secret %s %w", name, err)
	}
	l.codes[name] = c
	l.derived = append(l.derived, c.secrets...)
	return c, nil
}

// oneTimeCode is ${totp:NAME}.
func (p *templateParser) oneTimeCode(piece, name string) {
	if !secretName.MatchString(name) {
		p.fail(piece, "%q is no name of a secret: write letters, digits, _, - and .", cut(name))
		return
	}
	if p.code == nil {
		p.fail(piece, "one-time codes cannot be used here")
		return
	}
	c, err := p.code(name)
	if err != nil {
		p.fail(piece, "%s", err)
		return
	}
	p.part(part{code: c, escape: p.escape, call: func(s Scope) string {
		code := c.at(s.Functions().now())
		if k, ok := s.(interface{ keepCode(string) }); ok {
			k.keepCode(code)
		}
		return code
	}})
}

// codeMargin is how long a one-time code has to stay good when it is given out:
// it has yet to be typed, sent and looked at.
const codeMargin = 2 * time.Second

// UsedCodes remembers which one-time codes have been given out, since servers
// take each only once (RFC 6238, 5.2). The zero value remembers none yet; nil
// never does. It may be used by many goroutines at once.
type UsedCodes struct {
	mu   sync.Mutex
	last map[string]int64 // by key: the time step of the last code
}

// claim takes the codes of a moment, unless one of them has been taken before.
func (u *UsedCodes) claim(codes []*oneTimeCode, now time.Time, again bool) (used bool) {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range codes {
		if last, ok := u.last[string(c.key)]; ok && last >= c.step(now) && !again {
			return true
		}
	}
	if u.last == nil {
		u.last = map[string]int64{}
	}
	for _, c := range codes {
		u.last[string(c.key)] = c.step(now)
	}
	return false
}

// codeWait is how long to wait for codes that will not expire on their way, and
// that have not been used; zero: they are taken. Where there is no time to wait
// for others, used ones have to do.
func codeWait(scope Scope, codes []*oneTimeCode, within time.Duration) time.Duration {
	f := scope.Functions()
	now := f.now()
	var expired, wait time.Duration
	for _, c := range codes {
		left := c.left(now)
		if wait = max(wait, left); left < codeMargin {
			expired = max(expired, left)
		}
	}
	if expired > 0 {
		return expired
	}
	if f.used().claim(codes, now, wait+codeMargin > within) {
		return wait
	}
	return 0
}

// CodeWait is how long to wait before the text is expanded, so that a one-time
// code in it does not expire on its way and is none that another expansion has
// used (see Functions.Used). If it is zero, the code is taken: ask again after
// each wait. within is the time that there is, a bound for the wait for a code
// that has not been used; the other wait is at most two seconds. The scope's
// clock tells the time.
func (t Template) CodeWait(scope Scope, within time.Duration) time.Duration {
	return codeWait(scope, t.codes(nil), within)
}

// codes adds the one-time codes of the text to a list, each once.
func (t Template) codes(list []*oneTimeCode) []*oneTimeCode {
	for _, p := range t.parts {
		if p.code != nil && !slices.Contains(list, p.code) {
			list = append(list, p.code)
		}
	}
	return list
}

// CodeWait is the same for all texts of a request.
func (r *Request) CodeWait(scope Scope, within time.Duration) time.Duration {
	codes := r.URL.codes(nil)
	for _, fields := range [][]Field{r.Query, r.Headers} {
		for _, f := range fields {
			codes = f.Value.codes(codes)
		}
	}
	if a := r.Auth; a != nil {
		codes = a.Bearer.codes(a.Password.codes(a.Username.codes(codes)))
	}
	if b := r.Body; b != nil {
		codes = b.Text.codes(codes)
		for _, f := range b.Fields {
			codes = f.Value.codes(codes)
		}
	}
	return codeWait(scope, codes, within)
}

// AwaitCode waits as CodeWait of a text or a request says until its codes are
// taken; within is what the context leaves. The error is that of the context.
func AwaitCode(ctx context.Context, of interface {
	CodeWait(scope Scope, within time.Duration) time.Duration
}, scope Scope) error {
	for {
		within := time.Duration(math.MaxInt64)
		if deadline, ok := ctx.Deadline(); ok {
			within = time.Until(deadline)
		}
		wait := of.CodeWait(scope, within)
		if wait <= 0 {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// HasCode tells whether there is a one-time code in the text.
func (t Template) HasCode() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.code != nil })
}

// maxCodes bounds how many one-time codes of a run are kept.
const maxCodes = 50

// keepCode keeps a one-time code that was given out.
func (v *Variables) keepCode(code string) {
	if len(v.codes) < maxCodes && !slices.ContainsFunc(v.codes, func(s Secret) bool { return s.Reveal() == code }) {
		v.codes = append(v.codes, NewSecret(code))
	}
}

// Codes are the one-time codes that were given out so far. Nothing that leaves
// the process may contain one of them.
func (v *Variables) Codes() []Secret { return v.codes }
