package disc

import "strconv"

// pqEntry is a record of the PQ descriptor.
type pqEntry struct {
	track, control, isrc, upc string
	index                     int
	at                        MSF
}

// pqReader follows the records of a PQ descriptor.
type pqReader struct {
	*reader
	file    string
	layout  *Layout
	last    MSF    // time of the record before
	control string // of the track
	started bool   // the track's index 01 has come
	outs    int    // lead-outs
}

// readPQ reads the PQ descriptor into the layout.
func (r *reader) readPQ() {
	s := r.stream((*Stream).isPQ)
	if s == nil {
		return
	}
	p := &pqReader{reader: r, file: s.file, layout: &r.ddp.Layout}
	for i, rec := range r.records(s.file, r.read(s.file, maxPQBytes), pqBytes, pqMark) {
		e, ok := p.entry(i, rec)
		if !ok {
			continue
		}
		if e.track == leadIn && p.outs > 0 {
			p.wrong(Warning, "session", p.file, "a second session begins with record %d, which is not read: it is no plain audio disc", i+1)
			break
		}
		p.take(i, e)
	}
	p.end()
}

// entry reads a record; ok is false where it cannot be used.
func (p *pqReader) entry(i int, rec record) (pqEntry, bool) {
	e := pqEntry{track: rec.get(pqTrack), control: rec.get(pqControl), isrc: rec.get(pqISRC), upc: ean(rec.get(pqUPC)), index: rec.number(pqIndex)}
	if e.index < 0 {
		p.wrong(Error, "records", p.file, "record %d has the index %q", i+1, rec.get(pqIndex))
		return e, false
	}
	when := string(rec[pqTime.at : pqTime.at+pqTime.width])
	if hours := rec.get(field{pqTime.at, 2}); hours != "" && hours != "00" {
		p.wrong(Error, "records", p.file, "record %d has the time %q, with hours", i+1, when)
		return e, false
	}
	var err error
	if e.at, err = msfOf(when, when[2:4], when[4:6], when[6:8]); err != nil {
		p.wrong(Error, "records", p.file, "record %d: %v", i+1, err)
		return e, false
	}
	return e, true
}

// take puts one record to the layout.
func (p *pqReader) take(i int, e pqEntry) {
	l := p.layout
	if i == 0 && e.track != leadIn {
		p.wrong(Error, "lead-in", p.file, "does not begin with the lead-in, but with track %s", e.track)
	}
	if e.upc != "" {
		if l.MCN != "" && l.MCN != e.upc {
			p.wrong(Error, "mcn", p.file, "record %d has the catalogue number %s, others %s", i+1, e.upc, l.MCN)
		} else {
			l.MCN = e.upc
		}
	}
	if e.at < p.last {
		p.wrong(Error, "order", p.file, "record %d, track %s index %02d, is at %v, before the record before it at %v", i+1, e.track, e.index, e.at, p.last)
	}
	p.last = max(p.last, e.at)
	switch number, ok := decimal(e.track); {
	case e.track == leadOut:
		p.leadOut(e)
	case !ok:
		p.wrong(Error, "records", p.file, "record %d has the track %q", i+1, e.track)
	case number > 0:
		p.track(i, number, e)
	case i > 0:
		p.wrong(Error, "lead-in", p.file, "record %d is a second lead-in", i+1)
	case e.at != 0:
		p.wrong(Error, "lead-in", p.file, "the lead-in is at %v, expected 00:00:00", e.at).numbers(int(e.at), 0, "frames")
	}
}

func (p *pqReader) leadOut(e pqEntry) {
	if p.outs++; p.outs > 1 && e.at != p.layout.LeadOut {
		p.wrong(Error, "lead-out", p.file, "the lead-out is at %v and at %v", p.layout.LeadOut, e.at)
	} else {
		p.layout.LeadOut = e.at
	}
	if e.index != 1 {
		p.wrong(Error, "lead-out", p.file, "the lead-out has the index %02d, expected 01", e.index).numbers(e.index, 1, "index")
	}
}

// track takes a record of a track.
func (p *pqReader) track(i, number int, e pqEntry) {
	l := p.layout
	if p.outs > 0 {
		p.wrong(Error, "lead-out", p.file, "record %d, track %d, comes after the lead-out", i+1, number)
		return
	}
	if number == len(l.Tracks)+1 && number <= MaxTracks {
		p.endTrack()
		l.Tracks = append(l.Tracks, Track{Start: e.at, Flags: p.flags(number, e.control), ISRC: e.isrc})
		p.control, p.started = e.control, e.index == 1
		if e.index > 1 {
			p.wrong(Error, "indexes", p.file, "begins with index %02d", e.index).Track = number
		}
		return
	}
	if number != len(l.Tracks) {
		p.wrong(Error, "track-sequence", p.file, "record %d is track %d: after track %d comes %d", i+1, number, len(l.Tracks), len(l.Tracks)+1)
		return
	}
	p.again(i, number, e)
}

// again takes a further record of the track that has begun.
func (p *pqReader) again(i, number int, e pqEntry) {
	t := &p.layout.Tracks[number-1]
	if e.control != p.control {
		p.wrong(Error, "flags", p.file, "has the control %s at index %02d, %s before", e.control, e.index, p.control).Track = number
	}
	if e.isrc != "" && e.isrc != t.ISRC {
		if t.ISRC != "" {
			p.wrong(Error, "isrc", p.file, "has the ISRC %s at index %02d, %s before", e.isrc, e.index, t.ISRC).Track = number
		} else {
			p.wrong(Warning, "isrc", p.file, "has its ISRC at index %02d only: it belongs to the first", e.index).Track = number
			t.ISRC = e.isrc
		}
	}
	want := 1
	if p.started {
		want = len(t.Indexes) + 2
	}
	switch {
	case e.index != want:
		p.wrong(Error, "indexes", p.file, "has index %02d in record %d, expected %02d", e.index, i+1, want).Track = number
	case want == 1:
		t.Pregap, t.Start, p.started = e.at-t.Start, e.at, true
	default:
		t.Indexes = append(t.Indexes, e.at)
	}
}

// endTrack looks at the track that has just ended.
func (p *pqReader) endTrack() {
	if n := len(p.layout.Tracks); n > 0 && !p.started {
		p.wrong(Error, "indexes", p.file, "has no index 01").Track = n
	}
}

// end looks at the whole.
func (p *pqReader) end() {
	p.endTrack()
	switch p.outs {
	case 0:
		p.wrong(Error, "lead-out", p.file, "has no lead-out")
		p.layout.LeadOut = p.last
	case 1:
		p.wrong(Note, "lead-out", p.file, "has the lead-out once, most programs write it twice")
	case 2:
	default:
		p.wrong(Warning, "lead-out", p.file, "has the lead-out %d times, expected 2", p.outs).numbers(p.outs, 2, "records")
	}
}

// flags reads a control field.
func (p *pqReader) flags(track int, control string) Flags {
	bits, mode := uint64(0), ""
	err := strconv.ErrSyntax
	if len(control) == 2 {
		mode = control[1:]
		bits, err = strconv.ParseUint(control[:1], 16, 4)
	}
	if err != nil || mode != "1" && mode != "S" {
		p.wrong(Error, "flags", p.file, "has the control %q, expected a digit and 1 or S", control).Track = track
		return Flags{}
	}
	if bits&controlData != 0 {
		p.wrong(Error, "flags", p.file, "has the control %s: it is a data track", control).Track = track
	}
	return Flags{
		Copy: bits&controlCopy != 0, PreEmphasis: bits&controlPre != 0, FourChannel: bits&controlFour != 0, SCMS: mode == "S",
	}
}
