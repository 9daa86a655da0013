package spec

import (
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Reference is what the mix of a song is matched to before the master chain.
type Reference struct {
	Pos      Pos
	Files    []ReferenceFile // at least one
	EQ       float64         // percent of the difference of the spectra
	Width    float64         // percent of the difference of the sides' level
	Dynamics float64         // percent of the difference of the loud parts' crest
	Range    float64         // dB: the most that any frequency is moved by
	Phase    string          // of the equaliser: "minimum" or "linear"
	From, To float64         // Hz: between which spectra are compared
	Loudness bool            // master deliveries without a loudness get the references'
}

// ReferenceFile is a file to match to.
type ReferenceFile struct {
	File
	Weight float64 // beside the other files
}

// maxReferences is how many references a song may have.
const maxReferences = 32

var referenceKeys = []key{
	{name: "files", typ: referenceFiles{}, required: true, doc: "finished recordings to match to: a file, or a list of files and {file, weight}; mono or stereo WAV, AIFF or FLAC at any rate, with 10 s of sound at least"},
	{name: "eq", typ: quantity{unit: param.Percent, max: 100}, def: 60.0, doc: "how much of the difference between the spectra of the loud parts is made up for, by bands of an equaliser"},
	{name: "width", typ: quantity{unit: param.Percent, max: 100}, def: 0.0, doc: "how much of the difference between the levels of the sides is made up for, above 150 Hz and by 3 dB at the most"},
	{name: "dynamics", typ: quantity{unit: param.Percent, max: 100}, def: 0.0, doc: "how much of the difference between the crests of the loud parts is made up for, by a compressor of 2:1 that takes off 4 dB at the most; a mix that is less dynamic than the references is left as it is"},
	{name: "loudness", typ: choice{[]string{"off", "on"}}, def: "off", doc: "on: deliveries of the master that have no loudness get that of the references"},
	{name: "range", typ: quantity{unit: param.DB, min: 0.5, max: 12}, def: 6.0, doc: "the most by which the tone of middle or sides is moved at any frequency; the width is apart"},
	{name: "phase", typ: choice{[]string{"minimum", "linear"}}, def: "minimum", doc: "of the equaliser, as of eq"},
	{name: "from", typ: quantity{unit: param.Hz, min: 20, max: 1000}, def: 30.0, doc: "frequency from which spectra are compared; below it the curve stays as it is there"},
	{name: "to", typ: quantity{unit: param.Hz, min: 2000, max: 20000}, def: 16000.0, doc: "frequency up to which spectra are compared; above it the curve stays as it is there"},
}

var referenceFileKeys = []key{
	{name: "file", typ: filePath{what: "reference.wav"}, required: true, doc: "the recording, relative to the file that names it"},
	{name: "weight", typ: quantity{min: 0.01, max: 100}, def: 1.0, doc: "how much it counts beside the others"},
}

var (
	referenceRecord     = record{name: "reference", keys: referenceKeys, short: "files"}
	referenceFileRecord = record{name: "reference_file", keys: referenceFileKeys, short: "file"}
)

// referenceFiles is the typ of `files`: one entry or a list of them; the value is a
// []ReferenceFile.
type referenceFiles struct{}

func (referenceFiles) decode(d *decoder, n *node, at place) any {
	items := n.items
	if n.shape != sequence {
		items = []*node{n}
	}
	if !d.countIsRight(n, at, len(items), 1, maxReferences, "files") {
		return nil
	}
	var out []ReferenceFile
	for i, item := range items {
		here := at
		if n.shape == sequence {
			here = at.item(i)
		}
		g := referenceFileRecord.decode(d, item, here).(*group)
		if f := g.file("file"); f != nil {
			out = append(out, ReferenceFile{*f, g.num("weight")})
		}
	}
	if len(out) < len(items) {
		return nil
	}
	return out
}

func (referenceFiles) print(v any) string {
	var names []string
	for _, f := range v.([]ReferenceFile) {
		names = append(names, f.Name)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (referenceFiles) schema(s *schemas) object { return oneOrMore(referenceFileRecord.schema(s)) }

// newReference takes over what is written of a reference.
func (d *decoder) newReference(g *group, at place) *Reference {
	if g == nil {
		return nil
	}
	r := &Reference{
		Pos: g.node.pos(), EQ: g.num("eq"), Width: g.num("width"), Dynamics: g.num("dynamics"), Loudness: g.str("loudness") == "on",
		Range: g.num("range"), Phase: g.str("phase"), From: g.num("from"), To: g.num("to"),
	}
	r.Files, _ = g.values["files"].([]ReferenceFile)
	seen := map[string]bool{}
	for _, f := range r.Files {
		if seen[f.Path] {
			d.fail(g.nodeOf("files"), at, f.Name+" is written twice", "give it a weight instead")
		}
		seen[f.Path] = true
	}
	if r.EQ == 0 && r.Width == 0 && r.Dynamics == 0 && !r.Loudness {
		d.warn(g.node, at, "changes nothing: eq, width, dynamics and loudness are all off", "")
	}
	return r
}
