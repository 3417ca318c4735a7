package checks

// LoadSeries is where the load series of a check comes from: a CSV file or a Flux
// query. Exactly one of the two is set.
type LoadSeries struct {
	CSV  string // path of a file of timestamp,value
	Flux string // query of a series of _time and _value
	Unit string // for people, such as "/min"
}
