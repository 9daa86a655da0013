// Package profiles holds the delivery profiles and the processor presets that
// come with lathe, as plain YAML files in the project language. It only hands
// out their bytes; package spec reads them like any file of a project.
package profiles

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed delivery
var delivery embed.FS

//go:embed all:presets
var presets embed.FS

// Delivery returns the delivery profile of that name ("streaming").
func Delivery(name string) ([]byte, bool) { return read(delivery, "delivery", name) }

// DeliveryNames lists the delivery profiles in alphabetical order.
func DeliveryNames() []string { return names(delivery, "delivery") }

// Preset returns the processor preset of that name ("vocal/lead").
func Preset(name string) ([]byte, bool) { return read(presets, "presets", name) }

// PresetNames lists the processor presets in alphabetical order.
func PresetNames() []string { return names(presets, "presets") }

func read(files embed.FS, folder, name string) ([]byte, bool) {
	if !fs.ValidPath(name) {
		return nil, false
	}
	data, err := files.ReadFile(path.Join(folder, name+".yaml"))
	return data, err == nil
}

func names(files embed.FS, folder string) []string {
	var out []string
	fs.WalkDir(files, folder, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(file) == ".yaml" {
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), ".yaml"))
		}
		return nil
	})
	return out
}
