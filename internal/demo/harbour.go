package demo

// Harbour comes to the album as a finished stereo mix, as songs from elsewhere
// do: electric piano, plucked strings and a far voice over a slow swell, with
// the echo already in it.

var harbourPulse = pulse{rate: 44100, bpm: 72, swing: 0.5}

const harbourLength = 20.0

func harbour() Song {
	return Song{Name: "harbour", Title: "Harbour", Stems: []Stem{
		{Path: "mixes/harbour.flac", Bits: 16, make: harbourMix},
	}}
}

func harbourMix() *sound {
	p := player{pulse: harbourPulse, loose: 0.005, dice: newDice("harbour")}
	chords := harmony(0, 4, "G3 B3 D4 F#4", "E3 G3 B3 D4", "C3 G3 B3 E4", "D3 A3 C4 E4", "G3 B3 D4 A4")
	s := newSound(p.rate, 2, harbourLength)
	for _, c := range chords {
		for _, at := range []float64{0, 1.5, 2.5} {
			start := p.when(note{at: c.at + at})
			for i, pitch := range c.pitches {
				n := note{length: 1.4, pitch: pitch, velocity: p.touch(0.42 - float64(0.05*at))}
				s.add(start+i*p.rate/120, tine(p.pulse, n), pan(-0.3+float64(0.2*float64(i)))...)
			}
		}
		for k, voice := range []int{0, 2, 1, 3, 2, 3} {
			n := note{at: c.at + 0.5 + float64(0.5*float64(k)), length: 1.8, pitch: c.pitches[voice] + 12, velocity: p.touch(0.4)}
			s.add(p.when(n), pluck(p.pulse, n, 2.4, p.dice), pan(0.5-float64(0.2*float64(k)))...)
		}
	}
	tune := phrase(4, "D5/1/lu B4/0.5/u A4/0.5/a G4/1.5/na -/0.5 E4/0.5/lo G4/0.5/o B4/1/na A4/2/a F#4/0.5/la A4/0.5/a G4/2.5/no")
	far := newSound(p.rate, 2, harbourLength)
	far.add(0, sing(p.pulse, tune, singer{vibrato: 0.35, glide: 0.07, breath: 0.1, bright: 3000, size: 0.98}, far.frames(), p.dice), 1, 1)
	s.mix(far.scale(-16), 3)
	s.echo(p.seconds(0.75), 0.42, 0.3)
	swell := newSound(p.rate, 2, harbourLength)
	pad(swell, p.pulse, chords, ramp{{0, 350}, {8, 900}, {15, 700}, {19, 300}}, p.dice)
	s.mix(swell.scale(-20), 3)
	low := newSound(p.rate, 2, harbourLength)
	p.bassLine(low, phrase(0, "G2/3.5 -/0.5 E2/3.5 -/0.5 C2/3.5 -/0.5 D2/3.5 -/0.5 G1/3.5"))
	s.mix(low.scale(-18), 3)
	return s.fade(2.5).scale(-3)
}
