package tariff_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// next is the house's tariff with another number, moment and price for friends.
func next(t testing.TB, number int64, from time.Time, friends string) tariff.Version {
	t.Helper()
	v := tariff.Standard()
	v.Number, v.From = number, from
	out, err := tariff.Parse(strings.Replace(v.Text(), "rule;friend;;;;0;;;", "rule;friend;;;;"+friends, 1))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Versions come by import, in order, and what is in force never changes.
func TestImport(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		s := tariff.New(b.DB)
		day := banktest.Noon.Add(24 * time.Hour)
		for i, c := range []struct {
			number int64
			from   time.Time
			price  string
			want   tariff.Outcome
			err    string
		}{
			{1, tariff.Standard().From, "0;;;", tariff.Known, ""},
			{1, tariff.Standard().From, "1;;;", "", "version 1 is in force since"},
			{1, day, "1;;;", "", "version 1 is in force since"},
			{2, banktest.Noon, "1;;;", "", "the bank must know it 5 minutes before"},
			{3, day, "1;;;", tariff.Kept, ""},
			{3, day, "1;;;", tariff.Known, ""},
			{3, day.Add(time.Hour), "2;;;", tariff.Replaced, ""},
			{2, day, "1;;;", "", "version 3 is there already"},
			{4, day.Add(time.Hour), "1;;;", "", "is to come later"},
			{4, day, "1;;;", "", "is to come later"},
			{4, day.Add(2 * time.Hour), "1;;;", tariff.Kept, ""},
			{3, day.Add(3 * time.Hour), "2;;;", "", "version 4 is there already"},
		} {
			got, err := s.Import(ctx, next(b, c.number, c.from, c.price), "test")
			if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				b.Errorf("import %d: %q, %v", i, got, err)
			}
		}
		poor := tariff.Standard()
		poor.Number, poor.From, poor.Rules = 5, day.Add(9*time.Hour), poor.Rules[:2]
		if _, err := s.Import(ctx, poor, "test"); err == nil || err.Error() != "version 5 has no price for friend" {
			b.Error(err)
		}
		b.Clock.Set(day.Add(time.Hour - tariff.Lead))
		if _, err := s.Import(ctx, next(b, 3, day.Add(time.Hour), "9;;;"), "test"); err == nil {
			b.Error("a version changed minutes before it comes into force")
		}
	})
}

// Two processes: a version that one keeps is in force in the other to the
// microsecond, though its confirmations look into memory alone.
func TestOtherProcessesKnowInTime(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		ours, theirs := tariff.New(b.DB), tariff.New(b.DB)
		who := b.Client("Анна", "Соколова", 0)
		ask := tariff.Ask{Client: who.ID, Kind: tariff.Friend, Sum: money.Rub(1_000_00)}
		old, err := theirs.Price(ctx, ask)
		if err != nil || old.Version != 1 || !old.Fee.IsZero() {
			b.Fatal(old, err)
		}
		from := banktest.Noon.Add(tariff.Lead)
		if _, err := ours.Import(ctx, next(b, 2, from, "1;;;"), "test"); err != nil {
			b.Fatal(err)
		}
		b.Clock.Set(from.Add(-time.Microsecond))
		if err := theirs.Valid(ctx, old); err != nil {
			b.Error(err)
		}
		b.Clock.Set(from)
		if err := theirs.Valid(ctx, old); !errors.Is(err, tariff.ErrChanged) {
			b.Errorf("the old price: %v", err)
		}
		if p, err := theirs.Price(ctx, ask); err != nil || p.Version != 2 || p.Fee != money.Rub(10_00) {
			b.Error(p, err)
		}
	})
}

// The free part of the month is used up, cannot be used twice at once, and is
// there anew on the first of the next month in Moscow.
func TestFreePartOfTheMonth(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		s := tariff.New(b.DB)
		anna, pavel := b.Client("Анна", "Соколова", 1_000_000), b.Client("Павел", "Кузнецов", 0)
		price := func(roubles int64) tariff.Price {
			b.Helper()
			p, err := s.Price(ctx, tariff.Ask{Client: anna.ID, Kind: tariff.PhoneOut, Sum: money.Rub(roubles * 100)})
			if err != nil {
				b.Fatal(err)
			}
			return p
		}
		pay := func(p tariff.Price) ledger.Reason {
			b.Helper()
			guards, err := s.Guards(ctx, anna.ID, p)
			if err != nil {
				b.Fatal(err)
			}
			r, err := b.Book.Post(ctx, ledger.Transaction{
				Owner: int64(anna.ID), Key: ledger.Key(b.IDs.New()), Kind: ledger.KindTransfer, Phase: ledger.Posted, Guards: guards,
				Legs: []ledger.Leg{{Account: anna.Account, Amount: money.Rub(-p.Amount.Minor)}, {Account: pavel.Account, Amount: p.Amount}},
			})
			if err != nil {
				b.Fatal(err)
			}
			if r.Refused() && !tariff.Counted(guards[r.Guard]) {
				b.Errorf("refused by %v", guards[r.Guard])
			}
			return r.Reason
		}
		first, same := price(80_000), price(80_000)
		if first.Free != money.Rub(80_000_00) || !first.Fee.IsZero() {
			b.Fatalf("%+v", first)
		}
		if pay(first) != ledger.Accepted || pay(same) != ledger.LimitReached {
			b.Error("the free part was used twice")
		}
		if p := price(80_000); p.Free != money.Rub(20_000_00) || p.Fee != money.Rub(300_00) || pay(p) != ledger.Accepted {
			b.Errorf("%+v", p)
		}
		if p := price(80_000); !p.Free.IsZero() || p.Fee != money.Rub(400_00) || pay(p) != ledger.Accepted {
			b.Errorf("%+v", p)
		}
		b.Clock.Set(time.Date(2026, 11, 30, 20, 59, 59, 0, time.UTC))
		if p := price(1); !p.Free.IsZero() {
			b.Errorf("a second before the month ends: %+v", p)
		}
		b.Clock.Add(time.Second)
		if p := price(80_000); p.Free != money.Rub(80_000_00) {
			b.Errorf("in the new month: %+v", p)
		}
	})
}
