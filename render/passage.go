package render

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// whereabouts is where a preview lies in its song, and why there.
type whereabouts struct {
	from   float64 // seconds of song time
	why    Why
	strips []string
}

// curve is how loud something is over time: item i is the K-weighted energy of
// the 400 ms from i · 100 ms on.
type curve []float64

// hopsPerSecond is the resolution of a curve.
const hopsPerSecond = 10

// choose finds the passage to be heard first. Where it is known what has
// changed, that decides: where strips have changed, it is where these are
// loudest; where only automation has, where it moves. All else, such as a new
// master chain, is best judged where the song is loudest.
func (v *Previewer) choose(ctx context.Context, b *builder, s *laid, st *stage, last *Output, seconds float64) (where whereabouts, ok bool, err error) {
	m := &meter{ctx: ctx, jobs: b.jobs, known: v.curves, keep: s.known(v.curves)}
	v.curves = m.keep
	song := s.seconds(last)
	if song <= seconds {
		return where, false, nil
	}
	reasons := b.outputReasons(st, st.finish != nil)
	from, to := 0.0, song
	names, strips := s.changedStems(reasons)
	if lo, hi, ok := span(reasons); ok {
		where.why, from, to = WhyAutomation, min(lo, song), min(hi, song)
		if to-from <= seconds {
			where.from = within((from+to-seconds)/2, song-seconds)
			return where, true, nil
		}
	} else {
		where.why = WhyLoudest
	}
	if len(names) > 0 && where.why == WhyLoudest {
		c, err := m.stems(s, st.version, names)
		if err != nil {
			return where, false, err
		}
		if c.heard() {
			where.why, where.strips = WhyStrips, strips
			where.from = within(c.loudest(seconds, from, to), song-seconds)
			return where, true, nil
		}
	}
	var c curve
	if last != nil {
		c, err = m.file(filepath.Join(b.place.dir, filepath.FromSlash(last.Path)), last.SHA256)
	} else {
		c, err = m.stems(s, st.version, slices.Sorted(maps.Keys(s.sources)))
	}
	where.from = within(c.loudest(seconds, from, to), song-seconds)
	return where, true, err
}

func within(x, most float64) float64 { return max(min(x, most), 0) }

// seconds is how long the song is, as near as can be told before it is rendered.
func (s *laid) seconds(last *Output) float64 {
	rate := float64(s.desk.rate)
	if s.length > 0 {
		return float64(s.length) / rate
	}
	if last != nil {
		return last.Duration
	}
	longest := int64(0)
	for _, src := range s.sources {
		longest = max(longest, src.frames())
	}
	return float64(longest) / rate
}

// heard reports whether there is anything above -70 LUFS, where loudness begins.
func (c curve) heard() bool { return len(c) > 0 && slices.Max(c) > loudness.Energy(-70) }

// loudest is where the loudest window of so many seconds between two times
// begins; the first of equally loud ones.
func (c curve) loudest(seconds, from, to float64) float64 {
	n := int(seconds * hopsPerSecond)
	lo, hi := int(from*hopsPerSecond), min(int(to*hopsPerSecond), len(c))
	if hi-lo <= n {
		return from
	}
	sum := 0.0
	for _, e := range c[lo : lo+n] {
		sum += e
	}
	best, at := sum, lo
	for i := lo + n; i < hi; i++ {
		sum += c[i] - c[i-n]
		// By more than what rounding leaves in a sum that things were taken out of.
		if sum > float64(best*(1+1e-9)) {
			best, at = sum, i-n+1
		}
	}
	return float64(at) / hopsPerSecond
}

// known keeps the curves of the song's files: what was left out of one preview
// may be asked for by the next.
func (s *laid) known(curves map[string]curve) map[string]curve {
	keep := map[string]curve{}
	for _, src := range s.sources {
		for _, stem := range clips(src) {
			if c := curves[stem.sum.String()]; c != nil {
				keep[stem.sum.String()] = c
			}
		}
	}
	return keep
}

// meter measures curves of files, each once.
type meter struct {
	ctx   context.Context
	jobs  int
	known map[string]curve // by the file's digest, in hex
	keep  map[string]curve
}

// file is the curve of a file of that digest.
func (m *meter) file(path, digest string) (curve, error) {
	c, ok := m.known[digest]
	if !ok {
		var err error
		if c, err = measureCurve(m.ctx, path); err != nil {
			return nil, err
		}
	}
	m.keep[digest] = c
	return c, nil
}

