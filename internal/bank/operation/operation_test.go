package operation_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// land puts an operation into a feed the way every room does: carried by the
// ledger transaction that moves the money.
func land(b *banktest.Bank, p banktest.Person, o operation.Operation) operation.Operation {
	b.Helper()
	o.ID, o.Client, o.Account = b.Operations.NewID(), p.ID, p.Account
	if o.State == 0 {
		o.State = operation.Done
	}
	o.Fee.Cur = money.RUB
	row, err := b.Operations.Row(o)
	if err != nil {
		b.Fatal(err)
	}
	back, _ := o.Amount.Neg()
	_, err = b.Book.Post(ctx, ledger.Transaction{
		ID: o.ID, Owner: ledger.BankOwner, Key: ledger.Key(o.ID), Kind: ledger.KindTopUp, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: ledger.World, Amount: back}, {Account: p.Account, Amount: o.Amount}},
		Rows: []db.Row{row},
	})
	if err != nil {
		b.Fatal(err)
	}
	return o
}

func rub(r int64) money.Amount { return money.Rub(r * 100) }

// The feed goes page by page without a gap or a repeat while new rows arrive.
func TestFeedIsStableWhileRowsArrive(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000_000), b.Client("Павел", "Кузнецов", 0)
		var made []id.ID
		for i := range 55 {
			b.Clock.Add(time.Minute)
			made = append(made, land(b, anna, operation.Operation{Kind: operation.TransferOut, Amount: rub(int64(-i - 1)), Details: operation.Details{Name: "Павел К."}}).ID)
			land(b, pavel, operation.Operation{Kind: operation.TransferIn, Amount: rub(1)})
		}
		var seen []id.ID
		f := operation.Filter{Limit: 10}
		for pages := 1; ; pages++ {
			page, err := b.Operations.Feed(ctx, anna.ID, f)
			if err != nil {
				b.Fatal(err)
			}
			for _, o := range page.Operations {
				if o.Client != anna.ID {
					b.Fatalf("a stranger's row: %+v", o)
				}
				seen = append(seen, o.ID)
			}
			land(b, anna, operation.Operation{Kind: operation.TransferIn, Amount: rub(5)})
			if f.Before = page.Next; page.Next.IsZero() {
				if pages != 6 {
					b.Errorf("%d pages", pages)
				}
				break
			}
		}
		if len(seen) != 55 {
			b.Fatalf("saw %d of 55", len(seen))
		}
		for i, got := range seen {
			if got != made[54-i] {
				b.Fatalf("row %d is %v", i, got)
			}
		}
		if page, err := b.Operations.Feed(ctx, anna.ID, operation.Filter{Limit: 1000}); err != nil || len(page.Operations) != 61 || !page.Next.IsZero() {
			b.Errorf("%d rows, next %v, %v", len(page.Operations), page.Next, err)
		}
		if page, err := b.Operations.Feed(ctx, anna.ID, operation.Filter{}); err != nil || len(page.Operations) != 20 || page.Next.IsZero() {
			b.Errorf("%d rows, next %v, %v", len(page.Operations), page.Next, err)
		}
	})
}

func TestFilterByTime(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 1_000_000)
		at := make([]time.Time, 10)
		for i := range at {
			b.Clock.Add(10 * time.Minute)
			at[i] = b.Clock.Now()
			land(b, anna, operation.Operation{Kind: operation.TopUp, Amount: rub(1)})
		}
		for _, c := range []struct {
			from, to time.Time
			want     int
		}{
			{time.Time{}, time.Time{}, 10}, {at[3], time.Time{}, 7}, {time.Time{}, at[3], 3}, {at[3], at[5], 2}, {at[5], at[3], 0},
			{at[3].Add(time.Microsecond), at[5].Add(time.Microsecond), 2}, {at[9].Add(time.Hour), time.Time{}, 0},
		} {
			page, err := b.Operations.Feed(ctx, anna.ID, operation.Filter{From: c.from, To: c.to})
			if err != nil || len(page.Operations) != c.want {
				b.Errorf("%v – %v: %d rows, want %d, %v", c.from, c.to, len(page.Operations), c.want, err)
			}
		}
	})
}

