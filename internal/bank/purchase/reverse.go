package purchase

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// reverse takes an earlier message back, whole or in part. What it names may
// not have come yet: then a tombstone stands where it would land, under the
// same unique key, so that whichever comes first wins on both sides. A
// reversal is never refused because of money; an original that was declined or
// reversed already is simply fine.
func (s *Service) reverse(ctx context.Context, r Request, f card.Face) (Answer, error) {
	var a Answer
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		a = Answer{Reason: Approved}
		was, found, err := s.original(ctx, tx, r, f)
		if err != nil {
			return err
		}
		a.Auth = was.id
		switch {
		case !found:
			was, err = s.bury(ctx, tx, r, f)
			a.Auth = was.id
		case was.kind == KindCredit && !r.Advice && !r.TimedOut:
			a.Reason = NotReversible // it is the client's by now
		case was.state == Held || was.state == Posted:
			a.Code = was.code
			err = s.takeBack(ctx, tx, r, f, was)
		}
		if err == nil && r.late {
			err = forget(ctx, tx, was)
		}
		if err != nil {
			return err
		}
		m, err := message(r.key(), r.print(f.ID), f.Client, a.Auth, a, tx.Now())
		if err != nil {
			return err
		}
		return tx.Insert(ctx, m)
	})
	if err != nil {
		return Answer{}, err
	}
	s.tell(f.Client)
	return a, nil
}

// Late gives back what was approved after the network had been told that we are
// unavailable, and makes a repeat of the message hear the same. Should the
// program die before this, the network's own reversal does it.
func (s *Service) Late(ctx context.Context, r Request) error {
	back := r
	back.Class, back.Advice, back.TimedOut, back.late = Reversing, true, true, true
	back.Original = r.of()
	_, err := s.Handle(ctx, back)
	return err
}

// forget makes the remembered answer of an authorisation "unavailable".
func forget(ctx context.Context, tx db.Tx, a auth) error {
	raw, err := json.Marshal(Answer{Reason: Unavailable})
	if err != nil || a.state == Tombstone {
		return err
	}
	_, err = tx.Exec(ctx, qSetMessage, a.message, raw)
	return err
}

// original finds and locks what a reversal names: by the network's name of the
// message, else by reference, card and sum.
func (s *Service) original(ctx context.Context, tx db.Tx, r Request, f card.Face) (auth, bool, error) {
	if r.Original.Known() {
		a, found, err := find(ctx, tx, qByOrigin, int64(f.Client), r.Original.key(f.ID))
		if err != nil || found {
			return a, found, err
		}
	}
	list, err := byRRN(ctx, tx, f.Client, f.ID, r.RRN)
	if err != nil {
		return auth{}, false, err
	}
	for _, a := range slices.Backward(list) {
		if a.local == r.Amount && a.acquirer == r.Acquirer && !r.Original.Known() {
			return a, true, nil
		}
	}
	return auth{}, false, nil
}

// bury leaves a tombstone for an original that has not come.
func (s *Service) bury(ctx context.Context, tx db.Tx, r Request, f card.Face) (auth, error) {
	origin := r.Original
	if !origin.Known() {
		origin = Origin{Authorisation, r.STAN, r.Sent, r.Acquirer}
	}
	stone := auth{
		client: f.Client, id: s.d.Operations.NewID(), card: f.ID, account: f.Account, kind: kindOf(r), state: Tombstone,
		origin: origin.key(f.ID), message: r.key(), rrn: r.RRN, acquirer: r.Acquirer, shop: r.shop(), mcc: r.MCC, country: r.Country,
		channel: r.channel(), local: r.Amount, billing: money.Rub(0), posted: money.Rub(0), at: tx.Now(),
	}
	return stone, tx.Insert(ctx, stone.row())
}

