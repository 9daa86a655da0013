package spec

import (
	"encoding/json"
	"strconv"
	"strings"
)

// AsJSON turns a project file into what an editor's JSON Schema validator sees:
// YAML's own types, with dates as text.
func AsJSON(data []byte) any {
	root := parse(&source{name: "test"}, data, func(d Diagnostic) { panic(d) })
	return root.json()
}

func (n *node) json() any {
	switch n.shape {
	case mapping:
		out := map[string]any{}
		for _, e := range n.entries {
			out[e.key.text] = e.value.json()
		}
		return out
	case sequence:
		out := []any{}
		for _, item := range n.items {
			out = append(out, item.json())
		}
		return out
	}
	switch {
	case n.isNull():
		return nil
	case n.isBareNumber():
		if _, err := strconv.ParseFloat(n.text, 64); err == nil {
			return json.Number(n.text)
		}
	case !n.quoted && n.tag == "!!bool":
		return strings.EqualFold(n.text, "true")
	}
	return n.text
}
