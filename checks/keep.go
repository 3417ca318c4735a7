package checks

import (
	"errors"
	"strings"
)

// Keep says of which runs of a browser journey the larger pieces of evidence
// are kept.
type Keep struct {
	HAR         Keeping // the requests, as a HAR
	Film        Keeping // pictures of the page while it loads
	DOM         Keeping // the page's document as it was at the end
	ChromeTrace Keeping // what the browser itself traced, in a browser of the run's own
}

// Keeping says of which runs something is kept. The zero value leaves it to
// the default of what it is about.
type Keeping struct {
	Set    bool    // it was said
	Failed bool    // of every run that failed
	Share  float64 // of the others, this share: 0 to 1
}

// The words for it.
var (
	keepNever   = Keeping{Set: true}
	keepFailure = Keeping{Set: true, Failed: true}
	keepAlways  = Keeping{Set: true, Failed: true, Share: 1}
)

// Defaults of what is kept: what costs next to nothing until a run has failed.
var defaultKeep = Keep{HAR: keepFailure, Film: keepNever, DOM: keepFailure, ChromeTrace: keepNever}

// OrDefault fills in what was not said.
func (k Keep) OrDefault() Keep {
	or := func(k *Keeping, d Keeping) {
		if !k.Set {
			*k = d
		}
	}
	or(&k.HAR, defaultKeep.HAR)
	or(&k.Film, defaultKeep.Film)
	or(&k.DOM, defaultKeep.DOM)
	or(&k.ChromeTrace, defaultKeep.ChromeTrace)
	return k
}

// Possible tells whether something may have to be kept of a run whose draw is
// this, 0 to 1, before it is known how the run ends.
func (k Keeping) Possible(draw float64) bool { return k.Failed || draw < k.Share }

// Wanted tells the same once that is known.
func (k Keeping) Wanted(failed bool, draw float64) bool { return failed && k.Failed || draw < k.Share }

// parseKeeping reads always, failure, never or a share such as 10 %.
func parseKeeping(s string) (Keeping, error) {
	switch strings.TrimSpace(s) {
	case "always":
		return keepAlways, nil
	case "failure":
		return keepFailure, nil
	case "never":
		return keepNever, nil
	}
	share, err := parsePercent(s)
	if err != nil || share > 1 {
		return Keeping{}, errors.New("write always, failure, never or a share of the runs such as 10%")
	}
	return Keeping{Set: true, Failed: true, Share: share}, nil
}
