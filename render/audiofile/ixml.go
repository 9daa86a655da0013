package audiofile

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// IXML is the iXML chunk of a WAV file: what recorders and editors tell each other,
// as UTF-8 XML, without the limits of bext.
type IXML struct {
	Project, Scene, Take, Tape, Note string
	FileUID                          string
	Rate, Bits                       int
	TimeReference                    int64    // frames since midnight
	Tracks                           []string // names of the channels
	Broadcast                        *Broadcast
}

// ixml is the chunk's document; every element may be missing.
type ixml struct {
	XMLName xml.Name    `xml:"BWFXML"`
	Version string      `xml:"IXML_VERSION"`
	Project string      `xml:"PROJECT,omitempty"`
	Scene   string      `xml:"SCENE,omitempty"`
	Take    string      `xml:"TAKE,omitempty"`
	Tape    string      `xml:"TAPE,omitempty"`
	Note    string      `xml:"NOTE,omitempty"`
	UID     string      `xml:"FILE_UID,omitempty"`
	Speed   *ixmlSpeed  `xml:"SPEED"`
	Tracks  *ixmlTracks `xml:"TRACK_LIST"`
	BEXT    *ixmlBEXT   `xml:"BEXT"`
}

type ixmlSpeed struct {
	Rate     int    `xml:"FILE_SAMPLE_RATE"`
	Bits     int    `xml:"AUDIO_BIT_DEPTH"`
	High     uint32 `xml:"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI"`
	Low      uint32 `xml:"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO"`
	TimeRate int    `xml:"TIMESTAMP_SAMPLE_RATE"`
}

type ixmlTracks struct {
	Count  int         `xml:"TRACK_COUNT"`
	Tracks []ixmlTrack `xml:"TRACK"`
}

type ixmlTrack struct {
	Channel    int    `xml:"CHANNEL_INDEX"`
	Interleave int    `xml:"INTERLEAVE_INDEX"`
	Name       string `xml:"NAME"`
}

// ixmlBEXT are the fields of bext, here in UTF-8.
type ixmlBEXT struct {
	Description string `xml:"BWF_DESCRIPTION,omitempty"`
	Originator  string `xml:"BWF_ORIGINATOR,omitempty"`
	Reference   string `xml:"BWF_ORIGINATOR_REFERENCE,omitempty"`
	Date        string `xml:"BWF_ORIGINATION_DATE,omitempty"`
	Time        string `xml:"BWF_ORIGINATION_TIME,omitempty"`
	Low         uint32 `xml:"BWF_TIME_REFERENCE_LOW"`
	High        uint32 `xml:"BWF_TIME_REFERENCE_HIGH"`
	Version     int    `xml:"BWF_VERSION"`
	Integrated  string `xml:"BWF_LOUDNESS_VALUE,omitempty"`
	Range       string `xml:"BWF_LOUDNESS_RANGE,omitempty"`
	TruePeak    string `xml:"BWF_MAX_TRUE_PEAK_LEVEL,omitempty"`
	Momentary   string `xml:"BWF_MAX_MOMENTARY_LOUDNESS,omitempty"`
	ShortTerm   string `xml:"BWF_MAX_SHORT_TERM_LOUDNESS,omitempty"`
	History     string `xml:"BWF_CODING_HISTORY,omitempty"`
}

// bytes is the chunk's payload.
func (x *IXML) bytes() []byte {
	stamp := uint64(max(x.TimeReference, 0))
	doc := ixml{
		Version: "1.61", Project: x.Project, Scene: x.Scene, Take: x.Take, Tape: x.Tape, Note: x.Note, UID: x.FileUID,
		Speed:  &ixmlSpeed{Rate: x.Rate, Bits: x.Bits, High: uint32(stamp >> 32), Low: uint32(stamp), TimeRate: x.Rate},
		Tracks: &ixmlTracks{Count: len(x.Tracks)},
	}
	for i, name := range x.Tracks {
		doc.Tracks.Tracks = append(doc.Tracks.Tracks, ixmlTrack{i + 1, i + 1, name})
	}
	if b := x.Broadcast; b != nil {
		doc.BEXT = &ixmlBEXT{
			Description: b.Description, Originator: b.Originator, Reference: b.OriginatorReference, Date: b.Date, Time: b.Time,
			Low: uint32(stamp), High: uint32(stamp >> 32), Version: 2, History: b.CodingHistory,
		}
		figures := []*string{&doc.BEXT.Integrated, &doc.BEXT.Range, &doc.BEXT.TruePeak, &doc.BEXT.Momentary, &doc.BEXT.ShortTerm}
		for i, v := range b.Loudness.list() {
			if *v != nil {
				*figures[i] = fmt.Sprintf("%.2f", **v)
			}
		}
	}
	text, err := xml.MarshalIndent(doc, "", " ")
	if err != nil {
		panic("audiofile: iXML: " + err.Error()) // strings and numbers only
	}
	return append([]byte(xml.Header), text...)
}

// parseIXML reads an iXML chunk; false where it is none.
func parseIXML(b []byte) (*IXML, bool) {
	var doc ixml
	if xml.Unmarshal([]byte(strings.TrimRight(string(b), "\x00")), &doc) != nil {
		return nil, false
	}
	x := &IXML{Project: doc.Project, Scene: doc.Scene, Take: doc.Take, Tape: doc.Tape, Note: doc.Note, FileUID: doc.UID}
	if s := doc.Speed; s != nil {
		x.Rate, x.Bits, x.TimeReference = s.Rate, s.Bits, int64(uint64(s.High)<<32|uint64(s.Low))
	}
	if doc.Tracks != nil {
		for _, t := range doc.Tracks.Tracks {
			x.Tracks = append(x.Tracks, t.Name)
		}
	}
	if d := doc.BEXT; d != nil {
		x.Broadcast = &Broadcast{Description: d.Description, Originator: d.Originator, OriginatorReference: d.Reference, Date: d.Date, Time: d.Time,
			TimeReference: int64(uint64(d.High)<<32 | uint64(d.Low)), CodingHistory: d.History}
		for i, v := range x.Broadcast.Loudness.list() {
			text := []string{d.Integrated, d.Range, d.TruePeak, d.Momentary, d.ShortTerm}[i]
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				*v = &f
			}
		}
	}
	return x, true
}
