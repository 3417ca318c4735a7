package anomaly

import "fmt"

// Variation is a detector with one constant changed: what a benchmark makes of
// it tells how much the figures hang on that constant.
type Variation struct {
	Name string
	New  func() *Detector
}

// Variations are the detectors with each of the constants multiplied by each of
// the factors, one at a time.
func Variations(factors ...float64) []Variation {
	var all []Variation
	s := standard()
	for i := range s.constants() {
		for _, factor := range factors {
			varied := standard()
			c := varied.constants()[i]
			*c.value *= factor
			all = append(all, Variation{
				Name: fmt.Sprintf("%s %.4g", c.name, *c.value),
				New:  func() *Detector { return &Detector{settings: &varied} },
			})
		}
	}
	return all
}

// constant is one of the settings.
type constant struct {
	name  string
	value *float64
}

func (s *settings) constants() []constant {
	return []constant{
		{"memory", &s.memory},
		{"clip", &s.clip},
		{"floor", &s.floor},
		{"rough memory", &s.roughMemory},
		{"change memory", &s.changeMemory},
		{"profile rate", &s.profileRate},
		{"profile memory", &s.profileMemory},
		{"local share", &s.localShare},
		{"tail share", &s.tailShare},
		{"tail least", &s.tailLeast},
		{"tail index", &s.tailIndex},
		{"tail weight", &s.tailWeight},
		{"warm-up", &s.warmup},
		{"salience", &s.salience},
		{"reach memory", &s.reachMemory},
		{"salience least", &s.salienceLeast},
		{"salience most", &s.salienceMost},
		{"likelihood", &s.likelihood},
		{"echo", &s.echo},
		{"ageing", &s.ageing},
		{"habit", &s.habit},
		{"habit memory", &s.habitMemory},
		{"likeness", &s.likeness},
		{"alarm", &s.alarm},
		{"silence", &s.silence},
	}
}
