package authentication_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/rail/threeds"
)

func (w *world) freeze() {
	w.Helper()
	w.Do(func(ctx context.Context, tx db.Tx) error {
		return w.cards.Freeze(ctx, tx, w.anna.ID, w.card.ID, card.ByClient, "client")
	})
}

// dump writes everything that a query of the test gives.
func dump(w *world, q string) string {
	w.Helper()
	rows, err := w.DB.Rows(bg, db.Query(q))
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		w.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		vals := make([]sql.RawBytes, len(cols))
		into := make([]any, len(cols))
		for i := range vals {
			into[i] = &vals[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.Fatal(err)
		}
		for _, v := range vals {
			fmt.Fprintf(&out, "%s|", v)
		}
	}
	return out.String()
}

// signed is the holder's signature over the purchase that waits.
func (w *world) signed(x authentication.Waiting, passkey bool) order.Signed {
	w.Helper()
	doc, err := w.svc.Order(bg, w.anna.ID, x.ID)
	if err != nil {
		w.Fatal(err)
	}
	key, spki := ordertest.Key(7)
	e := order.ByDevice(w.IDs.New(), spki, ordertest.Sign(w, key, doc.Text))
	if passkey {
		e = ordertest.Passkey(w, w.IDs.New(), key, spki, doc.Text)
	}
	signed, err := w.orders.Accept(w.anna.ID, doc, e)
	if err != nil {
		w.Fatal(err)
	}
	return signed
}

// The holder confirms in the cabinet instead of typing a code; the page in the
// shop goes on by itself.
func TestApproveInTheCabinet(t *testing.T) {
	for name, passkey := range map[string]bool{"device": false, "passkey": true} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				_, shown := w.begin(1_250)
				x := w.waiting()
				if x.Shop != "Test Shop" || x.Sum.Text(locale.For(locale.Russian)) != "1\u00a0250\u00a0₽" || x.Last4 != w.card.Last4 || w.kicks == 0 || parseID(w, x.Text()) != x.ID {
					w.Errorf("%+v, %d kicks", x, w.kicks)
				}
				doc, err := w.svc.Order(bg, w.anna.ID, x.ID)
				if err != nil {
					w.Fatal(err)
				}
				for _, line := range []string{"what: purchase on the internet\n", "to: \"Test Shop\"\n", "amount: 1250.00 RUB\n", "card: *" + w.card.Last4 + "\n", "transaction: " + shown.ACSTransID + "\n"} {
					if !strings.Contains(doc.Text, line) {
						w.Errorf("the text lacks %q:\n%s", line, doc.Text)
					}
				}
				signed := w.signed(x, passkey)
				for range 2 { // a double tap
					if err := w.svc.Approve(bg, w.anna.ID, x.ID, signed); err != nil {
						w.Fatal(err)
					}
				}
				if s, err := w.svc.Resume(bg, shown.ACSTransID, token); err != nil || !s.Over {
					w.Errorf("%+v %v", s, err)
				}
				if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || !back.Passed {
					w.Errorf("%+v %v", back, err)
				}
				r := w.result()
				if want := map[bool]threeds.AuthenticationMethod{true: "07", false: "11"}[passkey]; r.AuthenticationMethod != want || r.AuthenticationType != threeds.OutOfBandChallenge || r.AuthenticationValue == "" {
					w.Errorf("%+v", r)
				}
				if list, err := w.svc.Pending(bg, w.anna.ID); err != nil || len(list) != 0 {
					w.Errorf("still waits: %+v %v", list, err)
				}
				if raw, err := w.orders.Receipt(bg, w.anna.ID, x.ID); err != nil || !strings.Contains(string(raw), shown.ACSTransID) {
					w.Errorf("the receipt: %s %v", raw, err)
				}
			})
		})
	}
}

