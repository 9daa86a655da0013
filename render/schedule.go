package render

import (
	"context"
	"sync"

	"github.com/lathe-audio/lathe/dsp"
)

// schedule runs chunks 0..chunks-1 of every node, with jobs workers. The unit
// of work is (node, chunk): it may run when the node's previous chunk is done,
// the same chunk of all its inputs is done, and no consumer still needs the
// chunk that it will overwrite. So one song keeps all cores busy, memory is
// bounded by the rings, and since every node sums its inputs in the graph's
// order, results do not depend on which worker takes what when.
//
// progress is called with the number of finished tasks now and then, from one
// worker at a time.
func schedule(ctx context.Context, nodes []*node, chunks int64, jobs int, progress func(done, total int64)) error {
	s := &scheduler{nodes: nodes, chunks: chunks, total: chunks * int64(len(nodes)), progress: progress}
	s.wake = sync.NewCond(&s.mu)
	for i, n := range nodes {
		n.index, n.done, n.running = i, 0, false
		n.prepare()
	}
	opened := 0
	var err error
	for _, n := range nodes {
		if n.source != nil {
			if err = n.source.open(); err != nil {
				break
			}
		}
		opened++
	}
	if err == nil {
		stop := context.AfterFunc(ctx, func() { s.fail(ctx.Err()) })
		var wg sync.WaitGroup
		for range max(jobs, 1) {
			wg.Go(s.work)
		}
		wg.Wait()
		stop()
		err = s.err
	}
	for _, n := range nodes[:opened] {
		if n.source != nil {
			n.source.Close()
		}
		n.out, n.key = [2][]dsp.Block{}, nil
	}
	return err
}

type scheduler struct {
	nodes    []*node // in topological order: inputs first
	chunks   int64
	total    int64
	progress func(done, total int64)

	mu       sync.Mutex
	wake     *sync.Cond
	finished int64
	err      error
}

func (s *scheduler) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.wake.Broadcast()
}

// work takes ready tasks until there are none left to come.
func (s *scheduler) work() {
	s.mu.Lock()
	for {
		if s.err != nil || s.finished == s.total {
			s.wake.Broadcast()
			s.mu.Unlock()
			return
		}
		n := s.next()
		if n == nil {
			s.wake.Wait()
			continue
		}
		n.running = true
		c := n.done
		s.mu.Unlock()
		err := n.run(c)
		s.mu.Lock()
		n.running = false
		n.done++
		s.finished++
		if err != nil && s.err == nil {
			s.err = err
		}
		if s.progress != nil && s.finished%16 == 0 {
			s.progress(s.finished, s.total)
		}
		s.wake.Broadcast()
	}
}

// next returns the ready node that lies furthest down the graph: its input is
// the freshest in the cache, and finishing it frees most memory.
func (s *scheduler) next() *node {
	for i := len(s.nodes) - 1; i >= 0; i-- {
		if n := s.nodes[i]; s.ready(n) {
			return n
		}
	}
	return nil
}

func (s *scheduler) ready(n *node) bool {
	if n.running || n.done == s.chunks {
		return false
	}
	for _, list := range n.edges() {
		for _, in := range list {
			if in.from != nil && in.from.done <= n.done {
				return false
			}
		}
	}
	for _, c := range n.consumers {
		if n.done-c.done >= ringChunks {
			return false
		}
	}
	return true
}
