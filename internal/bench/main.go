// Command bench measures the main jobs beside the same work by public tools in the
// same run: many stems, an equaliser and a compressor on each, mixed (and mastered and
// delivered); and the measuring of a long file. It prints times, x real time, memory and
// ratios; it judges nothing, for the machines differ and are noisy.
//
//	go run ./internal/bench                 # the mix of 24 stems of 4 minutes
//	go run ./internal/bench -work release   # stems to three masters
//	go run ./internal/bench -work master    # one mix to a master of -14 LUFS below -1 dBTP; all masters measured
//	go run ./internal/bench -work edit      # 16 stems: from an edit to its result (lathe alone)
//	go run ./internal/bench -stems 16 -minutes 2 -runs 3
//	go run ./internal/bench -work measure   # a file of 60 minutes, measured
//	go run ./internal/bench -work measure -file album.flac
//	go run ./internal/bench -work limiter -file a.wav,b.wav   # the limiter beside others, through ffmpeg
//	go run ./internal/bench -work processors # what a frame costs in each kind (lathe alone)
//	go run ./internal/bench -work resample  # quality and speed of sample rate conversion
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	stems := flag.Int("stems", 24, "number of stems")
	minutes := flag.Float64("minutes", 0, "length of each, or of the file to be measured (default 4 and 60)")
	runs := flag.Int("runs", 3, "runs of each tool, in turn; the median counts")
	work := flag.String("work", "mix", "mix: stems to a float mixdown; release: stems to master to streaming, cd and broadcast; master: one mix to one master; edit: what a change costs; measure: loudness and peaks of one long file; limiter: what limiters do to music; processors: each kind on its own; resample: sample rate conversion")
	file := flag.String("file", "", "a file of your own for -work measure and master; files, with commas, for -work limiter")
	only := flag.String("tools", "", "only tools whose name has one of these words, besides lathe: tuned,SoX (default: all that are installed)")
	dir := flag.String("dir", "", "folder for stems and results, kept (default: a temporary one)")
	programme := flag.String("make", "", "write the file that -work measure makes to this path, and end")
	phase := flag.String("convert", "", "lathe's side of -work resample: linear or minimum, then FROM TO TIMES IN OUT")
	flag.Parse()
	if *phase != "" {
		if err := convertMain(*phase, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *minutes == 0 {
		*minutes = 4
		if *work == "measure" {
			*minutes = 60
		}
	}
	if *programme != "" {
		if err := writeProgramme(*programme, *minutes); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *work == "resample" {
		if err := benchResamplers(*dir, *only, *minutes, *runs); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *work == "processors" {
		if err := benchProcessors(*runs); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *work == "limiter" {
		if err := benchLimiters(*file, *dir, *only); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := bench(*work, *only, *file, *stems, *minutes, *runs, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// tool is one way to do the work.
type tool struct {
	name    string
	needs   []string // programs on PATH
	command func(b *benchmark) string
}

// benchmark is what the tools work on.
type benchmark struct {
	dir   string
	lathe string
	stems []string
	out   string // a folder of the tool's own
	work  string

	seconds float64 // of sound
}

// usage is what a run took.
type usage struct {
	wall, cpu float64 // seconds
	memory    float64 // MB, the largest process
}

func bench(work, only, file string, stems int, minutes float64, runs int, dir string) error {
	tools, ok := map[string][]tool{"mix": mixTools, "release": releaseTools, "master": masterTools, "edit": nil, "measure": meterTools}[work]
	if !ok {
		return fmt.Errorf("no work %q: mix, release, master, edit, measure, processors or resample", work)
	}
	if dir == "" {
		temp, err := os.MkdirTemp("", "lathe-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	b := &benchmark{dir: dir, lathe: filepath.Join(dir, "lathe"), work: work}
	what, err := b.prepare(file, stems, minutes)
	if err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-o", b.lathe, "github.com/lathe-audio/lathe/cmd/lathe").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %v\n%s", err, out)
	}

	if work == "edit" {
		return benchEdits(b, runs)
	}
	var present []tool
	for _, t := range tools {
		if !picked(t.name, only) {
			continue
		}
		if missing := slices.IndexFunc(t.needs, func(p string) bool { _, err := exec.LookPath(p); return err != nil }); missing >= 0 {
			fmt.Printf("%s: left out, %s is not installed\n", t.name, t.needs[missing])
			continue
		}
		present = append(present, t)
	}
	results := make([][]usage, len(present))
	for run := range runs {
		for i, t := range present { // in turn, so that the machine's moods meet all of them
			u, err := measure(b, i, t)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			fmt.Printf("run %d: %-44s wall %6.2f s  cpu %6.2f s\n", run+1, t.name, u.wall, u.cpu)
			results[i] = append(results[i], u)
		}
	}
	fmt.Printf("\n%-46s %8s %8s %9s %8s %14s %14s\n", what, "wall s", "cpu s", "memory MB", "x real", "wall / lathe", "cpu / lathe")
	first := median(results[0])
	for i, t := range present {
		u := median(results[i])
		fmt.Printf("%-46s %8.2f %8.2f %9.0f %8.0f %14.2f %14.2f\n", t.name, u.wall, u.cpu, u.memory, b.seconds/u.wall, u.wall/first.wall, u.cpu/first.cpu)
	}
	if work == "master" {
		return measureMasters(b, present)
	}
	return nil
}

// prepare makes what is worked on, and says what that is.
func (b *benchmark) prepare(file string, stems int, minutes float64) (what string, err error) {
	switch b.work {
	case "measure":
		return b.prepareFile(file, minutes)
	case "master":
		return b.prepareMaster(file, minutes)
	}
	fmt.Printf("making %d stems of %g minutes, 48 kHz, 24-bit\n", stems, minutes)
	if b.stems, err = writeStems(filepath.Join(b.dir, "stems"), stems, int(minutes*60)); err != nil {
		return "", err
	}
	text := project(b.work, b.stems)
	if b.work == "edit" {
		text = editing(b.stems)
	}
	b.seconds = minutes * 60
	what = fmt.Sprintf("%s, %d stems x %g min", b.work, stems, minutes)
	return what, os.WriteFile(filepath.Join(b.dir, "lathe.yaml"), []byte(text), 0o644)
}

// picked reports whether a tool is asked for.
func picked(name, only string) bool {
	if only == "" || name == "lathe" {
		return true
	}
	return slices.ContainsFunc(strings.Split(only, ","), func(word string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(word))
	})
}

// measure runs a tool once, from nothing.
func measure(b *benchmark, i int, t tool) (usage, error) {
	own := *b
	own.out = filepath.Join(b.dir, fmt.Sprintf("out%d", i))
	if err := os.RemoveAll(own.out); err != nil {
		return usage{}, err
	}
	if err := os.MkdirAll(own.out, 0o755); err != nil {
		return usage{}, err
	}
	return shell(&own, t.command(&own))
}

// shell runs a command line.
func shell(b *benchmark, line string) (usage, error) {
	c := exec.Command("bash", "-c", "set -e\n"+line)
	c.Dir = b.dir
	// The limit is a tenth of the free disk by itself: on a full one, results would be evicted
	// between two runs, and "nothing to do" would render the song again.
	c.Env = append(os.Environ(), "LATHE_CACHE="+filepath.Join(b.out, "cache"), "LATHE_CACHE_SIZE=20 GB")
	began := time.Now()
	out, err := c.CombinedOutput()
	wall := time.Since(began).Seconds()
	if err != nil {
		text := strings.TrimSpace(string(out))
		return usage{}, fmt.Errorf("%v\n%s", err, text[max(0, len(text)-2000):])
	}
	r := c.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{
		wall:   wall,
		cpu:    c.ProcessState.UserTime().Seconds() + c.ProcessState.SystemTime().Seconds(),
		memory: float64(r.Maxrss) / 1024,
	}, nil
}

// median takes each figure's median of its own.
func median(runs []usage) usage {
	pick := func(f func(usage) float64) float64 {
		var all []float64
		for _, u := range runs {
			all = append(all, f(u))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return usage{
		wall:   pick(func(u usage) float64 { return u.wall }),
		cpu:    pick(func(u usage) float64 { return u.cpu }),
		memory: pick(func(u usage) float64 { return u.memory }),
	}
}
