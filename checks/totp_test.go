package checks

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"
)

// The test vectors of RFC 6238, appendix B. Its text leaves out that the keys
// of SHA-256 and SHA-512 are as long as their results.
func TestOneTimeCode(t *testing.T) {
	digits := strings.Repeat("1234567890", 7)
	keys := map[string]struct {
		hash func() hash.Hash
		key  string
	}{"SHA1": {sha1.New, digits[:20]}, "SHA256": {sha256.New, digits[:32]}, "SHA512": {sha512.New, digits[:64]}}
	for _, tt := range []struct {
		unix                 int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for name, want := range map[string]string{"SHA1": tt.sha1, "SHA256": tt.sha256, "SHA512": tt.sha512} {
			k := keys[name]
			for digits := 6; digits <= 8; digits++ {
				uri := fmt.Sprintf("otpauth://totp/Shop:ann?secret=%s&issuer=Shop&algorithm=%s&digits=%d&period=30",
					base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(k.key)), name, digits)
				c, err := parseOneTimeCode(uri)
				if err != nil {
					t.Fatalf("%s: %v", uri, err)
				}
				if got := c.at(time.Unix(tt.unix, 0)); got != want[8-digits:] {
					t.Errorf("%s with %d digits at %d: %s, expected %s", name, digits, tt.unix, got, want[8-digits:])
				}
			}
		}
	}
}

