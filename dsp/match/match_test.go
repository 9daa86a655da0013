package match_test

import (
	"flag"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/eq"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/dsp/match"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/internal/param"
)

const rate = 48000

// times has rapid try so many draws: each listens to seconds of music.
func times(t *testing.T, n int) {
	f := flag.Lookup("rapid.checks")
	was := f.Value.String()
	flag.Set("rapid.checks", fmt.Sprint(n))
	t.Cleanup(func() { flag.Set("rapid.checks", was) })
}

// all is a match that goes all the way.
var all = match.Settings{Tone: 1, Width: 1, Range: 12, From: 30, To: 16000}

// music is noise with the spectrum of music, about 4.5 dB down an octave, in
// the rhythm of drums, with quiet verses and loud choruses, of which the bass and the
// treble are not equally loud at all times.
func music(seconds float64, words ...string) dsp.Block {
	r := seed.New(seed.Of(append([]string{"music"}, words...)...))
	b := dsp.NewBlock(int(seconds * rate))
	var pink [3][3]float64
	next := func(k int) float64 {
		w := r.Next()
		p := &pink[k]
		p[0] = 0.997*p[0] + 0.05*w
		p[1] = 0.963*p[1] + 0.12*w
		p[2] = 0.57*p[2] + 0.4*w
		return p[0] + p[1] + p[2] + 0.1*w
	}
	low := 0.0
	for i := range b[0] {
		t := float64(i) / rate
		level := 0.08
		if math.Mod(t, 8) > 4 { // a chorus every eight seconds
			level = 0.2
		}
		beat := math.Exp(-6 * math.Mod(t*2, 1))
		x, s := next(0), next(1)
		low += 0.02 * (next(2) - low)
		mid := level * (x*(0.3+0.7*beat) + 3*low*(1-0.6*beat))
		side := 0.35 * level * (s - low)
		b[0][i], b[1][i] = mid+side, mid-side
	}
	return b
}

func profile(b dsp.Block) match.Profile { return profileAt(b, rate, 777) }

func profileAt(b dsp.Block, rate, block int) match.Profile {
	a := match.NewAnalyser(rate)
	for b.Len() > 0 {
		n := min(b.Len(), block)
		a.Write(b.Cut(0, n))
		b = b.Cut(n, b.Len())
	}
	return a.Finish()
}

// equalised runs a sound through an equaliser.
func equalised(t interface{ Fatal(...any) }, b dsp.Block, values param.Values) dsp.Block {
	p, err := eq.Kind.New(dsp.Args{Rate: rate, Values: param.Complete(eq.Kind.Params, values)})
	if err != nil {
		t.Fatal(err)
	}
	out := dsp.NewBlock(b.Len() + p.Latency())
	copy(out[0], b[0])
	copy(out[1], b[1])
	for rest := out; rest.Len() > 0; {
		n := min(rest.Len(), dsp.MaxBlock)
		p.Process(rest.Cut(0, n))
		rest = rest.Cut(n, rest.Len())
	}
	return out.Cut(p.Latency(), out.Len())
}

func one(p match.Profile) []match.Weighted { return []match.Weighted{{Profile: p, Weight: 1}} }

// A sound is its own reference: there is nothing to do, with 0.1 dB to spare.
func TestItself(t *testing.T) {
	p := profile(music(9))
	r := match.Find(p, one(p), all)
	if len(r.Bands) > 0 || r.WidthDB != 0 || r.LoudnessLU != 0 {
		t.Errorf("matched to itself: %+v", r)
	}
	// At twice the rate, by repeating samples, windows lie elsewhere: that is 0.2 dB at the most, where the
	// repeating is no low-pass yet.
	single := music(9)
	double := dsp.NewBlock(2 * single.Len())
	for c := range double {
		for i, x := range single[c] {
			double[c][2*i], double[c][2*i+1] = x, x
		}
	}
	held := profileAt(double, 2*rate, 1000)
	r = match.Find(held, one(p), match.Settings{Tone: 1, Width: 1, Range: 6, From: 30, To: 4000})
	hz := match.Grid()
	for i, g := range match.Response(r.Bands, hz) {
		if hz[i] >= 30 && hz[i] <= 4000 && math.Abs(g+r.LoudnessLU) > 0.2 {
			t.Errorf("at %.0f Hz, %.2f dB between a sound and itself at twice the rate", hz[i], g)
		}
	}
}

