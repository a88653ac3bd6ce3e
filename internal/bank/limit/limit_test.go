package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// full is a client of whom the bank knows everything, on a device with a key.
var full = client.Standing{Level: client.Full}

func TestOneTransferAtItsEdge(t *testing.T) {
	r := limit.Standard()
	if err := r.CheckOne(money.Rub(100_000_00)); err != nil {
		t.Errorf("100 000,00: %v", err)
	}
	if err := r.CheckOne(money.Rub(100_000_01)); !errors.Is(err, limit.ErrOneTransfer) {
		t.Errorf("100 000,01: %v", err)
	}
}

func TestRefusalNamesItsLimit(t *testing.T) {
	r := limit.Standard()
	out, in := r.Outgoing(7, money.Rub(1), full, banktest.Noon), r.TopUp(7, money.Rub(1))
	for _, c := range []struct {
		guards []ledger.Guard
		index  int
		want   *fault.Error
		cap    int64
	}{{out, 0, limit.ErrOutgoingDay, 300_000_00}, {out, 1, limit.ErrOutgoingMonth, 1_500_000_00}, {in, 0, limit.ErrTopUpDay, 150_000_00}} {
		err := limit.Refusal(ledger.Receipt{Reason: ledger.LimitReached, Guard: c.index, Left: money.Rub(5)}, c.guards, full)
		f, _ := fault.As(err)
		if !errors.Is(err, c.want) || f.Args["left"] != money.Rub(5) || f.Args["cap"] != money.Rub(c.cap) || f.Field != "amount" {
			t.Errorf("%+v", f)
		}
	}
	for _, rec := range []ledger.Receipt{{}, {Reason: ledger.InsufficientFunds}} {
		if err := limit.Refusal(rec, out, full); err != nil {
			t.Errorf("%+v is %v", rec, err)
		}
	}
}

// Look-ups at once: exactly as many as the cap are let through.
func TestLookupsUnderRace(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 0)
		var wg sync.WaitGroup
		var let atomic.Int64
		for range 60 {
			wg.Go(func() {
				err := b.Limits.Lookup(ctx, anna.ID, "2001:db8::1")
				switch {
				case err == nil:
					let.Add(1)
				case !errors.Is(err, limit.ErrLookups):
					b.Error(err)
				}
			})
		}
		wg.Wait()
		if let.Load() != 20 {
			b.Errorf("%d look-ups were let through", let.Load())
		}
	})
}

// A cap that was lowered after it was used leaves nothing, never less.
func TestLoweredCapLeavesNothing(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000), b.Client("Павел", "Кузнецов", 0)
		sum := money.Rub(500_00)
		_, err := b.Book.Post(ctx, ledger.Transaction{
			Owner: int64(anna.ID), Key: ledger.Key(b.IDs.New()), Kind: ledger.KindTransfer, Phase: ledger.Posted,
			Legs:   []ledger.Leg{{Account: anna.Account, Amount: money.Rub(-500_00)}, {Account: pavel.Account, Amount: sum}},
			Guards: b.Limits.Rules().Outgoing(anna.ID, sum, full, banktest.Noon),
		})
		if err != nil {
			b.Fatal(err)
		}
		left, err := b.Limits.Left(ctx, anna.ID, full)
		if err != nil || left.OutgoingDay.Left != money.Rub(299_500_00) || left.Transfer() != money.Rub(100_000_00) || left.TopUpDay.Left != left.TopUpDay.Cap {
			b.Errorf("%+v, %v", left, err)
		}
		low := limit.Standard()
		low.OutgoingDay = money.Rub(100_00)
		left, err = limit.New(b.DB, b.Vault, low).Left(ctx, anna.ID, full)
		if err != nil || !left.OutgoingDay.Left.IsZero() || !left.Transfer().IsZero() {
			b.Errorf("%+v, %v", left, err)
		}
	})
}
