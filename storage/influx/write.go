package influx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
)

// refusal is an answer of the server that says no to a whole request.
type refusal struct {
	status  int
	message string
	// after is when the server wants to be asked again; zero if it did not say.
	after time.Duration
	// lasting says that trying again soon will not help: somebody has to
	// repair a setting.
	lasting bool
}

// Error implements error.
func (r *refusal) Error() string {
	hint := ""
	switch r.status {
	case http.StatusUnauthorized:
		hint = ": check the token"
	case http.StatusForbidden:
		hint = ": the token may not write to the bucket"
	case http.StatusNotFound:
		hint = ": check URL, organisation and bucket"
	}
	return fmt.Sprintf("InfluxDB answered %d %s%s: %s", r.status, http.StatusText(r.status), hint, r.message)
}

// rejected is a point that the server will not take, however often it is sent.
type rejected struct {
	point  point
	reason string
}

// write writes points and gives those that the server rejects for what they
// are; all others are stored. With an error nothing is certain, and all have
// to be written again.
func (e *Exporter) write(ctx context.Context, points []point) ([]rejected, error) {
	reason, err := e.attempt(ctx, points)
	if err != nil || reason == nil {
		return nil, err
	}
	s := search{exporter: e, ctx: ctx}
	s.split(points, *reason)
	for len(s.queue) > 0 {
		part := s.queue[0]
		s.queue = s.queue[1:]
		if err := s.try(part); err != nil {
			return nil, err
		}
		if s.asked >= maxUnclear && s.doubtful() {
			break
		}
	}
	if s.doubtful() {
		return nil, &refusal{status: http.StatusBadRequest, message: s.unclear, lasting: true}
	}
	return s.rejected, nil
}

// objection is why the server does not take all of some points.
type objection struct {
	message string
	// clear says that it is surely about the points and not about the request.
	clear bool
	// partial says that the server has dropped points and taken the rest.
	partial bool
	// dropped is how many were dropped; zero if the server did not say.
	dropped int
}

// attempt sends one request. It gives an objection if the server finds fault
// with points, and an error if it could not be asked or refused altogether.
func (e *Exporter) attempt(ctx context.Context, points []point) (*objection, error) {
	wire := make([]*write.Point, len(points))
	for i := range points {
		wire[i] = points[i].wire
	}
	err := e.writer.WritePoint(ctx, wire...)
	if err == nil {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	message := e.readable(err)
	var answer *influxhttp.Error
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		if answer == nil { // the client could not encode a point
			return &objection{message: message, clear: true}, nil
		}
		return nil, fmt.Errorf("write to InfluxDB: %s", message)
	}
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return objectionOf(message), nil
	case http.StatusRequestEntityTooLarge:
		return &objection{message: message, clear: true}, nil
	}
	r := &refusal{status: answer.StatusCode, message: message, after: time.Duration(answer.RetryAfter) * time.Second}
	r.lasting = answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests &&
		answer.StatusCode != http.StatusRequestTimeout
	return nil, r
}

// readable gives an error's text without secrets and at a readable length.
func (e *Exporter) readable(err error) string {
	const longest = 300
	text := e.redactor.Redact(strings.Join(strings.Fields(err.Error()), " "))
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

var droppedCount = regexp.MustCompile(`dropped=(\d+)`)

// aboutPoints are parts of what InfluxDB 1.8 and 2 say of points.
var aboutPoints = []string{
	"partial write", "unable to parse", "field type conflict", "points beyond retention policy",
	"max key length exceeded", "time outside range", "invalid field format", "missing fields", "missing tag",
}

func objectionOf(message string) *objection {
	o := &objection{message: message, partial: strings.Contains(message, "partial write")}
	for _, part := range aboutPoints {
		o.clear = o.clear || strings.Contains(message, part)
	}
	if m := droppedCount.FindStringSubmatch(message); m != nil {
		o.dropped, _ = strconv.Atoi(m[1])
	}
	return o
}

// search finds the points that a server objects to, by writing ever smaller
// parts: breadth first, so that good parts are stored soon.
type search struct {
	exporter *Exporter
	ctx      context.Context
	queue    [][]point
	rejected []rejected
	asked    int
	stored   bool   // something was taken: the request as such is right
	unclear  string // the last objection that may be to the request
}

// maxUnclear is how many parts are tried when nothing is taken and no answer
// tells whether the fault is with the points or with the request.
const maxUnclear = 64

// doubtful tells that nothing was taken at all, for a reason that is not known
// to be about points. To leave them out would then lose good ones; instead they
// are tried again later, beside newer ones that may show where the fault is.
func (s *search) doubtful() bool { return s.unclear != "" && !s.stored }

// try writes a part, and splits it if the server objects.
func (s *search) try(part []point) error {
	s.asked++
	o, err := s.exporter.attempt(s.ctx, part)
	switch {
	case err != nil:
		return err
	case o == nil:
		s.stored = true
	default:
		s.split(part, *o)
	}
	return nil
}

// split notes an objection to a part and queues what is left of it to try.
func (s *search) split(part []point, o objection) {
	if !o.clear {
		s.unclear = o.message
	}
	if o.partial && o.dropped < len(part) {
		s.stored = s.stored || len(part) > 1
	}
	if len(part) == 1 || (o.partial && o.dropped == len(part)) {
		for _, p := range part {
			s.rejected = append(s.rejected, rejected{p, o.message})
		}
		return
	}
	// What is wrong is mostly wrong with a whole measurement, such as a field
	// that somebody else writes with another type.
	if groups := byMeasurement(part); len(groups) > 1 {
		s.queue = append(s.queue, groups...)
		return
	}
	s.queue = append(s.queue, part[:len(part)/2], part[len(part)/2:])
}

func byMeasurement(points []point) [][]point {
	groups := map[string][]point{}
	var names []string
	for _, p := range points {
		name := p.wire.Name()
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], p)
	}
	sorted := make([][]point, len(names))
	for i, name := range names {
		sorted[i] = groups[name]
	}
	return sorted
}
