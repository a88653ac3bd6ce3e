package claim_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

const visa = "4276 0000 0000 5677"

func TestThreeWays(t *testing.T) {
	each(t, func(w *world) {
		for name, x := range map[string]struct {
			wish  claim.Wish
			way   payout.Way
			title string
		}{
			"card":   {claim.Wish{Method: "card", Card: visa}, payout.Card, "427600••••••5677"},
			"mobile": {claim.Wish{Method: "mobile:orbita", Mobile: "8 903 555-01-99"}, payout.Mobile, friend.Masked()},
			"wallet": {claim.Wish{Method: "wallet:kopilka", Wallet: "+79035550199"}, payout.Wallet, friend.Masked()},
		} {
			l, secret := w.send(1_000)
			if l.State != claim.Waiting || w.transit() != 1_000_00 {
				w.Fatalf("%s: %+v, %d in transit", name, l, w.transit())
			}
			p := w.plan(secret, x.wish)
			if p.Title != x.title || p.Sender != "Анна К." || p.Amount != money.Rub(1_000_00) {
				w.Errorf("%s: %+v", name, p)
			}
			shown, err := w.claims.Take(ctx, secret, p.Token)
			if err != nil || shown.State != claim.Done || w.transit() != 0 {
				w.Errorf("%s: %+v, %v, %d in transit", name, shown, err, w.transit())
			}
			if _, d := w.ways.last(); d.To.Way != x.way || d.Owner != w.anna.ID || d.Message != "с днём рождения" {
				w.Errorf("%s: paid to %v", name, d.To.Way)
			}
			got := w.one(l)
			if got.State != claim.Done || got.Way.String() != name || got.DoneAt.IsZero() {
				w.Errorf("%s: %+v", name, got)
			}
			if o := w.Feed(w.anna.ID)[0]; o.Kind != operation.LinkOut || o.State != operation.Done || o.ID != l.ID || o.Amount != money.Rub(-1_000_00) {
				w.Errorf("%s: the feed says %+v", name, o)
			}
			if _, err := w.claims.Take(ctx, secret, p.Token); err != nil {
				w.Errorf("%s: a second tap: %v", name, err)
			}
		}
		if w.Balance(w.anna.Account) != 7_000_00 {
			w.Errorf("left %d", w.Balance(w.anna.Account))
		}
	})
}

// A client of ours takes it to his account at once, however the sender came to
// think that he is none.
func TestOwnAccount(t *testing.T) {
	each(t, func(w *world) {
		pavel := w.Client("Павел", "Котов", 0)
		l, err := w.claims.Create(ctx, w.order(500, pavel.Phone))
		if err != nil {
			w.Fatal(err)
		}
		secret := w.secret()
		c := w.prove(secret)
		if !c.Own {
			w.Errorf("%+v", c)
		}
		p, err := w.claims.Check(ctx, secret, c.Pass, claim.Wish{Method: "account"})
		if err != nil || p.Name != "Павел К." {
			w.Fatal(p, err)
		}
		if s, err := w.claims.Take(ctx, secret, p.Token); err != nil || s.State != claim.Done {
			w.Fatal(s, err)
		}
		w.Agrees(pavel, 0)
		if o := w.Feed(pavel.ID)[0]; o.Kind != operation.LinkIn || o.Details.Name != "Анна К." || w.Balance(pavel.Account) != 500_00 {
			w.Errorf("%+v", o)
		}
		if got := w.one(l); got.Way != claim.ToAccount || got.State != claim.Done {
			w.Errorf("%+v", got)
		}
	})
}

