package db

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Engine says which database stands behind a DB.
type Engine uint8

// The two engines.
const (
	SQLite Engine = iota + 1
	Postgres
)

// String gives the name used in figures and reports.
func (e Engine) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Stmt is a registered statement. Its text may hold the fragments
// {for_update}, {skip_locked} and {for_share}, which SQLite does without
// because it has only one writer.
type Stmt struct {
	sqlite, postgres string
	where            string
}

// SQL gives the text for an engine.
func (s *Stmt) SQL(e Engine) string {
	if e == Postgres {
		return s.postgres
	}
	return s.sqlite
}

// Where tells the source line that declared the statement.
func (s *Stmt) Where() string { return s.where }

var registry struct {
	sync.Mutex
	stmts []*Stmt
}

// Query declares a statement for both engines. It belongs in a package-level
// variable next to the function that runs it.
func Query(sql string) *Stmt {
	return register(&Stmt{
		sqlite:   strings.NewReplacer("{for_update}", "", "{skip_locked}", "", "{for_share}", "").Replace(sql),
		postgres: strings.NewReplacer("{for_update}", "FOR NO KEY UPDATE", "{skip_locked}", "SKIP LOCKED", "{for_share}", "FOR SHARE").Replace(sql),
	}, 2)
}

// Holders writes the places of n arguments, the first of a statement:
// $1, $2, … for what stands behind IN.
func Holders(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(out, ", ")
}

func register(s *Stmt, skip int) *Stmt {
	_, file, line, _ := runtime.Caller(skip)
	s.where = fmt.Sprintf("%s:%d", file, line)
	registry.Lock()
	defer registry.Unlock()
	registry.stmts = append(registry.stmts, s)
	return s
}

// Registered lists every declared statement of the program.
func Registered() []*Stmt {
	registry.Lock()
	defer registry.Unlock()
	return append([]*Stmt(nil), registry.stmts...)
}
