package forecast

import "math"

const (
	pathHours = 24
	pathCount = 96
)

// planPaths works out, at the end of an hour, how likely the coming day is to
// break the limit if it goes on as forecast.
func (m *Model) planPaths(h int64) {
	m.s.PathCurve = [pathHours]uint8{}
	if m.o.Limit > 0 {
		m.s.PathCurve = m.pathCurve(m.o.Kind.hourly(m.o.Limit)-m.tail(), h)
	}
}

// pathCurve is on how many of pathCount paths an hour up to each of the coming
// 24 is over a limit in hourly space. It comes from simulated paths around the forecast,
// with errors drawn from those the model has made: some that stay for
// the whole path, some new in every hour, so that at each horizon they are as
// large together as they were measured. The luck of single hours is left out
// of error rates: in one hour few runs fail or not, and that is no breach. The draws depend on the hour alone.
func (m *Model) pathCurve(limit float64, h int64) (p [pathHours]uint8) {
	s := &m.s
	if s.ScoreN[0] < 24 || s.ScoreN[2] < 24 {
		return p
	}
	o := m.outlook(h)
	var means [pathHours]float64
	near := false
	for i := range means {
		var values [candidates]float64
		means[i] = o.mean(int64(i+1), &values)
		near = near || means[i]+1.5*o.half[2] >= limit
	}
	if !near {
		return p
	}
	lasting := math.Sqrt(max(s.scoreVariance(2)-s.scoreVariance(0), 0))
	n1 := uint64(min(s.ScoreN[0], scoreCount))
	random := splitMix(uint64(h))
	var first [pathHours]int
	for range pathCount {
		stay := lasting * random.normal()
		for i := range means {
			share := math.Sqrt(math.Log(float64(i+1)) / math.Log(pathHours))
			e := share * stay
			if m.o.Kind == Latency {
				e += s.Scores[random.next()%n1].value()
			}
			if means[i]+e >= limit {
				first[i]++
				break
			}
		}
	}
	sum := 0
	for i := range p {
		sum += first[i]
		p[i] = uint8(sum)
	}
	return p
}

func (s *state) scoreVariance(g int) float64 {
	n := int(min(s.ScoreN[g], scoreCount))
	sum := 0.0
	for i := range n {
		e := s.Scores[g*scoreCount+i].value()
		sum += e * e
	}
	return sum / float64(max(n, 1))
}

// splitMix is the generator of Steele, Lea & Flood (2014): a whole state in
// one word, which an hour can seed.
type splitMix uint64

func (r *splitMix) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *splitMix) uniform() float64 { return (float64(r.next()>>11) + 0.5) / (1 << 53) }

// normal draws by the method of Box & Muller (1958).
func (r *splitMix) normal() float64 {
	return math.Sqrt(-2*math.Log(r.uniform())) * math.Cos(2*math.Pi*r.uniform())
}
