package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/stereo"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// session is a song whose stems are files in a folder.
type session struct {
	*testing.T
	dir  string
	song spec.Song
}

func newSession(t *testing.T) *session {
	return &session{T: t, dir: t.TempDir(), song: spec.Song{Title: "Test", SampleRate: 48000, Mix: spec.Bus{Strip: strip("mix", "")}}}
}

// file writes a 32-bit float WAV file of one or two channels, with the bext chunk
// of a Broadcast WAVE where a time stamp is given.
func (s *session) file(name string, rate int, stamp int64, x ...[]float64) spec.File {
	s.Helper()
	var out bytes.Buffer
	put := func(v ...any) {
		for _, v := range v {
			if err := binary.Write(&out, binary.LittleEndian, v); err != nil {
				s.Fatal(err)
			}
		}
	}
	size := uint32(4 * len(x) * len(x[0]))
	out.WriteString("RIFF")
	put(uint32(0))
	out.WriteString("WAVE")
	if stamp >= 0 {
		out.WriteString("bext")
		put(uint32(602), make([]byte, 338), uint64(stamp), make([]byte, 256))
	}
	out.WriteString("fmt ")
	put(uint32(16), uint16(3), uint16(len(x)), uint32(rate), uint32(4*rate*len(x)), uint16(4*len(x)), uint16(32))
	out.WriteString("data")
	put(size)
	for i := range x[0] {
		for _, ch := range x {
			put(float32(ch[i]))
		}
	}
	b := out.Bytes()
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	f := spec.File{Name: name, Path: filepath.Join(s.dir, name)}
	if err := os.WriteFile(f.Path, b, 0o644); err != nil {
		s.Fatal(err)
	}
	return f
}

// stem adds a stem and returns it, to be changed before the next one is added.
func (s *session) stem(name string, f spec.File) *spec.Stem {
	s.song.Stems = append(s.song.Stems, spec.Stem{Strip: strip(name, "mix"), File: f})
	return &s.song.Stems[len(s.song.Stems)-1]
}

func (s *session) open() (map[string]source, []string, error) {
	var warnings []string
	b := &builder{event: func(e Event) { warnings = append(warnings, e.Message) }}
	sources, _, err := b.sources(&s.song)
	return sources, warnings, err
}

// source opens the song and returns a stem's source.
func (s *session) source(name string) source {
	s.Helper()
	sources, _, err := s.open()
	if err != nil {
		s.Fatal(err)
	}
	return sources[name]
}

// mixed renders the song.
func (s *session) mixed() *record {
	s.Helper()
	sources, _, err := s.open()
	if err != nil {
		s.Fatal(err)
	}
	desk := newDesk(&s.song, s.song.SampleRate, sources)
	mix, err := desk.mixdown(version{})
	if err != nil {
		s.Fatal(err)
	}
	return runTo(s.T, desk, mix, 2)
}

// heard reads n frames of a source from a frame of the song on, in blocks of
// changing lengths.
func heard(t *testing.T, src source, from int64, n int) dsp.Block {
	t.Helper()
	if err := src.open(); err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if from > 0 {
		if err := src.(interface{ seek(int64) error }).seek(from); err != nil {
			t.Fatal(err)
		}
	}
	out := dsp.NewBlock(n)
	for at, i := 0, 0; at < n; i++ {
		to := min(at+[]int{1024, 1, 333, 1000, 64}[i%5], n)
		if err := src.read(out.Cut(at, to)); err != nil {
			t.Fatal(err)
		}
		at = to
	}
	return out
}

// float32s are random samples that a 32-bit float file keeps.
func float32s(n int, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(float32(random.Float64() - 0.5))
	}
	return x
}

