// Package anomaly scores the samples of one series as they come in: how unusual
// is what this series does now, against all that it did before, from 0 to 1.
// It knows nothing of what the numbers mean, has one setting for every series,
// needs no training and never looks ahead. It is for watching any number that
// a user has (outrider detect) and for ranking moments worth a look; what pages
// people about a journey's latency, with a stated rate of false alarms and only
// in the bad direction, is package baseline.
//
// # How it works
//
// A sample passes three stages.
//
// Measures (measure.go) look at the series from several sides: its level
// against the long run, a fast against a slow average, its roughness and its
// range, and what the same time of the day and of the week used to bring
// (profile.go); each over several spans. Every measure has a tail of its own
// (tail.go), which turns its reading into surprise: minus the logarithm of how
// often the series went that far before, extrapolated beyond what was ever
// seen. This is the anomaly likelihood of Ahmad, Lavin, Purdy and Agha
// (Unsupervised real-time anomaly detection for streaming data, Neurocomputing
// 2017) with an empirical distribution and a Pareto tail (Hill, Annals of
// Statistics 1975) in the place of a Gaussian one.
//
// The joint surprise (detector.go) is the root mean square of those of the
// measures: averages of diverse weak detectors are the most dependable
// combination (Aggarwal and Sathe, SIGKDD Explorations 2015). To it comes how
// far the sample sticks out beside all that was ever seen, which is what a
// person goes by who looks at a chart.
//
// The last stage (alarm.go) asks how often the joint surprise was that large
// before, an event counting for as long as its echo lasts, and how many alarms
// of this kind were raised already (habit.go): what happens every day stops
// being news, however far it sticks out. A score of 0.5 and above is an alarm;
// after one the detector is silent for a while, so that an incident is an alarm
// or a few, and not one for each of its samples.
//
// The constants (settings.go) are not critical: the figures of the labelled
// benchmark hardly move when one of them is changed by a fifth. See
// go run ./cmd/evaluate nab --help.
package anomaly