// takeBack gives the held or posted money of an authorisation back, except for
// what the message says remains.
func (s *Service) takeBack(ctx context.Context, tx db.Tx, r Request, f card.Face, a auth) error {
	left, total, err := open(ctx, tx, a)
	if err != nil {
		return err
	}
	remains := money.Rub(0)
	if r.Actual.Cur != 0 && r.Actual.Minor > 0 && r.Actual.Minor < a.local.Minor {
		if remains.Minor, err = money.MulDiv(a.billing.Minor, r.Actual.Minor, a.local.Minor); err != nil {
			return fmt.Errorf("part of authorisation %s: %w", a.id.Text(Prefix), err)
		}
	}
	key := string(r.key())
	var ts []ledger.Transaction
	switch {
	case a.state == Held && a.kind == KindRefund:
		// A promise was taken back: nothing had moved.
	case a.state == Held:
		ts = a.voids(key, left)
		if remains.Minor > total.Minor {
			remains.Minor = total.Minor
		}
		a.holds = nil
		if remains.Positive() {
			hold := s.d.Operations.NewID()
			a.holds = []id.ID{hold}
			ts = append(ts, ledger.Transaction{
				ID: hold, Owner: int64(a.client), Key: ledger.KeyOf("card remains", key), Kind: ledger.KindPurchase, Phase: ledger.Pending,
				Guards: counted(f.Guards(a.attempt(), remains)),
				Legs:   []ledger.Leg{{Account: a.account, Owner: int64(a.client), Amount: money.Rub(-remains.Minor), Force: true}, {Account: ledger.Network, Amount: remains}},
			})
		}
	case len(a.holds) > 0:
		return nil // cleared meanwhile: what the merchant presented comes back by clearing alone
	default:
		back := money.Rub(a.posted.Minor - remains.Minor)
		if !back.Positive() {
			return nil
		}
		ts = []ledger.Transaction{a.opposite(key, back)}
	}
	if err := s.after(ctx, tx, a, remains, r.Actual); err != nil {
		return err
	}
	if len(ts) == 0 {
		return nil
	}
	recs, err := s.d.Book.PostTx(ctx, tx, ts...)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if rec.Refused() {
			return fmt.Errorf("take authorisation %s back: %s", a.id.Text(Prefix), rec.Reason)
		}
	}
	return nil
}

// opposite moves posted money the other way.
func (a auth) opposite(key string, back money.Amount) ledger.Transaction {
	client, network := back, money.Rub(-back.Minor)
	if a.kind == KindCredit || a.kind == KindRefund {
		client, network = network, client
	}
	return ledger.Transaction{
		Owner: int64(a.client), Key: ledger.KeyOf("card back", key), Kind: ledger.KindPurchase, Phase: ledger.Reversal, Refers: a.id,
		Legs: []ledger.Leg{{Account: a.account, Owner: int64(a.client), Amount: client, Force: true}, {Account: ledger.Network, Amount: network}},
	}
}

// counted makes guards that count and never refuse: the sum was let through before.
func counted(list []ledger.Guard) []ledger.Guard {
	for i := range list {
		list[i].Cap.Minor = math.MaxInt64
	}
	return list
}

// attempt is how the holder's rules see what was authorised.
func (a auth) attempt() card.Attempt {
	return card.Attempt{Channel: a.channel, Cash: a.kind == KindCash, Country: a.country, Home: atHome(a.country), MCC: a.mcc, Amount: a.billing}
}

// after writes what an authorisation and its operation look like when it was
// taken back but for remains.
func (s *Service) after(ctx context.Context, tx db.Tx, a auth, remains, actual money.Amount) error {
	if !remains.Positive() {
		a.state, a.billing, a.expires, a.holds = Reversed, money.Rub(0), time.Time{}, nil
		a.posted = money.Rub(0)
	} else {
		if a.state == Posted {
			a.posted = remains
		}
		a.billing, a.local = remains, actual
	}
	if err := a.set(ctx, tx); err != nil {
		return err
	}
	return s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
		if a.state == Reversed {
			o.State = operation.Reversed
			o.Details.Purchase.Reason = "taken_back"
			return
		}
		o.Amount = money.Rub(-remains.Minor)
		if a.kind == KindCredit || a.kind == KindRefund {
			o.Amount = remains
		}
		o.Details.Purchase.Held, o.Details.Purchase.Local = remains, actual
	})
}
