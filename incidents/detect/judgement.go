package detect

import "time"

// Judgement is what the judges say of one run besides verdicts: how it
// compares with what was expected, and how the check's promises stand after it.
// It is stored with the run, so that charts can draw the expected band and
// anybody can look up later why there was, or was no, alarm.
type Judgement struct {
	// Score is how unusual the journey's latency was for this check at this time
	// of the week, from 0 (as always) to 1 (never seen).
	Score float64 `json:"score"`
	// ExpectedMS is the duration that was expected, LowerMS and UpperMS bound
	// where 95 of 100 runs were expected, all in milliseconds; zero as long as
	// too little was learnt.
	ExpectedMS float64 `json:"expected_ms,omitempty"`
	LowerMS    float64 `json:"lower_ms,omitempty"`
	UpperMS    float64 `json:"upper_ms,omitempty"`
	// Learned is how much of the baseline has been learnt, from 0 to 1.
	Learned float64 `json:"learned,omitempty"`
	// BreachProbability is how likely the journey goes over its threshold
	// within the forecast's horizon, from 0 to 1; nil as long as there is no
	// forecast.
	BreachProbability *float64 `json:"breach_probability,omitempty"`
	// Objectives are the promises, in the order of the definition.
	Objectives []ObjectiveState `json:"objectives,omitempty"`
}

// ObjectiveState is how a promise stands.
type ObjectiveState struct {
	Name string `json:"name"`
	// Good and Total count the runs of the promise's window, as far as they
	// have been seen.
	Good  int64 `json:"good"`
	Total int64 `json:"total"`
	// BudgetLeft is the share of the error budget that is left: 1 untouched, 0
	// spent, less overspent.
	BudgetLeft float64 `json:"budget_left"`
}

// IsZero tells whether there is nothing to keep.
func (j *Judgement) IsZero() bool {
	return j.Score == 0 && j.ExpectedMS == 0 && j.Learned == 0 && j.BreachProbability == nil && len(j.Objectives) == 0
}

// NoteKind is what a note is about.
type NoteKind string

// The kinds of note.
const (
	// NoteDeploy marks a deployment, set by whoever deploys.
	NoteDeploy NoteKind = "deploy"
	// NoteChange is a lasting change of level, slower or faster.
	NoteChange NoteKind = "change"
	// NoteForecast is a prediction, and NoteOutcome what became of it.
	NoteForecast NoteKind = "forecast"
	NoteOutcome  NoteKind = "forecast_outcome"
)

// Note is something worth knowing that is no incident.
type Note struct {
	Kind NoteKind  `json:"kind"`
	At   time.Time `json:"at"` // UTC: what it speaks of, not when it was written
	// Text is one sentence with numbers.
	Text string `json:"text"`
	// Step and Measure name the part of the journey that is spoken of; empty
	// for the journey as a whole.
	Step    string `json:"step,omitempty"`
	Measure string `json:"measure,omitempty"`
	// FromMS and ToMS are the levels before and after a change, in milliseconds.
	FromMS float64 `json:"from_ms,omitempty"`
	ToMS   float64 `json:"to_ms,omitempty"`
	// CameTrue tells of a NoteOutcome whether the prediction did.
	CameTrue bool `json:"came_true,omitempty"`
}
