package detect

import (
	"encoding/json"
	"fmt"
	"time"

	"outrider/probes"
)

// memoryVersion changes when older memories can no longer be read.
const memoryVersion = 1

// Memory is what judging the next run of a check at a location needs to know
// of those before. The zero value has seen no run. Memories are values: they
// can be copied and kept.
type Memory struct {
	last    int64 // start of the last judged run, Unix nanoseconds
	failure confirmation
	latency confirmation
}

// memoryForm is a Memory as it is stored.
type memoryForm struct {
	Version int          `json:"version"`
	Last    int64        `json:"last"`
	Failure confirmation `json:"failure,omitzero"`
	Latency confirmation `json:"latency,omitzero"`
}

// DecodeMemory reads what Encode wrote; no bytes at all are the zero Memory.
// Its error says that the bytes are no memory, or one of another version; the
// way on is then the zero Memory and Assume.
func DecodeMemory(data []byte) (Memory, error) {
	if len(data) == 0 {
		return Memory{}, nil
	}
	var f memoryForm
	if err := json.Unmarshal(data, &f); err != nil {
		return Memory{}, fmt.Errorf("decode memory of a check: %w", err)
	}
	if f.Version != memoryVersion {
		return Memory{}, fmt.Errorf("decode memory of a check: version %d, this program reads version %d", f.Version, memoryVersion)
	}
	for cause, c := range map[Cause]*confirmation{CauseFailure: &f.Failure, CauseLatency: &f.Latency} {
		if err := c.validate(); err != nil {
			return Memory{}, fmt.Errorf("decode memory of a check: %s: %w", cause, err)
		}
	}
	return Memory{last: f.Last, failure: f.Failure, latency: f.Latency}, nil
}

// Encode gives the memory as bytes: versioned JSON, a few hundred of them for
// usual rules of confirmation. The zero Memory is no bytes at all.
func (m Memory) Encode() []byte {
	if m.IsZero() {
		return nil
	}
	data, err := json.Marshal(memoryForm{memoryVersion, m.last, m.failure, m.latency})
	if err != nil {
		panic(fmt.Sprintf("encode memory of a check: %v", err)) // numbers and strings always marshal
	}
	return data
}

// IsZero tells whether there is nothing to remember.
func (m Memory) IsZero() bool {
	return m.last == 0 && m.failure.isZero() && m.latency.isZero()
}

// Last is when the last judged run started; zero if there was none.
func (m Memory) Last() time.Time {
	if m.last == 0 {
		return time.Time{}
	}
	return time.Unix(0, m.last).UTC()
}

// Rewound is the memory with the time of the last run forgotten, so that the
// next run counts whenever it started. It is for a clock that was set back.
func (m Memory) Rewound() Memory {
	m.last = 0
	return m
}

// Assume is the memory with the given severity in force for a cause. It
// changes nothing if that is so already; else it starts afresh for the cause.
// It is for memories that were lost while an incident was open, and for
// incidents that ended by something other than a run.
func (m Memory) Assume(cause Cause, severity Severity) Memory {
	var c *confirmation
	switch cause {
	case CauseFailure:
		c = &m.failure
	case CauseLatency:
		c = &m.latency
	default:
		return m
	}
	if c.Severity != severity {
		*c = confirmation{Severity: severity}
	}
	return m
}

// takes tells whether a run is to be judged: it says something about the site,
// and comes after those that were judged.
func (m *Memory) takes(run *probes.Run) bool {
	return !run.Maintenance && speaks(run.Outcome) && run.Started.UnixNano() > m.last
}

// isZero tells the same of one cause.
func (c *confirmation) isZero() bool {
	return c.Severity == None && len(c.Recent) == 0 && c.Good == 0 && c.Mild == 0
}

// validate refuses what only a damaged or a hand-made memory gets wrong.
func (c *confirmation) validate() error {
	if c.Severity.rank() < 0 {
		return fmt.Errorf("unknown severity %.20q", string(c.Severity))
	}
	if len(c.Recent) > maxWindow {
		return fmt.Errorf("%d readings, more than %d", len(c.Recent), maxWindow)
	}
	for _, r := range c.Recent {
		if r.Severity.rank() < 0 {
			return fmt.Errorf("unknown severity %.20q in a reading", string(r.Severity))
		}
	}
	if len(c.Recent) == 0 {
		c.Recent = nil // as it is stored
	}
	if c.Good < 0 || c.Mild < 0 || c.Good > maxWindow || c.Mild > maxWindow {
		return fmt.Errorf("counts of %d and %d readings in a row", c.Good, c.Mild)
	}
	return nil
}
