package payout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

func TestCardIsPaid(t *testing.T) {
	each(t, func(d *desk) {
		p := d.send(d.order(card(), 10_000_00, " за билеты "))
		if p.State != payout.Done || p.Amount != money.Rub(10_000_00) || p.Fee != money.Rub(150_00) || p.Total != money.Rub(10_150_00) ||
			p.Message != "за билеты" || p.Reference != "REF1" || p.To.Title != "220012••••••4821" || p.To.BankRU != "Банк Заря" || p.Replay || p.Order.IsZero() {
			d.Errorf("payout %+v", p)
		}
		if got := d.Balance(d.anna.Account); got != 389_850_00 {
			d.Errorf("Anna has %d", got)
		}
		if got := d.Balance(ledger.Network); got != 10_000_00 {
			d.Errorf("the network is owed %d", got)
		}
		feed := d.Feed(d.anna.ID)
		if len(feed) != 1 || feed[0].Kind != operation.Payout || feed[0].State != operation.Done || feed[0].Amount != money.Rub(-10_150_00) || feed[0].Fee != money.Rub(150_00) ||
			feed[0].ID != p.ID || feed[0].Details.Payout.To != p.To.Title || strings.Contains(fmt.Sprintf("%+v %s", feed[0], feed[0].Details.Payout.To), pan) {
			d.Errorf("feed %+v", feed)
		}
		if kept, err := d.payouts.Secret(ctx, p.ID); kept || err != nil {
			d.Errorf("the whole number is kept: %v, %v", kept, err)
		}
		i := d.other.told[p.ID]
		if i.Sender != "Анна Соколова" || i.Number != 1 || i.To.Number.Reveal() != pan || i.Amount != p.Amount || i.Sent.Nanosecond() != 0 {
			d.Errorf("told %d %v %v", i.Number, i.Sent, i.Amount)
		}
		if s := fmt.Sprintf("%v %+v %#v", i.To, i, i.To); strings.Contains(s, pan) {
			d.Error("a target prints its number")
		}
		d.verified()
	})
}

func TestDeclinedComesBackWhole(t *testing.T) {
	each(t, func(d *desk) {
		d.other.decide = func(payout.Instruction) payout.Outcome {
			return payout.Outcome{State: payout.Declined, Reason: "no_such_card"}
		}
		was := d.left()
		p := d.send(d.order(card(), 10_000_00, ""))
		if p.State != payout.Refused || p.Reason != "no_such_card" {
			d.Errorf("payout %+v", p)
		}
		if d.Balance(d.anna.Account) != 400_000_00 || d.left() != was || d.Balance(ledger.Network) != 0 || d.Balance(ledger.Fees) != 0 {
			d.Error("something stayed")
		}
		if feed := d.Feed(d.anna.ID); len(feed) != 1 || feed[0].State != operation.Reversed || feed[0].Details.Payout.Reason != "no_such_card" {
			d.Errorf("feed %+v", feed)
		}
		d.other.decide = func(payout.Instruction) payout.Outcome {
			return payout.Outcome{State: payout.Declined, Reason: "<b>a new word"}
		}
		if p := d.send(d.order(card(), 1_00, "")); p.Reason != "declined" {
			d.Errorf("a word of the rail's own was kept: %q", p.Reason)
		}
		d.verified()
	})
}

