package render_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lathe-audio/lathe/render"
)

// actions builds the golden song with some words replaced and returns what was
// made and what was read back.
func actions(t *testing.T, dir string, o render.Options, replace ...string) (made, digests []string) {
	t.Helper()
	song := strings.NewReplacer("  - cd\n", "", "  - broadcast\n", "", "  - mix\n", "").Replace(goldenSong)
	song = song[:strings.LastIndex(song, "  - streaming: {name: club")]
	text := strings.NewReplacer(replace...).Replace(song)
	if len(replace) > 0 && text == song {
		t.Fatalf("%q is not in the golden song", replace)
	}
	if err := os.WriteFile(filepath.Join(dir, "lathe.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Event = func(e render.Event) {
		if e.Event == render.ActionDone && !e.Cached && !strings.HasPrefix(e.Action, "deliver ") {
			made = append(made, e.Action)
		}
	}
	steps, err := render.Plan(context.Background(), load(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	made = nil
	r, err := render.Build(context.Background(), load(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, s := range steps {
		if s.Run && s.Output == "" {
			planned = append(planned, s.Action)
		}
	}
	slices.Sort(planned)
	slices.Sort(made)
	if !slices.Equal(planned, made) {
		t.Errorf("planned %q, made %q", planned, made)
	}
	for _, f := range r.Files {
		digests = append(digests, f.SHA256)
	}
	return made, digests
}

// Where strips are kept, a change makes that strip again, what hears it, and
// nothing else; and every output is what a clean build gives.
func TestOnlyTheStripThatChanged(t *testing.T) {
	dir := t.TempDir()
	writeGoldenStems(t, dir)
	everything := render.Keeping(render.Options{}, func(string) bool { return true })
	nothing := render.Keeping(render.Options{}, func(string) bool { return false })
	all, _ := actions(t, dir, everything)
	t.Logf("all: %q", all)
	for _, c := range []struct {
		change []string
		made   []string
	}{
		{nil, nil},
		{[]string{"title: Golden", "title: Silver"}, nil},
		{[]string{"tags: [vocal]", "tags: [vocal, loud]"}, nil},
		{[]string{"drive: 2 dB", "drive: 2.5 dB"}, []string{"master", "master (instrumental)"}},
		{[]string{"plate: -12 dB", "plate: -11 dB"}, []string{"master", "mix", "plate"}},
		{[]string{"gain: -4 dB", "gain: -5 dB"}, []string{"master", "master (instrumental)", "mix", "mix (instrumental)", "stems/bass"}},
		{[]string{"width: 80%", "width: 85%"}, []string{"echo", "master", "mix", "plate", "stems/lead"}},
		{[]string{"ratio: 8, attack: 1 ms", "ratio: 9, attack: 1 ms"}, []string{"band", "master", "master (instrumental)", "mix", "mix (instrumental)"}},
	} {
		made, digests := actions(t, dir, everything, c.change...)
		if diff := cmp.Diff(c.made, made, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q:\n%s", c.change, diff)
		}
		clean := nothing
		clean.Cache = t.TempDir()
		if _, want := actions(t, dir, clean, c.change...); !slices.Equal(digests, want) {
			t.Errorf("%q: not what a clean build gives", c.change)
		}
	}
}
