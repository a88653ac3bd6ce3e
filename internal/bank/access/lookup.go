package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
)

// tokensAtOnce is how many tokens one query looks up, lookupTimeout how long it may take.
const (
	tokensAtOnce  = 32
	lookupTimeout = 5 * time.Second
)

const holderOf = `SELECT b.hash, t.client, t.id, t.name, t.hint, t.scopes, t.public_key, t.created_us, t.expires_us, t.last_us,
	t.cap_order_minor, t.cap_day_minor, COALESCE(r.reduced_us, 0), c.level, c.state, c.account, ` + client.CapColumns + `
	FROM bearer b JOIN api_token t ON t.client = b.client AND t.id = b.ref JOIN client c ON c.id = t.client LEFT JOIN client_risk r ON r.client = t.client
	WHERE b.kind = 3 AND t.revoked_us IS NULL AND b.hash IN (`

// qTokensBy look up 1, 2, 4 … tokens at once: arguments cost more than rows do.
var qTokensBy = gather.Powers(tokensAtOnce, func(n int) *db.Stmt { return db.Query(holderOf + db.Holders(n) + `)`) })

// tokenLookup reads tokens by their hashes for many requests with one query.
// Nothing is cached, so a revocation counts at once in every process.
type tokenLookup = gather.Lookup[[]byte, Token]

func newTokenLookup(d *db.DB) *tokenLookup {
	return gather.New(tokensAtOnce, lookupTimeout, func(ctx context.Context, batch []*gather.Ask[[]byte, Token]) error {
		return readTokens(ctx, d, batch)
	})
}

// readTokens answers ErrBadToken where there is none.
func readTokens(ctx context.Context, d *db.DB, batch []*gather.Ask[[]byte, Token]) error {
	place, padded := gather.Padded(batch)
	args := make([]any, len(padded))
	for i, a := range padded {
		args[i], a.Err = a.Question, ErrBadToken
	}
	rows, err := d.Rows(ctx, qTokensBy[place], args...)
	if err != nil {
		return fmt.Errorf("find tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		var who client.ID
		var own tokenOwner
		t, err := scanToken(func(to ...any) error {
			of := []any{&own.reduced, &own.level, &own.state, &own.account}
			return rows.Scan(slices.Concat([]any{&hash, &who}, to, of, own.caps.Into())...)
		}, Token{})
		if err != nil {
			return err
		}
		t.Client, t.owner = who, own
		for _, a := range batch {
			if string(a.Question) == string(hash) {
				a.Answer, a.Err = t, nil
			}
		}
	}
	return rows.Err()
}
