package spec

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Groups, versions and prints name strips by name, tag and group; what is named
// twice counts once, but for levels, which add up.
func TestGroupsAreResolved(t *testing.T) {
	p := mustLoad(t, `lathe: 1
song: {title: X}
stems:
  a: {file: stems/a.wav, tags: [vocal, x]}
  b: {file: stems/b.wav, tags: [vocal], to: choir}
  c: {file: stems/kick.wav, sends: {hall: -6 dB}}
buses: {choir: {}}
returns: {hall: {tags: [x]}}
groups:
  all: {members: [voices, c, x, a], gain: -1 dB, mute: true}   # voices comes later
  voices: {members: [vocal, choir]}
  x: {members: [c]}                                            # its name is a tag as well
versions:
  tv: {mute: [voices]}
  dry: {mute: [hall], solo: [x]}
  up: {gain: {voices: 1 dB, vocal: 0.5 dB, a: -3, hall: 2}}
deliver:
  - stems
  - stems: {name: buses, prints: buses}
  - stems: {name: parts, prints: [voices, hall]}
`)
	s := p.Song
	want := [][]string{{"a", "b", "c", "choir", "hall"}, {"a", "b", "choir"}, {"c"}}
	for i, g := range s.Groups {
		if diff := cmp.Diff(want[i], g.Members); diff != "" {
			t.Errorf("group %s (-want +got):\n%s", g.Name, diff)
		}
	}
	if g := s.Groups[0]; g.Gain != -1 || !g.Mute || g.Solo {
		t.Errorf("got %+v", g)
	}
	for _, c := range []struct{ want, got any }{
		{[]string{"a", "b", "choir"}, s.Versions[0].Mute},
		{[]string{"hall"}, s.Versions[1].Mute},
		{[]string{"a", "hall", "c"}, s.Versions[1].Solo},
		{map[string]float64{"a": -1.5, "b": 1.5, "choir": 1, "hall": 2}, s.Versions[2].Gain},
		{[]Print{{Name: "a", Strips: []string{"a"}}, {Name: "b", Strips: []string{"b"}}, {Name: "c", Strips: []string{"c"}}}, s.Deliver[0].Prints},
		{[]Print{{"a", []string{"a"}, true}, {"c", []string{"c"}, true}, {"choir", []string{"choir"}, true}, {"hall", []string{"hall"}, true}}, s.Deliver[1].Prints},
		{[]Print{{Name: "voices", Strips: []string{"a", "b", "choir"}}, {Name: "hall", Strips: []string{"hall"}}}, s.Deliver[2].Prints},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTooManyGroups(t *testing.T) {
	text := "lathe: 1\nsong: {title: T}\nstems: {a: stems/a.wav}\ngroups:\n"
	for i := range maxGroups + 1 {
		text += fmt.Sprintf("  g%d: {members: [a]}\n", i)
	}
	_, diags := loadText(t, text)
	wantOneOf(t, diags, "the song has more than 128 groups")
}

// Prints of an album are those of each song; a finished mix has none.
func TestPrintsOfAnAlbum(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"lathe.yaml": "lathe: 1\nrelease: {title: R}\nsongs: [{file: one.yaml}, {mix: mix.wav, title: Two}]\ndeliver: [stems]\n",
		"one.yaml":   "lathe: 1\nsong: {title: One}\nstems: {a: a.wav}\n", "a.wav": "", "mix.wav": "",
	})
	t.Chdir(dir)
	p, diags := Load(".", fakeOptions)
	if p == nil || len(diags) != 1 || diags[0].Message != `deliver: stems: prints of song 2: a finished mix has nothing to print` {
		t.Fatalf("got %s", diags.Text())
	}
	if one, two := p.Songs[0].Song.Deliver[0].Prints, p.Songs[1].Song.Deliver[0].Prints; len(one) != 1 || two == nil || len(two) != 0 {
		t.Errorf("got %+v and %+v", one, two)
	}
}
