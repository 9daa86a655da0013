package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"Undertow":          "Undertow.wav",
		"AC/DC: Who? <*>":   "AC_DC_ Who_ ___.wav",
		"dots and spaces. ": "dots and spaces.wav",
		"con":               "_con.wav",
		"COM1.live":         "_COM1.live.wav",
		"communion":         "communion.wav",
		"...":               "_.wav",
		"tab\there":         "tab_here.wav",
		"Ünïcödé 東京":        "Ünïcödé 東京.wav",
	} {
		if got := fileName(name, ".wav"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	long := fileName(strings.Repeat("東", 200), ".wav")
	if len(long) > maxName || !utf8.ValidString(long) || !strings.HasSuffix(long, ".wav") {
		t.Errorf("a long name became %d bytes: %q", len(long), long)
	}
}
