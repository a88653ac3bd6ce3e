package claim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/ledger"
)

// Cancel gives the sender his money back, fee included, until a receiver has
// chosen: ErrUnderWay while a payout is under way, ErrGone once it is over
// otherwise. Said again it changes nothing. It needs no proof: money comes back
// to the account it left.
func (s *Service) Cancel(ctx context.Context, who client.ID, link id.ID) (Link, error) {
	was, err := find(ctx, s.d.DB, qByID, link.Bytes())
	if err != nil {
		return Link{}, err
	}
	if was.client != who {
		return Link{}, ErrMissing
	}
	r, moved := was, false
	err = s.d.DB.Write(ctx, func(tx db.Tx) (err error) {
		moved = false
		if r, err = find(ctx, tx, qLock, link.Bytes()); err != nil {
			return err
		}
		switch r.state {
		case Cancelled:
			return nil
		case Waiting:
		case Paying:
			return ErrUnderWay
		default:
			return ErrGone
		}
		moved = true
		return s.back(ctx, tx, &r, Cancelled)
	})
	if err != nil {
		return Link{}, err
	}
	if moved {
		s.tell(who)
	}
	return s.view(r)
}

// back moves the sum out of transit to the account it came from and closes a
// locked claim. The book gives the limits back to the windows that took them.
func (s *Service) back(ctx context.Context, tx db.Tx, r *row, to State) error {
	sum, err := r.total()
	if err != nil {
		return err
	}
	err = s.d.Operations.Change(ctx, tx, r.client, r.id, func(o *operation.Operation) { o.State = operation.Reversed })
	if err != nil {
		return err
	}
	r.reason = ""
	if err := step(ctx, tx, r, to, time.Time{}); err != nil {
		return err
	}
	amount, err := r.amount.Neg()
	if err != nil {
		return err
	}
	t := ledger.Transaction{
		Owner: int64(r.client), Key: r.ledgerKey("back"), Kind: ledger.KindLink, Phase: ledger.Reversal, Refers: r.id,
		Legs: []ledger.Leg{{Account: r.account, Owner: int64(r.client), Amount: sum}, {Account: ledger.Transit, Amount: amount}},
	}
	if r.fee.Positive() {
		fee, err := r.fee.Neg()
		if err != nil {
			return err
		}
		t.Legs = append(t.Legs, ledger.Leg{Account: ledger.Fees, Amount: fee})
	}
	got, err := s.d.Book.PostTx(ctx, tx, t)
	if err != nil {
		return fmt.Errorf("give %s back: %w", r.text(), err)
	}
	if got[0].Refused() {
		return fmt.Errorf("give %s back: refused: %s", r.text(), got[0].Reason)
	}
	return nil
}

// expire gives a claim back whose time is over, and says so.
func (s *Service) expire(ctx context.Context, due row) error {
	me, err := s.d.People.ByID(ctx, due.client)
	if err != nil && !errors.Is(err, client.ErrNobody) {
		return err
	}
	moved := false
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		moved = false
		r, err := find(ctx, tx, qLock, due.id.Bytes())
		if err != nil || r.version != due.version || r.state != Waiting {
			return err // somebody moved it meanwhile
		}
		d, err := s.details(r)
		if err != nil {
			return err
		}
		if me.ID != 0 {
			total, err := r.total()
			if err != nil {
				return err
			}
			if err := s.sayToSender(ctx, tx, me, "claim.sms_expired", locale.A("phone", d.phone().Pretty()), locale.A("amount", total)); err != nil {
				return err
			}
		}
		moved = true
		return s.back(ctx, tx, &r, Expired)
	})
	if err == nil && moved {
		s.tell(due.client)
	}
	return err
}

// remind tells both, the day before the end.
func (s *Service) remind(ctx context.Context, due row) error {
	me, err := s.d.People.ByID(ctx, due.client)
	if err != nil && !errors.Is(err, client.ErrNobody) {
		return err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r, err := find(ctx, tx, qLock, due.id.Bytes())
		if err != nil || r.version != due.version || r.state != Waiting || r.reminded {
			return err
		}
		d, err := s.details(r)
		if err != nil {
			return err
		}
		args := []locale.Arg{
			locale.A("name", d.Name), locale.A("phone", d.phone().Pretty()), locale.A("amount", r.amount), s.until(d.Lang, r), locale.A("url", s.url(r)),
		}
		if err := s.say(ctx, tx, 0, d.phone(), s.words(d.Lang).T("claim.sms_reminder", args...)); err != nil {
			return err
		}
		if me.ID != 0 {
			if err := s.sayToSender(ctx, tx, me, "claim.sms_waits", args...); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, qRemind, r.id.Bytes(), r.version, r.until.UnixMicro())
		return err
	})
	if err == nil {
		s.tell()
	}
	return err
}
