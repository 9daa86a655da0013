package measure

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/render/audiofile"
)

// blockFrames is how many frames are handed on at a time, and blocksAhead how
// many such blocks there are: enough that no stage waits for another's
// hiccups, little enough to stay in the cache.
const (
	blockFrames = 2048
	blocksAhead = 12
)

// stream reads a file and shows the frames from from to to, in blocks, to each stage in
// turn. Stages run side by side, the first one with the decoder. Blocks go round in a ring:
// free to the reader, from stage to stage, and back.
func stream(ctx context.Context, r *audiofile.Reader, from, to int64, stages ...func([][]float64)) error {
	g, ctx := errgroup.WithContext(ctx)
	free := newRing(r.Info().Channels)
	rings := make([]chan [][]float64, len(stages)) // rings[i] holds what stage i is done with
	for i := range stages {
		rings[i] = make(chan [][]float64, blocksAhead) // room for all blocks there are: handing on never waits
	}
	rings[len(stages)-1] = free
	g.Go(func() error {
		if len(stages) > 1 {
			defer close(rings[0])
		}
		return read(ctx, r, from, to, free, func(b [][]float64) {
			stages[0](b)
			rings[0] <- b
		})
	})
	for i := 1; i < len(stages); i++ {
		g.Go(func() error {
			if i < len(stages)-1 {
				defer close(rings[i])
			}
			for b := range rings[i-1] {
				stages[i](b)
				rings[i] <- b
			}
			return nil
		})
	}
	return g.Wait()
}

// newRing makes the blocks that go round.
func newRing(channels int) chan [][]float64 {
	free := make(chan [][]float64, blocksAhead)
	for range blocksAhead {
		b := make([][]float64, channels)
		for ch := range b {
			b[ch] = make([]float64, blockFrames)
		}
		free <- b
	}
	return free
}

// read gives the frames from from to to, in blocks of the ring. What lies before is decoded
// all the same, because the digests need every byte in order; what lies behind is left to them.
func read(ctx context.Context, r *audiofile.Reader, from, to int64, free chan [][]float64, give func([][]float64)) error {
	for at := int64(0); at < to; {
		var b [][]float64
		select {
		case b = <-free:
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b = cut(b, blockFrames)
		n, err := r.Read(b)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		first, end := max(from-at, 0), min(to-at, int64(n))
		at += int64(n)
		if first >= end {
			free <- b
			continue
		}
		if first > 0 {
			for _, x := range b {
				copy(x, x[first:end])
			}
		}
		give(cut(b, int(end-first)))
	}
	return nil
}

// cut sets the length of a block, in place.
func cut(b [][]float64, frames int) [][]float64 {
	for ch := range b {
		b[ch] = b[ch][:frames]
	}
	return b
}
