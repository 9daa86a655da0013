package spec

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// tempoKeys are the keys of an entry of `song.tempo_map`.
var tempoKeys = []key{
	{name: "at", typ: later{position}, required: true, doc: "where; a meter changes at the start of a bar, and is written in bars"},
	{name: "tempo", typ: quantity{unit: param.BPM, min: 10, max: 999}, absent: "as before", doc: "quarter notes per minute from here on"},
	{name: "meter", typ: timeSignature{}, absent: "as before", doc: "beats in a bar from here on, and the note that is a beat"},
	{name: "curve", typ: choice{[]string{string(Step), string(Linear)}}, def: string(Step),
		doc: "how the tempo gets here from the one before: step changes at the point, linear rises or falls evenly in time"},
}

// maxTempi is how many entries a tempo map may have: one for every bar of a long
// song.
const maxTempi = 10_000

// music is what note lengths and bars are reckoned with. A song without a tempo
// map has one tempo and one meter.
type music struct {
	tempo  float64 // at the start, in quarter notes per minute; 0: none given
	meter  Meter   // at the start
	tempi  []tempoPoint
	meters []meterPoint
	moving bool    // an automation point is being decoded
	now    float64 // its place in seconds, at whose tempo note lengths are taken
}

// tempoPoint is where a tempo is reached. From there it holds until the next
// point, or moves to it.
type tempoPoint struct {
	quarters, seconds float64 // from the start of the song
	tempo             float64
	linear            bool // the tempo before it moves here evenly in time
}

// meterPoint is the start of a bar from which on a meter holds.
type meterPoint struct {
	quarters, bar float64
	meter         Meter
}

// length is how many quarter notes a bar has.
func (m Meter) length() float64 { return float64(m.Beats) * 4 / float64(m.Unit) }

// quartersAt returns where in quarter notes a time lies that comes after p, on the
// way to a point next, which may be nil.
func (p tempoPoint) quartersAt(seconds float64, next *tempoPoint) float64 {
	t := seconds - p.seconds
	if next == nil || !next.linear {
		return p.quarters + float64(p.tempo*t)/60
	}
	// The mean of the tempo at p and at the time, over the time.
	slope := (next.tempo - p.tempo) / (next.seconds - p.seconds)
	return p.quarters + float64((p.tempo+float64(slope*t)/2)*t)/60
}

// secondsAt is the inverse of quartersAt: the positive root of its parabola,
// written so that nothing cancels.
func (p tempoPoint) secondsAt(quarters float64, next *tempoPoint) float64 {
	beats := 60 * (quarters - p.quarters)
	if next == nil || !next.linear {
		return p.seconds + beats/p.tempo
	}
	slope := (next.tempo - p.tempo) / (next.seconds - p.seconds)
	root := math.Sqrt(max(0, float64(p.tempo*p.tempo)+float64(2*slope*beats)))
	return p.seconds + 2*beats/(p.tempo+root)
}

// reached returns the point that comes next after p: a tempo at a place in quarter
// notes, reached by a step or evenly in time.
func (p tempoPoint) reached(quarters, tempo float64, linear bool) tempoPoint {
	mean := p.tempo
	if linear {
		mean = (p.tempo + tempo) / 2
	}
	return tempoPoint{quarters, p.seconds + 60*(quarters-p.quarters)/mean, tempo, linear}
}

// around returns the last tempo point that does not come after a place, and the
// next one, or nil.
func (m music) around(after func(p tempoPoint) bool) (tempoPoint, *tempoPoint) {
	i := sort.Search(len(m.tempi), func(i int) bool { return after(m.tempi[i]) })
	p := tempoPoint{tempo: m.tempo}
	if i > 0 {
		p = m.tempi[i-1]
	}
	if i < len(m.tempi) {
		return p, &m.tempi[i]
	}
	return p, nil
}

// seconds returns when a place in quarter notes is reached.
func (m music) seconds(quarters float64) float64 {
	p, next := m.around(func(p tempoPoint) bool { return p.quarters > quarters })
	return p.secondsAt(quarters, next)
}

// tempoAt returns the tempo at a time in seconds.
func (m music) tempoAt(seconds float64) float64 {
	p, next := m.around(func(p tempoPoint) bool { return p.seconds > seconds })
	if next == nil || !next.linear {
		return p.tempo
	}
	return p.tempo + float64((next.tempo-p.tempo)*(seconds-p.seconds))/(next.seconds-p.seconds)
}

