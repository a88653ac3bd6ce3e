package access

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

var (
	insToken = db.NewInsert("api_token",
		db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "name", Type: db.Text},
		db.Col{Name: "hint", Type: db.Text}, db.Col{Name: "scopes", Type: db.Text}, db.Col{Name: "created_us", Type: db.Int},
		db.Col{Name: "expires_us", Type: db.Int}, db.Col{Name: "last_us", Type: db.Int}, db.Col{Name: "public_key", Type: db.Bytes},
		db.Col{Name: "cap_order_minor", Type: db.Int}, db.Col{Name: "cap_day_minor", Type: db.Int})
	insBearer = db.NewInsert("bearer",
		db.Col{Name: "hash", Type: db.Bytes}, db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "ref", Type: db.Bytes})
)

// benchBatch is how many tokens one unit of work makes.
const benchBatch = 5000

// BenchTokens makes tokens of each scope for clients 1 to n of a data set, all
// with the key and the caps of like. Nobody proves himself there, so any database
// but a bench refuses it.
func (s *Service) BenchTokens(ctx context.Context, n int, like NewToken) ([]vault.Hidden, error) {
	if err := s.db.CheckKind(ctx, db.Bench); err != nil {
		return nil, err
	}
	now := s.now()
	out := make([]vault.Hidden, n)
	for from := 0; from < n; from += benchBatch {
		rows := make([]db.Row, 0, 2*benchBatch)
		for i := from; i < min(from+benchBatch, n); i++ {
			secret, key := tokenPrefix+newSecret(), s.ids.New()
			out[i] = vault.Hide(secret)
			who := int64(client.ID(i + 1))
			rows = append(rows,
				insToken.Row(who, key.Bytes(), "bench", secret[:hintLetters]+"…", joinScopes([]Scope{ScopeRead, ScopeTransfer}),
					micro(now), micro(now.Add(minTokenTTL)), micro(now), like.PublicKey, like.OrderCap.Minor, like.DayCap.Minor),
				insBearer.Row(s.apiHash(secret), int64(bearToken), who, key.Bytes()))
		}
		if err := s.db.Write(ctx, func(tx db.Tx) error { return tx.Insert(ctx, rows...) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}
