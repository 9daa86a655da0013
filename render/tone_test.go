package render_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// tonedAlbum writes an album of one recording, as it is and tilted by equalisers, which
// is what its songs' masters measure.
func tonedAlbum(t *testing.T, text string, tilts ...float64) string {
	t.Helper()
	dir := albumOf(t, text)
	writeSamples(t, filepath.Join(dir, "a.wav"), 44100, noise(3))
	for i, db := range tilts {
		tilted(t, dir, i, db, "")
	}
	return dir
}

// noise is noise in a rhythm, that falls by some 3 dB an octave and dies away at its end: an
// end in the middle of a tone would be a click, which has a slope of its own.
func noise(seconds int) [2][]float64 {
	r := rand.New(rand.NewPCG(7, 7))
	var x [2][]float64
	for ch := range x {
		x[ch] = make([]float64, seconds*44100)
		slow, slower := 0.0, 0.0
		for i := range x[ch] {
			w := 2*r.Float64() - 1
			slow, slower = slow+0.2*(w-slow), slower+0.02*(w-slower)
			beat := 0.2 + 0.8*math.Exp(-12*math.Mod(float64(i)/44100, 0.5))
			end := min(1, float64(len(x[ch])-1-i)/22050)
			x[ch][i] = 0.2 * beat * end * (0.3*w + slow + 3*slower)
		}
	}
	return x
}

// tilted writes a song of an album: s0.yaml and so on.
func tilted(t *testing.T, dir string, i int, db float64, more string) {
	t.Helper()
	song := fmt.Sprintf("lathe: 1\nsong: {title: S%d}\nstems: {a: a.wav, b: {file: a.wav, gain: -20 dB, offset: 0.3 s}}\nversions: {dub: {mute: [b]}}\nmaster: {chain: [eq: {bands: [{type: tilt, freq: 1 kHz, gain: %g dB}]}%s]}\n", i, db, more)
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("s%d.yaml", i)), []byte(song), 0o644); err != nil {
		t.Fatal(err)
	}
}

// gainAt is how much more of a frequency is in one sound than in another, in dB: a
// filter's gain, where one is the other filtered.
func gainAt(hz float64, after, before []float64) float64 {
	power := func(x []float64) float64 {
		re, im := 0.0, 0.0
		for i, v := range x {
			s, c := math.Sincos(2 * math.Pi * hz / 44100 * float64(i))
			re, im = re+v*c, im+v*s
		}
		return re*re + im*im
	}
	return 10 * math.Log10(power(after)/power(before))
}

const twoTones = `TONE
songs: [{file: s0.yaml}, {file: s1.yaml}]
deliver: [mix: {from: master, name: f, versions: '*'}]
`

