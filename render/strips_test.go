package render_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/lathe-audio/lathe/render"
)

// A strip is kept whole or not at all: a song that ends before its stems do
// leaves nothing in the cache that a longer one would take for the whole strip.
func TestStripsAreKeptWhole(t *testing.T) {
	const head = "lathe: 1\ndeliver: [{mix: {metadata: false}}]\n"
	for _, c := range []struct{ what, first, then string }{
		{"a song that was cut",
			"song: {title: T, length: 0.3 s}\nstems: {a: {file: a.wav, gain: -1 dB}, b: {file: b.wav, to: group}}\nbuses: {group: {gain: -1 dB}}\n",
			"song: {title: T}\nstems: {a: {file: a.wav, gain: -1 dB}, b: {file: b.wav, to: group}}\nbuses: {group: {gain: -1 dB}}\n"},
		{"a key that goes on when the song is over",
			"song: {title: T}\nstems: {a: {file: a.wav, chain: [compressor: {sidechain: b}]}, b: {file: b.wav, gain: -1 dB, mute: true}}\n",
			"song: {title: T}\nstems: {a: {file: a.wav, chain: [compressor: {sidechain: b}]}, b: {file: b.wav, gain: -1 dB, mute: false}}\n"},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			for name, frames := range map[string]int{"a.wav": 24000, "b.wav": 60000} {
				if err := writeSound(filepath.Join(dir, name), 48000, frames, 2, frames); err != nil {
					t.Fatal(err)
				}
			}
			build := func(parts, out, cache string) map[string]string {
				if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(head+parts), 0o644); err != nil {
					t.Fatal(err)
				}
				o := render.Keeping(render.Options{Out: out, Cache: cache}, func(string) bool { return true })
				if _, err := render.Build(context.Background(), load(t, dir), o); err != nil {
					t.Fatal(err)
				}
				return snapshot(t, out)
			}
			out, cache := t.TempDir(), t.TempDir()
			build(c.first, out, cache)
			if diff := different(build(c.then, out, cache), build(c.then, t.TempDir(), t.TempDir())); diff != nil {
				t.Error("not as from nothing:", diff)
			}
		})
	}
}
