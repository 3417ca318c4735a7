package anomaly

import "math"

// remembered is how many alarms the detector compares a new one with.
const remembered = 12

// kind tells one sort of incident from another: how surprised each measure was,
// scaled to length 255. It is a byte for each because there are many.
type kind [measures]uint8

// kindOf is the kind of an incident with these surprises.
func kindOf(surprises *[measures]float64) (k kind) {
	sum := 0.0
	for _, u := range surprises {
		sum += u * u
	}
	if sum == 0 {
		return k
	}
	for i, u := range surprises {
		k[i] = uint8(math.Round(255 * u / math.Sqrt(sum)))
	}
	return k
}

// habit is the memory of the alarms that were raised. What was reported a few
// times is no news when it comes again, however rare it may be among all
// samples: a nightly job is in less than one sample of a hundred.
type habit struct {
	kinds [remembered]kind
	at    [remembered]uint32 // number of the sample; 0 is none
	next  uint8              // which to replace
}

// known is about how many of the remembered alarms were of this kind, by the
// cosine of the angle between kinds; old ones count for less.
func (h *habit) known(k *kind, n float64, s *settings) (known float64) {
	for i, at := range h.at {
		if at == 0 {
			continue
		}
		cosine := 0.0
		for j, u := range h.kinds[i] {
			cosine += float64(u) * float64(k[j]) / (255 * 255)
		}
		known += math.Pow(max(0, cosine), s.likeness) * math.Exp((float64(at)-n)/s.habitMemory)
	}
	return known
}

func (h *habit) add(k *kind, n float64) {
	h.kinds[h.next], h.at[h.next] = *k, uint32(min(n, math.MaxUint32))
	h.next = (h.next + 1) % remembered
}
