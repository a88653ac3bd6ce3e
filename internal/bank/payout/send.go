package payout

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Send is the order to send money out. Quote is the token of a Quote.
type Send struct {
	Client  client.ID
	Key     ledger.Key // made with the page, or ledger.KeyOf of an API client's text
	Quote   string
	Message string
	// Signed is the order's own text with a proof that was checked, and
	// Standing how far whoever signed is trusted.
	Signed   order.Signed
	Standing client.Standing
}

// Send reserves the sum and tells the other side, and gives the state it came
// to: Done, Refused with a reason, or Sent/Unknown («проверяем»). The same key
// and content give the same payout as it stands now, and a refusal of the book
// again; another content under the same key answers ErrKeyReused. Of a payout
// that comes with an error only Replay counts: a refusal may be a repeat too.
func (s *Service) Send(ctx context.Context, cmd Send) (Payout, error) {
	message, err := transfer.CleanMessage(cmd.Message)
	if err != nil {
		return Payout{}, err
	}
	q, err := s.quote(cmd.Client, cmd.Quote)
	if err != nil {
		return Payout{}, err
	}
	if !cmd.Signed.Covers(cmd.Client, s.document(q, cmd.Client, message)) {
		return Payout{}, ErrNotProved
	}
	total, err := q.total()
	if err != nil {
		return Payout{}, ErrAmount.Because(err)
	}
	free, err := s.d.Tariffs.Guards(ctx, cmd.Client, q.price)
	if err != nil {
		return Payout{}, err
	}
	guards := append(s.d.Limits.Rules().Outgoing(cmd.Client, total, cmd.Standing, s.d.DB.Now()), free...)
	print := s.print(q.from, q.to, q.price.Amount, q.price.Fee, message)
	if refusal := s.refusal(ctx, cmd, q); refusal != nil {
		// The key comes before everything else: a repeat of what was done in
		// time gets its answer, however late it comes.
		return s.replayed(ctx, cmd, print, guards, refusal)
	}
	r, t, err := s.transaction(ctx, cmd, q, print, message, guards)
	if err != nil {
		return Payout{}, err
	}
	got, err := s.d.Book.Post(ctx, t)
	if err != nil && fault.CodeOf(err) == fault.Broken {
		// Perhaps the order was carried out before, under another key.
		if rec, found := s.spent(ctx, cmd, print); found {
			return s.answer(ctx, cmd, rec, guards)
		}
	}
	if err != nil {
		return Payout{}, postError(err)
	}
	if got.Refused() || got.Replay {
		return s.answer(ctx, cmd, got, guards)
	}
	// From here on the way is walked to its end: a closed tab must not leave
	// the worker to find out what one more second would have told.
	r.at = got.At
	ctx = context.WithoutCancel(ctx)
	if r, err = s.held(ctx, r); err == nil && r.state == Reserved {
		r, err = s.goOn(ctx, r)
	}
	if err != nil {
		return Payout{}, err
	}
	return s.view(r)
}

// refusal tells why an order may not be carried out now.
func (s *Service) refusal(ctx context.Context, cmd Send, q *quoteBody) error {
	if cmd.Standing.Blocked {
		return ErrBlocked
	}
	if s.d.Rails[q.to.Way] == nil {
		return ErrClosed
	}
	if err := s.stale(ctx, q); err != nil {
		return err
	}
	if err := s.mayProbe(ctx, s.d.DB, cmd.Client, q.to.Way, 1); err != nil {
		return err
	}
	return s.d.Limits.Rules().CheckOrder(q.price.Amount, cmd.Standing, s.d.DB.Now())
}

