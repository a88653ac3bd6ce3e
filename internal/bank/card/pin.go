package card

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// maxPIN is how many wrong PINs in a row block it, over cash machines, shops
// and the cabinet together.
const maxPIN = 3

// The refusals of a PIN, beside those of what is chosen (hsm.ErrPINForm,
// hsm.ErrPINWeak).
var (
	ErrNoPINPad  = fault.New(fault.Refused, "card.virtual_pin") // a virtual card meets no PIN pad
	ErrPINRepeat = fault.New(fault.Invalid, "card.pin_repeat").At("repeat")
	ErrPINWorks  = fault.New(fault.Conflict, "card.pin_works") // nothing is blocked
	ErrNoPIN     = fault.New(fault.Conflict, "card.no_pin")
)

var (
	qUnblockPIN = db.Query(`UPDATE card SET pin_wrong = 0, pin_script = 1 WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
	qPAN        = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)
	qScriptSent = db.Query(`UPDATE card SET pin_script = 0 WHERE client = $1 AND id = $2`)
)

// SetPIN gives a plastic card a PIN, the first one or another, for whoever has
// just proved himself. A blocked PIN is free again with it. The digits are kept
// nowhere: of them only the PVV stays, under a seal.
func (s *Service) SetPIN(ctx context.Context, p access.Proof, card id.ID, pin, repeat vault.Hidden) error {
	who, err := s.proved(ctx, p)
	if err != nil {
		return err
	}
	if pin.Reveal() != repeat.Reveal() {
		return ErrPINRepeat
	}
	number, err := s.number(ctx, s.db, who, card)
	if err != nil {
		return err
	}
	pvv, err := s.hsm.PVV(number.Reveal(), pin)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.withPIN(ctx, tx, who, card)
		if err != nil {
			return err
		}
		if err := s.putPVV(ctx, tx, c, pvv); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "card.pin_set", card.Text(Prefix))
	})
}

// UnblockPIN lets a PIN that was wrong three times be tried again, for whoever
// has just proved himself.
func (s *Service) UnblockPIN(ctx context.Context, p access.Proof, card id.ID) error {
	who, err := s.proved(ctx, p)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.withPIN(ctx, tx, who, card)
		if err != nil {
			return err
		}
		switch {
		case !c.PINSet:
			return ErrNoPIN
		case c.PINLeft > 0:
			return ErrPINWorks
		}
		if _, err := tx.Exec(ctx, qUnblockPIN, int64(who), card.Bytes()); err != nil {
			return fmt.Errorf("unblock a PIN: %w", err)
		}
		if err := s.tell(ctx, tx, c, notice.CardNews{What: notice.CardPINFree}); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "card.pin_unblocked", card.Text(Prefix))
	})
}

// ScriptSent notes that the chip was told of an unblocked PIN, see Face.Unblock.
func (s *Service) ScriptSent(ctx context.Context, tx db.Tx, who client.ID, card id.ID) error {
	_, err := tx.Exec(ctx, qScriptSent, int64(who), card.Bytes())
	return err
}

// withPIN reads a card that may have a PIN and that the unit of work has to itself.
func (s *Service) withPIN(ctx context.Context, tx db.Tx, who client.ID, card id.ID) (Card, error) {
	c, err := s.stand(ctx, tx, who, card)
	switch {
	case err != nil:
		return Card{}, err
	case c.State.Dead():
		return Card{}, ErrDead
	case c.frozenByBank():
		return Card{}, ErrBankFroze
	case c.Virtual():
		return Card{}, ErrNoPINPad
	}
	return c, nil
}

// putPVV keeps a PIN's value and tells the holder.
func (s *Service) putPVV(ctx context.Context, tx db.Tx, c Card, pvv vault.Hidden) error {
	sealed, err := s.vault.SealText(vault.Secret, at("card.pvv", c.ID), pvv.Reveal())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qSetPVV, int64(c.Client), c.ID.Bytes(), sealed); err != nil {
		return fmt.Errorf("set a PIN: %w", err)
	}
	return s.tell(ctx, tx, c, notice.CardNews{What: notice.CardPINSet})
}

// number opens a card's full number; ErrMissing when the card is not his.
func (s *Service) number(ctx context.Context, r db.Reader, who client.ID, card id.ID) (vault.Hidden, error) {
	var sealed []byte
	if err := missing(r.Row(ctx, qPAN, int64(who), card.Bytes()).Scan(&sealed)); err != nil {
		return vault.Hidden{}, err
	}
	pan, err := s.vault.OpenText(vault.PAN, at("card.pan", card), sealed)
	if err != nil {
		return vault.Hidden{}, fmt.Errorf("number of card %s: %w", card.Text(Prefix), err)
	}
	return vault.Hide(pan), nil
}
