package sbom_test

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"testing"

	"rocketbank/internal/base/sbom"
)

// S10: the bill lists exactly what is inside, and the same build gives the
// same bytes.
func TestS10_BillOfMaterials(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Path: "rocketbank", Version: "v2.0.0"},
		Deps: []*debug.Module{
			{Path: "example.com/b", Version: "v1.0.0"},
			{Path: "example.com/a", Version: "v0.1.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v0.2.0"}},
		},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "-ldflags", Value: "secret"}},
	}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := sbom.Write(b, info); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two bills of one build differ")
	}
	var bom struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version, Purl string }
	}
	if err := json.Unmarshal(one.Bytes(), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion != "1.6" || bom.Metadata.Component.Name != "rocketbank" || len(bom.SerialNumber) != len("urn:uuid:")+36 {
		t.Errorf("head %+v", bom)
	}
	purls := map[string]bool{}
	for _, c := range bom.Components {
		purls[c.Purl] = true
	}
	for _, want := range []string{"pkg:golang/example.com/b@v1.0.0", "pkg:golang/example.com/fork@v0.2.0", "pkg:golang/std@1.26.8"} {
		if !purls[want] {
			t.Errorf("%s is missing in %v", want, purls)
		}
	}
	if len(purls) != 3 || bytes.Contains(one.Bytes(), []byte("secret")) {
		t.Errorf("more than was built in: %v", purls)
	}
	if err := sbom.WriteOwn(&one); err != nil {
		t.Error(err)
	}
}
