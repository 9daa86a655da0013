package dsp

// Slot is one processor of a chain with what every processor takes: a name
// and a dry/wet mix.
type Slot struct {
	ID   string // the name automation knows it by; may be empty
	Proc Processor

	wet float64 // share of the processed signal, 0..1
	dry *dryPath
}

// dryPath keeps the slot's input, aligned to the sample with its output. A
// slot that is fully wet and stays so has none.
type dryPath struct {
	delay Delay
	turn  func(Block) // of a [Phased] processor; else nil
	block Block
}

// NewSlot puts a processor into a slot; mix is the share of the processed
// signal in percent, 100 for an insert.
func NewSlot(id string, proc Processor, mix float64) *Slot {
	s := &Slot{ID: id, Proc: proc, wet: mix / 100}
	if mix != 100 {
		s.keepDry()
	}
	return s
}

func (s *Slot) keepDry() {
	if s.dry == nil {
		s.dry = &dryPath{delay: NewDelay(s.Proc.Latency()), block: NewBlock(MaxBlock)}
		if p, ok := s.Proc.(Phased); ok {
			s.dry.turn = p.TurnDry
		}
	}
}

// Tune returns the setter of a slot's parameter; "mix" (in percent) is every
// slot's own. It is nil where the parameter cannot move.
func (s *Slot) Tune(name string) func(float64) {
	if name == "mix" {
		s.keepDry()
		return func(percent float64) { s.wet = percent / 100 }
	}
	if t, ok := s.Proc.(Tunable); ok {
		return t.Tune(name)
	}
	return nil
}

func (s *Slot) process(b Block, keys []Block) {
	s.tapDry(b)
	if len(keys) > 0 {
		s.Proc.(Keyed).ProcessKeyed(b, keys)
	} else {
		s.Proc.Process(b)
	}
	s.addDry(b)
}

// processLed is process with a twin that leads.
func (s *Slot) processLed(b, lead Block, leader *Slot, keys []Block) {
	led, ok := s.Proc.(Led)
	if !ok {
		s.process(b, keys)
		leader.process(lead, keys)
		return
	}
	s.tapDry(b)
	leader.tapDry(lead)
	led.ProcessLed(b, lead, leader.Proc, keys)
	s.addDry(b)
	leader.addDry(lead)
}

// tapDry keeps the input of the processor.
func (s *Slot) tapDry(b Block) {
	if s.dry == nil {
		return
	}
	n := b.Len()
	copy(s.dry.block[0][:n], b[0])
	copy(s.dry.block[1][:n], b[1])
	dry := s.dry.block.Cut(0, n)
	s.dry.delay.Process(dry)
	if s.dry.turn != nil {
		s.dry.turn(dry)
	}
}

// addDry mixes what tapDry kept with the output.
func (s *Slot) addDry(b Block) {
	if s.dry == nil {
		return
	}
	wet, dry := s.wet, 1-s.wet
	for ch := range b {
		out := b[ch]
		in := s.dry.block[ch][:len(out)]
		for i, x := range out {
			out[i] = float64(wet*x) + float64(dry*in[i])
		}
	}
}

// keys is how many key signals the slot's processor takes.
func (s *Slot) keys() int {
	if k, ok := s.Proc.(Keyed); ok {
		return k.Keys()
	}
	return 0
}

// Chain runs processors one after the other. It is itself a processor, so that
// containers hold chains and chains hold containers.
type Chain struct {
	slots      []*Slot
	keyLatency []int // of each key signal, in the order of the slots that listen
}

// NewChain makes a chain of slots that are all at their first sample.
func NewChain(slots ...*Slot) *Chain {
	c := &Chain{slots: slots}
	latency := 0
	for _, s := range slots {
		for j := range s.keys() {
			c.keyLatency = append(c.keyLatency, latency+s.Proc.(Keyed).KeyLatency(j))
		}
		latency += s.Proc.Latency()
	}
	return c
}

