package audiofile

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// FuzzOpen: WAV and FLAC, or what has once been that.
func FuzzOpen(f *testing.F) {
	stereo16 := proper("fmt ", format(1, 2, 48000, 4, 16))
	ints := [][]int32{tune(5000, 16), noise(5000, 16, 3)}
	for _, seed := range [][]byte{
		nil, lieList,
		riffOf("RIFF", stereo16, proper("data", make([]byte, 64))),
		riffOf("RIFF", proper("fmt ", extensible(3, 2, 48000, 8, 32, 32, 3)), raw("data", streamed, lef32(0, 1, 2, 3))),
		riffOf("RF64", proper("ds64", ds64Of(100, 8, 2)), stereo16, raw("data", streamed, make([]byte, 8)), proper("LIST", info("INAM", "x"))),
		riffOf("RIFF", proper("fmt ", format(1, 1, 8000, 3, 24)), proper("data", le24(1, 2, 3)), proper("cue ", le32(1, 7, 1, 0, 0, 0, 1)), proper("smpl", le32(0, 0, 0, 60, 0, 0, 0, 1, 0, 7, 0, 0, 1, 0, 3))),
		encodeFLAC(f, 16, 48000, ints), encodeFLAC(f, 24, 48000, [][]int32{tune(100, 24)}),
		[]byte("ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00fLaC"),
	} {
		f.Add(seed)
	}
	f.Fuzz(fuzzReader)
}

// FuzzAIFF: likewise, from AIFF.
func FuzzAIFF(f *testing.F) {
	sound := properBE("SSND", ssnd(le24(1, 2, 3, 4)))
	for _, seed := range [][]byte{
		aiffOf("AIFF", properBE("COMM", comm(2, 2, 24, rate48000, "")), sound),
		aiffOf("AIFF", properBE("COMM", comm(1, 3, 20, rate44100, "")), properBE("NAME", []byte("odd")), properBE("CHAN", []byte{0, 101, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}), sound),
		aiffOf("AIFF", properBE("COMM", comm(2, 0, 24, rate96000, "")), rawBE("SSND", 0, ssnd(le24(1, 2, 3, 4)))),
		aiffOf("AIFC", properBE("COMM", comm(1, 3, 16, rate48000, "sowt")), properBE("ANNO", []byte("x")), sound),
		aiffOf("AIFC", properBE("COMM", comm(1, 3, 32, rate48000, "fl32")), sound), aiffOf("AIFC", properBE("COMM", comm(1, 1, 64, rate48000, "FL64")), sound),
		aiffOf("AIFC", properBE("COMM", comm(1, 1, 64, rate48000, "raw ")), sound), aiffOf("AIFC", properBE("COMM", comm(1, 1, 64, rate48000, "ima4")), sound),
	} {
		f.Add(seed)
	}
	f.Fuzz(fuzzReader)
}

// fuzzReader: whatever the bytes, reading ends, does not panic, allocates within
// a bound, fails with an *Error only, and gives as many finite samples as it
// promised.
func fuzzReader(t *testing.T, file []byte) {
	if len(file) > 64<<10 {
		return // ten bytes of FLAC may be 65535 frames of silence: long files only take long
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := NewReader(bytes.NewReader(file), int64(len(file)), "fuzz")
	runtime.ReadMemStats(&after)
	isFLAC := bytes.Contains(file, []byte("fLaC")) // may be decoded once to find its length
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20+64*uint64(len(file)) && !isFLAC {
		t.Fatalf("opening %d bytes allocated %d", len(file), got)
	}
	var e *Error
	if err != nil {
		if !errors.As(err, &e) || e.Kind == 0 || e.Detail == "" {
			t.Fatalf("error %#v", err)
		}
		return
	}
	info := r.Info()
	if info.Channels < 1 || info.Rate < minRate || info.Frames < 0 || info.BitDepth < 1 {
		t.Fatalf("info %+v", info)
	}
	dst := make([][]float64, info.Channels)
	for ch := range dst {
		dst[ch] = make([]float64, 64)
	}
	frames := int64(0)
	for {
		n, err := r.Read(dst)
		frames += int64(n)
		for _, ch := range dst {
			for _, x := range ch[:n] {
				if x-x != 0 {
					t.Fatalf("a sample is %v", x)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if frames > info.Frames {
			t.Fatalf("%d frames of %d", frames, info.Frames)
		}
	}
	if frames != info.Frames {
		t.Fatalf("%d frames of %d", frames, info.Frames)
	}
	if err := r.SeekFrame(info.Frames / 2); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(dst); err != nil && err != io.EOF || int64(n) != min(64, info.Frames-info.Frames/2) {
		t.Fatalf("after a seek: %d, %v", n, err)
	}
}
