package demo

// Undertow: D minor, 92 bpm, sixteenths a little swung. Eleven bars: two of
// introduction, four of verse, four of chorus and a last chord left to ring.

var undertowPulse = pulse{rate: 48000, bpm: 92, swing: 0.56}

// bar returns the beat on which a bar of four quarters begins; the first is 1.
func bar(n float64) float64 { return float64(4 * (n - 1)) }

// undertowLength is the whole song with the last chord's ring, in seconds.
const undertowLength = 29.2

// undertowHarmony is one chord a bar. The voices move by step or stay.
func undertowHarmony() []chordAt {
	intro := harmony(bar(1), 4, "F3 A3 C4 E4", "F3 A3 Bb3 D4")
	verse := harmony(bar(3), 4, "F3 A3 C4 E4", "F3 A3 Bb3 D4", "E3 G3 A3 C4", "D3 G3 A3 E4")
	chorus := harmony(bar(7), 4, "F3 A3 C4 D4", "E3 G3 C4 D4", "E3 G3 C4 E4", "F3 A3 C4 E4")
	last := harmony(bar(11), 4, "F3 A3 C4 D4")
	return append(append(append(intro, verse...), chorus...), last...)
}

func undertow() Song {
	stem := func(name string, channels, bits int, peak float64, fill func(s *sound, p player)) Stem {
		return Stem{Path: "stems/" + name, Bits: bits, make: func() *sound {
			s := newSound(undertowPulse.rate, channels, undertowLength)
			fill(s, player{pulse: undertowPulse, loose: 0.003, dice: newDice("undertow " + name)})
			return s.fade(0.4).scale(peak)
		}}
	}
	return Song{Name: "undertow", Title: "Undertow", Stems: []Stem{
		stem("kick.flac", 1, 16, -6, undertowKick),
		stem("snare.flac", 1, 16, -7, undertowSnare),
		stem("hats.flac", 1, 16, -12, undertowHats),
		stem("bass.flac", 1, 16, -8, undertowBass),
		stem("keys.flac", 1, 16, -9, undertowKeys),
		stem("pad.flac", 2, 16, -12, undertowPad),
		stem("guitar.flac", 1, 16, -9, undertowGuitar),
		stem("lead.flac", 1, 16, -7, undertowLead),
		stem("backing.flac", 2, 16, -12, undertowBacking),
		{Path: "stems/crash.wav", Bits: 24, make: undertowCrash},
	}}
}

// undertowKick ends with the last chord's downbeat, and the file with it.
func undertowKick(s *sound, p player) {
	p.loose = 0.0015
	notes := join(
		pattern(bar(2)+3, 0.25, "...6"),
		pattern(bar(3), 0.25, "9.....5.7.5....."),
		pattern(bar(4), 0.25, "9.....5.7......4"),
		pattern(bar(5), 0.25, "9.....5.7.5....."),
		pattern(bar(6), 0.25, "9.....5.7..5...."),
		pattern(bar(7), 0.25, "9..5....8.6....5"),
		pattern(bar(8), 0.25, "9..5....8.6....."),
		pattern(bar(9), 0.25, "9..5....8.6....5"),
		pattern(bar(10), 0.25, "9..5..6.8......."),
		pattern(bar(11), 0.25, "9"),
	)
	p.play(s, notes, func(n note) []float64 { return kick(s.rate, 47, n.velocity, p.dice) }, 1)
	s.cut(p.seconds(bar(11)) + 0.9)
}

func undertowSnare(s *sound, p player) {
	p.behind = 0.006
	notes := join(
		pattern(bar(3), 0.25, "....8..1.2..8..1"),
		pattern(bar(4), 0.25, "....8..1.2.18..."),
		pattern(bar(5), 0.25, "....8..1.2..8..1"),
		pattern(bar(6), 0.25, "....8....2..8367"),
		pattern(bar(7), 0.25, "....9..1.2..9.1."),
		pattern(bar(8), 0.25, "....9..1.2.19..2"),
		pattern(bar(9), 0.25, "....9..1.2..9.1."),
		pattern(bar(10), 0.25, "....9..1.3.59.79"),
		pattern(bar(11), 0.25, "6"),
	)
	p.play(s, notes, func(n note) []float64 { return snare(s.rate, n.velocity, p.dice) }, 1)
}

