package checks

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	binary.BigEndian.PutUint64(counter[:], uint64(t.Unix()/int64(c.period/time.Second)))
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

// CodeWait is how long to wait before the text is expanded, so that a one-time
// code in it does not expire on its way: zero if there is none, or if it lasts.
// The scope's clock tells the time. What comes back is at most the margin.
func (t Template) CodeWait(scope Scope) time.Duration {
	var wait time.Duration
	for _, p := range t.parts {
		if p.code == nil {
			continue
		}
		if left := p.code.left(scope.Functions().now()); left < codeMargin {
			wait = max(wait, left)
		}
	}
	return wait
}

// CodeWait is the same for all texts of a request.
func (r *Request) CodeWait(scope Scope) time.Duration {
	wait := r.URL.CodeWait(scope)
	for _, fields := range [][]Field{r.Query, r.Headers} {
		for _, f := range fields {
			wait = max(wait, f.Value.CodeWait(scope))
		}
	}
	if a := r.Auth; a != nil {
		wait = max(wait, a.Username.CodeWait(scope), a.Password.CodeWait(scope), a.Bearer.CodeWait(scope))
	}
	if b := r.Body; b != nil {
		wait = max(wait, b.Text.CodeWait(scope))
		for _, f := range b.Fields {
			wait = max(wait, f.Value.CodeWait(scope))
		}
	}
	return wait
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
