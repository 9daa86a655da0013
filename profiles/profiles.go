// Package profiles holds the delivery profiles, the processor presets and what
// streaming services do at playback, as plain YAML files in the project
// language. It only hands out their bytes; package spec reads them like any
// file of a project.
package profiles

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed delivery
var delivery embed.FS

//go:embed all:presets
var presets embed.FS

//go:embed playback
var playback embed.FS

// Delivery returns the delivery profile of that name ("streaming").
func Delivery(name string) ([]byte, bool) { return read(delivery, "delivery", name) }

// DeliveryNames lists the delivery profiles in alphabetical order.
func DeliveryNames() []string { return names(delivery, "delivery") }

// Preset returns the processor preset of that name ("vocal/lead").
func Preset(name string) ([]byte, bool) { return read(presets, "presets", name) }

// PresetNames lists the processor presets in alphabetical order.
func PresetNames() []string { return names(presets, "presets") }

// Playback returns what is known of that streaming service ("spotify"). It is no
// delivery profile: a service's level says what happens to a file, not how to
// make it.
func Playback(name string) ([]byte, bool) { return read(playback, "playback", name) }

// PlaybackNames lists the streaming services in alphabetical order.
func PlaybackNames() []string { return names(playback, "playback") }

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
	slices.Sort(out) // a folder has spotify-loud.yaml before spotify.yaml
	return out
}
