package space

import (
	"math"
	"slices"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dsptest"
	"github.com/lathe-audio/lathe/dsp/fft"
	"github.com/lathe-audio/lathe/dsp/filter"
	"github.com/lathe-audio/lathe/internal/param"
)

var roomTypes = []string{"room", "chamber", "hall"}

func TestKindReverbRooms(t *testing.T) {
	skip := map[string]string{"latency": "the output is echoes only"}
	dsptest.Run(t, reverbKind,
		dsptest.Case{Name: "hall", Golden: "82375051230f9878c17436ee36936d776a91128f6479c684932604b27e2703bc", Skip: skip, Values: param.Values{"type": "hall"}},
		dsptest.Case{Name: "room", Golden: "88b3c0443bd3fe81ff46f18485962b2a89b10fab47fc8c18e9fbc7a543fb3741", Skip: skip, Rate: 44100, Values: param.Values{"type": "room", "decay": 0.4, "predelay": 10.0, "width": 60.0, "modulation": 100.0}},
		dsptest.Case{Name: "chamber", Golden: "a11c7952936591be7bf64c66ae99dec11bd413c4a86b8a9eef2d02541f7586d3", Skip: skip, Rate: 96000, Values: param.Values{"type": "chamber", "decay": 1.1, "size": 50.0, "modulation": 0.0}},
		dsptest.Case{
			Name: "all set", Golden: "64ea9a0d869006f77216e4944c993afef54044901539ef045530dae5ee1bcf7f", Skip: skip,
			Values: param.Values{
				"type": "hall", "decay": 0.7, "size": 150.0, "damping": 3000.0, "bass": 140.0, "early": 0.0, "diffusion": 30.0, "lowcut": 200.0, "highcut": 8000.0,
			},
		},
	)
}

// roomWith lays values over a type.
func roomWith(kind string, v param.Values) param.Values { return v.With(param.Values{"type": kind}) }

func toDB(power float64) float64 { return 10 * math.Log10(power) }

// bandDecays are the T60s in bands, by Schroeder's integration: the mean over both
// inputs and both outputs, as a room is measured in several places. Early
// reflections are left out, since they are no part of the decay.
func bandDecays(t *testing.T, kind string, rate int, v param.Values, q float64, bands ...float64) []float64 {
	t.Helper()
	v = roomWith(kind, v.With(param.Values{"early": -60.0}))
	out := make([]float64, len(bands))
	for in := range 2 {
		b := plateResponse(t, rate, 0.7*v.Num("decay")*max(1, v.Num("bass")/100)+0.3, float64(1-in), float64(in), v)
		for i, hz := range bands {
			c := dsptest.Copy(b)
			band := filter.BilinearBandPass(hz, q, float64(rate))
			filter.NewCascade(band, band).Process(c)
			out[i] += (decayTime(c[0], rate) + decayTime(c[1], rate)) / 4
		}
	}
	return out
}

// The decay is the T60 within 5 % in the octaves of 500 Hz, 1 kHz and 2 kHz, at the
// default damping.
func TestRoomDecayIsT60(t *testing.T) {
	bands := []float64{500, 1000, 2000}
	for _, c := range []struct {
		kind  string
		rate  int
		decay float64
		size  float64
	}{
		{"room", 48000, 0.3, 100}, {"room", 44100, 1.2, 50}, {"room", 96000, 0.8, 150},
		{"chamber", 48000, 0.6, 100}, {"chamber", 48000, 1.8, 100}, {"chamber", 48000, 4, 50},
		{"hall", 48000, 0.8, 100}, {"hall", 48000, 1.8, 100}, {"hall", 44100, 3, 150}, {"hall", 48000, 20, 100},
	} {
		for i, got := range bandDecays(t, c.kind, c.rate, param.Values{"decay": c.decay, "size": c.size}, math.Sqrt2, bands...) {
			off := 100 * (got/c.decay - 1)
			t.Logf("%s at %d Hz, size %v %%, %v Hz: T60 is %.3f s for %v (%+.1f %%)", c.kind, c.rate, c.size, bands[i], got, c.decay, off)
			if math.Abs(off) > 5 {
				t.Errorf("%s at %d Hz, size %v %%, %v Hz: T60 is %.3f s, want %v (%+.1f %%)", c.kind, c.rate, c.size, bands[i], got, c.decay, off)
			}
		}
	}
}

