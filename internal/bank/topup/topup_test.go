package topup_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

func TestThroughTheOtherBank(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(1_000)
		if started.State != topup.Action || !strings.HasSuffix(started.ActionURL, started.Text()) || started.Card != "427600••••••5673" ||
			started.Fee != money.Rub(30_00) || started.Total != money.Rub(1_030_00) {
			d.Fatalf("%+v", started)
		}
		if d.Balance(d.anna.Account) != 0 || d.left() != 149_000_00 {
			d.Errorf("reserved: %d on the account, %d left", d.Balance(d.anna.Account), d.left())
		}
		if open, err := d.topups.Open(ctx, d.anna.ID); err != nil || len(open) != 1 || open[0].ID != started.ID {
			d.Errorf("open: %+v, %v", open, err)
		}
		d.other.put(started.Text(), 1_030_00, topup.ChargeCharged, "")
		p, err := d.topups.Return(ctx, started.ID)
		if err != nil || p.State != topup.Done {
			d.Fatalf("%+v, %v", p, err)
		}
		d.settled(started, 1_000_00)
		if fees, _ := ledger.AccountByID(ctx, d.DB, ledger.Fees); fees.Posted != money.Rub(30_00) {
			d.Errorf("fees %v", fees.Posted)
		}
		if a, _ := ledger.AccountByID(ctx, d.DB, ledger.Acquirer); a.Posted != money.Rub(-1_030_00) {
			d.Errorf("the acquirer owes %v", a.Posted)
		}
		if open, err := d.topups.Open(ctx, d.anna.ID); err != nil || len(open) != 0 {
			d.Errorf("open: %+v, %v", open, err)
		}
	})
}

func TestAtOnceAndRefused(t *testing.T) {
	each(t, func(d *desk) {
		d.other.first, d.other.reason = topup.ChargeRefused, "insufficient_funds"
		poor := d.start(5_000)
		if poor.State != topup.Refused || poor.Reason != "insufficient_funds" {
			d.Errorf("%+v", poor)
		}
		d.untouched(poor, "insufficient_funds")
		d.other.asked = 0
		d.other.first, d.other.reason = topup.ChargeCharged, ""
		good := d.start(5_000)
		if good.State != topup.Done || !good.Fee.IsZero() {
			d.Errorf("%+v", good)
		}
		d.settled(good, 5_000_00)
	})
}

// The answer is lost after the charge: the worker finds it, and charges nothing again.
func TestAnswerLostAfterTheCharge(t *testing.T) {
	each(t, func(d *desk) {
		d.other.first, d.other.loseAfter = topup.ChargeCharged, true
		lost := d.start(5_000)
		if lost.State != topup.Unknown {
			d.Fatalf("%+v", lost)
		}
		d.real.Add(time.Minute)
		d.work()
		d.settled(lost, 5_000_00)
	})
}

// The request is lost before it arrived: silence is believed only when nothing
// can be on its way any more; then the limit is given back.
func TestRequestNeverArrived(t *testing.T) {
	each(t, func(d *desk) {
		d.other.loseBefore = true
		lost := d.start(5_000)
		for d.real.Now().Before(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).Add(topup.LostAfter - 5*time.Second)) {
			d.real.Add(5 * time.Second)
			d.work()
			if s := d.one(lost).State; s != topup.Unknown {
				d.Fatalf("too early: %v", s)
			}
		}
		d.real.Add(2 * time.Minute)
		d.work()
		d.untouched(lost, "interrupted")

		// It turns up after all: the client gets his money, once, whatever the limit says.
		d.other.put(lost.Text(), 5_000_00, topup.ChargeCharged, "")
		for range 3 {
			if err := d.topups.Hint(ctx, lost.Text()); err != nil {
				d.Fatal(err)
			}
		}
		d.settled(lost, 5_000_00)
	})
}

func TestAcquirerUnreachable(t *testing.T) {
	each(t, func(d *desk) {
		d.other.unreachable = true
		d.untouched(d.start(5_000), "not_sent")
	})
}

