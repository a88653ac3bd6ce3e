package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// movesTime is the one file that makes a clock which can be moved: the demo's.
const movesTime = "internal/app/democlock.go"

// A bank for real clients has no clock to move (S11): only the demo makes one,
// and only the demo's own files know that it exists.
func TestOnlyTheDemoMovesTime(t *testing.T) {
	made := 0
	for _, f := range filesOf(t) {
		local := f.imports(module + "/internal/base/clock")
		if f.test || local == "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && (sel.Sel.Name == "NewMovable" || sel.Sel.Name == "Movable") {
				if made++; f.name != movesTime {
					t.Errorf("%s: clock.%s; only %s may have a clock that moves", f.at(sel), sel.Sel.Name, movesTime)
				}
			}
			return true
		})
	}
	if made == 0 {
		t.Errorf("%s makes no movable clock: does this test still see it?", movesTime)
	}
	for _, f := range filesOf(t) {
		if f.test || f.room != "internal/app" && f.room != "cmd/rocketbank" || f.name == movesTime {
			continue
		}
		name := filepath.Base(f.name)
		if strings.HasPrefix(name, "demo") || strings.HasPrefix(name, "seed") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if x, ok := n.(*ast.Ident); ok && (x.Name == "demoClock" || x.Name == "newDemoClock") {
				t.Errorf("%s: the demo's clock outside of the demo", f.at(n))
			}
			return true
		})
	}
}

var (
	insides   = regexp.MustCompile(`(?i)clock|debug|pprof|expvar`)
	routeForm = regexp.MustCompile(`^(?:(?:GET|POST|PUT|PATCH|DELETE) )?/`)
	tools     = []string{"net/http/pprof", "expvar", "runtime/pprof", "runtime/trace"}
)

// No door of the bank and no flag of serve moves the clock or opens the
// program for looking inside (S11); the sandbox, which stands outside of the
// bank, has the demo's clock on a page.
func TestServeHasNoWayInside(t *testing.T) {
	routes := 0
	for _, f := range filesOf(t) {
		if f.test {
			continue
		}
		for _, path := range tools {
			if f.imports(path) != "" {
				t.Errorf("%s imports %s", f.name, path)
			}
		}
		if !under(f.room, "internal/door") && f.room != "internal/app" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !routeForm.MatchString(text) {
				return true
			}
			if routes++; insides.MatchString(text) {
				t.Errorf("%s: a route %q", f.at(lit), text)
			}
			return true
		})
	}
	if routes < 50 {
		t.Errorf("only %d routes found: does this test still see them?", routes)
	}
	flags := 0
	for _, f := range filesOf(t) {
		if f.name != "cmd/rocketbank/serve.go" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Tag != nil {
				for _, name := range field.Names {
					if flags++; insides.MatchString(name.Name + field.Tag.Value) {
						t.Errorf("%s: a flag %s", f.at(field), name.Name)
					}
				}
			}
			return true
		})
	}
	if flags < 20 {
		t.Errorf("serve has %d flags: does this test still see them?", flags)
	}
}