// Far below 160 Hz the T60 is the decay times `bass`, and at the damping it is half
// the decay: within 10 %, and there within 15 %, as a third of an octave has
// frequencies in it that ring on for longer.
func TestRoomDecayByFrequency(t *testing.T) {
	const decay, damping = 2.0, 4000.0
	for _, bass := range []float64{50, 150} {
		v := param.Values{"decay": decay, "damping": damping, "bass": bass}
		want := []float64{decay * bass / 100, decay, decay / 2}
		for i, got := range bandDecays(t, "hall", 48000, v, 4.3, 31.5, 1000, damping) {
			t.Logf("bass %v %%: T60 is %.2f s for %.2f", bass, got, want[i])
			if math.Abs(got/want[i]-1) > []float64{0.1, 0.1, 0.15}[i] {
				t.Errorf("bass %v %%: T60 is %.2f s, want %.2f", bass, got, want[i])
			}
		}
	}
}

// Pink noise comes out 2 to 6 dB lower than it went in, as with the plate.
func TestRoomLevel(t *testing.T) {
	const rate = 48000
	for _, kind := range roomTypes {
		for _, v := range []param.Values{{}, {"decay": 0.3}, {"size": 50.0, "decay": 3.0}, {"early": 3.0}, {"diffusion": 0.0}} {
			const n = 5 * rate
			in := pink(n, rate, "pink")
			want := power(in[0][n/2:]) + power(in[1][n/2:])
			out := dsptest.Play(build(t, reverbKind, rate, 1, roomWith(kind, v)), in)
			got := toDB((power(out[0][n/2:]) + power(out[1][n/2:])) / want)
			if got < -6 || got > -2 {
				t.Errorf("%s %v: pink noise comes out at %.2f dB", kind, v, got)
			}
			t.Logf("%s %v: %.2f dB", kind, v, got)
		}
	}
}

// tail is the response to a click in the middle from 150 ms on.
func tail(t *testing.T, kind string, v param.Values) dsp.Block {
	b := plateResponse(t, 48000, 3, 1, 1, roomWith(kind, v))
	return b.Cut(7200, b.Len())
}

// The two sides of the tail have little in common (|correlation| < 0.2), so that
// their sum is as loud as the sum of two different sounds, within 1.5 dB; at a
// width of 0 % they are one.
func TestRoomDecorrelation(t *testing.T) {
	for _, kind := range roomTypes {
		for _, v := range []param.Values{{}, {"size": 50.0}, {"modulation": 0.0}, {"decay": 6.0}} {
			b := tail(t, kind, v)
			cross, sum := 0.0, make([]float64, b.Len())
			for i, l := range b[0] {
				cross += l * b[1][i] / float64(b.Len())
				sum[i] = l + b[1][i]
			}
			r := cross / math.Sqrt(power(b[0])*power(b[1]))
			mono := toDB(power(sum) / (power(b[0]) + power(b[1])))
			if math.Abs(r) > 0.2 || math.Abs(mono) > 1.5 {
				t.Errorf("%s %v: correlation %+.3f, mono sum %+.2f dB", kind, v, r, mono)
			}
			t.Logf("%s %v: correlation %+.3f, mono sum %+.2f dB, sides %+.2f dB apart", kind, v, r, mono, toDB(power(b[0])/power(b[1])))
		}
		b := tail(t, kind, param.Values{"width": 0.0})
		if !slices.Equal(b[0], b[1]) {
			t.Errorf("%s: width 0 %% is not mono", kind)
		}
	}
}

// A source on one side starts on that side.
func TestRoomSidesAreKept(t *testing.T) {
	for _, kind := range roomTypes {
		for side := range 2 {
			b := plateResponse(t, 48000, 3, float64(1-side), float64(side), roomWith(kind, nil))
			own, other := b[side], b[1-side]
			early := toDB(power(own[:2400]) / power(other[:2400]))
			all := toDB(power(own) / power(other))
			if early < 1 || all < 0 || all > 8 {
				t.Errorf("%s, input %d: its own side is louder by %.1f dB in the first 50 ms and by %.1f dB in all", kind, side, early, all)
			}
			t.Logf("%s, input %d: %.1f dB, %.1f dB", kind, side, early, all)
		}
	}
}

