package forecast

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Sizes of what is remembered.
const (
	fineCount  = 48  // five-minute medians: 4 hours
	midCount   = 96  // half-hourly means of them: 2 days
	hourCount  = 168 // hourly medians: a week
	dayCount   = 28  // daily figures: four weeks
	scoreCount = 128 // errors from which intervals are made, for each horizon
	candidates = 9
	horizons   = 3
	shapes     = 3
	samplesMax = 64 // samples kept of the current hour
	burstMax   = 16 // samples kept of the current five minutes
)

// state is everything a model remembers, and what is written to storage. Its
// fields are exported for encoding/binary only. Arrays that are rings in time
// are indexed by time itself, so that no position can be wrong.
type state struct {
	// The clock of the series, in Unix seconds and in counts of buckets since
	// the epoch. Zero means that nothing was seen.
	Last   int64
	Bucket int64
	Hour   int64
	Hours  int64 // closed hours with a median
	Days   int64 // closed days with enough hours

	// The current five minutes and the current hour.
	Burst        [burstMax]float32
	BurstCount   int32
	BurstStride  int32
	BurstSeen    int32
	Samples      [samplesMax]float32
	SampleCount  int32
	SampleStride int32
	SampleSeen   int32
	BadBurst     int32
	BadHour      int32

	// Rows are failed runs that follow each other: how many did just now; how
	// many failed, in how many rows, in the current half hour; and of rows
	// before the number, the sum of their lengths and that of the squares.
	Row        int32
	MidFails   int32
	MidStarts  int32
	RowCount   float64
	RowLength  float64
	RowSquares float64
	// MidRows are rows per failed run of half hours, in 255ths.
	MidRows [midCount]uint8

	// The seasonal profile.
	Daily      [24]float32
	Weekly     [168]small
	Weeks      [7]uint8
	Offset     [7]float32      // of a day of the week from the hours of the day
	Mixture    [shapes]float64 // weights of the shapes in use
	ShapeErr   [shapes]float64
	ShapeLevel [shapes]float64
	ShapeN     [shapes]float64

	// Hourly medians and the levels of the candidates.
	Hourly    [hourCount]level
	Slow      float64
	Mid       float64
	Fast      float64
	Holt      float64
	Trend     float64
	LevelN    float64 // hours since the levels were last set anew
	Var       float64 // of an hour around the slow level
	Cov       float64 // of two hours in a row
	DiffVar   float64 // of an hour against the same of the day before
	DiffCov   float64
	Scale     float64 // usual distance of an hour from the middle level
	LastX     float64
	LastY     float64
	Suspect   [3]float64 // distances of the last hours that were far off
	Suspects  int32
	Sign      int32
	Lasted    float64 // first hours far off that became a new level
	Passed    float64 // and those that did not
	ShiftHour int64   // first hour of the newest level
	ShiftSize float64 // how far it went, while it is open whether it stays
	Tail      float64 // distance of the upper quantile from the median
	TailN     float64

	// Forecasts that wait for their hour, errors of the past, and coverage.
	// Those of the candidates and the bounds are relative to the mean.
	Pend1    [candidates]small
	Pend6    [6 * candidates]small
	Pend24   [24 * candidates]small
	Mean1    [1]float32
	Mean6    [6]float32
	Mean24   [24]float32
	Low1     [1]small
	Low6     [6]small
	Low24    [24]small
	High1    [1]small
	High6    [6]small
	High24   [24]small
	Err      [horizons * candidates]float32
	ErrN     [horizons]float64
	Scores   [horizons * scoreCount]small
	ScoreN   [horizons]int64
	Alpha    [horizons]float64
	Widen    [7]float64        // of the intervals 24 hours ahead, by day of the week, logarithm
	Coverage [horizons]float64 // rolling share of hours inside the interval

	// The search for ramps.
	Anchor    float64 // level from which ramps depart
	AnchorN   float64
	AnchorVar float64
	Frozen    int64 // hours for which the anchor was held
	Fine      [fineCount]float32
	MidRing   [midCount]float32
	HingeVar  [scales]float32
	ScaleN    [scales]float32
	FineVar   float64 // of a five-minute median around its neighbour
	FineN     float64
	PerBucket float64         // samples in five minutes
	Strength  float64         // of the strongest ramp, in standard deviations
	DayHigh   [dayCount]small // highest distance of an hour from the anchor
	DayPeak   [dayCount]level // highest hour
	DayMean   [dayCount]level
	Today     int64
	TodayHigh float64
	TodayPeak float64
	PeakCurve [peakReach]float32
	PathCurve [pathHours]uint8 // of pathCount paths

	// The prediction in force and the record of those before.
	Phase     int32
	Reason    int32
	Streak    int32
	Over      int32
	Under     int32
	RaisedAt  int64
	Raised    float64 // probability when it was raised
	Chance    float64
	Expected  int64
	Earliest  int64
	Latest    int64
	Deadline  int64
	Quiet     int64 // no new prediction before
	CameTrue  int64
	Withdrawn int64
	Missed    int64
	Brier     float64 // sum over ended predictions
}

