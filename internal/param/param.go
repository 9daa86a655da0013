// Package param is the vocabulary in which a processor describes its settings:
// their names, units, ranges, defaults and meaning. dsp declares kinds with it,
// spec decodes, checks, documents and prints settings with it, and neither of
// the two imports the other. It holds data only.
package param

// Unit is the unit a number is kept in. A bare number in a project file is
// taken in this unit; a quantity with another unit of the same dimension
// ("0.5 s" where ms is kept) is converted on load.
type Unit string

// The units of the language.
const (
	Plain   Unit = ""       // a pure number
	DB      Unit = "dB"     // a gain or a level difference; levels of signals are in dB relative to full scale
	LUFS    Unit = "LUFS"   // loudness
	LU      Unit = "LU"     // loudness difference
	DBTP    Unit = "dBTP"   // true peak
	Hz      Unit = "Hz"     // frequency or rate
	MS      Unit = "ms"     // a short time
	Seconds Unit = "s"      // a long time
	Percent Unit = "%"      // kept as the number before the sign: 40 % is 40
	Ratio   Unit = ":1"     // compression ratio: 4 or "4:1"
	Slope   Unit = "dB/oct" // steepness of a filter
	BPM     Unit = "bpm"    // tempo
	Bits    Unit = "bit"    // word length
	Pan     Unit = "pan"    // position: -100 (L100) .. 0 (C) .. +100 (R100)
	Degrees Unit = "deg"    // phase
	Kbps    Unit = "kbps"   // bit rate
)

// Type is what shape a setting has.
type Type int

// The shapes of settings, and the Go type each takes in [Values].
const (
	Number  Type = iota // float64 in the param's unit, or the string "auto" where Auto is set
	Choice              // string, one of Choices
	Switch              // bool
	Signal              // string: the name of a stem, bus or return that is listened to (a side-chain)
	Numbers             // []float64
	Items               // []Values, each decoded by Fields
	Chain               // a chain of processors: held by the chain's owner, not by Values
	Chains              // a list of chains: likewise
	File                // string: an audio file's name as it is written; its sound is held beside Values. Not within Items
)

// Param describes one setting.
type Param struct {
	Name     string
	Type     Type
	Unit     Unit
	Min, Max float64  // inclusive range of a Number and of each of Numbers
	Default  any      // nil: none (see Required); otherwise of the Go type that Type names
	Required bool     // must be written by the user
	Auto     bool     // a Number may also be "auto"
	Notes    bool     // a time (or a rate: one cycle) may also be a note length ("1/8.", "1/4t"), resolved with the song's tempo
	Fixed    bool     // a Number that cannot be automated, because latency or structure depends on it
	Choices  []string // of a Choice
	Fields   []Param  // of each of Items
	MinItems int      // of Items, Numbers and Chains
	MaxItems int      // 0: no limit
	Doc      string   // one line: what it does to the sound
}

// Kind describes a kind of processor as the project language sees it.
type Kind struct {
	Name    string // the word in a chain: "compressor"
	Version int    // raised whenever the output bits change; part of every key
	Doc     string // one line
	Params  []Param

	// Check finds what no single range can say ("bands must be one more than
	// split"). It runs on complete values, defaults filled in. It may be nil.
	Check func(Values) []Problem

	// Still says why a number that is not Fixed cannot be automated with these
	// values, since it would change nothing, and what to do; "" where it can. Items
	// are addressed from 1: "bands.2.gain". It may be nil.
	Still func(v Values, path string) string
}

// Problem is a fault in otherwise well-formed values.
type Problem struct {
	Path    string // "bands", "bands[1].freq"; empty for the processor as a whole
	Message string
}

// Param returns the parameter of that name.
func (k Kind) Param(name string) (Param, bool) {
	for _, p := range k.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// AutoValue stands in [Values] for a Number that was left to the processor.
const AutoValue = "auto"

// Values are the settings of one processor (or of one of its Items), complete:
// every parameter that has a default is present. See [Type] for the Go types.
type Values map[string]any

// Num returns a number, or NaN-free zero when the setting is absent or "auto".
func (v Values) Num(name string) float64 { f, _ := v[name].(float64); return f }

// Has reports whether an optional setting is present (and not "auto").
func (v Values) Has(name string) bool {
	s, isString := v[name].(string)
	return v[name] != nil && !(isString && s == AutoValue)
}

// IsAuto reports whether a number was left to the processor.
func (v Values) IsAuto(name string) bool { s, _ := v[name].(string); return s == AutoValue }

// Str returns a Choice or a Signal.
func (v Values) Str(name string) string { s, _ := v[name].(string); return s }

// On returns a Switch.
func (v Values) On(name string) bool { b, _ := v[name].(bool); return b }

// Nums returns a list of numbers.
func (v Values) Nums(name string) []float64 { f, _ := v[name].([]float64); return f }

// List returns a list of groups.
func (v Values) List(name string) []Values { l, _ := v[name].([]Values); return l }

// Defaults returns the values of params when nothing is written: for tests and
// for processors built by code.
func Defaults(params []Param) Values {
	v := Values{}
	for _, p := range params {
		if p.Default != nil {
			v[p.Name] = p.Default
		}
	}
	return v
}

// With returns a copy of v with more settings on top.
func (v Values) With(more Values) Values {
	out := make(Values, len(v)+len(more))
	for k, x := range v {
		out[k] = x
	}
	for k, x := range more {
		out[k] = x
	}
	return out
}