func undertowHats(s *sound, p player) {
	notes := pattern(bar(2), 0.25, "3.1.4.1.3.2.4.21")
	for b := 3.0; b <= 6; b++ {
		notes = join(notes, pattern(bar(b), 0.25, "7.3.61447.3.6.42"))
	}
	for b := 7.0; b <= 10; b++ {
		notes = join(notes, pattern(bar(b), 0.25, "7253726372537.52"))
	}
	p.play(s, notes, func(n note) []float64 { return hihat(s.rate, n.velocity, 0, p.dice) }, 1)
	// The foot lets go before three of the chorus' bar lines.
	var open []note
	for b := 7.0; b <= 9; b++ {
		open = append(open, note{at: bar(b) + 3.25, velocity: 0.7})
	}
	p.play(s, open, func(n note) []float64 { return hihat(s.rate, n.velocity, 0.8, p.dice) }, 1)
}

func undertowBass(s *sound, p player) {
	p.behind, p.loose = 0.004, 0.002
	p.bassLine(s, join(
		phrase(bar(1), "-/4"),
		phrase(bar(2), "-/2.5 F2/0.5 A1/0.5 C2/0.5"),
		phrase(bar(3), "D2/1.25 -/0.25 D2/0.25 -/0.25 D2/0.5 F2/0.5 A2/0.5 C2/0.5"),
		phrase(bar(4), "Bb1/1.25 -/0.25 Bb1/0.25 -/0.25 Bb1/0.5 D2/0.5 F2/0.5 E2/0.5"),
		phrase(bar(5), "F2/1.25 -/0.25 F2/0.25 -/0.25 F2/0.5 C2/0.5 D2/0.5 E2/0.25 D2/0.25"),
		phrase(bar(6), "C2/1.25 -/0.25 C2/0.25 -/0.25 C2/0.75 G2/0.25 A1/0.5 A1/0.5"),
		phrase(bar(7), "Bb1/0.75 Bb1/0.75 D2/0.5 F2/0.5 D2/0.5 Bb1/0.5 B1/0.5"),
		phrase(bar(8), "C2/0.75 C2/0.75 E2/0.5 G2/0.5 E2/0.5 C2/0.5 G1/0.5"),
		phrase(bar(9), "A1/0.75 A1/0.75 C2/0.5 E2/0.5 G2/0.5 A2/0.5 C2/0.5"),
		phrase(bar(10), "D2/0.75 D2/0.75 F2/0.5 C2/0.75 -/0.25 C2/0.5 A1/0.5"),
		phrase(bar(11), "Bb1/3.6"),
	))
}

// undertowKeys plays the electric piano: held chords in the introduction, a
// syncopated figure after it.
func undertowKeys(s *sound, p player) {
	strike := func(c chordAt, at, length, velocity float64) {
		start := p.when(note{at: c.at + at})
		for i, pitch := range c.pitches {
			n := note{length: length, pitch: pitch, velocity: p.touch(velocity)}
			roll := i * s.rate * 4 / 1000
			s.add(start+roll, tine(p.pulse, n), 1)
		}
	}
	for _, c := range undertowHarmony() {
		switch {
		case c.at < bar(3):
			strike(c, 0, 2.4, 0.5)
			strike(c, 2.5, 1.3, 0.4)
		case c.at < bar(7):
			strike(c, 0, 0.9, 0.6)
			strike(c, 1.75, 0.4, 0.42)
			strike(c, 2.5, 1.2, 0.52)
		case c.at < bar(11):
			strike(c, 0, 1.3, 0.74)
			strike(c, 1.5, 0.4, 0.55)
			strike(c, 2.25, 0.6, 0.6)
			strike(c, 3.25, 0.5, 0.5)
		default:
			strike(c, 0, 5, 0.62)
		}
	}
	s.tremolo(4.1, 0.12)
}

func undertowPad(s *sound, p player) {
	dark := ramp{{0, 420}, {5.2, 620}, {15.2, 780}, {15.9, 1250}, {26, 1400}, {28.5, 500}}
	var high []chordAt
	for _, c := range undertowHarmony() {
		// The pad leaves out the lowest voice and sings it above instead.
		c.pitches = append(append([]float64{}, c.pitches[1:]...), c.pitches[0]+12)
		high = append(high, c)
	}
	pad(s, p.pulse, high, dark, p.dice)
}

