package purchase

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// tables is the store of the bank: the room's rows in the database. What
// belongs to clearing files is in tables_clearing.go, what is asked before each
// message is judged in past.go.
type tables struct {
	pasts *gather.Lookup[glanced, past]
}

func newTables(d db.Reader) tables {
	return tables{gather.New(pastsAtOnce, pastsTimeout, func(ctx context.Context, batch []*gather.Ask[glanced, past]) error {
		return readPasts(ctx, d, batch)
	})}
}

const authColumns = `client, id, card, account, kind, state, origin, message, rrn, code, acquirer, merchant, mcc, country, channel, currency,
	local_minor, billing_minor, posted_minor, holds, at_us, expires_us`

var (
	qByOrigin = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND origin = $2 {for_update}`)
	qByID     = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND id = $2`)
	qLockAuth = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND id = $2 {for_update}`)
	qByRRN    = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND rrn = $2 AND card = $3 AND state <> 5
		ORDER BY id LIMIT 20 {for_update}`)
	qByCode = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND code = $2 AND card = $3 AND state <> 5
		ORDER BY id LIMIT 20 {for_update}`)
	qSetAuth = db.Query(`UPDATE card_auth SET state = $3, billing_minor = $4, posted_minor = $5, holds = $6, expires_us = $7, local_minor = $8
		WHERE client = $1 AND id = $2`)
	qDue      = db.Query(`SELECT client, id FROM card_auth WHERE expires_us IS NOT NULL AND expires_us <= $1 ORDER BY expires_us, client, id LIMIT $2`)
	qSeenShop = db.Query(`SELECT 1 FROM card_auth WHERE client = $1 AND id > $2 AND card = $3 AND merchant = $4 AND state <> 5 LIMIT 1`)
)

func scanAuth(scan func(...any) error) (auth, error) {
	var a auth
	var who, account, at, cur int64
	var raw, one, holds []byte
	var expires sql.NullInt64
	if err := scan(&who, &raw, &one, &account, &a.kind, &a.state, &a.origin, &a.message, &a.rrn, &a.code, &a.acquirer, &a.shop, &a.mcc, &a.country, &a.channel, &cur,
		&a.local.Minor, &a.billing.Minor, &a.posted.Minor, &holds, &at, &expires); err != nil {
		return auth{}, err
	}
	if len(raw) != 16 || len(one) != 16 || len(holds)%16 != 0 {
		return auth{}, fmt.Errorf("authorisation %x of client %d is malformed", raw, who)
	}
	a.client, a.id, a.card, a.account = client.ID(who), id.ID(raw), id.ID(one), ledger.AccountID(account)
	a.local.Cur, a.billing.Cur, a.posted.Cur = money.Currency(cur), money.RUB, money.RUB // #nosec G115 -- a SMALLINT
	for i := 0; i < len(holds); i += 16 {
		a.holds = append(a.holds, id.ID(holds[i:i+16]))
	}
	a.at = time.UnixMicro(at).UTC()
	if expires.Valid {
		a.expires = time.UnixMicro(expires.Int64).UTC()
	}
	return a, nil
}

// find reads one authorisation; false when there is none.
func find(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) (auth, bool, error) {
	a, err := scanAuth(r.Row(ctx, q, args...).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return auth{}, false, nil
	}
	if err != nil {
		return auth{}, false, fmt.Errorf("read an authorisation: %w", err)
	}
	return a, true, nil
}

func (tables) byOrigin(ctx context.Context, tx db.Tx, who client.ID, origin []byte) (auth, bool, error) {
	return find(ctx, tx, qByOrigin, int64(who), origin)
}

func (tables) lock(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (auth, bool, error) {
	return find(ctx, tx, qLockAuth, int64(who), one.Bytes())
}

func (tables) byRRN(ctx context.Context, r db.Reader, who client.ID, card id.ID, rrn string) ([]auth, error) {
	return named(ctx, r, qByRRN, who, card, rrn)
}

func (tables) byCode(ctx context.Context, r db.Reader, who client.ID, card id.ID, code string) ([]auth, error) {
	return named(ctx, r, qByCode, who, card, code)
}

func named(ctx context.Context, r db.Reader, q *db.Stmt, who client.ID, one id.ID, name string) ([]auth, error) {
	if name == "" {
		return nil, nil
	}
	return authsOf(ctx, r, q, int64(who), name, one.Bytes())
}

var qAtShop = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND id >= $2 AND card = $3 AND acquirer = $4 AND mcc = $5 AND kind < 4
	AND state <> 5 AND posted_minor > 0 ORDER BY id DESC LIMIT $6`)