// A refused payout puts the link back to its receiver, who chooses another way.
func TestAnotherWay(t *testing.T) {
	each(t, func(w *world) {
		l, secret := w.send(300)
		w.ways.answer, w.ways.reason = payout.Refused, "no_such_card"
		s, err := w.claims.Take(ctx, secret, w.plan(secret, claim.Wish{Method: "card", Card: visa}).Token)
		if err != nil || s.State != claim.Waiting || s.Reason != "no_such_card" || w.transit() != 300_00 {
			w.Fatalf("%+v, %v", s, err)
		}
		if got := w.one(l); got.State != claim.Waiting || got.Reason != "no_such_card" || got.Way != 0 {
			w.Errorf("%+v", got)
		}
		// The next one gives no answer, and the worker finds it out.
		w.ways.answer, w.ways.reason = payout.Unknown, ""
		s, err = w.claims.Take(ctx, secret, w.plan(secret, claim.Wish{Method: "wallet:kopilka", Wallet: "+79035550199"}).Token)
		if err != nil || s.State != claim.Paying {
			w.Fatalf("%+v, %v", s, err)
		}
		w.right()
		if _, err := w.claims.Cancel(ctx, w.anna.ID, l.ID); !errors.Is(err, claim.ErrUnderWay) {
			w.Errorf("cancelled under way: %v", err)
		}
		w.Clock.Add(8 * 24 * time.Hour) // no clock takes money back that is on its way
		if _, err := w.claims.Step(ctx); err != nil || w.one(l).State != claim.Paying {
			w.Error(err, w.one(l).State)
		}
		x, _ := w.ways.last()
		w.ways.come(x, payout.Done, "")
		w.Clock.Add(time.Minute)
		if n, err := w.claims.Step(ctx); n != 1 || err != nil {
			w.Error(n, err)
		}
		if got := w.one(l); got.State != claim.Done || w.transit() != 0 {
			w.Errorf("%+v", got)
		}
	})
}

func TestCancel(t *testing.T) {
	each(t, func(w *world) {
		l, secret := w.send(2_000)
		p := w.plan(secret, claim.Wish{Method: "card", Card: visa})
		for range 2 { // said twice it comes back once
			if got, err := w.claims.Cancel(ctx, w.anna.ID, l.ID); err != nil || got.State != claim.Cancelled {
				w.Fatal(got, err)
			}
		}
		if w.Balance(w.anna.Account) != 10_000_00 || w.transit() != 0 {
			w.Errorf("%d on the account", w.Balance(w.anna.Account))
		}
		if o := w.Feed(w.anna.ID)[0]; o.State != operation.Reversed {
			w.Errorf("%+v", o)
		}
		left, err := w.Limits.Left(ctx, w.anna.ID, client.Standing{Level: client.Full})
		if err != nil || left.OutgoingDay.Left != left.OutgoingDay.Cap {
			w.Errorf("the limit did not come back: %+v, %v", left.OutgoingDay, err)
		}
		// The receiver sees what a stranger sees.
		for _, secret := range []string{secret, "AAAAAAAAAAAAAAAAAAAAAA", "", "x"} {
			_, seen := w.claims.See(ctx, secret)
			_, took := w.claims.Take(ctx, secret, p.Token)
			_, sent := w.claims.SendCode(ctx, secret, "", locale.Russian)
			for _, err := range []error{seen, took, sent} {
				if !errors.Is(err, claim.ErrLink) {
					w.Errorf("%q: %v", secret, err)
				}
			}
		}
		boris := w.Client("Борис", "Орлов", 0)
		if _, err := w.claims.Cancel(ctx, boris.ID, l.ID); !errors.Is(err, claim.ErrMissing) {
			w.Errorf("another's: %v", err)
		}
		if _, err := w.claims.One(ctx, boris.ID, l.ID); !errors.Is(err, claim.ErrMissing) {
			w.Errorf("another's: %v", err)
		}
	})
}

func TestExpiry(t *testing.T) {
	each(t, func(w *world) {
		l, secret := w.send(700)
		w.sms()
		step := func(after time.Duration) {
			w.Helper()
			w.Clock.Add(after)
			for range 2 { // two rounds, one deed
				if _, err := w.claims.Step(ctx); err != nil {
					w.Fatal(err)
				}
			}
		}
		step(5 * 24 * time.Hour)
		if got := w.sms(); len(got) != 0 {
			w.Errorf("too early: %q", got)
		}
		step(24*time.Hour + time.Minute)
		got := w.sms()
		slices.Sort(got)
		if len(got) != 2 || !strings.Contains(got[0], string(friend)) || !strings.Contains(got[0], "https://bank.example/l/"+secret) || !strings.HasPrefix(got[1], string(w.anna.Phone)) {
			w.Errorf("reminders: %q", got)
		}
		if _, err := w.claims.See(ctx, secret); err != nil {
			w.Error(err)
		}
		step(24 * time.Hour)
		if got := w.sms(); len(got) != 1 || !strings.HasPrefix(got[0], string(w.anna.Phone)) {
			w.Errorf("the end: %q", got)
		}
		if end := w.one(l); end.State != claim.Expired || w.Balance(w.anna.Account) != 10_000_00 || w.transit() != 0 {
			w.Errorf("%+v, %d", end, w.Balance(w.anna.Account))
		}
		if _, err := w.claims.See(ctx, secret); !errors.Is(err, claim.ErrLink) {
			w.Error(err)
		}
		if _, err := w.claims.Cancel(ctx, w.anna.ID, l.ID); !errors.Is(err, claim.ErrGone) {
			w.Error(err)
		}
	})
}

