package plot

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/measure"
)

// TestFromReport draws a real file: a tone that rises by 12 dB after 6 of 10 s, with
// five clipped samples on the right at 2 s, and a part of it.
func TestFromReport(t *testing.T) {
	const rate = 48000
	left, right := make([]float64, 10*rate), make([]float64, 10*rate)
	for i := range left {
		gain := 0.1
		if i >= 6*rate {
			gain = 0.4
		}
		left[i] = gain * math.Sin(2*math.Pi*997*float64(i)/rate)
		right[i] = left[i]
	}
	for i := range 5 {
		right[2*rate+i] = 1
	}
	path := filepath.Join(t.TempDir(), "rise.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audiofile.CreateWAV(f, audiofile.Spec{Rate: rate, Channels: 2, Bits: 32, Float: true})
	if err == nil {
		err = w.WriteFloat([][]float64{left, right})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}

	for _, from := range []float64{0, 1.5} {
		r, err := measure.File(context.Background(), path, measure.Options{Series: true, From: from})
		if err != nil {
			t.Fatal(err)
		}
		d := FromReport(r, "wav", Target{"streaming", -14})
		if d.Name != "rise.wav" || d.Start != from || math.Abs(d.Duration-(10-from)) > 1e-9 || d.Integrated == nil || len(d.Octaves) != 10 || len(d.Spectrum) < 200 || len(d.Targets) != 1 {
			t.Errorf("from %g: %+v", from, d)
		}
		if diff := cmp.Diff([]Spot{{1, 2}}, d.Clipped); diff != "" || d.ClippedRuns != 1 {
			t.Errorf("from %g: clipped (-want +got):\n%s", from, diff)
		}
		if len(d.Channels) != 2 || d.Channels[1].Name != "R" {
			t.Fatalf("from %g: %d channels", from, len(d.Channels))
		}
		// The columns end with the file: none missing, the last one at most in part.
		c := d.Channels[0]
		if length := float64(len(c.Columns)) * c.Seconds; length < d.Duration-1e-9 || length > d.Duration+c.Seconds {
			t.Errorf("from %g: columns of %g s in all", from, length)
		}
		// The tone becomes louder at 6 s; a momentary value that ends there has
		// heard nothing of it, one that ends 0.4 s later nothing else.
		for _, v := range []struct{ at, lufs float64 }{{6.0, -20}, {6.4, -7.96}, {9.9, -7.96}} {
			i := int(math.Round((v.at - d.Momentary.First) / d.Momentary.Step))
			// 0.05 LU: the K filter's ringing at the step.
			if got := d.Momentary.Values[i]; math.Abs(got-v.lufs) > 0.05 {
				t.Errorf("from %g: at %g s %.2f LUFS; want %.2f", from, d.Momentary.at(i), got, v.lufs)
			}
		}
		if problem := drawn(t, d).misplaced(); problem != "" {
			t.Errorf("from %g: %s", from, problem)
		}
	}
}

func TestChannelNames(t *testing.T) {
	for _, c := range []struct {
		weights []float64
		want    []string
	}{
		{[]float64{2}, []string{"mono"}},
		{[]float64{1, 1}, []string{"L", "R"}},
		{[]float64{1, 1, 1, 0, 1.41, 1.41}, []string{"L", "R", "C", "LFE", "Ls", "Rs"}},
		{[]float64{1, 1, 1, 1.41, 1.41}, []string{"L", "R", "C", "Ls", "Rs"}},
		{[]float64{1, 1, 1}, []string{"channel 1", "channel 2", "channel 3"}},
	} {
		if diff := cmp.Diff(c.want, channelNames(c.weights, len(c.weights))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.weights, diff)
		}
	}
}
