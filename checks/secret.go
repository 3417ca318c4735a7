package checks

import (
	"fmt"
	"io"
)

// Secret is a value that must never be shown. Formatting it in any way, JSON
// and slog included, gives Redacted; only Reveal gives the value.
type Secret struct {
	// value is a pointer, since fmt prints the unexported fields of others
	// without asking their methods.
	value *string
}

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal gives the value, for the one place that has to send it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero tells whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Format implements fmt.Formatter, for every verb.
func (s Secret) Format(f fmt.State, _ rune) {
	// Nothing can be done about an error here; fmt notes none either.
	_, _ = io.WriteString(f, Redacted)
}

// String implements fmt.Stringer.
func (s Secret) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return Redacted }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler, for settings that come
// from the environment.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
