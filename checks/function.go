package checks

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// functionNames are the functions that templates can call.
var functionNames = [...]string{"uuid", "random_int", "random_string", "now", "unix", "unix_ms", "date", "json"}

// templateFunction reads a call. Its arguments are fixed when it is loaded.
func templateFunction(name, args string) (func(Scope) string, error) {
	args = strings.TrimSpace(args)
	switch name {
	case "uuid":
		if args != "" {
			return nil, errors.New("uuid() takes nothing")
		}
		return func(s Scope) string { return randomUUID(s.Functions()) }, nil
	case "random_int":
		return randomInt(args)
	case "random_string":
		return randomString(args)
	case "now":
		return timeFunction(args, func(t time.Time) string { return t.Format(time.RFC3339) })
	case "unix":
		return timeFunction(args, func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) })
	case "unix_ms":
		return timeFunction(args, func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) })
	case "date":
		return dateFunction(args)
	}
	return nil, fmt.Errorf("unknown function %s()%s", cut(name), suggestion(name, functionNames[:]))
}

// timeFunction is a call with an optional offset: now(), now(+24h).
func timeFunction(args string, format func(time.Time) string) (func(Scope) string, error) {
	var offset time.Duration
	if args != "" {
		var err error
		if offset, err = parseOffset(args); err != nil {
			return nil, err
		}
	}
	return func(s Scope) string { return format(s.Functions().now().UTC().Add(offset)) }, nil
}

// dateFunction is date(layout) or date(layout, offset), the layout in Go's
// form: how the moment 2006-01-02 15:04:05 is written.
func dateFunction(args string) (func(Scope) string, error) {
	layout, offset := args, ""
	if i := strings.LastIndexByte(args, ','); i >= 0 {
		if tail := strings.TrimSpace(args[i+1:]); tail != "" && (tail[0] == '+' || tail[0] == '-') {
			layout, offset = strings.TrimSpace(args[:i]), tail
		}
	}
	if layout == "" {
		return nil, errors.New("date() needs a layout: write how the moment 2006-01-02 15:04:05 looks, such as date(2006-01-02)")
	}
	return timeFunction(offset, func(t time.Time) string { return t.Format(layout) })
}

func randomInt(args string) (func(Scope) string, error) {
	errForm := errors.New("write the smallest and the largest number: random_int(1, 100)")
	from, to, ok := strings.Cut(args, ",")
	if !ok {
		return nil, errForm
	}
	low, err1 := strconv.ParseInt(strings.TrimSpace(from), 10, 64)
	high, err2 := strconv.ParseInt(strings.TrimSpace(to), 10, 64)
	if err1 != nil || err2 != nil || high < low {
		return nil, errForm
	}
	span := uint64(high) - uint64(low) + 1 // 0: all of them
	return func(s Scope) string {
		n := s.Functions().random()
		if span == 0 {
			return strconv.FormatInt(int64(n.Uint64()), 10)
		}
		return strconv.FormatInt(low+int64(n.Uint64N(span)), 10)
	}, nil
}

func randomString(args string) (func(Scope) string, error) {
	const longest = 1024
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	length, err := strconv.Atoi(args)
	if err != nil || length < 1 || length > longest {
		return nil, fmt.Errorf("write how many letters and digits, at most %d: random_string(8)", longest)
	}
	return func(s Scope) string {
		text := make([]byte, length)
		for i := range text {
			text[i] = letters[s.Functions().random().IntN(len(letters))]
		}
		return string(text)
	}, nil
}

// randomUUID makes a version 4 UUID (RFC 9562) from the run's own source of
// chance.
func randomUUID(f *Functions) string {
	r := f.random()
	a, b := r.Uint64(), r.Uint64()
	a = a&^0xf000 | 0x4000   // version
	b = b&^(3<<62) | 0x2<<62 // variant
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// now is the time; without a clock, the real one.
func (f *Functions) now() time.Time {
	if f == nil || f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// used remembers one-time codes; it may be nil.
func (f *Functions) used() *UsedCodes {
	if f == nil {
		return nil
	}
	return f.Used
}

// random is the source of chance; without one, a fresh one.
func (f *Functions) random() *rand.Rand {
	if f == nil || f.Rand == nil {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return f.Rand
}
