package spec

import (
	"strings"
	"testing"
)

// TestPlaybackRefused: a file of a streaming service that leaves out where its
// figures come from, or contradicts itself, is not taken.
func TestPlaybackRefused(t *testing.T) {
	const whole = `title: Here
loudness: -14 LUFS
measures: integrated loudness
unit: track
raises: headroom
peak: -1 dBTP
confirmed: true
source: https://example.com
date: 2026-11-21
`
	for _, c := range []struct{ name, old, new, message string }{
		{"as it is", "", "", ""},
		{"no source", "source: https://example.com\n", "", "source is missing"},
		{"no date", "date: 2026-11-21\n", "", "date is missing"},
		{"a date without its day", "date: 2026-11-21", "date: 2026-11", "expected a date"},
		{"a date that never was", "date: 2026-11-21", "date: 2026-02-30", "date"},
		{"headroom to no peak", "peak: -1 dBTP\n", "", "peak belongs to raises"},
		{"a peak without a rule", "raises: headroom", "raises: never", "peak belongs to raises"},
		{"another rule", "raises: headroom", "raises: up", `expected`},
		{"not said whether confirmed", "confirmed: true\n", "", "confirmed is missing"},
		{"the words of a delivery", "peak: -1 dBTP", "ceiling: -1 dBTP", "unknown key ceiling"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(Options{})
			s := d.playback("here", []byte(strings.Replace(whole, c.old, c.new, 1)))
			if c.message == "" {
				if d.diags != nil || s.Loudness != -14 || s.Peak != -1 || s.Raises != "headroom" || !s.Confirmed {
					t.Errorf("%+v\n%s", s, d.diags.Text())
				}
				return
			}
			if !d.diags.HasErrors() || !strings.Contains(d.diags.Text(), c.message) {
				t.Errorf("%q is not said of it:\n%s", c.message, d.diags.Text())
			}
		})
	}
}
