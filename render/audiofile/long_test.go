package audiofile

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// holes writes a file in which zeros take no room on the disk.
type holes struct{ f *os.File }

var zeros = make([]byte, 1<<20)

func (h holes) Write(p []byte) (int, error) {
	if len(p) > 4096 && len(p) <= len(zeros) && bytes.Equal(p, zeros[:len(p)]) {
		_, err := h.f.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return h.f.Write(p)
}

func (h holes) Seek(off int64, whence int) (int64, error) { return h.f.Seek(off, whence) }

// TestBeyond4GiB writes WAV files around the limit of RIFF's sizes, adds metadata,
// and has ffmpeg read their ends. It moves 13 GB: LATHE_LONG=1.
func TestBeyond4GiB(t *testing.T) {
	if os.Getenv("LATHE_LONG") == "" {
		t.Skip("takes long: LATHE_LONG=1")
	}
	const most = (1<<32 - 45) / 6 // frames of 24-bit stereo that RIFF can say
	for _, c := range []struct {
		name   string
		frames int64
		tagged bool
		want   string
	}{
		{"all that RIFF holds", most, false, "wav"},
		{"which metadata takes beyond it", most, true, "rf64"},
		{"longer", most + 1, true, "rf64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.wav")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, err := Create(holes{f}, Spec{Rate: 96000, Channels: 2, Bits: 24, Frames: c.frames})
			if err != nil {
				t.Fatal(err)
			}
			block := [][]int32{make([]int32, 1<<15), make([]int32, 1<<15)}
			for left := c.frames - 3; left > 0; left -= 1 << 15 {
				n := min(left, 1<<15)
				if err := w.WriteInt([][]int32{block[0][:n], block[1][:n]}); err != nil {
					t.Fatal(err)
				}
			}
			last := [][]int32{{1, 2, 1 << 22}, {-1, -2, -1 << 22}}
			if err := w.WriteInt(last); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if c.tagged {
				info, err := f.Stat()
				if err != nil {
					t.Fatal(err)
				}
				path += ".tagged.wav"
				out, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				m := everything(t, "wav")
				if err := CopyWith(holes{out}, f, info.Size(), m); err != nil {
					t.Fatal(err)
				}
				r, err := Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				if err := m.Verify(r); err != nil {
					t.Error(err)
				}
			}
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if i := r.Info(); i.Format != c.want || i.Frames != c.frames || len(i.Warnings) > 0 {
				t.Errorf("reads back as %+v", i)
			}
			if err := r.SeekFrame(c.frames - 3); err != nil {
				t.Fatal(err)
			}
			got, _ := all(t, r, 3)
			if got[0][2] != 0.5 || got[1][2] != -0.5 || len(got[0]) != 3 {
				t.Errorf("the last frames read back as %v", got)
			}
			var probe struct {
				Streams []struct {
					Duration int64 `json:"duration_ts"`
				}
			}
			if err := json.Unmarshal(run(t, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-select_streams", "a", path), &probe); err != nil || probe.Streams[0].Duration != c.frames {
				t.Errorf("ffprobe reads %+v (%v)", probe, err)
			}
			end := run(t, "ffmpeg", "-v", "error", "-sseof", "-1", "-i", path, "-map", "0:a", "-f", "s24le", "-")
			if want := le24(1, -1, 2, -2, 1<<22, -1<<22); !bytes.HasSuffix(end, want) {
				t.Errorf("ffmpeg reads the end as % x", end[max(0, len(end)-18):])
			}
		})
	}
}
