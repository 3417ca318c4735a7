// Package objective judges promises of the form "99.5 % of runs are good over
// 30 days", for availability and for latency: what is left of the error budget,
// whether it burns too fast, and when it will be gone.
//
// Alerts follow chapter 5 of the Site Reliability Workbook (multiple windows,
// multiple burn rates): both a long and a short window must burn, so that an
// alert means something and ends soon after the fault does. That chapter
// assumes thousands of requests a minute; a monitor makes a run a minute or
// less. So an alert here also needs a few bad runs in each window and, by an
// exact binomial test, confidence that the promise is being broken at all;
// windows too short for the check's cadence are widened or left out, and said
// to be.
//
// The package does not decide which runs count (the caller leaves out runs of
// unknown outcome and of maintenance), knows no clock and tells nobody. It
// counts in time buckets, so its windows are exact to a tenth of the short one;
// the pages count the budget from the log instead.
package objective