// A browser without a key confirms by a code for exactly this purchase, once;
// what became of each purchase can be read afterwards.
func TestApproveByCode(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		x := w.waiting()
		if x.Fate != authentication.Waits {
			w.Errorf("it %s", x.Fate)
		}
		doc, err := w.svc.Order(bg, w.anna.ID, x.ID)
		if err != nil {
			w.Fatal(err)
		}
		coded := order.New(order.Deps{DB: w.DB, Vault: w.Vault, People: w.Directory, Messenger: w, Host: "bank.example", Now: w.now, Digits: w.digits})
		a := order.Asker{Client: w.anna.ID, Session: w.IDs.New(), Device: w.IDs.New(), Lang: locale.English}
		if _, err := coded.SendCode(bg, a, doc); err != nil {
			w.Fatal(err)
		}
		text := w.sms[len(w.sms)-1].Text.Reveal()
		for _, want := range []string{"₽500", "Test Shop", x.Last4, "@bank.example #"} {
			if !strings.Contains(text, want) {
				w.Errorf("the message lacks %q: %s", want, text)
			}
		}
		signed, err := coded.AcceptCode(bg, a, doc, w.lastCode())
		if err != nil {
			w.Fatal(err)
		}
		for range 2 {
			if err := w.svc.Approve(bg, w.anna.ID, x.ID, signed); err != nil {
				w.Fatal(err)
			}
		}
		if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || !back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.AuthenticationMethod != threeds.MethodSMSCode || r.AuthenticationType != threeds.DynamicChallenge || r.AuthenticationValue == "" {
			w.Errorf("%+v", r)
		}
		fate := func(x authentication.Waiting) authentication.Fate {
			got, err := w.svc.One(bg, w.anna.ID, x.ID)
			if err != nil {
				w.Fatal(err)
			}
			return got.Fate
		}
		if got := fate(x); got != authentication.Approved {
			w.Errorf("approved: it is %s", got)
		}
		_, second := w.begin(500, func(a *threeds.AReq) { a.ChallengeInd = threeds.ChallengeMandated })
		x = w.waiting()
		if _, err := w.svc.Cancel(bg, second.ACSTransID, token); err != nil {
			w.Fatal(err)
		}
		if got := fate(x); got != authentication.Refused {
			w.Errorf("cancelled: it is %s", got)
		}
		w.begin(500, func(a *threeds.AReq) { a.ChallengeInd = threeds.ChallengeMandated })
		x = w.waiting()
		w.pass(11 * time.Minute)
		if got := fate(x); got != authentication.Expired {
			w.Errorf("too late: it is %s", got)
		}
		w.step()
		if got := fate(x); got != authentication.Expired {
			w.Errorf("ended: it is %s", got)
		}
	})
}

// A program confirms by its token's key. What else has to hold is asked once,
// refuses with nothing changed, and is not asked again when the yes is repeated.
func TestApproveByToken(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		x := w.waiting()
		doc, err := w.svc.Text(bg, w.anna.ID, x.ID)
		if err != nil {
			w.Fatal(err)
		}
		key, spki := ordertest.Key(7)
		signed, err := w.orders.Accept(w.anna.ID, doc, order.ByToken(w.IDs.New(), spki, ordertest.Sign(w, key, doc.Text)))
		if err != nil {
			w.Fatal(err)
		}
		no := errors.New("above the cap")
		if err := w.svc.ApproveIf(bg, w.anna.ID, x.ID, signed, func(context.Context, db.Tx) error { return no }); !errors.Is(err, no) {
			w.Errorf("refused: %v", err)
		}
		if got, err := w.svc.One(bg, w.anna.ID, x.ID); err != nil || got.Fate != authentication.Waits {
			w.Errorf("after a refusal it %s, %v", got.Fate, err)
		}
		asked := 0
		for range 3 {
			if err := w.svc.ApproveIf(bg, w.anna.ID, x.ID, signed, func(context.Context, db.Tx) error { asked++; return nil }); err != nil {
				w.Fatal(err)
			}
		}
		if asked != 1 {
			w.Errorf("asked %d times", asked)
		}
		if again, err := w.svc.Text(bg, w.anna.ID, x.ID); err != nil || again.Text != doc.Text {
			w.Errorf("the text of what is over: %v\n%s", err, again.Text)
		}
		if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || !back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.AuthenticationMethod != threeds.MethodOOBOther || r.AuthenticationType != threeds.OutOfBandChallenge || r.AuthenticationValue == "" {
			w.Errorf("%+v", r)
		}
		igor := w.Client("Игорь", "Ким", 0)
		if _, err := w.svc.Text(bg, igor.ID, x.ID); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("another client reads the text: %v", err)
		}
		passed := w.answer(w.ask(1)) // nobody was asked about it
		if _, own, err := w.svc.IDOf(bg, passed.ACSTransID); err != nil {
			w.Fatal(err)
		} else if _, err := w.svc.Text(bg, w.anna.ID, own); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("the text of what needed no yes: %v", err)
		}
	})
}

