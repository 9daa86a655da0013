package render

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Check is one thing that an output, or an album, was held against: a target of
// its delivery, a promise of `assert`, a rule of its profile, or what is expected
// of a mix that is handed over.
type Check struct {
	Rule   string      `json:"rule"` // "target/loudness", "assert/true_peak", "profile/true_peak"
	Status CheckStatus `json:"status"`

	About    string `json:"about"` // an output's path; "streaming" for its songs together; a song's place in the album
	Song     string `json:"song,omitempty"`
	Version  string `json:"version,omitempty"` // "main" or the version's name
	Delivery string `json:"delivery,omitempty"`

	Name    string   `json:"name,omitempty"` // what the project calls the assertion
	What    string   `json:"what"`           // "true peak"
	Limit   string   `json:"limit"`          // "at most -1 dBTP"
	Text    string   `json:"measured"`       // "-0.62 dBTP"; empty where there is nothing to measure
	Value   *float64 `json:"value"`          // the same as a number, in the limit's unit
	At      *float64 `json:"at_s"`           // where in the song
	Message string   `json:"message"`
	Options []string `json:"options,omitempty"` // what may be done
	Mark    string   `json:"mark,omitempty"`    // of a profile's rule: by whom it is known
	Source  string   `json:"source,omitempty"`  // of a profile's rule: where it is written

	File  string `json:"file"` // where the project asks for it
	Line  int    `json:"line"`
	Col   int    `json:"col"`
	Width int    `json:"width,omitempty"` // characters from there; 0: not known

	known bool // advice about what the project itself has decided
}

// CheckStatus is how a check came out.
type CheckStatus string

// How a check may come out.
const (
	CheckMet     CheckStatus = "met"
	CheckFailed  CheckStatus = "failed"  // nothing is delivered
	CheckWarned  CheckStatus = "warning" // not met, and only told
	CheckAdvised CheckStatus = "advice"  // not what is advised, and only told
	CheckSkipped CheckStatus = "skipped" // could not be checked in this build
)

// Pos is where the project asks for what was checked.
func (c Check) Pos() spec.Pos { return spec.Pos{File: c.File, Line: c.Line, Col: c.Col} }

// Handover reports whether it is one of the rules of `handover`.
func (c Check) Handover() bool { return strings.HasPrefix(c.Rule, handoverRule) }

// Asserted reports whether the project asks for it by `assert`.
func (c Check) Asserted() bool { return strings.HasPrefix(c.Rule, assertRule) }

// Advised reports whether it is advice about the master's chain.
func (c Check) Advised() bool { return strings.HasPrefix(c.Rule, adviceRule) }

// The families of rules.
const (
	targetRule   = "target/"
	assertRule   = "assert/"
	handoverRule = "handover/"
	adviceRule   = "advice/"
	profileRule  = "profile/"
)

// finishedJob is an output with what is known of it: everything when it is
// finished, and what the project says of its format before.
type finishedJob struct {
	job
	Output
}

// versionName is the version's name, as assertions and manifests have it.
func (j job) versionName() string {
	if j.version.name == "" {
		return "main"
	}
	return j.version.name
}

// contracts holds outputs against their deliveries and against all that the
// project asserts. files are the outputs that came out right, misses what the
// others miss; all are the outputs of the whole project.
func contracts(p *spec.Project, jobs, all []job, files []staged, misses []Miss) []Check {
	outputs := map[string]Output{}
	for _, f := range files {
		outputs[f.Path] = f.Output
	}
	var checks []Check
	var done []finishedJob
	for _, j := range jobs {
		o, ok := outputs[j.path]
		if !ok {
			checks = append(checks, missedTargets(j, misses)...)
			checks = append(checks, handover(j, nil)...)
			checks = append(checks, profileRules(j, nil)...)
			continue
		}
		done = append(done, finishedJob{j, o})
		checks = append(checks, metTargets(j, o)...)
		checks = append(checks, handover(j, &o)...)
		checks = append(checks, profileRules(j, &o)...)
	}
	for _, a := range p.Assert {
		switch a.Figure {
		case "spread":
			checks = append(checks, spreads(a, done, all)...)
		case "gap":
			checks = append(checks, gaps(a, p)...)
		default:
			checks = append(checks, each(a, done, p.Release)...)
		}
	}
	for _, song := range songs(p) {
		own := slices.DeleteFunc(slices.Clone(done), func(f finishedJob) bool { return f.song != song })
		for _, a := range song.Assert {
			checks = append(checks, each(a, own, p.Release)...)
		}
	}
	return checks
}

