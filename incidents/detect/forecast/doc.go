// Package forecast tells what one series of a check will do next: the latency
// of a journey, or the share of its runs that fail. It answers two questions:
// how the coming hours will look (Model.Forecast, with intervals), and whether
// a limit will be broken (Model.BreachProbability, and the predictions that
// Model.Observe raises and withdraws by itself).
//
// A Model is fed one sample at a time and keeps a state of constant size. It
// builds five-minute and hourly medians from the samples and works on those:
//
//   - a seasonal profile (hour of the day, day of the week, hour of the week;
//     the mixture is chosen by measured error), in season.go;
//   - simple forecasters beside the seasonal naive one, combined by the inverse
//     of their rolling errors out of sample, in candidates.go;
//   - intervals by adaptive conformal inference (Gibbs & Candès 2021), in
//     interval.go;
//   - a search for ramps of latency over half an hour to two days, in ramp.go,
//     of shares of failed runs by their counts, in rates.go, and over days, on
//     daily peaks, in peaks.go;
//   - the life of a prediction, from raised to true or withdrawn, in
//     prediction.go.
//
// It is not a judge of the present: whether the series is bad right now is for
// other detectors. It reads no clock and keeps no history but its state.
package forecast
