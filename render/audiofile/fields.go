package audiofile

import "strings"

// Field is something that a file can say of its recording, and under which name
// each kind of file says it; empty where it cannot.
type Field struct {
	Name   string // here and in [Info].Tags
	Info   string // chunk in the LIST/INFO of a WAV file
	AIFF   string // text chunk of an AIFF file
	Vorbis string // comment of a FLAC file
	ID3    string // frame of an ID3v2.3 tag, "TXXX:NAME" for one by its own name
}

// fields is the one table of what is written and read under which name, in the
// order in which it is written.
//
// INFO has no chunk for a recording code (ISRC there is the supplier of the
// source), and none for a label, composer or lyrics that readers agree on.
var fields = []Field{
	{"title", "INAM", "NAME", "TITLE", "TIT2"},
	{"artist", "IART", "AUTH", "ARTIST", "TPE1"},
	{"artists", "", "", "ARTISTS", "TXXX:ARTISTS"},
	{"album", "IPRD", "", "ALBUM", "TALB"},
	{"album_artist", "", "", "ALBUMARTIST", "TPE2"},
	{"track", "ITRK", "", "TRACKNUMBER", "TRCK"},
	{"track_total", "", "", "TRACKTOTAL", "TRCK"}, // 3/12
	{"date", "ICRD", "", "DATE", "TYER"},          // and TDAT
	{"genre", "IGNR", "", "GENRE", "TCON"},
	{"comment", "ICMT", "ANNO", "COMMENT", "COMM"},
	{"copyright", "ICOP", "(c) ", "COPYRIGHT", "TCOP"},
	{"composer", "", "", "COMPOSER", "TCOM"},
	{"lyricist", "", "", "LYRICIST", "TEXT"},
	{"isrc", "", "", "ISRC", "TSRC"},
	{"upc", "", "", "BARCODE", "TXXX:BARCODE"},
	{"label", "", "", "LABEL", "TPUB"},
	{"catalog", "", "", "CATALOGNUMBER", "TXXX:CATALOGNUMBER"},
	{"language", "", "", "LANGUAGE", "TLAN"},
	{"lyrics", "", "", "LYRICS", "USLT"},
	{"engineer", "IENG", "", "ENGINEER", "TXXX:ENGINEER"},
	{"software", "ISFT", "", "ENCODER", "TSSE"},
	{"replaygain_track_gain", "", "", "REPLAYGAIN_TRACK_GAIN", "TXXX:REPLAYGAIN_TRACK_GAIN"},
	{"replaygain_track_peak", "", "", "REPLAYGAIN_TRACK_PEAK", "TXXX:REPLAYGAIN_TRACK_PEAK"},
	{"replaygain_album_gain", "", "", "REPLAYGAIN_ALBUM_GAIN", "TXXX:REPLAYGAIN_ALBUM_GAIN"},
	{"replaygain_album_peak", "", "", "REPLAYGAIN_ALBUM_PEAK", "TXXX:REPLAYGAIN_ALBUM_PEAK"},
}

// listSeparator stands between the entries of a field that is a list ("artists"),
// in files that have room for one text only.
const listSeparator = "; "

// Fields lists what files can say.
func Fields() []Field { return append([]Field(nil), fields...) }

// InfoTags lists the fields that have a place in the LIST/INFO of a WAV file.
func InfoTags() []string {
	var names []string
	for _, f := range fields {
		if f.Info != "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// fieldOf finds the field whose name in a column is the one given, without regard
// to case.
func fieldOf(column func(Field) string, name string) (Field, bool) {
	for _, f := range fields {
		if c := column(f); c != "" && strings.EqualFold(c, name) {
			return f, true
		}
	}
	return Field{}, false
}

// only keeps the fields that have a place in a column.
func only(tags map[string]string, column func(Field) string) map[string]string {
	out := map[string]string{}
	for _, f := range fields {
		if text := tags[f.Name]; text != "" && column(f) != "" {
			out[f.Name] = text
		}
	}
	return out
}

func infoColumn(f Field) string   { return f.Info }
func aiffColumn(f Field) string   { return f.AIFF }
func vorbisColumn(f Field) string { return f.Vorbis }
func id3Column(f Field) string    { return f.ID3 }

// entries are the texts that a field stands for: several for one that is a list.
func entries(name, text string) []string {
	if name == "artists" {
		return strings.Split(text, listSeparator)
	}
	return []string{text}
}
