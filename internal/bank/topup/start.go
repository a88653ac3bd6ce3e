package topup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Start writes the order down, reserves it, asks the acquirer and gives the
// state it came to: Action with a page to go to, Done, Refused with a reason, or
// Sent/Unknown («проверяем»). The same key gives the same top-up as it stands
// now, without a second charge. A limit that is passed is a Refused top-up, and
// the fault of room limit beside it.
func (s *Service) Start(ctx context.Context, cmd Start) (TopUp, error) {
	q, stale := s.ReadQuote(ctx, cmd.Client, cmd.Quote)
	if stale != nil && q.Token == "" {
		return TopUp{}, stale
	}
	if err := cmd.Card.check(s.d.DB.Now()); err != nil {
		return TopUp{}, err
	}
	if s.own(cmd.Card.Number) {
		return TopUp{}, ErrOwnCard
	}
	r, fresh, err := s.create(ctx, cmd, q, stale)
	if err != nil {
		return TopUp{}, err
	}
	// From here on the way is walked to its end: a closed tab must not leave
	// the worker to find out what one more second would have told.
	ctx = context.WithoutCancel(ctx)
	if fresh {
		if r, err = s.goOn(ctx, r, cmd.Card); err != nil {
			return TopUp{}, err
		}
	}
	t, err := s.view(r)
	switch {
	case err != nil || r.state != Refused:
	case r.reason == reasonPrice:
		err = tariff.ErrChanged
	case r.reason == reasonLimit:
		err = limit.ErrTopUpDay.With("left", r.left).With("cap", s.d.Limits.Rules().TopUpDay)
	}
	return t, err
}

func (s *Service) own(number string) bool {
	for _, bin := range s.d.OwnBINs {
		if bin != "" && strings.HasPrefix(number, bin) {
			return true
		}
	}
	return false
}

// create writes the order down, or finds the one this key made before: a repeat
// gets its answer however late it comes, a new order is refused when its quote
// is stale.
func (s *Service) create(ctx context.Context, cmd Start, q Quote, stale error) (r row, fresh bool, err error) {
	print := s.print(cmd, q.Amount)
	if r, err = s.repeated(ctx, cmd, print); !errors.Is(err, ErrMissing) {
		return r, false, err
	}
	if stale != nil {
		return row{}, false, stale
	}
	if err := s.mine(ctx, cmd.Client, cmd.Account); err != nil {
		return row{}, false, err
	}
	r = row{
		id: s.d.Operations.NewID(), client: cmd.Client, key: cmd.Key, print: print, account: cmd.Account,
		amount: q.Amount, fee: q.Fee, price: q.Price, state: Created, left: money.Amount{Cur: q.Amount.Cur}, hold: s.d.Operations.NewID(),
		operation: []byte{}, action: []byte{},
	}
	plain, err := json.Marshal(details{Card: cmd.Card.Masked()})
	if err != nil {
		return row{}, false, err
	}
	if r.details, err = s.d.Vault.Seal(vault.PII, r.place("details"), plain); err != nil {
		return row{}, false, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r.at = tx.Now()
		return s.insert(ctx, tx, r, s.d.Now().Add(takeOver))
	})
	if db.IsUnique(err) { // the other click was faster
		r, err = s.repeated(ctx, cmd, print)
		return r, false, err
	}
	if err != nil {
		return row{}, false, fmt.Errorf("write a top-up down: %w", err)
	}
	return r, true, nil
}

// repeated finds the top-up of a key; ErrKeyReused when it was for something else.
func (s *Service) repeated(ctx context.Context, cmd Start, print [16]byte) (row, error) {
	r, err := find(ctx, s.d.DB, qByKey, int64(cmd.Client), cmd.Key[:])
	if err == nil && r.print != print {
		return row{}, ErrKeyReused
	}
	return r, err
}

// print binds a key to its content. It is keyed, because a hash of a card
// number is as good as the number; the security code has no part in it.
func (s *Service) print(cmd Start, amount money.Amount) [16]byte {
	parts := fmt.Sprintf("%d %d %d %02d %d", cmd.Account, amount.Minor, amount.Cur, cmd.Card.ExpMonth, cmd.Card.ExpYear)
	return [16]byte(s.d.Vault.MAC("topup.print", []byte(parts), s.d.Vault.Lookup(vault.Number, cmd.Card.Number))[:16])
}