func full(n int, v float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// frame of a signal, silent outside.
func frameOf(x []float64, i int) float64 {
	if i < 0 || i >= len(x) {
		return 0
	}
	return x[i]
}

// A delay moves a strip by whole samples, in either unit and direction, with an
// offset and without; the chain's and the mix's latencies have no say.
func TestDelayIsSampleExact(t *testing.T) {
	x := float32s(5000, 1)
	for _, c := range []struct {
		offset float64
		delay  spec.SampleTime
		want   int
	}{
		{0, spec.SampleTime{Samples: 12}, 12}, {0, spec.SampleTime{Samples: 1}, 1}, {0, spec.SampleTime{Seconds: 0.003}, 144}, {0, spec.SampleTime{Samples: -12}, -12},
		{0.01, spec.SampleTime{Samples: -12}, 468}, {-0.01, spec.SampleTime{Samples: 12}, -468}, {0.01, spec.SampleTime{Seconds: -0.02}, -480},
	} {
		s := newSession(t)
		stem := s.stem("a", s.file("a.wav", 48000, -1, x, x))
		stem.Offset, stem.Delay = c.offset, c.delay
		got := s.mixed()
		for i := range got.l {
			if got.l[i] != frameOf(x, i-c.want) || got.r[i] != got.l[i] {
				t.Fatalf("%+v: frame %d is %g, want frame %d, %g", c, i, got.l[i], i-c.want, frameOf(x, i-c.want))
			}
		}
		if len(got.l) < len(x)+c.want {
			t.Errorf("%+v: the end is lost", c)
		}
	}
	// A bus is later by as much, beside a stem that is not.
	s := newSession(t)
	s.stem("a", s.file("a.wav", 48000, -1, x, x)).To = "late"
	s.stem("b", s.file("b.wav", 48000, -1, full(5000, 0.25), full(5000, 0.25)))
	s.song.Buses = []spec.Bus{{Strip: strip("late", "mix")}}
	s.song.Buses[0].Delay = spec.SampleTime{Samples: 77}
	got := s.mixed()
	for i := range 5077 {
		if want := float64(float32(frameOf(full(5000, 0.25), i) + frameOf(x, i-77))); got.l[i] != want {
			t.Fatalf("bus: frame %d is %g, want %g", i, got.l[i], want)
		}
	}
}

// Every sample of a fade is the formula; what lies outside is untouched, and what
// is trimmed stays where it was.
func TestTrimAndFades(t *testing.T) {
	const n, from, to, in, out = 9600, 960, 8640, 1200, 2400
	x := float32s(n, 2)
	for shape, formula := range map[spec.Shape]func(t float64) float64{
		spec.FadeLinear:      func(t float64) float64 { return t },
		spec.FadeExponential: func(t float64) float64 { return (math.Pow(1000, t) - 1) / 999 },
		spec.FadeSCurve:      func(t float64) float64 { return (1 - math.Cos(math.Pi*t)) / 2 },
		spec.FadeEqualPower:  func(t float64) float64 { return math.Sin(math.Pi / 2 * t) },
	} {
		s := newSession(t)
		stem := s.stem("a", s.file("a.wav", 48000, -1, x, x))
		stem.Start, stem.End = 0.02, 0.18
		stem.FadeIn, stem.FadeOut = spec.Fade{Length: 0.025, Shape: shape}, spec.Fade{Length: 0.05, Shape: shape}
		stem.Offset = 0.01
		got := heard(t, s.source("a"), 0, n+1000)
		for i := range got[0] {
			at := i - 480 // in the file
			want := frameOf(x, at)
			switch {
			case at < from || at >= to:
				want = 0
			case at < from+in:
				want *= formula((float64(at-from) + 0.5) / in)
			case at >= to-out:
				want *= formula((float64(to-1-at) + 0.5) / out)
			}
			if math.Abs(got[0][i]-want) > 1e-15 || got[1][i] != got[0][i] { // one rounding of the portable functions
				t.Fatalf("%s: frame %d is %.17g, want %.17g", shape, i, got[0][i], want)
			}
		}
	}
}

// Clips lie where they are put, to the sample, at their gain; gaps are silent, and
// a clip that reaches into the next ends where that begins.
func TestClipsLieWhereTheyArePut(t *testing.T) {
	a, b := float32s(6000, 3), float32s(4000, 4)
	s := newSession(t)
	fa, fb := s.file("a.wav", 48000, -1, a, a), s.file("b.wav", 48000, -1, b)
	stem := s.stem("vox", spec.File{})
	stem.Clips = []spec.Clip{
		{File: fa, At: 0.1, Start: 0.05, End: 0.1, Gain: -6}, // file 2400..4800 at 4800
		{File: fb, At: 0.2},                                            // all of b at 9600 .. 13600
		{File: fa, At: 0.25, Start: 0.01},                              // cuts b at 12000
		{File: fa, At: 1, Start: 0.1, FadeIn: spec.Fade{Length: 0.01}}, // a gap before it
	}
	stem.Delay.Samples = 5
	got := heard(t, s.source("vox"), 0, 60000)
	gain := math.Pow(10, -6.0/20)
	for i := range got[0] {
		i, want := i-5, 0.0
		switch {
		case i >= 4800 && i < 7200:
			want = a[i-4800+2400] * gain
		case i >= 9600 && i < 12000:
			want = b[i-9600]
		case i >= 12000 && i < 12000+6000-480:
			want = a[i-12000+480]
		case i >= 48000 && i < 48000+1200:
			want = a[i-48000+4800] * min(1, (float64(i-48000)+0.5)/480)
		}
		if math.Abs(got[0][i+5]-want) > 1e-15 || got[1][i+5] != got[0][i+5] {
			t.Fatalf("frame %d is %.17g, want %.17g", i+5, got[0][i+5], want)
		}
	}
	if src := s.source("vox"); src.channels() != 2 || src.frames() != 49205 {
		t.Errorf("%d channels, %d frames, want 2 and 49205", src.channels(), src.frames())
	}
	if _, warnings, _ := s.open(); len(warnings) != 0 {
		t.Errorf("warned of what nobody wrote: %q", warnings)
	}
	stem.Clips[1].End = 4000.0 / 48000
	if _, warnings, _ := s.open(); len(warnings) != 1 || !strings.Contains(warnings[0], "is cut off at 0:00.25, where the next clip takes over; by itself it would end at 0:00.283") {
		t.Errorf("warnings: %q", warnings)
	}
}

// A file that is cut into clips is the file, bit for bit, at the session's rate
// and at another.
func TestCutFileIsWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, rate := range []int{48000, 44100, 96000} {
		s := newSession(t)
		l, r := float32s(60000, 5), float32s(60000, 6)
		f := s.file("a.wav", rate, -1, l, r)
		s.stem("whole", f)
		cut := s.stem("cut", spec.File{})
		end := 60000 / float64(rate)
		cuts := []float64{0}
		for range 6 {
			cuts = append(cuts, random.Float64()*end)
		}
		slices.Sort(cuts)
		for _, at := range cuts {
			cut.Clips = append(cut.Clips, spec.Clip{File: f, At: at, Start: at})
		}
		want, got := heard(t, s.source("whole"), 0, 70000), heard(t, s.source("cut"), 0, 70000)
		for i := range want[0] {
			if want[0][i] != got[0][i] || want[1][i] != got[1][i] {
				t.Fatalf("%d Hz: frame %d is %g, want %g (cuts at %v)", rate, i, got[0][i], want[0][i], cuts)
			}
		}
	}
}

