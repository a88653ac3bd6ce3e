package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/money"
)

// house is a book under test with some clients.
type house struct {
	*testing.T
	db   *db.DB
	url  string
	book *Book
}

// TestBook runs every rule on both engines. The rules share a database, each
// with clients of its own, and the whole book is verified at the end.
func TestBook(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d := dbtest.Open(t, url, clock.System())
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				clients.Add(100)
				r.rule(newHouse(t, d, url, Options{}))
			})
		}
		if !t.Failed() {
			(&house{T: t, db: d}).verified()
		}
	})
}

var rules = []struct {
	name string
	rule func(*house)
}{
	{"PostMovesMoneyOnce", rulePostMovesMoneyOnce},
	{"ManyCallersShareCommits", ruleManyCallersShareCommits},
	{"SameKeyTwiceInOneBatch", ruleSameKeyTwiceInOneBatch},
	{"ABatchSeesItsOwnMoney", ruleABatchSeesItsOwnMoney},
	{"OneAccountFiftyTimesInOneBatch", ruleOneAccountFiftyTimesInOneBatch},
	{"ForeignClosedAndUnknownAccounts", ruleForeignClosedAndUnknownAccounts},
	{"MisuseIsAnErrorAndNotRemembered", ruleMisuseIsAnErrorAndNotRemembered},
	{"AmountsNearTheEnd", ruleAmountsNearTheEnd},
	{"GuardsAreOfTheOwner", ruleGuardsAreOfTheOwner},
	{"WindowsTurnAtMoscowMidnight", ruleWindowsTurnAtMoscowMidnight},
	{"LifetimeNeverStartsAnew", ruleLifetimeNeverStartsAnew},
	{"VoidGivesBackToTheWindowThatWasCharged", ruleVoidGivesBackToTheWindowThatWasCharged},
	{"HoldPartPostAndFinal", ruleHoldPartPostAndFinal},
	{"HoldOnTheBank", ruleHoldOnTheBank},
	{"PostAboveTheHold", rulePostAboveTheHold},
	{"Reversal", ruleReversal},
	{"Expiry", ruleExpiry},
	{"PostVoidAndExpiryRace", rulePostVoidAndExpiryRace},
	{"EveryPhaseOnEveryPhase", ruleEveryPhaseOnEveryPhase},
	{"CarriedRowsLandWithTheMoney", ruleCarriedRowsLandWithTheMoney},
	{"OneBadCarriedRowSparesItsNeighbours", ruleOneBadCarriedRowSparesItsNeighbours},
	{"PanicInACarriedRowSparesTheWriter", rulePanicInACarriedRowSparesTheWriter},
	{"AThousandRetriesPostOnce", ruleAThousandRetriesPostOnce},
	{"NoFalseRefusal", ruleNoFalseRefusal},
	{"LimitEdge", ruleLimitEdge},
	{"LoadOfTwoInstances", ruleLoadOfTwoInstances},
	{"ImpatientCallers", ruleImpatientCallers},
}

// clients is where the clients of the rule under test begin.
var clients atomic.Int64

// own gives the number of client n of the rule under test.
func own(n int64) int64 { return clients.Load() + n }