// Two tilted copies of one recording come nearer to each other by what is allowed and no
// more, all of it where that is enough, versions likewise; with the tone off nothing is
// another bit. The tilt is a band of the ordinary equaliser.
func TestAlbumTone(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	album := func(tone string) string { return strings.Replace(twoTones, "TONE", tone, 1) }
	dir := tonedAlbum(t, album(""), 0.8, -0.8)
	plain, _ := made(t, dir)
	sound := func(o render.Output) [2][]float64 { return readWhole(t, filepath.Join(dir, "dist", o.Path)) }
	before := map[string][2][]float64{}
	for _, o := range plain.Files {
		if o.Tone != nil {
			t.Errorf("%s has a tone: %+v", o.Path, o.Tone)
		}
		before[o.Path] = sound(o)
	}
	rewrite(t, dir, album("tone: off"))
	if off, ran := made(t, dir); len(ran) > 0 || !slices.EqualFunc(off.Files, plain.Files, func(a, b render.Output) bool { return a.SHA256 == b.SHA256 }) {
		t.Errorf("with the tone off: %q", ran)
	}
	for _, c := range []struct {
		tone      string
		want, tol float64 // by which the bright one is tilted down; half a step where nothing bounds it
	}{{"tone: 0.5 dB", 0.5, 0}, {"tone: {tilt: 0.33 dB}", 0.33, 0}} {
		rewrite(t, dir, album(c.tone))
		r, ran := made(t, dir)
		if c.want == 0.5 && !slices.Equal(ran, []string{"album tone", "album tone", "album tone (dub)", "album tone (dub)", "deliver f/01 S0 (Dub).wav", "deliver f/01 S0.wav", "deliver f/02 S1 (Dub).wav", "deliver f/02 S1.wav", "tilt of the master", "tilt of the master"}) {
			t.Errorf("made %q", ran)
		}
		for _, o := range r.Files {
			want := -c.want
			if o.Song == "S1" {
				want = c.want
			}
			if o.Tone == nil || math.Abs(o.Tone.Correction-want) > c.tol {
				t.Fatalf("%s: %+v, want %+.2f dB", o.Path, o.Tone, want)
			}
			// What lies 3.3 octaves from the pivot gets 0.98 of a tilt.
			got := sound(o)
			low, high := gainAt(100, got[0], before[o.Path][0]), gainAt(10000, got[0], before[o.Path][0])
			if math.Abs(high-0.98*want) > 0.005 || math.Abs(low+0.98*want) > 0.005 {
				t.Errorf("%s: %+.4f dB at 10 kHz and %+.4f at 100 Hz, want %+.3f and as much less", o.Path, high, low, 0.98*want)
			}
		}
		// 1.6 dB of tilt lie between the masters; 1 dB of tilt is 0.388 dB an octave.
		apart := *r.Files[0].Tone.Tilt - *r.Files[len(r.Files)-1].Tone.Tilt
		left := *r.Files[0].Tone.After - *r.Files[len(r.Files)-1].Tone.After
		if math.Abs(apart-1.6*0.388) > 0.01 || math.Abs(left-(1.6-2*c.want)*0.388) > 0.01 {
			t.Errorf("%s: %.3f dB an octave apart, and %.3f afterwards", c.tone, apart, left)
		}
		table, err := render.Album(context.Background(), load(t, dir), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := *table.Songs[0].Tilt - *table.Songs[1].Tilt; math.Abs(got-left) > 0.003 {
			t.Errorf("%s: the files are %.4f dB an octave apart, and should be %.4f", c.tone, got, left)
		}
	}
	// Where it is enough, nothing is left but half a step.
	tilted(t, dir, 0, 0.22, "")
	tilted(t, dir, 1, -0.22, "")
	rewrite(t, dir, album("tone: 0.5 dB"))
	r, _ := made(t, dir)
	left := *r.Files[0].Tone.After - *r.Files[len(r.Files)-1].Tone.After
	if math.Abs(left) > 0.05*0.388+0.001 || r.Files[0].Tone.Correction != -0.2 {
		t.Errorf("%+v: %.4f dB an octave are left", r.Files[0].Tone, left)
	}
	// The same as an equaliser in the master's chain, but for the rounding of the master
	// to 32-bit float.
	as := sound(r.Files[0])
	rewrite(t, dir, album(""))
	tilted(t, dir, 0, 0.22, ", eq: {bands: [{type: tilt, freq: 1 kHz, gain: -0.2 dB}]}")
	r, _ = made(t, dir)
	for i, x := range sound(r.Files[0])[0] {
		if math.Abs(x-as[0][i]) > 1.0/(1<<24) {
			t.Fatalf("frame %d: %.9f with the tone, %.9f with its equaliser", i, as[0][i], x)
		}
	}
}

// A song that changes and keeps its tilt leaves the others alone; one whose tilt changes
// has those made anew whose correction moves by a step. Silent songs have no part in the
// mean and are named, those that are left out neither; what is asked for alone is as it
// is in the album, and of the other songs only the master is made.
func TestAlbumToneOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	const text = `tone: {tilt: 0.5 dB, except: [4]}
songs: [{file: s0.yaml}, {file: s1.yaml}, {mix: b.wav, title: Silent}, {file: s2.yaml, title: Apart}]
deliver: [mix: {from: master, name: f, versions: [main]}]
`
	dir := tonedAlbum(t, text, 0.21, -0.21, 2)
	if err := writeSound(filepath.Join(dir, "b.wav"), 44100, 44100, 2, 3); err != nil {
		t.Fatal(err)
	}
	quieter(t, filepath.Join(dir, "b.wav"), 0)
	var told []string
	first, err := render.Build(context.Background(), load(t, dir), render.Options{Event: func(e render.Event) {
		if e.Event == render.Warning || e.Event == render.Note {
			told = append(told, e.Message)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	by := func(r *render.Result) map[string]*render.SongTone {
		out := map[string]*render.SongTone{}
		for _, o := range r.Files {
			out[o.Song] = o.Tone
		}
		return out
	}
	tones := by(first)
	if s := tones["Silent"]; s == nil || s.Tilt != nil || s.Correction != 0 || tones["Apart"] != nil || tones["S0"].Correction != -0.2 || tones["S1"].Correction != 0.2 {
		t.Errorf("silent %+v, left out %+v, %+v, %+v", s, tones["Apart"], tones["S0"], tones["S1"])
	}
	if len(told) != 2 || !strings.Contains(told[0], `"Silent" has no tilt`) || !strings.Contains(told[1], "S0 -0.20 dB (") {
		t.Errorf("told %q", told)
	}
	if _, ran := made(t, dir); len(ran) > 0 {
		t.Errorf("with nothing to do: %q", ran)
	}
	tilted(t, dir, 0, 0.21, ", imager: {width: 99%}")
	if _, ran := made(t, dir); !slices.Equal(ran, []string{"album tone", "deliver f/01 S0.wav", "master", "tilt of the master"}) {
		t.Errorf("another master of the same tilt: %q", ran)
	}
	tilted(t, dir, 0, 0.61, ", imager: {width: 99%}")
	steps, err := render.Plan(context.Background(), load(t, dir), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, s := range steps {
		if s.Run {
			planned = append(planned, s.Song+": "+s.Action+": "+strings.Join(s.Why, "; "))
		}
	}
	for _, want := range []string{"S0: tilt of the master: ", "S1: album tone: \"S0\": master/1 eq: chain", "S1: deliver f/02 S1.wav: \"S0\": master/1 eq: chain"} {
		if !slices.ContainsFunc(planned, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("the plan has no %q: %q", want, planned)
		}
	}
	r, ran := made(t, dir)
	if !slices.Equal(ran, []string{"album tone", "album tone", "deliver f/01 S0.wav", "deliver f/02 S1.wav", "master", "tilt of the master"}) || by(r)["S1"].Correction != 0.4 {
		t.Errorf("another tilt: %q, %+v", ran, by(r)["S1"])
	}
	os.RemoveAll(filepath.Join(dir, ".lathe"))
	os.RemoveAll(filepath.Join(dir, "dist"))
	alone, ran := made(t, dir, "f/02*")
	if !slices.Equal(ran, []string{"album tone", "deliver f/02 S1.wav", "master", "master", "mix", "mix", "mix", "tilt of the master", "tilt of the master", "tilt of the master"}) {
		t.Errorf("one song alone: %q", ran)
	}
	for _, o := range r.Files {
		if o.Path == alone.Files[0].Path && o.SHA256 != alone.Files[0].SHA256 {
			t.Error("a song that is asked for alone is another")
		}
	}
}

// Songs that follow each other without a break are tilted alike, and joined are what
// they would be in one: the recording that was cut, through the equaliser. Tolerance:
// the rounding of masters and stages to 32-bit float, and a ring-out below -120 dB.
func TestAlbumToneAcrossJoins(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many songs")
	}
	const text = `tone: 0.5 dB
loudness: album
songs: [{mix: one.wav, title: One}, {mix: two.wav, title: Two, gap: 0}, {file: s0.yaml, crossfade: 0.5 s}, {file: s0.yaml, title: Again}]
deliver: [mix: {from: master, name: f, versions: [main]}, mix: {versions: [main]}]
`
	dir := tonedAlbum(t, text, 2)
	whole := readWhole(t, filepath.Join(dir, "a.wav"))
	cut := 44100 + 11025 + 7 // in a beat
	writeSamples(t, filepath.Join(dir, "one.wav"), 44100, [2][]float64{whole[0][:cut], whole[1][:cut]})
	writeSamples(t, filepath.Join(dir, "two.wav"), 44100, [2][]float64{whole[0][cut:], whole[1][cut:]})
	r, _ := made(t, dir)
	var tones []float64
	for _, o := range r.Files {
		if o.Delivery == "mix" {
			if o.Tone != nil {
				t.Errorf("%s, a mix, has a tone", o.Path)
			}
			continue
		}
		tones = append(tones, o.Tone.Correction)
	}
	if !slices.Equal(tones, []float64{0.5, 0.5, -0.5, -0.5}) {
		t.Fatalf("tilted by %v", tones)
	}
	got := joined(t, filepath.Join(dir, "dist", "f", "01 One.wav"), filepath.Join(dir, "dist", "f", "02 Two.wav"))
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte("lathe: 1\nsong: {title: S}\nmix: a.wav\nmaster: {chain: [eq: {bands: [{type: tilt, freq: 1 kHz, gain: 0.5 dB}]}]}\ndeliver: [mix: {from: master}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	made(t, dir)
	want := readWhole(t, filepath.Join(dir, "dist", "mix", "S.wav"))
	worst, at := 0.0, 0
	for i := range got[0] {
		if i >= len(whole[0])-44100/2 { // the crossfade
			break
		}
		if d := math.Abs(got[0][i] - want[0][i]); d > worst {
			worst, at = d, i
		}
	}
	if worst > 1.0/(1<<22) {
		t.Errorf("%.9f off at frame %d, %d after the cut", worst, at, at-cut)
	}
}
