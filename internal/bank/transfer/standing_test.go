package transfer_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// as makes a confirmed order of somebody who stands so.
func (d desk) as(s client.Standing, from, to banktest.Person, kopecks int64) (err error) {
	d.Helper()
	cmd := d.order(from, d.payee(from, to.Phone), kopecks, "")
	cmd.Standing = s
	_, err = d.transfers.ToFriend(ctx, cmd)
	return err
}

// An offer made before somebody was blocked moves nothing afterwards; what was
// done before gets its answer again.
func TestBlockedClientOrdersNothing(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		done, ready := d.order(anna, d.payee(anna, pavel.Phone), 100_00, ""), d.order(anna, d.payee(anna, pavel.Phone), 200_00, "")
		first, err := d.transfers.ToFriend(ctx, done)
		if err != nil {
			d.Fatal(err)
		}
		done.Standing.Blocked, ready.Standing.Blocked = true, true
		if _, err := d.transfers.ToFriend(ctx, ready); !errors.Is(err, transfer.ErrBlocked) {
			d.Errorf("an offer made before the block: %v", err)
		}
		if again, err := d.transfers.ToFriend(ctx, done); err != nil || again.ID != first.ID || !again.Replay {
			d.Errorf("a repeat of what was done: %+v, %v", again, err)
		}
	})
}

// S13 and the limits of devices and tokens: each cap to the kopeck, with a
// refusal of its own that says what is left, and a counter of its own.
func TestS13_LimitsByStanding(t *testing.T) {
	simplified := client.Standing{Level: client.Simplified}
	token := client.Standing{Level: client.Full, Token: id.ID{15: 1}, TokenOrder: money.Rub(1_000_00), TokenDay: money.Rub(2_500_00)}
	for name, c := range map[string]struct {
		standing client.Standing
		fits     []int64 // so much is let through
		one      *fault.Error
		oneCap   int64 // … a kopeck above it is refused as a single order; 0: no such cap
		day      *fault.Error
		dayCap   int64
	}{
		"simplified": {simplified, []int64{60_000_00}, nil, 0, limit.ErrSimplifiedDay, 60_000_00},
		"unknown":    {client.Standing{Scriptless: false, Level: 99}, []int64{60_000_00}, nil, 0, limit.ErrSimplifiedDay, 60_000_00},
		"scriptless": {client.Standing{Level: client.Full, Scriptless: true}, []int64{15_000_00}, nil, 0, limit.ErrScriptless, 15_000_00},
		"reduced": {client.Standing{Level: client.Full, Reduced: banktest.Noon.Add(48 * time.Hour)}, []int64{15_000_00, 15_000_00},
			limit.ErrReducedOne, 15_000_00, limit.ErrReducedDay, 30_000_00},
		"token": {token, []int64{1_000_00, 1_000_00, 500_00}, limit.ErrTokenOne, 1_000_00, limit.ErrTokenDay, 2_500_00},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(d desk, anna, pavel banktest.Person) {
				if c.one != nil {
					err := d.as(c.standing, anna, pavel, c.oneCap+1)
					f, _ := fault.As(err)
					if !errors.Is(err, c.one) || f.Args["cap"] != money.Rub(c.oneCap) {
						d.Errorf("one order above its cap: %v", err)
					}
				}
				left, err := d.Limits.Left(ctx, anna.ID, c.standing)
				if want := min(c.fits[0], c.dayCap); err != nil || left.Transfer() != money.Rub(want) {
					d.Errorf("before: %+v, %v", left, err)
				}
				for _, sum := range c.fits {
					if err := d.as(c.standing, anna, pavel, sum); err != nil {
						d.Fatalf("%d: %v", sum, err)
					}
				}
				err = d.as(c.standing, anna, pavel, 1)
				f, _ := fault.As(err)
				if !errors.Is(err, c.day) || f.Args["left"] != money.Rub(0) || f.Args["cap"] != money.Rub(c.dayCap) || f.Field != "amount" {
					d.Errorf("a kopeck above the day's cap: %v", err)
				}
				if left, err = d.Limits.Left(ctx, anna.ID, c.standing); err != nil || !left.Transfer().IsZero() || len(left.Caps) != 1 {
					d.Errorf("after: %+v, %v", left, err)
				}
				// Whoever stands better goes on, the house's own day counts all.
				if err := d.as(full, anna, pavel, 1_00); err != nil {
					d.Errorf("from a trusted device: %v", err)
				}
				if left, err = d.Limits.Left(ctx, anna.ID, full); err != nil || left.OutgoingDay.Left.Minor != 300_000_00-c.dayCap-1_00 || len(left.Caps) != 0 {
					d.Errorf("a trusted device: %+v, %v", left, err)
				}
				// Another token has a counter of its own.
				if c.standing.Token != (id.ID{}) {
					other := c.standing
					other.Token = id.ID{15: 2}
					if err := d.as(other, anna, pavel, 1_000_00); err != nil {
						d.Errorf("another token: %v", err)
					}
				}
				d.Clock.Add(49 * time.Hour)
				if err := d.as(c.standing, anna, pavel, 100_00); err != nil {
					d.Errorf("another day: %v", err)
				}
				if report, err := ledger.Verify(ctx, d.DB); err != nil || len(report.Breaches) > 0 {
					d.Errorf("%+v, %v", report.Breaches, err)
				}
			})
		})
	}
}

// A simplified client's month is 200 000 ₽, and all caps hold together.
func TestS13_Month(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		d.Clock.Set(time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC))
		simplified := client.Standing{Level: client.Simplified}
		for range 3 {
			if err := d.as(simplified, anna, pavel, 60_000_00); err != nil {
				d.Fatal(err)
			}
			d.Clock.Add(24 * time.Hour)
		}
		err := d.as(simplified, anna, pavel, 20_000_01)
		f, _ := fault.As(err)
		if !errors.Is(err, limit.ErrSimplifiedMonth) || f.Args["left"] != money.Rub(20_000_00) || f.Args["cap"] != money.Rub(200_000_00) {
			d.Errorf("above the month: %v", err)
		}
		all := client.Standing{Level: client.Simplified, Scriptless: true, Reduced: d.Clock.Now().Add(time.Hour)}
		if err := d.as(all, anna, pavel, 15_000_00); err != nil {
			d.Error(err)
		}
		if err := d.as(all, anna, pavel, 1); !errors.Is(err, limit.ErrScriptless) {
			d.Errorf("the least of all caps: %v", err)
		}
		if left, err := d.Limits.Left(ctx, anna.ID, all); err != nil || len(left.Caps) != 3 || left.OutgoingMonth.Left != money.Rub(5_000_00) {
			d.Errorf("%+v, %v", left, err)
		}
	})
}

// Many orders at once from a device without a key: exactly as many as fit.
func TestScriptlessCapUnderRace(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		var wg sync.WaitGroup
		var paid atomic.Int64
		for range 40 {
			cmd := d.order(anna, to, 1_000_00, "")
			cmd.Standing = client.Standing{Level: client.Full, Scriptless: true}
			wg.Go(func() {
				_, err := d.transfers.ToFriend(ctx, cmd)
				if err == nil {
					paid.Add(1)
				} else if !errors.Is(err, limit.ErrScriptless) {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		if paid.Load() != 15 || d.Balance(pavel.Account) != 15_000_00 {
			d.Errorf("%d paid, Pavel has %d", paid.Load(), d.Balance(pavel.Account))
		}
	})
}
