package demo

// Slack Water: A minor in 6/8, 54 dotted quarters a minute (81 quarters): a felt
// piano, a voice without words, and low strings.

var slackWaterPulse = pulse{rate: 48000, bpm: 81, swing: 0.5}

const slackWaterLength = 21.5

// six returns the quarter note on which a bar of 6/8 begins; the first is 1.
func six(n float64) float64 { return float64(3 * (n - 1)) }

// slackWaterHarmony is one chord a bar.
func slackWaterHarmony() []chordAt {
	return harmony(six(1), 3,
		"A2 E3 A3 C4 E4", "F2 C3 A3 C4 E4", "C3 G3 C4 D4 G4", "G2 D3 G3 B3 D4",
		"F2 C3 A3 C4 F4", "C3 G3 A3 C4 E4", "D3 A3 C4 D4 F4", "E2 B2 G#3 B3 D4", "A2 E3 A3 B3 E4")
}

func slackWater() Song {
	stem := func(name string, channels int, peak float64, fill func(s *sound, p player)) Stem {
		return Stem{Path: "songs/slack-water/" + name, Bits: 16, make: func() *sound {
			s := newSound(slackWaterPulse.rate, channels, slackWaterLength)
			fill(s, player{pulse: slackWaterPulse, loose: 0.006, dice: newDice("slack water " + name)})
			return s.fade(0.8).scale(peak)
		}}
	}
	return Song{Name: "slack-water", Title: "Slack Water", Stems: []Stem{
		stem("piano.flac", 2, -8, slackWaterPiano),
		stem("voice.flac", 1, -9, slackWaterVoice),
		stem("strings.flac", 1, -14, slackWaterStrings),
	}}
}

// slackWaterPiano breaks the chords in eighths, bass note first, quieter
// towards the middle of the bar.
func slackWaterPiano(s *sound, p player) {
	chords := slackWaterHarmony()
	for i, c := range chords {
		order := []int{0, 1, 2, 4, 3, 2}
		if i == len(chords)-1 {
			order = []int{0, 1, 2, 3, 4}
		}
		for k, voice := range order {
			n := note{at: c.at + float64(0.5*float64(k)), length: 3 - float64(0.5*float64(k)) + 0.3, pitch: c.pitches[voice]}
			n.velocity = 0.5
			if k == 0 {
				n.velocity = 0.66
			} else if k == 3 {
				n.velocity = 0.58
			}
			if i == len(chords)-1 {
				n.length = 5
			}
			n.velocity = p.touch(n.velocity)
			s.add(p.when(n), felt(p.pulse, n, p.dice), pan((n.pitch-58)/40)...)
		}
	}
}

func slackWaterVoice(s *sound, p player) {
	tune := join(
		phrase(six(3), "G4/1.5/lu E4/0.5/u D4/1/na"),
		phrase(six(4), "B3/1.5/no D4/0.5/o G4/1/la"),
		phrase(six(5), "A4/1.5/ma G4/0.5/a F4/1/no"),
		phrase(six(6), "E4/2/ne -/0.5 C5/0.5/la"),
		phrase(six(7), "D5/1.5/a C5/0.5/a A4/1/ro"),
		phrase(six(8), "B4/1/lu G#4/1/u E4/1/nu"),
		phrase(six(9), "A4/3.2/a"),
	)
	v := singer{vibrato: 0.4, glide: 0.08, breath: 0.15, bright: 4000, size: 1}
	s.add(0, sing(p.pulse, tune, v, s.frames(), p.dice), 1)
}

func slackWaterStrings(s *sound, p player) {
	chords := slackWaterHarmony()[2:]
	for i := range chords {
		chords[i].pitches = chords[i].pitches[:3]
	}
	swell := ramp{{0, 300}, {5, 420}, {12, 900}, {16, 1100}, {21, 350}}
	wide := newSound(s.rate, 2, slackWaterLength)
	pad(wide, p.pulse, chords, swell, p.dice)
	s.add(0, wide.ch[0], 1)
}
