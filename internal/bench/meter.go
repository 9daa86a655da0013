package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/lathe-audio/lathe/internal/demo"
	"github.com/lathe-audio/lathe/render/audiofile"
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

// prepareFile makes the file to be measured, or takes one that is given.
func (b *benchmark) prepareFile(file string, minutes float64) (what string, err error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if file == "" {
		path = filepath.Join(b.dir, fmt.Sprintf("programme-%g-min.wav", minutes))
		fmt.Printf("making a file of %g minutes, 48 kHz, 24-bit\n", minutes)
		if err := makeProgramme(path, minutes); err != nil {
			return "", err
		}
	}
	r, err := audiofile.Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b.stems, b.seconds = []string{path}, r.Info().Duration()
	return fmt.Sprintf("measure, %.1f min, %d Hz, %d channels", b.seconds/60, r.Info().Rate, r.Info().Channels), nil
}

// makeProgramme has writeProgramme run in a process of its own: the system counts the
// memory that this one has had to those that it starts. A file that is there already
// with the right size is kept.
func makeProgramme(path string, minutes float64) error {
	if info, err := os.Stat(path); err == nil && info.Size() == 44+programmeBytes(minutes) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.Command(self, "-make", path, "-minutes", fmt.Sprint(minutes)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %s", err, out)
	}
	return nil
}

func programmeBytes(minutes float64) int64 { return int64(minutes*60) * stemRate * stemFrame }

// writeProgramme writes a file of music of so many minutes, 48 kHz/24-bit stereo WAV: the demo
// song's stems together, in sections with fewer of them and more.
func writeProgramme(path string, minutes float64) (err error) {
	data := int(programmeBytes(minutes))
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := f.Write(wavHeader(data)); err != nil {
		return err
	}
	sections := programmeSections()
	for i := 0; data > 0; i++ {
		part := sections[i%len(sections)]
		part = part[:min(len(part), data)]
		if _, err := f.Write(part); err != nil {
			return err
		}
		data -= len(part)
	}
	return nil
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