// A copy whose spectrum was tilted is tilted back, within 0.5 dB from 40 Hz to 16 kHz,
// level included: the equaliser and the difference of loudness that it leaves alone.
func TestTiltedCopy(t *testing.T) {
	times(t, 5)
	original := music(9)
	ref := profile(original)
	rapid.Check(t, func(rt *rapid.T) {
		db := rapid.Float64Range(-3, 3).Draw(rt, "tilt")
		pivot := rapid.Float64Range(300, 3000).Draw(rt, "pivot")
		values := param.Values{"bands": []param.Values{{"type": "tilt", "freq": pivot, "gain": db}}}
		r := match.Find(profile(equalised(rt, original, values)), one(ref), all)
		hz := match.Grid()
		got := match.Response(r.Bands[:stereo(r.Bands)], hz)
		worst, at := 0.0, 0.0
		for i, f := range hz {
			off := got[i] + r.LoudnessLU + filter.AnalogTilt(pivot, db).DB(f)
			if f >= 40 && f <= 16000 && math.Abs(off) > math.Abs(worst) {
				worst, at = off, f
			}
		}
		if math.Abs(worst) > 0.5 {
			rt.Fatalf("%+.2f dB about %.0f Hz is recovered %+.2f dB off at %.0f Hz: %v", db, pivot, worst, at, r.Bands)
		}
		for _, b := range r.Bands[stereo(r.Bands):] {
			if math.Abs(b.Gain) > 0.5 {
				rt.Fatalf("both channels were tilted, the sides are moved: %v", b)
			}
		}
	})
}

// stereo is how many bands are on both channels.
func stereo(bands []match.Band) int {
	n := 0
	for n < len(bands) && bands[n].On == "stereo" {
		n++
	}
	return n
}

// Whatever the sounds, no frequency of middle or sides is moved by more than the
// range.
func TestRange(t *testing.T) {
	times(t, 10)
	rapid.Check(t, func(t *rapid.T) {
		random := func(name string) match.Profile {
			p := match.Profile{Rate: 48000, Loudness: rapid.Float64Range(-40, -5).Draw(t, name+" loudness")}
			level := rapid.SliceOfN(rapid.Float64Range(-60, 10), 121, 121).Draw(t, name)
			side := rapid.Float64Range(-50, 10).Draw(t, name+" sides")
			for i, db := range level {
				m := math.Pow(10, (db-20)/10)
				p.Mid = append(p.Mid, m)
				p.Side = append(p.Side, m*math.Pow(10, (side+0.3*level[len(level)-1-i])/10))
			}
			return p
		}
		s := match.Settings{
			Tone: rapid.Float64Range(0, 1).Draw(t, "tone"), Width: rapid.Float64Range(0, 1).Draw(t, "width"),
			Range: rapid.Float64Range(0.5, 12).Draw(t, "range"), From: 30, To: 16000,
		}
		r := match.Find(random("mix"), one(random("reference")), s)
		if len(r.Bands) > 24 {
			t.Fatalf("%d bands: an equaliser has 24", len(r.Bands))
		}
		// Looked at twenty times as closely as it was made.
		for f := 10.0; f < 24000; f *= math.Exp2(1. / 240) {
			mid := match.Response(r.Bands[:stereo(r.Bands)], []float64{f})[0]
			side := match.Response(r.Bands, []float64{f})[0]
			if r.WidthDB != 0 {
				side -= match.Response(r.Bands[stereo(r.Bands):][:1], []float64{f})[0]
			}
			if most := s.Range + 0.02; math.Abs(mid) > most || math.Abs(side) > most || math.Abs(r.WidthDB) > 3 {
				t.Fatalf("at %.0f Hz middle %+.2f, sides %+.2f dB, of %.2f allowed: %v", f, mid, side, s.Range, r.Bands)
			}
		}
	})
}