// What was signed for another purchase or by another client is not taken;
// neither is anything once the purchase is over.
func TestApproveRefused(t *testing.T) {
	each(t, func(w *world) {
		_, first := w.begin(500)
		signed := w.signed(w.waiting(), false)
		if _, err := w.svc.Cancel(bg, first.ACSTransID, token); err != nil {
			w.Fatal(err)
		}
		_, firstID, err := w.svc.IDOf(bg, first.ACSTransID)
		if err != nil {
			w.Fatal(err)
		}
		if err := w.svc.Approve(bg, w.anna.ID, firstID, signed); !errors.Is(err, authentication.ErrOver) {
			w.Errorf("after the end: %v", err)
		}
		_, second := w.begin(500)
		x := w.waiting()
		if err := w.svc.Approve(bg, w.anna.ID, x.ID, signed); !errors.Is(err, authentication.ErrNotSigned) {
			w.Errorf("another purchase's signature: %v", err)
		}
		if err := w.svc.Approve(bg, w.anna.ID, x.ID, order.Signed{}); !errors.Is(err, authentication.ErrNotSigned) {
			w.Errorf("nothing signed: %v", err)
		}
		igor := w.Client("Игорь", "Ким", 0)
		for name, err := range map[string]error{
			"approves": w.svc.Approve(bg, igor.ID, x.ID, signed), "denies": w.svc.Deny(bg, igor.ID, x.ID),
			"reads": func() error { _, err := w.svc.One(bg, igor.ID, x.ID); return err }(),
			"signs": func() error { _, err := w.svc.Order(bg, igor.ID, x.ID); return err }(),
		} {
			if !errors.Is(err, authentication.ErrMissing) {
				w.Errorf("another client %s: %v", name, err)
			}
		}
		if list, err := w.svc.Pending(bg, igor.ID); err != nil || len(list) != 0 {
			w.Errorf("another client sees %+v %v", list, err)
		}
		late := w.signed(x, true)
		w.pass(11 * time.Minute)
		if err := w.svc.Approve(bg, w.anna.ID, x.ID, late); !errors.Is(err, authentication.ErrOver) {
			w.Errorf("too late: %v", err)
		}
		if r, err := w.svc.Finish(bg, second.ACSTransID, token); err != nil || r.Passed {
			w.Errorf("%+v %v", r, err)
		}
	})
}

// «Это не я» refuses the purchase and freezes the card for the bank alone to
// lift.
func TestDeny(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		x := w.waiting()
		for range 2 {
			if err := w.svc.Deny(bg, w.anna.ID, x.ID); err != nil {
				w.Fatal(err)
			}
		}
		if c, err := w.cards.ByID(bg, w.anna.ID, w.card.ID); err != nil || c.State != card.Frozen || c.FrozenBy != card.ByNotMe {
			w.Errorf("%+v %v", c, err)
		}
		if s, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil || !s.Over {
			w.Errorf("the thief's code: %+v %v", s, err)
		}
		if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.Status != threeds.Denied || r.Reason != threeds.CardAuthenticationFailed || r.Cancel != "" {
			w.Errorf("%+v", r)
		}
		if trail := dump(w, "SELECT act FROM audit ORDER BY seq"); strings.Count(trail, "purchase.denied") < 1 || !strings.Contains(trail, "card.frozen") {
			w.Errorf("the trail says %s", trail)
		}
	})
}

