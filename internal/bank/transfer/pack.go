package transfer

import (
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Bodies are written field by field and only ever read after their seal.

func (b *payeeBody) Pack(p *token.Packer) {
	p.Int(int64(b.Client))
	p.Int(int64(b.Account))
	p.Text(b.Name)
	p.Text(b.Phone)
	p.Text(b.Payer)
	p.ID(b.PayerUID)
	p.Int(b.Until)
}

func (b *payeeBody) Unpack(u *token.Unpacker) {
	b.Client, b.Account = client.ID(u.Int()), ledger.AccountID(u.Int())
	b.Name, b.Phone, b.Payer, b.PayerUID = u.Text(), u.Text(), u.Text(), u.ID()
	b.Until = u.Int()
}

func (q *quoteBody) Pack(p *token.Packer) {
	p.ID(q.ID)
	p.Int(int64(q.From))
	q.To.Pack(p)
	p.Int(q.Amount)
	p.Int(q.Fee)
	p.Int(q.Tariff)
	p.Int(int64(q.Rule))
	p.Int(q.Free)
	p.Int(int64(q.Cur))
	p.Int(q.Made)
}

func (q *quoteBody) Unpack(u *token.Unpacker) {
	q.ID = u.ID()
	q.From = ledger.AccountID(u.Int())
	q.To.Unpack(u)
	q.Amount, q.Fee = u.Int(), u.Int()
	q.Tariff, q.Rule, q.Free = u.Int(), int(u.Int()), u.Int()
	q.Cur = money.Currency(u.Int())
	q.Made = u.Int()
}
