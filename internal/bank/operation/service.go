package operation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Bounds of a page.
const (
	defaultPage = 20
	maxPage     = 100
)

// idSlack is how far an operation's identifier may be older or newer than the
// time of its posting. It only widens the key range that a time filter scans.
const idSlack = time.Hour

// Service reads and makes feed rows.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	ids   *id.Source
}

// New makes the service.
func New(d *db.DB, v *vault.Vault) *Service {
	return &Service{db: d, vault: v, ids: id.NewSource(d.Now)}
}

// NewID makes the identifier of an operation to come, from business time. Feeds
// are ordered by it and time filters rely on it, so no other source will do.
func (s *Service) NewID() id.ID { return s.ids.New() }

var insert = db.NewInsert("operation",
	db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int},
	db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "state", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
	db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "fee_minor", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int},
	db.Col{Name: "txn", Type: db.Bytes}, db.Col{Name: "details", Type: db.Bytes},
	db.Col{Name: "tariff", Type: db.Int}, db.Col{Name: "tariff_rule", Type: db.Int}, db.Col{Name: "free_minor", Type: db.Int})

// Row makes the carried row of an operation. Its ID is from NewID; its time and
// transaction are those of the posting it travels with, so At and Txn are not used.
func (s *Service) Row(o Operation) (db.Row, error) {
	if o.Client == 0 || o.ID.IsZero() || o.Fee.Minor < 0 || o.Fee.Cur != o.Amount.Cur {
		panic(fmt.Sprintf("operation: incomplete row %v of client %d", o.ID, o.Client))
	}
	plain, err := json.Marshal(o.Details)
	if err != nil {
		return db.Row{}, err
	}
	sealed, err := s.vault.Seal(vault.PII, place(o.Client, o.ID), plain)
	if err != nil {
		return db.Row{}, err
	}
	return insert.Row(int64(o.Client), o.ID.Bytes(), int64(o.Account), int64(o.Kind), int64(o.State), int64(o.Amount.Cur),
		o.Amount.Minor, o.Fee.Minor, ledger.At(), ledger.Txn(), sealed, o.Tariff, int64(o.Rule), o.Free), nil
}

// place binds details to their row: both rows of a transfer have one
// identifier, so the client is part of it.
func place(c client.ID, op id.ID) vault.At {
	return vault.At{Table: "operation", Row: append(vault.Row64(int64(c)), op[:]...)}
}

const columns = `client, id, account, kind, state, currency, amount_minor, fee_minor, at_us, txn, details`

var (
	qPage = db.Query(`SELECT ` + columns + ` FROM operation
		WHERE client = $1 AND id < $2 AND id >= $3 AND at_us >= $4 AND at_us < $5 ORDER BY id DESC LIMIT $6`)
	qKind = db.Query(`SELECT ` + columns + ` FROM operation WHERE client = $1 AND kind = $2 ORDER BY id DESC LIMIT $3`)
	qOne  = db.Query(`SELECT ` + columns + ` FROM operation WHERE client = $1 AND id = $2`)
)

// Feed reads a page, newest first.
func (s *Service) Feed(ctx context.Context, c client.ID, f Filter) (Page, error) {
	n := f.Limit
	if n <= 0 {
		n = defaultPage
	}
	n = min(n, maxPage)
	low, high, from, to := span(f.From, f.To)
	if !f.Before.IsZero() && slices.Compare(f.Before[:], high[:]) < 0 {
		high = f.Before
	}
	list, err := s.list(ctx, qPage, int64(c), high.Bytes(), low.Bytes(), from, to, int64(n)+1)
	if err != nil {
		return Page{}, fmt.Errorf("feed of %d: %w", c, err)
	}
	p := Page{Operations: list}
	if len(list) > n {
		p.Operations = list[:n]
		p.Next = list[n-1].ID
	}
	return p, nil
}

// Latest reads the newest operations of one kind.
func (s *Service) Latest(ctx context.Context, c client.ID, k Kind, limit int) ([]Operation, error) {
	return s.list(ctx, qKind, int64(c), int64(k), int64(min(limit, maxPage)))
}

// One reads one operation of a client; ErrMissing for another's.
func (s *Service) One(ctx context.Context, c client.ID, op id.ID) (Operation, error) {
	o, err := s.scan(s.db.Row(ctx, qOne, int64(c), op.Bytes()))
	if errors.Is(err, db.ErrNoRows) {
		return Operation{}, ErrMissing
	}
	return o, err
}

