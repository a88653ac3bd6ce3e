package ledger

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// Opening describes an account to be opened.
type Opening struct {
	Owner    int64
	Kind     AccountKind
	Currency money.Currency
}

var (
	qNextAccounts = db.Query(`UPDATE counter SET value = value + $1 WHERE name = 'account' RETURNING value`)
	iAccount      = db.NewInsert("account", db.Col{Name: "id", Type: db.Int}, db.Col{Name: "owner", Type: db.Int}, db.Col{Name: "kind", Type: db.Int},
		db.Col{Name: "currency", Type: db.Int}, db.Col{Name: "closed", Type: db.Bool}, db.Col{Name: "floor_minor", Type: db.Int},
		db.Col{Name: "balance_minor", Type: db.Int}, db.Col{Name: "reserved_minor", Type: db.Int}, db.Col{Name: "version", Type: db.Int})
	qCloseAccount = db.Query(`UPDATE account SET closed = $1 WHERE id = $2 AND balance_minor = 0 AND reserved_minor = 0`)
)

// OpenAccount gives an owner a new account with nothing on it. Its number
// comes from a counter row, which is locked until the unit of work ends.
func OpenAccount(ctx context.Context, tx db.Tx, o Opening) (AccountID, error) {
	ids, err := OpenAccounts(ctx, tx, []Opening{o})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// ErrNotEmpty tells that an account with money or holds on it cannot be closed.
var ErrNotEmpty = errors.New("ledger: the account is not empty")

// CloseAccount closes an account; it must be empty and have nothing reserved.
func CloseAccount(ctx context.Context, tx db.Tx, a AccountID) error {
	if a.Bank() {
		return misuse("close %v", a)
	}
	n, err := tx.Exec(ctx, qCloseAccount, true, int64(a))
	if err == nil && n == 0 {
		return fmt.Errorf("close account %v: %w", a, ErrNotEmpty)
	}
	return err
}

// OpenAccounts opens many accounts at once, for benches and imports: like
// OpenAccount, in the order given.
func OpenAccounts(ctx context.Context, tx db.Tx, list []Opening) ([]AccountID, error) {
	var last int64
	if err := tx.Row(ctx, qNextAccounts, int64(len(list))).Scan(&last); err != nil {
		return nil, fmt.Errorf("next account numbers: %w", err)
	}
	ids := make([]AccountID, len(list))
	rows := make([]db.Row, len(list))
	for i, o := range list {
		if o.Owner <= BankOwner {
			return nil, misuse("open an account for owner %d", o.Owner)
		}
		n := last - int64(len(list)-1-i)
		if n <= lastBankNumber {
			return nil, fmt.Errorf("ledger: the account counter stands at %d, inside the bank's own numbers", n)
		}
		ids[i] = AccountID(n * slots)
		rows[i] = iAccount.Row(int64(ids[i]), o.Owner, int64(o.Kind), int64(o.Currency), false, int64(0), int64(0), int64(0), int64(0))
	}
	return ids, tx.Insert(ctx, rows...)
}
