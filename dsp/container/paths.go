package container

import "github.com/lathe-audio/lathe/dsp"

// paths are chains that run beside each other and come out at the same time.
type paths struct {
	chains  []*dsp.Chain
	delays  []dsp.Delay // behind each chain
	latency int
}

func newPaths(chains []*dsp.Chain) paths {
	p := paths{chains: chains}
	for _, c := range chains {
		p.latency = max(p.latency, c.Latency())
	}
	for _, c := range chains {
		p.delays = append(p.delays, dsp.NewDelay(p.latency-c.Latency()))
	}
	return p
}

// run processes the first n frames of each path's block. Keys come in the
// order of the chains; without any, listeners process as if they had none.
func (p *paths) run(blocks []dsp.Block, n int, keys []dsp.Block) {
	for i, c := range p.chains {
		b := blocks[i].Cut(0, n)
		if keys == nil {
			c.Process(b)
		} else {
			k := c.Keys()
			c.ProcessKeyed(b, keys[:k])
			keys = keys[k:]
		}
		p.delays[i].Process(b)
	}
}

// runLed is run with twins that lead.
func (p *paths) runLed(blocks, leads []dsp.Block, leader *paths, n int, keys []dsp.Block) {
	for i, c := range p.chains {
		b, lead := blocks[i].Cut(0, n), leads[i].Cut(0, n)
		k := min(c.Keys(), len(keys))
		c.ProcessLed(b, lead, leader.chains[i], keys[:k])
		keys = keys[k:]
		p.delays[i].Process(b)
		leader.delays[i].Process(lead)
	}
}

// Reset implements [dsp.Processor].
func (p *paths) Reset() {
	for i, c := range p.chains {
		c.Reset()
		p.delays[i].Reset()
	}
}

// Latency implements [dsp.Processor]: that of the slowest chain.
func (p *paths) Latency() int { return p.latency }

// Tail implements [dsp.Processor]: the longest tail, where a chain's delay
// has already spent the latency the others have more.
func (p *paths) Tail() int {
	n := 0
	for _, c := range p.chains {
		n = max(n, c.Tail())
	}
	return n
}

// Keys implements [dsp.Keyed]: the side-chains inside.
func (p *paths) Keys() int {
	n := 0
	for _, c := range p.chains {
		n += c.Keys()
	}
	return n
}

// KeyLatency implements [dsp.Keyed].
func (p *paths) KeyLatency(i int) int {
	for _, c := range p.chains {
		if n := c.Keys(); i >= n {
			i -= n
			continue
		}
		return c.KeyLatency(i)
	}
	return 0
}

// Inner returns the chains within.
func (p *paths) Inner() []*dsp.Chain { return p.chains }
