package limit_test

import (
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// chooser is somebody who sets limits of his own.
type chooser struct {
	*banktest.Bank
	own    *limit.Own
	orders *order.Service
	me     banktest.Person
}

func eachChooser(t *testing.T, fn func(c chooser)) {
	banktest.Each(t, func(b *banktest.Bank) {
		fn(chooser{
			Bank: b, me: b.Client("Анна", "Соколова", 1_000),
			own:    limit.NewOwn(limit.OwnDeps{DB: b.DB, Vault: b.Vault, IDs: b.IDs, People: b.Directory, Rules: limit.Standard()}),
			orders: order.New(order.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Host: "bank.example", Now: b.Clock.Now}),
		})
	})
}

func caps(one, day, month int64) client.Caps {
	of := func(roubles int64) money.Amount {
		if roubles == 0 {
			return money.Amount{}
		}
		return money.Rub(roubles * 100)
	}
	return client.Caps{One: of(one), Day: of(day), Month: of(month)}
}

// signs gives the client's signature over an offer.
func (c chooser) signs(o limit.OwnOffer) order.Signed {
	c.Helper()
	key, public := ordertest.Key(7)
	signed, err := c.orders.Accept(c.me.ID, o.Document, order.ByToken(id.ID{15: 1}, public, ordertest.Sign(c, key, o.Document.Text)))
	if err != nil {
		c.Fatal(err)
	}
	return signed
}

func (c chooser) holds(want client.Caps) {
	c.Helper()
	at, err := c.Directory.Stands(ctx, c.me.ID)
	if err != nil || at.Own != want {
		c.Errorf("%+v, %v, want %+v", at.Own, err, want)
	}
}

func (c chooser) tighten(to client.Caps, want error) {
	c.Helper()
	if err := c.own.Tighten(ctx, c.me.ID, to); !errors.Is(err, want) {
		c.Errorf("%+v: %v, want %v", to, err, want)
	}
}

// To tighten counts at once; what is looser takes a signature and a day, and
// what of the same change is tighter counts at once.
func TestOwnLimitsTightenAtOnceAndLoosenLater(t *testing.T) {
	eachChooser(t, func(c chooser) {
		c.holds(client.Caps{})
		c.tighten(caps(0, 0, 0), limit.ErrOwnSame)
		c.tighten(caps(10_000, 50_000, 0), nil)
		c.holds(caps(10_000, 50_000, 0))
		c.tighten(caps(10_000, 50_000, 0), limit.ErrOwnSame)
		c.tighten(caps(10_001, 40_000, 0), limit.ErrOwnLooser)
		c.tighten(caps(0, 50_000, 0), limit.ErrOwnLooser)
		c.tighten(caps(10_000, 50_000, 200_000), nil)

		offer, o, err := c.own.Offer(ctx, c.me.ID, caps(20_000, 30_000, 0))
		if err != nil {
			c.Fatal(err)
		}
		c.holds(caps(10_000, 50_000, 200_000)) // nothing yet
		if again, err := c.own.Offered(c.me.ID, offer); err != nil || again != o {
			c.Errorf("%+v, %v", again, err)
		}
		if _, err := c.own.Offered(c.me.ID+1, offer); !errors.Is(err, limit.ErrOwnOffer) {
			c.Errorf("another's offer: %v", err)
		}
		got, err := c.own.Loosen(ctx, c.me.ID, offer, c.signs(o))
		if err != nil || !got.From.Equal(c.Clock.Now().Add(24*time.Hour)) {
			c.Fatalf("%+v, %v", got, err)
		}
		c.holds(caps(10_000, 30_000, 200_000)) // the tighter part at once
		if _, err := c.own.Loosen(ctx, c.me.ID, offer, c.signs(o)); err == nil {
			c.Error("an offer is good once")
		}
		c.Clock.Add(24*time.Hour - time.Second)
		c.holds(caps(10_000, 30_000, 200_000))
		c.Clock.Add(time.Second)
		c.holds(caps(20_000, 30_000, 0))
		c.tighten(caps(20_000, 20_000, 0), nil)
		c.holds(caps(20_000, 20_000, 0))
	})
}