// A shop that comes by itself and waits: the holder is asked in the cabinet
// alone.
func TestDecoupled(t *testing.T) {
	each(t, func(w *world) {
		alone := func(a *threeds.AReq) {
			a.Channel, a.ThreeRIInd, a.NotificationURL, a.BrowserScript = threeds.Channel3RI, threeds.RecurringTransaction, "", nil
			a.DecoupledRequest, a.DecoupledMaxTime = "Y", "30"
		}
		a := w.ask(500, alone)
		res := w.answer(a)
		if res.Status != threeds.Decoupled || res.AuthenticationType != threeds.DecoupledChallenge {
			w.Fatalf("%+v", res)
		}
		if _, err := w.svc.Begin(bg, creq(a, res), nil, token); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("a browser came: %v", err)
		}
		if err := w.svc.Approve(bg, w.anna.ID, w.waiting().ID, w.signed(w.waiting(), true)); err != nil {
			w.Fatal(err)
		}
		w.step()
		if r := w.result(); r.Status != threeds.Authenticated || r.AuthenticationType != threeds.DecoupledChallenge || r.AuthenticationMethod != threeds.MethodOOBBiometric || len(w.sms) != 0 {
			w.Errorf("%+v, %d messages", r, len(w.sms))
		}
		// From now on the shop is known, and the next one passes by itself.
		if res := w.answer(w.ask(500, alone)); res.Status != threeds.Authenticated {
			w.Errorf("the next: %+v", res)
		}
		w.ds.got = nil
		if res := w.answer(w.ask(500, alone, func(a *threeds.AReq) { a.AcquirerMerchantID = "SHOP2" })); res.Status != threeds.Decoupled {
			w.Fatalf("%+v", res)
		}
		w.pass(29 * time.Minute)
		w.step()
		if n := len(w.ds.got); n != 0 {
			w.Fatalf("told %d results before the time", n)
		}
		w.pass(2 * time.Minute)
		w.step()
		if r := w.result(); r.Status != threeds.Denied || r.Reason != threeds.DecoupledExpired || r.Cancel != threeds.DecoupledTimedOut {
			w.Errorf("%+v", r)
		}
	})
}

// What shops asked stands in the client's own copy of his data: the shop, the
// sum, when and how it ended, and nothing that proves or tells more; in the
// database it is sealed, and nobody else's.
func TestPast(t *testing.T) {
	each(t, func(w *world) {
		if past, err := w.svc.Past(bg, w.anna.ID); err != nil || len(past) != 0 {
			w.Error(past, err)
		}
		a, _ := w.begin(99_000)
		x := w.waiting()
		shop := x.Shop
		if err := w.svc.Deny(bg, w.anna.ID, x.ID); err != nil {
			w.Fatal(err)
		}
		past, err := w.svc.Past(bg, w.anna.ID)
		if err != nil || len(past) != 1 || past[0].Shop != shop || past[0].Outcome != authentication.Refused || past[0].Card != w.card.ID || !strings.HasSuffix(past[0].Amount, " RUB") {
			w.Fatalf("%+v %v", past, err)
		}
		if strings.Contains(fmt.Sprintf("%+v", past), a.AcctNumber.Reveal()) {
			w.Error("the card's number is in it")
		}
		if others, err := w.svc.Past(bg, w.anna.ID+1000); err != nil || len(others) != 0 {
			w.Error(others, err)
		}
		if strings.Contains(dump(w, `SELECT details, answer, result FROM authentication`), shop) {
			w.Error("the shop rests in the clear")
		}
	})
}