// A crossfade keeps the level of one sound that goes on in both clips, where it is
// linear or an s-curve, and the power of two sounds that have nothing in common,
// where it is of equal power: here one is on the left and the other on the right.
func TestCrossfade(t *testing.T) {
	s := newSession(t)
	x := float32s(24000, 8)
	same := s.file("same.wav", 48000, -1, x, x)
	one, other := s.file("l.wav", 48000, -1, full(24000, 0.5), full(24000, 0)), s.file("r.wav", 48000, -1, full(24000, 0), full(24000, 0.5))
	for _, shape := range []spec.Shape{spec.FadeLinear, spec.FadeSCurve} {
		stem := s.stem(string(shape), spec.File{})
		stem.Clips = []spec.Clip{{File: same}, {File: same, At: 0.2, Start: 0.2, Crossfade: spec.Fade{Length: 0.1, Shape: shape}}}
		got := heard(t, s.source(string(shape)), 0, 24000)
		for i := range x {
			if math.Abs(got[0][i]-x[i]) > 1e-15 {
				t.Fatalf("%s: frame %d is %.17g, want %.17g", shape, i, got[0][i], x[i])
			}
		}
	}
	stem := s.stem("takes", spec.File{})
	stem.Clips = []spec.Clip{{File: one}, {File: other, At: 0.2, Start: 0, Crossfade: spec.Fade{Length: 0.1, Shape: spec.FadeEqualPower}}}
	got := heard(t, s.source("takes"), 0, 9600+24000)
	for i := range got[0] {
		if power := 4 * (got[0][i]*got[0][i] + got[1][i]*got[1][i]); math.Abs(power-1) > 1e-14 { // 0.01 dB would be 2e-3
			t.Fatalf("frame %d: power %.17g", i, power)
		}
		switch {
		case i < 9600 && got[1][i] != 0, i >= 14400 && got[0][i] != 0:
			t.Fatalf("frame %d: the crossfade reaches too far: %g %g", i, got[0][i], got[1][i])
		}
	}
}