// transaction builds the one value that holds the money, takes the limits and
// writes payout, feed row and evidence down.
func (s *Service) transaction(ctx context.Context, cmd Send, q *quoteBody, print ledger.Print, message string, guards []ledger.Guard) (row, ledger.Transaction, error) {
	r := row{
		id: s.d.Operations.NewID(), client: cmd.Client, print: [16]byte(print), way: q.to.Way, account: q.from, amount: q.price.Amount,
		price: q.price, state: Reserved, told: true,
	}
	if err := s.sealTarget(ctx, &r, q.to, message, q.id.Text(order.Prefix)); err != nil {
		return r, ledger.Transaction{}, err
	}
	legs, err := r.legs()
	if err != nil {
		return r, ledger.Transaction{}, err
	}
	shown := q.to.Shown()
	feed, err := s.d.Operations.Row(operation.Operation{
		ID: r.id, Client: r.client, Account: r.account, Kind: operation.Payout, State: operation.Pending, Amount: legs[0].Amount, Fee: q.price.Fee,
		Details: operation.Details{
			Name: shown.Name, Message: message, Order: q.id.Text(order.Prefix),
			Payout: &operation.PayoutDetails{Way: r.way.String(), To: shown.Title, BankRU: shown.BankRU, BankEN: shown.BankEN},
		},
	})
	if err != nil {
		return r, ledger.Transaction{}, err
	}
	return r, ledger.Transaction{
		ID: r.id, Owner: int64(cmd.Client), Key: cmd.Key, Print: print, Kind: ledger.KindPayout, Phase: ledger.Pending,
		Legs: legs, Guards: guards, Rows: []db.Row{r.carried(s.d.Now().Add(takeOver)), feed, cmd.Signed.Row()},
	}, nil
}

// print binds a key to its content. It is keyed, because a hash of a card
// number is as good as the number.
func (s *Service) print(from ledger.AccountID, t Target, amount, fee money.Amount, message string) ledger.Print {
	mac := s.d.Vault.MAC("payout print", []byte(decimal(int64(from))), []byte(t.Way.String()), []byte(t.Number.Reveal()), []byte(t.Phone), []byte(t.Bank),
		[]byte(t.Name), []byte(decimal(amount.Minor)), []byte(decimal(fee.Minor)), []byte(decimal(int64(amount.Cur))), []byte(message))
	return ledger.Print(mac[:16])
}

// replayed answers a key that was used before; refusal is the answer when it was not.
func (s *Service) replayed(ctx context.Context, cmd Send, print ledger.Print, guards []ledger.Guard, refusal error) (Payout, error) {
	rec, found, err := ledger.Find(ctx, s.d.DB, int64(cmd.Client), cmd.Key)
	if err != nil {
		return Payout{}, fmt.Errorf("look a key up: %w", err)
	}
	if !found {
		return Payout{}, refusal
	}
	if rec.Print != print {
		return Payout{}, ErrKeyReused
	}
	rec.Replay = true
	return s.answer(ctx, cmd, rec.Receipt, guards)
}

// spent finds out whether the book refused an order's row because the order
// was carried out before, under another key: then it is the repeat of that.
func (s *Service) spent(ctx context.Context, cmd Send, print ledger.Print) (ledger.Receipt, bool) {
	if s.d.Orders == nil {
		return ledger.Receipt{}, false
	}
	txn, err := s.d.Orders.Txn(ctx, cmd.Client, cmd.Signed.ID())
	if err != nil {
		return ledger.Receipt{}, false
	}
	rec, found, err := ledger.ByID(ctx, s.d.DB, txn)
	rec.Replay = true
	return rec.Receipt, err == nil && found && rec.Owner == int64(cmd.Client) && rec.Print == print
}

// answer gives the payout of a repeat, or puts a refusal of the book into words.
func (s *Service) answer(ctx context.Context, cmd Send, r ledger.Receipt, guards []ledger.Guard) (Payout, error) {
	replay := Payout{Replay: r.Replay}
	switch r.Reason {
	case ledger.Accepted:
		p, err := s.One(ctx, cmd.Client, r.Txn)
		p.Replay = r.Replay
		return p, err
	case ledger.InsufficientFunds:
		return replay, ErrInsufficientFunds.With("missing", r.Missing)
	case ledger.LimitReached:
		if r.Guard >= 0 && r.Guard < len(guards) && tariff.Counted(guards[r.Guard]) {
			return replay, tariff.ErrChanged
		}
		if err := limit.Refusal(r, guards, cmd.Standing); err != nil {
			return replay, err
		}
	}
	return Payout{}, fmt.Errorf("payout %s: refused: %s", id.ID(r.Txn).Text(Prefix), r.Reason)
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
