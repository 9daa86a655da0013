package spec

import (
	"path/filepath"

	"github.com/lathe-audio/lathe/profiles"
)

// Profile is a delivery profile with what it says of itself.
type Profile struct {
	Name     string
	Doc      string
	Delivery Delivery
	Lines    []Line // every value, as [Explain] gives them
}

// Profiles returns the delivery profiles that come with lathe, in alphabetical
// order.
func Profiles() ([]Profile, Diagnostics) {
	var out []Profile
	for _, name := range profiles.DeliveryNames() {
		p, diags := ProfileNamed(name)
		if diags != nil {
			return nil, diags
		}
		out = append(out, p)
	}
	return out, nil
}

// ProfileNamed returns one delivery profile: by its name where it comes with
// lathe, by its path where it is a file.
func ProfileNamed(ref string) (Profile, Diagnostics) {
	d := newDecoder(Options{})
	if isPath(ref) { // a file may lie anywhere: it is named by hand, not by a project
		d.allow(filepath.Dir(ref))
		if real, err := filepath.EvalSymlinks(ref); err == nil {
			d.allow(filepath.Dir(real))
		}
	}
	// As if a project had nothing but `deliver: ref` in it.
	name := &node{src: &source{dir: "."}, line: 1, col: 1, width: 1, tag: "!!str", text: filepath.ToSlash(ref)}
	at := place{path: "deliver"}
	song := Song{Master: Master{MaxReduction: defaultReduction}, Deliver: d.deliveries(name, name, at)}
	d.inherited(&song, masterSays{reduction: "default"}, at)
	if d.diags.HasErrors() || len(song.Deliver) != 1 {
		return Profile{}, d.diags
	}
	p := Profile{Name: song.Deliver[0].Name, Delivery: song.Deliver[0], Lines: d.lines}
	if len(d.lines) > 0 {
		p.Doc = d.lines[0].Doc
	}
	return p, nil
}
