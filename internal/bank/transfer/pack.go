package transfer

import (
	"encoding/binary"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Token bodies are written field by field behind a version: a token is opened
// three times on the way of a transfer, and JSON took a tenth of that way. A
// body is only ever read after its seal, so a malformed one is another
// release's, and a token of another release is refused like an old one.
const packVersion = 2

// packer writes whole numbers as varints and texts behind their length.
type packer []byte

func (p *packer) int(n int64)   { *p = binary.AppendVarint(*p, n) }
func (p *packer) text(s string) { *p = append(binary.AppendUvarint(*p, uint64(len(s))), s...) }
func (p *packer) id(x id.ID)    { *p = append(*p, x[:]...) }

// unpacker reads what packer wrote. Once something is missing it gives zero
// values; done tells whether everything was there and nothing was left over.
type unpacker struct {
	rest []byte
	bad  bool
}

func (u *unpacker) int() int64 {
	n, size := binary.Varint(u.rest)
	if size <= 0 {
		u.rest, u.bad = nil, true
		return 0
	}
	u.rest = u.rest[size:]
	return n
}

func (u *unpacker) text() string {
	n, size := binary.Uvarint(u.rest)
	if size <= 0 || n > uint64(len(u.rest)-size) {
		u.rest, u.bad = nil, true
		return ""
	}
	s := string(u.rest[size : size+int(n)])
	u.rest = u.rest[size+int(n):]
	return s
}

func (u *unpacker) id() (x id.ID) {
	if len(u.rest) < len(x) {
		u.rest, u.bad = nil, true
		return x
	}
	copy(x[:], u.rest)
	u.rest = u.rest[len(x):]
	return x
}

func (u *unpacker) done() bool { return !u.bad && len(u.rest) == 0 }

func (b payeeBody) pack(p *packer) {
	p.int(int64(b.Client))
	p.int(int64(b.Account))
	p.text(b.Name)
	p.text(b.Phone)
	p.text(b.Payer)
	p.id(b.PayerUID)
	p.int(b.Until)
}

func (b *payeeBody) unpack(u *unpacker) {
	b.Client, b.Account = client.ID(u.int()), ledger.AccountID(u.int())
	b.Name, b.Phone, b.Payer, b.PayerUID = u.text(), u.text(), u.text(), u.id()
	b.Until = u.int()
}

func (q quoteBody) pack(p *packer) {
	p.id(q.ID)
	p.int(int64(q.From))
	q.To.pack(p)
	p.int(q.Amount)
	p.int(q.Fee)
	p.int(int64(q.Cur))
	p.int(q.Made)
}

func (q *quoteBody) unpack(u *unpacker) {
	q.ID = u.id()
	q.From = ledger.AccountID(u.int())
	q.To.unpack(u)
	q.Amount, q.Fee = u.int(), u.int()
	q.Cur = money.Currency(u.int())
	q.Made = u.int()
}
