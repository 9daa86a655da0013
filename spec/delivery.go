package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/profiles"
)

// defaultProfile is what a project without `deliver` is delivered as.
const defaultProfile = "streaming"

// maxDeliveries is far above what one release needs.
const maxDeliveries = 100

// none is how a target is switched off.
const none = "none"

// fromMaster marks a Delivery whose MaxReduction is the master's.
const fromMaster = -1

// maxSilence is the most that a delivery puts before or after a song, in seconds.
const maxSilence = 10

// plainKeys are the keys that a delivery profile sets, and that an entry of
// `deliver` may set on top.
var plainKeys = []key{
	{name: "name", typ: text{pattern: namePattern, expect: "a name (letters, digits, _ and -)"}, absent: "the profile's", doc: "folder below the output folder"},
	{name: "from", typ: choice{[]string{"master", "mix"}}, def: "master", doc: "what is delivered: the mastered song, or the mix before the master"},
	{name: "prints", typ: printList{}, absent: "the song whole", doc: "in place of the song its parts, a file each. buses: everything that feeds the mix, returns apart, which always adds up to it; stems, or a list of stems, buses, returns, groups or tags: each as it is heard alone, through its buses and with its share of the returns"},
	{name: "through", typ: choice{[]string{ThroughNone, ThroughMix, ThroughMaster}}, def: ThroughNone, doc: "what prints go through: none, they are taken in front of the mix; mix, its chain and fader; master, the master's chain as well"},
	{name: "dynamics", typ: choice{[]string{DynamicsOwn, DynamicsMain}}, absent: "the version's, of the main version session.dynamics", doc: "of prints, whose level moves the gains on their way. own: each is heard alone; main: what is heard there in the main version, so that the prints of the main version add up to it whatever compressors they go through"},
	{name: "versions", typ: patterns{}, absent: "all; of prints, main", doc: "versions that are delivered; main is the song itself, * stands for any characters"},
	{name: "format", typ: choice{[]string{"wav", "aiff", "aifc", "flac", "mp3", "aac", "opus", "vorbis"}}, def: "wav", doc: "file format; a WAV file above 4 GiB becomes RF64 by itself. mp3, aac (in .m4a), opus and vorbis (in .ogg) are coded with losses by a program on PATH"},
	{name: "sample_rate", typ: quantity{unit: param.Hz, min: 8000, max: 384000, whole: true, words: []string{"session"}, eg: "48 kHz"}, def: "session", doc: "sample rate of the file; session: the rate the song is mixed at"},
	{name: "max_sample_rate", typ: quantity{unit: param.Hz, min: 44100, max: 384000, whole: true, words: []string{none}, eg: "96 kHz"}, def: none, doc: "highest rate of the file where sample_rate is session; above it the rate is divided by the smallest whole number that brings it there"},
	{name: "bit_depth", typ: choice{[]string{"16", "24", "32", "32 float"}}, def: "24", doc: "word length of the file; flac holds 16 or 24, aiff no floats, lossy formats have none"},
	{name: "loudness", typ: quantity{unit: param.LUFS, min: -60, max: 0, words: []string{none}}, def: none, doc: "integrated loudness (BS.1770) of the file; none: as loud as the master is"},
	{name: "tolerance", typ: quantity{unit: param.LU, min: 0.01, max: 5}, def: 0.1, doc: "how far the file's loudness may lie from the target"},
	{name: "ceiling", typ: quantity{unit: param.DBTP, min: -20, max: 0, words: []string{none}}, def: none, doc: "highest true peak of the file; none: no limiter"},
	{name: "peak", typ: quantity{unit: param.DB, min: -30, max: 0, words: []string{none}, eg: "-3 dBFS"}, def: none, doc: "sample peak of the file, to which its level is set, each song by itself, in place of loudness and ceiling; none: not by its peak"},
	{name: "mono_below", typ: quantity{unit: param.Hz, min: 20, max: 500, words: []string{none}, eg: "200 Hz"}, def: none, doc: "below this frequency both channels are made the same, before level and limiter (24 dB/oct, as the imager does it)"},
	{name: "max_reduction", typ: quantity{unit: param.DB, max: 40}, absent: "the master's", doc: "the most that the limiter may take off the peaks; beyond it the build stops"},
	{name: "limiter", typ: limiterRecord, absent: "the master's", doc: "how the peaks are held below the ceiling; a style alone stands for all of it"},
	{name: "max_short_term", typ: quantity{unit: param.LUFS, min: -60, max: 0, words: []string{none}}, def: none, doc: "the loudest 3 s may not be louder than this: where they would be, the file gets as loud as that allows, below its loudness, and the build says so"},
	{name: "min_plr", typ: quantity{unit: param.LU, max: 40, words: []string{none}}, def: none, doc: "true peak over integrated loudness (PLR) may not be less than this: where it would be, the file gets as loud as that allows, below its loudness, and the build says so"},
	{name: "min_psr", typ: quantity{unit: param.LU, max: 40, words: []string{none}}, def: none, doc: "the lowest true peak over loudness of any 3 s (PSR) may not be less than this: where it would be, the file gets as loud as that allows, below its loudness, and the build says so"},
	{name: "dither", typ: choice{ditherNames}, def: "tpdf", doc: ditherDoc},
	{name: "resample", typ: choice{[]string{linearPhase, minimumPhase}}, def: linearPhase, doc: "the filter where the delivery's rate is not the session's. linear: nothing moves in time, and edges ring a little before and after themselves; minimum: nothing rings before them, and the sound comes later by 0.1 ms, the highest treble by more: not for parts that are to add up with others"},
	{name: "head", typ: quantity{unit: param.Seconds, max: maxSilence, eg: "1.5 s"}, def: 0.0, doc: "silence written before the song"},
	{name: "tail", typ: quantity{unit: param.Seconds, max: maxSilence, eg: "1.5 s"}, def: 0.0, doc: "silence written after the song"},
	{name: "loudness_mode", typ: choice{[]string{LoudnessTrack, LoudnessAlbum, LoudnessSolve}}, absent: "the album's", doc: "how an album's songs are brought to this delivery's loudness, or peak: each by itself (as broadcasters ask), all by one gain, or by the album's rules"},
	{name: "split", typ: choice{[]string{SplitSong, SplitSide}}, def: SplitSong, doc: "song: a file for each song. side: of an album, a file for each side of vinyl, with the gaps between its songs, and a sheet of times and advice; a song that is no album's is a file of its own"},
	{name: "images", typ: choiceList{choice{[]string{ImageCue, ImageTOC, ImageDDP}}}, absent: none, doc: "of an album, an image of each disc besides the files of songs: cue, a WAV with a cue sheet; toc, the same with a TOC for cdrdao; ddp, a DDP 2.00 set for a pressing plant; with any of them a PQ sheet. They need 44.1 kHz and 16 bit"},
	{name: "handover", typ: choice{[]string{none, "warn", "strict"}}, def: none, doc: "hold the file against what a mastering engineer expects of a mix: sample peak -6 to -3 dBFS (of prints and other versions, at most -3 dBFS), no clipped runs, the tail not cut, no limiter or clipper in the mix's chain. warn: what is not so is told; strict: the build stops"},
	{name: "file_name", typ: fileTemplate{}, absent: DefaultFileName, doc: fileNameDoc()},
	{name: "characters", typ: choice{[]string{AnyCharacters, ASCIICharacters, DistributorCharacters}}, def: AnyCharacters, doc: "what the file's name is made of, beyond what every file system takes. ascii: printable ASCII, with letters transliterated (ø is o, ß is ss); distributor: letters A to Z, digits, _ and - only, others become _"},
	{name: "rules", typ: ruleList{}, absent: "the profile's", doc: "what the platform asks of the file, held against what is read back from disk. advice: the profile's rules are only told; none: they are not held; or rules of your own in their place. What an entry of `deliver` sets itself (bit_depth, loudness, ...) is only advised against"},
	{name: "metadata", typ: metadataKey{}, def: metadataChoice{preset: basicMetadata}, doc: metadataDoc},
}

