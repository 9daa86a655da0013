package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/lathe-audio/lathe/internal/demo"
)

// meterTools measure one long file: integrated loudness, loudness range and true peak.
// lathe reads everything else of it as well, with the SHA-256 of the file and of its
// samples.
var meterTools = []tool{
	{name: "lathe", command: func(b *benchmark) string { return fmt.Sprintf("%s measure --json '%s'", b.lathe, b.stems[0]) }},
	{name: "loudgain (libebur128)", needs: []string{"loudgain"}, command: func(b *benchmark) string {
		return fmt.Sprintf("loudgain -q '%s'", b.stems[0])
	}},
	{name: "ffmpeg, ebur128=peak=true", needs: []string{"ffmpeg"}, command: func(b *benchmark) string {
		return fmt.Sprintf("ffmpeg -nostdin -nostats -loglevel error -i '%s' -af ebur128=peak=true -f null -", b.stems[0])
	}},
}

// writeProgramme writes a file of music of so many minutes into dir, 48 kHz/24-bit stereo WAV,
// and returns its path: the demo song's stems together, in sections with fewer of them and
// more. A file that is there already with the right size is kept.
func writeProgramme(dir string, minutes float64) (path string, err error) {
	data := int(minutes*60) * stemRate * stemFrame
	path = filepath.Join(dir, fmt.Sprintf("programme-%g-min.wav", minutes))
	if info, err := os.Stat(path); err == nil && info.Size() == int64(44+data) {
		return path, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := f.Write(wavHeader(data)); err != nil {
		return "", err
	}
	sections := programmeSections()
	for i := 0; data > 0; i++ {
		part := sections[i%len(sections)]
		part = part[:min(len(part), data)]
		if _, err := f.Write(part); err != nil {
			return "", err
		}
		data -= len(part)
	}
	return path, nil
}

// programmeSections are the demo song with a third of its stems, two thirds, and all.
func programmeSections() [][]byte {
	var stems []demo.Stem
	for _, part := range loopParts() {
		stems = append(stems, part.stem)
	}
	var sections [][]byte
	for third := 1; third <= 3; third++ {
		sum := make([]int32, 0)
		for _, stem := range stems[:(third*len(stems)+2)/3] {
			loop := packLoop(stem, 0)
			if len(sum) == 0 {
				sum = make([]int32, len(loop)/3)
			}
			for i := range sum {
				o := loop[3*i : 3*i+3]
				sum[i] += int32(uint32(o[0])<<8|uint32(o[1])<<16|uint32(o[2])<<24) >> 8 / 2
			}
		}
		section := make([]byte, 0, 3*len(sum))
		for _, s := range sum {
			s = min(max(s, -1<<23), 1<<23-1)
			section = append(section, byte(s), byte(s>>8), byte(s>>16))
		}
		sections = append(sections, section)
	}
	return sections
}
