package house

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var actForm = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)*$`)

// S07: every act that the code writes into the audit trail by name stands in
// the catalogue of docs/security.md. Names that are put together at run time
// are listed there by hand.
func TestS07_EventsAreListed(t *testing.T) {
	root, err := rootDir()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, listed, found := strings.Cut(string(raw), "\n## What is logged\n")
	if !found {
		t.Fatal("docs/security.md has no section «What is logged»")
	}
	seen := 0
	for _, f := range filesOf(t) {
		if f.test || !under(f.room, "internal/bank") && !under(f.room, "internal/door") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			act := actOf(n)
			if act == "" {
				return true
			}
			seen++
			if !strings.Contains(listed, "`"+act+"`") {
				t.Errorf("%s: the act %q is not in the catalogue of docs/security.md", f.at(n), act)
			}
			return true
		})
	}
	if seen < 30 {
		t.Errorf("only %d acts found in the code: does this test still see them?", seen)
	}
}

// actOf finds the act of record(…, "act", …), of an audit.Entry's Act and of a
// variable called act.
func actOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch fn := n.Fun.(type) {
		case *ast.Ident:
			name = fn.Name
		case *ast.SelectorExpr:
			name = fn.Sel.Name
		}
		if name == "record" || name == "recordBy" {
			for _, a := range n.Args {
				if act := literal(a); strings.Contains(act, ".") || act == "login" || act == "step_up" {
					return act
				}
			}
		}
	case *ast.KeyValueExpr:
		if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Act" {
			return literal(n.Value)
		}
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			if x, ok := l.(*ast.Ident); ok && x.Name == "act" && i < len(n.Rhs) {
				if act := literal(n.Rhs[i]); strings.Contains(act, ".") {
					return act
				}
			}
		}
	}
	return ""
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil || !actForm.MatchString(s) {
		return ""
	}
	return s
}
