package purchase

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Memory is all that the room stands on, in memory and for one card: database,
// book, feed and store. What a failed unit of work did is undone.
type Memory struct {
	Book  *ledger.Memory
	now   func() time.Time
	ids   *id.Source
	auths []*auth // the oldest first
	named struct{ origin, rrn, code map[string][]*auth }
	byID  map[id.ID]*auth
	told  map[string]kept // answers by message key
	feed  map[id.ID]operation.Operation
	items map[string]item
	shown map[id.ID]int64
	files map[string]string
	atcs  []int // from the highest down
	shops map[string]bool
	undo  []func()
}

type kept struct{ print, auth, raw []byte }

// NewMemory makes one whose clock is now.
func NewMemory(now func() time.Time) *Memory {
	ids := id.NewSource(now)
	m := &Memory{
		Book: ledger.NewMemory(ids), now: now, ids: ids, byID: map[id.ID]*auth{}, told: map[string]kept{}, feed: map[id.ID]operation.Operation{},
		items: map[string]item{}, shown: map[id.ID]int64{}, files: map[string]string{}, shops: map[string]bool{},
	}
	m.named.origin, m.named.rrn, m.named.code = map[string][]*auth{}, map[string][]*auth{}, map[string][]*auth{}
	return m
}

// InMemory makes the service on it.
func InMemory(m *Memory, d Deps) *Service {
	d.DB, d.Book, d.Operations = memDB{m: m}, memBook{m}, memFeed{m}
	s := New(d)
	s.rows = memStore{m}
	return s
}

// Fed tells what the client sees of an authorisation, and where that stands.
func (m *Memory) Fed(one id.ID) (State, money.Amount, operation.Operation) {
	a := m.byID[one]
	if a == nil {
		return 0, money.Amount{}, operation.Operation{}
	}
	return a.state, a.posted, m.feed[one]
}

// Wrong holds each authorisation against the book, as Check does.
func (m *Memory) Wrong() error {
	for _, a := range m.auths {
		_, total, err := open(context.Background(), memStore{m}, nil, *a)
		if err != nil {
			return err
		}
		if wrong := a.wrong(total); wrong != "" {
			return fmt.Errorf("authorisation %s is %s: %s", a.id.Text(Prefix), a.state, wrong)
		}
	}
	if sum := m.Book.Sum(); sum != 0 {
		return fmt.Errorf("the book sums to %d", sum)
	}
	return nil
}

func (m *Memory) later(undo func()) { m.undo = append(m.undo, undo) }

// put sets an entry of a map until the unit of work is undone.
func put[K comparable, V any](m *Memory, in map[K]V, k K, v V) {
	was, there := in[k]
	in[k] = v
	m.later(func() {
		if there {
			in[k] = was
		} else {
			delete(in, k)
		}
	})
}

// memDB is the database: only units of work, its statements are the store's.
type memDB struct {
	db.Reader
	m *Memory
}

func (d memDB) Now() time.Time { return d.m.now() }

func (d memDB) Write(_ context.Context, fn func(db.Tx) error) error {
	d.m.undo = d.m.undo[:0]
	err := fn(memTx{m: d.m})
	if err != nil {
		for _, back := range slices.Backward(d.m.undo) {
			back()
		}
	}
	return err
}

type memTx struct {
	db.Tx
	m *Memory
}

func (t memTx) Now() time.Time                                 { return t.m.now() }
func (t memTx) Insert(_ context.Context, rows ...db.Row) error { return t.m.insert(rows) }

var feedRow = &db.Insert{}

