// Package checks holds what to watch: the definitions that users write in YAML
// and commit to git (checks, journeys, steps, assertions, schedules,
// thresholds, objectives, audiences, procedures), how they are loaded and
// validated, and their JSON Schema.
//
// The package is pure. It opens files when told to load them, and nothing
// else: it has no network, no clock and no goroutine of its own. Doing a
// journey is the work of package probes; judging what it took that of package
// incidents.
package checks
