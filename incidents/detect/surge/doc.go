// Package surge answers what a journey will take when more customers come: it
// fits latency against load and projects the fit to a planned load.
//
// The fit is an average over curves from queueing theory, each weighted by how
// well it explains what was seen and by how little it had to be bent for that.
// Where the data cannot tell, curves that agree within what was seen and part
// beyond it keep their weight, so that the interval grows with the distance;
// nothing is ever extrapolated by one curve alone.
//
// It reads history and answers a question about it. It raises no alarm, keeps
// no state and knows neither clocks nor stores.
package surge
