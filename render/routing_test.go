package render

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/spec"
)

// late is a processor that changes nothing but the latency: a compressor that
// never works, looking ahead.
func late(ms float64) spec.Processor {
	return processor("compressor", param.Values{"lookahead": ms, "threshold": 0.0, "ratio": 1.0})
}

// residue is the highest sample of a, less b, in dB.
func residue(a, b *record) float64 {
	peak := 0.0
	for i := range max(len(a.l), len(b.l)) {
		at := func(x []float64) float64 {
			if i < len(x) {
				return x[i]
			}
			return 0
		}
		peak = max(peak, math.Abs(at(a.l)-at(b.l)), math.Abs(at(a.r)-at(b.r)))
	}
	return 20 * math.Log10(peak+1e-300)
}

// nullOf holds what is left of a, less b, against a level.
func nullOf(t *testing.T, what string, a, b *record, below float64) {
	t.Helper()
	loudest := 0.0
	for _, x := range a.l {
		loudest = max(loudest, math.Abs(x))
	}
	if loudest < 0.1 {
		t.Errorf("%s: the loudest sample is %g: there is nothing to null", what, loudest)
	}
	if db := residue(a, b); db > below {
		t.Errorf("%s: what is left lies at %.1f dB, want below %.0f", what, db, below)
	}
}

// twoWays is a song with one sound on two stems. The first goes through three
// buses one in another and two returns one after the other, each late by another
// time; the other goes straight to the mix.
func twoWays(invert bool) *testDesk {
	d := newTestDesk(noise("a", 60000, 1), noise("b", 60000, 1))
	for i, name := range []string{"inner", "middle", "outer"} {
		bus := spec.Bus{Strip: strip(name, "mix")}
		bus.Chain = []spec.Processor{late(float64(3 + 4*i))}
		d.song.Buses = append(d.song.Buses, bus)
	}
	d.song.Buses[0].To, d.song.Buses[1].To = "middle", "outer"
	first, second := spec.Bus{Strip: strip("first", "inner")}, spec.Bus{Strip: strip("second", "outer")}
	first.Chain, second.Chain = []spec.Processor{late(7)}, []spec.Processor{late(13)}
	first.Sends = []spec.Send{{To: "second", Level: 0}}
	d.song.Buses[1].Sends = []spec.Send{{To: "second", Level: 0, Pre: true}}
	d.song.Returns = []spec.Bus{first, second}
	d.song.Stems[0].To = "inner"
	d.song.Stems[0].Chain = []spec.Processor{late(1)}
	d.song.Stems[0].Sends = []spec.Send{{To: "first", Level: 0}}
	d.song.Stems[1].Invert = invert
	return d
}

// Buses in buses, returns into returns and into buses, and sends of buses meet to
// the sample, however late each of them is: five ways of the same sound are five
// times the sound. Below -140 dB: powers of two and sums of 32-bit floats, so what
// is left is rounding at stage boundaries.
func TestRoutesMeetToTheSample(t *testing.T) {
	d := twoWays(true)
	// a to inner (1); a to first (1), which goes to inner and second; inner and so
	// middle hold 2; middle sends 2 to second, which holds 3; outer holds 2 + 3.
	d.song.Stems[0].Gain, d.song.Stems[1].Gain = -18, -18+20*math.Log10(5)
	nullOf(t, "five ways", d.mix(t, version{solo: []string{"a"}}, 2), d.mix(t, version{solo: []string{"b"}}, 2).inverted(), -140)
	both := d.mix(t, version{}, 3)
	nullOf(t, "all at once", d.mix(t, version{solo: []string{"a"}}, 2), d.mix(t, version{solo: []string{"a"}}, 2).plus(both), -140)
}

func (r *record) inverted() *record {
	out := &record{}
	for i := range r.l {
		out.l, out.r = append(out.l, -r.l[i]), append(out.r, -r.r[i])
	}
	return out
}

func (r *record) plus(s *record) *record {
	out := &record{}
	for i := range max(len(r.l), len(s.l)) {
		var l, x float64
		if i < len(r.l) {
			l, x = r.l[i], r.r[i]
		}
		if i < len(s.l) {
			l, x = l+s.l[i], x+s.r[i]
		}
		out.l, out.r = append(out.l, l), append(out.r, x)
	}
	return out
}

