package render

import (
	"context"
	"math"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/dsp/vector"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// take is a stage of a song at a delivery's rate, with what must be known of it
// to choose the level of any delivery at that rate. Like every stage it is
// rounded to 32-bit float when it was resampled.
type take struct {
	sound artifact

	loudness float64      // integrated, LUFS; -Inf for silence
	peak     float64      // true peak, linear
	peakAt   int64        // frame of it
	onGrid   map[int]bool // by word length: every sample is exact in that many bits
	outline  outline      // for the search for a level
}

// takeID names the take of a stage at a rate.
type takeID struct {
	stage   *channel
	rate    int
	minimum bool // resampled with minimum phase; never at the stage's own rate
}

// resampler returns what makes the take of a stage at the session's rate.
func (id takeID) resampler(session int) (*resample.Resampler, error) {
	if id.minimum {
		return resample.NewMinimumPhase(session, id.rate)
	}
	return resample.New(session, id.rate)
}

// untouched is the take of a delivery that asks for no loudness, no ceiling and
// no other rate: the stage itself.
func untouched(a artifact) *take {
	return &take{sound: a, loudness: math.NaN(), peak: a.Peak}
}

// peakShare is the part of the song's peak (-4 dB) above which the outline's
// peaks are exact. Limiting that goes deeper is estimated less well.
var peakShare = xmath.Gain(-4)

// analyser makes a take of the stage that a node puts out. It is the sink of a
// node of its own, so that a stage is analysed while it is rendered, or read
// back, on another core.
type analyser struct {
	take    *take
	left    int64               // frames of the stage still to come
	speed   *resample.Resampler // nil at the stage's rate
	sound   *artifactWriter     // of the resampled stage
	block   dsp.Block           // what the resampler puts out
	scanner *dyn.PeakScanner
	peaks   []float64
	heard   int64 // frames, at the take's rate
	frame   int64 // that the next peak belongs to
	meter   *loudness.Integrator
}

// newAnalyser returns a sink for the stage that from puts out, which makes the
// take, and the node that drives it. path is where the stage is kept
// when it is resampled.
func newAnalyser(from *node, session int, id takeID, path string) (*analyser, *node, error) {
	rate := id.rate
	a := &analyser{
		take:    &take{onGrid: map[int]bool{16: true, 24: true}},
		left:    from.end,
		scanner: dyn.NewPeakScanner(rate, 0),
		peaks:   make([]float64, chunkFrames),
		meter:   loudness.NewIntegrator(rate),
	}
	a.take.sound.rate = rate
	a.take.outline = newOutline(rate)
	a.scanner.Follow(peakShare)
	a.frame = -int64(a.scanner.Latency())
	if rate != session {
		var err error
		if a.speed, err = id.resampler(session); err != nil {
			return nil, nil, err
		}
		a.block = dsp.NewBlock(dsp.MaxBlock)
		if a.sound, err = newArtifactWriter(path, a.speed.OutFrames(from.end), 0); err != nil {
			return nil, nil, err
		}
	}
	n := &node{
		name: from.name + " analysed", latency: from.latency, end: from.end, sinks: [2]sink{post: a},
		inputs: []*input{{from: from, level: fixedLevel(0), delay: dsp.NewDelay(0)}},
	}
	from.consumers = append(from.consumers, n)
	return a, n, nil
}

// write implements [sink].
func (a *analyser) write(b dsp.Block) error {
	b = b.Cut(0, int(min(int64(b.Len()), a.left)))
	a.left -= int64(b.Len())
	if a.speed == nil {
		a.analyse(b)
		return nil
	}
	for b.Len() > 0 {
		consumed, produced := a.speed.Process(b, a.block)
		if err := a.resampled(produced); err != nil {
			return err
		}
		b = b.Cut(consumed, b.Len())
	}
	return nil
}

// resampled takes what the resampler has put out.
func (a *analyser) resampled(frames int) error {
	b := a.block.Cut(0, frames)
	roundToFloat32(b)
	a.analyse(b)
	return a.sound.write(b)
}

// analyse takes in the next frames, at the take's rate.
func (a *analyser) analyse(b dsp.Block) {
	t := a.take
	for bits, exact := range t.onGrid {
		t.onGrid[bits] = exact && dither.OnGrid(b, bits)
	}
	t.outline.listen(a.meter, b, a.heard)
	a.heard += int64(b.Len())
	a.scan(b)
}

// scan looks for peaks, which come later than the sound.
func (a *analyser) scan(b dsp.Block) {
	peaks := a.peaks[:b.Len()]
	a.scanner.Scan(b, peaks)
	if vector.Largest(peaks) > a.take.peak {
		for i, p := range peaks {
			if p > a.take.peak {
				a.take.peak, a.take.peakAt = p, a.frame+int64(i)
			}
		}
	}
	before := min(max(-a.frame, 0), int64(len(peaks))) // of frames before the song
	a.take.outline.peak(a.frame+before, peaks[before:])
	a.frame += int64(len(peaks))
}

// finish completes the take. stage is what was analysed; its song is as long as
// the take's is in time.
func (a *analyser) finish(stage artifact) (*take, error) {
	t := a.take
	if a.speed != nil {
		for {
			produced := a.speed.Flush(a.block)
			if err := a.resampled(produced); err != nil {
				return nil, err
			}
			if produced < a.block.Len() {
				break
			}
		}
		if err := a.sound.close(); err != nil {
			return nil, err
		}
		t.sound = artifact{stageInfo: a.sound.stageInfo, path: a.sound.file.Name(), rate: t.sound.rate, song: a.speed.OutFrames(stage.song)}
	} else {
		t.sound = stage
	}
	a.scan(dsp.NewBlock(a.scanner.Latency()))
	t.loudness = a.meter.IntegratedTo(t.sound.song)
	t.outline.finish(t.sound.song, t.loudness, t.peak)
	return t, nil
}

// Close gives up what an unfinished take has open.
func (a *analyser) Close() error {
	if a.sound == nil {
		return nil
	}
	return a.sound.close()
}

// makeTake makes the take of a stage that is on disk already.
func (b *builder) makeTake(ctx context.Context, stage artifact, id takeID) (*take, error) {
	src := &stageSource{artifact: stage}
	from := &node{name: id.stage.name, source: src, latency: stage.Latency, end: stage.Frames}
	a, n, err := newAnalyser(from, stage.rate, id, b.takePath(id))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	total := from.end + int64(from.latency)
	if err := schedule(ctx, []*node{from, n}, (total+chunkFrames-1)/chunkFrames, min(b.jobs, 2), nil); err != nil {
		return nil, err
	}
	return a.finish(stage)
}
