package loudness

// Extent is the lowest and the highest sample of a stretch.
type Extent struct{ Min, Max float64 }

// Envelope keeps the lowest and the highest sample of equal stretches of a stream whose
// length is not known beforehand: stretches begin as single frames, and whenever there are
// too many of them each two are made one.
type Envelope struct {
	most    int
	frames  int64 // in a column
	pos     int64
	columns [][]Extent
}

// NewEnvelope returns one that keeps up to so many columns, an even number, for each channel.
func NewEnvelope(channels, most int) *Envelope {
	return &Envelope{most: most, frames: 1, columns: make([][]Extent, channels)}
}

// Write takes in a block of any length: as many slices as there are channels,
// equally long.
func (e *Envelope) Write(planar [][]float64) {
	if len(planar) == 0 {
		return
	}
	for at, frames := 0, len(planar[0]); at < frames; {
		if e.pos == e.frames*int64(e.most) {
			e.halve()
		}
		n := int(min(int64(frames-at), e.frames-e.pos%e.frames))
		for c, x := range planar {
			x = x[at : at+n]
			if e.pos%e.frames == 0 {
				e.columns[c] = append(e.columns[c], Extent{x[0], x[0]})
			}
			last := &e.columns[c][len(e.columns[c])-1]
			lo, hi := last.Min, last.Max
			for _, v := range x {
				lo, hi = min(lo, v), max(hi, v)
			}
			*last = Extent{lo, hi}
		}
		e.pos += int64(n)
		at += n
	}
}

// halve makes each two columns one.
func (e *Envelope) halve() {
	e.frames *= 2
	for c, columns := range e.columns {
		for i := range len(columns) / 2 {
			a, b := columns[2*i], columns[2*i+1]
			columns[i] = Extent{min(a.Min, b.Min), max(a.Max, b.Max)}
		}
		e.columns[c] = columns[:len(columns)/2]
	}
}

// Columns returns the columns so far, of each channel, and how many frames each
// of them (but the last, which may be shorter) spans.
func (e *Envelope) Columns() (columns [][]Extent, frames int64) { return e.columns, e.frames }