// Reading from a frame on gives, bit for bit, what is there when the song is read
// from its beginning.
func TestSeek(t *testing.T) {
	s := newSession(t)
	x, y := float32s(50000, 9), float32s(50000, 10)
	var names []string
	for _, rate := range []int{48000, 44100} {
		f, g := s.file(fmt.Sprint("f", rate), rate, -1, x, y), s.file(fmt.Sprint("g", rate), rate, -1, y)
		add := func(what string) *spec.Stem {
			names = append(names, fmt.Sprint(what, rate))
			return s.stem(fmt.Sprint(what, rate), f)
		}
		add("plain")
		add("late").Offset = 0.3
		add("early").Offset = -0.3
		faded := add("faded")
		faded.Start, faded.End, faded.Offset = 0.1, 0.7, 0.05
		faded.FadeIn, faded.FadeOut = spec.Fade{Length: 0.3}, spec.Fade{Length: 0.2, Shape: spec.FadeSCurve}
		clips := add("clips")
		clips.Clips = []spec.Clip{
			{File: f, At: 0.1, Start: 0.3}, {File: g, At: 0.4, Start: 0.1, End: 0.5, Crossfade: spec.Fade{Length: 0.2, Shape: spec.FadeEqualPower}}, {File: f, At: 1.1},
		}
	}
	const n = 120000
	random := rand.New(rand.NewPCG(3, 3))
	for _, name := range names {
		src := s.source(name)
		want := heard(t, src, 0, n)
		for range 8 {
			from := random.IntN(n - 2000)
			got := heard(t, src, int64(from), 2000)
			for i := range got[0] {
				if got[0][i] != want[0][from+i] || got[1][i] != want[1][from+i] {
					t.Fatalf("%s: from %d on: frame %d is %g, want %g", name, from, from+i, got[0][i], want[0][from+i])
				}
			}
		}
	}
}

// Polarity of a side, the channel that is taken and mono come before everything
// else in the strip, in this order.
func TestSides(t *testing.T) {
	l, r := float32s(500, 11), float32s(500, 12)
	const root = math.Sqrt2 / 2
	for name, c := range map[string]struct {
		set  func(*spec.Stem)
		want func(l, r float64) (float64, float64)
	}{
		"nothing":   {func(*spec.Stem) {}, func(l, r float64) (float64, float64) { return l, r }},
		"left":      {func(s *spec.Stem) { s.Channel = "left" }, func(l, r float64) (float64, float64) { return root * l, root * l }},
		"right":     {func(s *spec.Stem) { s.Channel, s.PanLaw = "right", spec.PanLaw6 }, func(l, r float64) (float64, float64) { return r / 2, r / 2 }},
		"mid":       {func(s *spec.Stem) { s.Channel, s.PanLaw = "mid", spec.PanLawBalance }, func(l, r float64) (float64, float64) { return (l + r) / 2, (l + r) / 2 }},
		"side":      {func(s *spec.Stem) { s.Channel, s.Pan = "side", 100 }, func(l, r float64) (float64, float64) { return 0, (l - r) / 2 }},
		"mono":      {func(s *spec.Stem) { s.Mono = true }, func(l, r float64) (float64, float64) { return (l + r) / 2, (l + r) / 2 }},
		"flipped":   {func(s *spec.Stem) { s.InvertSide = "right" }, func(l, r float64) (float64, float64) { return l, -r }},
		"flip mono": {func(s *spec.Stem) { s.InvertSide, s.Mono = "left", true }, func(l, r float64) (float64, float64) { return (r - l) / 2, (r - l) / 2 }},
		"own law":   {func(s *spec.Stem) { s.PanLaw = spec.PanLaw45 }, func(l, r float64) (float64, float64) { g := math.Pow(2, -0.75); return l * g, r * g }},
		"rotated": {func(s *spec.Stem) { s.Rotate = 30 }, func(l, r float64) (float64, float64) {
			sin, cos := math.Sincos(math.Pi / 6)
			return cos*l - sin*r, sin*l + cos*r
		}},
	} {
		s := newSession(t)
		c.set(s.stem("a", s.file("a.wav", 48000, -1, l, r)))
		got := s.mixed()
		for i := range l {
			wantL, wantR := c.want(l[i], r[i])
			// Stem and mix are 32-bit floats.
			if math.Abs(got.l[i]-wantL) > 1e-7 || math.Abs(got.r[i]-wantR) > 1e-7 {
				t.Fatalf("%s: frame %d is %g %g, want %g %g", name, i, got.l[i], got.r[i], wantL, wantR)
			}
			if (name == "mono" || name == "mid") && got.l[i] != got.r[i] {
				t.Fatalf("%s: frame %d has a side of %g", name, i, got.l[i]-got.r[i])
			}
		}
	}
}

