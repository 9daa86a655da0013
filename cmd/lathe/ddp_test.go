package main

import (
	"io"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lathe-audio/lathe/render/disc"
)

// writeDDP DIR: writes the master of a silent disc of two tracks, with one of everything.
func writeDDP(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	l := disc.Layout{
		MCN: "4006381333931", MasterID: "LATHE DEMO", Text: disc.Text{Title: "Early Light", Performer: "Harbour Lights"},
		Genre: disc.Genre{Code: 23, Text: "from the docks"}, DiscID: "NL-042",
		Tracks: []disc.Track{
			{Start: 150, Pregap: 150, ISRC: "QZABC2600001", Flags: disc.Flags{Copy: true}, Text: disc.Text{Title: "Undertow", Performer: "Harbour Lights", Composer: "M. Unal"}},
			{Start: 600, Pregap: 75, Indexes: []disc.MSF{700}, ISRC: "QZABC2600002", Text: disc.Text{Title: "Café", Performer: "Harbour Lights"}},
		},
		LeadOut: 975,
	}
	_, err := disc.Write(dir, l, io.LimitReader(zeros{}, l.LeadOut.Bytes()), disc.Options{DDP: "."})
	ts.Check(err)
}

// zeros is endless silence.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