// deliveryKeys are all of them; those of lossy formats stand behind the format's.
var deliveryKeys = slices.Insert(plainKeys, slices.IndexFunc(plainKeys, func(k key) bool { return k.name == "bit_depth" })+1, lossyKeys...)

// profileKeys are the keys of a profile file.
var profileKeys = keyTable([]key{
	{name: "title", typ: text{}, doc: "name for people"},
	{name: "doc", typ: text{}, doc: "what it is for, in one line"},
	{name: "group", typ: choice{profileGroups}, absent: "none", doc: "among which profiles it is listed"},
	{name: "source", typ: text{}, doc: "where its figures come from"},
	{name: "date", typ: text{pattern: datePattern, expect: "a date such as 2026-11-20", check: realDate}, doc: "when they were looked up"},
}, deliveryKeys)

// deliverList is the typ of `deliver`: the name of a profile, a mapping from
// profiles to what they are overruled with, or a list of both.
type deliverList struct{}

func (deliverList) decode(_ *decoder, n *node, _ place) any { return n }

// deliveries decodes a list of deliveries; n is nil where none is written.
func (d *decoder) deliveries(n, root *node, at place) []Delivery {
	if n == nil {
		n = &node{src: root.src, line: root.line, col: root.col, width: 1, text: defaultProfile, tag: "!!str", label: "default"}
	}
	if n.isNull() {
		d.fail(n, at, "has no value", "write one, or remove the key")
		return nil
	}
	entries := n.items
	if n.shape != sequence {
		entries = []*node{n}
	}
	if len(entries) > maxDeliveries {
		d.fail(n, at, fmt.Sprintf("has more than %d deliveries", maxDeliveries), "")
		return nil
	}
	var out []Delivery
	names := map[string]*node{}
	for _, e := range entries {
		switch {
		case e.shape == scalar && !e.isNull():
			out = d.delivery(e, nil, at, names, out)
		case e.shape == mapping && len(e.entries) > 0:
			if len(e.entries) > maxDeliveries {
				d.fail(e, at, fmt.Sprintf("has more than %d deliveries", maxDeliveries), "")
				continue
			}
			for _, over := range e.entries {
				out = d.delivery(over.key, over.value, at, names, out)
			}
		default:
			d.fail(e, at, "expected a profile, such as streaming, or streaming: {loudness: -9 LUFS}", "")
		}
	}
	if len(entries) == 0 {
		d.fail(n, at, "is empty", "name at least one profile")
	}
	return out
}