// reckoned tells people what a bar or a note length was reckoned with.
func (m music) reckoned(text string) string {
	if isBar.MatchString(text) && len(m.tempi)+len(m.meters) > 0 {
		return text + " by the tempo map"
	}
	return text + " at " + FormatQuantity(m.tempoAt(m.now), param.BPM)
}

// moment is the place of an automation point, which is noted for the value that
// comes after it.
type moment struct{ quantity }

func (t moment) decode(d *decoder, n *node, at place) any {
	v, ok := t.quantity.decode(d, n, at).(float64)
	if !ok {
		return nil
	}
	d.song.music.moving, d.song.music.now = true, v
	return v
}

// warnOfTempo tells that a note length stays what it is when the tempo moves.
func (d *decoder) warnOfTempo(n *node, at place) {
	if m := d.song.music; m.changes() && !m.moving {
		d.warn(n, at, fmt.Sprintf("%s is taken at the tempo of the song's start, %s, and does not follow the tempo map", n.text, FormatQuantity(m.tempo, param.BPM)),
			"where it can be automated, a note length is taken at the tempo of its point")
	}
}

// changes reports whether the tempo is not the same throughout.
func (m music) changes() bool {
	for _, p := range m.tempi {
		if p.tempo != m.tempo {
			return true
		}
	}
	return false
}

// meterAt returns the meter of a bar and where it began.
func (m music) meterAt(bar float64) meterPoint {
	i := sort.Search(len(m.meters), func(i int) bool { return m.meters[i].bar > bar })
	if i == 0 {
		return meterPoint{bar: 1, meter: m.meter}
	}
	return m.meters[i-1]
}

// quarters reads "bar 17" and "bar 17 beat 3.5" in quarter notes from the start:
// bars and beats count from 1, and a beat is the lower number of the meter.
func (m music) quarters(s string) (float64, *fault) {
	words := strings.Fields(s)
	bar, _ := strconv.ParseFloat(words[1], 64)
	beat := 1.0
	if len(words) == 4 {
		beat, _ = strconv.ParseFloat(words[3], 64)
	}
	from := m.meterAt(bar)
	if beat >= float64(from.meter.Beats)+1 {
		return 0, &fault{fmt.Sprintf("%s: a bar of %d/%d has %d beats", s, from.meter.Beats, from.meter.Unit, from.meter.Beats), ""}
	}
	beats := float64((bar-from.bar)*float64(from.meter.Beats)) + (beat - 1)
	return from.quarters + beats*4/float64(from.meter.Unit), nil
}

// timeSignature is a time signature that changes nothing by itself; the value is a
// Meter.
type timeSignature struct{ meter }

func (timeSignature) decode(d *decoder, n *node, at place) any {
	m, ok := readMeter(d, n, at)
	if !ok {
		return nil
	}
	return m
}

// tempoMap is the typ of `song.tempo_map`. It goes into the music of the song, so
// that all that follows is reckoned with it.
type tempoMap struct{}

func (tempoMap) schema(s *schemas) object {
	return items{keys: tempoKeys, min: 1, max: maxTempi, name: "tempo"}.schema(s)
}

func (tempoMap) decode(d *decoder, n *node, at place) any {
	good, last := true, -1.0 // quarter notes
	switch {
	case n.shape != sequence:
		d.fail(n, at, "expected a list, found "+n.shape.String(), "put - before each entry, or [ ] around them")
		good = false
	case !d.countIsRight(n, at, len(n.items), 1, maxTempi, "entries"):
		good = false
	}
	for i, item := range n.items {
		first := len(d.lines) // of explain: the place comes before what it is known by
		g := d.decode(item, tempoKeys, at.item(i))
		if !good {
			continue // where it is hangs on those before it
		}
		if last, good = d.tempoEntry(g, last, at.item(i)); good && d.quiet == 0 {
			line := d.lines[len(d.lines)-1]
			d.lines = slices.Insert(d.lines[:len(d.lines)-1], first, line)
		}
	}
	if !good {
		d.song.tempoBroken, d.song.music = true, music{meter: d.song.music.meter}
		return nil
	}
	return true
}

