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

	"rocketbank/internal/base/locale"
)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packagesOf(t) {
		if len(p.GoFiles) > 0 && strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment", p.room())
		}
	}
}

// Nothing happens before main: constructors return ready values.
func TestNoInit(t *testing.T) {
	for _, f := range filesOf(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: an init function; make it a constructor", f.at(fn))
			}
		}
	}
}

// maxLines is where a file has surely outgrown its room.
const maxLines = 600

func TestFilesAreShort(t *testing.T) {
	for _, f := range filesOf(t) {
		if !f.test && !f.generated && f.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: look for a seam", f.name, f.lines, maxLines)
		}
	}
}

// readsEnvironment lists who may read the environment besides cmd and app.
var readsEnvironment = map[string]string{
	"internal/base/tier":      "chooses how thorough the tests are",
	"internal/base/db/dbtest": "finds the tests' PostgreSQL server",
	"internal/house":          "the rules themselves",
	"e2e":                     "finds the browser and the folder for screenshots",
}

// Configuration comes in by constructor arguments; only the program's own
// floor reads the environment.
func TestEnvironmentIsReadAtTheTop(t *testing.T) {
	for _, f := range filesOf(t) {
		if f.test || under(f.room, "cmd") || under(f.room, "internal/app") || excused(f.room, readsEnvironment) {
			continue
		}
		forbidCalls(t, f, "os", "Getenv", "LookupEnv", "Environ", "ExpandEnv")
	}
}

// drawsSecrets lists files of domains that draw security randomness
// themselves, each with its reason. Everything else takes chance as an argument.
var drawsSecrets = map[string]string{
	"internal/bank/access/code.go":                     "one-time codes; nobody may choose them, tests read the SMS",
	"internal/bank/access/service.go":                  "session, device and API tokens; nobody may choose them",
	"internal/bank/access/accesstest/key.go":           "the browser keys of tests",
	"internal/bank/access/accesstest/authenticator.go": "the passkeys of tests",
	"internal/bank/card/number.go":                     "card numbers; tests look at their form, not at their digits",
	"internal/bank/staff/token.go":                     "session cookies and one-time links of staff; nobody may choose them",
}

// Time and chance come into a domain as arguments, so that a test can choose
// them (business time through clock.Clock, real time through a function whose
// default may be time.Now itself).
func TestDomainsTakeTimeAndChance(t *testing.T) {
	for _, f := range filesOf(t) {
		if f.test || !under(f.room, "internal/bank") {
			continue
		}
		forbidCalls(t, f, "time", "Now", "Since", "Until")
		for _, path := range []string{"math/rand", "math/rand/v2", "crypto/rand", "github.com/google/uuid"} {
			if f.imports(path) != "" && (path != "crypto/rand" || !excused(f.name, drawsSecrets)) {
				t.Errorf("%s imports %s: take chance as an argument", f.name, path)
			}
		}
	}
}

// The keys of plastic and of terminals leave the module for the demo alone,
// which plays factory and shop; app wires the demo.
func TestOnlyTheDemoMakesPlastic(t *testing.T) {
	for _, f := range filesOf(t) {
		if f.test || under(f.room, "internal/bank/hsm") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Personalise" || sel.Sel.Name == "DemoTerminalKeys") {
				if f.room != "internal/app" {
					t.Errorf("%s: %s is the demo's", f.at(sel), sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func forbidCalls(t *testing.T, f file, path string, names ...string) {
	t.Helper()
	local := f.imports(path)
	if local == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
			for _, name := range names {
				if sel.Sel.Name == name {
					t.Errorf("%s: %s.%s; take it as an argument", f.at(sel), path, name)
				}
			}
		}
		return true
	})
}

var (
	unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	withIssue  = regexp.MustCompile(`\bTODO\((#|issue )\d+\)`)
)

// A TODO names an issue, in every kind of file we write.
func TestTodoNamesAnIssue(t *testing.T) {
	root, err := rootDir()
	if err != nil {
		t.Fatal(err)
	}
	err = walk(root, func(path, rel string) error {
		switch filepath.Ext(rel) {
		case ".go", ".templ", ".sql", ".css", ".js", ".md", ".sh", ".yml":
		default:
			return nil
		}
		if rel == "internal/house/habits_test.go" || strings.HasSuffix(rel, ".min.js") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(src), "\n") {
			if unfinished.MatchString(line) && !withIssue.MatchString(line) {
				t.Errorf("%s:%d: unfinished work names its issue, TODO(#12)", rel, i+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every text the code asks for by name stands in the catalogue.
func TestTextsExist(t *testing.T) {
	known := map[string]bool{}
	for _, k := range locale.Keys() {
		known[k] = true
	}
	found := 0
	for _, f := range filesOf(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if key, ok := textKey(f, call); ok {
				found++
				if !known[key] {
					t.Errorf("%s: the catalogue has no %q", f.at(call), key)
				}
			}
			return true
		})
	}
	if found < 5 {
		t.Errorf("only %d texts found in the code: does this test still see them?", found)
	}
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

// textKey gives the literal key of fault.New(code, key), x.T(key) and x.Plural(n, key).
func textKey(f file, call *ast.CallExpr) (string, bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	at := -1
	switch sel.Sel.Name {
	case "T":
		at = 0
	case "Plural":
		at = 1
	case "New":
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == f.imports(module+"/internal/base/fault") {
			at = 1
		}
	}
	if at < 0 || len(call.Args) <= at {
		return "", false
	}
	lit, ok := call.Args[at].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	key, err := strconv.Unquote(lit.Value)
	return key, err == nil && keyForm.MatchString(key)
}

// skips lists test files that skip by themselves, each with its reason.
var skips = map[string]string{
	"internal/bank/access/code_test.go":         "two random codes are equal once in a million",
	"internal/ledger/kill_test.go":              "the child process of the kill test, which does nothing by itself",
	"internal/ledger/process_test.go":           "a child process of the test of two processes, which does nothing by itself",
	"internal/ledger/unknown_test.go":           "the port of a server that went away was taken by another program",
	"internal/door/cabinet/pages_test.go":       "serves the gallery to a person who asks for it",
	"internal/door/console/application_test.go": "serves the managers' pages to a person who asks for them",
}

// Tests skip only through package tier, which turns a skip into a failure
// where the surroundings are promised: else a green run may have run nothing.
func TestSkippingIsLoud(t *testing.T) {
	for _, f := range filesOf(t) {
		if f.room == "internal/base/tier" || excused(f.name, skips) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && f.imports("testing") != "" {
				switch sel.Sel.Name {
				case "Skip", "Skipf", "SkipNow":
					t.Errorf("%s: skip with tier.Missing or tier.AtLeast", f.at(sel))
				}
			}
			return true
		})
	}
}

var namedTest = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz|rule)\\w+)`")

// A page that names a test as its proof names one that exists.
func TestDocsNameRealTests(t *testing.T) {
	exists := map[string]bool{}
	for _, f := range filesOf(t) {
		if !f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				exists[strings.TrimPrefix(f.room, "internal/")+"."+fn.Name.Name] = true
			}
		}
	}
	root, err := rootDir()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedTest.FindAllStringSubmatch(string(src), -1) {
			named++
			if !exists[m[1]+"."+m[2]] {
				t.Errorf("%s names %s.%s, which does not exist", filepath.Base(page), m[1], m[2])
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d tests are named in docs: does this test still see them?", named)
	}
}
