package render

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/spec"
)

// dynamics are chains of every kind whose gain goes by what it hears, alone and in
// containers, each working hard on what the test's song puts into it.
func dynamics() map[string][]spec.Processor {
	squash := processor("compressor", param.Values{"threshold": -30.0, "ratio": 6.0, "attack": 2.0, "release": 40.0, "lookahead": 3.0})
	half := squash
	half.Mix = 40
	within := func(kind string, values param.Values, chains map[string][][]spec.Processor) spec.Processor {
		p := processor(kind, values)
		p.Chains = chains
		return p
	}
	loose := processor("compressor", param.Values{"threshold": -34.0, "ratio": 4.0, "link": 40.0, "detector": "rms", "release": "auto", "makeup": 3.0, "sidechain_highpass": 100.0})
	all := map[string][]spec.Processor{
		"compressor":    {squash},
		"loose":         {loose},
		"mix of 40 %":   {half},
		"behind an eq":  {processor("eq", param.Values{"phase": "linear", "bands": []param.Values{{"type": "bell", "freq": 900.0, "gain": 5.0}}}), squash},
		"expander":      {processor("expander", param.Values{"threshold": -10.0, "ratio": 3.0})},
		"gate":          {processor("gate", param.Values{"threshold": -14.0, "hold": 2.0, "release": 20.0})},
		"deesser":       {processor("deesser", param.Values{"threshold": -40.0, "range": 12.0})},
		"wide deesser":  {processor("deesser", param.Values{"threshold": -20.0, "range": 12.0, "relative": true, "mode": "wide"})},
		"transient":     {processor("transient", param.Values{"attack": 9.0, "sustain": -9.0, "speed": "fast"})},
		"echoes":        {processor("delay", param.Values{"time": 20.0, "ducking": 18.0, "duck_threshold": -20.0})},
		"multiband":     {processor("multiband", param.Values{"split": []float64{200, 3000}, "bands": []param.Values{{"threshold": -40.0, "ratio": 4.0}, {"threshold": -36.0}, {"threshold": -40.0, "makeup": "auto"}}})},
		"dynamic eq":    {processor("eq", param.Values{"bands": []param.Values{{"type": "highpass", "freq": 60.0}, {"type": "bell", "freq": 2000.0, "q": 0.7, "threshold": -40.0, "range": -9.0, "release": 30.0}, {"type": "highshelf", "freq": 6000.0, "on": "side", "threshold": -50.0, "range": 6.0}}})},
		"parallel":      {within("parallel", nil, map[string][][]spec.Processor{"chain": {{squash}}})},
		"middle, sides": {within("mid_side", nil, map[string][][]spec.Processor{"mid": {{late(2), squash}}, "side": {{loose}}})},
		"in bands": {within("bands", param.Values{"split": []float64{400}}, map[string][][]spec.Processor{"chains": {
			{loose}, {within("mid_side", nil, map[string][][]spec.Processor{"mid": {{squash}}})},
		}})},
	}
	var long []spec.Processor
	for _, name := range []string{"gate", "dynamic eq", "in bands", "transient", "compressor"} {
		long = append(long, all[name]...)
	}
	all["one after the other"] = long
	return all
}

// replayed is a song in which a voice and a band meet on a bus, in a return and in
// the mix. The voice comes and goes, so that it moves the gains.
func replayed(bus, ret, mix []spec.Processor) *testDesk {
	voice := noise("voice", 20000, 1)
	sings := voice.f
	voice.f = func(i int64) (float64, float64) {
		l, r := sings(i)
		if i/5000%2 == 0 {
			return 0.1 * l, 0.1 * r
		}
		return 2 * l, 2 * r
	}
	d := newTestDesk(voice, noise("keys", 20000, 2), noise("drums", 20000, 3))
	d.song.Buses = []spec.Bus{{Strip: strip("band", "mix")}}
	d.song.Returns = []spec.Bus{{Strip: strip("echo", "mix")}}
	d.song.Stems[0].To, d.song.Stems[1].To = "band", "band"
	d.song.Stems[0].Sends = []spec.Send{{To: "echo", Level: -6}}
	d.song.Stems[2].Sends = []spec.Send{{To: "echo", Level: -9, Pre: true}}
	d.song.Buses[0].Chain, d.song.Returns[0].Chain, d.song.Mix.Chain = bus, ret, mix
	d.song.Buses[0].Gain, d.song.Mix.Gain, d.song.Mix.Rotate = -3, 8, 10
	return d
}

// movements are chains of what moves by itself, from the first sound on or from the
// first frame of a stream, which latencies make later.
func movements() map[string][]spec.Processor {
	all := map[string][]spec.Processor{
		"plate": {processor("reverb", param.Values{"decay": 0.3, "modulation": 100.0})},
		"room":  {processor("reverb", param.Values{"type": "room", "decay": 0.2, "modulation": 100.0})},
	}
	for _, kind := range []string{"chorus", "flanger", "phaser", "tremolo", "autopan"} {
		all[kind] = []spec.Processor{processor(kind, param.Values{"rate": 3.0})}
	}
	return all
}

