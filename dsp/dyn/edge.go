package dyn

import (
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/window"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// EdgeMeter finds true peaks that are made by what lies just below half the rate. Meters
// differ there: a filter that is flat to 20 kHz at 44.1 kHz, as [PeakScanner]'s, reads up to
// half a dB less of white noise than one that is flat to the brim. Music that has been
// recorded or resampled has nothing there, so this meter first looks whether there is
// anything, which is cheap, and reads peaks only where there is.
type EdgeMeter struct {
	floor  float64              // linear: what is below does not matter
	detect [2][edgeTaps]float64 // for the two phases of what is at edgeCentre
	phases [edgePhases][2 * edgeReach]float64
	x      [2][]float64 // edgeReach frames before the group whose turn it is, and what follows
	spans  []vector.Span
	filled int
	peak   float64
}

const (
	// edgeReach is from how many frames to either side a value between two is made. Under a
	// cosine, that is flat to 0.49 of the rate.
	edgeReach  = 128
	edgePhases = 8
	edgeGroup  = vector.Group
	edgeTaps   = 64     // of the filter that looks for anything
	edgeCentre = 0.4825 // of the rate: the middle of what it sees

	// edgeLeast is the share of the floor below which the band's edge adds less than 0.01 dB.
	edgeLeast = 1e-3
	// edgeShare of what is at the band's edge is added to the peaks beside it: by so much
	// meters that are flat to the brim differ, since their filters end in different ways
	// (0.2 dB for white noise).
	edgeShare = 0.15
	// edgeQuiet is the share of the floor that no sample around a wave's peak of this level is
	// below, but for waves that are made for the purpose.
	edgeQuiet = 0.4
)

// NewEdgeMeter returns a meter for peaks above a floor, a linear level.
func NewEdgeMeter(floor float64) *EdgeMeter {
	m := &EdgeMeter{floor: floor}
	// A Hann window's low-pass, moved up: from 0.45 of the rate to the brim.
	for k := range m.detect[0] {
		x := float64(k) - (edgeTaps-1)/2.
		h := (1 + xmath.Cos(2*math.Pi/edgeTaps*x)) / (edgeTaps / 2)
		m.detect[0][k] = h * xmath.Cos(2*math.Pi*edgeCentre*x)
		m.detect[1][k] = h * xmath.Sin(2*math.Pi*edgeCentre*x)
	}
	for p := range m.phases {
		for k := range m.phases[p] {
			x := float64(k-edgeReach+1) - float64(float64(p)/edgePhases)
			m.phases[p][k] = window.Sinc(x) * xmath.Cos(math.Pi/2*x/(edgeReach+1))
		}
	}
	for c := range m.x {
		m.x[c] = make([]float64, 2*edgeReach+2*edgeGroup+dsp.MaxBlock)
	}
	m.spans = make([]vector.Span, len(m.x[0])/edgeGroup)
	m.Reset()
	return m
}

// Reset goes back to the first frame, before which there was silence.
func (m *EdgeMeter) Reset() {
	for c := range m.x {
		clear(m.x[c])
	}
	m.filled, m.peak = edgeReach, 0
}

// Peak returns the highest peak so far that is above the floor, as a linear level; 0 where
// there is none. What came last is read when edgeReach more frames have come.
func (m *EdgeMeter) Peak() float64 { return m.peak }

// Finish reads what came last, silence following it.
func (m *EdgeMeter) Finish() { m.Write(dsp.NewBlock(edgeReach + 2*edgeGroup)) }

// Write takes in the next frames.
func (m *EdgeMeter) Write(b dsp.Block) {
	for b.Len() > 0 {
		n := min(b.Len(), dsp.MaxBlock)
		for c := range m.x {
			copy(m.x[c][m.filled:], b[c][:n])
		}
		m.filled += n
		groups := max(0, (m.filled-2*edgeReach-1)/edgeGroup)
		quiet := float64(edgeQuiet * m.floor)
		for c := range m.x {
			// Of each group, and of those before the first and after the last.
			spans := m.spans[:groups+2]
			vector.Spans(spans, m.x[c][edgeReach-edgeGroup:])
			before, own := top(spans[0]), top(spans[1])
			for g := range groups {
				after := top(spans[g+2])
				if before >= quiet || own >= quiet || after >= quiet {
					m.look(m.x[c][g*edgeGroup:][:2*edgeReach+edgeGroup+1])
				}
				before, own = own, after
			}
			copy(m.x[c], m.x[c][groups*edgeGroup:m.filled])
		}
		m.filled -= groups * edgeGroup
		b = b.Cut(n, b.Len())
	}
}

// top is the largest magnitude of a group.
func top(s vector.Span) float64 { return math.Abs(s.Middle) + s.Reach }

// look reads the peaks from a group's first frame to the next group's, with edgeReach
// frames on either side.
func (m *EdgeMeter) look(x []float64) {
	edge := m.atEdge(x)
	if edge < float64(edgeLeast*m.floor) {
		return
	}
	extra := float64(edgeShare * edge)
	before, last := math.Inf(1), math.Inf(1) // whether a first value is a top is not known
	for i := range edgeGroup + 1 {
		around := x[i+1:][:2*edgeReach]
		for p := 0; p < edgePhases; p += 2 {
			a, b := vector.Dots(m.phases[p][:], m.phases[p+1][:], around)
			for _, now := range [2]float64{math.Abs(a), math.Abs(b)} {
				if last >= before && last >= now && !math.IsInf(before, 1) {
					if peak := crest(before, last, now) + extra; peak > m.peak && peak > m.floor {
						m.peak = peak
					}
				}
				before, last = last, now
			}
		}
	}
}

// atEdge returns the amplitude of what is at the edge of the band around a group.
func (m *EdgeMeter) atEdge(x []float64) float64 {
	around := x[edgeReach+edgeGroup/2-edgeTaps/2:][:edgeTaps]
	re, im := vector.Dots(m.detect[0][:], m.detect[1][:], around)
	return math.Sqrt(float64(re*re) + float64(im*im))
}