// CheckPlan holds a project against those of its assertions that need no sound:
// metadata, formats, and the gaps of an album; mixes that are handed over
// against limiters; and files against what their profiles ask of format and name.
func CheckPlan(p *spec.Project) ([]Check, error) {
	jobs, err := list(p)
	if err != nil {
		return nil, err
	}
	planned := func(j job) finishedJob {
		d := j.delivery
		o := Output{Path: j.path, Format: d.Format, BitDepth: d.BitDepth, Encoding: "pcm", SampleRate: deliveredRate(d, j.song.SampleRate), Channels: 2}
		if d.Float {
			o.Encoding = "float"
		}
		if d.Lossy() {
			o.BitDepth, o.Encoding = 0, d.Format
		}
		o.Tags = (&stage{job: j}).says()
		return finishedJob{j, o}
	}
	var checks []Check
	about := func(asserted []spec.Assertion, mine func(job) bool) {
		for _, a := range asserted {
			if a.Figure == "gap" {
				checks = append(checks, gaps(a, p)...)
				continue
			}
			if a.Figure != "metadata" && a.Allowed == nil {
				continue
			}
			var known []finishedJob
			for _, j := range jobs {
				f := planned(j)
				if mine(j) && (a.Figure != "sample_rate" || f.SampleRate > 0) {
					known = append(known, f)
				}
			}
			checks = append(checks, each(a, known, p.Release)...)
		}
	}
	about(p.Assert, func(job) bool { return true })
	for _, song := range songs(p) {
		checks = append(checks, equaliserAdvice(song)...)
		about(song.Assert, func(j job) bool { return j.song == song })
	}
	for _, j := range jobs {
		if handedOver(j.delivery) {
			checks = append(checks, limiters(j)...)
		}
		checks = append(checks, plannedRules(j, planned(j).Output)...)
	}
	return checks, nil
}

// Failures makes an error of the checks that failed, or nil.
func Failures(checks []Check) error {
	e := &TargetError{}
	for _, c := range checks {
		if c.Status == CheckFailed {
			e.Misses = append(e.Misses, Miss{Pos: c.Pos(), Output: c.About, Message: c.Message, Options: c.Options})
		}
	}
	if len(e.Misses) == 0 {
		return nil
	}
	return e
}

// check holds what was built against targets and assertions. It completes the
// error of a build that missed targets; any other error stays what it is.
func (b *builder) check(p *spec.Project, jobs, all []job, files []staged, err error) ([]Check, error) {
	var missed *TargetError
	if err != nil && !errors.As(err, &missed) {
		return nil, err
	}
	var misses []Miss
	if missed != nil {
		misses = missed.Misses
	}
	checks := contracts(p, jobs, all, files, misses)
	checks = append(checks, advice(p, jobs, files, b.chains)...)
	checks = append(checks, b.discs(misses)...)
	return checks, Failures(checks)
}

// discs are the checks of the discs that were asked for.
func (b *builder) discs(misses []Miss) []Check {
	var checks []Check
	for _, c := range b.asked {
		if c.disc == 0 {
			continue
		}
		check := target(c.jobs[0], discTarget, "disc", "a Red Book disc")
		check.Song, check.About = c.jobs[0].release.Title, c.what()
		check.Message, check.Text = c.what()+" is a Red Book disc", check.Limit
		for _, m := range misses {
			if m.Target == discTarget && m.Output == c.paths()[0] {
				failed := check
				failed.Status, failed.Text, failed.Message = CheckFailed, "", m.Message
				checks = append(checks, failed)
			}
		}
		switch {
		case len(checks) > 0 && checks[len(checks)-1].About == check.About:
			continue
		case len(misses) > 0:
			check.Status, check.Text, check.Message = CheckSkipped, "", "not checked: an output missed its target"
		}
		checks = append(checks, check)
	}
	return checks
}

