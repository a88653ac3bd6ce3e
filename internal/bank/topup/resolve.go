package topup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// errNeverSent is the worker's own answer about a top-up that stands before sent.
var errNeverSent = errors.New("topup: the request was never made")

// ask finds out how the charge stands and takes the step that follows.
func (s *Service) ask(ctx context.Context, r row) (row, error) {
	defer s.asking.begin(r.id)()
	ctx = context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	o, err := s.d.Acquirer.Find(limited, r.text())
	return s.apply(ctx, r, o, err)
}

// apply takes the step that follows from what the acquirer said. When somebody
// else took one meanwhile, theirs stands: they asked the same acquirer.
func (s *Service) apply(ctx context.Context, r row, o Outcome, said error) (row, error) {
	was := r
	r, err := s.follow(ctx, r, o, said)
	if errors.Is(err, errStale) {
		return find(ctx, s.d.DB, qByID, was.id.Bytes())
	}
	if err != nil {
		// The acquirer's word is not lost: the worker asks again.
		return was, fmt.Errorf("topup %s: %w", was.text(), err)
	}
	if r.state != was.state && s.d.Live != nil {
		s.d.Live.Kick(r.client)
	}
	return r, nil
}

func (s *Service) follow(ctx context.Context, r row, o Outcome, said error) (row, error) {
	next := s.d.Now().Add(backOff(r.tries))
	switch {
	case errors.Is(said, errNeverSent):
		return s.giveBack(ctx, r, reasonInterrupted)
	case errors.Is(said, ErrNotSent) && r.state == Sent:
		return s.giveBack(ctx, r, reasonNotSent)
	case errors.Is(said, ErrNoSuchCharge):
		if r.state == Refused {
			return r, nil // as we thought
		}
		if s.d.Now().Sub(time.UnixMicro(r.sentMicro)) >= lostAfter {
			return s.giveBack(ctx, r, reasonInterrupted)
		}
		return s.wait(ctx, r, next)
	case said != nil:
		s.d.Log.Warn("the acquirer gave no answer", "topup", r.text(), "state", r.state.String(), "err", said)
		return s.wait(ctx, r, next)
	}
	total, err := r.total()
	if err != nil {
		return r, err
	}
	if o.Key != r.text() || o.Amount != total {
		// Never move money on the word of a mixed-up answer.
		s.d.Log.Error("the acquirer answered about another charge", "topup", r.text(), "key", o.Key, "amount", o.Amount.String())
		return s.wait(ctx, r, next)
	}
	if r.state == Refused && o.State != ChargeRefused {
		s.d.Log.Error("a charge that was given up turned up", "topup", r.text(), "charge", string(o.State))
		if err := s.move(ctx, &r, Unknown, next); err != nil {
			return r, err
		}
	}
	switch o.State {
	case ChargeCharged:
		return s.settle(ctx, r)
	case ChargeRefused:
		return s.giveBack(ctx, r, foreign(o.Reason))
	case ChargeActionRequired:
		return s.sendToBank(ctx, r, o.ActionURL, next)
	case ChargeProcessing:
		if r.state == Sent {
			return s.later(ctx, r, next)
		}
		err := s.move(ctx, &r, Sent, next)
		return r, err
	}
	s.d.Log.Error("the acquirer said something new", "topup", r.text(), "charge", string(o.State))
	return s.wait(ctx, r, next)
}

// wait keeps an open top-up until the next question. A request whose answer was
// lost is unknown from here on; a page of the other bank stays open.
func (s *Service) wait(ctx context.Context, r row, next time.Time) (row, error) {
	if r.state == Sent {
		err := s.move(ctx, &r, Unknown, next)
		return r, err
	}
	return s.later(ctx, r, next)
}

func (s *Service) later(ctx context.Context, r row, next time.Time) (row, error) {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qLater, r.id.Bytes(), next.UnixMicro())
		return err
	})
	return r, err
}

// backOff gives the pause before question number tries.
func backOff(tries int64) time.Duration {
	if tries >= tiredAfter {
		return pollTired
	}
	return min(pollMin<<min(tries, 10), pollMax)
}

// sendToBank keeps the address of the other bank's page.
func (s *Service) sendToBank(ctx context.Context, r row, page string, next time.Time) (row, error) {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		s.d.Log.Error("the acquirer named a page that is none", "topup", r.text())
		return s.wait(ctx, r, next)
	}
	if r.state == Action {
		return s.later(ctx, r, next)
	}
	if r.action, err = s.d.Vault.SealText(vault.PII, r.place("action"), page); err != nil {
		return r, err
	}
	err = s.move(ctx, &r, Action, next)
	return r, err
}

// settle posts the hold with the feed row: the money was taken.
func (s *Service) settle(ctx context.Context, r row) (row, error) {
	legs, err := r.legs()
	if err != nil {
		return r, err
	}
	plain, err := s.view(r)
	if err != nil {
		return r, err
	}
	was := r
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		if err := lock(ctx, tx, &r); err != nil {
			return err
		}
		op := s.d.Operations.NewID()
		feed, err := s.d.Operations.Row(operation.Operation{
			ID: op, Client: r.client, Account: r.account, Kind: operation.TopUp, State: operation.Done,
			Amount: r.amount, Fee: money.Amount{Cur: r.amount.Cur}, // the fee is taken from the other card
			Details: operation.Details{Card: plain.Card, Order: r.text()},
		})
		if err != nil {
			return err
		}
		t := ledger.Transaction{
			ID: op, Owner: int64(r.client), Key: r.ledgerKey("post"), Kind: ledger.KindTopUp, Phase: ledger.Post,
			Refers: r.hold, Hold: ledger.Acquirer, Legs: legs, Final: true, Rows: []db.Row{feed},
		}
		if gaveUp(r.reason) {
			// The hold was given back when we thought that nothing had been
			// sent. The money is here all the same, so it is credited anew;
			// no limit may keep a client's money from him.
			t.Key, t.Phase, t.Refers, t.Hold, t.Final = r.ledgerKey("late"), ledger.Posted, [16]byte{}, 0, false
		}
		got, err := s.d.Book.PostTx(ctx, tx, t)
		if err != nil {
			return fmt.Errorf("post: %w", err)
		}
		if got[0].Refused() {
			return fmt.Errorf("post: refused: %s", got[0].Reason)
		}
		r.operation, r.reason = got[0].Txn.Bytes(), ""
		return step(ctx, tx, &r, Done, time.Time{})
	})
	return r, err
}

// giveBack voids the hold, which gives the day's limit back too, and refuses.
func (s *Service) giveBack(ctx context.Context, r row, reason string) (row, error) {
	if r.state == Refused {
		return r, nil
	}
	was := r
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		if err := lock(ctx, tx, &r); err != nil {
			return err
		}
		if r.state != Created && !gaveUp(r.reason) {
			got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
				Owner: int64(r.client), Key: r.ledgerKey("void"), Kind: ledger.KindTopUp, Phase: ledger.Void,
				Refers: r.hold, Hold: ledger.Acquirer,
			})
			if err != nil {
				return fmt.Errorf("void: %w", err)
			}
			if got[0].Refused() {
				return fmt.Errorf("void: refused: %s", got[0].Reason)
			}
		}
		r.reason = reason
		return step(ctx, tx, &r, Refused, time.Time{})
	})
	return r, err
}
