package ledger

import (
	"encoding/binary"
	"fmt"

	"rocketbank/internal/base/db"
)

// PostgreSQL's binary array format, written by hand: the batch writer spends
// its time here, and the general encoder goes through reflection.
// https://www.postgresql.org/docs/15/protocol-overview.html#PROTOCOL-FORMAT-CODES

const (
	oidBool  = 16
	oidBytea = 17
	oidInt8  = 20
	oidInt2  = 21
	oidInt4  = 23
	oidText  = 25
)

// column is one array parameter that grows row by row.
type column struct {
	oid uint32
	n   int
	b   []byte
}

const arrayHeader = 20

func newColumn(oid uint32, rows, width int) *column {
	return &column{oid: oid, b: make([]byte, arrayHeader, arrayHeader+rows*(4+width))}
}

func (c *column) null() {
	c.n++
	c.b = binary.BigEndian.AppendUint32(c.b, 0xffffffff)
	c.b[7] = 1 // the array holds NULLs
}

func (c *column) int(v int64) {
	c.n++
	switch c.oid {
	case oidInt2:
		c.b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(c.b, 2), uint16(v))
	case oidInt4:
		c.b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(c.b, 4), uint32(v))
	default:
		c.b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(c.b, 8), uint64(v))
	}
}

func (c *column) bytes(v []byte) {
	c.n++
	c.b = append(binary.BigEndian.AppendUint32(c.b, uint32(len(v))), v...)
}

// blob is bytes, with nil for NULL.
func (c *column) blob(v []byte) {
	if v == nil {
		c.null()
		return
	}
	c.bytes(v)
}

func (c *column) bool(v bool) {
	c.n++
	b := byte(0)
	if v {
		b = 1
	}
	c.b = append(binary.BigEndian.AppendUint32(c.b, 1), b)
}

// done gives the parameter as it goes over the wire.
func (c *column) done() []byte {
	if c.n == 0 { // an empty array has no dimension
		out := make([]byte, 12)
		binary.BigEndian.PutUint32(out[8:], c.oid)
		return out
	}
	binary.BigEndian.PutUint32(c.b[0:], 1) // dimensions
	binary.BigEndian.PutUint32(c.b[8:], c.oid)
	binary.BigEndian.PutUint32(c.b[12:], uint32(c.n))
	binary.BigEndian.PutUint32(c.b[16:], 1) // lower bound
	return c.b
}

// carriedColumns turns carried rows of one statement into its arrays.
func carriedColumns(ins *db.Insert, rows []db.Row) ([][]byte, error) {
	cols := ins.Cols()
	out := make([][]byte, len(cols))
	for i, col := range cols {
		c := newColumn(map[db.Type]uint32{db.Int: oidInt8, db.Text: oidText, db.Bytes: oidBytea, db.Bool: oidBool}[col.Type], len(rows), 16)
		for _, r := range rows {
			if !c.value(r.Args[i]) {
				return nil, fmt.Errorf("ledger: carried row (%s), column %s: cannot insert a %T", ins.Many().Where(), col.Name, r.Args[i])
			}
		}
		out[i] = c.done()
	}
	return out, nil
}

func (c *column) value(v any) bool {
	switch v := v.(type) {
	case nil:
		c.null()
		return true
	case bool:
		if c.oid == oidBool {
			c.bool(v)
			return true
		}
	case string:
		if c.oid == oidText {
			c.bytes([]byte(v))
			return true
		}
	case []byte:
		if c.oid == oidBytea {
			c.blob(v)
			return true
		}
	default:
		n, ok := integer(v)
		if ok && c.oid == oidInt8 {
			c.int(n)
			return true
		}
	}
	return false
}

func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case int8:
		return int64(n), true
	case int16:
		return int64(n), true
	case int32:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	}
	return 0, false
}

// Reading a value of a binary result: NULL is nought or nil.

func pgInt(b []byte) int64 {
	switch len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 1: // boolean
		return int64(b[0])
	}
	return 0
}
