package audiofile

// openWAV sets up a reader for WAV, RF64 and BW64.
func (r *Reader) openWAV() error {
	t, err := scanRIFF(r.file, r.size)
	if err != nil {
		return err
	}
	fc, ok := t.find("fmt ")
	if !ok {
		return &Error{Kind: Corrupt, Detail: "damaged: a WAV file without a fmt chunk"}
	}
	f, err := readFormat(r.file, fc)
	if err != nil {
		return err
	}
	if !t.hasData {
		return &Error{Kind: NoData, Detail: "a WAV file without a data chunk: it holds no sound"}
	}
	align := f.frameBytes()
	if t.short > 0 {
		return truncated(t.data.size/int64(align), (t.data.size+t.short)/int64(align), f.rate)
	}
	frames := t.data.size / int64(align)
	r.info = Info{
		Format:        map[string]string{"RIFF": "wav", "RF64": "rf64", "BW64": "bw64"}[t.form],
		Encoding:      f.encoding(),
		BitDepth:      f.valid,
		ContainerBits: 8 * f.container,
		Channels:      f.channels,
		Rate:          f.rate,
		Frames:        frames,
		ChannelMask:   fileMask(f.mask, f.channels),
		Warnings:      append(r.info.Warnings, t.warnings...),
	}
	if rest := t.data.size % int64(align); rest != 0 {
		r.warn("the data ends in %d bytes of a frame of %d: they are ignored", rest, align)
	}
	r.readMetadata(t)
	r.readPCM(f, chunk{"data", t.data.off, frames * int64(align)}, nil)
	return nil
}