// tell makes events of checks.
func (b *builder) tell(checks []Check) {
	for i, c := range checks {
		if c.Status == CheckWarned || c.Status == CheckSkipped && c.Asserted() {
			b.event(Event{Event: Warning, Song: c.Song, Pos: c.Pos(), Message: c.About + ": " + c.Message})
		}
		b.event(Event{Event: Checked, Song: c.Song, Check: &checks[i]})
	}
	for _, n := range notes(checks) {
		b.event(n)
	}
}

// right lists those outputs of a song that came out right, beside others that
// did not.
func (s *laid) right() []staged {
	var out []staged
	for i := range s.stages {
		st := &s.stages[i]
		if st.asked && !st.failed() {
			out = append(out, staged{Output: st.named(st.output)})
		}
	}
	return out
}

// failed reports whether an output missed its target, or is made together with one
// that did.
func (s *stage) failed() bool {
	return s.miss != nil || s.pool != nil && s.pool.missed() || s.run != nil && s.run.missed()
}

// target is a check of what an output's delivery asks for.
func target(j job, rule, what, limit string) Check {
	return Check{
		Rule: targetRule + rule, Status: CheckMet, About: j.path, Song: j.song.Title, Version: j.versionName(), Delivery: j.delivery.Name,
		What: what, Limit: limit, File: j.delivery.Pos.File, Line: j.delivery.Pos.Line, Col: j.delivery.Pos.Col,
	}
}

// targets lists what a delivery asks for, in the order in which it is met.
func targets(j job) []Check {
	d := j.delivery
	checks := []Check{target(j, "format", "format", deliveredKind(d))}
	if d.Loudness != nil {
		limit := fmt.Sprintf("%s ±%s", spec.FormatQuantity(*d.Loudness+j.trim, "LUFS"), spec.FormatQuantity(d.Tolerance, "LU"))
		for _, c := range capsOf(d) {
			limit += ", or as loud as " + c.name + " lets it be"
		}
		if j.pooled() {
			limit = fmt.Sprintf("%s ±%s", spec.FormatQuantity(*d.Loudness, "LUFS"), spec.FormatQuantity(poolTolerance, "LU"))
		}
		checks = append(checks, target(j, "loudness", "loudness", limit))
	}
	if d.Peak != nil {
		limit := fmt.Sprintf("%s ±%s", dBFS(*d.Peak+j.trim), spec.FormatQuantity(spec.PeakTolerance, "dB"))
		if j.pooled() { // one song of the album has it
			limit = "at most " + dBFS(*d.Peak)
		}
		checks = append(checks, target(j, "peak", "sample peak", limit))
	}
	for _, c := range capsOf(d) {
		checks = append(checks, target(j, c.name, c.what, c.limits()))
	}
	if d.Ceiling != nil {
		checks = append(checks, target(j, "ceiling", "true peak", "at most "+spec.FormatQuantity(*d.Ceiling, "dBTP")))
	}
	return checks
}

// wordLength is "wav 24-bit".
func wordLength(format string, bits int, float bool) string {
	text := fmt.Sprintf("%s %d-bit", format, bits)
	if float {
		text += " float"
	}
	return text
}

// metTargets are the targets of an output that came out right: it would not be
// there otherwise.
func metTargets(j job, o Output) []Check {
	checks := targets(j)
	for i := range checks {
		c := &checks[i]
		switch c.Rule {
		case targetRule + "format":
			c.Text = o.Kind() + " " + spec.FormatQuantity(float64(o.SampleRate), "Hz")
		case targetRule + "loudness":
			if j.pooled() {
				c.What = "loudness of the album"
				c.measured(o.AlbumIntegrated, nil, func(v float64) string { return spec.FormatQuantity(v, "LUFS") })
				break
			}
			c.measured(o.Integrated, nil, func(v float64) string { return spec.FormatQuantity(v, "LUFS") })
		case targetRule + "peak":
			c.measured(o.SamplePeak, nil, dBFS)
		case targetRule + "max_short_term":
			c.measured(o.MaxShortTerm, o.MaxShortTermAt, func(v float64) string { return spec.FormatQuantity(v, "LUFS") })
		case targetRule + "min_plr":
			c.measured(o.PLR, o.TruePeakAt, func(v float64) string { return spec.FormatQuantity(v, "LU") })
		case targetRule + "min_psr":
			c.measured(o.PSR, nil, func(v float64) string { return spec.FormatQuantity(v, "LU") })
		case targetRule + "ceiling":
			c.measured(o.TruePeak, o.TruePeakAt, func(v float64) string { return spec.FormatQuantity(v, "dBTP") })
		}
		c.Message = c.sentence("at")
	}
	return checks
}

