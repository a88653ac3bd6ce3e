package card

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// ErrNotShown tells that a card's requisites are of no use: it is still on its way.
var ErrNotShown = fault.New(fault.Refused, "card.not_shown")

// ErrNotVirtual tells that only a virtual card's CVC2 may change: plastic has
// its own printed on the back.
var ErrNotVirtual = fault.New(fault.Refused, "card.printed_cvc")

// Requisites are what is typed into a shop's page.
type Requisites struct {
	Number  vault.Hidden
	Expires string // «11/31»
	CVC     vault.Hidden
	// CVCUntil is when a dynamic CVC2 is replaced by the next; it is taken for
	// half an hour longer. Zero: it never changes.
	CVCUntil time.Time
	Holder   string
}

var qDynamic = db.Query(`UPDATE card SET dynamic = $3 WHERE client = $1 AND id = $2 AND dynamic <> $3 AND state NOT IN (3, 6)`)

// Requisites shows number, date and CVC2 to whoever has just proved himself,
// and writes that they were shown into the audit trail before it answers. The
// CVC2 is computed and kept nowhere.
func (s *Service) Requisites(ctx context.Context, p access.Proof, card id.ID) (Requisites, error) {
	who, err := s.proved(ctx, p)
	if err != nil {
		return Requisites{}, err
	}
	c, err := s.ByID(ctx, who, card)
	if err != nil {
		return Requisites{}, err
	}
	switch {
	case c.State.Dead():
		return Requisites{}, ErrDead
	case c.frozenByBank():
		return Requisites{}, ErrBankFroze
	case c.State == NotActivated:
		return Requisites{}, ErrNotShown
	}
	number, err := s.number(ctx, s.db, who, card)
	if err != nil {
		return Requisites{}, err
	}
	out := Requisites{Number: number, Expires: c.Expires(), Holder: c.Holder}
	yymm := fmt.Sprintf("%02d%02d", c.Year%100, int(c.Month))
	cvc := ""
	if c.DynamicCVC {
		cvc, out.CVCUntil, err = s.hsm.ShownCVV2(number.Reveal(), yymm, s.db.Now())
	} else {
		cvc, err = s.hsm.CVV2(number.Reveal(), yymm)
	}
	if err != nil {
		return Requisites{}, fmt.Errorf("CVC2 of card %s: %w", card.Text(Prefix), err)
	}
	out.CVC = vault.Hide(cvc)
	err = s.db.Write(ctx, func(tx db.Tx) error {
		return record(ctx, tx, who, byClient, "card.shown", card.Text(Prefix))
	})
	if err != nil {
		return Requisites{}, err
	}
	return out, nil
}

// SetDynamicCVC chooses whether the CVC2 of a virtual card changes with time.
// Who goes back to the one that stays proves himself first; the other way takes
// no proof.
func (s *Service) SetDynamicCVC(ctx context.Context, who client.ID, p access.Proof, card id.ID, on bool) error {
	if !on {
		if proved, err := s.proved(ctx, p); err != nil {
			return err
		} else if proved != who {
			return access.ErrStepUp
		}
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.stand(ctx, tx, who, card)
		switch {
		case err != nil:
			return err
		case c.State.Dead():
			return ErrDead
		case !c.Virtual():
			return ErrNotVirtual
		case c.DynamicCVC == on:
			return ErrNoChange
		}
		if _, err := tx.Exec(ctx, qDynamic, int64(who), card.Bytes(), flag(on)); err != nil {
			return fmt.Errorf("dynamic CVC2: %w", err)
		}
		act := "card.cvc_static"
		if on {
			act = "card.cvc_dynamic"
		}
		return record(ctx, tx, who, byClient, act, card.Text(Prefix))
	})
}
