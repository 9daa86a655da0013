package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// editing is a song as people work on it: stems into two buses, a reverb, an
// instrumental version, a mastering chain, four deliveries.
func editing(stems []string) string {
	song := project("release", stems)
	for i := range stems {
		to := "drums"
		if i%2 == 1 {
			to = "music"
		}
		name := fmt.Sprintf("  s%02d:\n", i+1)
		more := fmt.Sprintf("    to: %s\n", to)
		if i%4 == 0 {
			more += "    sends: {plate: -14 dB}\n"
		}
		song = strings.Replace(song, name, name+more, 1)
	}
	song = strings.Replace(song, "master:\n", `buses:
  drums: {chain: [{parallel: {mix: 35%, chain: [{compressor: {threshold: -30 dB, ratio: 8, attack: 1 ms, release: 60 ms}}]}}]}
  music: {chain: [{compressor: {threshold: -26 dB, ratio: 2, release: 150 ms}}]}
returns:
  plate: {chain: [{reverb: {decay: 1.8 s, predelay: 20 ms}}]}
mix: {chain: [{compressor: {threshold: -14 dB, ratio: 2, attack: 30 ms, release: auto}}]}
versions:
  instrumental: {mute: [s04]}
master:
`, 1)
	song = strings.Replace(song, "    - imager", "    - saturator: {type: tape, drive: 2 dB}\n    - imager", 1)
	return strings.Replace(song, "deliver: [streaming, cd, broadcast]", "deliver: [streaming, cd, broadcast, mix]", 1)
}

// edits are what is done one after the other: each from what the one before has
// left in the cache.
var edits = []struct {
	name     string
	from, to string // in the project file
	only     string
}{
	{name: "everything, from nothing"},
	{name: "nothing to do"},
	{name: "a deleted output", from: "delete"},
	{name: "the title", from: "title: Bench", to: "title: Bank"},
	{name: "master chain, to the streaming master", from: "drive: 2 dB", to: "drive: 2.5 dB", only: "streaming/Bank.wav"},
	{name: "  and to all eight outputs"},
	{name: "one stem's gain, to the streaming master", from: "gain: -8 dB\n    pan: -52", to: "gain: -7 dB\n    pan: -52", only: "streaming/Bank.wav"},
	{name: "  and to all eight outputs"},
}

// benchEdits measures how long it takes from an edit to its result.
func benchEdits(b *benchmark, runs int) error {
	results := make([][]usage, len(edits))
	for run := range runs {
		own := *b
		own.out = filepath.Join(b.dir, "out")
		if err := os.RemoveAll(own.out); err != nil {
			return err
		}
		if err := os.MkdirAll(own.out, 0o755); err != nil {
			return err
		}
		text := editing(b.stems)
		for i, e := range edits {
			switch {
			case e.from == "delete":
				if err := os.Remove(filepath.Join(own.out, "dist", "cd", "Bench.wav")); err != nil {
					return err
				}
			case strings.Count(text, e.from) == 0:
				return fmt.Errorf("%q is not in the project", e.from)
			default:
				text = strings.Replace(text, e.from, e.to, 1)
			}
			if err := os.WriteFile(filepath.Join(b.dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
				return err
			}
			only := ""
			if e.only != "" {
				only = fmt.Sprintf(" --only '%s'", e.only)
			}
			u, err := shell(&own, fmt.Sprintf("%s build %s --out %s/dist%s", b.lathe, b.dir, own.out, only))
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			fmt.Printf("run %d: %-44s wall %6.2f s  cpu %6.2f s\n", run+1, e.name, u.wall, u.cpu)
			results[i] = append(results[i], u)
		}
	}
	full := median(results[0])
	fmt.Printf("\n%-46s %8s %8s %9s %14s %14s\n", fmt.Sprintf("%d stems, %s", len(b.stems), "two versions, four deliveries"), "wall s", "cpu s", "memory MB", "wall / full", "cpu / full")
	for i, e := range edits {
		u := median(results[i])
		fmt.Printf("%-46s %8.2f %8.2f %9.0f %13.1f%% %13.1f%%\n", e.name, u.wall, u.cpu, u.memory, 100*u.wall/full.wall, 100*u.cpu/full.cpu)
	}
	return nil
}
