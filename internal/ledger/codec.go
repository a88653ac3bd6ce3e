package ledger

import (
	"encoding/binary"
	"errors"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// The legs and the changes of limit counters live inside the transaction's row
// as varints: from a transaction to its entries by primary key, without an
// index on entries or a second table.

var errBlob = errors.New("ledger: a transaction's row is damaged")

func encodeLegs(legs []legRecord) []byte {
	if len(legs) == 0 {
		return nil
	}
	b := make([]byte, 0, 1+24*len(legs))
	b = binary.AppendUvarint(b, uint64(len(legs)))
	for _, l := range legs {
		b = binary.AppendUvarint(b, uint64(l.account))
		b = binary.AppendUvarint(b, uint64(l.seq))
		b = binary.AppendVarint(b, l.amount)
		b = binary.AppendVarint(b, int64(l.cur))
		b = binary.AppendVarint(b, l.balance)
	}
	return b
}

func decodeLegs(b []byte) ([]legRecord, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := decoder{b: b}
	out := make([]legRecord, d.count())
	for i := range out {
		out[i] = legRecord{
			account: AccountID(d.uint()), seq: int64(d.uint()), amount: d.int(),
			cur: money.Currency(d.int()), balance: d.int(),
		}
	}
	return out, d.end()
}

func encodeGuards(guards []guardRecord) []byte {
	if len(guards) == 0 {
		return nil
	}
	b := make([]byte, 0, 1+16*len(guards))
	b = binary.AppendUvarint(b, uint64(len(guards)))
	for _, g := range guards {
		b = binary.AppendVarint(b, g.key.owner)
		b = binary.AppendUvarint(b, uint64(g.key.name))
		b = binary.AppendVarint(b, g.key.win)
		b = binary.AppendVarint(b, g.delta)
	}
	return b
}

func decodeGuards(b []byte) ([]guardRecord, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := decoder{b: b}
	out := make([]guardRecord, d.count())
	for i := range out {
		out[i] = guardRecord{guardKey{d.int(), int16(d.uint()), d.int()}, d.int()}
	}
	return out, d.end()
}

// decoder reads varints and remembers the first damage.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads a number of elements that the rest could really hold.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) end() error {
	if d.bad || len(d.b) != 0 {
		return errBlob
	}
	return nil
}

// stored is a transaction's row as it was read.
type stored struct {
	id, key, print, refers []byte
	owner                  int64
	kind, phase, refused   int64
	detail                 *int64
	legs, guards           []byte
	at                     int64
}

// record rebuilds the answer that was given.
func (s *stored) record() (Record, []guardRecord, error) {
	legs, err := decodeLegs(s.legs)
	if err != nil {
		return Record{}, nil, err
	}
	guards, err := decodeGuards(s.guards)
	if err != nil {
		return Record{}, nil, err
	}
	if len(s.id) != 16 || len(s.key) != 16 || len(s.print) != 16 {
		return Record{}, nil, errBlob
	}
	r := Record{
		Receipt: Receipt{Txn: id.ID(s.id), Phase: Phase(s.phase), At: time.UnixMicro(s.at).UTC(), Reason: Reason(s.refused)},
		Owner:   s.owner, Key: Key(s.key), Print: Print(s.print), Kind: Kind(s.kind),
	}
	if len(s.refers) == 16 {
		r.Refers = id.ID(s.refers)
	}
	if r.Refused() {
		no := refused{reason: r.Reason}
		if s.detail != nil {
			no.detail = *s.detail
		}
		no.fill(&r.Receipt, money.RUB) // client accounts are roubles only for now
		return r, guards, nil
	}
	r.After = make([]After, len(legs))
	r.Legs = make([]Leg, len(legs))
	for i, l := range legs {
		r.After[i] = After{Account: l.account, Seq: l.seq, Posted: money.Amount{Minor: l.balance, Cur: l.cur}}
		r.Legs[i] = Leg{Account: l.account, Amount: money.Amount{Minor: l.amount, Cur: l.cur}}
	}
	return r, guards, nil
}

// remember puts a stored transaction into the state: as a used key, and as a
// transaction that others refer to.
func (st *state) remember(s *stored) error {
	r, _, err := s.record()
	if err != nil {
		return err
	}
	st.keys[ownerKey{r.Owner, r.Key}] = &known{print: r.Print, receipt: r.Receipt}
	return nil
}

func (st *state) refer(s *stored) error {
	legs, err := decodeLegs(s.legs)
	if err != nil {
		return err
	}
	guards, err := decodeGuards(s.guards)
	if err != nil {
		return err
	}
	if len(s.id) != 16 {
		return errBlob
	}
	st.origins[id.ID(s.id)] = &origin{phase: Phase(s.phase), refused: s.refused != 0, legs: legs, guards: guards}
	return nil
}