// delivery decodes one entry: a profile, and what is written on top of it.
func (d *decoder) delivery(name, over *node, at place, names map[string]*node, out []Delivery) []Delivery {
	root, label := d.profileFile(name, at)
	if root == nil {
		return out
	}
	at = place{path: at.path, words: "deliver"}
	d.quiet++
	base := d.decode(root, profileKeys, place{words: "profile " + label})
	top := &group{node: name, values: map[string]any{}, at: map[string]*node{}}
	if over != nil {
		top = d.decode(over, deliveryKeys, at.key(label))
	}
	d.quiet--
	l := layers{d: d, top: top, base: base}
	v := Delivery{
		Pos: name.pos(), Name: label, Profile: label,
		Title: base.str("title"), Group: base.str("group"), Source: base.str("source"), Date: base.str("date"),
		MaxReduction: fromMaster,
	}
	for _, g := range []*group{base, top} {
		if s := g.str("name"); g.has("name") && s != "" {
			v.Name = s
		}
	}
	l.at = at.key(v.Name)
	d.explain(Line{Path: l.at.path, Value: "profile " + label, Origin: name.origin(), Doc: base.str("doc")})
	l.fill(&v)
	v.Rules = profileRules(&v, base, top)
	d.explainRules(&v, base, top, l.at)
	at.words = fmt.Sprintf("deliver: %s", v.Name)
	d.checkDither(&v, top, name, at)
	d.checkLimits(&v, top, base, name, at)
	d.fillCoding(&v, l, at)
	d.checkFormat(&v, l, at)
	c, printed := l.get("prints").(printChoice)
	if printed {
		d.checkPrints(&v, c, top, name, at)
	} else {
		for _, key := range []string{"through", "dynamics"} {
			if top.has(key) {
				d.fail(top.at[key], at, key+" is a matter of prints, and there are none", "write prints: buses, or remove it")
			}
		}
	}
	if w, ok := l.get("versions").([]word); ok {
		d.delivered[v.Pos] = w
	}
	d.checkLevel(&v, top, name, at)
	d.checkCarrier(&v, printed, name, at)
	taken := strings.ToLower(v.Name) // some file systems do not tell A from a
	if first := names[taken]; first != nil {
		x := name.diagnostic(fmt.Sprintf("deliver: the name %s is taken", v.Name), fmt.Sprintf("give it another: %s: {name: other}", label))
		x.Notes = []Note{first.note("first used here")}
		d.report(x)
		return out
	}
	names[taken] = name
	return append(out, v)
}

