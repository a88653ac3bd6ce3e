package operation

import (
	"context"
	"strconv"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Mark names one operation of a client.
type Mark struct {
	Client    client.ID
	Operation id.ID
}

// sinceClients is how many clients one query asks about. A fixed number keeps
// it one registered statement without arrays.
const sinceClients = 64

// maxMarks bounds the answer for one group of clients.
const maxMarks = 1000

var qSince = db.Query(`SELECT client, id FROM operation WHERE client IN (` + db.Holders(sinceClients) + `)
	AND id >= $` + strconv.Itoa(sinceClients+1) + ` ORDER BY id DESC, client LIMIT ` + strconv.Itoa(maxMarks))

// NewSince names the operations of the given clients made since a moment of
// business time. It asks once for every 64 clients.
func (s *Service) NewSince(ctx context.Context, clients []client.ID, since time.Time) ([]Mark, error) {
	var out []Mark
	for len(clients) > 0 {
		n := min(len(clients), sinceClients)
		args := make([]any, sinceClients+1)
		for i := range sinceClients {
			args[i] = int64(clients[min(i, n-1)]) // the last one again fills the places
		}
		args[sinceClients] = floor(since).Bytes()
		marks, err := s.marks(ctx, args)
		if err != nil {
			return nil, err
		}
		out = append(out, marks...)
		clients = clients[n:]
	}
	return out, nil
}

func (s *Service) marks(ctx context.Context, args []any) ([]Mark, error) {
	rows, err := s.db.Rows(ctx, qSince, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Mark
	for rows.Next() {
		var c int64
		var raw []byte
		if err := rows.Scan(&c, &raw); err != nil {
			return nil, err
		}
		op, err := id.FromBytes(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, Mark{client.ID(c), op})
	}
	return out, rows.Err()
}
