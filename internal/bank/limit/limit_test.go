package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/base/db"
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

// What a token's holder approves of purchases stays within the token's caps,
// beside what the token has sent, however many are approved at once; the next
// day begins anew, and another token counts for itself.
func TestApprovalsStayWithinTheToken(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 1_000), b.Client("Павел", "Кузнецов", 0)
		at := client.Standing{Level: client.Full, Token: b.IDs.New(), TokenOrder: money.Rub(100_00), TokenDay: money.Rub(250_00)}
		approve := func(at client.Standing, sum int64) error {
			return b.DB.Write(ctx, func(tx db.Tx) error { return b.Limits.Approve(ctx, tx, at, money.Rub(sum)) })
		}
		sum := money.Rub(50_00)
		if _, err := b.Book.Post(ctx, ledger.Transaction{
			Owner: int64(anna.ID), Key: ledger.Key(b.IDs.New()), Kind: ledger.KindTransfer, Phase: ledger.Posted,
			Legs:   []ledger.Leg{{Account: anna.Account, Amount: money.Rub(-50_00)}, {Account: pavel.Account, Amount: sum}},
			Guards: b.Limits.Rules().Outgoing(anna.ID, sum, at, banktest.Noon),
		}); err != nil {
			b.Fatal(err)
		}
		if err := approve(at, 100_01); !errors.Is(err, limit.ErrTokenOne) {
			b.Errorf("above one order: %v", err)
		}
		var wg sync.WaitGroup
		var let atomic.Int64
		for range 8 {
			wg.Go(func() {
				switch err := approve(at, 100_00); {
				case err == nil:
					let.Add(1)
				case !errors.Is(err, limit.ErrTokenDay):
					b.Error(err)
				}
			})
		}
		wg.Wait()
		if let.Load() != 2 {
			b.Errorf("%d of 100 were let through beside 50 of 250", let.Load())
		}
		if f, ok := fault.As(approve(at, 1)); !ok || f.Args["left"] != money.Rub(0) || f.Field != "" {
			b.Errorf("nothing is left: %+v", f)
		}
		if err := approve(at, 0); err != nil {
			b.Errorf("nothing is paid: %v", err)
		}
		other := at
		other.Token = b.IDs.New()
		if err := approve(other, 100_00); err != nil {
			b.Errorf("another token: %v", err)
		}
		b.Clock.Add(24 * time.Hour)
		if err := approve(at, 100_00); err != nil {
			b.Errorf("the next day: %v", err)
		}
		if err := approve(client.Standing{Level: client.Full}, 1); !errors.Is(err, limit.ErrTokenOne) {
			b.Errorf("no token: %v", err)
		}
	})
}