// The mix has the same sides as any strip.
func TestSidesOfTheMix(t *testing.T) {
	l, r := float32s(500, 14), float32s(500, 15)
	const root = math.Sqrt2 / 2
	for name, c := range map[string]struct {
		set  func(*spec.Strip)
		want func(l, r float64) (float64, float64)
	}{
		"mono":     {func(s *spec.Strip) { s.Mono = true }, func(l, r float64) (float64, float64) { return (l + r) / 2, (l + r) / 2 }},
		"flipped":  {func(s *spec.Strip) { s.InvertSide = "left" }, func(l, r float64) (float64, float64) { return -l, r }},
		"inverted": {func(s *spec.Strip) { s.Invert = true }, func(l, r float64) (float64, float64) { return -l, -r }},
		"own law":  {func(s *spec.Strip) { s.PanLaw = spec.PanLaw3 }, func(l, r float64) (float64, float64) { return root * l, root * r }},
		"balanced": {func(s *spec.Strip) { s.Pan = 100 }, func(l, r float64) (float64, float64) { return 0, r }},
		"rotated":  {func(s *spec.Strip) { s.Rotate = 45 }, func(l, r float64) (float64, float64) { return root * (l - r), root * (l + r) }},
	} {
		s := newSession(t)
		s.stem("a", s.file("a.wav", 48000, -1, l, r))
		c.set(&s.song.Mix.Strip)
		got := s.mixed()
		for i := range l {
			// Stem and mix are 32-bit floats.
			if wantL, wantR := c.want(l[i], r[i]); math.Abs(got.l[i]-wantL) > 1e-7 || math.Abs(got.r[i]-wantR) > 1e-7 {
				t.Fatalf("%s: frame %d is %g %g, want %g %g", name, i, got.l[i], got.r[i], wantL, wantR)
			}
		}
	}
}

// The fader is the level that is written, to one part in 10^9 and better, on either
// side of the pan as well.
func TestFaderGain(t *testing.T) {
	for db := -144.0; db <= 36; db += 0.37 {
		f := fader{law: stereo.LawBalance, gain: fixedLevel(db), pan: newLane(nil, -50, 48000), width: newLane(nil, 100, 48000)}
		b := dsp.Block{{0.5}, {-0.25}}
		f.process(b, 0)
		gain := math.Pow(10, db/20)
		if l, r := b[0][0]/(0.5*gain), b[1][0]/(-0.25*gain*math.Sqrt2/2); math.Abs(l-1) > 1e-12 || math.Abs(r-1) > 1e-12 {
			t.Errorf("%.2f dB is off by %g and %g", db, l-1, r-1)
		}
	}
}

// The session's law is for mono stems; a stereo stem beside them is balanced, and a
// pre-fader send is taken at the level of the centre.
func TestSessionPanLaw(t *testing.T) {
	x := float32s(500, 13)
	for law, centre := range map[string]float64{"": math.Sqrt2 / 2, spec.PanLaw3: math.Sqrt2 / 2, spec.PanLaw45: math.Pow(2, -0.75), spec.PanLaw6: 0.5, spec.PanLawBalance: 1} {
		s := newSession(t)
		s.song.PanLaw = law
		s.stem("mono", s.file("m.wav", 48000, -1, x)).Sends = []spec.Send{{To: "wet", Pre: true}}
		s.song.Stems[0].Gain = -144
		s.stem("stereo", s.file("s.wav", 48000, -1, x, x))
		s.song.Returns = []spec.Bus{{Strip: strip("wet", "mix")}}
		got := s.mixed()
		for i := range x {
			if want := x[i] * (1 + centre); math.Abs(got.l[i]-want) > 2e-7 {
				t.Fatalf("law %q: frame %d is %g, want %g", law, i, got.l[i], want)
			}
		}
	}
}

