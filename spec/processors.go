package spec

import (
	"fmt"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
)

// Setting is a setting of a processor, as it is documented. A bare number in a
// project file is taken in Unit.
type Setting struct {
	Key         string    `json:"key"`
	Type        string    `json:"type"` // "number", "choice", "switch", "name", "signal", "numbers", "list", "chain", "chains" or "file"
	Unit        string    `json:"unit"` // of numbers; "" for plain ones, and where there is none
	Min         *float64  `json:"min"`  // of a number, in Unit; nil: not limited
	Max         *float64  `json:"max"`
	Default     any       `json:"default"` // float64 or []float64 in Unit, string or bool; nil: none
	Required    bool      `json:"required"`
	Automatable bool      `json:"automatable"`
	Auto        bool      `json:"auto"`          // a number may also be "auto"
	NoteLengths bool      `json:"note_lengths"`  // a time (or a rate: one cycle) may also be a note length
	Choices     []string  `json:"choices"`       // of a choice
	Least       int       `json:"least_entries"` // of a list
	Most        int       `json:"most_entries"`  // of a list; 0: not limited
	Meaning     string    `json:"meaning"`       // one sentence
	Settings    []Setting `json:"settings"`      // of each entry of a list
}

// typeNames are the words for the types of settings.
var typeNames = map[param.Type]string{
	param.Number: "number", param.Choice: "choice", param.Switch: "switch", param.Signal: "signal", param.Numbers: "numbers",
	param.Items: "list", param.Chain: "chain", param.Chains: "chains", param.File: "file",
}

// Settings describes the settings of a kind of processor, in the order of its
// parameters. What every processor takes besides is [CommonSettings].
func Settings(params []param.Param) []Setting {
	settings := []Setting{}
	for _, p := range params {
		s := Setting{
			Key: p.Name, Type: typeNames[p.Type], Unit: string(p.Unit), Default: p.Default, Required: p.Required, Automatable: isFixed(p) == nil,
			Auto: p.Auto, NoteLengths: p.Notes, Choices: append([]string{}, p.Choices...), Least: p.MinItems, Most: p.MaxItems,
			Meaning: sentence(p.Doc), Settings: Settings(p.Fields),
		}
		if p.Type == param.Number || p.Type == param.Numbers {
			s.Min, s.Max = &p.Min, &p.Max
		}
		settings = append(settings, s)
	}
	return settings
}

// CommonSettings describes what every processor takes: id, bypass and mix.
func CommonSettings() []Setting {
	var settings []Setting
	for _, k := range processorKeys {
		s := Setting{Key: k.name, Type: "name", Default: k.def, Choices: []string{}, Meaning: sentence(k.doc), Settings: []Setting{}}
		switch t := k.typ.(type) {
		case toggle:
			s.Type = typeNames[param.Switch]
		case quantity:
			s.Type, s.Unit, s.Min, s.Max, s.Automatable = typeNames[param.Number], string(t.unit), &t.min, &t.max, true
		}
		settings = append(settings, s)
	}
	return settings
}

// Accepts says what may be written: "-80 dB to 0 dB", "peak or rms".
func (s Setting) Accepts() string {
	text := s.Type
	switch s.Type {
	case "number", "numbers":
		text = fmt.Sprintf("%s to %s", FormatQuantity(*s.Min, param.Unit(s.Unit)), FormatQuantity(*s.Max, param.Unit(s.Unit)))
	case "choice":
		text = either(s.Choices)
	case "switch":
		text = "true or false"
	case "name":
		text = "a name"
	case "signal":
		text = "a stem, bus or return"
	case "file":
		text = "an audio file"
	case "chain":
		text = "a chain"
	}
	switch {
	case s.Auto && s.NoteLengths:
		text += ", a note length, or auto"
	case s.Auto:
		text += ", or auto"
	case s.NoteLengths:
		text += ", or a note length"
	}
	switch s.Type {
	case "numbers":
		text = s.count() + " of " + text
	case "list":
		text = "a list of " + s.count()
	case "chains":
		text = s.count() + " chains"
	}
	return text
}

// count says how many entries a list may have.
func (s Setting) count() string {
	if s.Most == 0 {
		return fmt.Sprintf("%d or more", max(s.Least, 1))
	}
	return fmt.Sprintf("%d to %d", s.Least, s.Most)
}

// DefaultText is what holds when the setting is left out, as one would write
// it, or "" where that is nothing.
func (s Setting) DefaultText() string {
	switch d := s.Default.(type) {
	case nil:
		return ""
	case float64:
		return FormatQuantity(d, param.Unit(s.Unit))
	case []float64:
		var texts []string
		for _, v := range d {
			texts = append(texts, FormatQuantity(v, param.Unit(s.Unit)))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprint(s.Default)
}

// either joins words with commas, and the last one with "or".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// SuggestKind returns the kind of processor that was probably meant by a word
// that is none, or "": a slip of the finger, or what other programs call it.
func SuggestKind(word string, catalogue []param.Kind) string {
	if name := foreignKinds[strings.ToLower(word)]; name != "" {
		return name
	}
	var names []string
	for _, k := range catalogue {
		names = append(names, k.Name)
	}
	return suggest(word, names)
}