// A side-chain hears a stem, a bus or a return at the same moment, however late the
// listener or what it listens to is. The mix is the same but for its latency.
func TestSidechainsMeetToTheSample(t *testing.T) {
	for _, key := range []string{"kick", "drums", "room"} {
		t.Run(key, func(t *testing.T) {
			mix := func(onKey, before float64) *record {
				d := newTestDesk(noise("pad", 40000, 1), noise("kick", 40000, 2))
				drums, room := spec.Bus{Strip: strip("drums", "mix")}, spec.Bus{Strip: strip("room", "mix")}
				d.song.Stems[1].To = "drums"
				d.song.Stems[1].Sends = []spec.Send{{To: "room", Level: -3}}
				if onKey > 0 {
					drums.Chain, room.Chain = []spec.Processor{late(onKey)}, []spec.Processor{late(onKey + 2)}
					d.song.Stems[1].Chain = []spec.Processor{late(1.5)}
				}
				d.song.Buses, d.song.Returns = []spec.Bus{drums}, []spec.Bus{room}
				// The detector of peaks counts its hold from the stream's first frame, the
				// mean square from none.
				duck := processor("compressor", param.Values{"detector": "rms", "threshold": -40.0, "ratio": 8.0, "attack": 0.1, "release": 5.0, "sidechain": key})
				d.song.Stems[0].Chain = []spec.Processor{duck}
				if before > 0 {
					d.song.Stems[0].Chain = []spec.Processor{late(before), duck, late(1)}
				}
				return d.mix(t, version{}, 2)
			}
			plain := mix(0, 0)
			// One sample off, a compressor this quick would leave some -60 dB.
			nullOf(t, "late key", plain, mix(6, 0), -140)
			nullOf(t, "late listener", plain, mix(0, 9), -140)
			nullOf(t, "both late", plain, mix(4, 11), -140)
		})
	}
}

// grouped is a song of three stems, a bus and a return, with every way a fader is
// heard: straight, through a bus, through post- and pre-fader sends.
func grouped() *testDesk {
	d := newTestDesk(noise("lead", 30000, 1), noise("backing", 30000, 2), noise("bass", 30000, 3))
	d.song.Buses = []spec.Bus{{Strip: strip("choir", "mix")}}
	d.song.Returns = []spec.Bus{{Strip: strip("plate", "mix")}}
	d.song.Stems[1].To = "choir"
	d.song.Stems[0].Sends = []spec.Send{{To: "plate", Level: -9}}
	d.song.Stems[1].Sends = []spec.Send{{To: "plate", Level: -7, Pre: true}}
	return d
}

// A group at -6 dB is the same as each of its members at -6 dB, bit for bit, and so
// is one within another, or a level of a version.
func TestGroupIsItsMembersFaders(t *testing.T) {
	want := grouped()
	want.song.Stems[0].Gain, want.song.Stems[1].Gain = -8.3, -6
	w := want.mix(t, version{}, 2)

	grouped := func() *testDesk { // with a fader of its own that is added to
		d := grouped()
		d.song.Stems[0].Gain = -2.3
		return d
	}
	one := grouped()
	one.song.Groups = []spec.Group{{Name: "vocals", Members: []string{"lead", "backing"}, Gain: -6}}
	two := grouped()
	two.song.Groups = []spec.Group{
		{Name: "all", Members: []string{"lead", "backing"}, Gain: -3.9},
		{Name: "vocals", Members: []string{"lead", "backing"}, Gain: -2.1},
	}
	for name, got := range map[string]*record{
		"a group":          one.mix(t, version{}, 2),
		"two groups":       two.mix(t, version{}, 2),
		"a version's gain": grouped().mix(t, version{gain: map[string]float64{"lead": -6, "backing": -6}}, 2),
	} {
		for i := range w.l {
			if got.l[i] != w.l[i] || got.r[i] != w.r[i] {
				t.Fatalf("%s: frame %d is %g, want %g", name, i, got.l[i], w.l[i])
			}
		}
	}
	if db := residue(w, grouped().mix(t, version{}, 2)); db < -20 {
		t.Errorf("6 dB change the mix by %.1f dB only: the test shows nothing", db)
	}
}