func TestLostAnswerIsAskedFor(t *testing.T) {
	for name, lost := range map[string]fate{"message": before, "answer": after, "sense": garbled} {
		t.Run(name, func(t *testing.T) {
			each(t, func(d *desk) {
				d.other.fate = func() fate { return lost }
				p := d.send(d.order(byPhone(), 10_000_00, "за билеты"))
				if p.State != payout.Unknown {
					d.Errorf("it is %v", p.State)
				}
				a, err := ledger.AccountByID(ctx, d.DB, d.anna.Account)
				if err != nil || a.Posted != money.Rub(400_000_00) || a.Reserved != money.Rub(10_000_00) {
					d.Errorf("held %v of %v", a.Reserved, a.Posted)
				}
				if feed := d.Feed(d.anna.ID); feed[0].State != operation.Pending {
					d.Errorf("feed %+v", feed)
				}
				d.work(time.Minute)
				if p = d.one(p.ID); p.State != payout.Unknown {
					d.Errorf("after a question without an answer it is %v", p.State)
				}
				d.verified()
				d.other.fate = func() fate { return fine }
				d.work(payout.PollMax)
				if p = d.one(p.ID); p.State != payout.Done {
					d.Errorf("it is %v", p.State)
				}
				if d.other.sends[p.ID] != 1 || d.other.paid() != 10_000_00 || d.Balance(ledger.Phones) != 10_000_00 {
					d.Errorf("sent %d times, paid %d", d.other.sends[p.ID], d.other.paid())
				}
				d.verified()
			})
		})
	}
}

func TestNotSentIsRefusedAtOnce(t *testing.T) {
	each(t, func(d *desk) {
		d.other.fate = func() fate { return unsent }
		p := d.send(d.order(card(), 10_000_00, ""))
		if p.State != payout.Refused || p.Reason != "not_sent" || d.Balance(d.anna.Account) != 400_000_00 {
			d.Errorf("payout %+v", p)
		}
		d.verified()
	})
}

// A process that slept while it sent does not give back what another one has
// asked about meanwhile: the question may be what moved the money.
func TestNotSentLeavesTheOutcomeToWhoAsks(t *testing.T) {
	each(t, func(d *desk) {
		second := d.again()
		paid, answer := make(chan struct{}), make(chan struct{})
		d.other.onAsk = func() {
			close(paid)
			<-answer
		}
		var worker sync.WaitGroup
		d.other.onSend = func(payout.Instruction) {
			d.real.Add(payout.TakeOver + time.Second)
			worker.Go(func() {
				if n, err := second.Step(ctx); n != 1 || err != nil {
					d.Errorf("the other process took %d, %v", n, err)
				}
			})
			<-paid // and its answer is on its way while ours turns out never to have left
			d.other.fate = func() fate { return unsent }
		}
		p := d.send(d.order(card(), 10_000_00, ""))
		if p.State.Final() {
			d.Errorf("it is %v: the money was given back although it was paid", p.State)
		}
		close(answer)
		worker.Wait()
		if p = d.one(p.ID); p.State != payout.Done || d.Balance(d.anna.Account) != 389_850_00 {
			d.Errorf("it is %v, Anna has %d", p.State, d.Balance(d.anna.Account))
		}
		d.verified()
	})
}

func TestDeathBeforeTheRail(t *testing.T) {
	each(t, func(d *desk) {
		x, err := d.payouts.Hold(ctx, d.order(card(), 10_000_00, ""))
		if err != nil {
			d.Fatal(err)
		}
		d.verified()
		second := d.again()
		d.real.Add(payout.TakeOver + time.Second)
		if _, err := second.Step(ctx); err != nil {
			d.Fatal(err)
		}
		if p := d.one(x); p.State != payout.Done || d.other.sends[x] != 1 {
			d.Errorf("it is %v", p.State)
		}
		d.verified()
	})
}

