package anomaly

// settings are the constants of the detector. There is one set for all series;
// they are a value only so that their influence can be measured.
type settings struct {
	// memory is the span, in samples, over which the usual level and its spread
	// are learnt.
	memory float64
	// clip bounds how many spreads one sample may pull the usual level.
	clip float64
	// floor is the least spread, as a share of the mean deviation.
	floor float64
	// roughMemory and changeMemory are the spans that the roughness and the
	// changes of level are compared with.
	roughMemory, changeMemory float64
	// profileRate is how fast a profile follows what a time of day brings.
	profileRate float64
	// profileMemory is the span of the mean deviation from a profile, which
	// makes up localShare less than the whole of the spread of a single bin.
	profileMemory, localShare float64
	// tailShare is the share of readings that the Pareto tail is fitted to,
	// with at least tailLeast of them.
	tailShare, tailLeast float64
	// tailIndex is the index of the tail before anything was seen; it weighs as
	// much as tailWeight readings.
	tailIndex, tailWeight float64
	// warmup is the number of readings before a measure says anything.
	warmup float64
	// salience is the weight, in nats for each factor e, of how far the sample is
	// from what was expected, beside the furthest that the series ever was from
	// its usual level; that is forgotten over reachMemory samples. Outside of
	// salienceLeast and salienceMost it makes no difference.
	salience, reachMemory       float64
	salienceLeast, salienceMost float64
	// likelihood is the share of the recent frequency in the final surprise;
	// the rest is the joint surprise itself.
	likelihood float64
	// echo is how long, in samples, an event counts as going on.
	echo float64
	// ageing is how much more an old series must be surprised, in nats for each
	// factor e of its age: the number of records grows with the logarithm.
	ageing float64
	// habit is how much more surprise, in nats, it takes for each alarm of the
	// same kind before; an alarm is forgotten over habitMemory samples. The
	// cosine between kinds to the power likeness tells how much one counts for
	// the other.
	habit, habitMemory, likeness float64
	// alarm is the surprise, in nats, that scores 0.5.
	alarm float64
	// silence is how long, in samples, nothing is an alarm after one.
	silence float64
}

func standard() settings {
	return settings{
		memory:        2000,
		clip:          4,
		floor:         0.02,
		roughMemory:   3000,
		changeMemory:  3000,
		profileRate:   0.02,
		profileMemory: 3000,
		localShare:    0.5,
		tailShare:     0.01,
		tailLeast:     5,
		tailIndex:     2,
		tailWeight:    4,
		warmup:        50,
		salience:      1,
		reachMemory:   10000,
		salienceLeast: 0.03,
		salienceMost:  4,
		likelihood:    0.3,
		echo:          200,
		ageing:        0.15,
		habit:         0.65,
		habitMemory:   4000,
		likeness:      12,
		alarm:         3.1,
		silence:       100,
	}
}
