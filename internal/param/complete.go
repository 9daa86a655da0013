package param

// Complete lays settings over the defaults of params, within the entries of lists
// as well, as the project language does: for what builds processors without it.
func Complete(params []Param, given Values) Values {
	v := Defaults(params).With(given)
	for _, p := range params {
		if p.Type != Items || v[p.Name] == nil {
			continue
		}
		var entries []Values
		for _, entry := range v.List(p.Name) {
			entries = append(entries, Complete(p.Fields, entry))
		}
		v[p.Name] = entries
	}
	return v
}