// A rotation that moves is the formula at every sample.
func TestRotationMoves(t *testing.T) {
	s := newSession(t)
	stem := s.stem("a", s.file("a.wav", 48000, -1, full(4800, 0.5), full(4800, 0)))
	stem.Automation = []spec.Lane{{Path: "rotate", Target: spec.Target{Param: "rotate"}, Points: []spec.Point{{At: 0, Value: 0}, {At: 0.1, Value: 90, Curve: spec.Linear}}}}
	got := s.mixed()
	for i := range 4800 {
		sin, cos := math.Sincos(math.Pi / 2 * float64(i) / 4800)
		if math.Abs(got.l[i]-cos/2) > 6e-8 || math.Abs(got.r[i]-sin/2) > 6e-8 {
			t.Fatalf("frame %d is %g %g, want %g %g", i, got.l[i], got.r[i], cos/2, sin/2)
		}
	}
}

// Files of a field recorder lie as they were recorded: to the sample, whatever
// their rates, from the earliest of them or from the session's start on.
func TestTimeStamps(t *testing.T) {
	x := float32s(1000, 14)
	const hour = 3600
	begins := func(start *spec.SampleTime) []int64 {
		s := newSession(t)
		s.song.Start = start
		s.stem("boom", s.file("boom.wav", 48000, 10*hour*48000+4800, x)).FromBWF = true
		s.stem("camera", s.file("camera.wav", 44100, 10*hour*44100+441, x)).FromBWF = true
		s.stem("late", s.file("late.wav", 48000, 10*hour*48000+96000, x)).FromBWF = true
		s.song.Stems[2].Delay.Samples = -7
		s.stem("fixed", s.file("fixed.wav", 48000, 9*hour*48000, x)) // has a stamp, and does not go by it
		sources, _, err := s.open()
		if err != nil {
			t.Fatal(err)
		}
		var out []int64
		for _, name := range []string{"boom", "camera", "late", "fixed"} {
			out = append(out, sources[name].(*stemSource).zero)
		}
		return out
	}
	for want, start := range map[string]*spec.SampleTime{
		"[4320 0 95513 0]":     nil,
		"[4800 480 95993 0]":   {Seconds: 10 * hour},
		"[4790 470 95983 0]":   {Samples: 10*hour*48000 + 10},
		"[-91200 -95520 -7 0]": {Seconds: 10*hour + 2},
	} {
		if got := fmt.Sprint(begins(start)); got != want {
			t.Errorf("from %+v on: %s, want %s", start, got, want)
		}
	}
}

