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
		was, did, found, err := s.original(ctx, tx, r, f)
		if err != nil {
			return err
		}
		a.Auth = was.id
		switch {
		case !found:
			was, err = s.bury(ctx, tx, r, f)
			a.Auth = was.id
		case did != nil:
			a.Code = was.code
			err = s.takePartBack(ctx, tx, r, was, *did)
		case was.kind == KindCredit && was.state == Posted && !r.Advice && !r.TimedOut:
			a.Reason = NotReversible // it is the client's by now
		case was.state == Held || was.state == Posted:
			a.Code = was.code
			err = s.takeBack(ctx, tx, r, f, was)
		}
		if err == nil && r.late {
			err = s.forget(ctx, tx, was)
		}
		if err != nil {
			return err
		}
		return s.remember(ctx, tx, r, f, a)
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
func (s *Service) forget(ctx context.Context, tx db.Tx, a auth) error {
	raw, err := json.Marshal(Answer{Reason: Unavailable})
	if err != nil || a.state == Tombstone {
		return err
	}
	return s.rows.answer(ctx, tx, a.message, raw)
}

// change is a message that changed an authorisation after it was made: an
// increment or a completion.
type change struct {
	key    []byte
	answer Answer
}

// original finds and locks what a reversal names: by the network's name of the
// message, by that name with another transmission time (a repeat's, which the
// network set anew), or by reference, card and sum when it names nothing. A
// change comes with it when that is what is named.
func (s *Service) original(ctx context.Context, tx db.Tx, r Request, f card.Face) (auth, *change, bool, error) {
	if !r.Original.Known() {
		a, found, err := s.alike(ctx, tx, r, f)
		return a, nil, found, err
	}
	a, found, err := s.rows.byOrigin(ctx, tx, f.Client, r.Original.key(f.ID))
	if err != nil || found {
		return a, nil, found, err
	}
	list, err := s.rows.byRRN(ctx, tx, f.Client, f.ID, r.RRN) // locks what the rest looks at
	if err != nil || len(list) == 0 {
		return auth{}, nil, false, err
	}
	named := Request{Link: r.Link, Class: r.Original.Class, Acquirer: r.Original.Acquirer, STAN: r.Original.STAN, Sent: r.Original.Sent, RRN: r.RRN}
	answer, _, found, err := s.rows.remembered(ctx, tx, named.twin(f.ID))
	if err != nil {
		return auth{}, nil, false, err
	}
	for _, a := range list {
		if found && a.id == answer.Auth {
			return a, &change{named.twin(f.ID), answer}, true, nil
		}
		first := named
		first.Sent = sentOf(a.message)
		if slices.Equal(first.key(), a.message) {
			return a, nil, true, nil
		}
	}
	return auth{}, nil, false, nil
}

