package disc

import (
	"fmt"
	"strings"
)

// Names of the files of a DDP. Only the first two are given by the format, the others by DDPMS;
// these are the names that are met most.
const (
	fileID    = "DDPID"
	fileMap   = "DDPMS"
	fileText  = "CDTEXT.BIN"
	filePQ    = "PQDESCR"
	fileImage = "IMAGE.DAT"
	fileMD5   = "CHECKSUM.MD5"
	fileCRC32 = "CHECKSUM.TXT"
)

// Lengths of records.
const (
	idBytes = 128
	msBytes = 128
	pqBytes = 64
)

// field is where a record has something.
type field struct{ at, width int }

// Fields of DDPID.
var (
	idLevel = field{0, 8}
	idUPC   = field{8, 13}
	idMID   = field{38, 48}
	idType  = field{87, 2}
)

// Fields of DDPMS, one record for each stream.
var (
	msMarker = field{0, 4}
	msType   = field{4, 2}  // S0: beside the sound; D0: the sound
	msLength = field{14, 8} // bytes of an S0, frames of a D0
	msStart  = field{22, 8} // of a D0, in frames
	msSub    = field{30, 8} // what an S0 is
	msMode   = field{38, 2} // DA: audio
	msSSM    = field{40, 1} // 7: frames of 2352 bytes
	msSCR    = field{41, 1} // 0: not scrambled. cue2ddp writes 1, HOFA and Sonoris 0
	msPre2   = field{46, 4} // frames of the first pregap
	msTrack  = field{55, 2}
	msSize   = field{71, 3} // of the file's name
	msName   = field{74, 17}
)

// Fields of the PQ descriptor, one record for each index.
var (
	pqMarker  = field{0, 4}
	pqTrack   = field{4, 2}
	pqIndex   = field{6, 2}
	pqTime    = field{8, 8} // two blanks and MMSSFF
	pqControl = field{16, 2}
	pqISRC    = field{20, 12}
	pqUPC     = field{32, 13}
)

const (
	level      = "DDP 2.00"
	mapMarker  = "VVVM"
	pqMark     = "VVVS"
	leadIn     = "00"
	leadOut    = "AA"
	subPQ      = "PQ DESCR"
	subText    = "CDTEXT"
	streamSub  = "S0"
	streamMain = "D0"
)

// Bits of the control nibble.
const (
	controlPre  = 1
	controlCopy = 2
	controlData = 4 // no audio track
	controlFour = 8
)

// record is a line of fixed fields, blank where nothing is set.
type record []byte

func newRecord(length int) record { return []byte(strings.Repeat(" ", length)) }

// set writes a text at the left of its field. It must fit: layouts are checked before.
func (r record) set(f field, text string) { copy(r[f.at:f.at+f.width], text) }

// num writes a number at the right of its field, after spaces.
func (r record) num(f field, n int64) { r.set(f, fmt.Sprintf("%*d", f.width, n)) }

// DDPID makes the record that identifies a master.
func DDPID(l Layout) []byte {
	r := newRecord(idBytes)
	r.set(idLevel, level)
	r.set(idUPC, l.MCN)
	r.set(idMID, l.MasterID)
	r.set(idType, "CD")
	return r
}

// DDPMS makes the map of the streams: CD-TEXT if there is any, PQ descriptor, sound. textBytes is the
// size of the CD-TEXT.
func DDPMS(l Layout, textBytes int) []byte {
	var out []byte
	if textBytes > 0 {
		r := subStream(subText, fileText, int64(textBytes))
		r.set(msTrack, leadIn)
		out = append(out, r...)
	}
	out = append(out, subStream(subPQ, filePQ, int64(len(PQDescriptor(l))))...)
	r := stream(streamMain, fileImage, int64(l.LeadOut))
	r.set(msMode, "DA")
	r.set(msSSM, "7")
	r.set(msSCR, "0")
	if len(l.Tracks) > 0 {
		r.num(msPre2, int64(l.Tracks[0].Pregap))
	}
	return append(out, r...)
}

// stream is the record of one stream.
func stream(kind, name string, length int64) record {
	r := newRecord(msBytes)
	r.set(msMarker, mapMarker)
	r.set(msType, kind)
	r.num(msLength, length)
	r.num(msSize, int64(msName.width))
	r.set(msName, name)
	return r
}

func subStream(sub, name string, bytes int64) record {
	r := stream(streamSub, name, bytes)
	r.set(msSub, sub)
	return r
}

// PQDescriptor makes the records of the Q channel: lead-in with the catalogue number, every index of
// every track, the ISRC with the track's first one, and the lead-out, which all known writers write
// twice.
func PQDescriptor(l Layout) []byte {
	first := pqRecord(leadIn, 0, 0, Flags{})
	first.set(pqUPC, l.MCN)
	out := append([]byte{}, first...)
	for i, t := range l.Tracks {
		for k, p := range t.Points() {
			r := pqRecord(fmt.Sprintf("%02d", i+1), p.Index, p.Time, t.Flags)
			if k == 0 {
				r.set(pqISRC, t.ISRC)
			}
			out = append(out, r...)
		}
	}
	end := pqRecord(leadOut, 1, l.LeadOut, Flags{})
	return append(append(out, end...), end...)
}

func pqRecord(track string, index int, at MSF, flags Flags) record {
	r := newRecord(pqBytes)
	r.set(pqMarker, pqMark)
	r.set(pqTrack, track)
	r.set(pqIndex, fmt.Sprintf("%02d", index))
	r.set(pqTime, "  "+at.digits())
	r.set(pqControl, flags.control())
	return r
}

// control is the Q channel's control nibble as a hexadecimal digit, and 1 for the address mode
// or S where copies are managed.
func (f Flags) control() string {
	bits := 0
	if f.PreEmphasis {
		bits |= controlPre
	}
	if f.Copy {
		bits |= controlCopy
	}
	if f.FourChannel {
		bits |= controlFour
	}
	mode := "1"
	if f.SCMS {
		mode = "S"
	}
	return fmt.Sprintf("%X%s", bits, mode)
}