// What moves stands in a version where it stands in the main one, although the voice
// comes later and what is left out is what is latest.
func TestMovementsFollowTheMainVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	for name, chain := range movements() {
		t.Run(name, func(t *testing.T) {
			d := replayed(nil, nil, chain)
			d.sources["voice"] = &tone{name: "late voice", n: 20000, f: func(i int64) (float64, float64) {
				if i < 7777 {
					return 0, 0
				}
				return noise("voice", 20000, 1).f(i)
			}}
			d.song.Stems[2].Chain = []spec.Processor{late(7)}
			main := d.mix(t, version{}, 2)
			nullOf(t, "led", main, d.mix(t, voiceless, 2).plus(d.mix(t, alone, 1)), -100)
			if db := residue(main, d.mix(t, own(voiceless), 2).plus(d.mix(t, own(alone), 2))); db < -90 {
				t.Errorf("without being led %.1f dB are left: it does nothing, and the test shows nothing", db)
			}
		})
	}
}

var (
	voiceless = version{name: "instrumental", mute: []string{"voice"}, follows: true}
	alone     = version{name: "a cappella", solo: []string{"voice"}, follows: true}
)

// own is a version whose dynamics hear the version itself.
func own(v version) version {
	v.follows = false
	return v
}

// Where the dynamics follow the main version, an instrumental and an a cappella add
// up to it, whatever dynamics there are. Where each goes by its own level they do
// not: else this would show nothing. -100 dB is far below what a mix carries; what
// is left are roundings of stages to 32-bit float, some -140 dB.
func TestDynamicsFollowTheMainVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	for name, chain := range dynamics() {
		for where, d := range map[string]*testDesk{"bus and the return": replayed(chain, chain, nil), "mix": replayed(nil, nil, chain)} {
			t.Run(name+" on the "+where, func(t *testing.T) {
				main := d.mix(t, version{}, 2)
				nullOf(t, "led", main, d.mix(t, voiceless, 2).plus(d.mix(t, alone, 1)), -100)
				if db := residue(main, d.mix(t, own(voiceless), 2).plus(d.mix(t, own(alone), 2))); db < -60 {
					t.Errorf("without being led %.1f dB are left: it does nothing, and the test shows nothing", db)
				}
			})
		}
	}
}

// The same in every place at once, with a level of a version, automation, a send
// and a side-chain from a bus that the voice is part of.
func TestDynamicsFollowThroughTheDesk(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	d := replayed(dynamics()["in bands"], dynamics()["echoes"], dynamics()["one after the other"])
	keyed := processor("compressor", param.Values{"threshold": -30.0, "ratio": 8.0, "sidechain": "band"})
	keyed.ID = "keyed"
	d.song.Stems[2].Chain = []spec.Processor{keyed}
	d.song.Stems[2].Automation = []spec.Lane{{Target: spec.Target{Processor: "keyed", Param: "threshold"}, Points: []spec.Point{{At: 0.1, Value: -20, Curve: spec.Linear}}}}
	glue := processor("compressor", param.Values{"threshold": -25.0, "ratio": 3.0})
	glue.ID = "glue"
	d.song.Mix.Chain = append([]spec.Processor{glue}, d.song.Mix.Chain...)
	d.song.Mix.Automation = []spec.Lane{
		{Target: spec.Target{Processor: "glue", Param: "threshold"}, Points: []spec.Point{{At: 0.2, Value: -35, Curve: spec.Linear}}},
		{Target: spec.Target{Processor: "glue", Param: "makeup"}, Points: []spec.Point{{At: 0.1, Value: 4}}},
	}
	main := d.mix(t, version{}, 2)
	nullOf(t, "all at once", main, d.mix(t, voiceless, 2).plus(d.mix(t, alone, 1)), -100)
	if db := residue(main, d.mix(t, own(voiceless), 2).plus(d.mix(t, own(alone), 2))); db < -40 {
		t.Errorf("without being led %.1f dB are left", db)
	}

	// The voice at -3 dB is the song with 1 - 10^(-3/20) of the voice taken out.
	softer := version{name: "softer", gain: map[string]float64{"voice": -3}, follows: true}
	a, got := d.mix(t, alone, 2), d.mix(t, softer, 2)
	want := &record{}
	for i := range main.l {
		want.l = append(want.l, main.l[i]-(1-gainOf(-3))*a.l[i])
		want.r = append(want.r, main.r[i]-(1-gainOf(-3))*a.r[i])
	}
	nullOf(t, "the voice at -3 dB", want, got, -100)
}

// mastered renders what a version is delivered as.
func (d *testDesk) mastered(t *testing.T, v version) *record {
	t.Helper()
	desk := newDesk(&d.song, 48000, d.sources)
	mix, err := desk.mixdown(v)
	if err != nil {
		t.Fatal(err)
	}
	_, c, err := desk.mastered(v, mix)
	if err != nil {
		t.Fatal(err)
	}
	return runTo(t, desk, c, 2)
}

