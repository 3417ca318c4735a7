package browser

import (
	"fmt"
	"time"
)

const (
	// firstPause is how long no browser is started after the second failed
	// start in a row; it doubles with every further one, up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
)

// pause keeps a browser that does not start, or ends at once, from being
// started over and over: that would take a core from the journeys that work.
// The zero value lets everything pass.
type pause struct {
	failures int       // in a row
	last     time.Time // when the last one was noted
	until    time.Time // no start before
	trouble  error     // of the last failure
}

// failed notes a start that came to nothing.
func (p *pause) failed(now time.Time, err error) {
	p.failures++
	p.last, p.trouble = now, err
	if p.failures < 2 {
		return // once is no loop
	}
	length := longestPause
	if doublings := p.failures - 2; doublings < 6 {
		length = min(length, firstPause<<doublings)
	}
	p.until = now.Add(length)
}

// over notes that a browser works that was started at a time. One that is older
// than the trouble says nothing of it.
func (p *pause) over(born time.Time) {
	if born.After(p.last) {
		*p = pause{}
	}
}

// refuses gives an error while no browser may be started.
func (p *pause) refuses(now time.Time) error {
	left := p.until.Sub(now)
	if left <= 0 {
		return nil
	}
	return fmt.Errorf("the browser failed %d times in a row and is tried again in %s: %w", p.failures, max(left.Round(time.Second), time.Second), p.trouble)
}
