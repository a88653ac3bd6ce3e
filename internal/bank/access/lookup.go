package access

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
)

// tokensAtOnce is how many tokens one query looks up, lookupTimeout how long it may take.
const (
	tokensAtOnce  = 32
	lookupTimeout = 5 * time.Second
)

const holderOf = `SELECT b.hash, t.client, t.id, t.name, t.hint, t.scopes, t.public_key, t.created_us, t.expires_us, t.last_us,
	t.cap_order_minor, t.cap_day_minor, COALESCE(r.reduced_us, 0), c.level, c.state, c.account
	FROM bearer b JOIN api_token t ON t.client = b.client AND t.id = b.ref JOIN client c ON c.id = t.client LEFT JOIN client_risk r ON r.client = t.client
	WHERE b.kind = 3 AND t.revoked_us IS NULL AND b.hash `

// qTokensBy look up 1, 2, 4 … tokens at once: arguments cost more than rows do.
var qTokensBy = [...]*db.Stmt{
	db.Query(holderOf + `= $1`), db.Query(holderOf + in(2)), db.Query(holderOf + in(4)),
	db.Query(holderOf + in(8)), db.Query(holderOf + in(16)), db.Query(holderOf + in(tokensAtOnce)),
}

// in writes IN ($1, $2, …).
func in(n int) string {
	holders := make([]string, n)
	for i := range holders {
		holders[i] = "$" + strconv.Itoa(i+1)
	}
	return "IN (" + strings.Join(holders, ", ") + ")"
}

// lookup reads tokens for many requests with one query. There is no cache, so
// a revocation counts at once in every process: a request is answered only by
// a query that began after it had come. While one query runs the next ones
// gather behind it; alone, a request pays its own query and nothing more.
type lookup struct {
	db *db.DB

	mu      sync.Mutex
	leading bool // somebody is at the database
	waiting []*ask
}

// ask is one request's question.
type ask struct {
	hash  []byte
	token Token
	err   error
	lead  chan bool // true: it is your turn to ask for all; false: answered
}

// find gives the token of a hash; ErrBadToken when there is none.
func (l *lookup) find(hash []byte) (Token, error) {
	a := &ask{hash: hash, err: ErrBadToken, lead: make(chan bool, 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, a)
	first := !l.leading
	l.leading = true
	l.mu.Unlock()
	if first || <-a.lead {
		l.serve(a)
	}
	return a.token, a.err
}

// serve asks for everybody who waits, the leader among them, and hands the
// lead on to the first who came meanwhile.
func (l *lookup) serve(leader *ask) {
	l.mu.Lock()
	n := min(len(l.waiting), tokensAtOnce)
	batch := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	l.mu.Unlock()
	defer func() { // also when the query panics: nobody must wait for ever
		for _, a := range batch {
			if a != leader {
				a.lead <- false
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.leading = len(l.waiting) > 0; l.leading {
			l.waiting[0].lead <- true
		}
	}()
	if err := l.read(batch); err != nil {
		for _, a := range batch {
			a.err = err
		}
	}
}

// read fills the answers. It has a time of its own: whoever leads asks for
// others too, who stay when he goes away.
func (l *lookup) read(batch []*ask) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	rows, err := l.query(ctx, batch)
	if err != nil {
		return fmt.Errorf("find tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		var who client.ID
		var own tokenOwner
		t, err := scanToken(func(to ...any) error {
			return rows.Scan(append(append([]any{&hash, &who}, to...), &own.reduced, &own.level, &own.state, &own.account)...)
		}, Token{})
		if err != nil {
			return err
		}
		t.Client, t.owner = who, own
		for _, a := range batch {
			if string(a.hash) == string(hash) {
				a.token, a.err = t, nil
			}
		}
	}
	return rows.Err()
}

func (l *lookup) query(ctx context.Context, batch []*ask) (*sql.Rows, error) {
	step := bits.Len(uint(len(batch) - 1)) // the least power of two that holds them; #nosec G115 -- a batch is never empty
	args := make([]any, 1<<step)
	for i := range args {
		args[i] = batch[min(i, len(batch)-1)].hash // the last one fills up the rest
	}
	return l.db.Rows(ctx, qTokensBy[step], args...)
}