func TestOneAndStrangers(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000), b.Client("Павел", "Кузнецов", 0)
		made := land(b, anna, operation.Operation{Kind: operation.TransferOut, Amount: rub(-100), Details: operation.Details{
			Name: "Павел К.", Phone: pavel.Phone.E164(), Message: "за кофе", Peer: pavel.ID, PeerAccount: pavel.Account,
		}})
		got, err := b.Operations.One(ctx, anna.ID, made.ID)
		if err != nil || got.Details != made.Details || got.Amount != made.Amount || !got.At.Equal(banktest.Noon) || got.Txn != made.ID {
			b.Errorf("%+v, %v", got, err)
		}
		for _, who := range []client.ID{pavel.ID, 0, -1} {
			if _, err := b.Operations.One(ctx, who, made.ID); !errors.Is(err, operation.ErrMissing) {
				b.Errorf("client %d: %v", who, err)
			}
		}
		if _, err := b.Operations.One(ctx, anna.ID, b.IDs.New()); !errors.Is(err, operation.ErrMissing) {
			b.Errorf("no such operation: %v", err)
		}
	})
}

var qSwap = db.Query(`UPDATE operation SET details = $1 WHERE client = $2 AND id = $3`)
var qDetails = db.Query(`SELECT details FROM operation WHERE client = $1 AND id = $2`)

// Details are ciphertext and do not open in another row, not even in the other
// client's row of the same transfer (C10).
func TestDetailsAreBoundToTheirRow(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000), b.Client("Павел", "Кузнецов", 1_000)
		one := land(b, anna, operation.Operation{Kind: operation.TransferOut, Amount: rub(-1), Details: operation.Details{Message: "canary-message"}})
		two := land(b, anna, operation.Operation{Kind: operation.TransferOut, Amount: rub(-1)})
		foreign := land(b, pavel, operation.Operation{Kind: operation.TransferOut, Amount: rub(-1)})
		var sealed []byte
		if err := b.DB.Row(ctx, qDetails, int64(anna.ID), one.ID.Bytes()).Scan(&sealed); err != nil {
			b.Fatal(err)
		}
		if json.Valid(sealed) {
			b.Error("details are not sealed")
		}
		for _, o := range []operation.Operation{two, foreign} {
			b.Do(func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Exec(ctx, qSwap, sealed, int64(o.Client), o.ID.Bytes())
				return err
			})
			if _, err := b.Operations.One(ctx, o.Client, o.ID); !errors.Is(err, vault.ErrSealed) {
				b.Errorf("swapped details: %v", err)
			}
		}
	})
}

// A month is a month in Moscow; what came in and what was declined is not spent.
func TestSpendAndDaySums(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 1_000_000)
		put := func(at time.Time, k operation.Kind, roubles int64, s operation.State) {
			b.Clock.Set(at)
			land(b, anna, operation.Operation{Kind: k, Amount: rub(roubles), State: s})
		}
		msk := func(m time.Month, d, h, min int) time.Time { return time.Date(2026, m, d, h, min, 0, 0, clock.Moscow) }
		put(msk(10, 31, 23, 59), operation.TransferOut, -10, 0)
		put(msk(11, 1, 0, 0), operation.TransferOut, -20, 0)
		put(msk(11, 1, 12, 0), operation.TransferIn, 500, 0)
		put(msk(11, 1, 23, 59), operation.TransferOut, -40, 0)
		put(msk(11, 2, 0, 0), operation.TransferOut, -80, operation.Declined)
		put(msk(11, 15, 0, 0), operation.TopUp, 1_000, 0)
		put(msk(11, 15, 1, 0), operation.Kind(99), -160, operation.Pending)
		put(msk(11, 30, 23, 59), operation.TransferOut, -320, 0)
		put(msk(12, 1, 0, 0), operation.TransferOut, -640, 0)

		s, err := b.Operations.Spend(ctx, anna.ID, msk(11, 22, 9, 0))
		if err != nil || s.Total != rub(540) || s.Count != 4 || len(s.ByKind) != 2 ||
			s.ByKind[0] != (operation.KindSpend{Kind: operation.TransferOut, Sum: rub(380), Count: 3}) || s.ByKind[1].Sum != rub(160) {
			b.Errorf("%+v, %v", s, err)
		}
		if s, err := b.Operations.Spend(ctx, anna.ID, msk(9, 1, 0, 0)); err != nil || !s.Total.IsZero() || s.Count != 0 {
			b.Errorf("an empty month: %+v, %v", s, err)
		}
		days, err := b.Operations.DaySums(ctx, anna.ID, msk(11, 1, 23, 0), msk(12, 1, 0, 0))
		want := []operation.DaySum{
			{Day: clock.Day(msk(11, 30, 1, 0)), Spent: rub(320)}, {Day: clock.Day(msk(11, 15, 1, 0)), Spent: rub(160)}, {Day: clock.Day(msk(11, 1, 1, 0)), Spent: rub(60)},
		}
		if err != nil || len(days) != len(want) {
			b.Fatalf("%+v, %v", days, err)
		}
		for i := range want {
			if days[i] != want[i] {
				b.Errorf("day %d: %+v, want %+v", i, days[i], want[i])
			}
		}
		if days, err := b.Operations.DaySums(ctx, anna.ID, msk(11, 2, 0, 0), msk(11, 2, 0, 0)); err != nil || days != nil {
			b.Errorf("an empty span: %+v, %v", days, err)
		}
	})
}