// What cannot be is an error that says where and why.
func TestStretchFaults(t *testing.T) {
	x := full(48000, 0.5)
	for want, set := range map[string]func(s *session, f spec.File, stem *spec.Stem){
		`stem "a": file a.wav: 0:01.5 lies beyond the end of the file, which is 0:01 long`:                             func(_ *session, _ spec.File, a *spec.Stem) { a.Start = 1.5 },
		`stem "a": file a.wav: 0:02 lies beyond the end of the file, which is 0:01 long`:                               func(_ *session, _ spec.File, a *spec.Stem) { a.End = 2 },
		`stem "a": file a.wav: the fades take 0:01.2, and there is 0:01 of sound`:                                      func(_ *session, _ spec.File, a *spec.Stem) { a.FadeIn.Length, a.FadeOut.Length = 0.6, 0.6 },
		`stem "a": file a.wav: offset: bwf, but the file has no time stamp: only WAV files with a bext chunk have one`: func(_ *session, _ spec.File, a *spec.Stem) { a.FromBWF = true },
		`stem "a": file b.wav: offset: bwf, but the file's time stamp of 10000000000 samples is no time of day`: func(s *session, _ spec.File, a *spec.Stem) {
			a.File, a.FromBWF = s.file("b.wav", 48000, 10_000_000_000, x), true
		},
		`stem "a": file a.wav: its crossfade lasts until 0:01.2, and the clip before it ends at 0:01`: func(_ *session, f spec.File, a *spec.Stem) {
			a.Clips = []spec.Clip{{File: f}, {File: f, At: 0.8, Crossfade: spec.Fade{Length: 0.4}}}
		},
		`stem "a": file a.wav: the fades take 0:00.6, and there is 0:00.5 of sound`: func(_ *session, f spec.File, a *spec.Stem) { // two crossfades at once
			a.Clips = []spec.Clip{{File: f}, {File: f, At: 0.5, Crossfade: spec.Fade{Length: 0.3}}, {File: f, At: 0.7, Crossfade: spec.Fade{Length: 0.3}}}
		},
		`stem "a": file a.wav: the clip before it begins at the same sample`: func(_ *session, f spec.File, a *spec.Stem) {
			a.Clips = []spec.Clip{{File: f, At: 1}, {File: f, At: 1.000001}}
		},
	} {
		s := newSession(t)
		f := s.file("a.wav", 48000, -1, x)
		stem := s.stem("a", f)
		set(s, f, stem)
		_, _, err := s.open()
		var input *InputError
		if !errors.As(err, &input) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// An end that is the file's to the millisecond, as programs show it, is the file's.
func TestEndAsShown(t *testing.T) {
	s := newSession(t)
	s.stem("a", s.file("a.wav", 44100, -1, full(12345, 0.5))).End = 0.28 // of 0.27993 s
	if a := s.source("a"); a.frames() != 13437 {
		t.Errorf("%d frames, want all 13437", a.frames())
	}
}

// A strip that uses none of all this is described as it always was; each setting
// that changes the sound changes the key.
func TestStripKeys(t *testing.T) {
	x := float32s(2000, 15)
	key := func(set func(*session, *spec.Stem)) (cache.Key, string) {
		s := newSession(t)
		f := s.file("a.wav", 48000, 4800, x, x)
		stem := s.stem("a", f)
		set(s, stem)
		sources, _, err := s.open()
		if err != nil {
			t.Fatal(err)
		}
		desk := newDesk(&s.song, 48000, sources)
		mix, err := desk.mixdown(version{})
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, f := range mix.inputs[0].from.description {
			paths = append(paths, f.Path)
		}
		return mix.key, strings.Join(paths, ",")
	}
	plain, paths := key(func(*session, *spec.Stem) {})
	if want := "engine,action,name,rate,file a.wav,starts at frame,without the first frames,chain,fader.gain,fader.invert,fader.pan,fader.width"; paths != want {
		t.Errorf("a plain stem is described by %s, want %s", paths, want)
	}
	seen := map[cache.Key]string{plain: "plain"}
	clip := func(c spec.Clip) func(*session, *spec.Stem) {
		return func(_ *session, a *spec.Stem) {
			c.File = a.File
			a.Clips = []spec.Clip{c}
		}
	}
	for name, set := range map[string]func(*session, *spec.Stem){
		"mono": func(_ *session, a *spec.Stem) { a.Mono = true }, "channel": func(_ *session, a *spec.Stem) { a.Channel = "mid" },
		"side": func(_ *session, a *spec.Stem) { a.InvertSide = "left" }, "delay": func(_ *session, a *spec.Stem) { a.Delay.Samples = 1 },
		"law": func(_ *session, a *spec.Stem) { a.PanLaw = spec.PanLaw6 }, "rotate": func(_ *session, a *spec.Stem) { a.Rotate = 1 },
		"session law": func(s *session, a *spec.Stem) { a.Channel, s.song.PanLaw = "mid", spec.PanLaw45 },
		"trim":        func(_ *session, a *spec.Stem) { a.Start = 0.001 }, "end": func(_ *session, a *spec.Stem) { a.End = 0.04 },
		"fade in": func(_ *session, a *spec.Stem) { a.FadeIn = spec.Fade{Length: 0.01, Shape: spec.FadeLinear} }, "fade out": func(_ *session, a *spec.Stem) { a.FadeOut = spec.Fade{Length: 0.01, Shape: spec.FadeLinear} },
		"shape": func(_ *session, a *spec.Stem) { a.FadeIn = spec.Fade{Length: 0.01, Shape: spec.FadeSCurve} },
		"clip":  clip(spec.Clip{}), "clip at": clip(spec.Clip{At: 0.01}), "clip start": clip(spec.Clip{Start: 0.01}), "clip end": clip(spec.Clip{End: 0.02}),
		"clip gain": clip(spec.Clip{Gain: 1}), "clip fade": clip(spec.Clip{FadeIn: spec.Fade{Length: 0.01, Shape: spec.FadeLinear}}),
	} {
		k, _ := key(set)
		if other, same := seen[k]; same {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[k] = name
	}
	// A file that says of its own accord what was written has the same sound.
	if k, _ := key(func(_ *session, a *spec.Stem) { a.FromBWF = true }); k != plain {
		t.Error("a time stamp that puts a stem where it was makes another key")
	}
}
