package render

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// tone is a source for tests: a stem that needs no file.
type tone struct {
	name string
	n    int64
	mono bool
	at   int64
	f    func(i int64) (l, r float64)
}

func (s *tone) open() error                   { s.at = 0; return nil }
func (s *tone) Close() error                  { return nil }
func (s *tone) describe(t *cache.Description) { t.Add("tone", s.name) }
func (s *tone) frames() int64                 { return s.n }
func (s *tone) cost() float64                 { return fileCost }
func (s *tone) again() source                 { other := *s; return &other }
func (s *tone) channels() int {
	if s.mono {
		return 1
	}
	return 2
}

func (s *tone) read(b dsp.Block) error {
	for i := range b[0] {
		b[0][i], b[1][i] = 0, 0
		if s.at < s.n {
			b[0][i], b[1][i] = s.f(s.at)
		}
		s.at++
	}
	return nil
}

// noise is a repeatable, broadband stem.
func noise(name string, n int64, seed uint64) *tone {
	return &tone{name: name, n: n, f: func(i int64) (float64, float64) {
		x := (uint64(i)*2862933555777941757 + seed) * 3037000493
		x ^= x >> 29
		return float64(int32(x))/(1<<33) + 0.1*math.Sin(float64(i)*0.05), float64(int32(x>>32)) / (1 << 33)
	}}
}

// desk16 is a 48 kHz song over test sources.
type testDesk struct {
	song    spec.Song
	sources map[string]source
}

func newTestDesk(stems ...*tone) *testDesk {
	d := &testDesk{sources: map[string]source{}}
	d.song.Title = "Test"
	d.song.Mix = spec.Bus{Strip: strip("mix", "")}
	for _, s := range stems {
		d.song.Stems = append(d.song.Stems, spec.Stem{Strip: strip(s.name, "mix")})
		d.sources[s.name] = s
	}
	return d
}

func strip(name, to string) spec.Strip { return spec.Strip{Name: name, To: to, Width: 100} }

// processor makes a chain entry with defaults filled in.
func processor(kind string, values param.Values) spec.Processor {
	k, ok := catalogue.Lookup(kind)
	if !ok {
		panic("no kind " + kind)
	}
	full := param.Defaults(k.Params).With(values)
	for _, p := range k.Params {
		if p.Type == param.Items {
			var items []param.Values
			for _, v := range full.List(p.Name) {
				items = append(items, param.Defaults(p.Fields).With(v))
			}
			full[p.Name] = items
		}
	}
	return spec.Processor{Kind: kind, Mix: 100, Values: full}
}

// record collects a node's output.
type record struct{ l, r []float64 }

func (r *record) write(b dsp.Block) error {
	r.l, r.r = append(r.l, b[0]...), append(r.r, b[1]...)
	return nil
}

// mix renders a version and returns what the mix puts out.
func (d *testDesk) mix(t *testing.T, v version, jobs int) *record {
	t.Helper()
	desk := newDesk(&d.song, 48000, d.sources)
	n, err := desk.mixdown(v)
	if err != nil {
		t.Fatal(err)
	}
	return runTo(t, desk, n, jobs)
}