// Empty reports whether the chain does nothing.
func (c *Chain) Empty() bool { return len(c.slots) == 0 }

// Process implements [Processor]. Slots that would listen to a key process as
// if they had none.
func (c *Chain) Process(b Block) {
	for _, s := range c.slots {
		s.process(b, nil)
	}
}

// ProcessKeyed implements [Keyed]. Keys come in the order of the slots that
// listen to them.
func (c *Chain) ProcessKeyed(b Block, keys []Block) {
	for _, s := range c.slots {
		n := s.keys()
		s.process(b, keys[:n])
		keys = keys[n:]
	}
}

// ProcessLed implements [Led]: slot by slot, each led by its twin. leader is a chain.
func (c *Chain) ProcessLed(b, lead Block, leader Processor, keys []Block) {
	twins := leader.(*Chain).slots
	for i, s := range c.slots {
		n := min(s.keys(), len(keys))
		s.processLed(b, lead, twins[i], keys[:n])
		keys = keys[n:]
	}
}

// Reset implements [Processor].
func (c *Chain) Reset() {
	for _, s := range c.slots {
		s.Proc.Reset()
		if s.dry != nil {
			s.dry.delay.Reset()
		}
	}
}

// CountReduction implements [Reducing] for those slots that are.
func (c *Chain) CountReduction() {
	for _, s := range c.slots {
		if r, ok := s.Proc.(Reducing); ok {
			r.CountReduction()
		}
	}
}

// Reductions implements [Reducing]: those of the slots, one after the other.
func (c *Chain) Reductions() []Reduction {
	var all []Reduction
	for _, s := range c.slots {
		if r, ok := s.Proc.(Reducing); ok {
			all = append(all, r.Reductions()...)
		}
	}
	return all
}

// Latency implements [Processor]: the sum of the slots' latencies.
func (c *Chain) Latency() int {
	n := 0
	for _, s := range c.slots {
		n += s.Proc.Latency()
	}
	return n
}

// Tail implements [Processor]: the sum of the slots' tails.
func (c *Chain) Tail() int {
	n := 0
	for _, s := range c.slots {
		n += s.Proc.Tail()
	}
	return n
}

// Keys implements [Keyed].
func (c *Chain) Keys() int { return len(c.keyLatency) }

// KeyLatency implements [Keyed].
func (c *Chain) KeyLatency(i int) int { return c.keyLatency[i] }

// Find returns the slot with that id in this chain or in a container within
// it, and by how many frames the slot's input lags the chain's input. Slots
// without an id are not found.
func (c *Chain) Find(id string) (slot *Slot, latency int) {
	if id == "" {
		return nil, 0
	}
	for _, s := range c.slots {
		if s.ID == id {
			return s, latency
		}
		if h, ok := s.Proc.(interface{ Inner() []*Chain }); ok {
			for _, inner := range h.Inner() {
				if found, l := inner.Find(id); found != nil {
					return found, latency + l
				}
			}
		}
		latency += s.Proc.Latency()
	}
	return nil, 0
}

// Delay delays both channels by a whole number of frames: for aligning paths.
type Delay struct {
	n    int
	line Block
	pos  int
}

// NewDelay returns a delay of n frames; n = 0 changes nothing.
func NewDelay(n int) Delay { return Delay{n: n, line: NewBlock(n)} }

// Len is the delay in frames.
func (d *Delay) Len() int { return d.n }

// Process replaces the block by what came in n frames earlier.
func (d *Delay) Process(b Block) {
	if d.n == 0 {
		return
	}
	pos := d.pos
	for ch := range b {
		x, line := b[ch], d.line[ch]
		pos = d.pos
		for i, v := range x {
			x[i], line[pos] = line[pos], v
			if pos++; pos == d.n {
				pos = 0
			}
		}
	}
	d.pos = pos
}

// Reset empties the delay.
func (d *Delay) Reset() {
	clear(d.line[0])
	clear(d.line[1])
	d.pos = 0
}
