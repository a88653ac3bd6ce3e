package transfer

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// ToFriend sends the money. The same key and content give the same answer, also
// a refusal: a page that shows a refusal carries a fresh key. Another content
// under the same key answers ErrKeyReused. Of a receipt that comes with an error
// only Replay counts: a refusal may be a repeat too.
//
// This is the hot path: after the tokens are opened there is one call of the
// book and no other word with the database; the tariff is in memory.
func (s *Service) ToFriend(ctx context.Context, cmd ToFriend) (Receipt, error) {
	message, err := CleanMessage(cmd.Message)
	if err != nil {
		return Receipt{}, err
	}
	q, err := s.quote(cmd.Client, cmd.Quote)
	if err != nil {
		return Receipt{}, err
	}
	doc := s.document(q, cmd.Client, message)
	if !cmd.Signed.Covers(cmd.Client, doc) {
		return Receipt{}, ErrNotProved
	}
	shown, err := q.shown(cmd.Quote, "")
	if err != nil {
		return Receipt{}, err
	}
	out := Receipt{Order: q.ID, From: q.From, To: shown.To, Amount: shown.Amount, Fee: shown.Fee, Total: shown.Total, Message: message}
	rules, now := s.d.Limits.Rules(), s.d.DB.Now()
	free, err := s.d.Tariffs.Guards(ctx, cmd.Client, shown.Price)
	if err != nil {
		return Receipt{}, err
	}
	guards := append(rules.Outgoing(cmd.Client, shown.Total, cmd.Standing, now), free...)
	refusal := rules.CheckOrder(shown.Amount, cmd.Standing, now)
	if err := s.d.Tariffs.Valid(ctx, shown.Price); err != nil {
		refusal = err
	}
	if s.expired(q) {
		refusal = ErrQuoteExpired
	}
	if cmd.Standing.Blocked {
		refusal = ErrBlocked
	}
	if refusal != nil {
		// The key comes before everything else: a repeat of what was done in
		// time gets its answer, however late it comes.
		return s.replayed(ctx, cmd, q.print(message), out, guards, refusal)
	}
	t, err := s.transaction(cmd, q, out, guards)
	if err != nil {
		return Receipt{}, err
	}
	r, err := s.d.Book.Post(ctx, t)
	if err != nil && fault.CodeOf(err) == fault.Broken {
		// Perhaps the order was carried out before, under another key.
		if rec, found, wrong := s.spent(ctx, cmd, q.print(message)); wrong == nil && found {
			rec.Replay = true
			return s.answer(ctx, cmd, out, rec.Receipt, guards)
		}
	}
	if err != nil {
		return Receipt{}, postError(err)
	}
	if out, err = s.answer(ctx, cmd, out, r, guards); err != nil {
		return out, err
	}
	if !out.Replay {
		s.tell(cmd, q)
	}
	return out, nil
}

