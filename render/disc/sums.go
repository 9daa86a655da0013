package disc

import (
	"context"
	"crypto/md5"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Sum is a line of a checksum file.
type Sum struct {
	In   string // the checksum file
	Kind string // "MD5" or "CRC32"
	Name string // the file it is about
	Want string // hexadecimal, in small letters
	Got  string // what Verify found; empty before, or where the file is missing
}

// Shapes of lines in checksum files: as md5sum and as BSD's md5 write them, and NAME=SUM.
var sumLines = []*regexp.Regexp{
	regexp.MustCompile(`^(?P<sum>[0-9a-fA-F]{32})\s+\*?(?P<name>\S.*)$`),
	regexp.MustCompile(`^MD5 ?\((?P<name>.+)\) ?= ?(?P<sum>[0-9a-fA-F]{32})$`),
	regexp.MustCompile(`^(?P<name>\S.*?)\s*[=:]\s*(?P<sum>[0-9a-fA-F]{32}|[0-9a-fA-F]{8})$`),
}

// isSumFile reports whether a name is one that programs give to checksum files: CHECKSUM.MD5 and
// CHECKSUM.TXT, MD5-Checksum.md5, MD5_CHECKSUM.MD5, Checksum.chk.
func isSumFile(upper string) bool {
	return strings.HasSuffix(upper, ".MD5") || strings.HasSuffix(upper, ".CHK") || strings.Contains(upper, "CHECKSUM")
}

// readSums reads the checksum files.
func (r *reader) readSums() {
	var files []string
	for upper, name := range r.names {
		if isSumFile(upper) && !r.isStream(name) {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		r.readSumFile(file)
	}
	if len(r.ddp.Sums) == 0 {
		r.wrong(Warning, "checksums", "", "there is no checksum file: damage on the way would not be noticed")
		return
	}
	for _, name := range r.toBeSummed() {
		if !slices.ContainsFunc(r.ddp.Sums, func(s Sum) bool { return strings.EqualFold(s.Name, name) }) {
			r.wrong(Warning, "checksums", name, "no checksum file names it")
		}
	}
}

func (r *reader) isStream(name string) bool {
	return slices.ContainsFunc(r.ddp.Streams, func(s Stream) bool { return s.file == name })
}

// toBeSummed are the files of the DDP that are there.
func (r *reader) toBeSummed() (list []string) {
	for _, name := range []string{fileID, fileMap} {
		if file, there := r.find(name); there {
			list = append(list, file)
		}
	}
	for _, s := range r.ddp.Streams {
		if s.Size >= 0 && !slices.Contains(list, s.file) {
			list = append(list, s.file)
		}
	}
	return list
}

func (r *reader) readSumFile(file string) {
	strange := 0
	for line := range strings.Lines(string(r.read(file, maxSumBytes))) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\uFEFF"))
		if line == "" || strings.ContainsRune("#;[", rune(line[0])) || strings.HasPrefix(line, "Version=") {
			continue
		}
		if s, ok := parseSum(line); ok {
			s.In = file
			r.ddp.Sums = append(r.ddp.Sums, s)
		} else {
			strange++
		}
	}
	if strange > 0 {
		r.wrong(Warning, "checksums", file, "%d lines are no checksum in a form that is known", strange).numbers(strange, 0, "lines")
	}
}

func parseSum(line string) (Sum, bool) {
	for _, shape := range sumLines {
		m := shape.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		s := Sum{Kind: "MD5", Name: m[shape.SubexpIndex("name")], Want: strings.ToLower(m[shape.SubexpIndex("sum")])}
		if len(s.Want) == 8 {
			s.Kind = "CRC32"
		}
		s.Name = s.Name[strings.LastIndexAny(s.Name, `/\`)+1:] // some write the path of their own machine
		return s, true
	}
	return Sum{}, false
}

// VerifyDDP is ReadDDP and looks at every byte: checksums, and whether the first two seconds are silent. The
// context is looked at while files are read.
func VerifyDDP(ctx context.Context, fsys fs.FS) (*DDP, error) {
	r, err := newReader(fsys)
	if err != nil {
		return nil, err
	}
	r.readAll()
	own := r.ddp.Findings
	r.list = nil
	sums := r.digest(ctx)
	for i := range r.ddp.Sums {
		r.holdSum(&r.ddp.Sums[i], sums)
	}
	r.ddp.Findings = append(own, r.list...)
	return &r.ddp, r.err
}

// holdSum holds one line against the file.
func (r *reader) holdSum(s *Sum, sums map[string]map[string]string) {
	file, there := r.find(s.Name)
	if !there {
		r.wrong(Error, "checksums", s.Name, "is missing: %s names it", s.In)
		return
	}
	if s.Got = sums[file][s.Kind]; s.Got != s.Want {
		r.wrong(Error, "checksums", file, "has the %s %s, %s says %s", s.Kind, s.Got, s.In, s.Want)
	}
}

// digest reads every file that is part of the DDP or has a checksum.
func (r *reader) digest(ctx context.Context) map[string]map[string]string {
	list := r.toBeSummed()
	for _, s := range r.ddp.Sums {
		if file, there := r.find(s.Name); there && !slices.Contains(list, file) {
			list = append(list, file)
		}
	}
	image := r.stream((*Stream).isAudio)
	sums := map[string]map[string]string{}
	for _, file := range list {
		var pause *pauseWatch
		if image != nil && image.file == file {
			pause = &pauseWatch{}
		}
		sums[file] = r.digestFile(ctx, file, pause)
		if pause != nil && pause.sound > 0 {
			at := MSF((pause.sound - 1) / BytesPerFrame)
			r.wrong(Warning, "first-pregap", file, "there is sound in the first two seconds, at %v: no player begins there", at).numbers(int(at), int(LeadPause), "frames")
		}
	}
	return sums
}

func (r *reader) digestFile(ctx context.Context, file string, pause *pauseWatch) map[string]string {
	f, err := r.fsys.Open(file)
	if err != nil {
		r.fail(err)
		return nil
	}
	defer f.Close()
	sum, crc := md5.New(), crc32.NewIEEE()
	to := []io.Writer{sum, crc}
	if pause != nil {
		to = append(to, pause)
	}
	buf := make([]byte, 1<<18)
	if _, err := io.CopyBuffer(io.MultiWriter(to...), &untilDone{ctx, f}, buf); err != nil {
		r.fail(err)
		return nil
	}
	hex := func(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }
	return map[string]string{"MD5": hex(sum), "CRC32": hex(crc)}
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// pauseWatch looks for sound in the first two seconds of an image.
type pauseWatch struct {
	seen  int64
	sound int64 // bytes up to and with the first one of sound
}

func (w *pauseWatch) Write(p []byte) (int, error) {
	if rest := LeadPause.Bytes() - w.seen; rest > 0 && w.sound == 0 {
		for i, b := range p[:min(rest, int64(len(p)))] {
			if b != 0 {
				w.sound = w.seen + int64(i) + 1
				break
			}
		}
	}
	w.seen += int64(len(p))
	return len(p), nil
}
