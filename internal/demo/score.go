package demo

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// note is one event of a score.
type note struct {
	at, length float64 // quarter notes from the start of the song
	pitch      float64 // MIDI number, 69 = A4 = 440 Hz; fractions are allowed
	velocity   float64 // 0..1
	text       string  // the syllable a voice sings on it
}

// end is where the note is let go, in quarter notes.
func (n note) end() float64 { return n.at + n.length }

// pulse turns quarter notes into frames.
type pulse struct {
	rate  int
	bpm   float64
	swing float64 // share of an eighth note that its first sixteenth takes; 0.5 is straight
}

// seconds returns how long so many quarter notes take.
func (p pulse) seconds(beats float64) float64 { return beats * 60 / p.bpm }

// frame returns the frame nearest to a place in the song, swing applied.
func (p pulse) frame(beat float64) int {
	eighth := float64(math.Floor(beat*2) / 2)
	x := float64((beat - eighth) * 2)
	if x < 0.5 {
		x = float64(2 * p.swing * x)
	} else {
		x = p.swing + float64(2*(1-p.swing)*(x-0.5))
	}
	return int(math.Round(p.seconds(eighth+float64(x/2)) * float64(p.rate)))
}

// pitchOf reads a pitch name such as "Bb3" or "F#4" (C4 = 60).
func pitchOf(name string) float64 {
	step := strings.IndexByte("C D EF G A B", name[0])
	rest := name[1:]
	switch rest[0] {
	case '#':
		step, rest = step+1, rest[1:]
	case 'b':
		step, rest = step-1, rest[1:]
	}
	octave, err := strconv.Atoi(rest)
	if err != nil {
		panic(fmt.Sprintf("demo: %q is no pitch", name))
	}
	return float64(12*(octave+1) + step)
}

// chord reads the pitches of a chord: "F3 A3 C4 E4".
func chord(names string) []float64 {
	var pitches []float64
	for _, name := range strings.Fields(names) {
		pitches = append(pitches, pitchOf(name))
	}
	return pitches
}

// phrase reads a melody written one after the other as pitch/length/syllable,
// lengths in quarter notes and "-" for a rest: "A4/0.5/sou A4/1/li -/0.5".
// Notes on a beat are a little stronger than those between.
func phrase(start float64, text string) []note {
	var notes []note
	at := start
	for _, word := range strings.Fields(text) {
		part := strings.Split(word, "/")
		length, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			panic(fmt.Sprintf("demo: %q has no length", word))
		}
		if part[0] != "-" {
			n := note{at: at, length: length, pitch: pitchOf(part[0]), velocity: 0.78}
			if at == math.Floor(at) {
				n.velocity = 0.88
			}
			if len(part) > 2 {
				n.text = part[2]
			}
			notes = append(notes, n)
		}
		at += length
	}
	return notes
}

// pattern reads one bar (or more) of a percussion part as a grid: one
// character a step, '.' a rest, 1..9 a stroke from a whisper to full force.
func pattern(start, step float64, grid string) []note {
	var notes []note
	at := start
	for _, c := range strings.ReplaceAll(grid, " ", "") {
		if c != '.' {
			notes = append(notes, note{at: at, length: step, velocity: float64(c-'0') / 9})
		}
		at += step
	}
	return notes
}

// join puts parts together.
func join(parts ...[]note) []note {
	var all []note
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// dice is a stream of random numbers that depends on its key alone, so that a
// part is played the same way each time, on every machine.
type dice struct{ state uint64 }

// newDice keys a stream by name (FNV-1a).
func newDice(key string) *dice {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h ^= uint64(key[i])
		h *= 1099511628211
	}
	return &dice{h}
}

// next returns 64 random bits (SplitMix64).
func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// white returns an evenly distributed number from -1 to 1: white noise.
func (d *dice) white() float64 { return float64(float64(int64(d.next()>>11))/(1<<52)) - 1 }

// near returns a number around zero, mostly within ±1 and never beyond ±2: the
// way players miss the beat.
func (d *dice) near() float64 { return (d.white() + d.white() + d.white() + d.white()) / 2 }
