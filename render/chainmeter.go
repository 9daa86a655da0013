package render

import (
	"context"
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// ChainStage is what was measured behind one part of a master: the mix that goes
// in, and each processor of the chain. It is measured while the master is
// rendered, and kept with it.
type ChainStage struct {
	Name       string      `json:"name"` // "mix", "2 multiband"
	Integrated *float64    `json:"integrated_lufs"`
	Peak       *float64    `json:"sample_peak_dbfs"`
	RMS        *float64    `json:"rms_dbfs"`
	Reductions []Reduction `json:"reductions,omitempty"` // of a compressor; of each band, lowest first
}

// Reduction is what a compressor, or a band of one, took off.
type Reduction struct {
	Most    float64 `json:"most_db"`
	Typical float64 `json:"typical_db"` // the mean over the time in which it worked
	Share   float64 `json:"share"`      // of the time in which it worked, 0..1
}

// ChainReport is the way of a song through its master.
type ChainReport struct {
	Song    string       `json:"song"`
	Version string       `json:"version"` // "main" or the version's name
	Stages  []ChainStage `json:"stages"`
}

// chainMeter hears what a node of the master's chain puts out.
type chainMeter struct {
	channel *channel
	name    string
	meter   *loudness.Integrator
	peak    float64
	power   float64 // sum of squares, of both sides
	chain   *dsp.Chain
}

// meterChain has every node between the mix and a master measured. It returns the
// meters in the order of the chain; a song without a master chain has none.
func (d *desk) meterChain(master *channel) []*chainMeter {
	var meters []*chainMeter
	if master.isMix() || master.node == nil || master.node.stored != nil {
		return nil
	}
	for c := master.inputs[0].from; ; c = c.inputs[0].from {
		name := "mix"
		if !c.isMix() {
			name = c.name[len("master/"):]
			if len(c.chain) > 0 && c.chain[0].ID != "" {
				name += " " + c.chain[0].ID
			}
		}
		m := c.node.meter
		if m == nil { // two versions may share what goes in
			m = &chainMeter{name: name, channel: c, meter: loudness.NewIntegrator(d.rate), chain: c.node.chain}
			if m.chain != nil {
				m.chain.CountReduction()
			}
			c.node.meter = m
		}
		meters = append([]*chainMeter{m}, meters...)
		if c.isMix() {
			return meters
		}
	}
}

// hear takes in the next frames of the song.
func (m *chainMeter) hear(b dsp.Block) {
	m.meter.Write(b)
	for _, x := range b {
		squares, largest := loudness.PowerAndPeak(x)
		m.power += squares
		m.peak = max(m.peak, largest)
	}
}

// stage is what was measured of the first frames.
func (m *chainMeter) stage(frames int64) ChainStage {
	s := ChainStage{Name: m.name, Integrated: decibels(m.meter.IntegratedTo(frames)), Peak: decibels(xmath.DB(m.peak))}
	if frames > 0 {
		s.RMS = decibels(xmath.DB(math.Sqrt(m.power / float64(2*frames))))
	}
	if m.name == "mix" || m.chain == nil {
		return s // the mix's own compressors are no part of the master
	}
	for _, r := range m.chain.Reductions() {
		s.Reductions = append(s.Reductions, Reduction{Most: round(r.Most), Typical: round(r.Typical), Share: round(r.Share)})
	}
	return s
}

// decibels is a level to the thousandth; nil for silence.
func decibels(db float64) *float64 {
	if math.IsInf(db, 0) || math.IsNaN(db) {
		return nil
	}
	db = round(db)
	return &db
}

// report remembers the way through the master of every version that is delivered
// from it, as it was measured when the master was rendered.
func (b *builder) report(ctx context.Context, s *laid) {
	seen := map[*channel]bool{}
	for i := range s.stages {
		st := &s.stages[i]
		master := st.behindTone()
		if master.name != "master" || st.print != nil || seen[master] {
			continue
		}
		seen[master] = true
		a := b.stored(ctx, s, master)
		if a == nil || len(a.Chain) == 0 {
			continue
		}
		r := ChainReport{Song: s.song.Title, Version: st.versionName(), Stages: a.Chain}
		b.chains = append(b.chains, r)
		b.event(Event{Event: MasterDone, Song: r.Song, Master: &r})
	}
}
