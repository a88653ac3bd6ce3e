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
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of authorisations start with outside: pa_….
const Prefix = "pa"

// Kind says what an authorisation is about. Numbers are stored and never change.
type Kind int16

// The kinds.
const (
	KindBuy     Kind = 1
	KindCash    Kind = 2
	KindPreauth Kind = 3 // a sum to be completed later
	KindRefund  Kind = 4
	KindCredit  Kind = 5
)

// State is how far an authorisation has come. Numbers are stored and never change.
type State int16

// The states.
const (
	Held      State = 1 // money is reserved, or a refund is promised
	Posted    State = 2 // money has moved, nothing is held any more
	Reversed  State = 3 // taken back by the network
	Expired   State = 4 // held too long; a late clearing is still honoured
	Tombstone State = 5 // taken back before it came: it must never be honoured
)

// String names the state for logs and reports.
func (s State) String() string {
	switch s {
	case Held:
		return "held"
	case Posted:
		return "posted"
	case Reversed:
		return "reversed"
	case Expired:
		return "expired"
	case Tombstone:
		return "tombstone"
	}
	return "unknown"
}

// auth is a row of card_auth.
type auth struct {
	client   client.ID
	id       id.ID
	card     id.ID
	account  ledger.AccountID
	kind     Kind
	state    State
	origin   []byte
	message  []byte
	rrn      string
	code     string
	acquirer string
	shop     []byte
	mcc      string
	country  string
	channel  card.Channel
	local    money.Amount
	billing  money.Amount
	posted   money.Amount
	holds    []id.ID
	at       time.Time
	expires  time.Time
}

var iAuth = db.NewInsert("card_auth",
	db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "card", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int},
	db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "state", Type: db.Int}, db.Col{Name: "origin", Type: db.Bytes}, db.Col{Name: "message", Type: db.Bytes},
	db.Col{Name: "rrn", Type: db.Text}, db.Col{Name: "code", Type: db.Text}, db.Col{Name: "acquirer", Type: db.Text}, db.Col{Name: "merchant", Type: db.Bytes},
	db.Col{Name: "mcc", Type: db.Text}, db.Col{Name: "country", Type: db.Text}, db.Col{Name: "channel", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
	db.Col{Name: "local_minor", Type: db.Int}, db.Col{Name: "billing_minor", Type: db.Int}, db.Col{Name: "posted_minor", Type: db.Int},
	db.Col{Name: "holds", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "expires_us", Type: db.Int})

func (a auth) row() db.Row {
	var expires any
	if !a.expires.IsZero() {
		expires = a.expires.UnixMicro()
	}
	return iAuth.Row(int64(a.client), a.id.Bytes(), a.card.Bytes(), int64(a.account), int64(a.kind), int64(a.state), a.origin, a.message,
		a.rrn, a.code, a.acquirer, a.shop, a.mcc, a.country, int64(a.channel), int64(a.local.Cur),
		a.local.Minor, a.billing.Minor, a.posted.Minor, joined(a.holds), a.at.UnixMicro(), expires)
}

func joined(list []id.ID) []byte {
	out := make([]byte, 0, 16*len(list))
	for _, x := range list {
		out = append(out, x[:]...)
	}
	return out
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

// byRRN reads the authorisations of a card with one retrieval reference, the oldest first.
func byRRN(ctx context.Context, r db.Reader, who client.ID, one id.ID, rrn string) ([]auth, error) {
	return named(ctx, r, qByRRN, who, one, rrn)
}

func byCode(ctx context.Context, r db.Reader, who client.ID, one id.ID, code string) ([]auth, error) {
	return named(ctx, r, qByCode, who, one, code)
}

// named lists authorisations of a card by what the network calls them; by
// nothing there are none.
func named(ctx context.Context, r db.Reader, q *db.Stmt, who client.ID, one id.ID, name string) ([]auth, error) {
	if name == "" {
		return nil, nil
	}
	rows, err := r.Rows(ctx, q, int64(who), name, one.Bytes())
	if err != nil {
		return nil, fmt.Errorf("authorisations by reference or code: %w", err)
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
func (a auth) set(ctx context.Context, tx db.Tx) error {
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
	iMessage = db.NewInsert("card_message", db.Col{Name: "key", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "print", Type: db.Bytes},
		db.Col{Name: "auth", Type: db.Bytes}, db.Col{Name: "answer", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})
	qMessage    = db.Query(`SELECT print, auth, answer FROM card_message WHERE key = $1`)
	qSetMessage = db.Query(`UPDATE card_message SET answer = $2 WHERE key = $1`)
	qTwin       = db.Query(`INSERT INTO card_message (key, client, print, auth, answer, at_us) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) DO UPDATE SET client = excluded.client, print = excluded.print, auth = excluded.auth, answer = excluded.answer, at_us = excluded.at_us`)
)

// remember keeps the answer of a message that makes no authorisation of its
// own, also under the name by which a repeat is found whose transmission time
// was set anew. A message that makes one is found through it (see twin).
func remember(ctx context.Context, tx db.Tx, r Request, f card.Face, a Answer) error {
	m, err := message(r.key(), r.print(f.ID), f.Client, a.Auth, a, tx.Now())
	if err != nil {
		return err
	}
	if err := tx.Insert(ctx, m); err != nil || r.RRN == "" {
		return err
	}
	_, err = tx.Exec(ctx, qTwin, append([]any{r.twin(f.ID)}, m.Args[1:]...)...)
	return err
}

// message is the remembered answer of a message.
func message(key, print []byte, who client.ID, auth id.ID, a Answer, at time.Time) (db.Row, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return db.Row{}, err
	}
	return iMessage.Row(key, int64(who), print, auth.Bytes(), raw, at.UnixMicro()), nil
}

// remembered finds the answer given to a message before.
func remembered(ctx context.Context, r db.Reader, key []byte) (a Answer, print []byte, found bool, err error) {
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
	iCounter = db.NewInsert("card_counter", db.Col{Name: "client", Type: db.Int}, db.Col{Name: "card", Type: db.Bytes}, db.Col{Name: "atc", Type: db.Int},
		db.Col{Name: "arqc", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})
	qCounters = db.Query(`SELECT atc FROM card_counter WHERE client = $1 AND card = $2 ORDER BY atc DESC LIMIT 64`)
	qChipFail = db.Query(`INSERT INTO card_chip (client, card, fails, since_us, blocked_us) VALUES ($1, $2, 1, $3, NULL)
		ON CONFLICT (client, card) DO UPDATE SET
			fails = CASE WHEN card_chip.since_us < $4 THEN 1 ELSE card_chip.fails + 1 END,
			since_us = CASE WHEN card_chip.since_us < $4 THEN $3 ELSE card_chip.since_us END
		RETURNING fails`)
	qChipBlock = db.Query(`UPDATE card_chip SET blocked_us = $3 WHERE client = $1 AND card = $2 AND blocked_us IS NULL`)
)