// A group that moves is added to members that move, in dB, at every sample.
func TestGroupAutomationAddsUp(t *testing.T) {
	d := newTestDesk(&tone{name: "a", n: 48000, f: func(int64) (float64, float64) { return 0.5, 0.5 }})
	d.song.Stems[0].Gain = -1
	d.song.Stems[0].Automation = []spec.Lane{{Path: "gain", Target: spec.Target{Param: "gain"},
		Points: []spec.Point{{At: 0, Value: -6}, {At: 0.5, Value: 0, Curve: spec.Linear}}}}
	d.song.Groups = []spec.Group{
		{Name: "x", Members: []string{"a"}, Gain: 1, Automation: []spec.Lane{{Path: "gain", Target: spec.Target{Param: "gain"},
			Points: []spec.Point{{At: 0.25, Value: 1, Curve: spec.Step}, {At: 0.75, Value: -11, Curve: spec.Linear}}}}},
		{Name: "y", Members: []string{"a"}, Gain: -2},
		{Name: "z", Members: []string{"a"}, Automation: []spec.Lane{{Path: "mute", Target: spec.Target{Param: "mute"},
			Points: []spec.Point{{At: 0.9, Value: 1, Curve: spec.Step}}}}},
	}
	got := d.mix(t, version{gain: map[string]float64{"a": 0.5}}, 1)
	for i, y := range got.l {
		at := float64(i) / 48000
		db := min(-6+12*at, 0) - 2 + 0.5
		switch {
		case at <= 0.25:
			db++
		case at <= 0.75:
			db += 1 - 24*(at-0.25)
		default:
			db -= 11
		}
		want := 0.5 * math.Pow(10, db/20)
		if at >= 0.9 {
			want *= max(0, 1-(at-0.9)/stepSeconds)
		}
		if math.Abs(y-want) > 3e-8 { // half a step of the 32-bit floats that stem and mix are rounded to
			t.Fatalf("frame %d: %.9f, want %.9f", i, y, want)
		}
	}
}

// A group that is muted or soloed is so for every member.
func TestGroupMuteAndSolo(t *testing.T) {
	for name, set := range map[string]struct {
		group spec.Group
		same  version
	}{
		"mute": {spec.Group{Mute: true}, version{mute: []string{"lead", "choir"}}},
		"solo": {spec.Group{Solo: true}, version{solo: []string{"lead", "choir"}}},
	} {
		d := grouped()
		g := set.group
		g.Name, g.Members = "vocals", []string{"lead", "choir"}
		d.song.Groups = []spec.Group{g}
		got, want := d.mix(t, version{}, 1), grouped().mix(t, set.same, 1)
		for i := range want.l {
			if got.l[i] != want.l[i] {
				t.Fatalf("%s: frame %d is %g, want %g", name, i, got.l[i], want.l[i])
			}
		}
	}
}

// With linear chains, instrumental and a cappella add up to the mix. What is left
// is the rounding of stages and mixes to 32-bit float.
func TestVersionsAddUp(t *testing.T) {
	d := grouped()
	d.song.Stems[0].Chain = []spec.Processor{processor("eq", param.Values{"bands": []param.Values{{"type": "bell", "freq": 900.0, "gain": 5.0}}})}
	d.song.Buses[0].Chain = []spec.Processor{late(5)}
	d.song.Returns[0].Chain = []spec.Processor{processor("reverb", param.Values{"decay": 0.3})}
	d.song.Stems[2].Sends = []spec.Send{{To: "plate", Level: -20}}
	voices := []string{"lead", "backing"}
	sum := d.mix(t, version{mute: voices}, 2).plus(d.mix(t, version{solo: voices}, 2))
	nullOf(t, "instrumental and a cappella", d.mix(t, version{}, 2), sum, -100)
}

