package payout

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Direct is money that a room of the bank sends out of an account of the bank:
// what waits in transit for whoever chooses where it goes. It has no price, no
// limit and no feed row of its own: that room answers for them. Only refused
// payouts to cards count for the owner as his own do.
type Direct struct {
	Owner   client.ID // whose key it is, and whom the other side is told as sender
	Key     ledger.Key
	From    ledger.AccountID // of the bank
	Amount  money.Amount
	To      Target
	Message string
}

// Begin reserves the sum within a unit of work; Go, after the commit, tells the
// other side. The same key and content give the same payout, another content
// ErrKeyReused.
func (s *Service) Begin(ctx context.Context, tx db.Tx, d Direct) (id.ID, error) {
	switch {
	case !d.From.Bank():
		return id.ID{}, fmt.Errorf("payout: account %s is a client's, who would have to sign", d.From)
	case !d.Amount.Positive() || d.Amount.Cur != money.RUB:
		return id.ID{}, ErrAmount
	case s.d.Rails[d.To.Way] == nil:
		return id.ID{}, ErrClosed
	}
	if err := d.To.check(); err != nil {
		return id.ID{}, err
	}
	none := money.Amount{Cur: d.Amount.Cur}
	print := s.print(d.From, d.To, d.Amount, none, d.Message)
	r := row{
		id: s.d.Operations.NewID(), client: d.Owner, print: [16]byte(print), way: d.To.Way, account: d.From, amount: d.Amount, state: Reserved,
	}
	r.price.Fee, r.price.Free = none, none
	if err := s.sealTarget(ctx, &r, d.To, d.Message, ""); err != nil {
		return id.ID{}, err
	}
	legs, err := r.legs()
	if err != nil {
		return id.ID{}, err
	}
	got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
		ID: r.id, Owner: int64(d.Owner), Key: d.Key, Print: print, Kind: ledger.KindPayout, Phase: ledger.Pending,
		Legs: legs, Rows: []db.Row{r.carried(s.d.Now().Add(takeOver))},
	})
	if err != nil {
		return id.ID{}, postError(err)
	}
	if got[0].Refused() {
		return id.ID{}, fmt.Errorf("payout of the bank: refused: %s", got[0].Reason)
	}
	if !got[0].Replay {
		// The payout is among those counted by now; a refusal undoes the unit of work.
		if err := s.mayProbe(ctx, tx, d.Owner, d.To.Way, 0); err != nil {
			return id.ID{}, err
		}
	}
	return got[0].Txn, nil
}

// Go tells the other side of a payout that was begun, and gives the state it
// came to. Called again, it gives the state it is in.
func (s *Service) Go(ctx context.Context, payout id.ID) (Payout, error) {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	if err != nil {
		return Payout{}, err
	}
	if r.state == Reserved {
		if r, err = s.goOn(context.WithoutCancel(ctx), r); err != nil {
			return Payout{}, err
		}
	}
	return s.view(r)
}