// alike finds the newest authorisation of a reference and sum. What only a
// clearing file told of was never asked for and cannot be taken back.
func (s *Service) alike(ctx context.Context, tx db.Tx, r Request, f card.Face) (auth, bool, error) {
	list, err := s.rows.byRRN(ctx, tx, f.Client, f.ID, r.RRN)
	if err != nil {
		return auth{}, false, err
	}
	for _, a := range slices.Backward(list) {
		if a.local != r.Amount || a.acquirer != r.Acquirer {
			continue
		}
		_, _, asked, err := s.rows.remembered(ctx, tx, a.message)
		if err != nil || asked {
			return a, asked, err
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
// what the message says remains. What merchants have presented meanwhile stays
// posted: it comes back by clearing alone.
func (s *Service) takeBack(ctx context.Context, tx db.Tx, r Request, f card.Face, a auth) error {
	remains := money.Rub(0)
	if r.Actual.Cur != 0 && r.Actual.Minor > 0 {
		if r.Actual.Minor >= a.local.Minor {
			return nil // no less than what is there: it was taken back to this before
		}
		remains = r.Actual
		if a.local.Cur != a.billing.Cur { // at the rate of the authorisation
			var err error
			if remains.Minor, err = money.MulDiv(a.billing.Minor, r.Actual.Minor, a.local.Minor); err != nil {
				return fmt.Errorf("part of authorisation %s: %w", a.id.Text(Prefix), err)
			}
			remains.Cur = a.billing.Cur
		}
	}
	key := string(r.key())
	switch {
	case a.state == Held && a.kind == KindRefund: // a promise: nothing had moved
		a.left(remains, r.Actual)
		return s.settled(ctx, tx, a)
	case a.state == Held:
		return s.release(ctx, tx, a, f, key, remains, r.Actual)
	case len(a.holds) > 0:
		return nil // cleared meanwhile
	}
	back := money.Rub(min(a.billing.Minor-remains.Minor, a.posted.Minor))
	if !back.Positive() {
		return nil
	}
	a.posted.Minor -= back.Minor
	a.left(remains, r.Actual)
	if a.posted.Positive() {
		a.state = Posted
	}
	if err := s.settled(ctx, tx, a); err != nil {
		return err
	}
	return s.moves(ctx, tx, a, a.opposite(key, back))
}

// left makes an authorisation one of what remains; it is over when nothing does.
func (a *auth) left(remains, actual money.Amount) {
	a.billing = remains
	if remains.Positive() {
		a.local = actual
		return
	}
	a.state, a.expires = Reversed, time.Time{}
}

// release gives holds back and keeps what remains, less what was presented, in
// a hold of its own.
func (s *Service) release(ctx context.Context, tx db.Tx, a auth, f card.Face, key string, remains, actual money.Amount) error {
	left, total, err := open(ctx, s.rows, tx, a)
	if err != nil {
		return err
	}
	ts := a.voids(key, left)
	keep := money.Rub(max(0, min(remains.Minor-a.posted.Minor, total.Minor)))
	if !keep.Positive() && a.posted.Positive() {
		a.billing, a.state, a.expires = a.posted, Posted, time.Time{}
		if err := s.settled(ctx, tx, a); err != nil {
			return err
		}
		return s.moves(ctx, tx, a, ts...)
	}
	a.holds = nil
	if keep.Positive() {
		hold := s.d.Operations.NewID()
		a.holds = []id.ID{hold}
		ts = append(ts, ledger.Transaction{
			ID: hold, Owner: int64(a.client), Key: ledger.KeyOf("card remains", key), Kind: ledger.KindPurchase, Phase: ledger.Pending,
			Guards: counted(f.Guards(a.attempt(), keep)),
			Legs:   []ledger.Leg{{Account: a.account, Owner: int64(a.client), Amount: money.Rub(-keep.Minor), Force: true}, {Account: ledger.Network, Amount: keep}},
		})
		keep.Minor += a.posted.Minor
	}
	a.left(keep, actual)
	if err := s.settled(ctx, tx, a); err != nil {
		return err
	}
	return s.moves(ctx, tx, a, ts...)
}

// takePartBack undoes what one later message did to an authorisation: an
// increment gives back its own hold, a completion what it posted.
func (s *Service) takePartBack(ctx context.Context, tx db.Tx, r Request, a auth, did change) error {
	if did.answer.Part.IsZero() {
		return s.uncomplete(ctx, tx, r, a, did)
	}
	left, _, err := open(ctx, s.rows, tx, a)
	i := slices.Index(a.holds, did.answer.Part)
	if err != nil || a.state != Held || i < 0 || left[i].IsZero() {
		return err // given back or presented before
	}
	ts := auth{client: a.client, account: a.account, holds: a.holds[i : i+1]}.voids(string(r.key()), left[i:i+1])
	a.holds = slices.Delete(slices.Clone(a.holds), i, i+1)
	a.billing.Minor -= left[i].Minor
	if a.local.Cur == money.RUB {
		a.local.Minor -= left[i].Minor
	} else if a.local.Cur == r.Amount.Cur {
		a.local.Minor -= min(r.Amount.Minor, a.local.Minor)
	}
	switch { // when nothing is held any more
	case a.billing.IsZero():
		a.state, a.expires = Reversed, time.Time{}
	case a.billing == a.posted:
		a.state, a.expires = Posted, time.Time{}
	}
	if err := s.settled(ctx, tx, a); err != nil {
		return err
	}
	return s.moves(ctx, tx, a, ts...)
}

// uncomplete gives back, once, what a completion posted. The hold does not rise again.
func (s *Service) uncomplete(ctx context.Context, tx db.Tx, r Request, a auth, did change) error {
	sum, why, err := s.billing(ctx, r)
	if err != nil || why != Approved || did.answer.Undone {
		return err
	}
	back := money.Rub(min(sum.Minor, a.posted.Minor))
	if !back.Positive() {
		return nil
	}
	did.answer.Undone = true
	raw, err := json.Marshal(did.answer)
	if err != nil {
		return err
	}
	if err := s.rows.answer(ctx, tx, did.key, raw); err != nil {
		return err
	}
	if a.posted.Minor -= back.Minor; a.posted.IsZero() {
		a.state = Reversed
	}
	if err := s.settled(ctx, tx, a); err != nil {
		return err
	}
	return s.moves(ctx, tx, a, ledger.Transaction{
		ID: s.d.Operations.NewID(), Owner: int64(a.client), Key: ledger.KeyOf("card back", string(r.key())), Kind: ledger.KindPurchase, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: a.account, Owner: int64(a.client), Amount: back, Force: true}, {Account: ledger.Network, Amount: money.Rub(-back.Minor)}},
	})
}

// moves gives the book what a reversal does; the book cannot refuse it.
func (s *Service) moves(ctx context.Context, tx db.Tx, a auth, ts ...ledger.Transaction) error {
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

// settled writes an authorisation and what its operation shows of it.
func (s *Service) settled(ctx context.Context, tx db.Tx, a auth) error {
	if err := s.rows.set(ctx, tx, a); err != nil {
		return err
	}
	return s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
		if a.state == Reversed {
			o.State, o.Details.Purchase.Reason = operation.Reversed, "taken_back"
			return
		}
		o.Details.Purchase.Held, o.Details.Purchase.Local = a.billing, a.local
		o.Amount = a.billing
		if a.state == Posted {
			o.State, o.Amount = operation.Done, a.posted
		}
		if a.kind != KindCredit && a.kind != KindRefund {
			o.Amount.Minor = -o.Amount.Minor
		}
	})
}