// A hundred receivers at a time, in two processes, get the money once.
func TestHundredClaims(t *testing.T) {
	each(t, func(w *world) {
		l, secret := w.send(1_000)
		plan := w.plan(secret, claim.Wish{Method: "card", Card: visa})
		other := w.open(w.Again())
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				s := w.claims
				if i%2 == 1 {
					s = other
				}
				if got, err := s.Take(ctx, secret, plan.Token); err != nil || got.State == claim.Waiting {
					w.Errorf("%+v, %v", got, err)
				}
			})
		}
		wg.Wait()
		if len(w.ways.begun) != 1 || w.one(l).State != claim.Done || w.transit() != 0 {
			w.Errorf("%d payouts, %+v", len(w.ways.begun), w.one(l))
		}
	})
}

// The sender cancels while the receiver takes: exactly one of them wins.
func TestCancelAgainstTake(t *testing.T) {
	each(t, func(w *world) {
		other := w.open(w.Again())
		for range 10 {
			l, secret := w.send(10)
			plan := w.plan(secret, claim.Wish{Method: "card", Card: visa})
			before := len(w.ways.begun)
			var wg sync.WaitGroup
			var took, cancelled error
			wg.Go(func() { _, took = w.claims.Take(ctx, secret, plan.Token) })
			wg.Go(func() { _, cancelled = other.Cancel(ctx, w.anna.ID, l.ID) })
			wg.Wait()
			paid := len(w.ways.begun) - before
			if (took == nil) == (cancelled == nil) || (paid == 1) != (took == nil) {
				w.Errorf("take %v, cancel %v, %d payouts", took, cancelled, paid)
			}
			w.right()
		}
	})
}

