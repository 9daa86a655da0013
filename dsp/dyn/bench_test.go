package dyn

import (
	"fmt"
	"testing"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/internal/param"
)

// benchSong is a second and a third of drums and a bass at 48 kHz.
func benchSong(frames int) dsp.Block {
	b := dsp.NewBlock(frames)
	n := newNoise(7)
	for i := range frames {
		beat := i % 24000
		hit := expDecay(beat, 3000) * n.next()
		bass := 0.3 * sine(i, 82, 48000)
		b[0][i] = 0.8*hit + bass
		b[1][i] = 0.7*hit + 0.9*bass + 0.02*n.next()
	}
	return b
}

// benchmarkFrames runs process over a song in blocks, always with fresh input,
// and reports ns per frame, the copying of the input (about 0.3 ns) included.
func benchmarkFrames(b *testing.B, gain float64, process func(dsp.Block)) {
	const frames = 64 * dsp.MaxBlock
	song := benchSong(frames)
	for ch := range song {
		for i := range song[ch] {
			song[ch][i] *= gain
		}
	}
	block := dsp.NewBlock(dsp.MaxBlock)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		for at := 0; at < frames; at += dsp.MaxBlock {
			copy(block[0], song[0][at:])
			copy(block[1], song[1][at:])
			process(block)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/frames, "ns/frame")
}

func BenchmarkCompressor(b *testing.B) {
	kind := compressorKind()
	for _, c := range []struct {
		name   string
		gain   float64
		values param.Values
	}{
		{"idle", 0.01, param.Values{}},
		{"working", 1, param.Values{"threshold": -20.0, "ratio": 4.0}},
		{"auto", 1, param.Values{"threshold": -20.0, "ratio": 4.0, "release": "auto", "makeup": "auto"}},
		{"rms", 1, param.Values{"threshold": -20.0, "ratio": 4.0, "detector": "rms"}},
		{"unlinked", 1, param.Values{"threshold": -20.0, "ratio": 4.0, "link": 50.0}},
		{"lookahead", 1, param.Values{"threshold": -20.0, "ratio": 4.0, "lookahead": 5.0}},
		{"keyed", 1, param.Values{"threshold": -20.0, "ratio": 4.0, "sidechain": "kick", "sidechain_highpass": 100.0}},
	} {
		p, err := kind.New(dsp.Args{Rate: 48000, Values: param.Defaults(kind.Params).With(c.values)})
		if err != nil {
			b.Fatal(err)
		}
		key := []dsp.Block{benchSong(dsp.MaxBlock)}
		b.Run(c.name, func(b *testing.B) {
			benchmarkFrames(b, c.gain, func(x dsp.Block) {
				if keyed := p.(dsp.Keyed); keyed.Keys() > 0 {
					keyed.ProcessKeyed(x, key)
					return
				}
				p.Process(x)
			})
		})
	}
}

func BenchmarkGates(b *testing.B) {
	for _, c := range []struct {
		name   string
		kind   dsp.Kind
		values param.Values
	}{
		{"gate", gateKind(), param.Values{"threshold": -20.0}},
		{"gate rms", gateKind(), param.Values{"threshold": -20.0, "detector": "rms"}},
		{"gate open", gateKind(), param.Values{"threshold": -60.0}},
		{"expander", expanderKind(), param.Values{"threshold": -12.0}},
		{"ducker", duckerKind(), param.Values{"threshold": -12.0, "sidechain": "kick"}},
		{"transient", transientKind(), param.Values{"attack": 6.0, "sustain": -6.0}},
		{"transient, attack only", transientKind(), param.Values{"attack": 6.0}},
		{"deesser relative", deesserKind(), param.Values{"threshold": -30.0, "relative": true}},
	} {
		p := build(b, c.kind, 48000, c.values)
		b.Run(c.name, func(b *testing.B) { benchmarkFrames(b, 1, p.Process) })
	}
}

func BenchmarkPeakScanner(b *testing.B) {
	for _, floor := range []float64{2, 0.8, 0.5, 0} {
		s := NewPeakScanner(44100, floor)
		peaks := make([]float64, dsp.MaxBlock)
		b.Run(fmt.Sprintf("floor %g", floor), func(b *testing.B) {
			benchmarkFrames(b, 1, func(x dsp.Block) { s.Scan(x, peaks) })
		})
	}
}

func BenchmarkGain(b *testing.B) {
	for _, ceiling := range []float64{2, 0.8} {
		s := NewPeakScanner(44100, 0.5)
		g := NewGain(GainSettings{Rate: 44100, Ceiling: ceiling})
		song := benchSong(64 * dsp.MaxBlock)
		peaks, gains := make([]float64, song.Len()), make([]float64, dsp.MaxBlock)
		s.Scan(song, peaks)
		b.Run(fmt.Sprintf("ceiling %g", ceiling), func(b *testing.B) {
			for b.Loop() {
				for at := 0; at < len(peaks); at += dsp.MaxBlock {
					g.Process(peaks[at:at+dsp.MaxBlock], gains)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(peaks)), "ns/frame")
		})
	}
}

func BenchmarkSoftClip(b *testing.B) {
	for _, peak := range []float64{100, 1.2} {
		c := NewSoftClip(peak, peak*0.8)
		b.Run(fmt.Sprintf("peak %g", peak), func(b *testing.B) { benchmarkFrames(b, 1, c.Process) })
	}
}

func BenchmarkLimiter(b *testing.B) {
	for _, style := range Styles() {
		l := NewLimiter(styled(style, 44100, 0.6))
		b.Run(style.Name, func(b *testing.B) { benchmarkFrames(b, 1, l.Process) })
	}
}
