// Package webtest is what the tests of the doors share: what people and
// programs type where they should not, and which fields the forms of a door have.
package webtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/tier"
)

// Nasty is what people and programs type where they should not, by name.
func Nasty() map[string]string {
	return map[string]string{
		"empty": "", "blank": "   ", "long": strings.Repeat("9", 5000), "long text": strings.Repeat("я", 5000), "negative": "-100", "minus sign": "−5", "zero": "0", "zeros": "0,00",
		"billion": "1000000000", "exponent": "1e9", "huge": "99999999999999999999999999", "nan": "NaN", "inf": "Infinity", "hex": "0x10", "arabic": "١٠٠", "devanagari": "१००",
		"nul": "1\x000", "emoji": "🚀💸", "utf8": "\xff\xfe", "decimals": "1.005", "commas": "1,234", "sql": "1'; DROP TABLE operation;--", "html": "<script>alert(1)</script>",
		"template": "{{.}} ${7*7}", "crlf": "1\r\nSet-Cookie: a=b", "bidi": "\u202e001", "spaces": "1 0 0", "unknown id": (id.ID{7}).Text("cd"), "path": "../../etc/passwd", "float": "100.0000000001",
	}
}

// Names are those of Nasty, in order; where every form is walked, the default
// tier takes every third of them, others from one form to the next.
func Names(form int) []string {
	all := slices.Sorted(maps.Keys(Nasty()))
	step := tier.Count(3, 1, 1)
	var out []string
	for i := form % step; i < len(all); i += step {
		out = append(out, all[i])
	}
	return out
}

var fieldForm = regexp.MustCompile(`\bname="([a-z][a-z0-9_]*)"`)

// Fields gives the name of every field that the sources of a door, in the
// test's own folder or the folders named, read from a form or put on a page.
func Fields(t testing.TB, folders ...string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, folder := range append([]string{"."}, folders...) {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			path := filepath.Join(folder, f.Name())
			switch {
			case strings.HasSuffix(path, ".templ"):
				src, err := os.ReadFile(path) // #nosec G304 -- our own sources
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range fieldForm.FindAllSubmatch(src, -1) {
					found[string(m[1])] = true
				}
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "_templ.go"):
				file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				ast.Inspect(file, func(n ast.Node) bool {
					if name, ok := read(n); ok {
						found[name] = true
					}
					return true
				})
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// read gives the literal name in x.Get(name), x.All(name) and x.Has(name).
func read(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Get" && sel.Sel.Name != "All" && sel.Sel.Name != "Has" {
		return "", false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	name, err := strconv.Unquote(lit.Value)
	return name, err == nil && strings.ToLower(name) == name && !strings.ContainsAny(name, "-/ ")
}

// Rows gives what stands in some tables, to be held against what stands there
// later: one line for a row, in order.
func Rows(t testing.TB, d *db.DB, tables ...string) string {
	t.Helper()
	var dump bytes.Buffer
	if err := d.Dump(context.Background(), &dump); err != nil {
		t.Fatal(err)
	}
	var rows []string
	table, seen := "", 0
	for line := range strings.Lines(dump.String()) {
		var head struct{ Table string }
		if json.Unmarshal([]byte(line), &head) == nil && head.Table != "" {
			if table = ""; slices.Contains(tables, head.Table) {
				table, seen = head.Table, seen+1
			}
			continue
		}
		if table != "" && strings.HasPrefix(line, "[") {
			rows = append(rows, table+" "+strings.TrimSpace(line))
		}
	}
	if seen != len(tables) {
		t.Fatalf("%d of the tables %v are there", seen, tables)
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// Differ gives the lines that only one of two Rows has.
func Differ(before, after string) []string {
	var out []string
	had, has := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range had {
		if _, ok := slices.BinarySearchFunc(has, line, cmp.Compare[string]); !ok {
			out = append(out, "- "+line)
		}
	}
	for _, line := range has {
		if _, ok := slices.BinarySearchFunc(had, line, cmp.Compare[string]); !ok {
			out = append(out, "+ "+line)
		}
	}
	return out
}
