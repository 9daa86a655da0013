package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/internal/param"
)

// setting is how a kind of processor is set for the benchmark. What values leave out
// is at its default. The chains of containers do nothing.
type setting struct {
	name   string
	values param.Values
	chains int     // of a container's list
	mix    float64 // percent; 0: without a dry path
}

// usual are settings as a mix has them, of kinds whose cost depends on them and of
// those that need some. All other kinds are measured at their defaults.
var usual = map[string][]setting{
	"eq": {
		{name: "3 bands", values: bands("minimum", nil)},
		{name: "3 bands, linear", values: bands("linear", nil)},
		{name: "3 bands, one dynamic", values: bands("minimum", param.Values{"threshold": -30.0, "range": -6.0})},
		{name: "highpass 96 dB/oct", values: param.Values{"bands": []param.Values{{"type": "highpass", "freq": 40.0, "slope": 96.0}}}},
	},
	"compressor": {
		{name: "4:1", values: param.Values{"ratio": 4.0}},
		{name: "4:1, rms, auto release, 5 ms ahead", values: param.Values{"ratio": 4.0, "detector": "rms", "release": param.AutoValue, "lookahead": 5.0}},
		{name: "4:1, side-chain from 100 Hz", values: param.Values{"ratio": 4.0, "sidechain": "key", "sidechain_highpass": 100.0}},
	},
	"ducker":    {{name: "side-chain", values: param.Values{"sidechain": "key"}}},
	"deesser":   {{name: "split"}, {name: "wide, relative", values: param.Values{"mode": "wide", "relative": true}}},
	"transient": {{name: "attack 6 dB, sustain -3 dB", values: param.Values{"attack": 6.0, "sustain": -3.0}}},
	"multiband": {{name: "3 bands", values: param.Values{"split": []float64{120, 2500}, "bands": []param.Values{{}, {}, {}}}}},
	"saturator": {
		{name: "tape, 4 times"},
		{name: "tube, 4 times", values: param.Values{"type": "tube"}},
		{name: "tape, 8 times", values: param.Values{"oversample": 8.0}},
		{name: "hard, 1 times", values: param.Values{"type": "hard", "oversample": 1.0}},
	},
	"crusher": {{name: "12 bit"}, {name: "8 bit, 12 kHz, dither, filter", values: param.Values{"bits": 8.0, "rate": 12000.0, "dither": "tpdf", "filter": true}}},
	"imager":  {{name: "width 120%", values: param.Values{"width": 120.0}}, {name: "width 120%, mono below 120 Hz", values: param.Values{"width": 120.0, "mono_below": 120.0}}},
	"reverb": {
		{name: "plate"},
		{name: "room", values: param.Values{"type": "room"}},
		{name: "chamber", values: param.Values{"type": "chamber"}},
		{name: "hall", values: param.Values{"type": "hall"}},
	},
	"convolver": {{name: "stereo, 2 s", values: param.Values{"ir": "ir.wav"}}},
	"delay": {
		{name: "350 ms", values: param.Values{"time": 350.0}},
		{name: "350 ms, cuts, ping-pong, ducking", values: param.Values{"time": 350.0, "lowcut": 150.0, "highcut": 5000.0, "pingpong": true, "ducking": 9.0}},
	},
	"parallel": {{name: "empty chain, mix 50%", mix: 50}},
	"mid_side": {{name: "empty chains"}},
	"bands":    {{name: "3 empty chains", values: param.Values{"split": []float64{120, 2500}}, chains: 3}},
}

func bands(phase string, dynamics param.Values) param.Values {
	return param.Values{"phase": phase, "bands": []param.Values{
		{"type": "highpass", "freq": highpass},
		{"type": "bell", "freq": bell1, "q": bell1Q, "gain": bell1Gain},
		param.Values{"type": "bell", "freq": bell2, "q": bell2Q, "gain": bell2Gain}.With(dynamics),
	}}
}

// settingsOf returns how a kind is measured.
func settingsOf(kind string) []setting {
	if s := usual[kind]; s != nil {
		return s
	}
	return []setting{{name: "defaults"}}
}

