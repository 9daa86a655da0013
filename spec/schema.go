package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/internal/param"
	"github.com/lathe-audio/lathe/profiles"
)

// Schema returns the JSON Schema (draft 2020-12) of project files, for editors:
// the tables by which files are decoded, and the parameters of the processors
// in the catalogue. What a file means beyond single values (references,
// files that exist, bars that need a tempo) only Load can check.
func Schema(catalogue []param.Kind) []byte {
	s := &schemas{catalogue: catalogue}
	song := s.mapping(projectKeys(false), "")
	album := s.mapping(projectKeys(true), "")
	s.def("chain", s.chain)
	root := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://lathe.audio/schema/project-1.json"},
		{"title", "lathe project"},
		{"description", "A song, or an album: a project whose songs list names song files."},
		{"type", "object"},
		{"if", object{{"required", []string{"songs"}}}},
		{"then", s.def("album", func() object { return album })},
		{"else", s.def("song_project", func() object { return song })},
	}
	root = append(root, member2{"$defs", s.defs})
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic("spec: the schema is not JSON: " + err.Error())
	}
	return out.Bytes()
}

// object is a JSON object whose keys keep the order of the tables.
type object []member2

type member2 struct {
	key   string
	value any
}

// MarshalJSON implements [json.Marshaler].
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		var value bytes.Buffer
		encoder := json.NewEncoder(&value)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
		out.Write(bytes.TrimSpace(value.Bytes()))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// schemas collects definitions that are used in several places.
type schemas struct {
	catalogue []param.Kind
	defs      object
}

// def defines a schema once and refers to it.
func (s *schemas) def(name string, make func() object) object {
	if !slices.ContainsFunc(s.defs, func(m member2) bool { return m.key == name }) {
		at := len(s.defs)
		s.defs = append(s.defs, member2{key: name}) // before make, which may refer to it
		s.defs[at].value = make()
	}
	return object{{"$ref", "#/$defs/" + name}}
}

// mapping describes a mapping by its table. short is the key that a single
// value stands for.
func (s *schemas) mapping(keys []key, short string) object {
	properties, required := object{}, []string{}
	for _, k := range keys {
		properties = append(properties, member2{k.name, s.key(k)})
		if k.required {
			required = append(required, k.name)
		}
	}
	out := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		out = append(out, member2{"required", required})
	}
	out = append(out, member2{"additionalProperties", false})
	if short != "" {
		return anyOf(typOf(keys, short).schema(s), out)
	}
	return out
}

// key describes one key: what may stand there, its meaning and its default.
func (s *schemas) key(k key) object {
	out := k.typ.schema(s)
	p, prints := k.typ.(printer)
	doc := sentence(k.doc)
	if q, ok := asQuantity(k.typ); ok {
		doc += q.sentence()
	}
	switch {
	case prints && k.def != nil:
		doc += " Default: " + p.print(k.def) + "."
	case k.absent != "":
		doc += " Default: " + k.absent + "."
	}
	out = append(out, member2{"description", strings.TrimSpace(doc)})
	if prints && k.def != nil {
		switch v := k.def.(type) {
		case bool:
			out = append(out, member2{"default", v})
		default:
			out = append(out, member2{"default", p.print(v)})
		}
	}
	return out
}

func sentence(doc string) string {
	switch {
	case doc == "":
		return ""
	case strings.HasPrefix(doc, "dB"): // units keep their case
		return doc + "."
	}
	return strings.ToUpper(doc[:1]) + doc[1:] + "."
}

// sentence tells range and unit of a quantity.
func (q quantity) sentence() string {
	text := ""
	if q.bounded() {
		text += fmt.Sprintf(" From %s to %s.", q.format(q.min), q.format(q.max))
	}
	if q.unit != param.Plain && q.unit != param.Pan {
		text += fmt.Sprintf(" A bare number is in %s.", q.unit)
	}
	return text
}

func anyOf(options ...object) object { return object{{"anyOf", options}} }

func oneOrMore(each object) object {
	return anyOf(each, object{{"type", "array"}, {"items", each}})
}

func (q quantity) schema(*schemas) object {
	bare := object{{"type", "number"}}
	if q.whole {
		bare = object{{"type", "integer"}}
	}
	if q.bounded() {
		bare = append(bare, member2{"minimum", q.min}, member2{"maximum", q.max})
	}
	options := []object{bare}
	if q.unit != param.Plain || q.notes || q.bars {
		options = append(options, object{{"type", "string"}, {"pattern", q.pattern()}, {"examples", []string{q.example()}}})
	}
	if len(q.words) > 0 {
		options = append(options, object{{"enum", q.words}})
	}
	if len(options) == 1 {
		return bare
	}
	return anyOf(options...)
}

func (t numbers) schema(s *schemas) object {
	array := object{{"type", "array"}, {"items", t.each.schema(s)}}
	array = counted(array, t.min, t.max)
	if t.min > 1 {
		return array
	}
	return anyOf(t.each.schema(s), array)
}

func counted(array object, least, most int) object {
	if least > 0 {
		array = append(array, member2{"minItems", least})
	}
	if most > 0 {
		array = append(array, member2{"maxItems", most})
	}
	return array
}