// missedTargets are the targets of an output that missed one of them; how the
// others would have come out is not known.
func missedTargets(j job, misses []Miss) []Check {
	at := slices.IndexFunc(misses, func(m Miss) bool { return m.Output == j.path })
	checks := targets(j)
	failed := min(1, len(checks)-1) // the level, where it does not say
	for i := range checks {
		checks[i].Status, checks[i].Message = CheckSkipped, "not checked: another target of this output was missed"
		if at >= 0 && misses[at].Target != "" && checks[i].Rule == targetRule+misses[at].Target {
			failed = i
		}
	}
	if at >= 0 {
		checks[failed].Status, checks[failed].Message, checks[failed].Options = CheckFailed, misses[at].Message, misses[at].Options
	}
	return checks
}

// measured notes a number and where in the song it is.
func (c *Check) measured(v, at *float64, format func(float64) string) {
	if v == nil {
		return
	}
	c.Text, c.Value, c.At = format(*v), v, at
}

// sentence says what was measured, where, and what was asked for. place is the
// word before the time: "at" a moment, or "from" where a window begins.
func (c *Check) sentence(place string) string {
	text := c.What + " is " + c.Text
	if c.Text == "" {
		text = c.What + " cannot be measured"
	}
	if c.At != nil {
		text += " " + place + " " + spec.FormatClock(*c.At)
	}
	switch {
	case c.Status != CheckMet:
		text += ", where " + c.Limit + " is asserted"
	case c.Text != c.Limit:
		text += " (" + c.Limit + ")"
	}
	if c.Name != "" {
		text = c.Name + ": " + text
	}
	return text
}

// begin makes the check of an assertion, which is met until it fails.
func begin(a spec.Assertion, about string) Check {
	rule := assertRule + a.Figure
	if a.Field != "" {
		rule += "/" + a.Field
	}
	return Check{
		Rule: rule, Status: CheckMet, About: about, Name: a.Name, What: a.What(), Limit: a.Demand(),
		File: a.Pos.File, Line: a.Pos.Line, Col: a.Pos.Col, Width: a.Width,
	}
}

// fail marks a check as not met.
func (c *Check) fail(a spec.Assertion) {
	c.Status = CheckFailed
	if a.Warn {
		c.Status = CheckWarned
	}
}

// each holds every output that an assertion is about against it.
func each(a spec.Assertion, outputs []finishedJob, release *spec.Release) []Check {
	var checks []Check
	for _, f := range outputs {
		if !a.Covers(f.number, f.versionName(), f.delivery.Name) {
			continue
		}
		c := begin(a, f.path)
		c.Song, c.Version, c.Delivery = f.song.Title, f.versionName(), f.delivery.Name
		switch {
		case a.Field != "":
			c.Text = f.word(a.Field, release)
			if !a.Matches(c.Text) {
				c.fail(a)
			}
			c.Message = c.wording(f.job, a)
		case a.Allowed != nil:
			c.Text = formatFigure(a.Figure, f.Output)
			if !slices.Contains(a.Allowed, c.Text) {
				c.fail(a)
			}
			c.Message = c.sentence("at")
		default:
			v, at, place := numberFigure(a.Figure, f.Output)
			c.measured(v, at, a.Format)
			if v == nil || !a.Keeps(*v) {
				c.fail(a)
			}
			c.Message = c.sentence(place)
		}
		checks = append(checks, c)
	}
	return checks
}

// wording is sentence for a text.
func (c *Check) wording(j job, a spec.Assertion) string {
	text := fmt.Sprintf("%s is %q", c.What, c.Text)
	if c.Text == "" {
		text = c.What + " is missing"
		if len(j.delivery.Metadata) == 0 {
			text += " (the delivery's metadata is off)"
		}
	}
	if c.Status != CheckMet && a.Pattern != "*" {
		text += fmt.Sprintf(", where %s is asserted", c.Limit)
	}
	if c.Name != "" {
		text = c.Name + ": " + text
	}
	return text
}