// A process that dies between any two steps leaves a top-up that another one
// finishes, without charging (crash between each step).
func TestCrashBetweenSteps(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     topup.State
		heard  topup.ChargeState // what reached the acquirer before the crash; empty: nothing
		reason string            // of the refusal; empty: the money comes
	}{
		{"created", topup.Created, "", "interrupted"},
		{"reserved", topup.Reserved, "", "interrupted"},
		{"sent, never arrived", topup.Sent, "", "interrupted"},
		{"sent, charged", topup.Sent, topup.ChargeCharged, ""},
		{"sent, refused", topup.Sent, topup.ChargeRefused, "declined"},
		{"sent, waits for the client", topup.Sent, topup.ChargeActionRequired, ""},
		{"sent, slow", topup.Sent, topup.ChargeProcessing, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(d *desk) {
				cmd := d.cmd(5_000)
				left, err := d.topups.StopAt(ctx, cmd, c.at)
				if err != nil {
					d.Fatal(err)
				}
				d.verified()
				key := left.Text(topup.Prefix)
				if c.heard != "" {
					d.other.put(key, 5_000_00, c.heard, "declined")
				}
				d.topups = deskOf(d.Again(), d.other, d.real) // the next process
				d.work()
				if got := d.one(topup.TopUp{ID: left}).State; got != c.at {
					d.Errorf("before the lease ended it became %v", got)
				}
				if c.heard == topup.ChargeActionRequired || c.heard == topup.ChargeProcessing {
					d.real.Add(topup.TakeOver)
					d.work()
					want := map[topup.ChargeState]topup.State{topup.ChargeActionRequired: topup.Action, topup.ChargeProcessing: topup.Sent}[c.heard]
					if got := d.one(topup.TopUp{ID: left}).State; got != want {
						d.Errorf("it is %v, want %v", got, want)
					}
					d.other.put(key, 5_000_00, topup.ChargeCharged, "")
				}
				for range 4 {
					d.real.Add(topup.LostAfter)
					d.work()
				}
				if c.reason == "" {
					d.settled(topup.TopUp{ID: left}, 5_000_00)
				} else {
					d.untouched(topup.TopUp{ID: left}, c.reason)
				}
				// The client clicks again: the same top-up, no charge.
				again, err := d.topups.Start(ctx, cmd)
				if err != nil || again.ID != left || !again.State.Final() {
					d.Errorf("the same key again: %+v, %v", again, err)
				}
				if asked, _ := d.other.counts(); asked != 0 {
					d.Errorf("the card was charged %d times without its code", asked)
				}
			})
		})
	}
}

// Callbacks, workers of two processes and the return page meet: one posting.
func TestEverybodyAsksAtOnce(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(5_000)
		second := deskOf(d.Again(), d.other, d.real)
		d.other.put(started.Text(), 5_000_00, topup.ChargeCharged, "")
		d.real.Add(time.Hour)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					err = d.topups.Hint(ctx, started.Text())
				case 1:
					_, err = second.Return(ctx, started.ID)
				default:
					_, err = second.Step(ctx)
				}
				if err != nil {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		d.settled(started, 5_000_00)
		if err := d.topups.Hint(ctx, started.Text()); err != nil {
			d.Error(err)
		}
		d.settled(started, 5_000_00)
	})
}

