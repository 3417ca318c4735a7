package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/storage"
)

// noJudgements stands in where nothing is kept.
type noJudgements struct{}

func (noJudgements) Judgements(context.Context, string, time.Time, time.Time, time.Duration) ([]storage.JudgementEntry, error) {
	return nil, nil
}

func (noJudgements) Judgement(context.Context, string) (detect.Judgement, error) {
	return detect.Judgement{}, storage.ErrNotFound
}

func (noJudgements) Notes(context.Context, storage.NoteQuery) ([]incidents.Note, error) {
	return nil, nil
}

// apiJudgement is what was said of a run.
type apiJudgement struct {
	RunID   string    `json:"run"`
	Started time.Time `json:"started"`
	detect.Judgement
}

// apiCheckJudgements answers /api/v1/checks/{id}/judgements.
func (s *Server) apiCheckJudgements(r *http.Request) (any, error) {
	q, id := r.URL.Query(), r.PathValue("id")
	since, until, err := s.span(q)
	if err != nil {
		return nil, err
	}
	if err := s.known(r, id); err != nil {
		return nil, err
	}
	list, err := s.judgements.Judgements(r.Context(), id, since, until, 0)
	if err != nil {
		return nil, fmt.Errorf("read judgements of check %s: %w", id, err)
	}
	out := make([]apiJudgement, len(list))
	for i, e := range list {
		out[i] = apiJudgement{e.ID, e.Started, e.Judgement}
	}
	return map[string]any{"judgements": out}, nil
}

// apiNotes answers /api/v1/notes.
func (s *Server) apiNotes(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := number(q, "limit", 100, 1000)
	since, errSince := instant(q, "since")
	until, errUntil := instant(q, "until")
	if err := errors.Join(err, errSince, errUntil); err != nil {
		return nil, err
	}
	query := storage.NoteQuery{CheckID: q.Get("check"), Since: since, Until: until, Limit: int(limit)}
	for _, k := range q["kind"] {
		query.Kinds = append(query.Kinds, detect.NoteKind(k))
	}
	list, err := s.judgements.Notes(r.Context(), query)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	if list == nil {
		list = []incidents.Note{}
	}
	return map[string]any{"notes": list}, nil
}

// marksPath is the one path that takes something: deployments.
const marksPath = "/api/v1/marks"

// maxMark bounds the body of a mark, in bytes.
const maxMark = 8 << 10

// markRequest is a deployment as it is marked.
type markRequest struct {
	Name  string    `json:"name"`
	Check string    `json:"check"` // empty: all checks
	At    time.Time `json:"at"`    // zero: now
}

// marks takes the mark of a deployment. Pages of other sites cannot send one
// through a user's browser: for a body of JSON it would have to ask first, and
// is not allowed to (fetch.spec.whatwg.org, CORS preflight).
func (s *Server) marks(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		s.refuse(w, r, http.StatusMethodNotAllowed, "method not allowed: use POST")
		return
	}
	if s.mark == nil {
		s.refuse(w, r, http.StatusNotFound, "this server takes no marks")
		return
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		s.refuse(w, r, http.StatusUnsupportedMediaType, "send JSON, with the header Content-Type: application/json")
		return
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		s.refuse(w, r, http.StatusForbidden, "marks are not taken from other sites' pages")
		return
	}
	note, err := s.readMark(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	if err := s.mark(r.Context(), note); err != nil {
		status, text := s.answer(r, fmt.Errorf("store a mark: %w", err))
		s.refuse(w, r, status, text)
		return
	}
	b, err := json.Marshal(note)
	if err != nil {
		status, text := s.answer(r, fmt.Errorf("encode answer: %w", err))
		s.refuse(w, r, status, text)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

// readMark makes a note of a mark. Its error says what to write instead.
func (s *Server) readMark(r *http.Request) (incidents.Note, error) {
	var m markRequest
	d := json.NewDecoder(io.LimitReader(r.Body, maxMark))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return incidents.Note{}, fmt.Errorf(`the body cannot be read (%v): write {"name": "deploy 1.42", "check": "ID or nothing", "at": "RFC 3339 or nothing"}`, err)
	}
	m.Name = strings.Join(strings.Fields(strings.ToValidUTF8(m.Name, "")), " ")
	now := s.now().UTC()
	switch {
	case m.Name == "":
		return incidents.Note{}, errors.New("name is missing: say what was deployed")
	case len(m.Name) > 200:
		return incidents.Note{}, errors.New("name is too long: write at most 200 bytes")
	case m.At.IsZero():
		m.At = now
	case m.At.After(now.Add(time.Hour)):
		return incidents.Note{}, errors.New("at is more than an hour ahead: mark a deployment when it is made")
	}
	if m.Check != "" {
		if err := s.known(r, m.Check); err != nil {
			return incidents.Note{}, fmt.Errorf("no check %q", cut(m.Check, 64))
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return incidents.Note{}, fmt.Errorf("make an id: %w", err)
	}
	return incidents.Note{ID: id.String(), CheckID: m.Check,
		Note: detect.Note{Kind: detect.NoteDeploy, At: m.At.UTC(), Text: m.Name}}, nil
}
