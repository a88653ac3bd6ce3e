package card

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// The refusals of an end.
var (
	ErrHolds = fault.New(fault.Refused, "card.holds")              // {n} operations are not finished yet
	ErrWhy   = fault.New(fault.Invalid, "card.bad_why").At("why")  // no such reason, or not his
	ErrHeir  = fault.New(fault.Conflict, "card.replaced").At("id") // another card took its place already
)

var (
	// What is kept of a PIN dies with the card.
	qClose = db.Query(`UPDATE card SET state = 3, ended_us = $3, main = 0, suspend_us = 0, due_us = NULL, pvv = $4 WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
	qBlock = db.Query(`UPDATE card SET state = 6, ended_us = $3, main = 0, suspend_us = 0, due_us = NULL, pvv = $4, why = $5
		WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
	qHeir = db.Query(`UPDATE card SET heir = $3 WHERE client = $1 AND id = $2 AND heir IS NULL`)
)

// Close ends a card for ever. What is held on it comes first; what the bank has
// frozen only the bank ends.
func (s *Service) Close(ctx context.Context, who client.ID, card id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.stand(ctx, tx, who, card)
		if err != nil {
			return err
		}
		switch {
		case c.State.Dead():
			return ErrDead
		case c.frozenByBank():
			return ErrBankFroze
		}
		if s.uses != nil {
			n, err := s.uses.Open(ctx, tx, who, card)
			if err != nil {
				return fmt.Errorf("close a card: %w", err)
			}
			if n > 0 {
				return ErrHolds.With("n", n)
			}
		}
		if _, err := tx.Exec(ctx, qClose, int64(who), card.Bytes(), tx.Now().UnixMicro(), []byte{}); err != nil {
			return fmt.Errorf("close a card: %w", err)
		}
		return record(ctx, tx, who, byClient, "card.closed", card.Text(Prefix))
	})
}

// Block ends a card at once by the bank's hand: its owner has phoned, or it was
// copied. It writes the audit trail, so call it last.
func (s *Service) Block(ctx context.Context, tx db.Tx, who client.ID, card id.ID, w Why, actor string) error {
	if !w.known() {
		return ErrWhy
	}
	c, err := s.stand(ctx, tx, who, card)
	if err != nil {
		return err
	}
	if err := s.kill(ctx, tx, c, w); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, c, notice.CardNews{What: notice.CardBlocked}); err != nil {
		return err
	}
	return record(ctx, tx, who, actor, "card.blocked", card.Text(Prefix))
}

func (s *Service) kill(ctx context.Context, tx db.Tx, c Card, w Why) error {
	n, err := tx.Exec(ctx, qBlock, int64(c.Client), c.ID.Bytes(), tx.Now().UnixMicro(), []byte{}, string(w))
	if err != nil {
		return fmt.Errorf("block a card: %w", err)
	}
	if n == 0 {
		return ErrDead
	}
	return nil
}

func (w Why) known() bool { return w.own() || w == Fraud }

// own tells the reasons that are a client's.
func (w Why) own() bool { return w == Lost || w == Stolen || w == Worn || w == Leaked }

// Reissue describes a card that takes the place of another.
type Reissue struct {
	Key   id.ID // made with the page: the same key makes one card
	Old   id.ID
	Why   Why
	Place Place // where plastic is brought to; of no use to a virtual card
}

// Reissue makes a card in the place of another, which dies at once: nothing is
// paid with it any more, whatever becomes of the new one. Name, picture, rules
// and being the main card go over; the PIN does not, for it is the number's.
func (s *Service) Reissue(ctx context.Context, who client.ID, r Reissue) (Card, error) {
	if !r.Why.own() {
		return Card{}, ErrWhy
	}
	if err := s.may(ctx, who); err != nil {
		return Card{}, err
	}
	old, err := s.ByID(ctx, who, r.Old)
	if err != nil {
		return Card{}, err
	}
	if !old.Virtual() {
		if r.Place, err = r.Place.checked(); err != nil {
			return Card{}, err
		}
	}
	regular, err := s.regular(ctx, who, r.Old)
	if err != nil {
		return Card{}, err
	}
	me, err := s.clients.ByID(ctx, who)
	if err != nil {
		return Card{}, err
	}
	var heir id.ID
	err = s.db.Write(ctx, func(tx db.Tx) error {
		heir, err = s.reissue(ctx, tx, r, old, embossed(me.Name), len(regular))
		return err
	})
	if err != nil {
		return Card{}, err
	}
	return s.ByID(ctx, who, heir)
}

func (s *Service) reissue(ctx context.Context, tx db.Tx, r Reissue, seen Card, holder string, regular int) (id.ID, error) {
	who := seen.Client
	key, err := s.keyed(who, r.Key)
	if err != nil {
		return id.ID{}, err
	}
	all, err := s.wallet(ctx, tx, who)
	if err != nil {
		return id.ID{}, err
	}
	var old Card
	for _, c := range all {
		switch {
		case c.ID == r.Old:
			old = c
		case c.frozenByBank():
			return id.ID{}, ErrBankFroze // a new one would go round it
		}
	}
	switch {
	case old.ID.IsZero():
		return id.ID{}, ErrMissing
	case !old.Heir.IsZero() && old.Heir == key:
		return old.Heir, nil // a double tap
	case !old.Heir.IsZero():
		return id.ID{}, ErrHeir
	case old.State == Closed:
		return id.ID{}, ErrDead
	case old.frozenByBank():
		return id.ID{}, ErrBankFroze
	case len(all) >= maxCards:
		return id.ID{}, ErrTooMany.With("max", maxCards)
	}
	if old.State != Blocked {
		if err := s.kill(ctx, tx, old, r.Why); err != nil {
			return id.ID{}, err
		}
	}
	c := Card{
		ID: key, Client: who, Account: old.Account, Product: old.Product, State: Active, Holder: holder,
		Name: seen.Name, Art: old.Art, Main: seen.Main, Rules: old.Rules, DynamicCVC: old.DynamicCVC,
	}
	if !c.Virtual() {
		c.State = NotActivated
	}
	if c, err = s.issue(ctx, tx, c); err != nil {
		return id.ID{}, err
	}
	if !c.Virtual() {
		if err := s.deliver(ctx, tx, c, r.Place); err != nil {
			return id.ID{}, err
		}
	}
	if _, err := tx.Exec(ctx, qHeir, int64(who), old.ID.Bytes(), c.ID.Bytes()); err != nil {
		return id.ID{}, fmt.Errorf("heir of card %s: %w", old.ID.Text(Prefix), err)
	}
	if err := s.tell(ctx, tx, old, notice.CardNews{What: notice.CardReissued, Heir: c.Last4, N: regular}); err != nil {
		return id.ID{}, err
	}
	return c.ID, record(ctx, tx, who, byClient, "card.reissued", old.ID.Text(Prefix))
}