// So it is behind the master, and for prints that go through the mix and the
// master: those of the main version add up to it, and those of another one to that.
func TestPrintsAddUpThroughDynamics(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	t.Parallel()
	d := replayed(dynamics()["compressor"], dynamics()["multiband"], dynamics()["in bands"])
	d.song.Master.Chain = append(append(dynamics()["dynamic eq"], late(5)), dynamics()["loose"]...)
	main := d.mastered(t, version{})
	nullOf(t, "masters", main, d.mastered(t, voiceless).plus(d.mastered(t, alone)), -100)

	sum := func(v version, delivery spec.Delivery, apart bool, names ...string) *record {
		all := &record{}
		for _, name := range names {
			all = all.plus(d.printedOf(t, v, spec.Print{Name: name, Strips: []string{name}, Apart: apart}, delivery))
		}
		return all
	}
	buses, stems := []string{"drums", "band", "echo"}, []string{"voice", "keys", "drums"}
	for _, through := range []string{spec.ThroughMix, spec.ThroughMaster} {
		whole := func(v version) *record {
			if through == spec.ThroughMix {
				return d.mix(t, v, 2)
			}
			return d.mastered(t, v)
		}
		led, self := spec.Delivery{Through: through, Dynamics: spec.DynamicsMain}, spec.Delivery{Through: through, Dynamics: spec.DynamicsOwn}
		nullOf(t, "buses through "+through, whole(version{}), sum(version{}, led, true, buses...), -100)
		nullOf(t, "stems through "+through, whole(version{}), sum(version{}, led, false, stems...), -100)
		nullOf(t, "buses of the instrumental through "+through, whole(voiceless), sum(voiceless, spec.Delivery{Through: through}, true, buses...), -100)
		nullOf(t, "stems of the instrumental through "+through, whole(voiceless), sum(voiceless, spec.Delivery{Through: through}, false, stems[1:]...), -100)
		if db := residue(whole(version{}), sum(version{}, self, true, buses...)); db < -40 {
			t.Errorf("through %s, each heard alone, %.1f dB are left: the test shows nothing", through, db)
		}
	}
	// With the parts in the master's hands first.
	d.song.Master.Buses = []spec.MasterBus{{Name: "band", Gain: 2, Chain: dynamics()["gate"]}, {Name: "drums", Chain: dynamics()["expander"]}}
	led := spec.Delivery{Through: spec.ThroughMaster, Dynamics: spec.DynamicsMain}
	parts := d.mastered(t, version{})
	nullOf(t, "stem masters", parts, d.mastered(t, voiceless).plus(d.mastered(t, alone)), -100)
	nullOf(t, "stems through a stem master", parts, sum(version{}, led, false, stems...), -100)
	if db := residue(parts, d.mastered(t, own(voiceless)).plus(d.mastered(t, own(alone)))); db < -40 {
		t.Errorf("without being led %.1f dB are left of the stem masters", db)
	}

	plain := replayed(dynamics()["compressor"], dynamics()["multiband"], nil)
	plain.song.Mix.Gain, plain.song.Mix.Rotate = 0, 0
	*d = *plain
	nullOf(t, "stems in front of the mix", d.mix(t, version{}, 2), sum(version{}, spec.Delivery{Dynamics: spec.DynamicsMain}, false, stems...), -100)
	d.song.Dynamics = spec.DynamicsMain
	nullOf(t, "stems as the session says", d.mix(t, version{}, 2), sum(version{}, spec.Delivery{}, false, stems...), -100)
}

// What hears the same as in the main version is its channel, also where it listens
// to something that is not the same; and what does not go by level needs no leader.
func TestFollowingSharesChannels(t *testing.T) {
	d := replayed(dynamics()["compressor"], []spec.Processor{processor("imager", nil)}, nil)
	d.song.Stems[2].Chain = []spec.Processor{processor("compressor", param.Values{"sidechain": "band"})}
	desk := newDesk(&d.song, 48000, d.sources)
	for _, v := range []version{{}, voiceless} {
		if _, err := desk.mixdown(v); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, c := range desk.known {
		if c.version != "" {
			got = append(got, fmt.Sprintf("%s led %v", c.name, c.lead != nil))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"band led true", "echo led false", "mix led false"}, got); diff != "" {
		t.Errorf("made for the instrumental (-want +got):\n%s", diff)
	}
}

// Every kind of processor that the language has is in the lists above, if a leader
// makes a difference to it.
func TestAllDynamicsAreTried(t *testing.T) {
	tried := map[string]bool{}
	var note func(chain []spec.Processor)
	note = func(chain []spec.Processor) {
		for _, p := range chain {
			tried[p.Kind] = true
			for _, chains := range p.Chains {
				for _, inner := range chains {
					note(inner)
				}
			}
		}
	}
	for _, chains := range []map[string][]spec.Processor{dynamics(), movements()} {
		for _, chain := range chains {
			note(chain)
		}
	}
	for _, k := range catalogue.All() {
		if k.Follows != nil && !tried[k.Name] {
			t.Errorf("%s is in no chain of this test", k.Name)
		}
	}
}