func TestOneKeyOneLink(t *testing.T) {
	each(t, func(w *world) {
		cmd := w.order(100, friend)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := w.claims.Create(ctx, cmd); err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		again := cmd
		again.Key = ledger.Key(w.IDs.New())
		if l, err := w.claims.Create(ctx, again); err != nil || !l.Replay {
			w.Errorf("the same order under another key: %+v, %v", l, err)
		}
		if w.transit() != 100_00 || len(w.messages.sent) != 1 {
			w.Errorf("%d in transit, %d messages", w.transit(), len(w.messages.sent))
		}
		other := w.order(200, friend)
		other.Key = cmd.Key
		if _, err := w.claims.Create(ctx, other); !errors.Is(err, claim.ErrKeyReused) {
			w.Error(err)
		}
		if open, err := w.claims.Open(ctx, w.anna.ID); err != nil || len(open) != 1 || open[0].Phone != friend {
			w.Errorf("%+v, %v", open, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(w *world) {
		for name, x := range map[string]struct {
			to      phone.Number
			roubles int64
			want    error
		}{
			"nothing":      {friend, 0, claim.ErrAmount},
			"too much":     {friend, 100_001, limit.ErrOneTransfer},
			"himself":      {w.anna.Phone, 1, claim.ErrSelf},
			"no mobile":    {"+74955550123", 1, claim.ErrPhone},
			"another land": {"+4915112345678", 1, claim.ErrPhone},
		} {
			if _, err := w.claims.Quote(ctx, w.anna.ID, w.anna.Account, x.to, money.Rub(x.roubles*100)); !errors.Is(err, x.want) {
				w.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.claims.Create(ctx, w.order(10_001, friend)); !errors.Is(err, claim.ErrInsufficientFunds) {
			w.Error(err)
		}
		old := w.order(1, friend)
		w.Clock.Add(claim.QuoteTTL)
		if _, err := w.claims.Create(ctx, old); !errors.Is(err, claim.ErrQuoteExpired) {
			w.Error(err)
		}
		cmd := w.order(1, friend)
		cmd.Message = "другое"
		if _, err := w.claims.Create(ctx, cmd); !errors.Is(err, claim.ErrNotProved) {
			w.Error(err)
		}
		cmd = w.order(1, friend)
		cmd.Standing.Blocked = true
		if _, err := w.claims.Create(ctx, cmd); !errors.Is(err, claim.ErrBlocked) {
			w.Error(err)
		}
		boris := w.Client("Борис", "Орлов", 100)
		if _, err := w.claims.Order(boris.ID, old.Quote, ""); !errors.Is(err, claim.ErrQuote) {
			w.Error(err)
		}
		w.messages.full = true // what costs too much is not sent, and no money moves
		if _, err := w.claims.Create(ctx, w.order(1, friend)); err == nil {
			w.Error("sent all the same")
		}
		if w.Balance(w.anna.Account) != 10_000_00 || w.transit() != 0 {
			w.Error("money moved")
		}
	})
}

func TestCodes(t *testing.T) {
	each(t, func(w *world) {
		_, secret := w.send(10)
		if _, err := w.claims.EnterCode(ctx, secret, "123456"); !errors.Is(err, claim.ErrCodeStale) {
			w.Errorf("none was sent: %v", err)
		}
		for n := range 5 {
			w.real.Add(3 * time.Minute)
			s, err := w.claims.SendCode(ctx, secret, "", locale.English)
			if err != nil || !s.CodeSent || !strings.Contains(w.messages.last(), "@bank.example #") {
				w.Fatalf("%d: %+v, %v", n, s, err)
			}
			if _, err := w.claims.SendCode(ctx, secret, "", locale.English); n < 4 && !errors.Is(err, claim.ErrResendEarly) {
				w.Errorf("%d: at once again: %v", n, err)
			}
			right := w.code()
			wrong := "000000"
			if right == wrong {
				wrong = "000001"
			}
			if _, err := w.claims.EnterCode(ctx, secret, "12"); !errors.Is(err, claim.ErrCodeForm) {
				w.Error(err)
			}
			for left := 4; left >= 0; left-- {
				want := error(claim.ErrWrongCode)
				if left == 0 {
					want = claim.ErrCodeStale
				}
				if _, err := w.claims.EnterCode(ctx, secret, wrong); !errors.Is(err, want) {
					w.Errorf("%d left: %v", left, err)
				}
			}
			if _, err := w.claims.EnterCode(ctx, secret, right); !errors.Is(err, claim.ErrCodeStale) {
				w.Errorf("the right one after five wrong: %v", err)
			}
		}
		w.real.Add(3 * time.Minute)
		if _, err := w.claims.SendCode(ctx, secret, "", locale.English); !errors.Is(err, claim.ErrNoMoreCodes) {
			w.Errorf("a sixth: %v", err)
		}
		w.real.Add(24 * time.Hour)
		c := w.prove(secret)
		if _, err := w.claims.EnterCode(ctx, secret, w.code()); !errors.Is(err, claim.ErrCodeStale) {
			w.Errorf("twice: %v", err)
		}
		if c.Mobile != friend || c.Message != "с днём рождения" || c.Own || len(c.Methods) != 4 {
			w.Errorf("%+v", c)
		}
		_, other := w.send(20)
		if _, err := w.claims.Choose(ctx, other, c.Pass); !errors.Is(err, claim.ErrProof) {
			w.Errorf("another link's pass: %v", err)
		}
		w.real.Add(15 * time.Minute)
		if _, err := w.claims.Choose(ctx, secret, c.Pass); !errors.Is(err, claim.ErrProof) {
			w.Errorf("an old pass: %v", err)
		}
	})
}

func TestWishes(t *testing.T) {
	each(t, func(w *world) {
		_, secret := w.send(10)
		pass := w.prove(secret).Pass
		for name, x := range map[string]struct {
			wish claim.Wish
			want error
		}{
			"nothing":         {claim.Wish{}, claim.ErrMethod},
			"no such way":     {claim.Wish{Method: "bitcoin"}, claim.ErrMethod},
			"no such code":    {claim.Wish{Method: "wallet:nobody", Wallet: "+79035550199"}, claim.ErrMethod},
			"kinds mixed":     {claim.Wish{Method: "mobile:kopilka", Mobile: "+79035550199"}, claim.ErrMethod},
			"no licence":      {claim.Wish{Method: "wallet:zaliv", Wallet: "+79035550199"}, claim.ErrUnavailable},
			"no client":       {claim.Wish{Method: "account"}, claim.ErrMethod},
			"a digit off":     {claim.Wish{Method: "card", Card: "4276000000005674"}, claim.ErrCard},
			"our own card":    {claim.Wish{Method: "card", Card: "5500000000000004"}, claim.ErrOwnCard},
			"no number":       {claim.Wish{Method: "mobile:orbita", Mobile: "abc"}, claim.ErrMobile},
			"a house's phone": {claim.Wish{Method: "mobile:orbita", Mobile: "+74955550123"}, claim.ErrMobile},
			"no wallet":       {claim.Wish{Method: "wallet:kopilka", Wallet: ""}, claim.ErrWallet},
			"unknown there":   {claim.Wish{Method: "wallet:kopilka", Wallet: "+79035550000"}, claim.ErrNoReceiver},
		} {
			if _, err := w.claims.Check(ctx, secret, pass, x.wish); !errors.Is(err, x.want) {
				w.Errorf("%s: %v", name, err)
			}
		}
		p, err := w.claims.Check(ctx, secret, pass, claim.Wish{Method: "mobile:orbita", Mobile: "+79035550199"})
		if err != nil {
			w.Fatal(err)
		}
		w.partners.closed = true
		if _, err := w.claims.Take(ctx, secret, p.Token); !errors.Is(err, claim.ErrUnavailable) {
			w.Errorf("closed since: %v", err)
		}
		if _, err := w.claims.Take(ctx, secret, p.Token+"x"); !errors.Is(err, claim.ErrProof) {
			w.Error(err)
		}
	})
}

// What a receiver took and his bank sent back is the sender's again, once; one
// that nobody had seen arrive is as good as refused.
func TestReturned(t *testing.T) {
	each(t, func(w *world) {
		l, secret := w.send(600)
		if _, err := w.claims.Take(ctx, secret, w.plan(secret, claim.Wish{Method: "card", Card: visa}).Token); err != nil {
			w.Fatal(err)
		}
		w.sms()
		x, _ := w.ways.last()
		if err := w.back(x); err != nil {
			w.Fatal(err)
		}
		w.Agrees(w.anna, 10_000)
		got := w.one(l)
		if got.State != claim.Returned || got.Way != claim.ToCard || w.transit() != 0 || w.Balance(w.anna.Account) != 10_000_00 {
			w.Errorf("%+v, %d", got, w.Balance(w.anna.Account))
		}
		o := w.Feed(w.anna.ID)
		if len(o) < 2 || o[0].Kind != operation.PayoutReturn || o[0].Amount != money.Rub(600_00) || o[0].Details.Order != l.Text() || o[1].State != operation.Done {
			w.Errorf("%+v", o)
		}
		if got := w.sms(); len(got) != 1 || !strings.HasPrefix(got[0], string(w.anna.Phone)) || !strings.Contains(got[0], "600") {
			w.Errorf("told: %q", got)
		}
		if _, err := w.claims.See(ctx, secret); !errors.Is(err, claim.ErrLink) {
			w.Errorf("the link: %v", err)
		}
		if _, err := w.claims.Cancel(ctx, w.anna.ID, l.ID); !errors.Is(err, claim.ErrGone) {
			w.Errorf("cancelled: %v", err)
		}
		// Nobody has settled the second one when it comes back.
		l, secret = w.send(200)
		w.ways.answer = payout.Unknown
		if _, err := w.claims.Take(ctx, secret, w.plan(secret, claim.Wish{Method: "card", Card: visa}).Token); err != nil {
			w.Fatal(err)
		}
		x, _ = w.ways.last()
		w.ways.come(x, payout.Done, "")
		if err := w.back(x); err != nil {
			w.Fatal(err)
		}
		if got := w.one(l); got.State != claim.Waiting || got.Reason != "declined" || w.transit() != 200_00 {
			w.Errorf("%+v, %d in transit", got, w.transit())
		}
		if also, err := w.claims.Returned(ctx, w.anna.ID, w.IDs.New()); err != nil || also != nil {
			w.Errorf("another room's: %v", err)
		}
	})
}

// After five refusals no further payout is tried; an account of ours and the
// way back stay open.
func TestTriesAreCounted(t *testing.T) {
	each(t, func(w *world) {
		pavel := w.Client("Павел", "Котов", 0)
		l, err := w.claims.Create(ctx, w.order(400, pavel.Phone))
		if err != nil {
			w.Fatal(err)
		}
		secret := w.secret()
		pass := w.prove(secret).Pass
		check := func(wish claim.Wish) claim.Plan {
			w.Helper()
			p, err := w.claims.Check(ctx, secret, pass, wish)
			if err != nil {
				w.Fatal(err)
			}
			return p
		}
		wish := claim.Wish{Method: "card", Card: visa}
		var plan claim.Plan
		w.ways.answer, w.ways.reason = payout.Refused, "no_such_card"
		for n := range claim.MaxTries {
			if got := w.one(l); got.Spent {
				w.Fatalf("spent after %d", n)
			}
			plan = check(wish)
			if s, err := w.claims.Take(ctx, secret, plan.Token); err != nil || s.State != claim.Waiting {
				w.Fatal(s, err)
			}
		}
		if _, err := w.claims.Take(ctx, secret, plan.Token); !errors.Is(err, claim.ErrTries) {
			w.Errorf("a sixth: %v", err)
		}
		for _, wish := range []claim.Wish{wish, {Method: "wallet:kopilka", Wallet: "+79035550199"}} {
			if _, err := w.claims.Check(ctx, secret, pass, wish); !errors.Is(err, claim.ErrTries) {
				w.Errorf("%s: %v", wish.Method, err)
			}
		}
		c, err := w.claims.Choose(ctx, secret, pass)
		if err != nil || !c.Spent || slices.ContainsFunc(c.Methods, func(m claim.Method) bool { return !m.Closed || m.WhyEN == "" }) {
			w.Errorf("%+v, %v", c, err)
		}
		if got := w.one(l); !got.Spent || len(w.ways.begun) != claim.MaxTries || w.transit() != 400_00 {
			w.Errorf("%+v, %d payouts", got, len(w.ways.begun))
		}
		if s, err := w.claims.Take(ctx, secret, check(claim.Wish{Method: "account"}).Token); err != nil || s.State != claim.Done || w.Balance(pavel.Account) != 400_00 {
			w.Errorf("home: %+v, %v", s, err)
		}
	})
}

// Money of a sender who was blocked meanwhile goes nowhere: neither way tells
// its receiver more than that there is nothing, and it comes back by its time.
func TestBlockedSender(t *testing.T) {
	each(t, func(w *world) {
		pavel := w.Client("Павел", "Котов", 0)
		out, secret := w.send(300)
		card := w.plan(secret, claim.Wish{Method: "card", Card: visa})
		own, err := w.claims.Create(ctx, w.order(200, pavel.Phone))
		if err != nil {
			w.Fatal(err)
		}
		ownSecret := w.secret()
		home := w.plan(ownSecret, claim.Wish{Method: "account"})
		set := func(state client.State) {
			w.Helper()
			err := w.DB.Write(ctx, func(tx db.Tx) error { return w.Directory.SetState(ctx, tx, w.anna.ID, state) })
			if err != nil {
				w.Fatal(err)
			}
		}
		set(client.Blocked)
		if _, err := w.claims.Take(ctx, secret, card.Token); !errors.Is(err, claim.ErrLink) {
			w.Errorf("to a card: %v", err)
		}
		if _, err := w.claims.Take(ctx, ownSecret, home.Token); !errors.Is(err, claim.ErrLink) {
			w.Errorf("to an account: %v", err)
		}
		if w.one(out).State != claim.Waiting || w.one(own).State != claim.Waiting || w.transit() != 500_00 || len(w.ways.begun) != 0 {
			w.Errorf("%s, %s, %d in transit, %d payouts", w.one(out).State, w.one(own).State, w.transit(), len(w.ways.begun))
		}
		set(client.Active) // let go, the link works again
		if got, err := w.claims.Take(ctx, ownSecret, home.Token); err != nil || got.State != claim.Done {
			w.Errorf("let go: %+v, %v", got, err)
		}
		set(client.Blocked)
		w.Clock.Add(claim.TTL)
		if _, err := w.claims.Step(ctx); err != nil || w.one(out).State != claim.Expired || w.Balance(w.anna.Account) != 9_800_00 {
			w.Errorf("%v, %s, %d left", err, w.one(out).State, w.Balance(w.anna.Account))
		}
	})
}