// Two workers share what is due: nobody is asked about twice.
func TestTwoWorkersShare(t *testing.T) {
	each(t, func(d *desk) {
		for range 20 {
			d.start(5_000)
		}
		second := deskOf(d.Again(), d.other, d.real)
		d.real.Add(time.Hour)
		var wg sync.WaitGroup
		for _, s := range []*topup.Service{d.topups, second} {
			wg.Go(func() {
				if _, err := s.Step(ctx); err != nil {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		if _, found := d.other.counts(); found != 20 {
			d.Errorf("%d questions about 20 top-ups", found)
		}
	})
}

func TestReturnAsksRarely(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(5_000)
		for range 50 {
			if p, err := d.topups.Return(ctx, started.ID); err != nil || p.State != topup.Action {
				d.Fatalf("%+v, %v", p, err)
			}
		}
		if _, found := d.other.counts(); found != 1 {
			d.Errorf("%d questions, want 1", found)
		}
		d.real.Add(topup.AskEvery)
		d.topups.Return(ctx, started.ID)
		if _, found := d.other.counts(); found != 2 {
			d.Errorf("%d questions, want 2", found)
		}
	})
}

// A page that comes while somebody is asking waits for that answer: the client
// sees the end of his top-up, not «проверяем».
func TestReturnWaitsForTheQuestionUnderWay(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(5_000)
		d.other.put(started.Text(), 5_000_00, topup.ChargeCharged, "")
		asked, answer := make(chan struct{}), make(chan struct{})
		d.other.onFind = sync.OnceFunc(func() { close(asked); <-answer })
		pages := make(chan topup.Public, 2)
		open := func() {
			p, err := d.topups.Return(ctx, started.ID)
			if err != nil {
				d.Error(err)
			}
			pages <- p
		}
		go open()
		<-asked
		go open()
		select {
		case p := <-pages:
			d.Errorf("a page did not wait: %v", p.State)
		case <-time.After(50 * time.Millisecond): // a page that waits shows nothing, however long we look
		}
		close(answer)
		for range 2 {
			if p := <-pages; p.State != topup.Done {
				d.Errorf("a page shows %v", p.State)
			}
		}
	})
}

var qHoldRow = db.Query(`UPDATE topup SET tries = tries WHERE id = $1`)

// Whoever holds the address of an open top-up needs no session. What was asked
// just now is read: while somebody else writes, the page neither waits nor writes.
func TestReturnReadsBeforeItWrites(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(5_000)
		if _, err := d.topups.Return(ctx, started.ID); err != nil {
			d.Fatal(err)
		}
		shown := make(chan error, 1)
		err := d.DB.Write(ctx, func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, qHoldRow, started.ID.Bytes()); err != nil {
				return err
			}
			go func() {
				_, err := d.topups.Return(ctx, started.ID)
				shown <- err
			}()
			select {
			case err := <-shown:
				return err
			case <-time.After(2 * time.Second):
				d.Error("the page waits to write")
				return nil
			}
		})
		if err != nil {
			d.Fatal(err)
		}
	})
}

// One key, a thousand clicks: one charge (M04).
func TestThousandClicksChargeOnce(t *testing.T) {
	each(t, func(d *desk) {
		d.other.first = topup.ChargeCharged
		cmd := d.cmd(5_000)
		var wg sync.WaitGroup
		gate := make(chan struct{}, 100) // as many as a server would let in
		for range 1000 {
			wg.Go(func() {
				gate <- struct{}{}
				defer func() { <-gate }()
				for {
					_, err := d.topups.Start(ctx, cmd)
					if fault.CodeOf(err) == fault.Busy {
						continue
					}
					if err != nil {
						d.Error(err)
					}
					return
				}
			})
		}
		wg.Wait()
		got, err := d.topups.Start(ctx, cmd)
		if err != nil {
			d.Fatal(err)
		}
		d.settled(got, 5_000_00)
		other := cmd
		other.Quote = d.cmd(6_000).Quote
		if _, err := d.topups.Start(ctx, other); !errors.Is(err, topup.ErrKeyReused) {
			d.Errorf("another sum under the key: %v", err)
		}
		other = cmd
		other.Card.Number = "5536913812345672"
		if _, err := d.topups.Start(ctx, other); !errors.Is(err, topup.ErrKeyReused) {
			d.Errorf("another card under the key: %v", err)
		}
	})
}

