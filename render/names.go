package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/lathe-audio/lathe/spec"
)

// maxName is the longest file name that every file system takes, in bytes.
const maxName = 255

// fileName makes a name that every file system takes: no separators, no
// characters that Windows forbids, no trailing dots or spaces, no reserved
// device names, at most 255 bytes with the extension.
func fileName(name, ext string) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	clean = strings.TrimRight(strings.TrimLeft(clean, " "), " .")
	if base, _, _ := strings.Cut(clean, "."); isDeviceName(base) {
		clean = "_" + clean
	}
	if clean == "" {
		clean = "_"
	}
	for len(clean)+len(ext) > maxName {
		_, size := utf8.DecodeLastRuneInString(clean)
		clean = strings.TrimRight(clean[:len(clean)-size], " .")
	}
	return clean + ext
}

// isDeviceName reports whether Windows keeps the name for itself.
func isDeviceName(base string) bool {
	switch up := strings.ToUpper(strings.TrimSpace(base)); up {
	case "CON", "PRN", "AUX", "NUL":
		return true
	default:
		return len(up) == 4 && (strings.HasPrefix(up, "COM") || strings.HasPrefix(up, "LPT")) && up[3] >= '0' && up[3] <= '9'
	}
}

// spelled is a name in the characters that a delivery asks for: false where
// nothing readable is left of it.
func spelled(name, characters string) (string, bool) {
	switch characters {
	case spec.ASCIICharacters:
		name = ascii(name)
	case spec.DistributorCharacters:
		name = plain(ascii(name))
	default:
		return name, true
	}
	return name, strings.ContainsFunc(name, func(r rune) bool { return isPlain(r) && r != '_' && r != '-' })
}

// latin are letters and signs that have no decomposition to plain ones.
var latin = strings.NewReplacer(
	"ß", "ss", "ẞ", "SS", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ø", "o", "Ø", "O", "đ", "d", "Đ", "D", "ð", "d", "Ð", "D",
	"þ", "th", "Þ", "TH", "ł", "l", "Ł", "L", "ħ", "h", "Ħ", "H", "ı", "i", "ŋ", "ng", "Ŋ", "NG", "ŧ", "t", "Ŧ", "T", "ə", "e", "Ə", "E",
	"‘", "'", "’", "'", "‚", "'", "ʼ", "'", "“", "\"", "”", "\"", "„", "\"", "«", "\"", "»", "\"",
	"–", "-", "—", "-", "‐", "-", "‑", "-", "−", "-", "×", "x", "·", "-", "•", "-", "♯", "#", "♭", "b", "\u00a0", " ",
)

// ascii spells a name in printable ASCII: letters lose their marks, others are
// written by the letters they stand for, and what has none becomes _.
func ascii(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(latin.Replace(norm.NFC.String(name))) {
		switch {
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r):
			b.WriteByte('_')
		}
	}
	return b.String()
}

// isPlain reports whether a character is one that every distributor takes.
func isPlain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// plain leaves letters, digits, _ and - of a name in ASCII: "01 Don't Go
// (Instrumental)" is "01_Dont_Go_Instrumental".
func plain(name string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(name, "'", "") {
		switch last := b.String(); {
		case isPlain(r) && r != '_':
			b.WriteRune(r)
		case !strings.HasSuffix(last, "_"):
			b.WriteByte('_')
		}
	}
	return strings.Trim(strings.ReplaceAll(b.String(), "_-_", "-"), "_")
}