const (
	stateMagic   = 0x4f46 // "FO"
	stateVersion = 4
	// stateMoved is the version before, of the same form: what was remembered
	// had been moved as soon as a level changed, so that no shift is open.
	stateMoved = 3
)

var errState = errors.New("decode state of a forecast")

// MarshalBinary gives the state as bytes: always the same number, under 5 KB.
func (m *Model) MarshalBinary() ([]byte, error) {
	out := make([]byte, 0, binary.Size(&m.s)+8)
	out = binary.LittleEndian.AppendUint16(out, stateMagic)
	out = binary.LittleEndian.AppendUint16(out, stateVersion)
	out, err := binary.Append(out, binary.LittleEndian, &m.s)
	if err != nil {
		return nil, fmt.Errorf("encode state of a forecast: %w", err)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out)), nil
}

// UnmarshalBinary restores what MarshalBinary wrote, bit for bit; the options
// stay those of the model. It refuses anything else and then leaves the model
// as it was.
func (m *Model) UnmarshalBinary(data []byte) error {
	var s state
	size := binary.Size(&s)
	if len(data) != size+8 {
		return fmt.Errorf("%w: %d bytes instead of %d", errState, len(data), size+8)
	}
	if binary.LittleEndian.Uint16(data) != stateMagic {
		return fmt.Errorf("%w: not such a state", errState)
	}
	v := binary.LittleEndian.Uint16(data[2:])
	if v != stateVersion && v != stateMoved {
		return fmt.Errorf("%w: version %d, this program reads version %d", errState, v, stateVersion)
	}
	if crc32.ChecksumIEEE(data[:size+4]) != binary.LittleEndian.Uint32(data[size+4:]) {
		return fmt.Errorf("%w: damaged", errState)
	}
	if _, err := binary.Decode(data[4:size+4], binary.LittleEndian, &s); err != nil {
		return fmt.Errorf("%w: %w", errState, err)
	}
	if v == stateMoved {
		s.ShiftSize = 0
	}
	if err := s.validate(); err != nil {
		return fmt.Errorf("%w: %w", errState, err)
	}
	m.s = s
	return nil
}

// validate refuses what no model writes and what would index out of bounds.
func (s *state) validate() error {
	switch {
	case s.Last < 0 || s.Last > latest || s.Hours < 0 || s.Days < 0:
		return errors.New("times out of range")
	case s.Last > 0 && (s.Bucket != s.Last/bucketSeconds || s.Hour != s.Last/hourSeconds):
		return errors.New("times that contradict each other")
	case !within(s.BurstCount, burstMax) || !within(s.SampleCount, samplesMax) || s.BurstSeen < 0 || s.SampleSeen < 0 || s.BurstStride < 0 || s.SampleStride < 0 || !within(s.Row, rowMost):
		return errors.New("counts out of range")
	case !within(s.Suspects, int32(len(s.Suspect))) || !within(s.Phase, int32(phaseBroken)) || !within(s.Reason, int32(ByLevel)):
		return errors.New("phase out of range")
	}
	if s.RowCount < 0 || s.RowLength < s.RowCount || s.RowSquares < s.RowLength || s.MidFails < 0 || s.MidStarts < 0 || s.MidStarts > s.MidFails {
		return errors.New("rows out of range")
	}
	for _, n := range s.ScoreN {
		if n < 0 {
			return errors.New("counts out of range")
		}
	}
	for _, w := range s.Mixture {
		if !(w >= 0 && w <= 1) {
			return errors.New("weights out of range")
		}
	}
	for _, n := range s.PathCurve {
		if n > pathCount {
			return errors.New("paths out of range")
		}
	}
	for _, w := range s.Widen {
		if !(w >= widenLeast && w <= widenMost) {
			return errors.New("widening out of range")
		}
	}
	for _, f := range []float64{s.Slow, s.Mid, s.Fast, s.Holt, s.Trend, s.Var, s.Scale, s.Anchor, s.Brier, s.RowCount, s.RowLength, s.RowSquares} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.New("numbers that are none")
		}
	}
	return nil
}

func within(n, most int32) bool { return n >= 0 && n <= most }