// stems is the curve of some stems together, each at the level of its fader:
// what they have in common is not known before they are mixed, so energies are
// added.
func (m *meter) stems(s *laid, v version, names []string) (curve, error) {
	r := &routing{desk: s.desk, version: v}
	type part struct {
		*stemSource
		gain float64
	}
	var parts []part
	var files []*stemSource // of curves that are not known yet
	asked := map[string]bool{}
	for _, name := range names {
		strip, _ := r.find(name)
		if !r.heard(strip, "") {
			continue
		}
		for _, c := range clips(s.sources[name]) {
			parts = append(parts, part{c, gainOf(strip.Gain) * c.gain})
			if sum := c.sum.String(); m.known[sum] == nil && m.keep[sum] == nil && !asked[sum] {
				asked[sum] = true
				files = append(files, c)
			}
		}
	}
	curves := make([]curve, len(files))
	group, ctx := errgroup.WithContext(m.ctx)
	group.SetLimit(m.jobs)
	for i, c := range files {
		group.Go(func() (err error) {
			curves[i], err = measureCurve(ctx, c.clip.File.Path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, c := range files {
		m.keep[c.sum.String()] = curves[i]
	}
	var all curve
	for _, p := range parts {
		sum := p.sum.String()
		if m.keep[sum] == nil {
			m.keep[sum] = m.known[sum]
		}
		hop := float64(p.rate) / hopsPerSecond // in frames of the session
		late := int(float64(p.zero) / hop)
		for j, e := range m.keep[sum] {
			if at := int64(float64(j) * hop); at < p.from || at >= p.to {
				continue
			}
			if j += late; j < 0 {
				continue
			}
			if j >= len(all) {
				all = append(all, make(curve, j+1-len(all))...)
			}
			all[j] += float64(e * float64(p.gain*p.gain))
		}
	}
	return all, nil
}

// measureCurve reads a file.
func measureCurve(ctx context.Context, path string) (curve, error) {
	r, err := audiofile.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in := loudness.NewIntegrator(r.Info().Rate)
	b := dsp.NewBlock(dsp.MaxBlock)
	for {
		n, err := r.ReadStereo(b[0], b[1])
		if n == 0 && errors.Is(err, io.EOF) {
			return in.Blocks(), nil
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		in.Write(b.Cut(0, n))
	}
}

// changedStems lists the stems that the changed strips carry, and the names of
// these strips; nothing where the reason lies elsewhere (in a return, the mix,
// the master, the delivery), or is not known.
func (s *laid) changedStems(reasons []reason) (stems, strips []string) {
	for _, r := range reasons {
		channel := strings.TrimPrefix(r.channel, ofMain)
		strip, ok := strings.CutPrefix(channel, "stems/")
		for _, sent := range []string{"pre-fader level of ", "level of ", "input "} { // what is told of the sender
			if rest, is := strings.CutPrefix(r.Path, sent); is {
				strip, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(rest, ofMain), "stems/"), ".")
				ok = r.Op != cache.Removed
				break
			}
		}
		carried := s.carriedBy(strip)
		if r.never || len(carried) == 0 || !ok && !s.isBus(channel) {
			return nil, nil
		}
		if !slices.Contains(strips, strip) {
			strips = append(strips, strip)
		}
		stems = append(stems, carried...)
	}
	slices.Sort(stems)
	return slices.Compact(stems), strips
}

func (s *laid) isBus(name string) bool {
	return slices.ContainsFunc(s.song.Buses, func(b spec.Bus) bool { return b.Name == name })
}

// carriedBy lists the stems that go through a stem or a bus.
func (s *laid) carriedBy(strip string) []string {
	r := &routing{desk: s.desk}
	var names []string
	for _, stem := range s.song.Stems {
		for at := &stem.Strip; ; at, _ = r.find(at.To) {
			if at.Name == strip {
				names = append(names, stem.Name)
			}
			if at.Name == "mix" {
				break
			}
		}
	}
	return names
}

// pointPath is an automation point in a description: "automation.gain[3][1]" is
// the time of the third, [2] its value, [3] its curve.
var pointPath = regexp.MustCompile(`^(automation\..*|(?:pre-fader )?level of .*\.automation)\[(\d+)\]\[(\d)\]$`)

// span is the stretch of the song, in seconds, over which automation is another
// than before; ok is false where that is not all that has changed.
func span(reasons []reason) (from, to float64, ok bool) {
	if len(reasons) == 0 {
		return 0, 0, false
	}
	from, to = math.Inf(1), 0
	for _, r := range reasons {
		if r.never || !pointPath.MatchString(r.Path) {
			return 0, 0, false
		}
		lane := pointPath.FindStringSubmatch(r.Path)[1]
		lo, hi := laneSpan(points(r.before, lane), points(r.after, lane))
		from, to = min(from, lo), max(to, hi)
	}
	return from, to, true
}

// point is an automation point as described.
type point struct {
	at, value float64
	curve     string
}

// points reads a lane out of a description.
func points(d cache.Description, lane string) []point {
	var list []point
	for _, f := range d {
		m := pointPath.FindStringSubmatch(f.Path)
		if m == nil || m[1] != lane {
			continue
		}
		i, _ := strconv.Atoi(m[2])
		for len(list) < i {
			list = append(list, point{})
		}
		p := &list[i-1]
		switch m[3] {
		case "1":
			p.at, _ = strconv.ParseFloat(f.Value, 64)
		case "2":
			p.value, _ = strconv.ParseFloat(f.Value, 64)
		default:
			p.curve = f.Value
		}
	}
	return list
}

// laneSpan is where two lanes differ: from the last point they share before, to
// the first they share after it.
func laneSpan(a, b []point) (from, to float64) {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	m := 0
	for m < min(len(a), len(b))-n && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	if n > 0 {
		from = a[n-1].at
	}
	first := math.Inf(1) // a step changes nothing before it
	for _, list := range [][]point{a, b} {
		if len(list) > n {
			if p := list[n]; p.steps() {
				first = min(first, p.at)
			} else {
				first = from
			}
		}
	}
	if from = max(from, first); math.IsInf(from, 1) {
		from = 0
	}
	to = math.Inf(1)
	if m > 0 {
		to = a[len(a)-m].at
	}
	// Where both hold the same value up to a step, they are the same before it.
	if na, nb := len(a)-m, len(b)-m; na > 0 && nb > 0 && a[na-1].value == b[nb-1].value && (m == 0 || a[na].steps()) {
		to = max(a[na-1].at, b[nb-1].at)
	}
	return from, to
}

func (p point) steps() bool {
	c := strings.Trim(p.curve, `"`)
	return c == "" || c == string(spec.Step)
}
