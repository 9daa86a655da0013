package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
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