func newHouse(t *testing.T, d *db.DB, url string, o Options) *house {
	t.Helper()
	b, err := NewBook(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{T: t, db: d, url: url, book: b}
}

// with opens another book on the same database.
func (h *house) with(o Options) *house {
	h.Helper()
	return newHouse(h.T, h.db, h.url, o)
}

// second gives another instance of the book on the same database, as another
// process would have it, within this one; TestTwoProcesses has real ones. On
// SQLite one process has the file, so it is the same book. The second book has
// one writer.
func (h *house) second() *house {
	h.Helper()
	if h.db.Engine() == db.SQLite {
		return h
	}
	return newHouse(h.T, dbtest.Open(h.T, h.url, clock.System()), h.url, Options{Writers: 1})
}

// account opens an account of a client with so many kopecks on it.
func (h *house) account(owner, kopecks int64) AccountID {
	h.Helper()
	var a AccountID
	err := h.db.Write(context.Background(), func(tx db.Tx) error {
		var err error
		if a, err = OpenAccount(context.Background(), tx, Opening{Owner: own(owner), Kind: KindCurrent, Currency: money.RUB}); err != nil || kopecks == 0 {
			return err
		}
		_, err = h.book.PostTx(context.Background(), tx, Transaction{
			Owner: BankOwner, Key: freshKey(), Kind: KindOpening, Phase: Posted, Legs: move(World, a, kopecks),
		})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return a
}

func (h *house) post(t Transaction) Receipt {
	h.Helper()
	r, err := h.book.Post(context.Background(), t)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func (h *house) at(a AccountID) Account {
	h.Helper()
	acc, err := AccountByID(context.Background(), h.db, a)
	if err != nil {
		h.Fatal(err)
	}
	return acc
}

// balance insists on what an account has posted and reserved.
func (h *house) balance(a AccountID, posted, reserved int64) {
	h.Helper()
	if acc := h.at(a); acc.Posted.Minor != posted || acc.Reserved.Minor != reserved {
		h.Errorf("account %v has %d posted and %d reserved, want %d and %d", a, acc.Posted.Minor, acc.Reserved.Minor, posted, reserved)
	}
}

func (h *house) used(owner int64, g Guard) int64 {
	h.Helper()
	u, err := Used(context.Background(), h.db, own(owner), h.book.now(), g)
	if err != nil {
		h.Fatal(err)
	}
	return u[0].Used.Minor
}

// verified insists that the whole book adds up.
func (h *house) verified() Report {
	h.Helper()
	r, err := Verify(context.Background(), h.db)
	if err != nil {
		h.Fatal(err)
	}
	for _, b := range r.Breaches {
		h.Errorf("verify: %+v", b)
	}
	return r
}

var keys atomic.Int64

func freshKey() Key { return KeyOf("test", strconv.FormatInt(keys.Add(1), 10)) }

func move(from, to AccountID, kopecks int64) []Leg {
	return []Leg{{Account: from, Amount: money.Rub(-kopecks)}, {Account: to, Amount: money.Rub(kopecks)}}
}

func transfer(owner int64, from, to AccountID, kopecks int64) Transaction {
	return Transaction{Owner: own(owner), Key: freshKey(), Kind: KindTransfer, Phase: Posted, Legs: move(from, to, kopecks)}
}

// hands is a clock whose hands the test moves.
type hands struct{ us atomic.Int64 }

func (s *hands) set(t time.Time) { s.us.Store(t.UnixMicro()) }

func (s *hands) Now() time.Time { return time.UnixMicro(s.us.Load()).UTC() }

// batch serves transactions as one batch, in this order, and gives the answers.
func (h *house) batch(ts ...Transaction) []outcome {
	h.Helper()
	w := &writer{b: h.book, number: 1}
	if h.db.Engine() == db.SQLite {
		w.eng = newLite(h.db)
	} else {
		e, err := newPostgres(context.Background(), h.db, h.book.log)
		if err != nil {
			h.Fatal(err)
		}
		w.eng = e
	}
	defer w.eng.close()
	rs := make([]*request, len(ts))
	for i, t := range ts {
		if err := h.book.complete(&t); err != nil {
			h.Fatal(err)
		}
		rs[i] = newRequest(t)
	}
	if back := w.serve(rs); len(back) > 0 {
		h.Fatalf("%d requests deferred", len(back))
	}
	out := make([]outcome, len(rs))
	for i, r := range rs {
		out[i] = <-r.answer
	}
	return out
}

func guard(owner, cap, amount int64) Guard {
	return Guard{Owner: own(owner), Name: GuardOutgoing, Window: BankDay, Cap: money.Rub(cap), Amount: money.Rub(amount)}
}

// iNote carries rows into a table that only the tests have.
var iNote = db.NewInsert("audit_note", db.Col{Name: "txn", Type: db.Bytes}, db.Col{Name: "n", Type: db.Int}, db.Col{Name: "seq", Type: db.Int},
	db.Col{Name: "balance", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "yes", Type: db.Bool}, db.Col{Name: "words", Type: db.Text})

var qNotes = db.Query(`SELECT txn, n, seq, balance, at_us FROM audit_note ORDER BY at_us, n`)

// withNotes makes the table of iNote.
func (h *house) withNotes() {
	h.Helper()
	const columns = ` (txn %[1]s, n %[2]s NOT NULL, seq %[2]s, balance %[2]s, at_us %[2]s, yes %[3]s, words TEXT)`
	types := []any{"BLOB", "INTEGER", "INTEGER"}
	if h.db.Engine() == db.Postgres {
		types = []any{"BYTEA", "BIGINT", "BOOLEAN"}
	}
	h.exec("DROP TABLE IF EXISTS audit_note")
	h.exec(fmt.Sprintf("CREATE TABLE audit_note"+columns, types...))
}

// exec runs a statement behind the book's back.
func (h *house) exec(q string) {
	h.Helper()
	var err error
	if h.db.Engine() == db.SQLite {
		err = h.db.WithWriter(bg, func(c *sql.Conn) error {
			_, err := c.ExecContext(bg, q)
			return err
		})
	} else {
		pool := stdlib.OpenDB(*h.db.Pgx())
		defer pool.Close()
		_, err = pool.Exec(q)
	}
	if err != nil {
		h.Fatalf("%s: %v", q, err)
	}
}

func (h *house) notes() []string {
	h.Helper()
	out, err := list(bg, h.db, qNotes, func(s scanner) (string, error) {
		var txn []byte
		var n, seq, balance, at int64
		err := s.Scan(&txn, &n, &seq, &balance, &at)
		return fmt.Sprintf("%x %d %d %d %d", txn, n, seq, balance, at), err
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}