func (m *Memory) insert(rows []db.Row) error {
	for _, r := range rows {
		switch r.Insert {
		case iAuth:
			a, err := scanAuth(func(into ...any) error { return fill(into, r.Args) })
			if err != nil {
				return err
			}
			if len(m.named.origin[string(a.origin)]) > 0 {
				return fmt.Errorf("two authorisations of one name")
			}
			one := &a
			put(m, m.byID, a.id, one)
			put(m, m.named.origin, string(a.origin), []*auth{one})
			put(m, m.named.rrn, a.rrn, append(slices.Clip(m.named.rrn[a.rrn]), one))
			put(m, m.named.code, a.code, append(slices.Clip(m.named.code[a.code]), one))
			put(m, m.shops, string(a.shop), a.state != Tombstone || m.shops[string(a.shop)])
			m.auths = append(m.auths, one)
			m.later(func() { m.auths = m.auths[:len(m.auths)-1] })
		case iMessage:
			key := string(r.Args[0].([]byte))
			if _, twice := m.told[key]; twice {
				return fmt.Errorf("two answers to one message")
			}
			put(m, m.told, key, keptOf(r))
		case iCounter:
			atc := int(r.Args[2].(int64))
			at, twice := slices.BinarySearchFunc(m.atcs, atc, func(a, b int) int { return b - a })
			if twice {
				return fmt.Errorf("one chip counter twice")
			}
			m.atcs = slices.Insert(m.atcs, at, atc)
			m.later(func() { m.atcs = slices.Delete(m.atcs, at, at+1) })
		case iItem:
			it := item{client: client.ID(r.Args[4].(int64)), auth: id.ID(r.Args[5].([]byte)), sum: money.Rub(r.Args[7].(int64))}
			kind := r.Args[1].(int64)
			put(m, m.items, itemKey(r.Args[0].(string), int(kind)), it)
			switch int(kind) {
			case Presentment:
				put(m, m.shown, it.auth, m.shown[it.auth]+it.sum.Minor)
			case Undone:
				put(m, m.shown, it.auth, m.shown[it.auth]-it.sum.Minor)
			}
		case feedRow:
			o := *r.Args[0].(*operation.Operation)
			put(m, m.feed, o.ID, o)
		}
	}
	return nil
}

func keptOf(r db.Row) kept {
	return kept{print: r.Args[2].([]byte), auth: r.Args[3].([]byte), raw: r.Args[4].([]byte)}
}

func itemKey(arn string, kind int) string { return fmt.Sprint(kind, " ", arn) }

// fill scans what a row was made of.
func fill(into, args []any) error {
	for i, to := range into {
		switch p := to.(type) {
		case *[]byte:
			*p = args[i].([]byte)
		case *string:
			*p = args[i].(string)
		case *sql.NullInt64:
			p.Int64, p.Valid = args[i].(int64)
		default:
			reflect.ValueOf(to).Elem().SetInt(args[i].(int64))
		}
	}
	return nil
}

type memBook struct{ m *Memory }

func (b memBook) Post(ctx context.Context, t ledger.Transaction) (ledger.Receipt, error) {
	recs, err := b.PostTx(ctx, nil, t)
	if err != nil {
		return ledger.Receipt{}, err
	}
	return recs[0], nil
}

func (b memBook) PostTx(_ context.Context, _ db.Tx, ts ...ledger.Transaction) ([]ledger.Receipt, error) {
	recs, rows, err := b.m.Book.Post(b.m.now(), ts...)
	if err != nil {
		return nil, err
	}
	for i, r := range recs {
		b.m.later(func() {
			if !r.Refused() {
				panic("a unit of work failed after the book had moved")
			}
			b.m.Book.Forget(ts[i].Owner, ts[i].Key)
		})
	}
	return recs, b.m.insert(rows)
}

type memFeed struct{ m *Memory }

func (f memFeed) NewID() id.ID { return f.m.ids.New() }
func (f memFeed) Row(o operation.Operation) (db.Row, error) {
	return db.Row{Insert: feedRow, Args: []any{&o}}, nil
}
func (f memFeed) Add(_ context.Context, _ db.Tx, o operation.Operation) error {
	put(f.m, f.m.feed, o.ID, o)
	return nil
}
func (f memFeed) Change(_ context.Context, _ db.Tx, _ client.ID, op id.ID, fn func(*operation.Operation)) error {
	o, ok := f.m.feed[op]
	if !ok {
		return operation.ErrMissing
	}
	if o.Details.Purchase != nil {
		d := *o.Details.Purchase
		o.Details.Purchase = &d
	}
	fn(&o)
	put(f.m, f.m.feed, op, o)
	return nil
}
func (f memFeed) One(_ context.Context, _ client.ID, op id.ID) (operation.Operation, error) {
	return f.m.feed[op], nil
}

func (f memFeed) Lock(_ context.Context, _ db.Tx, _ client.ID, op id.ID) (operation.Operation, error) {
	return f.m.feed[op], nil
}

// memStore is the room's store. There is one card and nobody else, so locks,
// owners and cards need no looking at.
type memStore struct{ m *Memory }

func (s memStore) past(q Request, f card.Face) (past, error) {
	p := past{counter: -1, known: len(s.m.named.origin[string(q.of().key(f.ID))]) > 0}
	_, p.answered = s.m.told[string(q.key())]
	if len(s.m.atcs) > 0 {
		p.counter = s.m.atcs[0]
	}
	return p, nil
}

func (s memStore) remembered(_ context.Context, _ db.Reader, key []byte) (a Answer, print []byte, found bool, err error) {
	k, found := s.m.told[string(key)]
	if !found {
		return a, nil, false, nil
	}
	err = json.Unmarshal(k.raw, &a)
	a.Auth, a.Replay = id.ID(k.auth), true
	return a, k.print, true, err
}

