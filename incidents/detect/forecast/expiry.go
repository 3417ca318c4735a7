package forecast

import (
	"fmt"
	"math"
	"time"
)

// Expiry is when a certificate runs out, as seen at a time.
type Expiry struct {
	NotAfter time.Time
	Left     time.Duration // negative if it has run out
}

// ExpiryOf tells how long a certificate that is good until notAfter has left.
func ExpiryOf(notAfter, now time.Time) Expiry {
	return Expiry{NotAfter: notAfter, Left: notAfter.Sub(now)}
}

// Days is the number of whole days left; negative once it has run out.
func (e Expiry) Days() int { return int(math.Floor(e.Left.Hours() / 24)) }

// Explain says it in one sentence.
func (e Expiry) Explain(loc *time.Location) string {
	if loc == nil {
		loc = time.UTC
	}
	at := e.NotAfter.In(loc).Format("Mon 2 Jan 2006 15:04")
	switch days := e.Days(); {
	case e.Left <= 0:
		return fmt.Sprintf("The certificate has run out on %s.", at)
	case days >= 2:
		return fmt.Sprintf("The certificate runs out on %s, in %d days.", at, days)
	}
	return fmt.Sprintf("The certificate runs out on %s, in %s.", at, span(e.Left.Round(time.Minute)))
}