func (s *Service) list(ctx context.Context, q *db.Stmt, args ...any) ([]Operation, error) {
	rows, err := s.db.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Operation
	for rows.Next() {
		o, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

func (s *Service) scan(row interface{ Scan(...any) error }) (Operation, error) {
	var o Operation
	var cid, account, kind, state, cur, amount, fee, at int64
	var raw, txn, sealed []byte
	if err := row.Scan(&cid, &raw, &account, &kind, &state, &cur, &amount, &fee, &at, &txn, &sealed); err != nil {
		return o, err
	}
	op, err := id.FromBytes(raw)
	if err != nil {
		return o, err
	}
	t, err := id.FromBytes(txn)
	if err != nil {
		return o, err
	}
	o = Operation{
		ID: op, Client: client.ID(cid), Account: ledger.AccountID(account), Kind: Kind(kind), State: State(state),
		Amount: money.Amount{Minor: amount, Cur: money.Currency(cur)}, Fee: money.Amount{Minor: fee, Cur: money.Currency(cur)},
		At: time.UnixMicro(at).UTC(), Txn: t,
	}
	plain, err := s.vault.Open(vault.PII, place(o.Client, o.ID), sealed)
	if err != nil {
		return o, fmt.Errorf("operation %s: %w", o.Text(), err)
	}
	if err := json.Unmarshal(plain, &o.Details); err != nil {
		return o, fmt.Errorf("operation %s: %w", o.Text(), err)
	}
	return o, nil
}

// span turns a time filter into bounds of the key and of the posting time.
func span(from, to time.Time) (low, high id.ID, fromMicro, toMicro int64) {
	high = id.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	toMicro = math.MaxInt64
	if !from.IsZero() {
		low, fromMicro = floor(from.Add(-idSlack)), from.UnixMicro()
	}
	if !to.IsZero() {
		high, toMicro = floor(to.Add(idSlack)), to.UnixMicro()
	}
	return low, high, fromMicro, toMicro
}

// floor is the least identifier that could be made at a moment.
func floor(t time.Time) id.ID {
	ms := uint64(max(0, t.UnixMilli())) // 48 bits last until the year 10889
	return id.ID{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms)}
}

var (
	qSpend = db.Query(`SELECT kind, CAST(SUM(-amount_minor) AS BIGINT), COUNT(*) FROM operation
		WHERE client = $1 AND id >= $2 AND id < $3 AND at_us >= $4 AND at_us < $5 AND amount_minor < 0 AND state < $6
		GROUP BY kind ORDER BY 2 DESC, kind LIMIT 100`)
	qDays = db.Query(`SELECT (at_us + CAST($7 AS BIGINT)) / 86400000000, CAST(SUM(-amount_minor) AS BIGINT) FROM operation
		WHERE client = $1 AND id >= $2 AND id < $3 AND at_us >= $4 AND at_us < $5 AND amount_minor < 0 AND state < $6
		GROUP BY 1 ORDER BY 1 DESC LIMIT 400`)
)

// Spend sums what left in the calendar month of a moment.
func (s *Service) Spend(ctx context.Context, c client.ID, month time.Time) (Spend, error) {
	from := clock.MonthStart(month)
	low, high, fromMicro, toMicro := span(from, from.AddDate(0, 1, 0))
	rows, err := s.db.Rows(ctx, qSpend, int64(c), low.Bytes(), high.Bytes(), fromMicro, toMicro, int64(Declined))
	if err != nil {
		return Spend{}, err
	}
	defer rows.Close()
	out := Spend{Total: money.Rub(0)}
	for rows.Next() {
		var kind, sum, n int64
		if err := rows.Scan(&kind, &sum, &n); err != nil {
			return Spend{}, err
		}
		line := KindSpend{Kind: Kind(kind), Sum: money.Rub(sum), Count: int(n)}
		if out.Total, err = out.Total.Add(line.Sum); err != nil {
			return Spend{}, err
		}
		out.Count += line.Count
		out.ByKind = append(out.ByKind, line)
	}
	return out, rows.Err()
}

// DaySums sums what left on each bank day that from ≤ at < to touches, newest
// first, each day whole; days without spending are absent.
func (s *Service) DaySums(ctx context.Context, c client.ID, from, to time.Time) ([]DaySum, error) {
	if !from.Before(to) {
		return nil, nil
	}
	from = clock.DayStart(from)
	to = clock.DayStart(to.Add(-time.Microsecond)).AddDate(0, 0, 1)
	// The database knows no zones, so it adds Moscow's offset. Should the
	// offset ever change within the span, each part is asked for with its own.
	if offset(from) != offset(to) && to.Sub(from) > 25*time.Hour {
		middle := clock.DayStart(from.Add(to.Sub(from) / 2))
		newer, err := s.DaySums(ctx, c, middle, to)
		if err != nil {
			return nil, err
		}
		older, err := s.DaySums(ctx, c, from, middle)
		return append(newer, older...), err
	}
	low, high, fromMicro, toMicro := span(from, to)
	rows, err := s.db.Rows(ctx, qDays, int64(c), low.Bytes(), high.Bytes(), fromMicro, toMicro, int64(Declined), offset(from).Microseconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []DaySum
	for rows.Next() {
		var d DaySum
		var sum int64
		if err := rows.Scan(&d.Day, &sum); err != nil {
			return nil, err
		}
		d.Spent = money.Rub(sum)
		out = append(out, d)
	}
	return out, rows.Err()
}

func offset(t time.Time) time.Duration {
	_, sec := t.In(clock.Moscow).Zone()
	return time.Duration(sec) * time.Second
}
