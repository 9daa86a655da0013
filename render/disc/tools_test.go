package disc

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tool finds a program; the test is skipped without it, except where CI is set.
func tool(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: install %s", name, debian)
		}
		t.Skipf("%s is not installed (Debian: %s)", name, debian)
	}
	return path
}

// output runs a program in a folder.
func output(t *testing.T, dir, path string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", filepath.Base(path), args, err, out.String(), said.String())
	}
	return out.String()
}

// image writes WAV, cue sheet and TOC of a disc.
func image(t *testing.T, l Layout) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := Write(dir, l, bytes.NewReader(pcm(l)), Options{Image: "album"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// hidden is the demo with a hidden piece before track 1, in ASCII: three seconds after the first two.
func hidden() Layout {
	l := demo()
	l.Tracks[0].Start, l.Tracks[0].Pregap = 375, 375
	l.Text.Title, l.Tracks[1].Text, l.Tracks[2].Text.Title = "Early", Text{Title: "Slack Water", Performer: "Unal", Composer: "A"}, "Cafe"
	return l
}

// TestCuetools: cueprint and cuebreakpoints read the cue sheet.
func TestCuetools(t *testing.T) {
	breaks, prints := tool(t, "cuebreakpoints", "cuetools"), tool(t, "cueprint", "cuetools")
	dir := image(t, hidden())
	if diff := cmp.Diff("0:08.00\n0:14.50\n", output(t, dir, breaks, "album.cue")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("0:03.00\n0:07.00\n0:08.00\n0:14.50\n", output(t, dir, breaks, "--split-gaps", "album.cue")); diff != "" {
		t.Error(diff)
	}
	got := output(t, dir, prints, "-d", `%T|%P|%N\n`, "-t", `%n|%t|%p|%i\n`, "album.cue")
	want := "Early|Harbour Lights|3\n1|Undertow|Harbour Lights|QZABC2600001\n2|Slack Water|Unal|QZABC2600002\n3|Cafe|Harbour Lights|QZABC2600003\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCdrdao: cdrdao reads the TOC, and finds the times it has.
func TestCdrdao(t *testing.T) {
	path := tool(t, "cdrdao", "cdrdao")
	for name, c := range map[string]struct {
		layout Layout
		first  string
	}{"demo": {demo(), "START 00:00:00 0 "}, "hidden": {hidden(), "PREGAP 00:03:00 225 START 00:03:00 225 "}} {
		dir := image(t, c.layout)
		got := strings.Join(strings.FieldsFunc(output(t, dir, path, "show-toc", "album.toc"), func(r rune) bool { return strings.ContainsRune(" \n()", r) }), " ")
		want := "TOC TYPE: CD_DA CATALOG NUMBER: 4006381333931 " +
			"TRACK 1 Mode AUDIO: ISRC QZ ABC 26 00001 COPY PERMITTED NO PRE-EMPHASIS TWO CHANNEL AUDIO " + c.first + "END 00:07:00 525 " +
			"TRACK 2 Mode AUDIO: ISRC QZ ABC 26 00002 COPY NOT PERMITTED NO PRE-EMPHASIS TWO CHANNEL AUDIO " +
			"PREGAP 00:01:00 75 START 00:08:00 600 INDEX 2 00:10:00 750 INDEX 3 00:11:25 850 END 00:14:50 1100 " +
			"TRACK 3 Mode AUDIO: ISRC QZ ABC 26 00003 COPY NOT PERMITTED PRE-EMPHASIS TWO CHANNEL AUDIO START 00:14:50 1100 END 00:20:00 1500"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		output(t, dir, path, "read-test", "album.toc")
	}
}

// TestLibcdio: libcdio decodes the packs, whose file the cue sheet names, and reads the TOC's CD-TEXT.
func TestLibcdio(t *testing.T) {
	path := tool(t, "cd-info", "libcdio-utils")
	l := demo()
	// libcdio 2.1 gives the text of the first track that has one to the disc where that has none.
	l.Text.Songwriter, l.Tracks[0].Text.Songwriter = "All of them", "One of them"
	dir := image(t, l)
	data, err := os.ReadFile(filepath.Join(dir, "album.cue"))
	if err != nil {
		t.Fatal(err)
	}
	// Without the lines of text, so that only the packs can say it. It looks for BASE.bin.
	packsOnly := regexp.MustCompile(`(?m)^ *(REM |TITLE|PERFORMER|SONGWRITER).*\n`).ReplaceAll(data, nil)
	for name, content := range map[string][]byte{"packs.cue": packsOnly, "packs.bin": pcm(l)[LeadPause.Bytes():]} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := output(t, dir, path, "--no-header", "--no-device-info", "--cue-file=packs.cue")
	for _, want := range []string{
		"1: 00:02:00  000000 audio  false  yes   2        no\n", "2: 00:10:00  000600 audio  false  no    2        no\n", "3: 00:16:50  001100 audio  false  no    2        yes\n",
		"170: 00:22:00  001500 leadout", "Media Catalog Number (MCN): 4006381333931\n",
		"CD-TEXT for Disc:\n\tTITLE: Früh \"am\" Tag\n\tPERFORMER: Harbour Lights\n\tSONGWRITER: All of them\n\tCOMPOSER: M. Unal\n",
		"\tUPC_EAN: 4006381333931\n", "\tGENRE: from the docks\n", "\tDISC_ID: NL-042\n", "\tGENRE_CODE: 23 (Rock Music)\n",
		"Track  1:\n\tTITLE: Undertow\n\tPERFORMER: Harbour Lights\n\tSONGWRITER: One of them\n\tCOMPOSER: M. Unal\n\tISRC: QZABC2600001\n",
		"Track  2:\n\tTITLE: Slack\\Water\n\tPERFORMER: Harbour Lights feat. Ünal\n\tCOMPOSER: A\n\tISRC: QZABC2600002\n",
		"Track  3:\n\tTITLE: Café\n\tPERFORMER: Harbour Lights\n\tISRC: QZABC2600003\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	libcdioTOC(t, path)
}

// libcdioTOC reads a TOC without what libcdio 2.1 cannot read and cdrdao needs: the map of languages, and
// the genre's numbers.
func libcdioTOC(t *testing.T, path string) {
	l := hidden()
	l.Genre, l.Tracks[0].Text.Title = Genre{}, "Undertow, by night"
	dir := image(t, l)
	data, err := os.ReadFile(filepath.Join(dir, "album.toc"))
	if err != nil {
		t.Fatal(err)
	}
	data = regexp.MustCompile(`(?s)  LANGUAGE_MAP \{.*?\}\n`).ReplaceAll(data, nil)
	if err := os.WriteFile(filepath.Join(dir, "plain.toc"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	got := output(t, dir, path, "--no-header", "--no-device-info", "--toc-file=plain.toc")
	for _, want := range []string{
		"Disc:\n\tTITLE: Early\n\tPERFORMER: Harbour Lights\n\tCOMPOSER: M. Unal\n", "Track  1:\n\tTITLE: Undertow, by night\n", "Track  2:\n\tTITLE: Slack Water\n\tPERFORMER: Unal\n\tCOMPOSER: A\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestTOCStrings: cdrdao's lexer reads a backslash as itself unless a quote or three octal digits follow.
func TestTOCStrings(t *testing.T) {
	for text, want := range map[string]string{"plain": `"plain"`, `a "b"`: `"a \"b\""`, `\`: `"\134"`, "é": `"\351"`, "": `""`} {
		if got := tocString(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