// transaction builds the one value that moves money, limits, both feeds and
// the event.
func (s *Service) transaction(cmd ToFriend, q quoteBody, out Receipt, guards []ledger.Guard) (ledger.Transaction, error) {
	debit, err := out.Total.Neg()
	if err != nil {
		return ledger.Transaction{}, err
	}
	op := s.d.Operations.NewID() // one identifier for the transaction and both rows
	t := ledger.Transaction{
		ID: op, Owner: int64(cmd.Client), Key: cmd.Key, Print: q.print(out.Message),
		Kind: ledger.KindTransfer, Phase: ledger.Posted, Guards: guards,
		Legs: []ledger.Leg{
			{Account: q.From, Owner: int64(cmd.Client), Amount: debit},
			{Account: q.To.Account, Owner: int64(q.To.Client), Amount: out.Amount},
		},
	}
	if out.Fee.Positive() {
		t.Legs = append(t.Legs, ledger.Leg{Account: ledger.Fees, Amount: out.Fee})
	}
	payer, err := s.d.Operations.Row(operation.Operation{
		ID: op, Client: cmd.Client, Account: q.From, Kind: operation.TransferOut, State: operation.Done, Amount: debit, Fee: out.Fee,
		Tariff: q.Tariff, Rule: q.Rule, Free: q.Free,
		Details: operation.Details{
			Name: q.To.Name, Phone: q.To.Phone, Message: out.Message, Peer: q.To.Client, PeerAccount: q.To.Account,
			Order: q.ID.Text(order.Prefix),
		},
	})
	if err != nil {
		return t, err
	}
	payee, err := s.d.Operations.Row(operation.Operation{
		ID: op, Client: q.To.Client, Account: q.To.Account, Kind: operation.TransferIn, State: operation.Done,
		Amount: out.Amount, Fee: money.Amount{Cur: out.Amount.Cur},
		Details: operation.Details{Name: q.To.Payer, Message: out.Message, Peer: cmd.Client},
	})
	if err != nil {
		return t, err
	}
	event := notice.TransferDone{Payee: q.To.Client, Operation: op}.Event(s.d.Operations.NewID())
	t.Rows = []db.Row{payer, payee, event.Row(), cmd.Signed.Row()}
	return t, nil
}

// replayed answers a key that was used before; refusal is the answer when it was not.
func (s *Service) replayed(ctx context.Context, cmd ToFriend, print ledger.Print, out Receipt, guards []ledger.Guard, refusal error) (Receipt, error) {
	rec, found, err := ledger.Find(ctx, s.d.DB, int64(cmd.Client), cmd.Key)
	if err != nil {
		return Receipt{}, fmt.Errorf("look a key up: %w", err)
	}
	if !found {
		return Receipt{}, refusal
	}
	if rec.Print != print {
		return Receipt{}, ErrKeyReused
	}
	rec.Replay = true
	return s.answer(ctx, cmd, out, rec.Receipt, guards)
}

// answer completes the receipt, or puts a refusal of the book into words; of a
// refusal the receipt tells only whether it is a replay.
func (s *Service) answer(ctx context.Context, cmd ToFriend, out Receipt, r ledger.Receipt, guards []ledger.Guard) (Receipt, error) {
	switch r.Reason {
	case ledger.Accepted:
		out.ID, out.At, out.Replay = r.Txn, r.At, r.Replay
		if r.Replay { // the same thing may have been ordered anew under the key
			o, err := s.sent(ctx, cmd.Client, r.Txn)
			if err != nil {
				return Receipt{}, err
			}
			out.Order, _ = orderOf(o.Details.Order)
		}
		for _, a := range r.After {
			if a.Account == out.From {
				out.Balance = a.Posted
			}
		}
		return out, nil
	case ledger.InsufficientFunds:
		return Receipt{Replay: r.Replay}, ErrInsufficientFunds.With("missing", r.Missing)
	case ledger.LimitReached:
		if r.Guard >= 0 && r.Guard < len(guards) && tariff.Counted(guards[r.Guard]) {
			return Receipt{Replay: r.Replay}, tariff.ErrChanged
		}
		if err := limit.Refusal(r, guards, cmd.Standing); err != nil {
			return Receipt{Replay: r.Replay}, err
		}
	}
	return Receipt{}, fmt.Errorf("transfer %v: refused: %s", id.ID(r.Txn), r.Reason)
}

// postError gives the book's errors the words of this room.
func postError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrOtherPrint):
		return ErrKeyReused.Because(err)
	case errors.Is(err, ledger.ErrForeignAccount):
		return ErrAccount.Because(err)
	}
	return err
}

// tell wakes the pages of both and the worker that sends the message.
func (s *Service) tell(cmd ToFriend, q quoteBody) {
	if s.d.Live != nil {
		s.d.Live.Kick(cmd.Client)
		s.d.Live.Kick(q.To.Client)
	}
	if s.d.Outbox != nil {
		s.d.Outbox.Kick()
	}
}
