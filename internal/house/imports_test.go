package house

import (
	"slices"
	"strings"
	"testing"
)

// floor says what one kind of room may import from the house. Imports only go
// down: cmd → app → door → bank → ledger → base; partner, rail and sandbox
// stand beside. `self` means other rooms under the same prefix.
type floor struct {
	prefix string
	may    []string
	// outside limits packages that are neither ours nor the standard
	// library's; nil means any agreed dependency.
	outside []string
}

var floors = []floor{
	{prefix: "cmd", may: []string{"internal"}},
	{prefix: "e2e", may: []string{"internal/base"}},
	{prefix: "internal/house", may: []string{}},
	{prefix: "internal/app", may: []string{"internal"}},
	{prefix: "internal/door/ui", may: []string{"internal/door/ui", "internal/base", "internal/rail"}},
	{prefix: "internal/door/web", may: []string{"internal/door/web", "internal/base", "internal/rail"}},
	{prefix: "internal/door", may: []string{"self", "internal/door/ui", "internal/door/web", "internal/door/web", "internal/bank", "internal/ledger", "internal/base", "internal/rail"}},
	{prefix: "internal/bank", may: []string{"internal/bank", "internal/ledger", "internal/base", "internal/rail"}},
	{prefix: "internal/partner", may: []string{"self", "internal/bank", "internal/base", "internal/rail"}},
	{prefix: "internal/sandbox", may: []string{"internal/sandbox", "internal/rail", "internal/base/fault", "internal/base/money", "internal/base/id",
		"internal/base/phone", "internal/base/locale", "internal/base/clock"}},
	{prefix: "internal/ledger", may: []string{"internal/ledger", "internal/base"}},
	{prefix: "internal/rail", may: []string{"internal/rail", "internal/base/money"}, outside: []string{"golang.org/x/text"}},
	{prefix: "internal/base/money", may: []string{}, outside: []string{}},
	{prefix: "internal/base/id", may: []string{}, outside: []string{}},
	{prefix: "internal/base/fault", may: []string{}, outside: []string{}},
	{prefix: "internal/base", may: []string{"internal/base"}},
}

// floorOf finds the floor of a room by its longest prefix.
func floorOf(room string) (floor, bool) {
	best := floor{}
	for _, f := range floors {
		if under(room, f.prefix) && len(f.prefix) > len(best.prefix) {
			best = f
		}
	}
	return best, best.prefix != ""
}

func under(room, prefix string) bool { return room == prefix || strings.HasPrefix(room, prefix+"/") }

// self gives the room's own home: internal/door/cabinet for a part of it.
func self(room, prefix string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(room, prefix), "/")
	first, _, _ := strings.Cut(rest, "/")
	return prefix + "/" + first
}

// wrongImport tells why a room may not import a package, "" if it may.
func wrongImport(room, imported string) string {
	f, ok := floorOf(room)
	if !ok {
		return "the room stands on no known floor: put it into docs/architecture.md and into this test"
	}
	ours, isOurs := strings.CutPrefix(imported, module+"/")
	if !isOurs {
		if f.outside == nil || standard(imported) || slices.ContainsFunc(f.outside, func(p string) bool { return under(imported, p) }) {
			return ""
		}
		return "only the standard library" + strings.Join(append([]string{""}, f.outside...), " and ") + " may be imported here"
	}
	if (under(ours, "internal/partner") || under(ours, "internal/sandbox")) && f.prefix != "internal/app" && !under(room, ours) && !under(ours, self(room, f.prefix)) &&
		!(f.prefix == "internal/sandbox" && under(ours, "internal/sandbox")) {
		return "only app knows partners and the sandbox"
	}
	if under(ours, "internal/app") && f.prefix != "cmd" && f.prefix != "internal/app" {
		return "only cmd stands above app"
	}
	for _, m := range f.may {
		if m == "self" {
			m = self(room, f.prefix)
		}
		if under(ours, m) {
			return ""
		}
	}
	return "the arrow points up or across; from here one may import only " + strings.Join(f.may, ", ")
}

