// Package evaluate measures the detectors: scorers of labelled data and tables
// of figures, each a function that a command of cmd/evaluate runs. It is a tool
// for those who develop Outrider; the program itself never uses it. Results are
// computed, never kept.
package evaluate
