package purchase

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// refuse writes a no down, with the wrong PIN or cryptogram it counts, and
// tells the client why. A wrong PIN is counted even when money would be missing.
func (s *Service) refuse(ctx context.Context, r Request, f card.Face, v *verdict, a Answer) (Answer, error) {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		if v.wrongPIN {
			if err := s.countPIN(ctx, tx, r, f, &a); err != nil {
				return err
			}
		}
		if v.badChip {
			if err := s.countChip(ctx, tx, f); err != nil {
				return err
			}
		}
		a.Chip = answerChip(v, false)
		if err := tx.Insert(ctx, v.rows...); err != nil {
			return err
		}
		if err := s.remember(ctx, tx, r, f, a); err != nil {
			return err
		}
		if r.empty() || r.Advice || a.Reason == TwiceSent || a.Reason == NoSuchType || a.Reason == BadAmount {
			return nil // nothing that the client did
		}
		return s.declined(ctx, tx, r, f, a)
	})
	if err != nil {
		return Answer{}, err
	}
	s.tell(f.Client)
	return a, nil
}

// declined puts the refusal into the client's feed and tells him.
func (s *Service) declined(ctx context.Context, tx db.Tx, r Request, f card.Face, a Answer) error {
	sum := r.Amount
	if r.Billing.Cur == money.RUB {
		sum = r.Billing
	}
	if sum.Cur != money.RUB {
		sum = money.Rub(0) // what it would have been was never found out
	}
	o := operation.Operation{
		ID: s.d.Operations.NewID(), Client: f.Client, Account: f.Account, Kind: feedKind(kindOf(r)), State: operation.Declined,
		Amount: money.Rub(-sum.Minor), Fee: money.Rub(0), Details: s.details(r, f, sum, ""),
	}
	if r.credit() {
		o.Amount = sum
	}
	o.Details.Purchase.Reason, o.Details.Purchase.Missing = string(a.Reason), a.Missing
	if a.Switch != "" {
		o.Details.Purchase.Reason += "." + a.Switch
	}
	if err := s.d.Operations.Add(ctx, tx, o); err != nil {
		return err
	}
	return tx.Insert(ctx, Told{Client: f.Client, Operation: o.ID}.event(s.d.Operations.NewID()).Row())
}

// countPIN counts a wrong PIN under the card's lock; the third one stops the
// PIN, and the message that made it so is still answered "wrong".
func (s *Service) countPIN(ctx context.Context, tx db.Tx, r Request, f card.Face, a *Answer) error {
	fresh, err := s.d.Cards.FaceIn(ctx, tx, f.Client, f.ID)
	if err != nil {
		return err
	}
	if fresh.PINLeft == 0 {
		a.Reason = PINBlocked
		return nil
	}
	left, err := s.d.Cards.CountWrongPIN(ctx, tx, f.Client, f.ID)
	if err == nil && left == 0 {
		err = audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "network", Client: int64(f.Client), Act: "card.pin_blocked", Subject: f.ID.Text(card.Prefix)})
	}
	return err
}

// countChip counts a wrong cryptogram; enough of them within a day stop the chip.
func (s *Service) countChip(ctx context.Context, tx db.Tx, f card.Face) error {
	now := tx.Now()
	var fails int64
	err := tx.Row(ctx, qChipFail, int64(f.Client), f.ID.Bytes(), now.UnixMicro(), now.AddDate(0, 0, -1).UnixMicro()).Scan(&fails)
	if err != nil {
		return fmt.Errorf("count a wrong cryptogram: %w", err)
	}
	if fails < s.d.Rules.ChipFails {
		return nil
	}
	n, err := tx.Exec(ctx, qChipBlock, int64(f.Client), f.ID.Bytes(), now.UnixMicro())
	if err != nil || n == 0 {
		return err
	}
	return audit.Append(ctx, tx, audit.Entry{At: now, Actor: "network", Client: int64(f.Client), Act: "card.chip_stopped", Subject: f.ID.Text(card.Prefix)})
}