// word is the text of a field of metadata: what goes into the file, for fields
// that do, and else what the project says.
func (j job) word(field string, release *spec.Release) string {
	if text := j.texts()[field]; text != "" {
		if len(j.delivery.Metadata) == 0 && slices.Contains(audiofile.InfoTags(), field) {
			return ""
		}
		return text
	}
	s, r := j.song, spec.Release{}
	if release != nil {
		r = *release
	}
	switch field {
	case "isrc":
		return s.ISRC
	case "composer":
		return s.Composer
	case "language":
		return s.Language
	case "label":
		return r.Label
	case "catalog":
		return r.Catalog
	case "upc":
		return r.UPC
	case "cover":
		if r.Cover != nil {
			return r.Cover.Name
		}
	}
	return ""
}

// formatFigure is a property of an output as the project would write it.
func formatFigure(name string, o Output) string {
	switch name {
	case "format":
		if o.Format == "rf64" { // what WAV becomes above 4 GiB
			return "wav"
		}
		return o.Format
	case "sample_rate":
		return spec.FormatQuantity(float64(o.SampleRate), "Hz")
	case "bit_depth":
		return bitDepth(o)
	case "channels":
		return strconv.Itoa(o.Channels)
	}
	return ""
}

func bitDepth(o Output) string {
	if o.Encoding == "float" {
		return fmt.Sprintf("%d float", o.BitDepth)
	}
	if o.BitDepth == 0 { // lossy
		return "none"
	}
	return strconv.Itoa(o.BitDepth)
}

// numberFigure is a measured number of an output, where in the song it was
// found, and how to say that: "at" a moment, "from" where a window begins. What
// cannot be measured, such as the loudness of silence, is nil.
func numberFigure(name string, o Output) (v, at *float64, place string) {
	switch name {
	case "loudness":
		return o.Integrated, nil, ""
	case "short_term":
		return o.MaxShortTerm, o.MaxShortTermAt, "from"
	case "momentary":
		return o.MaxMomentary, o.MaxMomentaryAt, "from"
	case "loudness_range":
		return o.Range, nil, ""
	case "true_peak":
		return o.TruePeak, o.TruePeakAt, "at"
	case "sample_peak":
		return o.SamplePeak, nil, ""
	case "rms":
		return o.RMS, nil, ""
	case "noise_floor":
		return o.NoiseFloor, nil, ""
	case "crest":
		return o.Crest, nil, ""
	case "plr":
		return o.PLR, nil, ""
	case "psr":
		return o.PSR, nil, ""
	case "dr":
		return whole(o.DR), nil, ""
	case "reduction":
		if o.Reduction > 0 {
			at = &o.ReductionAt
		}
		return &o.Reduction, at, "at"
	case "duration":
		return &o.Duration, nil, ""
	case "head_silence":
		return &o.HeadSilence, nil, ""
	case "tail_silence":
		begins := o.Duration - o.TailSilence
		return &o.TailSilence, &begins, "from"
	case "correlation":
		return o.Correlation, nil, ""
	case "correlation_min":
		return o.CorrelationMin, o.CorrelationMinAt, "from"
	case "dc_offset":
		if o.DCOffset == nil {
			return nil, nil, ""
		}
		share := math.Round(math.Abs(*o.DCOffset)*1e7) / 1e5 // percent
		return &share, nil, ""
	case "clipped_runs":
		runs := float64(o.ClippedRuns)
		if len(o.ClippedAt) > 0 {
			at = &o.ClippedAt[0]
		}
		return &runs, at, "at"
	}
	return nil, nil, ""
}

func whole(n *int) *float64 {
	if n == nil {
		return nil
	}
	x := float64(*n)
	return &x
}