func (t choice) schema(*schemas) object {
	var values []any
	for _, w := range t.words {
		values = append(values, w)
		if matches(`^[0-9]+$`, w) { // unquoted it is a number
			values = append(values, json.Number(w))
		}
	}
	return object{{"enum", values}}
}

func (toggle) schema(*schemas) object { return object{{"type", "boolean"}} }

func (t text) schema(*schemas) object {
	out := object{{"type", []string{"string", "number", "boolean"}}}
	if t.pattern != "" {
		if t.quoted {
			out = object{{"type", "string"}}
		}
		out = append(out, member2{"pattern", t.pattern})
	}
	return out
}

func (words) schema(*schemas) object {
	return oneOrMore(object{{"type", []string{"string", "number"}}, {"pattern", namePattern}})
}

func (filePath) schema(*schemas) object {
	return object{{"type", "string"}, {"minLength", 1}, {"pattern", `^[^\\]+$`}}
}

func (rootList) schema(s *schemas) object { return oneOrMore(filePath{}.schema(s)) }
func (output) schema(*schemas) object     { return object{{"type", []string{"string", "number"}}} }
func (signal) schema(*schemas) object     { return object{{"type", []string{"string", "number"}}} }
func (version) schema(*schemas) object    { return object{{"const", LanguageVersion}} }
func (meter) schema(*schemas) object {
	return object{{"type", "string"}, {"pattern", meterPattern}, {"examples", []string{"4/4"}}}
}

func (t record) schema(s *schemas) object {
	return s.def(t.name, func() object {
		out := s.mapping(t.keys, t.short)
		if len(t.either) == 0 {
			return out
		}
		var one []object
		for _, k := range t.either {
			one = append(one, object{{"required", []string{k}}})
		}
		if t.short == "" {
			return append(out, member2{"oneOf", one})
		}
		forms := out[0].value.([]object) // the mapping is the second of them
		forms[1] = append(forms[1], member2{"oneOf", one})
		return out
	})
}

func (t named) schema(s *schemas) object {
	return object{
		{"type", "object"},
		{"propertyNames", object{{"pattern", namePattern}}},
		{"additionalProperties", t.of.schema(s)},
	}
}

func (t items) schema(s *schemas) object {
	each := s.mapping(t.keys, "")
	if t.name != "" {
		each = s.def(t.name, func() object { return s.mapping(t.keys, "") })
	}
	return counted(object{{"type", "array"}, {"items", each}}, t.min, t.max)
}

func (chain) schema(*schemas) object { return object{{"$ref", "#/$defs/chain"}} }

func (t chains) schema(*schemas) object {
	return counted(object{{"type", "array"}, {"items", object{{"$ref", "#/$defs/chain"}}}}, t.min, t.max)
}

// chain describes the entries of a chain: one key, the kind of the processor.
func (s *schemas) chain() object {
	kinds := object{{"preset", object{
		{"type", "string"}, {"minLength", 1}, {"examples", profiles.PresetNames()},
		{"description", "A chain that comes with lathe, or a file of your own by its path (./mine.yaml)."},
	}}}
	var bare []string
	for _, k := range s.catalogue {
		keys := append(keysOf(k.Params), processorKeys...)
		processor := s.def("processor_"+k.Name, func() object { return s.mapping(keys, "") })
		kinds = append(kinds, member2{k.Name, append(processor, member2{"description", sentence(k.Doc)})})
		if !slices.ContainsFunc(k.Params, func(p param.Param) bool { return p.Required }) {
			bare = append(bare, k.Name)
		}
	}
	entry := object{
		{"type", "object"}, {"properties", kinds},
		{"minProperties", 1}, {"maxProperties", 1}, {"additionalProperties", false},
	}
	if len(bare) > 0 {
		entry = anyOf(entry, object{{"enum", bare}})
	}
	return object{{"type", "array"}, {"items", entry}}
}

func (lanes) schema(s *schemas) object {
	return s.def("automation", func() object {
		return object{
			{"type", "object"},
			{"propertyNames", object{{"pattern", `^(gain|pan|width|rotate|mute|[^.]+(\.[^.]+)+)$`}}},
			{"additionalProperties", items{keys: pointKeys(anyValue{}), min: 1, name: "point"}.schema(s)},
		}
	})
}

// anyValue stands in the schema for the value of a point, whose unit depends
// on what is automated.
type anyValue struct{ typ }

func (anyValue) schema(*schemas) object {
	return object{{"type", []string{"number", "string", "boolean"}}}
}

func (onOff) schema(*schemas) object { return object{{"enum", []any{true, false, 0, 1}}} }

func (mixOrFile) schema(s *schemas) object {
	return anyOf(filePath{}.schema(s), record{name: "mix", keys: mixKeys}.schema(s))
}

func (deliverList) schema(s *schemas) object {
	name := object{{"type", "string"}, {"minLength", 1}, {"examples", profiles.DeliveryNames()}}
	over := object{
		{"type", "object"}, {"minProperties", 1},
		{"additionalProperties", record{name: "delivery", keys: deliveryKeys}.schema(s)},
	}
	entry := s.def("deliver_entry", func() object { return anyOf(name, over) })
	return anyOf(entry, object{{"type", "array"}, {"items", entry}, {"minItems", 1}})
}
