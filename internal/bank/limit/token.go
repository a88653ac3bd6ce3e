package limit

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var (
	qAddUp = db.Query(`INSERT INTO lookup_count (kind, subject, day, used) VALUES ($1, $2, $3, $4)
	ON CONFLICT (kind, subject, day) DO UPDATE SET used = lookup_count.used + $4 WHERE lookup_count.used + $4 <= $5
	RETURNING used`)
	qAddedUp = db.Query(`SELECT used FROM lookup_count WHERE kind = $1 AND subject = $2 AND day = $3`)
)

// Approve counts a purchase that the holder of a token says yes to, within the
// unit of work of that, or refuses it and counts nothing. The shop moves that
// money, later and by the card, so no guard of the book can hold the token's
// caps here. One purchase is at most what one order may be, and those of a bank
// day, together with what the token sent before them, at most what its day may be.
func (s *Service) Approve(ctx context.Context, tx db.Tx, at client.Standing, sum money.Amount) error {
	if sum.Minor > at.TokenOrder.Minor {
		return ErrTokenOne.At("").With("cap", at.TokenOrder)
	}
	owner, now := tokenOwner(at.Token), tx.Now()
	sent, err := ledger.Used(ctx, tx, owner, now, ledger.Guard{Name: ledger.GuardToken, Window: ledger.BankDay, Cap: at.TokenDay})
	if err != nil {
		return fmt.Errorf("what a token sent: %w", err)
	}
	most, used := at.TokenDay.Minor-sent[0].Used.Minor, int64(0)
	subject, day := at.Token.Bytes(), clock.Day(now)
	if sum.Minor <= most { // of the first one the statement asks nothing
		err = tx.Row(ctx, qAddUp, int64(byToken), subject, day, sum.Minor, most).Scan(&used)
		if !errors.Is(err, db.ErrNoRows) {
			return wrap("count a purchase", err)
		}
	}
	err = tx.Row(ctx, qAddedUp, int64(byToken), subject, day).Scan(&used)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("what a token approved: %w", err)
	}
	return ErrTokenDay.At("").With("left", money.Rub(max(0, most-used))).With("cap", at.TokenDay)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