// spreads holds an album's songs against each other, for each delivery and
// version by itself. Where not all of them were built, their spread is not known.
func spreads(a spec.Assertion, done []finishedJob, all []job) []Check {
	type set struct{ delivery, version string }
	var order []set
	members, expected := map[set][]finishedJob{}, map[set]int{}
	for _, j := range all {
		at := set{j.delivery.Name, j.versionName()}
		if a.Covers(j.number, at.version, at.delivery) {
			if expected[at] == 0 {
				order = append(order, at)
			}
			expected[at]++
		}
	}
	for _, f := range done {
		at := set{f.delivery.Name, f.versionName()}
		if a.Covers(f.number, at.version, at.delivery) {
			members[at] = append(members[at], f)
		}
	}
	var checks []Check
	for _, at := range order {
		c := begin(a, at.delivery)
		if at.version != "main" {
			c.About += " (" + at.version + ")"
		}
		c.Version, c.Delivery = at.version, at.delivery
		switch songs := members[at]; {
		case len(songs) < expected[at]:
			c.Status = CheckSkipped
			c.Message = fmt.Sprintf("%s is not checked: only %d of its %d songs were built", c.What, len(songs), expected[at])
		default:
			c.spread(a, songs)
		}
		checks = append(checks, c)
	}
	return checks
}

// spread compares the songs of one delivery and version.
func (c *Check) spread(a spec.Assertion, songs []finishedJob) {
	low, high := songs[0], songs[0]
	for _, f := range songs {
		if f.Integrated == nil {
			c.fail(a)
			c.Message = fmt.Sprintf("%s cannot be measured: %q has no loudness", c.What, f.song.Title)
			return
		}
		if *f.Integrated < *low.Integrated {
			low = f
		}
		if *f.Integrated > *high.Integrated {
			high = f
		}
	}
	v := round(*high.Integrated - *low.Integrated)
	c.measured(&v, nil, a.Format)
	if !a.Keeps(v) {
		c.fail(a)
	}
	lufs := func(f finishedJob) string {
		return fmt.Sprintf("%q (%s)", f.song.Title, spec.FormatQuantity(*f.Integrated, "LUFS"))
	}
	c.Message = c.sentence("") + ": from " + lufs(low) + " to " + lufs(high)
}

// gaps holds what lies between the songs of an album against an assertion.
func gaps(a spec.Assertion, p *spec.Project) []Check {
	var checks []Check
	for i, s := range p.Songs {
		if i == 0 || !a.Covers(s.Number, "main", "") {
			continue
		}
		c := begin(a, fmt.Sprintf("song %d", s.Number))
		c.Song = s.Song.Title
		v := s.Gap
		if s.Crossfade.Length > 0 {
			v = -s.Crossfade.Length
		}
		c.measured(&v, nil, a.Format)
		c.What = fmt.Sprintf("gap before %q", s.Song.Title)
		if !a.Keeps(v) {
			c.fail(a)
		}
		c.Message = c.sentence("")
		checks = append(checks, c)
	}
	return checks
}

// take takes over what was measured of the finished file.
func (o *Output) take(r measure.Report) {
	o.Integrated, o.Range = rounded(r.Integrated), rounded(r.Range)
	o.MaxMomentary, o.MaxShortTerm = rounded(r.MaxMomentary), rounded(r.MaxShortTerm)
	o.MaxMomentaryAt, o.MaxShortTermAt = moment(r.MaxMomentaryAt), moment(r.MaxShortTermAt)
	o.TruePeak, o.TruePeakAt, o.SamplePeak = rounded(r.TruePeak), moment(r.TruePeakAt), rounded(r.SamplePeak)
	o.PLR, o.PSR, o.DR, o.Crest = rounded(r.PLR), rounded(r.PSR), r.DR, rounded(r.Crest)
	o.RMS, o.NoiseFloor = rounded(r.RMS), rounded(r.NoiseFloor)
	o.Correlation, o.CorrelationMin, o.CorrelationMinAt = rounded(r.Correlation), rounded(r.CorrelationMin), moment(r.CorrelationMinAt)
	if r.DCOffset != nil {
		dc := math.Round(*r.DCOffset*1e7)/1e7 + 0 // + 0: no negative zero
		o.DCOffset = &dc
	}
	o.ClippedRuns = r.ClippedRuns
	for _, at := range r.ClippedAt {
		o.ClippedAt = append(o.ClippedAt, *moment(&at))
	}
	o.HeadSilence, o.TailSilence = *moment(&r.HeadSilence), *moment(&r.TailSilence)
}

// moment keeps microseconds of a time.
func moment(seconds *float64) *float64 {
	if seconds == nil {
		return nil
	}
	s := math.Round(*seconds*1e6) / 1e6
	return &s
}