func TestParseOneTimeCode(t *testing.T) {
	const key = "GEZDGNBVGY3TQOJQ"
	for name, tt := range map[string]struct{ text, wrong string }{
		"key":                 {key, ""},
		"small letters":       {strings.ToLower(key), ""},
		"groups of four":      {"GEZD GNBV GY3T-QOJQ\n", ""},
		"padding":             {"GEZDGNBVGY3TQOJQGE======", ""},
		"URI":                 {"otpauth://totp/x?secret=" + key, ""},
		"URI in capitals":     {"OTPAUTH://TOTP/x?secret=" + key + "&algorithm=sha256&period=60", ""},
		"nothing":             {"", "0 bytes"},
		"short":               {"GEZDGNBV", "5 bytes"},
		"no Base32":           {"GEZDGNBVGY3TQOJ1", "no key in Base32"},
		"another URI":         {"https://shop.example/" + key, "neither"},
		"codes by count":      {"otpauth://hotp/x?secret=" + key + "&counter=1", "by time"},
		"no key in URI":       {"otpauth://totp/x?digits=6", "0 bytes"},
		"digits":              {"otpauth://totp/x?digits=9&secret=" + key, "digits"},
		"no number of digits": {"otpauth://totp/x?digits=six&secret=" + key, "digits"},
		"algorithm":           {"otpauth://totp/x?algorithm=MD5&secret=" + key, "algorithm"},
		"period":              {"otpauth://totp/x?period=1&secret=" + key, "period"},
		"endless period":      {"otpauth://totp/x?period=99999999999999&secret=" + key, "period"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := parseOneTimeCode(tt.text)
			switch {
			case tt.wrong == "" && err != nil:
				t.Errorf("%q: %v", tt.text, err)
			case tt.wrong == "" && string(c.key[:10]) != "1234567890":
				t.Errorf("%q: key %q", tt.text, c.key)
			case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
				t.Errorf("%q: error %v, expected one about %s", tt.text, err, tt.wrong)
			case err != nil && strings.Contains(err.Error(), key[:6]):
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestCodeTemplate(t *testing.T) {
	const key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	defs, err := LoadBytes("t.yaml", []byte(`checks: [{id: a, browser: [{goto: 'http://127.0.0.1/'}, {fill: {label: Code, value: 'code ${totp:SHOP}'}}]}]`),
		testOptions(nil, map[string]string{"SHOP": "otpauth://totp/x?secret=" + key}))
	if err != nil {
		t.Fatal(err)
	}
	step := defs.Checks[0].Journey.Steps[1]
	value := step.Action.(*Fill).Value
	if !value.HasSecret() || !value.HasCode() {
		t.Error("the text is not known to have a secret")
	}
	if _, constant := value.Constant(); constant {
		t.Error("the text is taken for the same in every run")
	}
	for _, text := range []string{key, "x?secret=" + key} {
		if shown := NewRedactor(defs.Secrets...).Redact(text); strings.Contains(shown, key[:8]) {
			t.Errorf("the key is left in %q", shown)
		}
	}
	for _, tt := range []struct {
		milliseconds int64
		want         string
		wait         time.Duration
	}{
		{59_000, "code 287082", time.Second},
		{59_999, "code 287082", time.Millisecond},
		{58_000, "code 287082", 0},
		{60_000, "code 359152", 0},
	} {
		scope := NewVariables(&Functions{Now: func() time.Time { return time.UnixMilli(tt.milliseconds) }})
		got, err := value.Expand(scope)
		if err != nil || got != tt.want {
			t.Errorf("at %d ms: %q, %v, expected %q", tt.milliseconds, got, err, tt.want)
		}
		if wait := value.CodeWait(scope, time.Minute); wait != tt.wait {
			t.Errorf("at %d ms: wait %s, expected %s", tt.milliseconds, wait, tt.wait)
		}
		if codes := scope.Codes(); len(codes) != 1 || "code "+codes[0].Reveal() != tt.want {
			t.Errorf("the code was not kept: %d codes", len(codes))
		}
	}
	if step.Name != `fill label "Code"` {
		t.Errorf("step %q", step.Name)
	}
}

// A code is given out once, unless there is no time to wait for the next.
func TestCodeIsUsedOnce(t *testing.T) {
	defs, err := LoadBytes("t.yaml", []byte(`checks: [{id: a, http: [{post: 'http://127.0.0.1/', query: {code: '${totp:SHOP}'}, form: {code: '${totp:SHOP}', other: '${totp:BANK}'}}]}]`),
		testOptions(nil, map[string]string{"SHOP": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "BANK": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}))
	if err != nil {
		t.Fatal(err)
	}
	request := defs.Checks[0].Journey.Steps[0].Action.(*Request)
	value := request.Query[0].Value
	used := &UsedCodes{}
	at := func(seconds int64) *Variables {
		return NewVariables(&Functions{Now: func() time.Time { return time.Unix(seconds, 0) }, Used: used})
	}
	for i, tt := range []struct {
		got, want time.Duration
	}{
		{request.CodeWait(at(60), time.Minute), 0},
		{request.CodeWait(at(60), time.Minute), 30 * time.Second},
		{value.CodeWait(at(70), time.Minute), 20 * time.Second},
		{value.CodeWait(at(70), 21*time.Second), 0}, // there is no time for another
		{value.CodeWait(at(89), time.Minute), time.Second},
		{value.CodeWait(at(90), time.Minute), 0},
		{request.CodeWait(at(91), time.Minute), 29 * time.Second},
		{value.CodeWait(NewVariables(nil), time.Minute) / codeMargin, 0}, // nobody remembers
	} {
		if tt.got != tt.want {
			t.Errorf("%d: wait %s, expected %s", i, tt.got, tt.want)
		}
	}
}

func FuzzOneTimeCode(f *testing.F) {
	for _, text := range []string{"GEZDGNBVGY3TQOJQ", "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA512&digits=8&period=60", "otpauth://hotp/x", "otpauth://totp/%zz?;", "====", "a b-c"} {
		f.Add(text, int64(59))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		c, err := parseOneTimeCode(text)
		if err != nil {
			return
		}
		now := time.Unix(unix&0xffffffffff, 0)
		code := c.at(now)
		if len(code) != c.digits || strings.Trim(code, "0123456789") != "" {
			t.Errorf("code %q of %d digits", code, c.digits)
		}
		if left := c.left(now); left <= 0 || left > c.period {
			t.Errorf("%s left of %s", left, c.period)
		}
	})
}