// build makes a processor as it is set.
func (s setting) build(k dsp.Kind) (dsp.Processor, error) {
	args := dsp.Args{Rate: stemRate, Seed: 1, Values: param.Complete(k.Params, s.values), Chains: map[string][]*dsp.Chain{}, Files: map[string][][]float64{}}
	for _, p := range k.Params {
		switch p.Type {
		case param.File:
			args.Files[p.Name] = room(2 * stemRate)
		case param.Chain:
			args.Chains[p.Name] = []*dsp.Chain{dsp.NewChain()}
		case param.Chains:
			for range s.chains {
				args.Chains[p.Name] = append(args.Chains[p.Name], dsp.NewChain())
			}
		}
	}
	p, err := k.New(args)
	if err != nil || s.mix == 0 {
		return p, err
	}
	return dsp.NewChain(dsp.NewSlot("", p, s.mix)), nil
}

// room is noise that dies away by 60 dB: an impulse response.
func room(frames int) [][]float64 {
	var channels [][]float64
	for _, side := range []string{"left", "right"} {
		noise, x := seed.New(seed.Of("bench", side)), make([]float64, frames)
		for i := range x {
			x[i] = 2 * noise.Next() * math.Pow(10, -3*float64(i)/float64(frames))
		}
		channels = append(channels, x)
	}
	return channels
}

// benchProcessors prints what a frame costs in every kind of processor: one core,
// 48 kHz stereo, the demo song's parts summed up, eleven bars. Those that listen to
// another signal hear a third of the parts.
func benchProcessors(runs int) error {
	sections := programmeSections()
	sound, key := unpack(sections[2]), unpack(sections[0])
	fmt.Printf("%.0f s of music, 48 kHz stereo, one core, the fastest of %d runs\n\n", float64(sound.Len())/stemRate, runs)
	fmt.Printf("| %-10s | %-10s | %-34s | %8s | %11s | %10s |\n", "family", "processor", "settings", "ns/frame", "x real time", "latency ms")
	fmt.Println("| --- | --- | --- | ---: | ---: | ---: |")
	for _, family := range catalogue.Families() {
		for _, k := range family.Kinds {
			for _, s := range settingsOf(k.Name) {
				p, err := s.build(k)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", k.Name, s.name, err)
				}
				best := math.Inf(1)
				for range runs {
					p.Reset()
					best = min(best, float64(play(p, sound, key).Nanoseconds())/float64(sound.Len()))
				}
				latency := strings.TrimSuffix(fmt.Sprintf("%.1f", 1000*float64(p.Latency())/stemRate), ".0")
				fmt.Printf("| %-10s | %-10s | %-34s | %8.1f | %11.0f | %10s |\n", family.Name, k.Name, s.name, best, 1e9/stemRate/best, latency)
			}
		}
	}
	return nil
}

// play sends a sound through a processor and returns how long the processor worked.
func play(p dsp.Processor, sound, key dsp.Block) time.Duration {
	var took time.Duration
	block, keys := dsp.NewBlock(dsp.MaxBlock), []dsp.Block{}
	keyed, _ := p.(dsp.Keyed)
	for at := 0; at < sound.Len(); at += dsp.MaxBlock {
		to := min(at+dsp.MaxBlock, sound.Len())
		b := block.Cut(0, to-at)
		copy(b[0], sound[0][at:to])
		copy(b[1], sound[1][at:to])
		keys = keys[:0]
		if keyed != nil {
			for range keyed.Keys() {
				keys = append(keys, key.Cut(at, to))
			}
		}
		began := time.Now()
		if len(keys) > 0 {
			keyed.ProcessKeyed(b, keys)
		} else {
			p.Process(b)
		}
		took += time.Since(began)
	}
	return took
}

// unpack reads 24-bit stereo.
func unpack(data []byte) dsp.Block {
	b := dsp.NewBlock(len(data) / stemFrame)
	for i := range b.Len() {
		for c := range b {
			o := data[i*stemFrame+3*c:]
			b[c][i] = math.Ldexp(float64(int32(uint32(o[0])<<8|uint32(o[1])<<16|uint32(o[2])<<24)>>8), -23)
		}
	}
	return b
}
