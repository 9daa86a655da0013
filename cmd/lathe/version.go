package main

import (
	"fmt"
	"runtime/debug"

	"github.com/lathe-audio/lathe/render"
)

// version says which lathe this is, and the engine that decides the bytes.
func version() string { return fmt.Sprintf("%s, engine %s", toolVersion(), render.EngineVersion) }

// toolVersion is the module's version or commit, as the Go toolchain recorded it.
func toolVersion() string {
	v := "development"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += " (" + s.Value[:12] + ")"
			}
		}
	}
	return v
}
