package spec

import (
	"cmp"
	"fmt"

	"github.com/lathe-audio/lathe/internal/param"
)

// MostTilt is the most, in dB, that an album may have its songs' tilt corrected by.
const MostTilt = 0.5

// AlbumTone is how the tone of an album's songs is brought towards the album's mean.
type AlbumTone struct {
	Pos    Pos
	Tilt   float64 // dB: the most by which a song is tilted, either way; 0: off
	Except []int   // songs that are left alone and have no part in the mean, by index
}

// albumToneKeys are the keys of an album's `tone`.
var albumToneKeys = []key{
	{name: "tilt", typ: quantity{unit: param.DB, min: 0.05, max: MostTilt, words: []string{"off"}}, def: "off",
		doc: "the most by which the tone of a song is tilted towards the mean of the album's songs, in steps of 0.05 dB: the gain of a tilt about 1 kHz (of eq), behind the song's master and before level and limiter. What is compared is the slope of the spectrum of the masters' loud parts, from 100 Hz to 10 kHz, as it is before. Silent songs have no part in it. Versions have the main version's; songs that follow each other with gap: 0 have one together, by their mean. What is delivered from the mix, and prints, are left alone"},
	{name: "except", typ: words{}, doc: "songs that are left as they are and have no part in the mean, by title or number"},
}

// tone resolves an album's tone, when its songs are known.
func (d *decoder) tone(g *group, songs []AlbumSong, at place) AlbumTone {
	t := AlbumTone{Pos: g.node.pos()}
	t.Tilt, _ = g.values["tilt"].(float64)
	if t.Tilt == 0 && g.has("except") {
		d.fail(g.at["except"], at, "except leaves songs out of what is off", "write tilt: 0.5 dB, or remove it")
	}
	where := map[int]*node{}
	for _, w := range g.words("except") {
		if i := d.albumSongNamed(w.node, w.text, songs, at); i >= 0 && where[i] == nil {
			t.Except, where[i] = append(t.Except, i), w.node
		}
	}
	for i := range songs {
		if i > 0 && songs[i].Continues() && (where[i] == nil) != (where[i-1] == nil) {
			d.fail(cmp.Or(where[i], where[i-1]), at, fmt.Sprintf("songs %d and %d follow each other without a break, and are tilted together or not at all", i, i+1), "name both of them")
		}
	}
	return t
}

// Continues reports whether the song goes on where the one before it ends, with no gap
// and no crossfade between them.
func (s AlbumSong) Continues() bool { return s.Joined() && s.Crossfade.Length == 0 }
