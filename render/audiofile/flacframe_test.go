package audiofile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mewkiz/flac/frame"
)

// FuzzFLACFrame decodes frames of a true header and anything behind it, and
// holds the samples against those of mewkiz/flac. Checksums are left out, as
// they would keep all but true frames from being looked at.
func FuzzFLACFrame(f *testing.F) {
	header := func(block, layout, depth byte, size uint16) []byte {
		h := []byte{0xFF, 0xF8, block<<4 | 10, layout<<4 | depth<<1, 3}
		if block == 7 {
			h = binary.BigEndian.AppendUint16(h, size-1)
		}
		return append(h, crc8(h))
	}
	seed := encodeFLAC(f, 16, 48000, [][]int32{tune(64, 16), noise(64, 16, 1)})[42:]
	h, err := parseFLACHeader(seed)
	if err != nil {
		f.Fatal(err)
	}
	for _, layout := range []byte{0, 1, leftSide, sideRight, midSide} {
		f.Add(layout, byte(4), uint16(64), seed[h.length:])
		f.Add(layout, byte(6), uint16(32), bytes.Repeat([]byte{0x16, 0x5A, 0x01, 0xC3, 0x7E, 0x21}, 200))
		f.Add(layout, byte(1), uint16(16), slices.Concat([]byte{0x46, 0x01, 0x23, 0x00, 0x35}, bytes.Repeat([]byte{0xA5, 0x99}, 100)))
	}
	f.Fuzz(func(t *testing.T, layout, depth byte, size uint16, body []byte) {
		if layout > midSide || size == 0 || size > 4096 || !slices.Contains([]byte{1, 2, 4, 5, 6}, depth) || len(body) > 64<<10 {
			return
		}
		file := append(header(7, layout, depth, size), body...)
		want, err := frame.New(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("the library refuses the header: %v", err)
		}
		err = want.Parse()
		bad := err != nil && !strings.Contains(err.Error(), "CRC-16")

		var got flacFrame
		if got.flacHeader, err = parseFLACHeader(file); err != nil {
			t.Fatalf("header: %v", err)
		}
		padded := append(slices.Clone(file), make([]byte, flacPad)...)
		n, ok := got.body(padded[:len(file)])
		if ok = ok && n+2 <= len(file); !ok {
			// The library takes some that RFC 9639 forbids: partitions that do not
			// divide the block, and samples of no bits.
			return
		}
		if bad {
			t.Fatalf("decoded what the library refuses: %v", err)
		}
		got.correlate()
		for ch, sub := range want.Subframes {
			if !slices.Equal(sub.Samples, got.samples[ch]) {
				t.Fatalf("channel %d: other samples:\n%v\n%v", ch, sub.Samples, got.samples[ch])
			}
		}
	})
}

// TestFLACEncoders reads what the two encoders that people use write with very
// different settings, and compares with what went in.
func TestFLACEncoders(t *testing.T) {
	flacTool := tool(t, "flac")
	const n = 10007
	quiet := func(bits int, seed uint32) []int32 { // a few bits only, then silence, then the loudest there is
		x := noise(n, bits, seed)
		for i := range x {
			switch {
			case i < n/3:
				x[i] >>= bits - 4
			case i < n/2:
				x[i] = 0
			case i < 2*n/3:
				x[i] = x[i] >> 8 << 8 // wasted bits
			}
		}
		x[n-1], x[n-2] = 1<<(bits-1)-1, -1<<(bits-1)
		return x
	}
	for _, args := range [][]string{{"-0"}, {"-8", "-e"}, {"-b", "192", "-l", "0"}, {"-b", "16", "-M"}, {"--lax", "-b", "32768", "-l", "32", "-r", "15"}, {"--disable-constant-subframes", "--disable-fixed-subframes", "-l", "3"}} {
		for _, bits := range []int{16, 24} {
			t.Run(fmt.Sprint(args, bits), func(t *testing.T) {
				t.Parallel()
				left := tune(n, bits)
				spec := Spec{Rate: 48000, Bits: bits, Channels: 2}
				for name, ints := range map[string][][]int32{"tones": {left, tune(n+5, bits)[5:]}, "noise": {noise(n, bits, 1), noise(n, bits, 2)}, "changing": {quiet(bits, 3), left}, "the same": {quiet(bits, 4), quiet(bits, 4)}} {
					path := filepath.Join(t.TempDir(), "a.wav")
					if err := os.WriteFile(path, encode(t, spec, ints), 0o600); err != nil {
						t.Fatal(err)
					}
					out := strings.TrimSuffix(path, "wav") + "flac"
					if b, err := exec.Command(flacTool, append(slices.Clone(args), "-s", "-f", "-o", out, path)...).CombinedOutput(); err != nil {
						t.Fatalf("flac: %v\n%s", err, b)
					}
					r, err := Open(out)
					if err != nil {
						t.Fatal(err)
					}
					if err := r.KeepDigests(); err != nil { // and the MD5
						t.Fatal(err)
					}
					got, _ := all(t, r, 3000)
					if !cmp.Equal(got, audio(spec, ints)) {
						t.Errorf("%s: other samples", name)
					}
					if _, _, err := r.Digests(); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					r.Close()
				}
			})
		}
	}
}

// TestFLACChecksums: the tables against the definition, bit by bit.
func TestFLACChecksums(t *testing.T) {
	words := noiseWords(1000)
	b := make([]byte, 0, 2000)
	for _, w := range words {
		b = append(b, byte(w), byte(w>>8))
	}
	for n := range 40 {
		var sum uint32
		for _, c := range b[:n] {
			for bit := 7; bit >= 0; bit-- {
				sum = sum<<1 ^ uint32(c)>>bit&1<<16
				if sum&0x10000 != 0 {
					sum ^= 0x18005
				}
			}
		}
		if got := crc16(b[:n]); got != uint16(sum) {
			t.Fatalf("%d bytes: %04x; want %04x", n, got, sum)
		}
	}
	if crc8([]byte("123456789")) != 0xF4 || crc16([]byte("123456789")) != 0xFEE8 { // the usual check values of CRC-8 and CRC-16/UMTS
		t.Errorf("%02x, %04x", crc8([]byte("123456789")), crc16([]byte("123456789")))
	}
}