// standard tells a package of the standard library: no dot in its first part.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packagesOf(t) {
		for _, im := range p.Imports {
			if why := wrongImport(p.room(), im); why != "" {
				t.Errorf("%s imports %s: %s", p.room(), im, why)
			}
		}
	}
}

// The rule itself: arrows that must be refused are refused.
func TestImportRule(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		ok       bool
	}{
		{"cmd/rocketbank", "internal/app", true},
		{"cmd/rocketbank", "internal/ledger", true},
		{"cmd/rocketbank", "internal/sandbox", false},
		{"internal/app", "internal/partner/sms", true},
		{"internal/app", "internal/sandbox", true},
		{"internal/app", "internal/door/cabinet", true},
		{"internal/door/cabinet", "internal/door/ui", true},
		{"internal/door/cabinet", "internal/door/cabinet/pages", true},
		{"internal/door/cabinet", "internal/door/api", false},
		{"internal/door/cabinet", "internal/bank/transfer", true},
		{"internal/door/cabinet", "internal/partner/sms", false},
		{"internal/door/cabinet", "internal/app", false},
		{"internal/door/ui", "internal/bank/transfer", false},
		{"internal/bank/transfer", "internal/bank/limit", true},
		{"internal/bank/transfer", "internal/ledger", true},
		{"internal/bank/transfer", "internal/door/cabinet", false},
		{"internal/bank/transfer", "internal/partner/acquirer", false},
		{"internal/bank/transfer", "internal/sandbox", false},
		{"internal/ledger", "internal/bank/limit", false},
		{"internal/ledger", "internal/base/db", true},
		{"internal/base/db", "internal/ledger", false},
		{"internal/base/vault", "internal/base/db", true},
		{"internal/base/money", "internal/base/fault", false},
		{"internal/partner/sms", "internal/bank/notice", true},
		{"internal/partner/sms", "internal/partner/acquirer", false},
		{"internal/partner/sms", "internal/ledger", false},
		{"internal/partner/sms", "internal/sandbox", false},
		{"internal/sandbox", "internal/sandbox/acquirer", true},
		{"internal/sandbox", "internal/base/locale", true},
		{"internal/sandbox", "internal/base/db", false},
		{"internal/sandbox", "internal/bank/card", false},
		{"internal/sandbox", "internal/ledger", false},
		{"internal/sandbox", "internal/partner/sms", false},
		{"internal/sandbox", "internal/door/ui", false},
		{"internal/rail/iso8583", "internal/base/money", true},
		{"internal/rail/iso8583", "internal/base/fault", false},
		{"internal/attic", "internal/base/money", false},
		{"e2e", "internal/app", false},
	} {
		if why := wrongImport(tc.from, module+"/"+tc.to); (why == "") != tc.ok {
			t.Errorf("%s → %s: %q, want allowed %v", tc.from, tc.to, why, tc.ok)
		}
	}
	for _, tc := range []struct {
		from, to string
		ok       bool
	}{
		{"internal/base/money", "fmt", true}, {"internal/base/money", "golang.org/x/text/language", false},
		{"internal/rail/emv", "golang.org/x/text/encoding", true}, {"internal/rail/emv", "github.com/jackc/pgx/v5", false},
		{"internal/bank/card", "github.com/a-h/templ", true},
	} {
		if why := wrongImport(tc.from, tc.to); (why == "") != tc.ok {
			t.Errorf("%s → %s: %q, want allowed %v", tc.from, tc.to, why, tc.ok)
		}
	}
}

// Helpers of tests stay out of the program.
func TestTestHelpersStayInTests(t *testing.T) {
	helpers := []string{module + "/internal/base/tier", module + "/internal/base/db/dbtest", module + "/internal/base/dbtest", "testing", "net/http/httptest"}
	for _, p := range packagesOf(t) {
		if room := p.room(); strings.HasSuffix(room, "test") || room == "internal/base/tier" || under(room, "e2e") {
			continue
		}
		for _, im := range p.Imports {
			if slices.Contains(helpers, im) {
				t.Errorf("%s imports %s, which belongs to tests", p.room(), im)
			}
		}
	}
}