// The profile does not depend on how the stream is cut.
func TestCuts(t *testing.T) {
	times(t, 10)
	sound := music(2)
	want := profileAt(sound, rate, sound.Len())
	rapid.Check(t, func(t *rapid.T) {
		got := profileAt(sound, rate, rapid.IntRange(1, 100000).Draw(t, "block"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A sound whose sides were made wider or narrower gets them back, in the treble and
// the middle; its bass stays where it is.
func TestWidth(t *testing.T) {
	original := music(8)
	for _, db := range []float64{-2, 1.5} {
		wide := dsp.NewBlock(original.Len())
		g := math.Pow(10, db/20)
		for i := range wide[0] {
			mid, side := (original[0][i]+original[1][i])/2, g*(original[0][i]-original[1][i])/2
			wide[0][i], wide[1][i] = mid+side, mid-side
		}
		only := match.Settings{Width: 1, Range: 6, From: 30, To: 16000}
		r := match.Find(profile(wide), one(profile(original)), only)
		if len(r.Bands) != 1 || math.Abs(r.Bands[0].Gain+db) > 0.1 || r.WidthDB != r.Bands[0].Gain {
			t.Fatalf("sides %+.1f dB: %+v, %v", db, r.Bands, r.WidthDB)
		}
		if low := match.Response(r.Bands, []float64{40})[0]; math.Abs(low) > 0.1 {
			t.Errorf("sides %+.1f dB: at 40 Hz they are moved by %.2f dB", db, low)
		}
		far := match.Find(profile(scaledSides(original, 0.1)), one(profile(original)), only)
		if far.WidthDB != 3 {
			t.Errorf("20 dB are made up for by %.2f dB, 3 are allowed", far.WidthDB)
		}
	}
	// A mono reference says nothing of width.
	r := match.Find(profile(original), one(profile(scaledSides(original, 0))), all)
	if r.WidthDB != 0 || stereo(r.Bands) != len(r.Bands) {
		t.Errorf("against mono: %v", r.Bands)
	}
}

func scaledSides(b dsp.Block, g float64) dsp.Block {
	out := dsp.NewBlock(b.Len())
	for i := range out[0] {
		mid, side := (b[0][i]+b[1][i])/2, g*(b[0][i]-b[1][i])/2
		out[0][i], out[1][i] = mid+side, mid-side
	}
	return out
}

// Half a match is half the curve, and references are weighed: the mean of two tilts
// is their mean.
func TestAmountAndWeights(t *testing.T) {
	tilted := func(db float64) match.Profile {
		return profile(equalised(t, music(8), param.Values{"bands": []param.Values{{"type": "tilt", "freq": 800.0, "gain": db}}}))
	}
	plain, hz := tilted(0), match.Grid()
	whole := match.Find(plain, one(tilted(3)), all)
	set := all
	set.Tone = 0.5
	half := match.Find(plain, one(tilted(3)), set)
	a, b := match.Response(whole.Bands, hz), match.Response(half.Bands, hz)
	two := match.Find(plain, []match.Weighted{{Profile: tilted(3), Weight: 2}, {Profile: tilted(-3), Weight: 1}}, all)
	c := match.Response(two.Bands, hz)
	for i, f := range hz {
		if f < 40 || f > 16000 {
			continue
		}
		if math.Abs(a[i]/2-b[i]) > 0.2 { // twice the tolerance of the fit
			t.Errorf("at %.0f Hz half of %.2f dB is %.2f", f, a[i], b[i])
		}
		want := filter.AnalogTilt(800, 3).DB(f) / 3
		if math.Abs(c[i]+two.LoudnessLU-want) > 0.4 {
			t.Errorf("at %.0f Hz the mean of two tilts is %.2f dB, want %.2f", f, c[i]+two.LoudnessLU, want)
		}
	}
}

// With linear phase the same bands have a response that is symmetric, to -150 dB.
func TestLinearPhase(t *testing.T) {
	sound := music(6)
	r := match.Find(profile(sound), one(profile(equalised(t, sound, param.Values{"bands": []param.Values{
		{"type": "lowshelf", "freq": 90.0, "gain": 4.0}, {"type": "bell", "freq": 3000.0, "gain": -3.0, "q": 1.0, "on": "mid"},
	}}))), all)
	p, err := eq.Kind.New(dsp.Args{Rate: rate, Values: match.EQ(r.Bands, "linear")})
	if err != nil {
		t.Fatal(err)
	}
	click := dsp.NewBlock(2*p.Latency() + 1)
	click[0][0] = 1
	for rest := click; rest.Len() > 0; {
		n := min(rest.Len(), dsp.MaxBlock)
		p.Process(rest.Cut(0, n))
		rest = rest.Cut(n, rest.Len())
	}
	peak, odd := 0.0, 0.0
	for c := range click {
		for i, x := range click[c][:p.Latency()] {
			odd = max(odd, math.Abs(x-click[c][2*p.Latency()-i]))
			peak = max(peak, math.Abs(click[c][p.Latency()]))
		}
	}
	if db := 20 * math.Log10(odd/peak); db > -150 || stereo(r.Bands) == len(r.Bands) {
		t.Errorf("%.0f dB from symmetric, bands %v", db, r.Bands)
	}
}

// The compressor takes as much of the crest away as was asked for, at the same level.
func TestSqueeze(t *testing.T) {
	whole := music(9)
	a := match.NewAnalyser(rate)
	a.Write(whole)
	before := a.Finish().Crest
	sound := dsp.Block{}
	for _, s := range a.Loudest(30) {
		for c := range sound {
			sound[c] = append(sound[c], whole[c][s.From:s.To]...)
		}
	}
	for _, amount := range []float64{0.1, 0.2} {
		reference := before - 2
		c, ok, err := match.Squeeze(sound, rate, nil, reference, amount)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		want := c.Before - amount*(c.Before-reference)
		if math.Abs(c.Before-before) > 0.3 { // the loud parts cut out, and in their place
			t.Errorf("crest %.2f dB, in place %.2f", c.Before, before)
		}
		// A tenth of a dB of threshold is less than that of crest.
		if c.After > want || c.After < want-0.1 {
			t.Errorf("%.0f %%: crest %.2f dB, from %.2f towards %.2f: want %.2f (%+v)", 100*amount, c.After, c.Before, reference, want, c)
		}
	}
	c, ok, err := match.Squeeze(sound, rate, nil, before-10, 1) // out of reach
	if err != nil || !ok || c.Makeup > 4 || c.After > c.Before-0.2 {
		t.Errorf("as much as there may be: %+v, %v, %v", c, ok, err)
	}
	if c, ok, _ := match.Squeeze(sound, rate, nil, before+4, 1); ok {
		t.Errorf("a mix that is less dynamic than its reference is compressed: %+v", c)
	}
}

// Silence, and what is hardly longer than a click, is matched to nothing.
func TestSilence(t *testing.T) {
	ref := profile(music(5))
	for _, n := range []int{0, 1, 100, rate} {
		p := profile(dsp.NewBlock(n))
		if r := match.Find(p, one(ref), all); !p.Silent() || len(r.Bands) > 0 {
			t.Errorf("%d frames of silence: %+v", n, r.Bands)
		}
	}
	short := profile(music(0.3))
	if r := match.Find(short, one(ref), all); short.Silent() || len(r.Bands) == 0 {
		t.Errorf("0.3 s of music: %v", r.Bands)
	}
}

func BenchmarkAnalyse(b *testing.B) {
	sound := music(20)
	b.ReportMetric(0, "ns/op")
	for b.Loop() {
		profile(sound)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(sound.Len()), "ns/frame")
}

func BenchmarkFind(b *testing.B) {
	p, q := profile(music(12)), profile(music(12, "another"))
	q = profile(equalised(b, music(12, "another"), param.Values{"bands": []param.Values{
		{"type": "lowshelf", "freq": 90.0, "gain": 4.0}, {"type": "bell", "freq": 3000.0, "gain": -3.0, "q": 1.0}, {"type": "bell", "freq": 400.0, "gain": -2.0, "q": 1.0},
	}}))
	for b.Loop() {
		match.Find(p, one(q), all)
	}
	b.Log(fmt.Sprint(match.Find(p, one(q), all).Bands))
}