// 200 at once at the edge of the day's limit: exactly as many as fit (M05, M09).
func TestDayLimit(t *testing.T) {
	each(t, func(d *desk) {
		d.other.first = topup.ChargeCharged
		var wg sync.WaitGroup
		var done, refused atomic.Int64
		for range 200 {
			wg.Go(func() {
				t, err := d.topups.Start(ctx, d.cmd(1_000))
				switch {
				case err == nil && t.State == topup.Done:
					done.Add(1)
				case errors.Is(err, limit.ErrTopUpDay) && t.State == topup.Refused && t.Reason == "limit":
					refused.Add(1)
				default:
					d.Errorf("%+v, %v", t, err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 150 || refused.Load() != 50 || d.Balance(d.anna.Account) != 150_000_00 || d.left() != 0 {
			d.Errorf("%d done, %d refused, %d on the account, %d left", done.Load(), refused.Load(), d.Balance(d.anna.Account), d.left())
		}
		cmd := d.cmd(1)
		for range 2 { // the repeat of a refusal says the same
			_, err := d.topups.Start(ctx, cmd)
			f, _ := fault.As(err)
			if !errors.Is(err, limit.ErrTopUpDay) || f.Args["left"] != money.Rub(0) || f.Args["cap"] != money.Rub(150_000_00) {
				d.Errorf("%v", err)
			}
		}
		d.Clock.Add(24 * time.Hour)
		if _, err := d.topups.Start(ctx, d.cmd(1)); err != nil {
			d.Errorf("the next day: %v", err)
		}
	})
}

// An answer about another charge, another sum or in an unknown word moves nothing.
func TestMixedUpAnswers(t *testing.T) {
	each(t, func(d *desk) {
		for name, lie := range map[string]func(*topup.Outcome){
			"key":    func(o *topup.Outcome) { o.Key = "tu_other" },
			"amount": func(o *topup.Outcome) { o.Amount.Minor++ },
			"word":   func(o *topup.Outcome) { o.State = "perhaps" },
			"page":   func(o *topup.Outcome) { o.State, o.ActionURL = topup.ChargeActionRequired, "javascript:alert(1)" },
		} {
			d.other.first, d.other.lie = topup.ChargeCharged, lie
			t := d.start(1_000)
			if t.State != topup.Unknown || d.Balance(d.anna.Account) != 0 {
				d.Errorf("%s: %v, %d", name, t.State, d.Balance(d.anna.Account))
			}
		}
	})
}

func TestStrangersAndNobody(t *testing.T) {
	each(t, func(d *desk) {
		pavel := d.Client("Павел", "Кузнецов", 0)
		started := d.start(5_000)
		if _, err := d.topups.One(ctx, pavel.ID, started.ID); !errors.Is(err, topup.ErrMissing) {
			d.Errorf("another's top-up: %v", err)
		}
		if _, err := d.topups.Return(ctx, d.IDs.New()); !errors.Is(err, topup.ErrMissing) {
			d.Errorf("nobody's top-up: %v", err)
		}
		for _, key := range []string{"", "tu_", "ch_1", d.IDs.New().Text("tu")} {
			if err := d.topups.Hint(ctx, key); !errors.Is(err, topup.ErrMissing) {
				d.Errorf("hint %q: %v", key, err)
			}
		}
		foreign := d.cmd(5_000)
		for _, a := range []ledger.AccountID{pavel.Account, 0, 1 << 40, ledger.Fees} {
			foreign.Account = a
			if _, err := d.topups.Start(ctx, foreign); !errors.Is(err, topup.ErrAccount) {
				d.Errorf("account %d: %v", a, err)
			}
		}
	})
}

// Every pair of states: the steps of the machine work, all others are refused
// by the rule and change nothing (M12).
func TestEveryPairOfStates(t *testing.T) {
	way := map[topup.State][]topup.State{
		topup.Created: nil, topup.Reserved: {topup.Reserved}, topup.Sent: {topup.Reserved, topup.Sent},
		topup.Action:  {topup.Reserved, topup.Sent, topup.Action},
		topup.Unknown: {topup.Reserved, topup.Sent, topup.Unknown},
		topup.Done:    {topup.Reserved, topup.Sent, topup.Done},
		topup.Refused: {topup.Refused},
	}
	legal := map[string]bool{}
	for _, pair := range []string{
		"created reserved", "created refused", "reserved sent", "reserved refused",
		"sent action", "sent unknown", "sent done", "sent refused", "action sent", "action unknown", "action done", "action refused",
		"unknown sent", "unknown action", "unknown done", "unknown refused",
	} {
		legal[pair] = true
	}
	each(t, func(d *desk) {
		for from, steps := range way {
			for to := topup.State(0); to <= topup.Refused+1; to++ {
				made, err := d.topups.StopAt(ctx, d.cmd(1), topup.Created)
				if err != nil {
					d.Fatal(err)
				}
				if err := d.topups.Walk(ctx, made, steps...); err != nil {
					d.Fatal(err)
				}
				err = d.topups.Walk(ctx, made, to)
				pair := fmt.Sprintf("%v %v", from, to)
				if legal[pair] != (err == nil) || err != nil && !topup.IllegalStep(err) {
					d.Errorf("%s: %v", pair, err)
				}
			}
		}
		if !topup.May(topup.Refused, topup.Unknown, true) || topup.May(topup.Refused, topup.Unknown, false) {
			d.Error("only what we gave up ourselves may be opened again")
		}
		made, err := d.topups.StopAt(ctx, d.cmd(1), topup.Created)
		if err != nil {
			d.Fatal(err)
		}
		if first, second := d.topups.StepTwice(ctx, made, topup.Reserved); first != nil || !topup.Stale(second) {
			d.Errorf("one step twice: %v, %v", first, second)
		}
	})
}

// Neither number nor security code is stored, and the card prints as stars (C01, C02).
func TestTheCardIsNotKept(t *testing.T) {
	each(t, func(d *desk) {
		started := d.start(5_000)
		raw, err := d.topups.Raw(ctx, started.ID)
		if err != nil {
			d.Fatal(err)
		}
		for _, secret := range []string{goodPAN, goodPAN[6:12], "731"} {
			if bytes.Contains(raw, []byte(secret)) {
				d.Errorf("%q is stored", secret)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			for _, v := range []any{goodCard(), d.cmd(1), topup.Charge{Card: goodCard()}} {
				if s := fmt.Sprintf(verb, v); strings.Contains(s, goodPAN) || strings.Contains(s, "731") {
					d.Errorf("%s prints %s", verb, s)
				}
			}
		}
	})
}

// The words that say that we gave up, or passed the limit, are ours: an acquirer
// that uses them has declined, at once or on being asked.
func TestTheAcquirersWordsAreNotOurs(t *testing.T) {
	for _, word := range []string{"limit", "not_sent", "interrupted"} {
		t.Run(word, func(t *testing.T) {
			each(t, func(d *desk) {
				d.other.first, d.other.reason = topup.ChargeRefused, word
				d.untouched(d.start(1000), "declined")
				d.other.first, d.other.reason = topup.ChargeActionRequired, ""
				later := d.start(1000)
				d.other.put(later.Text(), 1030_00, topup.ChargeRefused, word)
				d.real.Add(3 * time.Second)
				d.untouched(later, "declined")
				_, before := d.other.counts()
				if err := d.topups.Hint(ctx, later.Text()); err != nil {
					d.Error(err)
				}
				if _, found := d.other.counts(); found != before {
					d.Error("a refusal of the acquirer is taken for one of ours that may turn up later")
				}
			})
		})
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, reason := range []string{"insufficient_funds", "expired_card", "wrong_code", "cancelled", "declined", "bad_card", "bad_amount", "limit", "not_sent", "interrupted", "<script>"} {
		for _, lang := range locale.Langs() {
			if key := topup.ReasonKey(reason); !locale.For(lang).Has(key) {
				t.Errorf("%s has no text in %s", key, lang)
			}
		}
	}
}

// The check of the verification finds a top-up that says what the book denies.
func TestCheckFindsBrokenTopUps(t *testing.T) {
	each(t, func(d *desk) {
		d.start(1_000) // stays open
		d.other.first = topup.ChargeCharged
		d.start(1_000)
		d.other.first, d.other.reason = topup.ChargeRefused, "declined"
		d.start(1_000)
		d.verified()
		made, err := d.topups.StopAt(ctx, d.cmd(1), topup.Created)
		if err != nil {
			d.Fatal(err)
		}
		for _, to := range []topup.State{topup.Reserved, topup.Sent, topup.Done} { // steps without money
			if err := d.topups.Walk(ctx, made, to); err != nil {
				d.Fatal(err)
			}
			report, err := ledger.Verify(ctx, d.DB, topup.Check)
			if err != nil || len(report.Breaches) != 1 || !strings.Contains(report.Breaches[0].Detail, made.Text("tu")) {
				d.Errorf("%v: %+v, %v", to, report.Breaches, err)
			}
		}
	})
}