// Echoes become as dense as noise: a window of ±10 ms reaches 0.9 of the echo density
// of Gaussian noise within the time stated, and stays at 0.95 or more on average
// (single windows scatter by 0.1).
func TestRoomEchoDensity(t *testing.T) {
	for kind, within := range map[string]int{"room": 80, "chamber": 80, "hall": 150} {
		b := plateResponse(t, 48000, 1.2, 1, 1, roomWith(kind, nil))
		at := func(ms int) float64 {
			return (echoDensity(b[0], 48000, ms) + echoDensity(b[1], 48000, ms)) / 2
		}
		dense := 10
		for dense < 600 && at(dense) < 0.9 {
			dense += 10
		}
		mean := 0.0
		for ms := within; ms < within+400; ms += 20 {
			mean += at(ms) / 20
		}
		t.Logf("%s: %.2f at 20 ms, %.2f at 50 ms, %.2f at 100 ms; dense from %d ms, then %.2f", kind, at(20), at(50), at(100), dense, mean)
		if dense > within || mean < 0.95 {
			t.Errorf("%s: dense from %d ms, want %d; then %.2f on average", kind, dense, within, mean)
		}
	}
}

// crest is by how many dB the highest peak of a spectrum between 200 Hz and 4 kHz
// stands above its mean power in the third of an octave around it, in 0.68 s of tail
// (a resolution of 1.5 Hz). Noise has about 10 dB: the largest of n exponentially
// distributed powers is ln n times their mean. A mode that rings on stands out.
func crest(x []float64, rate int) (db, hz float64) {
	const n = 32768
	w := make([]float64, n)
	for i := range w {
		w[i] = x[i] * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/n))
	}
	p := fft.New(n)
	re, im := make([]float64, p.Bins()), make([]float64, p.Bins())
	p.Forward(w, re, im)
	sums := make([]float64, p.Bins()+1)
	for k := range re {
		sums[k+1] = sums[k] + re[k]*re[k] + im[k]*im[k]
	}
	for k := 200 * n / rate; k < 4000*n/rate; k++ {
		low, high := int(float64(k)*0.89), int(float64(k)*1.12)+1
		mean := (sums[high] - sums[low]) / float64(high-low)
		if d := toDB((sums[k+1] - sums[k]) / mean); d > db {
			db, hz = d, float64(k)*float64(rate)/n
		}
	}
	return db, hz
}

// No mode rings out of the tail. White noise measured in the same way has a crest
// of about 10 dB; the late tail (from 0.5 s on, with the decay made flat) has at most
// 13 dB. Where delays do not move, it is 15 dB and more.
func TestRoomHasNoMetallicRinging(t *testing.T) {
	noise := 0.0
	for _, key := range []string{"a", "b", "c", "d"} {
		db, _ := crest(dsptest.Noise(32768, 1, key)[0], 48000)
		noise = max(noise, db)
	}
	t.Logf("white noise: %.1f dB", noise)
	for _, kind := range append([]string{"plate"}, roomTypes...) {
		for _, decay := range []float64{1, 4} {
			b := plateResponse(t, 48000, 2, 1, 1, roomWith(kind, param.Values{"decay": decay, "damping": 20000.0}))
			for i := range b[0] {
				g := math.Pow(10, 3*float64(i)/48000/decay)
				b[0][i] *= g
				b[1][i] *= g
			}
			left, hzL := crest(b[0][24000:], 48000)
			right, hzR := crest(b[1][24000:], 48000)
			t.Logf("%s, %v s: crest %.1f dB at %.0f Hz, %.1f dB at %.0f Hz", kind, decay, left, hzL, right, hzR)
			if kind != "plate" && max(left, right) > 13 {
				t.Errorf("%s, %v s: a mode stands out by %.1f dB", kind, decay, max(left, right))
			}
		}
	}
}

