package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"rocketbank/internal/base/sbom"
)

type versionCmd struct {
	SBOM bool `name:"sbom" help:"Print the bill of materials instead, CycloneDX JSON."`
}

// Run prints the version from the build information, so that no build step
// has to remember to set it.
func (c versionCmd) Run(out io.Writer) error {
	if c.SBOM {
		return sbom.WriteOwn(out)
	}
	version, revision, dirty := "devel", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = " " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " (modified)"
			}
		}
	}
	_, err := fmt.Fprintf(out, "rocketbank %s%s%s %s %s/%s\n", version, revision, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
