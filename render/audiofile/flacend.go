package audiofile

// checkEnd looks whether the last whole frame in the file is the stream's last,
// so that a file that was cut off is noticed when it is opened, without decoding
// all of it. Frames are looked for, backwards, in as much of the file's end as
// two of them can take; where there is none (behind it is a long tag, or
// something else again) nothing is said. A frame is one whose checksums are
// right: by header alone, noise would pass for one in every ten thousandth file.
func (s *flacSource) checkEnd() error {
	info := &s.r.info
	longest := s.longest
	if longest == 0 { // the encoder did not say
		longest = int(s.block)*info.Channels*(info.BitDepth+1)/8 + 64
	}
	size := max(min(2*int64(longest)+4096, s.r.size-s.first), 0)
	b := make([]byte, size+flacPad)[:size]
	if err := readAt(s.r.file, b, s.r.size-size); err != nil {
		return err
	}
	var f flacFrame
	for at := len(b) - 2; at >= 0; at-- {
		if b[at] != 0xFF || b[at+1]&0xFE != 0xF8 { // sync code
			continue
		}
		h, err := parseFLACHeader(b[at:])
		if err != nil || h.channels() != info.Channels || h.rate != 0 && h.rate != info.Rate || h.depth != 0 && h.depth != info.BitDepth {
			continue
		}
		if _, err := f.decode(b[at:], info.BitDepth); err != nil {
			continue
		}
		if end := f.start(s.block) + int64(f.block); end < info.Frames {
			return truncated(end, info.Frames, info.Rate)
		}
		return nil
	}
	if s.r.size <= s.first {
		return truncated(0, info.Frames, info.Rate)
	}
	return nil
}