// mine answers ErrAccount for an account that is not the client's.
func (s *Service) mine(ctx context.Context, c client.ID, a ledger.AccountID) error {
	account, err := ledger.AccountByID(ctx, s.d.DB, a)
	if errors.Is(err, ledger.ErrForeignAccount) {
		return ErrAccount
	}
	if err != nil {
		return err
	}
	if account.Owner != int64(c) || account.Closed {
		return ErrAccount
	}
	return nil
}

// goOn takes a fresh top-up through reserved and sent to the acquirer. When
// somebody else moved it meanwhile (the worker believed this process dead), the
// card is not charged.
func (s *Service) goOn(ctx context.Context, r row, card Card) (row, error) {
	if err := s.reserve(ctx, &r); err != nil || r.state != Reserved {
		return s.afterStep(ctx, r, err)
	}
	// The request dies with its own clock, which starts before the step is
	// written: a process that slept through it sends nothing.
	sent := s.d.Now()
	limited, cancel := context.WithTimeout(ctx, chargeTimeout)
	defer cancel()
	r.sentMicro = sent.UnixMicro()
	if err := s.move(ctx, &r, Sent, sent.Add(takeOver)); err != nil {
		return s.afterStep(ctx, r, err)
	}
	if s.d.Now().Sub(sent) >= chargeTimeout || limited.Err() != nil {
		return s.apply(ctx, r, Outcome{}, ErrNotSent)
	}
	total, err := r.total()
	if err != nil {
		return r, err
	}
	o, err := s.d.Acquirer.Charge(limited, Charge{
		Key: r.text(), Order: r.text(), Amount: total, Description: s.d.Description, Card: card, ReturnURL: s.d.ReturnURL(r.text()),
	})
	return s.apply(ctx, r, o, err)
}

// afterStep reads a top-up again that was moved by somebody else.
func (s *Service) afterStep(ctx context.Context, r row, err error) (row, error) {
	if errors.Is(err, errStale) {
		return find(ctx, s.d.DB, qByID, r.id.Bytes())
	}
	return r, err
}

// move takes one step in a unit of work of its own.
func (s *Service) move(ctx context.Context, r *row, to State, next time.Time) error {
	was := *r
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		*r = was // the closure may run again
		return step(ctx, tx, r, to, next)
	})
}

// reserve holds the sum in the ledger and takes the day's limit, or refuses.
func (s *Service) reserve(ctx context.Context, r *row) error {
	legs, err := r.legs()
	if err != nil {
		return err
	}
	free, err := s.d.Tariffs.Guards(ctx, r.client, r.price)
	if err != nil {
		return err
	}
	guards := append(s.d.Limits.Rules().TopUp(r.client, r.amount), free...)
	was := *r
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		*r = was
		if err := lock(ctx, tx, r); err != nil {
			return err
		}
		got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
			ID: r.hold, Owner: int64(r.client), Key: r.ledgerKey("hold"), Kind: ledger.KindTopUp, Phase: ledger.Pending,
			Legs: legs, Guards: guards,
		})
		if err != nil {
			return fmt.Errorf("hold %s: %w", r.text(), err)
		}
		switch got[0].Reason {
		case ledger.Accepted:
			return step(ctx, tx, r, Reserved, s.d.Now().Add(takeOver))
		case ledger.LimitReached:
			r.reason, r.left = reasonLimit, got[0].Left
			if tariff.Counted(guards[got[0].Guard]) {
				r.reason = reasonPrice
			}
			return step(ctx, tx, r, Refused, time.Time{})
		}
		return fmt.Errorf("hold %s: refused: %s", r.text(), got[0].Reason)
	})
}

// lock takes the top-up's row before the ledger takes accounts; errStale when it
// has moved since r was read.
func lock(ctx context.Context, tx db.Tx, r *row) error {
	now, err := find(ctx, tx, qLock, r.id.Bytes())
	if err != nil {
		return err
	}
	if now.version != r.version {
		return errStale
	}
	return nil
}

// legs moves what the other card is charged to the client and to our fees.
func (r row) legs() ([]ledger.Leg, error) {
	total, err := r.total()
	if err != nil {
		return nil, err
	}
	debit, err := total.Neg()
	if err != nil {
		return nil, err
	}
	legs := []ledger.Leg{{Account: ledger.Acquirer, Amount: debit}, {Account: r.account, Owner: int64(r.client), Amount: r.amount}}
	if r.fee.Positive() {
		legs = append(legs, ledger.Leg{Account: ledger.Fees, Amount: r.fee})
	}
	return legs, nil
}

// ledgerKey names one posting of this top-up.
func (r row) ledgerKey(what string) ledger.Key { return ledger.KeyOf("topup", what, r.text()) }
