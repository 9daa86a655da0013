package demo

// Breakwater: E major, 116 bpm, straight. Nine bars of strummed guitar, a
// running bass and a whistling synthesiser; at 44.1 kHz, as some studios still
// work.

var breakwaterPulse = pulse{rate: 44100, bpm: 116, swing: 0.5}

const breakwaterLength = 20.0

// breakwaterHarmony is two chords a bar from the second half on.
func breakwaterHarmony() []chordAt {
	first := harmony(bar(1), 4, "E3 B3 E4 G#4 B4", "C#3 G#3 C#4 E4 B4", "A2 E3 A3 C#4 B4", "B2 F#3 B3 D#4 F#4")
	second := harmony(bar(5), 2,
		"A2 E3 A3 C#4 E4", "B2 F#3 B3 D#4 F#4", "G#2 E3 B3 E4 G#4", "C#3 G#3 C#4 E4 G#4",
		"A2 E3 A3 C#4 E4", "F#2 E3 A3 C#4 F#4", "B2 F#3 B3 E4 F#4", "B2 F#3 B3 D#4 F#4")
	last := harmony(bar(9), 4, "E2 B2 E3 G#3 B3 E4")
	return append(append(first, second...), last...)
}

func breakwater() Song {
	stem := func(name string, channels int, peak float64, fill func(s *sound, p player)) Stem {
		return Stem{Path: "songs/breakwater/" + name, Bits: 16, make: func() *sound {
			s := newSound(breakwaterPulse.rate, channels, breakwaterLength)
			fill(s, player{pulse: breakwaterPulse, loose: 0.0025, dice: newDice("breakwater " + name)})
			return s.fade(0.5).scale(peak)
		}}
	}
	return Song{Name: "breakwater", Title: "Breakwater", Stems: []Stem{
		stem("drums.flac", 1, -6, breakwaterDrums),
		stem("bass.flac", 1, -9, breakwaterBass),
		stem("guitar.flac", 1, -9, breakwaterGuitar),
		stem("whistle.flac", 1, -11, breakwaterWhistle),
	}}
}

func breakwaterDrums(s *sound, p player) {
	var kicks, snares, hats []note
	for b := 1.0; b <= 8; b++ {
		hats = join(hats, pattern(bar(b), 0.5, "64746474"))
		if b == 1 {
			continue
		}
		kicks = join(kicks, pattern(bar(b), 0.5, "9..59.5."))
		if b == 4 || b == 8 {
			snares = join(snares, pattern(bar(b), 0.25, "....8..1....8467"))
		} else {
			snares = join(snares, pattern(bar(b), 0.25, "....8..1.1..8..1"))
		}
	}
	kicks = join(kicks, pattern(bar(9), 0.5, "9"))
	p.play(s, kicks, func(n note) []float64 { return kick(s.rate, 52, n.velocity, p.dice) }, 1)
	p.play(s, snares, func(n note) []float64 { return snare(s.rate, n.velocity, p.dice) }, 0.8)
	p.play(s, hats, func(n note) []float64 { return hihat(s.rate, n.velocity, 0.05, p.dice) }, 0.5)
}

func breakwaterBass(s *sound, p player) {
	p.bassLine(s, join(
		phrase(bar(1), "-/3 B1/0.5 D#2/0.5"),
		phrase(bar(2), "C#2/0.5 C#2/0.5 C#2/0.5 G#2/0.5 C#2/0.5 B1/0.5 C#2/0.5 G#1/0.5"),
		phrase(bar(3), "A1/0.5 A1/0.5 A1/0.5 E2/0.5 A1/0.5 C#2/0.5 E2/0.5 A1/0.5"),
		phrase(bar(4), "B1/0.5 B1/0.5 B1/0.5 F#2/0.5 B1/0.5 D#2/0.5 F#2/0.5 B1/0.5"),
		phrase(bar(5), "A1/0.5 A1/0.5 E2/0.5 A1/0.5 B1/0.5 B1/0.5 F#2/0.5 B1/0.5"),
		phrase(bar(6), "G#1/0.5 G#1/0.5 E2/0.5 B1/0.5 C#2/0.5 C#2/0.5 G#2/0.5 C#2/0.5"),
		phrase(bar(7), "A1/0.5 A1/0.5 E2/0.5 A1/0.5 F#1/0.5 F#1/0.5 C#2/0.5 F#1/0.5"),
		phrase(bar(8), "B1/0.5 B1/0.5 F#2/0.5 B1/0.5 B1/0.5 B1/0.25 C#2/0.25 D#2/0.5 F#2/0.5"),
		phrase(bar(9), "E2/3"),
	))
}

// breakwaterGuitar strums down on the beats and up between them, leaving some
// strokes out, as a hand that keeps moving does.
func breakwaterGuitar(s *sound, p player) {
	for _, c := range breakwaterHarmony() {
		if c.at >= bar(9) {
			p.strum(s, c.pitches, c.at, 3.6, 0.75, 3, false, 1)
			continue
		}
		for _, n := range pattern(c.at, 0.5, "8.56.56.")[:int(1.25*c.length)] {
			offbeat := n.at != float64(int(n.at))
			p.strum(s, c.pitches, n.at, 0.85, n.velocity*0.8, 2.2, offbeat, 1)
		}
	}
}

// breakwaterWhistle is the tune: a sine with a little of its octave, gliding.
func breakwaterWhistle(s *sound, p player) {
	tune := join(
		phrase(bar(2), "-/2.5 G#4/0.5 B4/0.5 C#5/0.5"),
		phrase(bar(3), "E5/1.5 C#5/0.5 B4/1 A4/0.5 C#5/0.5"),
		phrase(bar(4), "B4/2 -/1 F#5/0.5 G#5/0.5"),
		phrase(bar(5), "A5/1 G#5/0.5 E5/0.5 F#5/1 D#5/0.5 B4/0.5"),
		phrase(bar(6), "E5/1.5 B4/0.5 G#5/1 E5/0.5 C#5/0.5"),
		phrase(bar(7), "E5/1 C#5/0.5 E5/0.5 F#5/1 E5/0.5 C#5/0.5"),
		phrase(bar(8), "B4/1.5 E5/0.5 D#5/1 C#5/0.5 D#5/0.5"),
		phrase(bar(9), "E5/3"),
	)
	s.add(0, whistle(p.pulse, tune, s.frames(), p.dice), 1)
}