// What waits is dropped by whoever thinks again, and by anything tighter.
func TestOwnLimitsThinkAgain(t *testing.T) {
	eachChooser(t, func(c chooser) {
		c.tighten(caps(10_000, 0, 0), nil)
		loosen := func() string {
			offer, o, err := c.own.Offer(ctx, c.me.ID, caps(0, 0, 0))
			if err != nil {
				c.Fatal(err)
			}
			if _, err := c.own.Loosen(ctx, c.me.ID, offer, c.signs(o)); err != nil {
				c.Fatal(err)
			}
			return offer
		}
		loosen()
		c.tighten(caps(10_000, 0, 0), nil) // as it is: the raise is off
		c.Clock.Add(48 * time.Hour)
		c.holds(caps(10_000, 0, 0))
		loosen()
		c.Clock.Add(25 * time.Hour)
		c.holds(caps(0, 0, 0))

		// An offer over limits that are others now changes nothing.
		c.tighten(caps(10_000, 0, 0), nil)
		offer, o, err := c.own.Offer(ctx, c.me.ID, caps(50_000, 0, 0))
		if err != nil {
			c.Fatal(err)
		}
		c.tighten(caps(5_000, 0, 0), nil)
		if _, err := c.own.Loosen(ctx, c.me.ID, offer, c.signs(o)); !errors.Is(err, limit.ErrOwnOffer) {
			c.Errorf("over other limits: %v", err)
		}
		if _, err := c.own.Loosen(ctx, c.me.ID, offer, order.Signed{}); !errors.Is(err, order.ErrNotSigned) {
			c.Errorf("not signed: %v", err)
		}
		c.Clock.Add(11 * time.Minute)
		if _, err := c.own.Offered(c.me.ID, offer); !errors.Is(err, limit.ErrOwnOffer) {
			c.Errorf("an old offer: %v", err)
		}
		c.holds(caps(5_000, 0, 0))
	})
}

func TestOwnLimitsStayBelowTheBank(t *testing.T) {
	eachChooser(t, func(c chooser) {
		c.tighten(caps(100_001, 0, 0), limit.ErrOwnAbove)
		c.tighten(caps(0, 300_001, 0), limit.ErrOwnAbove)
		c.tighten(caps(0, 0, 1_500_001), limit.ErrOwnAbove)
		c.tighten(caps(-1, 0, 0), limit.ErrOwnSum)
		err := c.own.Tighten(ctx, c.me.ID, caps(0, 300_001, 0))
		if f, _ := fault.As(err); f.Field != "own_day" || f.Args["cap"] != money.Rub(300_000_00) {
			c.Errorf("%+v", f)
		}
	})
}

// Own limits are refused with words that name them, counted by the counters
// that all outgoing money has, and shown beside what is left.
func TestOwnLimitsHold(t *testing.T) {
	eachChooser(t, func(c chooser) {
		pavel, rules := c.Client("Павел", "Кузнецов", 0), c.Limits.Rules()
		at := full
		at.Own = caps(200, 500, 600)
		if err := rules.CheckOrder(money.Rub(200_01), at, c.Clock.Now()); !errors.Is(err, limit.ErrOwnOne) {
			c.Error(err)
		}
		if err := rules.CheckOrder(money.Rub(200_00), at, c.Clock.Now()); err != nil {
			c.Error(err)
		}
		send := func(at client.Standing, kopecks int64) error {
			sum := money.Rub(kopecks)
			guards := rules.Outgoing(c.me.ID, sum, at, c.Clock.Now())
			r, err := c.Book.Post(ctx, ledger.Transaction{
				Owner: int64(c.me.ID), Key: ledger.Key(c.IDs.New()), Kind: ledger.KindTransfer, Phase: ledger.Posted, Guards: guards,
				Legs: []ledger.Leg{{Account: c.me.Account, Amount: money.Rub(-kopecks)}, {Account: pavel.Account, Amount: sum}},
			})
			if err != nil {
				c.Fatal(err)
			}
			return limit.Refusal(r, guards, at)
		}
		if err := send(full, 100_00); err != nil { // before he had any
			c.Error(err)
		}
		if err := send(at, 400_00); err != nil {
			c.Error(err)
		}
		err := send(at, 1)
		if f, _ := fault.As(err); !errors.Is(err, limit.ErrOwnDay) || f.Args["left"] != money.Rub(0) || f.Args["cap"] != money.Rub(500_00) {
			c.Errorf("above the day: %v", err)
		}
		left, err := c.Limits.Left(ctx, c.me.ID, at)
		if err != nil || !left.OutgoingDay.Left.IsZero() || left.OutgoingDay.Cap != money.Rub(500_00) || len(left.Caps) != 1 || left.Caps[0].Why != limit.OwnLimits ||
			left.Caps[0].Order != money.Rub(200_00) || left.OutgoingMonth.Left != money.Rub(100_00) {
			c.Errorf("%+v, %v", left, err)
		}
		c.Clock.Add(24 * time.Hour)
		if err := send(at, 100_01); !errors.Is(err, limit.ErrOwnMonth) {
			c.Errorf("above the month: %v", err)
		}
		// A narrower limit of the bank's has its own words.
		poor := at
		poor.Level, poor.Own = client.Simplified, caps(0, 100_000, 0)
		if err := limit.ReachedDay(poor, rules.Outgoing(c.me.ID, money.Rub(1), poor, c.Clock.Now())[0].Cap); !errors.Is(err, limit.ErrSimplifiedDay) {
			c.Error(err)
		}
	})
}
