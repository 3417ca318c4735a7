package attribution

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes"
)

func TestLocate(t *testing.T) {
	place := func(name string, change func(*probes.Run)) Place {
		w := newWorld(uint64(len(name)))
		p := w.learned(100)
		w.change = change
		return Place{Location: name, Profile: p, Runs: w.several(4)}
	}
	slow := func(r *probes.Run) { slower(&r.Steps[0], &r.Steps[0].HTTP.Phases.Connect, time.Second) }
	broken := func(r *probes.Run) { fails(r, 0, probes.Failure{Kind: probes.FailConnect, Message: "refused"}) }
	for _, c := range []struct {
		name   string
		places []Place
		want   string
	}{
		{"nothing", nil, ""},
		{"one", []Place{place("fra", slow)}, ""},
		{"all well", []Place{place("fra", nil), place("paris", nil)}, ""},
		{"all slow", []Place{place("fra", slow), place("paris", slow)}, ""},
		{"most slow", []Place{place("fra", slow), place("paris", slow), place("tokyo1", nil)}, ""},
		{"one slow", []Place{place("fra", nil), place("paris", slow), place("tokyo1", nil)}, "only paris suffers: the journey went from "},
		{"one fails", []Place{place("fra", broken), place("paris", nil)}, "only fra suffers: 4 of the last 4 runs failed; as usual at paris"},
		{"nothing known of the others", []Place{place("fra", broken), {Location: "new", Profile: &Profile{}, Runs: newWorld(1).several(3)}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said []string
			for _, culprit := range Locate(c.places) {
				said = append(said, culprit.Sentence)
				if culprit.Kind != KindLocation {
					t.Errorf("%+v", culprit)
				}
			}
			if got := strings.Join(said, "\n"); (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCommon(t *testing.T) {
	finding := func(check, component string, culprits ...Culprit) Finding {
		for i := range culprits {
			if culprits[i].Confidence == 0 {
				culprits[i].Confidence, culprits[i].Share = 0.9, 0.8
			}
		}
		return Finding{Check: check, Location: "fra", Component: component, Culprits: culprits}
	}
	server := Culprit{Kind: KindPhase, Part: "first_byte", Host: "api.shop"}
	tags := Culprit{Kind: KindThirdParty, Part: "tags.example", Host: "tags.example"}
	unsure := Culprit{Kind: KindPhase, Part: "first_byte", Host: "api.shop", Confidence: 0.2, Share: 0.9}
	script := Culprit{Kind: KindScript, Step: "pay"}
	for _, c := range []struct {
		name     string
		findings []Finding
		want     []string
	}{
		{"nothing", nil, nil},
		{"one check at two locations", []Finding{finding("a", "", server), finding("a", "", server)}, nil},
		{"three wait for one host", []Finding{finding("c", "", server), finding("a", "", server), finding("b", "", server, script)},
			[]string{"3 checks wait for the first byte of api.shop: one cause (a, b, c)"}},
		{"two causes", []Finding{finding("a", "", server), finding("b", "", server), finding("c", "", tags), finding("d", "", tags), finding("e", "", script, tags)},
			[]string{"3 checks suffer from the third party tags.example: one cause (c, d, e)", "2 checks wait for the first byte of api.shop: one cause (a, b)"}},
		{"one host in several ways", []Finding{finding("a", "", server), finding("b", "", server),
			finding("c", "", Culprit{Kind: KindResource, Host: "api.shop", Part: "api.shop/search"}), finding("d", "", Culprit{Kind: KindStatus, Host: "api.shop", Part: "500"})},
			[]string{"4 checks suffer from the host api.shop: likely one cause (a, b, c, d)"}},
		{"statuses of one host", []Finding{finding("a", "", Culprit{Kind: KindStatus, Host: "api.shop", Part: "500"}), finding("b", "", Culprit{Kind: KindStatus, Host: "api.shop", Part: "503"})},
			[]string{"2 checks get error statuses of api.shop: one cause (a, b)"}},
		{"scripts of two pages are two causes", []Finding{finding("a", "", script), finding("b", "", script)}, nil},
		{"unsure", []Finding{finding("a", "", unsure), finding("b", "", unsure)}, nil},
		{"the component is the last resort", []Finding{finding("a", "search", server), finding("b", "search", server), finding("c", "search", script)},
			[]string{"2 checks wait for the first byte of api.shop: one cause (a, b)"}},
		{"a component", []Finding{finding("a", "search", script), finding("b", "search", tags)},
			[]string{"2 checks of the component search are in trouble: likely one cause (a, b)"}},
		{"a prober", []Finding{finding("a", "", Culprit{Kind: KindHost}), finding("b", "", Culprit{Kind: KindHost})},
			[]string{"2 checks suffer from the prober at fra itself: one cause (a, b)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said []string
			for _, s := range Common(c.findings) {
				said = append(said, s.Sentence)
			}
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Error(diff)
			}
		})
	}
}