func (s memStore) answer(_ context.Context, _ db.Tx, key, raw []byte) error {
	if k, ok := s.m.told[string(key)]; ok {
		k.raw = raw
		put(s.m, s.m.told, string(key), k)
	}
	return nil
}

func (s memStore) twin(_ context.Context, _ db.Tx, key []byte, r db.Row) error {
	put(s.m, s.m.told, string(key), keptOf(r))
	return nil
}

func (s memStore) byOrigin(_ context.Context, _ db.Tx, _ client.ID, origin []byte) (auth, bool, error) {
	if list := s.m.named.origin[string(origin)]; len(list) > 0 {
		return copyOf(list[0]), true, nil
	}
	return auth{}, false, nil
}

func (s memStore) lock(_ context.Context, _ db.Tx, _ client.ID, one id.ID) (auth, bool, error) {
	if a := s.m.byID[one]; a != nil {
		return copyOf(a), true, nil
	}
	return auth{}, false, nil
}

func (s memStore) byRRN(_ context.Context, _ db.Reader, _ client.ID, _ id.ID, rrn string) ([]auth, error) {
	return listed(s.m.named.rrn, rrn), nil
}

func (s memStore) byCode(_ context.Context, _ db.Reader, _ client.ID, _ id.ID, code string) ([]auth, error) {
	return listed(s.m.named.code, code), nil
}

// listed is what the queries by a name find: no tombstones, the oldest first,
// twenty at most; by nothing, nothing.
func listed(by map[string][]*auth, name string) (out []auth) {
	if name == "" {
		return nil
	}
	for _, a := range by[name] {
		if a.state != Tombstone && len(out) < 20 {
			out = append(out, copyOf(a))
		}
	}
	return out
}

func copyOf(a *auth) auth {
	out := *a
	out.holds = slices.Clone(a.holds)
	return out
}

func (s memStore) atShop(_ context.Context, _ db.Tx, _ card.Face, since time.Time, acquirer, mcc string) (out []auth, _ error) {
	for _, a := range slices.Backward(s.m.auths) {
		if a.acquirer == acquirer && a.mcc == mcc && a.kind < KindRefund && a.state != Tombstone && a.posted.Positive() && !a.at.Before(since) && len(out) < maxAtShop {
			out = append(out, copyOf(a))
		}
	}
	return out, nil
}

func (s memStore) set(_ context.Context, _ db.Tx, a auth) error {
	to := s.m.byID[a.id]
	if to == nil {
		return fmt.Errorf("authorisation %s is gone", a.id.Text(Prefix))
	}
	was := *to
	s.m.later(func() { *to = was })
	to.state, to.billing.Minor, to.posted.Minor, to.local.Minor = a.state, a.billing.Minor, a.posted.Minor, a.local.Minor
	to.holds, to.expires = slices.Clone(a.holds), a.expires
	return nil
}

func (s memStore) due(_ context.Context, _ db.Reader, now time.Time, most int) (out []auth, _ error) {
	for _, a := range s.m.auths {
		if !a.expires.IsZero() && !a.expires.After(now) && len(out) < most {
			out = append(out, auth{client: a.client, id: a.id})
		}
	}
	return out, nil
}

func (s memStore) counters(context.Context, db.Reader, client.ID, id.ID) ([]int, error) {
	return s.m.atcs[:min(len(s.m.atcs), atcWindow)], nil
}

func (s memStore) seen(_ context.Context, _ db.Reader, _ client.ID, _ id.ID, shop []byte) (bool, error) {
	return s.m.shops[string(shop)], nil
}

func (s memStore) begin(_ context.Context, _ db.Tx, f File) error {
	if was, again := s.m.files[f.ID]; again && was != string(f.Print) {
		return ErrOtherFile
	}
	put(s.m, s.m.files, f.ID, string(f.Print))
	return nil
}

func (s memStore) done(context.Context, db.Tx, string) error { return nil }

func (s memStore) item(_ context.Context, _ db.Tx, arn string, kind int) (item, bool, error) {
	it, found := s.m.items[itemKey(arn, kind)]
	return it, found, nil
}

func (s memStore) presented(_ context.Context, _ db.Tx, a auth) (int64, error) {
	return s.m.shown[a.id], nil
}

func (s memStore) account(_ context.Context, _ db.Reader, a ledger.AccountID) (ledger.Account, error) {
	return s.m.Book.Account(a)
}

func (s memStore) hold(_ context.Context, _ db.Reader, txn id.ID) (ledger.Hold, bool, error) {
	h, found := s.m.Book.Hold(txn)
	return h, found, nil
}
