package browser

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"outrider/probes"
)

// serverTimings reads the Server-Timing headers of an answer.
func (k *flights) serverTimings(f *flight, headers network.Headers) []probes.ServerTiming {
	for name, value := range headers {
		if !strings.EqualFold(name, "server-timing") {
			continue
		}
		text, _ := value.(string)
		list := parseServerTiming(text)
		for i := range list {
			list[i].Path, list[i].Name, list[i].Description = k.keep.text(f.path), k.keep.text(list[i].Name), k.keep.text(list[i].Description)
		}
		return list
	}
	return nil
}

// maxServerTiming bounds the header that is read, in bytes, and maxAnswerTimings
// the metrics of one answer.
const (
	maxServerTiming  = 8 << 10
	maxAnswerTimings = 10
)

// parseServerTiming reads a Server-Timing header (w3.org/TR/server-timing,
// section "parse a server-timing header"): several lines are one list. What is
// malformed is passed over, as browsers do.
func parseServerTiming(header string) []probes.ServerTiming {
	if len(header) > maxServerTiming {
		header = header[:maxServerTiming]
	}
	var list []probes.ServerTiming
	in := headerText(strings.ReplaceAll(header, "\n", ","))
	for in != "" && len(list) < maxAnswerTimings {
		name := in.token()
		if name == "" {
			in.skip(",")
			continue
		}
		metric := probes.ServerTiming{Name: name}
		var hasDuration, hasDescription bool
		for in.next(';') {
			key := strings.ToLower(in.token())
			value, given := "", false
			if in.next('=') {
				value, given = in.value(), true
			}
			in.until(",;")
			switch {
			case key == "dur" && !hasDuration:
				hasDuration = true
				if d, ok := parseMillis(value); ok && given {
					metric.Duration = &d
				}
			case key == "desc" && !hasDescription:
				hasDescription, metric.Description = true, value
			}
		}
		in.skip(",")
		list = append(list, metric)
	}
	return list
}

// parseMillis reads a duration in milliseconds.
func parseMillis(text string) (time.Duration, bool) {
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(ms) || !sane(ms, 1e9) {
		return 0, false
	}
	return milliseconds(ms), true
}

// headerText is what is still to be read of a header.
type headerText string

// space skips white space.
func (in *headerText) space() { *in = headerText(strings.TrimLeft(string(*in), " \t")) }

// next skips a character if it comes next.
func (in *headerText) next(c byte) bool {
	in.space()
	if *in == "" || (*in)[0] != c {
		return false
	}
	*in = (*in)[1:]
	return true
}

// token reads a token of RFC 9110, or nothing.
func (in *headerText) token() string {
	in.space()
	n := 0
	for n < len(*in) && isToken((*in)[n]) {
		n++
	}
	text := string((*in)[:n])
	*in = (*in)[n:]
	return text
}

func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// value reads a token or a quoted string.
func (in *headerText) value() string {
	if !in.next('"') {
		return in.token()
	}
	var text []byte
	for *in != "" {
		c := (*in)[0]
		*in = (*in)[1:]
		if c == '"' {
			break
		}
		if c == '\\' && *in != "" {
			c = (*in)[0]
			*in = (*in)[1:]
		}
		text = append(text, c)
	}
	return string(text)
}

// until skips what comes before one of some characters, quoted strings whole.
func (in *headerText) until(stops string) {
	for *in != "" && strings.IndexByte(stops, (*in)[0]) < 0 {
		if (*in)[0] == '"' {
			in.value()
			continue
		}
		*in = (*in)[1:]
	}
}

// skip skips all up to one of some characters, and that.
func (in *headerText) skip(stops string) {
	in.until(stops)
	if *in != "" {
		*in = (*in)[1:]
	}
}
