package iso8583_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/rail/iso8583"
)

// The table of fields that integrators read is the one the codec works by.
func TestDocsListTheFields(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../../docs/cardhost.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[iso8583.Kind]string{iso8583.N: "n", iso8583.AN: "an", iso8583.ANS: "ans", iso8583.Z: "z", iso8583.XN: "x+n", iso8583.B: "b"}
	var want []string
	for n, f := range iso8583.Standard().Fields {
		if f.Len > 0 {
			size := f.Len
			if f.Kind == iso8583.XN {
				size-- // the sign is the x
			}
			want = append(want, fmt.Sprintf("%d %s%s%d", n, kinds[f.Kind], strings.Repeat(".", f.Var), size))
		}
	}
	var got []string
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| (\S+) \|$`).FindAllStringSubmatch(string(doc), -1) {
		got = append(got, row[1]+" "+row[2])
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("the page lists\n%s\nthe codec knows\n%s", g, w)
	}
}
