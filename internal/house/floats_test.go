package house

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// moneyPaths are the rooms in which money is computed or read.
var moneyPaths = []string{"internal/ledger", "internal/bank", "internal/partner", "internal/base/money", "internal/base/locale"}

// floatFiles lists files in money paths that may hold floats, each with its reason.
var floatFiles = map[string]string{
	"internal/bank/scan/mark.go":           "the size of a font, as the font library wants it",
	"internal/base/locale/lang.go":         "the quality values of Accept-Language, thrown away at once",
	"internal/ledger/ledgerbench":          "measures times and rates; no sum is worked out there",
	"internal/bank/transfer/transferbench": "measures times and rates; no sum is worked out there",
	"internal/bank/privacy/pdf.go":         "millimetres of a page; no sum is worked out there",
}

// M01: no float in a money path. The test looks at the types the compiler
// sees, so an inferred float, a float constant, a float result that is thrown
// away at once and a struct that hides one are all found.
func TestNoFloatsInMoneyPaths(t *testing.T) {
	root, err := rootDir()
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for _, p := range packagesOf(t) {
		if slices.ContainsFunc(moneyPaths, func(m string) bool { return under(p.room(), m) }) {
			rooms = append(rooms, p.ImportPath)
		}
	}
	loaded, err := packages.Load(&packages.Config{
		Dir:  root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, rooms...)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.PkgPath, e)
		}
		for _, f := range floats(p.Fset, p.Syntax, p.TypesInfo) {
			if name := strings.TrimPrefix(f.name, root+"/"); !excused(name, floatFiles) {
				t.Errorf("%s:%d: %s is a float in a money path", name, f.line, f.what)
			}
		}
		seen += len(p.Syntax)
	}
	if seen == 0 {
		t.Error("no file was looked at")
	}
}

type finding struct {
	name string
	line int
	what string
}

// floats lists expressions and names whose type is or holds a float.
func floats(fset *token.FileSet, trees []*ast.File, info *types.Info) (out []finding) {
	for _, tree := range trees {
		last := 0
		ast.Inspect(tree, func(n ast.Node) bool {
			var t types.Type
			what := ""
			switch n := n.(type) {
			case *ast.Ident:
				if o := info.ObjectOf(n); o != nil {
					if _, isPkg := o.(*types.PkgName); !isPkg {
						t, what = o.Type(), n.Name
					}
				}
			case ast.Expr:
				t, what = info.TypeOf(n), types.ExprString(n)
			}
			if t == nil || !isFloat(t, nil) {
				return true
			}
			if pos := fset.Position(n.Pos()); pos.Line != last {
				last = pos.Line
				out = append(out, finding{pos.Filename, pos.Line, what})
			}
			return true
		})
	}
	return out
}

// isFloat tells whether values of the type are floats or carry floats in
// fields that are ours to see.
func isFloat(t types.Type, path []types.Type) bool {
	for _, p := range path {
		if p == t {
			return false
		}
	}
	path = append(path, t)
	switch t := t.(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Named:
		if pkg := t.Obj().Pkg(); pkg != nil && pkg.Path() != "p" && !strings.HasPrefix(pkg.Path(), module+"/") {
			b, ok := t.Underlying().(*types.Basic) // a stranger's struct is not our arithmetic
			return ok && isFloat(b, path)
		}
		return isFloat(t.Underlying(), path)
	case *types.Alias:
		return isFloat(types.Unalias(t), path)
	case *types.Pointer:
		return isFloat(t.Elem(), path)
	case *types.Slice:
		return isFloat(t.Elem(), path)
	case *types.Array:
		return isFloat(t.Elem(), path)
	case *types.Map:
		return isFloat(t.Key(), path) || isFloat(t.Elem(), path)
	case *types.Chan:
		return isFloat(t.Elem(), path)
	case *types.Struct:
		for f := range t.Fields() {
			if isFloat(f.Type(), path) {
				return true
			}
		}
	case *types.Signature:
		for i := range t.Results().Len() {
			if isFloat(t.Results().At(i).Type(), path) {
				return true
			}
		}
	}
	return false
}

// The finder itself: each way to bring a float in is found, and what only
// looks like one is not.
func TestFloatFinder(t *testing.T) {
	// A test built with -trimpath does not know where Go is.
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	build.Default.GOROOT = strings.TrimSpace(string(root))
	std := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for body, want := range map[string]bool{
		"var x float64; _ = x":                                     true,
		"var x float32; _ = x":                                     true,
		"x := 1.5; _ = x":                                          true,
		"n := 3; _ = int64(float64(n) * 1.1)":                      true,
		"_ = int64(math.Round(2))":                                 true,
		"_ = time.Second.Seconds()":                                true,
		"type s struct{ a []float64 }; var x s; _ = x":             true,
		"var x map[string]*float64; _ = x":                         true,
		"f := func() float64 { return 1 }; _ = f":                  true,
		"n := 3; _ = n * 100 / 7":                                  false,
		"const rate = 10_000; _ = rate":                            false,
		"_ = time.Second * 2":                                      false,
		"type t struct{ next *t; n int }; var x t; _ = x":          false,
		"var j any = 1; _ = j":                                     false,
		"type half = float32; var x half; _ = x":                   true,
		"type m float64; var x m; _ = x":                           true,
		"_ = complex(1, 2)":                                        true,
		"var ms time.Duration = 5e9; _ = ms":                       false,
		"s, _ := strconv.ParseFloat(\"1\", 64); _ = int64(s * 10)": true,
	} {
		src := "package p\nimport (\"math\"; \"strconv\"; \"time\")\nvar _, _, _ = math.MaxInt8, strconv.Itoa, time.Now\nfunc f() {\n" + body + "\n}\n"
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, "p.go", src, 0)
		if err != nil {
			t.Fatal(err)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: std}
		if _, err := conf.Check("p", fset, []*ast.File{tree}, info); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := len(floats(fset, []*ast.File{tree}, info)) > 0; got != want {
			t.Errorf("%s: found %v, want %v", body, got, want)
		}
	}
}