func (tables) atShop(ctx context.Context, tx db.Tx, f card.Face, since time.Time, acquirer, mcc string) ([]auth, error) {
	return authsOf(ctx, tx, qAtShop, int64(f.Client), floor(since), f.ID.Bytes(), acquirer, mcc, int64(maxAtShop))
}

func authsOf(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) ([]auth, error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("authorisations: %w", err)
	}
	defer rows.Close()
	var out []auth
	for rows.Next() {
		a, err := scanAuth(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// set writes what changes in the life of an authorisation.
func (tables) set(ctx context.Context, tx db.Tx, a auth) error {
	var expires any
	if !a.expires.IsZero() {
		expires = a.expires.UnixMicro()
	}
	n, err := tx.Exec(ctx, qSetAuth, int64(a.client), a.id.Bytes(), int64(a.state), a.billing.Minor, a.posted.Minor, joined(a.holds), expires, a.local.Minor)
	if err == nil && n != 1 {
		err = fmt.Errorf("authorisation %s is gone", a.id.Text(Prefix))
	}
	return err
}

var (
	qMessage    = db.Query(`SELECT print, auth, answer FROM card_message WHERE key = $1`)
	qSetMessage = db.Query(`UPDATE card_message SET answer = $2 WHERE key = $1`)
	qTwin       = db.Query(`INSERT INTO card_message (key, client, print, auth, answer, at_us) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) DO UPDATE SET client = excluded.client, print = excluded.print, auth = excluded.auth, answer = excluded.answer, at_us = excluded.at_us`)
)

func (tables) remembered(ctx context.Context, r db.Reader, key []byte) (a Answer, print []byte, found bool, err error) {
	var raw, auth []byte
	err = r.Row(ctx, qMessage, key).Scan(&print, &auth, &raw)
	if errors.Is(err, db.ErrNoRows) {
		return Answer{}, nil, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	if err != nil {
		return Answer{}, nil, false, fmt.Errorf("remembered answer: %w", err)
	}
	if len(auth) == 16 {
		a.Auth = id.ID(auth)
	}
	a.Replay = true
	return a, print, true, nil
}

var (
	qCounters = db.Query(`SELECT atc FROM card_counter WHERE client = $1 AND card = $2 ORDER BY atc DESC LIMIT 64`)
	qChipFail = db.Query(`INSERT INTO card_chip (client, card, fails, since_us, blocked_us) VALUES ($1, $2, 1, $3, NULL)
		ON CONFLICT (client, card) DO UPDATE SET
			fails = CASE WHEN card_chip.since_us < $4 THEN 1 ELSE card_chip.fails + 1 END,
			since_us = CASE WHEN card_chip.since_us < $4 THEN $3 ELSE card_chip.since_us END
		RETURNING fails`)
	qChipBlock = db.Query(`UPDATE card_chip SET blocked_us = $3 WHERE client = $1 AND card = $2 AND blocked_us IS NULL`)
)

func (tables) answer(ctx context.Context, tx db.Tx, key, raw []byte) error {
	_, err := tx.Exec(ctx, qSetMessage, key, raw)
	return err
}

func (tables) twin(ctx context.Context, tx db.Tx, key []byte, m db.Row) error {
	_, err := tx.Exec(ctx, qTwin, append([]any{key}, m.Args[1:]...)...)
	return err
}

func (tables) due(ctx context.Context, r db.Reader, now time.Time, most int) ([]auth, error) {
	rows, err := r.Rows(ctx, qDue, now.UnixMicro(), int64(most))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []auth
	for rows.Next() {
		var a auth
		var raw []byte
		if err := rows.Scan(&a.client, &raw); err != nil {
			return nil, err
		}
		if a.id, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

func (tables) counters(ctx context.Context, r db.Reader, who client.ID, card id.ID) (out []int, err error) {
	rows, err := r.Rows(ctx, qCounters, int64(who), card.Bytes())
	if err != nil {
		return nil, fmt.Errorf("counters of a card: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("counters of a card: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

func (tables) seen(ctx context.Context, r db.Reader, who client.ID, card id.ID, shop []byte) (bool, error) {
	err := r.Row(ctx, qSeenShop, int64(who), []byte{}, card.Bytes(), shop).Scan(new(int))
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (tables) account(ctx context.Context, r db.Reader, a ledger.AccountID) (ledger.Account, error) {
	return ledger.AccountByID(ctx, r, a)
}

func (tables) hold(ctx context.Context, r db.Reader, txn id.ID) (ledger.Hold, bool, error) {
	return ledger.HoldOf(ctx, r, txn)
}
