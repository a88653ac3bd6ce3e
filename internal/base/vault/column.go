package vault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rocketbank/internal/base/db"
)

// Column is a column of the schema in which ciphertexts rest. A room declares
// each of its own beside the queries that use it:
//
//	var _ = vault.Declare(vault.Column{Table: "client", Name: "phone", Class: vault.PII, Key: []string{"id"}})
//
// Only what is declared is sealed anew when keys are rotated. Values under a
// client's own data key (SealFor) are passed over there, for their data key is
// what moves; declare their column all the same if it also holds older values
// under the key of the class.
type Column struct {
	Table, Name string
	Class       Class
	// Key is the primary key of the table. Its columns hold numbers, bytes or texts.
	Key []string
	// Place is At.Table of the values; "table.name" when empty.
	Place string
	// Row are the columns of the key that make At.Row, one after the other,
	// numbers as [Row64]; the whole key when empty.
	Row []string
	// Where narrows the rows, as in "topic = 'sms'"; all when empty.
	Where string

	first, next, put, census *db.Stmt
}

// String names the column.
func (c Column) String() string { return c.Table + "." + c.Name }

var declared struct {
	sync.Mutex
	columns []Column
}

// Declare puts a column on the list that rotation works through. Like
// [db.Query] it belongs in a package-level variable; it panics on a column
// that cannot be.
func Declare(c Column) Column {
	if c.Place == "" {
		c.Place = c.Table + "." + c.Name
	}
	if len(c.Row) == 0 {
		c.Row = c.Key
	}
	if c.Table == "" || c.Name == "" || len(c.Key) == 0 || !slices.Contains(classes, c.Class) {
		panic(fmt.Sprintf("vault: column %s is not told in full", c))
	}
	for _, r := range c.Row {
		if !slices.Contains(c.Key, r) {
			panic(fmt.Sprintf("vault: column %s: %s is no part of its key", c, r))
		}
	}
	c.first, c.next, c.put, c.census = c.queries()
	declared.Lock()
	defer declared.Unlock()
	declared.columns = append(declared.columns, c)
	return c
}

// Columns lists every declared column of the program, by name.
func Columns() []Column {
	declared.Lock()
	defer declared.Unlock()
	out := slices.Clone(declared.columns)
	slices.SortFunc(out, func(a, b Column) int { return strings.Compare(a.String(), b.String()) })
	return out
}

func (c Column) queries() (first, next, put, census *db.Stmt) {
	keys := strings.Join(c.Key, ", ")
	holders := make([]string, len(c.Key))
	equal := make([]string, len(c.Key))
	for i, k := range c.Key {
		holders[i] = "$" + strconv.Itoa(i+1)
		equal[i] = k + " = $" + strconv.Itoa(i+2)
	}
	full := "length(" + c.Name + ") > 0"
	if c.Where != "" {
		full += " AND " + c.Where
	}
	n := len(c.Key)
	read := "SELECT " + keys + ", " + c.Name + " FROM " + c.Table + " WHERE " + full
	first = db.Query(read + " ORDER BY " + keys + " LIMIT $1")
	next = db.Query(read + " AND (" + keys + ") > (" + strings.Join(holders, ", ") + ") ORDER BY " + keys + " LIMIT $" + strconv.Itoa(n+1))
	// The old value stands in the condition: what the bank has written since
	// is never overwritten.
	put = db.Query("UPDATE " + c.Table + " SET " + c.Name + " = $1 WHERE " + strings.Join(equal, " AND ") + " AND " + c.Name + " = $" + strconv.Itoa(n+2))
	census = db.Query("SELECT substr(" + c.Name + ", 1, " + strconv.Itoa(headerSize) + "), CAST(count(*) AS BIGINT) FROM " + c.Table + " WHERE " + full + " GROUP BY 1")
	return first, next, put, census
}

// at gives the place of a value by the key of its row.
func (c Column) at(key []any) (At, error) {
	var row []byte
	for _, name := range c.Row {
		switch k := key[slices.Index(c.Key, name)].(type) {
		case int64:
			row = append(row, Row64(k)...)
		case []byte:
			row = append(row, k...)
		case string:
			row = append(row, k...)
		default:
			return At{}, fmt.Errorf("vault: %s has a key of type %T", c, k)
		}
	}
	return At{Table: c.Place, Row: row}, nil
}
