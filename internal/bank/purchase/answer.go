package purchase

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/emv"
)

// answerChip makes the issuer authentication data (tag 91), by which the card
// knows that it is its issuer who answers. Without a right cryptogram there is
// nothing to answer.
func answerChip(v *verdict, yes bool) []byte {
	if v.chip == nil {
		return nil
	}
	arc := [2]byte{}
	if yes {
		arc = emv.Mastercard.ApprovalARC()
	}
	value, err := v.chip.ARPC(arc, emv.CSU(yes), nil)
	if err != nil {
		return nil // this version of cryptogram has no answer
	}
	var t emv.TLV
	if t.Set("91", value) != nil {
		return nil
	}
	return t.Bytes()
}

// withBalance adds what is told on a cash machine's slip.
func (s *Service) withBalance(ctx context.Context, f card.Face, a Answer) (Answer, error) {
	acc, err := s.rows.account(ctx, s.d.DB, f.Account)
	if err != nil {
		return Answer{}, err
	}
	available := acc.Available()
	a.Ledger, a.Available = &acc.Posted, &available
	return a, nil
}

// question answers what moves no money: balance, standing, PIN services.
func (s *Service) question(ctx context.Context, r Request, f card.Face, v *verdict) (Answer, error) {
	a := Answer{Reason: Approved, Code: newCode(s.d.Operations.NewID())}
	if r.Process == Buy {
		a.Reason = NothingAgainst
	}
	var err error
	if r.Process == Inquire || r.Process == InquireSaved {
		if a, err = s.withBalance(ctx, f, a); err != nil {
			return Answer{}, err
		}
	}
	a.Chip = answerChip(v, true)
	if r.Process == UnblockPIN && v.chip != nil {
		script, err := s.script(r)
		if err != nil {
			return Answer{}, err
		}
		a.Chip = append(a.Chip, script...)
	}
	done := a
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		done = a
		if v.pinRight && f.PINTries > 0 {
			fresh, err := s.d.Cards.FaceIn(ctx, tx, f.Client, f.ID)
			if err != nil {
				return err
			}
			if fresh.PINLeft == 0 {
				done = Answer{Reason: PINBlocked}
			} else if err := s.d.Cards.PINRight(ctx, tx, f.Client, f.ID); err != nil {
				return err
			}
		}
		if done.Reason.Yes() {
			if err := s.pinService(ctx, tx, r, f, &done); err != nil {
				return err
			}
		}
		if err := tx.Insert(ctx, v.rows...); err != nil {
			return err
		}
		return s.remember(ctx, tx, r, f, done)
	})
	return done, err
}

// script is the issuer script that unblocks the chip's PIN.
func (s *Service) script(r Request) ([]byte, error) {
	tags, err := emv.ParseTLV(r.Chip)
	if err != nil {
		return nil, err
	}
	return s.d.HSM.UnblockScript(r.Number.Reveal(), r.Sequence, tags)
}

// pinService changes or unblocks the PIN.
func (s *Service) pinService(ctx context.Context, tx db.Tx, r Request, f card.Face, a *Answer) error {
	switch r.Process {
	case UnblockPIN:
		if err := s.d.Cards.NetworkUnblockPIN(ctx, tx, f.Client, f.ID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "network", Client: int64(f.Client), Act: "card.pin_unblocked", Subject: f.ID.Text(card.Prefix)})
	case ChangePIN:
		pin, err := s.d.HSM.OpenPIN(r.Number.Reveal(), []byte(r.NewPIN.Reveal()), r.PINISO4)
		if err != nil {
			*a = Answer{Reason: PINUnverifiable}
			return nil //nolint:nilerr // the block could not be opened: that is the answer
		}
		if emv.SequentialOrRepeated(pin.Reveal()) {
			*a = Answer{Reason: WeakPIN}
			return nil
		}
		pvv, err := s.d.HSM.PVV(r.Number.Reveal(), pin)
		if err != nil {
			return err
		}
		return s.d.Cards.NetworkPIN(ctx, tx, f.Client, f.ID, pvv)
	}
	return nil
}

// billing is what a message asks for in the account's currency: as the network
// converted it, or by the partner bank's rates.
func (s *Service) billing(ctx context.Context, r Request) (money.Amount, Reason, error) {
	switch {
	case r.Billing.Cur == money.RUB && r.Billing.Minor > 0:
		return r.Billing, Approved, nil
	case r.Amount.Cur == money.RUB || r.Amount.IsZero():
		return money.Rub(r.Amount.Minor), Approved, nil
	}
	sum, ok, err := s.convert(ctx, r.Amount)
	if err == nil && !ok {
		return money.Amount{}, NoSuchType, nil // a currency that we have no rate of
	}
	return sum, Approved, err
}

// Clean makes a merchant's name as the network sends it, upper case and with
// terminal numbers behind a star, into one that people know.
func Clean(name string) string {
	name, _, _ = strings.Cut(name, "*")
	words := strings.Fields(name)
	for i, w := range words {
		if utf8.RuneCountInString(w) > 3 && strings.ToUpper(w) == w {
			r, n := utf8.DecodeRuneInString(w)
			words[i] = string(unicode.ToUpper(r)) + strings.ToLower(w[n:])
		}
	}
	return strings.Join(words, " ")
}