func TestOneKeyOnePayout(t *testing.T) {
	each(t, func(d *desk) {
		cmd := d.order(card(), 1_000_00, "")
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := d.payouts.Send(ctx, cmd); err != nil {
					d.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if len(d.other.told) != 1 || d.other.paid() != 1_000_00 || len(d.Feed(d.anna.ID)) != 1 {
			d.Errorf("%d payouts, %d paid", len(d.other.told), d.other.paid())
		}
		if p := d.send(cmd); !p.Replay || p.State != payout.Done {
			d.Errorf("repeat %+v", p)
		}
		again := d.order(card(), 2_000_00, "")
		again.Key = cmd.Key
		if _, err := d.payouts.Send(ctx, again); !errors.Is(err, payout.ErrKeyReused) {
			d.Errorf("another sum under the key: %v", err)
		}
		// The same order under another key is the repeat of the first.
		other := cmd
		other.Key = ledger.Key(d.IDs.New())
		if p := d.send(other); !p.Replay || len(d.other.told) != 1 {
			d.Errorf("the order went twice: %+v", p)
		}
		// Late, the repeat still gets its answer; what is new does not.
		d.Clock.Add(payout.QuoteTTL)
		if p := d.send(cmd); !p.Replay {
			d.Error("a late repeat is no repeat")
		}
		d.verified()
	})
}

func TestRefusedBeforeAnythingMoves(t *testing.T) {
	each(t, func(d *desk) {
		bad := map[string]payout.Target{
			"no way": {}, "letters": {Way: payout.Card, Number: vault.Hide("22001200000x4821")}, "short": {Way: payout.Card, Number: vault.Hide("2200")},
			"no phone": {Way: payout.Phone, Bank: "1"}, "no bank": {Way: payout.Phone, Phone: "+79165550199"}, "long": {Way: payout.Phone, Phone: "+79165550199", Bank: "1", Name: strings.Repeat("я", 141)},
		}
		for name, to := range bad {
			if _, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: to, Amount: money.Rub(1)}); !errors.Is(err, payout.ErrTarget) {
				d.Errorf("%s: %v", name, err)
			}
		}
		closed := payout.Target{Way: payout.Wallet, Number: vault.Hide("79165550199"), Bank: "w"}
		if _, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: closed, Amount: money.Rub(1)}); !errors.Is(err, payout.ErrClosed) {
			d.Errorf("a way without a rail: %v", err)
		}
		if _, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: card(), Amount: money.Rub(100_000_01)}); !errors.Is(err, limit.ErrOneTransfer) {
			d.Errorf("100 000,01: %v", err)
		}
		for _, kopecks := range []int64{0, -1} {
			if _, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: card(), Amount: money.Rub(kopecks)}); !errors.Is(err, payout.ErrAmount) {
				d.Errorf("%d: %v", kopecks, err)
			}
		}
		// Somebody else's quote, no proof, another text, too late, a blocked client, another's account.
		cmd := d.order(card(), 1_000_00, "")
		pavel := d.Client("Павел", "Кузнецов", 10)
		if _, err := d.payouts.ReadQuote(ctx, pavel.ID, cmd.Quote); !errors.Is(err, payout.ErrQuote) {
			d.Errorf("another's quote: %v", err)
		}
		unproved := cmd
		unproved.Message = "другое"
		if _, err := d.payouts.Send(ctx, unproved); !errors.Is(err, payout.ErrNotProved) {
			d.Errorf("another text: %v", err)
		}
		blocked := cmd
		blocked.Standing.Blocked = true
		if _, err := d.payouts.Send(ctx, blocked); !errors.Is(err, payout.ErrBlocked) {
			d.Errorf("blocked: %v", err)
		}
		q, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: pavel.Account, To: card(), Amount: money.Rub(1_00)})
		if err != nil {
			d.Fatal(err)
		}
		if _, err := d.payouts.Send(ctx, d.confirmed(payout.Send{Client: d.anna.ID, Key: ledger.Key(d.IDs.New()), Quote: q.Token})); !errors.Is(err, payout.ErrAccount) {
			d.Errorf("another's account: %v", err)
		}
		d.Clock.Add(payout.QuoteTTL)
		if _, err := d.payouts.Send(ctx, cmd); !errors.Is(err, payout.ErrQuoteExpired) {
			d.Errorf("too late: %v", err)
		}
		if again, err := d.payouts.Again(ctx, d.anna.ID, cmd.Quote); err != nil || again.Total != money.Rub(1_030_00) {
			d.Errorf("asked again: %+v, %v", again, err)
		}
		if len(d.other.told) != 0 || d.Balance(d.anna.Account) != 400_000_00 {
			d.Error("something moved")
		}
		d.verified()
	})
}

