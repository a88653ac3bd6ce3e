package payout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/ledger"
)

// dayOf numbers the UTC days in which instructions are counted.
func dayOf(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

// goOn takes a reserved payout to the other side. When somebody else moved it
// meanwhile, theirs stands.
func (s *Service) goOn(ctx context.Context, r row) (row, error) {
	rail := s.d.Rails[r.way]
	if rail == nil {
		return s.refuse(ctx, r, reasonClosed)
	}
	was := r
	began := s.d.Now() // the request dies with its own clock, which starts before the step is written
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was // the closure may run again
		r.sent = tx.Now().UTC().Truncate(time.Second)
		if err := tx.Row(ctx, qNumber, dayOf(r.sent)).Scan(&r.number); err != nil {
			return fmt.Errorf("number a payout: %w", err)
		}
		return step(ctx, tx, &r, Sent, began.Add(takeOver))
	})
	if err != nil {
		return s.afterStep(ctx, was, err)
	}
	i, err := s.instruction(r)
	if err != nil {
		return r, err // it is written down as sent: the worker asks
	}
	limited, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if s.d.Now().Sub(began) >= sendTimeout {
		// The process slept through its time: the worker may be asking already.
		return s.apply(ctx, r, Outcome{}, context.DeadlineExceeded)
	}
	o, said := rail.Send(limited, i)
	return s.apply(ctx, r, o, said)
}

// ask finds out what became of a payout and takes the step that follows.
func (s *Service) ask(ctx context.Context, r row) (row, error) {
	rail := s.d.Rails[r.way]
	if rail == nil {
		return s.wait(ctx, r, s.d.Now().Add(backOff(r.tries)))
	}
	i, err := s.instruction(r)
	if err != nil {
		return r, err
	}
	i.Old = s.d.DB.Now().Sub(r.sent) >= repeatFor
	ctx = context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	o, said := rail.Ask(limited, i)
	if o.State == NotSent {
		o.State = OutcomeUnknown // of the question: the payout itself may have gone
	}
	return s.apply(ctx, r, o, said)
}

// apply takes the step that follows from what the rail said. When somebody else
// took one meanwhile, theirs stands: they asked the same rail.
func (s *Service) apply(ctx context.Context, r row, o Outcome, said error) (row, error) {
	was := r
	r, err := s.follow(ctx, r, o, said)
	if err != nil {
		// The rail's word is not lost: the worker asks again.
		return s.afterStep(ctx, was, err)
	}
	if r.state != was.state {
		if s.d.Live != nil {
			s.d.Live.Kick(r.client)
		}
		if s.d.Outbox != nil && r.state.Final() {
			s.d.Outbox.Kick()
		}
	}
	return r, nil
}

// afterStep reads a payout again that was moved by somebody else.
func (s *Service) afterStep(ctx context.Context, r row, err error) (row, error) {
	if errors.Is(err, errStale) {
		return find(ctx, s.d.DB, qByID, r.id.Bytes())
	}
	return r, fmt.Errorf("payout %s: %w", r.text(), err)
}

func (s *Service) follow(ctx context.Context, r row, o Outcome, said error) (row, error) {
	next := s.d.Now().Add(backOff(r.tries))
	switch o.State {
	case Settled:
		return s.settle(ctx, r, o.Reference)
	case Declined:
		r.reference = o.Reference
		reason := o.Reason
		if !reasons[reason] || reason == reasonNotSent || reason == reasonClosed {
			reason = "declined"
		}
		return s.refuse(ctx, r, reason)
	case NotSent:
		s.d.Log.Warn("a payout did not leave", "payout", r.text(), "way", r.way.String(), "err", said)
		return s.refuse(ctx, r, reasonNotSent)
	}
	s.d.Log.Warn("the other side gave no answer", "payout", r.text(), "way", r.way.String(), "state", r.state.String(), "err", said)
	return s.wait(ctx, r, next)
}

// wait keeps an open payout until the next question. One whose answer was lost
// is unknown from here on.
func (s *Service) wait(ctx context.Context, r row, next time.Time) (row, error) {
	was := r
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		if r = was; r.state == Sent {
			return step(ctx, tx, &r, Unknown, next)
		}
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

// settle posts the hold: the receiver has the money.
func (s *Service) settle(ctx context.Context, r row, reference string) (row, error) {
	legs, err := r.legs()
	if err != nil {
		return r, err
	}
	was := r
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		if _, err := lock(ctx, tx, &r); err != nil {
			return err
		}
		late := r.state == Unknown
		got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
			ID: s.d.Operations.NewID(), Owner: int64(r.client), Key: r.ledgerKey("post"), Kind: ledger.KindPayout, Phase: ledger.Post,
			Refers: r.id, Hold: r.account, Legs: legs, Final: true,
		})
		if err != nil {
			return fmt.Errorf("post: %w", err)
		}
		if got[0].Refused() {
			return fmt.Errorf("post: refused: %s", got[0].Reason)
		}
		r.posting, r.reference, r.done = got[0].Txn.Bytes(), cut(reference), tx.Now()
		if err := step(ctx, tx, &r, Done, time.Time{}); err != nil {
			return err
		}
		return s.picture(ctx, tx, r, got[0].Txn, late)
	})
	return r, err
}

// refuse gives the hold back, and with it what the limits counted.
func (s *Service) refuse(ctx context.Context, r row, reason string) (row, error) {
	was := r
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		now, err := lock(ctx, tx, &r)
		if err != nil {
			return err
		}
		if reason == reasonNotSent && now.tries != was.tries {
			// Somebody believed us dead and is asking, and his question may be
			// what moves the money: the outcome is his.
			return errStale
		}
		late := r.state == Unknown
		got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
			Owner: int64(r.client), Key: r.ledgerKey("void"), Kind: ledger.KindPayout, Phase: ledger.Void, Refers: r.id, Hold: r.account,
		})
		if err != nil {
			return fmt.Errorf("void: %w", err)
		}
		if got[0].Refused() {
			return fmt.Errorf("void: refused: %s", got[0].Reason)
		}
		r.reason, r.reference, r.done = reason, cut(r.reference), tx.Now()
		if err := step(ctx, tx, &r, Refused, time.Time{}); err != nil {
			return err
		}
		return s.picture(ctx, tx, r, r.id, late)
	})
	return r, err
}

// picture shows in the feed what became of a payout, and has its client told
// when his page has not waited for it.
func (s *Service) picture(ctx context.Context, tx db.Tx, r row, txn id.ID, late bool) error {
	if !r.told {
		return nil
	}
	err := s.d.Operations.Change(ctx, tx, r.client, r.id, func(o *operation.Operation) {
		o.State, o.Txn = operation.Done, txn
		if r.state == Refused {
			o.State = operation.Reversed
		}
		o.Details.Payout.Reason, o.Details.Payout.Reference = r.reason, r.reference
	})
	if err != nil || !late {
		return err
	}
	return s.tell(ctx, tx, r.client, r.id)
}

// tell has a client told what an operation came to.
func (s *Service) tell(ctx context.Context, tx db.Tx, who client.ID, op id.ID) error {
	return outbox.Add(ctx, tx, outbox.Event{ID: s.d.Operations.NewID(), Topic: notice.TopicPayout, Owner: int64(who), Payload: op.Bytes()})
}

// maxReference bounds the other side's name for a payout.
const maxReference = 64

func cut(s string) string {
	if len(s) > maxReference {
		s = s[:maxReference]
	}
	for _, r := range s {
		if r < ' ' || r > '~' {
			return ""
		}
	}
	return s
}
