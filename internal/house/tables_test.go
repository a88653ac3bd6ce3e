package house

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sharedTables lists tables that more than one room touches, each with its reason.
var sharedTables = map[string]string{
	"counter": "one row per kind of number; each room steps its own row inside its own unit of work",
}

var (
	createTable = regexp.MustCompile(`(?i)CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_]+)`)
	namesTable  = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)`)
)

// A room calls another's exported functions, never its tables: each table of
// the schema is named in the SQL of one room only.
func TestTablesHaveOneRoom(t *testing.T) {
	tables := tablesOfSchema(t)
	rooms := map[string]map[string]string{} // table → room → where
	for _, f := range filesOf(t) {
		if f.test || strings.HasSuffix(f.room, "test") || strings.HasSuffix(f.room, "bench") {
			continue // they look at everything and serve nobody
		}
		for where, sql := range queries(f) {
			for _, m := range namesTable.FindAllStringSubmatch(sql, -1) {
				name := strings.ToLower(m[1])
				if !tables[name] {
					continue
				}
				if rooms[name] == nil {
					rooms[name] = map[string]string{}
				}
				rooms[name][f.room] = where
			}
		}
	}
	if len(tables) > 3 && len(rooms) == 0 {
		t.Error("no table found in any query: does this test still see them?")
	}
	for _, table := range slices.Sorted(maps.Keys(rooms)) {
		if len(rooms[table]) > 1 && sharedTables[table] == "" {
			t.Errorf("table %s is touched by %d rooms: %v", table, len(rooms[table]), slices.Sorted(maps.Values(rooms[table])))
		}
	}
}

func tablesOfSchema(t *testing.T) map[string]bool {
	root, err := rootDir()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "internal/base/db/migrations/sqlite/*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	tables := map[string]bool{}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(src), -1) {
			tables[strings.ToLower(m[1])] = true
		}
	}
	return tables
}

// queries gives the string literals inside db.Query and db.NewInsert calls of
// a file; an insert's table is written as SQL so that both look alike.
func queries(f file) map[string]string {
	db := f.imports(module + "/internal/base/db")
	out := map[string]string{}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch fun := call.Fun.(type) {
		case *ast.SelectorExpr:
			if x, ok := fun.X.(*ast.Ident); ok && x.Name == db && db != "" {
				name = fun.Sel.Name
			}
		case *ast.Ident:
			if f.room == "internal/base/db" {
				name = fun.Name
			}
		}
		if name != "Query" && name != "NewInsert" {
			return true
		}
		var sql strings.Builder
		for _, arg := range call.Args {
			ast.Inspect(arg, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					s, _ := strconv.Unquote(lit.Value)
					sql.WriteString(s + " ")
				}
				return true
			})
		}
		text := sql.String()
		if name == "NewInsert" {
			text = "INTO " + text
		}
		out[f.at(call)] = text
		return true
	})
	return out
}