func TestLatestAndNewSince(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 1_000)
		var crowd []client.ID
		for range 70 { // more than one query's worth
			p := b.Client("Кто", "Угодно", 0)
			land(b, p, operation.Operation{Kind: operation.TransferIn, Amount: rub(1)})
			crowd = append(crowd, p.ID)
		}
		for range 3 {
			land(b, anna, operation.Operation{Kind: operation.TransferOut, Amount: rub(-1)})
		}
		land(b, anna, operation.Operation{Kind: operation.TransferIn, Amount: rub(1)})
		list, err := b.Operations.Latest(ctx, anna.ID, operation.TransferOut, 2)
		if err != nil || len(list) != 2 || list[0].Kind != operation.TransferOut || list[0].ID.Time().Before(list[1].ID.Time()) {
			b.Errorf("%+v, %v", list, err)
		}
		marks, err := b.Operations.NewSince(ctx, crowd, banktest.Noon)
		if err != nil || len(marks) != 70 {
			b.Errorf("%d marks, %v", len(marks), err)
		}
		if marks, err := b.Operations.NewSince(ctx, append(crowd, anna.ID), banktest.Noon.Add(time.Second)); err != nil || len(marks) != 0 {
			b.Errorf("%d marks in the future, %v", len(marks), err)
		}
		if marks, err := b.Operations.NewSince(ctx, nil, banktest.Noon); err != nil || marks != nil {
			b.Errorf("nobody: %v, %v", marks, err)
		}
	})
}

var (
	qLose   = db.Query(`DELETE FROM operation WHERE client = $1 AND id = $2`)
	qFalse  = db.Query(`UPDATE operation SET amount_minor = amount_minor + 1 WHERE client = $1 AND id = $2`)
	qRefuse = db.Query(`UPDATE operation SET state = $3 WHERE client = $1 AND id = $2`)
)

// The check of the verification finds an operation that was lost, changed or
// made up, and names account and transaction.
func TestCheckFindsBrokenFeeds(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000), b.Client("Павел", "Кузнецов", 1_000)
		var made []operation.Operation
		for range 4 {
			made = append(made, land(b, anna, operation.Operation{Kind: operation.TopUp, Amount: rub(1)}))
			land(b, pavel, operation.Operation{Kind: operation.TopUp, Amount: rub(1)})
		}
		check := func() []ledger.Breach {
			report, err := ledger.Verify(ctx, b.DB, operation.Check)
			if err != nil {
				b.Fatal(err)
			}
			return report.Breaches
		}
		if found := check(); len(found) != 0 {
			b.Fatalf("a right book: %+v", found)
		}
		change := func(q *db.Stmt, o operation.Operation, args ...any) {
			b.Do(func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Exec(ctx, q, append([]any{int64(o.Client), o.ID.Bytes()}, args...)...)
				return err
			})
		}
		change(qLose, made[0])
		change(qFalse, made[1])
		change(qRefuse, made[2], int64(operation.Declined))
		found := check()
		if len(found) != 4 { // a changed sum is one line too many and one too few
			b.Fatalf("%+v", found)
		}
		for _, f := range found {
			if f.Account != anna.Account.String() || f.Rule != "operation" || f.Txn == made[3].ID.Text("tr") {
				b.Errorf("%+v", f)
			}
		}
	})
}
