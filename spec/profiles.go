package spec

import "github.com/lathe-audio/lathe/profiles"

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
		d := newDecoder(Options{})
		root := d.builtin("the built-in profiles", []byte("deliver: "+name))
		at := place{path: "deliver"}
		song := Song{Master: Master{MaxReduction: defaultReduction}, Deliver: d.deliveries(root.entries[0].value, root, at)}
		d.inheritReduction(&song, "default", at)
		for _, v := range song.Deliver {
			p := Profile{Name: name, Delivery: v, Lines: d.lines}
			if len(d.lines) > 0 {
				p.Doc = d.lines[0].Doc
			}
			out = append(out, p)
		}
		if d.diags.HasErrors() {
			return nil, d.diags
		}
	}
	return out, nil
}