// At the longest decay, the longest bass, full modulation and no damping, the energy
// only falls.
func TestRoomIsStable(t *testing.T) {
	for _, kind := range roomTypes {
		v := roomWith(kind, param.Values{"decay": 20.0, "bass": 200.0, "damping": 20000.0, "modulation": 100.0, "size": 50.0})
		in := dsp.NewBlock(12 * 48000)
		noise := dsptest.Noise(48000, 1, "stable")
		copy(in[0], noise[0])
		copy(in[1], noise[1])
		b := dsptest.Play(build(t, reverbKind, 48000, 1, v), in)
		last := math.Inf(1)
		for s := 1; s+2 <= 12; s += 2 {
			now := power(b[0][s*48000:(s+2)*48000]) + power(b[1][s*48000:(s+2)*48000])
			if now > 0.75*last {
				t.Errorf("%s: the power from second %d on is %.2f of that before, want about 0.63 (40 s in the bass: 0.5 to 0.7)", kind, s, now/last)
			}
			last = now
		}
	}
}

// An empty network goes to sleep with nothing left in it, and wakes up as new.
func TestNetworkFallsAsleep(t *testing.T) {
	p := build(t, reverbKind, 48000, 1, param.Values{"type": "hall", "decay": 0.1}).(*reverb)
	in := dsp.NewBlock(6 * 48000)
	in[0][100] = 1
	dsptest.Play(p, in)
	if !p.room.sleeping {
		t.Fatal("still awake after 6 s of silence")
	}
	for i := range p.room.lines {
		if slices.ContainsFunc(p.room.lines[i].ring, func(x float64) bool { return x != 0 }) {
			t.Errorf("something is left in delay %d", i)
		}
	}
	if out := dsptest.Play(p, in); power(out[0]) == 0 {
		t.Error("does not wake up")
	}
}

// The mean free path and the first reflection are those of the geometry.
func TestRoomGeometry(t *testing.T) {
	r := rooms["hall"]
	volume, surface := 24.0*38*15, 2*(24*38+24*15+38*15.0)
	if got, want := r.meanFreePath(), 4*volume/surface; math.Abs(got-want) > 1e-12 {
		t.Errorf("mean free path %v m, want %v", got, want)
	}
	for _, kind := range roomTypes {
		r := rooms[kind]
		for in := range 2 {
			for out := range 2 {
				list := r.reflections(in, out)
				if len(list) != earlyTaps {
					t.Errorf("%s %d→%d: %d reflections", kind, in, out, len(list))
				}
				for _, e := range list {
					if e.seconds < earlyAfter || !(e.gain > 0.01 && e.gain < 1) {
						t.Errorf("%s %d→%d: reflection %+v", kind, in, out, e)
					}
				}
				t.Logf("%s %d→%d: %.1f to %.1f ms", kind, in, out, 1000*list[0].seconds, 1000*list[len(list)-1].seconds)
			}
		}
	}
	// By hand: a source at the left, its image behind the left wall, microphone in the middle.
	one := room{box: [3]float64{10, 100, 100}, sources: [2][3]float64{{2, 50, 50}}, pair: [3]float64{8, 50, 50}, walls: 1}
	if got := distance([3]float64{one.image(0, -1, 0), 50, 50}, one.pair); got != 10 {
		t.Errorf("the image in the left wall is %v m away, want 10", got)
	}
}

// A plate has no room's settings.
func TestPlateRefusesRoomSettings(t *testing.T) {
	v := param.Defaults(reverbKind.Params).With(param.Values{"bass": 120.0, "early": -3.0})
	if got := reverbKind.Check(v); len(got) != 2 || got[0].Path != "bass" || got[1].Path != "early" {
		t.Errorf("problems %v", got)
	}
	if got := reverbKind.Check(v.With(param.Values{"type": "hall"})); got != nil {
		t.Errorf("problems of a hall: %v", got)
	}
}

func BenchmarkHall(b *testing.B) { benchmark(b, reverbKind, param.Values{"type": "hall"}) }

func BenchmarkRoom(b *testing.B) { benchmark(b, reverbKind, param.Values{"type": "room"}) }
