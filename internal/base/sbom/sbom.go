// Package sbom says what the program is made of: a CycloneDX bill of materials
// from the build information that the compiler writes into the binary, so that
// it can be asked of any binary and lists exactly what is inside. The same
// binary gives the same bytes.
package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// ErrNoInfo tells that the binary was built without modules.
var ErrNoInfo = errors.New("this binary carries no build information")

// WriteOwn writes the bill of the running program.
func WriteOwn(w io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ErrNoInfo
	}
	return Write(w, info)
}

// Write writes the bill of a build.
func Write(w io.Writer, info *debug.BuildInfo) error {
	bom := cyclonedx.NewBOM()
	main := component(&info.Main, cyclonedx.ComponentTypeApplication)
	var properties []cyclonedx.Property
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision", "vcs.time", "vcs.modified", "CGO_ENABLED", "GOOS", "GOARCH", "-trimpath", "-tags":
			properties = append(properties, cyclonedx.Property{Name: "go:" + s.Key, Value: s.Value})
		}
	}
	if len(properties) > 0 {
		main.Properties = &properties
	}
	bom.Metadata = &cyclonedx.Metadata{Component: &main}
	parts := []cyclonedx.Component{{
		BOMRef: "pkg:golang/std@" + info.GoVersion, Type: cyclonedx.ComponentTypeLibrary, Name: "std",
		Version: info.GoVersion, PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, component(m, cyclonedx.ComponentTypeLibrary))
	}
	slices.SortFunc(parts, func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	refs := make([]string, len(parts))
	sum := sha256.New()
	for i, p := range parts {
		refs[i] = p.BOMRef
		fmt.Fprintln(sum, p.BOMRef)
	}
	fmt.Fprintln(sum, main.BOMRef, properties)
	bom.Components = &parts
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	bom.SerialNumber = urn(sum.Sum(nil))
	enc := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON)
	enc.SetPretty(true)
	return enc.EncodeVersion(bom, cyclonedx.SpecVersion1_6)
}

func component(m *debug.Module, kind cyclonedx.ComponentType) cyclonedx.Component {
	version := m.Version
	if version == "" {
		version = "(devel)"
	}
	c := cyclonedx.Component{Type: kind, Name: m.Path, Version: version, BOMRef: "pkg:golang/" + m.Path + "@" + version}
	c.PackageURL = c.BOMRef
	return c
}

// urn makes a UUID of version 8 from a hash: no chance, no clock.
func urn(sum []byte) string {
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return "urn:uuid:" + strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
