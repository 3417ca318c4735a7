package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"outrider/incidents/detect/attribution"
	"outrider/probes"
)

// AttributionOptions says how much to simulate. The zero value is a quick look.
type AttributionOptions struct {
	// Seed is that of the first journey; the others follow.
	Seed uint64
	// Journeys is how many are simulated. Zero: 20.
	Journeys int
	// Runs is how many bad runs are ranked. Zero: 3.
	Runs int
	// Late is how many bad runs the profile has learned from, before anyone
	// noticed that they are.
	Late int
	// Blind says that nobody knows when the trouble began, either.
	Blind bool
	// Every is the time from one run to the next. Zero: a minute.
	Every time.Duration
}

// learningRuns is how many runs a profile has learned from before anything
// moves: about a day at a run a minute.
const learningRuns = 1500

// noticed is the part of a journey's usual time by which it must get slower for
// anyone to ask why.
const noticed = 0.1

// Attribution writes how often what was moved in simulated journeys is ranked
// first, and among the first three. Each journey has five steps with phases,
// in half of them pages with resources, lognormal noise of 0.1 to 0.4 and a
// daily cycle; one part at a time gets slower by so many standard deviations of
// its logarithm, or by so many percent. The first table has all cases, however
// little they matter; the second those that slow the journey by a tenth.
func Attribution(w io.Writer, o AttributionOptions) error {
	o.Journeys, o.Runs, o.Every = cmp.Or(o.Journeys, 20), cmp.Or(o.Runs, 3), cmp.Or(o.Every, time.Minute)
	sizes := moveSizes()
	all := make([][]ranking, len(moves()))
	material := make([][]ranking, len(moves()))
	for i := range all {
		all[i], material[i] = make([]ranking, len(sizes)), make([]ranking, len(sizes))
	}
	for n := range o.Journeys {
		j := newJourney(o.Seed+uint64(n), o.Every)
		profile := &attribution.Profile{}
		for range learningRuns {
			profile.Observe(j.next(), false)
		}
		usual := j.usual()
		for i, m := range moves() {
			if !m.fits(j) {
				continue
			}
			for k, size := range sizes {
				trial := j.move(m, size)
				place := trial.placeOf(o.rank(profile, trial))
				all[i][k].add(place)
				if trial.gain() >= noticed*usual {
					material[i][k].add(place)
				}
			}
		}
	}
	fmt.Fprintf(w, "What moved is ranked first / among the first three, %d bad runs after %d that were learned from, a run every %s, %d journeys from seed %d, all cases:\n", o.Runs, o.Late, o.Every, o.Journeys, o.Seed)
	if err := writeRankings(w, all, sizes); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe cases that slow the journey by at least %.0f %%:\n", 100*noticed)
	return writeRankings(w, material, sizes)
}

// rank has a copy of the profile see what became of the journey.
func (o AttributionOptions) rank(profile *attribution.Profile, trial *moved) []attribution.Culprit {
	if o.Late > 0 {
		profile = profile.Clone()
		began := trial.now.Add(trial.every)
		for range o.Late {
			run, _ := trial.next()
			profile.Observe(run, false)
		}
		if !o.Blind {
			profile = profile.Before(began)
		}
	}
	var bad, good []*probes.Run
	for tries := 0; len(bad) < o.Runs && tries < 20*o.Runs; tries++ {
		if run, hit := trial.next(); hit {
			bad = append(bad, run)
		} else {
			good = append(good, run)
		}
	}
	return profile.Rank(bad, good...)
}

// ranking counts where the right culprit was ranked.
type ranking struct{ cases, first, three int }

// add counts a place, 0 being the first; a negative one is none.
func (r *ranking) add(place int) {
	r.cases++
	if place == 0 {
		r.first++
	}
	if place >= 0 && place < 3 {
		r.three++
	}
}

func (r *ranking) merge(o ranking) {
	r.cases, r.first, r.three = r.cases+o.cases, r.first+o.first, r.three+o.three
}

func (r *ranking) String() string {
	if r.cases == 0 {
		return "-"
	}
	n := float64(r.cases)
	return fmt.Sprintf("%.2f / %.2f", float64(r.first)/n, float64(r.three)/n)
}

// writeRankings writes a table with a row for each move and a column for each
// size, and the sums of both.
func writeRankings(w io.Writer, table [][]ranking, sizes []moveSize) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "moved\tcases")
	for _, size := range sizes {
		fmt.Fprintf(t, "\t%s", size)
	}
	fmt.Fprintln(t, "\tall")
	columns := make([]ranking, len(sizes))
	line := func(name string, cells []ranking) ranking {
		var sum ranking
		for _, c := range cells {
			sum.merge(c)
		}
		fmt.Fprintf(t, "%s\t%d", name, sum.cases)
		for i := range cells {
			fmt.Fprintf(t, "\t%s", &cells[i])
		}
		fmt.Fprintf(t, "\t%s\n", &sum)
		return sum
	}
	for i, m := range moves() {
		line(m.name, table[i])
		for k := range columns {
			columns[k].merge(table[i][k])
		}
	}
	line("all", columns)
	return t.Flush()
}