// tempoEntry adds an entry to the map. It returns where in quarter notes it lies.
func (d *decoder) tempoEntry(g *group, last float64, at place) (float64, bool) {
	m := &d.song.music
	n, written := g.values["at"].(*node)
	tempo, hasTempo := g.values["tempo"].(float64)
	sign, hasMeter := g.values["meter"].(Meter)
	linear := g.str("curve") == string(Linear)
	fail := func(n *node, message, hint string) (float64, bool) {
		d.fail(n, at, message, hint)
		return 0, false
	}
	switch {
	case !written || g.has("tempo") && !hasTempo || g.has("meter") && !hasMeter:
		return 0, false // reported
	case !hasTempo && !hasMeter:
		return fail(g.node, "changes neither tempo nor meter", "write tempo: 96 bpm, or meter: 3/4")
	case linear && !hasTempo:
		return fail(g.nodeOf("curve"), "curve is about the tempo, and none is written", "remove curve")
	case m.tempo == 0 && (!hasTempo || linear):
		return fail(g.node, "no tempo is known before it", "write song.tempo, such as 92 bpm")
	}
	quarters, ok := d.tempoPlace(n, m, tempo, linear, hasMeter, at.key("at"))
	switch {
	case !ok:
		return 0, false
	case m.tempo == 0 && quarters > 0:
		return fail(n, "no tempo is known before it", "begin with bar 1, or write song.tempo, such as 92 bpm")
	case quarters <= last:
		return fail(n, "does not come after the entry before it", "write the entries in the order of time")
	case quarters == 0 && linear:
		return fail(g.nodeOf("curve"), "there is no tempo before the start of the song to come from", "remove curve")
	case quarters == 0 && hasTempo && m.tempo != 0 && tempo != m.tempo:
		return fail(g.at["tempo"], fmt.Sprintf("song.tempo says %s already", FormatQuantity(m.tempo, param.BPM)), "write one of the two")
	case quarters == 0 && hasMeter && d.song.meterWritten && sign != m.meter:
		return fail(g.at["meter"], "song.meter says "+(meter{}).print(m.meter)+" already", "write one of the two")
	}
	if hasTempo {
		if m.tempo == 0 {
			m.tempo = tempo
		}
		from, _ := m.around(func(tempoPoint) bool { return false })
		m.tempi = append(m.tempi, from.reached(quarters, tempo, linear))
	}
	if hasMeter {
		if quarters == 0 {
			m.meter = sign
		}
		from := m.meterAt(math.Inf(1))
		m.meters = append(m.meters, meterPoint{quarters, from.bar + (quarters-from.quarters)/from.meter.length(), sign})
	}
	where, _ := m.around(func(tempoPoint) bool { return false })
	seconds := where.secondsAt(quarters, nil)
	d.explain(Line{Path: at.key("at").path, Value: FormatClock(seconds), Number: &seconds, Unit: param.Seconds, Origin: n.origin() + " (" + n.text + ")", Doc: tempoKeys[0].doc})
	return quarters, true
}

// tempoPlace reads where an entry of the map stands, in quarter notes. A place in
// bars needs the meters before it, one in time the tempi and, where the tempo moves
// on the way, the one it moves to.
func (d *decoder) tempoPlace(n *node, m *music, tempo float64, linear, isMeter bool, at place) (float64, bool) {
	if n.shape == scalar && isBar.MatchString(n.text) {
		quarters, f := m.quarters(n.text)
		if f == nil && isMeter && len(strings.Fields(n.text)) == 4 && !strings.HasSuffix(n.text, " beat 1") {
			f = &fault{"a meter changes at the start of a bar", "write " + strings.Join(strings.Fields(n.text)[:2], " ") + ", or the next one"}
		}
		if f != nil {
			d.fail(n, at, f.message, f.hint)
			return 0, false
		}
		return quarters, true
	}
	seconds, ok := position.decode(d, n, at).(float64)
	switch {
	case !ok:
		return 0, false
	case isMeter && seconds > 0:
		d.fail(n, at, "a meter changes at the start of a bar, and so its place is written in bars", "such as bar 17")
		return 0, false
	}
	if seconds == 0 {
		return 0, true
	}
	if m.tempo == 0 {
		d.fail(n, at, "no tempo is known before it", "begin with bar 1, or write song.tempo, such as 92 bpm")
		return 0, false
	}
	from, _ := m.around(func(tempoPoint) bool { return false })
	switch {
	case seconds <= from.seconds:
		d.fail(n, at, "does not come after the entry before it, at "+FormatClock(from.seconds), "write the entries in the order of time")
		return 0, false
	case linear:
		return from.quartersAt(seconds, &tempoPoint{seconds: seconds, tempo: tempo, linear: true}), true
	}
	return from.quartersAt(seconds, nil), true
}
