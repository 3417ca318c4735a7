// Package backtest says what would have alerted, when, and with which setting:
// it puts runs that were made, oldest first, through the judges of
// incidents/detect as if they were made now, and sums up what came of it. It
// holds that against what was really recorded, and proposes thresholds for a
// stated number of false alerts.
//
// It is not a judge, and has no rule of its own on when a run is bad: whatever
// the judges learn to say is in a backtest at once. It reads no store and no
// clock: runs come from a Source, and the same runs give the same report.
//
// Each part is a file: replay.go judges, profile.go keeps what a chart needs,
// compare.go holds alerts against recorded incidents, suggest.go and
// extremes.go propose thresholds, text.go and html.go write the report.
package backtest
