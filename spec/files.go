package spec

import (
	"cmp"
	"slices"
)

// Files lists what loading a project reads and what the project names, whether
// it is there or not: project and song files, presets and profiles of its own,
// stems, mixes, covers, and the folders under roots. So it also knows, of a
// project that fails to load, the files whose change may mend it. The project
// file comes first, the others in the order in which they are named.
func Files(name string, opts Options) []string {
	d := newDecoder(opts)
	d.project(name)
	var files []string
	for file := range d.order {
		if root := d.parsed[file]; root == nil || root.src.label == "" { // else it comes with lathe
			files = append(files, file)
		}
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(d.order[a], d.order[b]) })
	return files
}