// checkLevel refuses two ways of setting a level at once, and processing that
// would keep prints from adding up.
func (d *decoder) checkLevel(v *Delivery, top *group, name *node, at place) {
	where := func(keys ...string) *node {
		for _, k := range keys {
			if n := top.at[k]; n != nil {
				return n
			}
		}
		return name
	}
	if v.Peak != nil && (v.Loudness != nil || v.Ceiling != nil) {
		other := "loudness"
		if v.Loudness == nil {
			other = "ceiling"
		}
		d.fail(where(other, "peak"), at, "a level is set by peak or by "+other+", not by both", fmt.Sprintf("write peak: none or %s: none", other))
	}
	if _, prints := d.prints[v.Pos]; prints && (v.Peak != nil || v.MonoBelow > 0) {
		key := "peak"
		if v.Peak == nil {
			key = "mono_below"
		}
		d.fail(where(key), at, "prints are left as they are, so that they add up to the mix", fmt.Sprintf("write %s: none", key))
	}
}

// layers are the defaults, the profile and what a project writes on top.
type layers struct {
	d         *decoder
	top, base *group
	at        place
}

// get returns the value of a key from the topmost layer that has it.
func (l layers) get(name string) any {
	k := keyNamed(deliveryKeys, name)
	p := k.typ.(printer)
	for _, g := range []*group{l.top, l.base} {
		if n := g.at[name]; n != nil && g.values[name] != nil {
			l.d.explainValue(l.at.key(name), k, p, g.values[name], n)
			return g.values[name]
		}
	}
	if k.def != nil {
		l.d.explainDefault(l.at.key(name), k, p.print(k.def), k.def)
	}
	return k.def
}

func (l layers) fill(v *Delivery) {
	v.From = l.get("from").(string)
	v.Through = l.get("through").(string)
	v.Dynamics, _ = l.get("dynamics").(string)
	v.Format = l.get("format").(string)
	if rate, ok := l.get("sample_rate").(float64); ok {
		v.SampleRate = int(rate)
	}
	depth := encodedDepth
	if !v.Lossy() {
		depth = l.get("bit_depth").(string)
	}
	fmt.Sscan(depth, &v.BitDepth)
	v.Float = strings.HasSuffix(depth, "float")
	if loudness, ok := l.get("loudness").(float64); ok {
		v.Loudness = &loudness
	}
	v.Tolerance = l.get("tolerance").(float64)
	if ceiling, ok := l.get("ceiling").(float64); ok {
		v.Ceiling = &ceiling
	}
	if rate, ok := l.get("max_sample_rate").(float64); ok {
		v.MaxSampleRate = int(rate)
	}
	if peak, ok := l.get("peak").(float64); ok {
		v.Peak = &peak
	}
	v.MonoBelow, _ = l.get("mono_below").(float64)
	if v.FileName, _ = l.get("file_name").(FileName); v.FileName == nil {
		v.FileName = ParseFileName(DefaultFileName)
	}
	v.Characters = l.get("characters").(string)
	if most, ok := l.get("max_reduction").(float64); ok {
		v.MaxReduction = most
	}
	l.fillLimiter(v)
	v.MaxShortTerm, v.MinPLR, v.MinPSR = l.number("max_short_term"), l.number("min_plr"), l.number("min_psr")
	if v.Dither = encodedNoise; !v.Lossy() {
		v.Dither = ditherOf(l.get("dither").(string))
	}
	v.Resample = l.get("resample").(string)
	v.Head, v.Tail = l.get("head").(float64), l.get("tail").(float64)
	v.LoudnessMode, _ = l.get("loudness_mode").(string)
	v.Split = l.get("split").(string)
	v.Images, _ = l.get("images").([]string)
	v.Handover = l.get("handover").(string)
}

func keyNamed(keys []key, name string) key {
	for _, k := range keys {
		if k.name == name {
			return k
		}
	}
	panic("spec: no key " + name + " in the table")
}

// profileFile reads the profile that n names: one that comes with lathe, or a
// file of the project.
func (d *decoder) profileFile(n *node, at place) (*node, string) {
	if isPath(n.text) {
		root, name := d.included(n, at, "profile")
		return root, strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	data, ok := profiles.Delivery(n.text)
	if !ok {
		d.fail(n, at, fmt.Sprintf("there is no profile %q", n.text),
			didYouMeanOr(n.text, profiles.DeliveryNames(), "there are "+list(profiles.DeliveryNames())+"; one of your own is named by its path"))
		return nil, ""
	}
	return d.builtin("profile "+n.text, data), n.text
}