func runTo(t *testing.T, desk *desk, c *channel, jobs int) *record {
	t.Helper()
	n, err := desk.make(c)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	n.sinks[post] = r
	total := n.end + int64(n.latency)
	if err := schedule(context.Background(), needed(desk.order), (total+chunkFrames-1)/chunkFrames, jobs, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// The mix of untouched stems is their sum; stems and mix are stage boundaries,
// rounded to 32-bit float.
func TestMixIsTheSum(t *testing.T) {
	a, b := noise("a", 30000, 1), noise("b", 20000, 2)
	got := newTestDesk(a, b).mix(t, version{}, 2)
	for i := range got.l {
		var want float64
		if int64(i) < a.n {
			l, _ := a.f(int64(i))
			want += float64(float32(l))
		}
		if int64(i) < b.n {
			l, _ := b.f(int64(i))
			want += float64(float32(l))
		}
		if got.l[i] != float64(float32(want)) {
			t.Fatalf("frame %d: %g, want %g", i, got.l[i], want)
		}
	}
}

// Two stems with the same sound, one inverted and later in the chain by the
// latency of a linear-phase equaliser that does nothing, must cancel: latency
// is compensated to the sample, through a bus and beside it.
func TestLatencyIsCompensated(t *testing.T) {
	a, b := noise("a", 60000, 1), noise("b", 60000, 1)
	d := newTestDesk(a, b)
	flat := processor("eq", param.Values{"phase": "linear", "bands": []param.Values{{"type": "bell", "freq": 1000.0, "gain": 0.0}}})
	d.song.Buses = []spec.Bus{{Strip: strip("group", "mix")}}
	d.song.Buses[0].Chain = []spec.Processor{flat}
	d.song.Stems[0].To = "group"
	d.song.Stems[0].Chain = []spec.Processor{flat}
	d.song.Stems[1].Invert = true
	got := d.mix(t, version{}, 2)
	peak := 0.0
	for i := range got.l {
		peak = max(peak, math.Abs(got.l[i]), math.Abs(got.r[i]))
	}
	if db := 20 * math.Log10(peak+1e-300); db > -120 { // the FIR's own ripple; one sample off would leave about -6 dB
		t.Errorf("the two paths cancel to %.1f dB only", db)
	}
}

// A pre-fader send does not follow the fader, a post-fader send does.
func TestSends(t *testing.T) {
	for _, pre := range []bool{true, false} {
		d := newTestDesk(noise("a", 9000, 3))
		d.song.Returns = []spec.Bus{{Strip: strip("wet", "mix")}}
		d.song.Stems[0].Gain = -20
		d.song.Stems[0].Sends = []spec.Send{{To: "wet", Level: -6, Pre: pre}}
		got := d.mix(t, version{}, 1)
		l, _ := noise("a", 9000, 3).f(500)
		dry, wet := math.Pow(10, -1), math.Pow(10, -0.3)
		if !pre {
			wet *= dry
		}
		if want := l * (dry + wet); math.Abs(got.l[500]-want) > 1e-7 {
			t.Errorf("pre %v: %g, want %g", pre, got.l[500], want)
		}
	}
}

// Whatever the number of workers, the bits are the same.
func TestJobsChangeNothing(t *testing.T) {
	d := newTestDesk(noise("a", 40000, 1), noise("b", 50000, 2), noise("c", 45000, 3))
	d.song.Buses = []spec.Bus{{Strip: strip("group", "mix")}}
	d.song.Stems[0].To, d.song.Stems[1].To = "group", "group"
	d.song.Stems[1].Chain = []spec.Processor{processor("compressor", param.Values{"threshold": -30.0, "ratio": 8.0, "sidechain": "c"})}
	one, four := d.mix(t, version{}, 1), d.mix(t, version{}, 4)
	for i := range one.l {
		if one.l[i] != four.l[i] || one.r[i] != four.r[i] {
			t.Fatalf("frame %d differs", i)
		}
	}
}

// A side-chain turns the stem down while the key sounds, also when the key
// itself is muted.
func TestSidechain(t *testing.T) {
	bass := &tone{name: "bass", n: 48000, f: func(i int64) (float64, float64) { x := 0.3 * math.Sin(float64(i)*0.02); return x, x }}
	kick := &tone{name: "kick", n: 48000, f: func(i int64) (float64, float64) {
		if i < 24000 {
			return 0, 0
		}
		x := 0.9 * math.Sin(float64(i)*0.01)
		return x, x
	}}
	d := newTestDesk(bass, kick)
	d.song.Stems[0].Chain = []spec.Processor{processor("compressor", param.Values{"threshold": -30.0, "ratio": 10.0, "attack": 1.0, "sidechain": "kick"})}
	d.song.Stems[1].Mute = true
	got := d.mix(t, version{}, 2)
	loud := func(from, to int) (peak float64) {
		for _, x := range got.l[from:to] {
			peak = max(peak, math.Abs(x))
		}
		return
	}
	before, after := loud(10000, 23000), loud(30000, 47000)
	if drop := 20 * math.Log10(after/before); drop > -12 {
		t.Errorf("the bass falls by %.1f dB under the kick, want more than 12", -drop)
	}
	if math.Abs(before-0.3) > 0.001 {
		t.Errorf("the bass is at %g before the kick, want 0.3", before)
	}
}

// Versions share what they have in common: an instrumental makes no stem anew.
func TestVersionsShareChannels(t *testing.T) {
	d := newTestDesk(noise("drums", 1000, 1), noise("bass", 1000, 2), noise("vox", 1000, 3))
	d.song.Buses = []spec.Bus{{Strip: strip("band", "mix")}}
	d.song.Stems[0].To, d.song.Stems[1].To = "band", "band"
	desk := newDesk(&d.song, 48000, d.sources)
	main, err := desk.mixdown(version{})
	if err != nil {
		t.Fatal(err)
	}
	channels := len(desk.known)
	for _, v := range []version{{name: "instrumental", mute: []string{"vox"}}, {name: "same"}} {
		mix, err := desk.mixdown(v)
		if err != nil {
			t.Fatal(err)
		}
		if v.name == "same" && mix != main {
			t.Error("a version that changes nothing is another channel")
		}
	}
	if extra := len(desk.known) - channels; extra != 1 {
		t.Errorf("the instrumental made %d channels of its own, want 1: its mix", extra)
	}
	instrumental := d.mix(t, version{mute: []string{"vox"}}, 1)
	solo := d.mix(t, version{solo: []string{"vox"}}, 1)
	full := d.mix(t, version{}, 1)
	for i := range full.l {
		if math.Abs(instrumental.l[i]+solo.l[i]-full.l[i]) > 1e-7 {
			t.Fatalf("frame %d: instrumental and a cappella do not add up to the mix", i)
		}
	}
}

// Everything muted is a fault of the project, not a silent file.
func TestNothingHeard(t *testing.T) {
	d := newTestDesk(noise("a", 100, 1))
	_, err := newDesk(&d.song, 48000, d.sources).mixdown(version{name: "none", mute: []string{"a"}})
	var input *InputError
	if !errors.As(err, &input) {
		t.Errorf("got %v, want an InputError", err)
	}
}

// Automation of a processor's parameter takes effect at its own song time,
// also behind a processor with latency.
func TestParameterAutomation(t *testing.T) {
	d := newTestDesk(&tone{name: "a", n: 48000, f: func(int64) (float64, float64) { return 0.25, 0.25 }})
	late := processor("compressor", param.Values{"lookahead": 10.0, "threshold": 0.0})
	makeup := processor("compressor", param.Values{"threshold": 0.0})
	makeup.ID = "trim"
	d.song.Stems[0].Chain = []spec.Processor{late, makeup}
	d.song.Stems[0].Automation = []spec.Lane{{Path: "trim.makeup", Target: spec.Target{Processor: "trim", Param: "makeup"},
		Points: []spec.Point{{At: 0, Value: 0}, {At: 0.5, Value: 6}}}}
	got := d.mix(t, version{}, 1)
	if got.l[23990] != 0.25 {
		t.Errorf("before the step: %g, want 0.25", got.l[23990])
	}
	if want := 0.25 * math.Pow(10, 0.3); math.Abs(got.l[36000]-want) > 1e-4 {
		t.Errorf("long after the step: %g, want %g", got.l[36000], want)
	}
	if got.l[24000+480] <= 0.3 {
		t.Errorf("10 ms after the step: %g: it came late", got.l[24480])
	}
}

func TestArtifactRoundTrip(t *testing.T) {
	w, err := newArtifactWriter(filepath.Join(t.TempDir(), "x"), 1200, 7)
	if err != nil {
		t.Fatal(err)
	}
	b := dsp.NewBlock(1000)
	for i := range b[0] {
		b[0][i], b[1][i] = float64(float32(i))/4096, -0.5
	}
	b[1][999] = 1e-6
	b[0][999] = 2e-5 // the last frame lies below -90 dBFS
	for range 2 {    // the second block goes on beyond the stage's end
		if err := w.write(b); err != nil {
			t.Fatal(err)
		}
		silence(b)
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	if w.Audible != 999 || w.Frames != 1200 || w.Latency != 7 {
		t.Errorf("got %+v, want 1200 frames, audible to 999, latency 7", w.stageInfo)
	}
	// A song that is longer than its stage goes on in silence.
	r, err := artifact{stageInfo: w.stageInfo, path: w.file.Name(), rate: 48000, song: 1500}.open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, n := dsp.NewBlock(dsp.MaxBlock), 0
	for {
		k, err := r.read(got)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			break
		}
		for i := 0; i < k; i++ {
			want := [2]float64{}
			if n+i < 999 {
				want = [2]float64{float64(n+i) / 4096, -0.5}
			}
			if n+i != 999 && (got[0][i] != want[0] || got[1][i] != want[1]) {
				t.Fatalf("frame %d is %g %g, want %g", n+i, got[0][i], got[1][i], want)
			}
		}
		n += k
	}
	if n != 1500 {
		t.Errorf("read %d frames, want 1500", n)
	}
}

// A stored stage takes the place of all that made it: whatever comes after it
// gives the same bits, whether the stage was there or not.
func TestStoredStageChangesNothing(t *testing.T) {
	d := newTestDesk(noise("a", 40000, 1), noise("b", 30000, 2))
	d.song.Stems[0].Chain = []spec.Processor{processor("eq", param.Values{"phase": "linear", "bands": []param.Values{{"type": "bell", "freq": 500.0, "gain": 4.0}}})}
	moving := processor("compressor", param.Values{"threshold": -30.0})
	moving.ID = "glue"
	d.song.Master.Chain = []spec.Processor{moving, processor("reverb", param.Values{"decay": 0.3})}
	d.song.Master.Automation = []spec.Lane{{Target: spec.Target{Processor: "glue", Param: "makeup"},
		Points: []spec.Point{{At: 0.1, Value: 0}, {At: 0.4, Value: 6, Curve: spec.Linear}}}}
	master := func(kept func(*channel) *stageSource) (*desk, *channel, *channel) {
		desk := newDesk(&d.song, 48000, d.sources)
		desk.kept = kept
		mix, err := desk.mixdown(version{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := desk.master(mix, nil)
		if err != nil {
			t.Fatal(err)
		}
		return desk, mix, c
	}
	desk, mix, c := master(nil)
	n, err := desk.make(mix)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newArtifactWriter(filepath.Join(t.TempDir(), "mix"), n.end, n.latency)
	if err != nil {
		t.Fatal(err)
	}
	n.sinks[post] = w
	want := runTo(t, desk, c, 2)
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	desk, _, c = master(func(c *channel) *stageSource {
		if c.key != mix.key {
			return nil
		}
		return &stageSource{artifact: artifact{stageInfo: w.stageInfo, path: w.file.Name(), rate: 48000}}
	})
	got := runTo(t, desk, c, 2)
	if len(needed(desk.order)) != 4 { // the stage, two processors, the master's end
		t.Errorf("%d nodes ran, want 4", len(needed(desk.order)))
	}
	for i := range want.l {
		if got.l[i] != want.l[i] || got.r[i] != want.r[i] {
			t.Fatalf("frame %d: %g from the stored mix, %g from the stems", i, got.l[i], want.l[i])
		}
	}
}