// undertowGuitar picks the chords: eighths at first, with answers to the voice
// in the verse, sixteenths in the chorus.
func undertowGuitar(s *sound, p player) {
	p.behind = 0.002
	pick := func(at, length, pitch, velocity float64) {
		n := note{at: at, length: length, pitch: pitch, velocity: p.touch(velocity)}
		s.add(p.when(n), pluck(p.pulse, n, 3.2, p.dice), 1)
	}
	rolls := map[bool][]int{false: {0, 2, 3, 1, 2, 3, 1, 2}, true: {0, 2, 1, 3, 2, 0, 3, 2, 1, 3, 2, 0, 1, 3, 2, 1}}
	for _, c := range undertowHarmony() {
		if c.at >= bar(11) {
			for i, pitch := range c.pitches {
				pick(c.at+float64(0.12*float64(i)), 4, pitch+12, 0.6)
			}
			continue
		}
		busy := c.at >= bar(7)
		roll := rolls[busy]
		step := 4 / float64(len(roll))
		for i, voice := range roll {
			velocity := 0.42
			if i%4 == 0 {
				velocity = 0.62
			}
			if c.at >= bar(3) && !busy && i < 4 {
				continue // the voice has the first half of the verse's bars
			}
			pick(c.at+float64(float64(i)*step), float64(1.6*step)+0.2, c.pitches[voice]+12, velocity)
		}
	}
}

// undertowMelody is the tune and its words.
func undertowMelody() []note {
	return join(
		// Slowly the water calls me down
		phrase(bar(3), "-/0.5 A4/0.5/slou A4/0.5/li G4/0.5/DE F4/0.75/wa D4/0.25/tE D4/0.5/kol F4/0.5/mi"),
		phrase(bar(4), "F4/1.5/daun D4/0.75/un -/1.75"),
		// and I am leaning on the tide
		phrase(bar(5), "-/0.5 A4/0.5/and A4/0.5/ai C5/0.5/am A4/0.75/li G4/0.25/nin G4/0.5/on F4/0.5/DE"),
		phrase(bar(6), "G4/1.25/tai E4/0.75/id -/1 A4/0.5/sou C5/0.5/hol"),
		// so hold me, undertow, take me home
		phrase(bar(7), "D5/1.5/mi C5/0.5/An A4/0.75/dE F4/0.25/tou G4/1/ou"),
		phrase(bar(8), "A4/1/tei G4/0.5/mi E4/0.5/so G4/1.25/lou -/0.25 A4/0.5/li"),
		phrase(bar(9), "C5/1.5/An A4/0.5/dE G4/0.75/tou E4/0.25/ou G4/0.5/sou A4/0.5/far"),
		phrase(bar(10), "A4/1/from F4/0.5/mai D4/1.5/Sor -/1"),
		phrase(bar(11), "A4/3.4/u"),
	)
}

func undertowLead(s *sound, p player) {
	v := singer{vibrato: 0.32, glide: 0.05, breath: 0.3, bright: 5200, size: 1}
	s.add(0, sing(p.pulse, undertowMelody(), v, s.frames(), p.dice), 1)
}

// undertowBacking is two singers who take three voices between them in the
// chorus, a little later and darker than the lead.
func undertowBacking(s *sound, p player) {
	lines := []string{
		"A4/4/a G4/4/a G4/4/a A4/4/a A4/3.6/u",
		"F4/4/a E4/4/a E4/4/a F4/4/a F4/3.6/u",
		"D4/4/a C4/4/a C4/4/a C4/4/a D4/3.6/u",
	}
	for i, line := range lines {
		for side, where := range []float64{-0.75, 0.75} {
			later := p.pulse
			v := singer{vibrato: 0.22, glide: 0.09, breath: 0.04, bright: 3400, size: 0.95 + float64(0.03*float64(side))}
			voice := sing(later, phrase(bar(7), line), v, s.frames(), p.dice)
			late := (8 + 11*side + 5*i) * s.rate / 1000
			s.add(late, voice, pan(where-float64(0.15*float64(i)))...)
		}
	}
}

// undertowCrash is a stem of its own that begins where the chorus does: the
// project places it with an offset.
func undertowCrash() *sound {
	s := newSound(undertowPulse.rate, 1, 2.6)
	crash(s, 0, 2.6, 0.9, newDice("undertow crash.wav"))
	return s.fade(0.8).scale(-10)
}
