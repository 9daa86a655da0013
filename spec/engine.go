package spec

import "fmt"

// engineNumber is the type of the key `engine`: the version of the engine that
// a project is pinned to. Another engine may give other bytes, so a pinned
// project is not rendered by it. The value is a string, as in [Options].
type engineNumber struct{}

const enginePattern = `^[1-9][0-9]{0,5}$`

func (engineNumber) decode(d *decoder, n *node, at place) any {
	switch {
	case n.shape != scalar:
		d.fail(n, at, "expected the number of an engine, found "+n.shape.String(), "lathe --version shows the engine of this lathe")
		return nil
	case !n.isBareNumber() && matches(enginePattern, n.text):
		d.fail(n, at, "is a number: write it without quotes", "")
		return nil
	case !n.isBareNumber() || !matches(enginePattern, n.text):
		d.fail(n, at, fmt.Sprintf("expected the number of an engine, such as 1, found %q", n.text), "lathe --version shows the engine of this lathe")
		return nil
	case d.engine != "" && n.text != d.engine:
		d.fail(n, place{}, fmt.Sprintf("this project is pinned to engine %s, and this lathe is engine %s", n.text, d.engine),
			fmt.Sprintf("install a lathe with engine %s (CHANGELOG.md says which that is), or write engine: %s and release anew", n.text, d.engine))
		return nil
	}
	return n.text
}

func (engineNumber) print(v any) string { return v.(string) }

func (engineNumber) schema(*schemas) object {
	return object{{"type", "integer"}, {"minimum", 1}, {"maximum", 999999}}
}