func TestTheDayHoldsUnderRaces(t *testing.T) {
	each(t, func(d *desk) {
		var orders []payout.Send
		for range 5 {
			orders = append(orders, d.order(byPhone(), 90_000_00, ""))
		}
		var wg sync.WaitGroup
		for _, cmd := range orders {
			wg.Go(func() {
				if _, err := d.payouts.Send(ctx, cmd); err != nil && !errors.Is(err, limit.ErrOutgoingDay) && !errors.Is(err, tariff.ErrChanged) {
					d.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if d.other.paid() > 300_000_00 || d.other.paid() < 90_000_00 {
			d.Errorf("%d were paid in a day", d.other.paid())
		}
		d.verified()
	})
}

func TestFreePartOfTheMonth(t *testing.T) {
	each(t, func(d *desk) {
		if p := d.send(d.order(byPhone(), 80_000_00, "")); !p.Fee.IsZero() {
			d.Errorf("fee %v", p.Fee)
		}
		p := d.send(d.order(byPhone(), 40_000_00, ""))
		if p.Fee != money.Rub(100_00) { // 0,5 % of the 20 000 above
			d.Errorf("fee %v", p.Fee)
		}
		// What is refused gives its free part back.
		d.other.decide = func(payout.Instruction) payout.Outcome { return payout.Outcome{State: payout.Declined} }
		d.Clock.Add(32 * 24 * time.Hour)
		d.send(d.order(byPhone(), 100_000_00, ""))
		d.other.decide = newOther().decide
		if p := d.send(d.order(byPhone(), 100_000_00, "")); !p.Fee.IsZero() {
			d.Errorf("fee %v after a refusal", p.Fee)
		}
		d.verified()
	})
}

func TestReturn(t *testing.T) {
	each(t, func(d *desk) {
		p := d.send(d.order(card(), 10_000_00, ""))
		if err := d.payouts.Return(ctx, p.ID, money.Rub(10_150_00), "R"); !errors.Is(err, payout.ErrReturn) {
			d.Errorf("another sum: %v", err)
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { _ = d.payouts.Return(ctx, p.ID, p.Amount, "RET-1") })
		}
		wg.Wait()
		if err := d.payouts.Return(ctx, p.ID, p.Amount, "RET-1"); err != nil {
			d.Errorf("told again: %v", err)
		}
		if got := d.one(p.ID); got.State != payout.Returned || d.Balance(d.anna.Account) != 399_850_00 || d.Balance(ledger.Network) != 0 {
			d.Errorf("it is %v, Anna has %d", got.State, d.Balance(d.anna.Account))
		}
		if feed := d.Feed(d.anna.ID); len(feed) != 2 || feed[0].Kind != operation.PayoutReturn || feed[0].Amount != p.Amount || feed[0].Details.Payout.For != p.ID {
			d.Errorf("feed %+v", feed)
		}
		refused := func() payout.Payout {
			d.other.decide = func(payout.Instruction) payout.Outcome { return payout.Outcome{State: payout.Declined} }
			return d.send(d.order(card(), 1_00, ""))
		}()
		if err := d.payouts.Return(ctx, refused.ID, refused.Amount, ""); !errors.Is(err, payout.ErrReturn) {
			d.Errorf("a refused one came back: %v", err)
		}
		d.other.fate = func() fate { return after }
		open := d.send(d.order(card(), 1_00, ""))
		if err := d.payouts.Return(ctx, open.ID, open.Amount, ""); !errors.Is(err, payout.ErrReturnEarly) {
			d.Errorf("one whose outcome nobody knows came back: %v", err)
		}
		if err := d.payouts.Return(ctx, d.IDs.New(), money.Rub(1), ""); !errors.Is(err, payout.ErrMissing) {
			d.Errorf("nobody's came back: %v", err)
		}
		d.verified()
	})
}

// A message that the other side may have forgotten is not repeated: whatever it
// says then could be a second payment.
func TestAnOldMessageIsOnlyAskedAbout(t *testing.T) {
	each(t, func(d *desk) {
		d.other.fate = func() fate { return before }
		p := d.send(d.order(card(), 1_000_00, ""))
		d.other.fate = func() fate { return fine }
		d.other.decide = func(i payout.Instruction) payout.Outcome {
			if !i.Old {
				d.Error("a day later it may still be repeated")
			}
			return payout.Outcome{}
		}
		d.Clock.Add(24 * time.Hour)
		d.work(time.Hour)
		if p = d.one(p.ID); p.State != payout.Unknown {
			d.Errorf("it is %v", p.State)
		}
		d.verified()
	})
}

// A repeat says the same of the sender, whatever he is called by then.
func TestTheSenderIsWrittenDownWithTheOrder(t *testing.T) {
	each(t, func(d *desk) {
		d.other.fate = func() fate { return after }
		p := d.send(d.order(card(), 1_000_00, ""))
		first := d.other.told[p.ID]
		d.Do(func(ctx context.Context, tx db.Tx) error {
			return d.Directory.ChangePhone(ctx, tx, d.anna.ID, "+79165559999")
		})
		d.other.decide = func(i payout.Instruction) payout.Outcome { return payout.Outcome{State: payout.Settled} }
		d.other.fate = func() fate { return fine }
		d.work(time.Hour)
		if again := d.other.last[p.ID]; again.SenderPhone != first.SenderPhone || again.Sender != first.Sender || d.one(p.ID).State != payout.Done {
			d.Errorf("first %s, then %s", first.SenderPhone.E164(), again.SenderPhone.E164())
		}
	})
}

// A hint counts as a try: whoever is still sending does not give the money back
// beside the question that moved it.
func TestNotSentLeavesTheOutcomeToAHint(t *testing.T) {
	each(t, func(d *desk) {
		d.other.onSend = func(i payout.Instruction) {
			d.other.fate = func() fate { return after }
			if err := d.payouts.Hint(ctx, i.ID); err != nil {
				d.Error(err)
			}
			d.other.fate = func() fate { return unsent }
		}
		p := d.send(d.order(card(), 1_000_00, ""))
		if p.State.Final() {
			d.Errorf("it is %v although the hint's question paid", p.State)
		}
		d.other.fate = func() fate { return fine }
		d.work(time.Hour)
		if p = d.one(p.ID); p.State != payout.Done {
			d.Errorf("it is %v", p.State)
		}
		d.verified()
	})
}

// What waits in transit is sent by the room that keeps it.
func TestDirect(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.Book.Post(ctx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.Key(d.IDs.New()), Kind: ledger.KindOpening, Phase: ledger.Posted,
			Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-500_00)}, {Account: ledger.Transit, Amount: money.Rub(500_00)}},
		})
		if err != nil {
			d.Fatal(err)
		}
		direct := payout.Direct{
			Owner: d.anna.ID, Key: ledger.KeyOf("link", "1"), From: ledger.Transit, Amount: money.Rub(500_00),
			To: payout.Target{Way: payout.Mobile, Phone: "+79165550199", Bank: "m"}, Message: "держи",
		}
		begin := func(x payout.Direct) (p id.ID, err error) {
			err = d.DB.Write(ctx, func(tx db.Tx) error { p, err = d.payouts.Begin(ctx, tx, x); return err })
			return p, err
		}
		x, err := begin(direct)
		if err != nil {
			d.Fatal(err)
		}
		if again, err := begin(direct); err != nil || again != x {
			d.Errorf("again: %v, %v", again, err)
		}
		other := direct
		other.To.Phone = "+79165550198"
		if _, err := begin(other); !errors.Is(err, payout.ErrKeyReused) {
			d.Errorf("another receiver under the key: %v", err)
		}
		clients := direct
		clients.From, clients.Key = d.anna.Account, ledger.KeyOf("x")
		if _, err := begin(clients); err == nil {
			d.Error("a client's account was debited without his signature")
		}
		p, err := d.payouts.Go(ctx, x)
		if err != nil || p.State != payout.Done || d.Balance(ledger.Transit) != 0 || d.Balance(ledger.Agents) != 500_00 {
			d.Errorf("%+v, %v", p, err)
		}
		if _, err := d.payouts.One(ctx, d.anna.ID, x); !errors.Is(err, payout.ErrMissing) {
			d.Errorf("it is the client's own: %v", err)
		}
		if list, err := d.payouts.Latest(ctx, d.anna.ID, 10); err != nil || len(list) != 0 {
			d.Errorf("%v, %v", list, err)
		}
		d.verified()
	})
}