// Versions with other levels are rendered beside the main one, each reading the
// stems by itself.
func TestVersionsAtOnce(t *testing.T) {
	d := grouped()
	up := version{name: "up", gain: map[string]float64{"lead": 3, "choir": -2}}
	want := []*record{d.mix(t, version{}, 1), d.mix(t, up, 1)}
	desk := newDesk(&d.song, 48000, d.sources)
	var got []*record
	total := int64(0)
	for _, v := range []version{{}, up} {
		c, err := desk.mixdown(v)
		if err != nil {
			t.Fatal(err)
		}
		n, err := desk.make(c)
		if err != nil {
			t.Fatal(err)
		}
		r := &record{}
		n.sinks[post], got = r, append(got, r)
		total = max(total, n.end+int64(n.latency))
	}
	if err := schedule(context.Background(), needed(desk.order), (total+chunkFrames-1)/chunkFrames, 3, nil); err != nil {
		t.Fatal(err)
	}
	for v := range want {
		for i := range want[v].l {
			if got[v].l[i] != want[v].l[i] || got[v].r[i] != want[v].r[i] {
				t.Fatalf("version %d, frame %d: %g beside the other, %g alone", v, i, got[v].l[i], want[v].l[i])
			}
		}
	}
}

// printed renders a print of the main version.
func (d *testDesk) printed(t *testing.T, p spec.Print) *record {
	t.Helper()
	return d.printedOf(t, version{}, p, spec.Delivery{})
}

// printedOf renders a print of a version.
func (d *testDesk) printedOf(t *testing.T, v version, p spec.Print, delivery spec.Delivery) *record {
	t.Helper()
	desk := newDesk(&d.song, 48000, d.sources)
	if _, err := desk.mixdown(version{}); err != nil { // the main version is laid out first, as in a build
		t.Fatal(err)
	}
	_, c, err := desk.print(job{song: &d.song, version: v, print: &p, delivery: &delivery})
	if err != nil {
		t.Fatal(err)
	}
	return runTo(t, desk, c, 2)
}

// What feeds the mix, printed apart, adds up to the mix also where buses and
// returns are not linear; stems, each as it is heard alone, where they are.
func TestPrintsAddUp(t *testing.T) {
	for _, linear := range []bool{true, false} {
		t.Run(fmt.Sprint("linear ", linear), func(t *testing.T) {
			d := grouped()
			d.song.Stems[2].Sends = []spec.Send{{To: "plate", Level: -20}}
			d.song.Returns[0].Chain = []spec.Processor{late(3), processor("reverb", param.Values{"decay": 0.3})}
			if !linear {
				squash := processor("compressor", param.Values{"threshold": -40.0, "ratio": 6.0, "sidechain": "bass"})
				d.song.Buses[0].Chain = []spec.Processor{squash}
				d.song.Returns[0].Chain = append(d.song.Returns[0].Chain, processor("saturator", param.Values{"drive": 9.0}))
			}
			mix := d.mix(t, version{}, 2)
			apart := &record{}
			for _, name := range []string{"lead", "bass", "choir", "plate"} {
				apart = apart.plus(d.printed(t, spec.Print{Name: name, Strips: []string{name}, Apart: true}))
			}
			nullOf(t, "buses", mix, apart, -120)
			if !linear {
				return
			}
			stems := &record{}
			for _, name := range []string{"lead", "bass", "backing"} {
				stems = stems.plus(d.printed(t, spec.Print{Name: name, Strips: []string{name}}))
			}
			nullOf(t, "stems", mix, stems, -120)
			both := d.printed(t, spec.Print{Name: "vocals", Strips: []string{"lead", "backing"}})
			nullOf(t, "a group and a stem", mix, both.plus(d.printed(t, spec.Print{Name: "bass", Strips: []string{"bass"}})), -120)
		})
	}
}

// What is muted is not printed, nor a bus or return that nothing is heard in.
func TestSilentPrintsAreLeftOut(t *testing.T) {
	d := grouped()
	d.song.Stems[1].Mute = true
	d.song.Stems[0].Sends = nil
	desk := newDesk(&d.song, 0, nil)
	for name, want := range map[string]bool{"lead": true, "backing": false, "bass": true, "choir": false, "plate": false} {
		for _, apart := range []bool{true, false} {
			if got := desk.sounds(job{song: &d.song, print: &spec.Print{Name: name, Strips: []string{name}, Apart: apart}, delivery: &spec.Delivery{}}); got != want {
				t.Errorf("%s (apart %v): sounds %v, want %v", name, apart, got, want)
			}
		}
	}
}