func TestCheckFindsDamage(t *testing.T) {
	each(t, func(d *desk) {
		done := d.send(d.order(card(), 1_000_00, ""))
		d.other.fate = func() fate { return after }
		open := d.send(d.order(card(), 1_000_00, ""))
		for x, state := range map[id.ID]payout.State{done.ID: payout.Refused, open.ID: payout.Done} {
			if err := d.payouts.Damage(ctx, x, state); err != nil {
				d.Fatal(err)
			}
		}
		breaches, err := payout.Check(ctx, d.DB)
		if err != nil || len(breaches) != 2 {
			d.Errorf("%+v, %v", breaches, err)
		}
	})
}

func TestStepsAreTheTable(t *testing.T) {
	legal := map[string]bool{
		"reserved→sent": true, "reserved→refused": true, "sent→unknown": true, "sent→done": true, "sent→refused": true,
		"unknown→done": true, "unknown→refused": true, "done→returned": true,
	}
	for from := payout.Reserved; from <= payout.Returned; from++ {
		for to := payout.Reserved; to <= payout.Returned; to++ {
			if payout.May(from, to) != legal[from.String()+"→"+to.String()] {
				t.Errorf("%v → %v: %v", from, to, payout.May(from, to))
			}
		}
	}
}

// A quote does not outlive what the other bank gave for the receiver, and is
// then not asked again: he has to be looked up.
func TestQuoteEndsWithTheReceiver(t *testing.T) {
	each(t, func(d *desk) {
		now := d.DB.Now().Truncate(time.Second)
		for name, c := range map[string]struct {
			until time.Time
			want  time.Time
		}{
			"earlier": {now.Add(3 * time.Minute), now.Add(3 * time.Minute)}, "later": {now.Add(time.Hour), now.Add(payout.QuoteTTL)}, "none": {time.Time{}, now.Add(payout.QuoteTTL)},
		} {
			to := byPhone()
			to.Until = c.until
			q, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: to, Amount: money.Rub(1_00)})
			if err != nil || !q.Until.Equal(c.want) {
				d.Errorf("%s: until %v, %v", name, q.Until, err)
			}
		}
		to := byPhone()
		to.Until = now.Add(3 * time.Minute)
		if p := d.send(d.order(to, 1_00, "")); p.State != payout.Done {
			d.Errorf("in time: %+v", p)
		}
		cmd := d.order(to, 1_00, "")
		d.Clock.Add(3 * time.Minute)
		if _, err := d.payouts.ReadQuote(ctx, d.anna.ID, cmd.Quote); !errors.Is(err, payout.ErrQuoteExpired) {
			d.Errorf("read: %v", err)
		}
		if _, err := d.payouts.Send(ctx, cmd); !errors.Is(err, payout.ErrQuoteExpired) || len(d.other.told) != 1 {
			d.Errorf("sent: %v", err)
		}
		if _, err := d.payouts.Again(ctx, d.anna.ID, cmd.Quote); !errors.Is(err, payout.ErrReceiverOld) {
			d.Errorf("again: %v", err)
		}
		d.verified()
	})
}
