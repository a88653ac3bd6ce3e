package authentication_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/rail/threeds"
)

// A new shop on a new browser is challenged; the code passes it, the directory
// is told before the browser, and the next time nobody is asked.
func TestCodeByCode(t *testing.T) {
	each(t, func(w *world) {
		if err := w.svc.SeeBrowser(bg, "6afa6072-9412-446b-9673-000000000001", "cookie"); err != nil {
			w.Fatal(err)
		}
		a, shown := w.begin(1_250)
		if shown.Shop != "Test Shop" || shown.Sum.Minor != 125_000 || shown.Last4 != w.card.Last4 || shown.Phone != w.anna.Phone || shown.Over || shown.TriesLeft != 5 || shown.Return != notify {
			w.Errorf("shown %+v", shown)
		}
		if len(w.sms) != 1 {
			w.Fatalf("%d messages", len(w.sms))
		}
		text := w.sms[0].Text.Reveal()
		if want := "739100 код: покупка 1\u00a0250\u00a0₽, Test Shop, карта •" + w.card.Last4 + ". Никому не говорите.\n\n@acs.bank.example #739100"; text != want || w.sms[0].To != w.anna.Phone {
			w.Errorf("sent %q to %v", text, w.sms[0].To)
		}
		if _, err := w.svc.Finish(bg, shown.ACSTransID, token); !errors.Is(err, authentication.ErrNotOver) {
			w.Errorf("finished before the end: %v", err)
		}
		for _, wrong := range []string{"", "12345", "1234567", "abcdef"} {
			if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, wrong); !errors.Is(err, authentication.ErrCodeForm) {
				w.Errorf("%q: %v", wrong, err)
			}
		}
		_, err := w.svc.EnterCode(bg, shown.ACSTransID, token, "999999")
		var f *fault.Error
		if !errors.Is(err, authentication.ErrWrongCode) || !errors.As(err, &f) || f.Args["n"] != 4 {
			w.Errorf("wrong code: %v", err)
		}
		shown, err = w.svc.EnterCode(bg, shown.ACSTransID, token, " 739 100 ")
		if err != nil || !shown.Over {
			w.Fatalf("%+v %v", shown, err)
		}
		back, err := w.svc.Finish(bg, shown.ACSTransID, token)
		if err != nil || !back.Passed || back.URL != notify || back.Session == nil || *back.Session != "c2Vzc2lvbg" {
			w.Fatalf("%+v %v", back, err)
		}
		if c, bad := threeds.ParseCRes(back.CRes); bad != nil || c.Status != threeds.Authenticated || c.ACSTransID != shown.ACSTransID || c.ServerTransID != a.ServerTransID {
			w.Errorf("CRes %+v %v", c, bad)
		}
		r := w.result()
		if r.Status != threeds.Authenticated || r.ECI != "02" || r.AuthenticationMethod != threeds.MethodSMSCode || r.AuthenticationType != threeds.DynamicChallenge ||
			r.Interactions != "02" || r.DSTransID != a.DSTransID || len(r.AuthenticationValue) != 28 {
			w.Errorf("RReq %+v", r)
		}
		// Once more: nothing happens twice.
		if again, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || again.CRes != back.CRes {
			w.Errorf("finished again: %+v %v", again, err)
		}
		if s, err := w.svc.EnterCode(bg, shown.ACSTransID, token, "739100"); err != nil || !s.Over {
			w.Errorf("a used code: %+v %v", s, err)
		}
		w.step()
		w.result()
		if st, err := w.svc.StateOf(bg, shown.ACSTransID); err != nil || st != authentication.Closed {
			w.Errorf("state %v %v", st, err)
		}
		// The shop and the browser are known from now on.
		if err := w.svc.SeeBrowser(bg, "6afa6072-9412-446b-9673-000000000002", "cookie"); err != nil {
			w.Fatal(err)
		}
		free := w.answer(w.ask(1_250))
		if free.Status != threeds.Authenticated || free.ECI != "02" || len(free.AuthenticationValue) != 28 {
			w.Errorf("the second time: %+v", free)
		}
		if p, c, _, _ := w.svc.Counts(); p != 1 || c != 1 {
			w.Errorf("counted %d free, %d challenged", p, c)
		}
	})
}

// The same question under the same number gets the same answer, and another
// one under it an Erro; one number makes one row, however many ask at once.
func TestQuestionAgain(t *testing.T) {
	each(t, func(w *world) {
		a := w.ask(500)
		var wg sync.WaitGroup
		answers := make([]threeds.ARes, 8)
		for i := range answers {
			wg.Go(func() { answers[i] = w.answer(a) })
		}
		wg.Wait()
		for _, r := range answers {
			if r.ACSTransID != answers[0].ACSTransID || r.Status != answers[0].Status {
				w.Errorf("%+v and %+v", r, answers[0])
			}
		}
		other := a
		other.PurchaseAmount = "1"
		if _, bad, err := w.svc.Answer(bg, other); err != nil || bad == nil || bad.Code != threeds.TransactionDataError || bad.DSTransID != a.DSTransID {
			w.Errorf("another sum: %v %v", bad, err)
		}
		elsewhere := w.ask(500)
		elsewhere.DSURL = "https://169.254.169.254/rreq"
		if _, bad, err := w.svc.Answer(bg, elsewhere); err != nil || bad == nil || bad.Code != threeds.AccessDenied {
			w.Errorf("a directory that is none: %v %v", bad, err)
		}
		// A card that is none of ours leaves no row and the same answer.
		stranger := w.ask(500)
		stranger.AcctNumber, _ = threeds.NewPAN("2200000000000004")
		one, two := w.answer(stranger), w.answer(stranger)
		if one.Status != threeds.Denied || one.Reason != threeds.NoCardRecord || one.ACSTransID != two.ACSTransID {
			w.Errorf("a stranger's card: %+v, %+v", one, two)
		}
		if _, err := w.svc.StateOf(bg, one.ACSTransID); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("a stranger's card has a row: %v", err)
		}
	})
}

// Only the browser that came first, with the token of its own, gets anywhere.
func TestOneBrowser(t *testing.T) {
	each(t, func(w *world) {
		a, shown := w.begin(500)
		c := threeds.CReq{ServerTransID: a.ServerTransID, ACSTransID: shown.ACSTransID, Window: "02", MessageVersion: "2.2.0"}
		if again, err := w.svc.Begin(bg, c, nil, token); err != nil || again.ACSTransID != shown.ACSTransID || len(w.sms) != 1 {
			w.Errorf("loaded again: %+v %v, %d messages", again, err, len(w.sms))
		}
		if _, err := w.svc.Resume(bg, shown.ACSTransID, token); err != nil {
			w.Error(err)
		}
		for name, call := range map[string]func() error{
			"begins":   func() error { _, err := w.svc.Begin(bg, c, nil, "thief"); return err },
			"resumes":  func() error { _, err := w.svc.Resume(bg, shown.ACSTransID, "thief"); return err },
			"no token": func() error { _, err := w.svc.Resume(bg, shown.ACSTransID, ""); return err },
			"enters":   func() error { _, err := w.svc.EnterCode(bg, shown.ACSTransID, "thief", w.lastCode()); return err },
			"resends":  func() error { _, err := w.svc.Resend(bg, shown.ACSTransID, "thief"); return err },
			"cancels":  func() error { _, err := w.svc.Cancel(bg, shown.ACSTransID, "thief"); return err },
			"finishes": func() error { _, err := w.svc.Finish(bg, shown.ACSTransID, "thief"); return err },
			"fails":    func() error { return w.svc.Fail(bg, a.ServerTransID, shown.ACSTransID, "thief") },
			"unknown":  func() error { _, err := w.svc.Resume(bg, a.DSTransID, token); return err },
			"no uuid":  func() error { _, err := w.svc.Resume(bg, "x", token); return err },
		} {
			if err := call(); !errors.Is(err, authentication.ErrMissing) {
				w.Errorf("a stranger %s: %v", name, err)
			}
		}
		other := c
		other.ServerTransID = a.DSTransID
		if _, err := w.svc.Begin(bg, other, nil, token); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("another shop's number: %v", err)
		}
	})
}

// A card's tries cannot be stretched by guessing at several purchases at once.
func TestWrongCodesAtOnce(t *testing.T) {
	each(t, func(w *world) {
		var ids []string
		for range 10 {
			_, one := w.begin(500)
			ids = append(ids, one.ACSTransID)
		}
		guess := func(acs string) bool {
			_, err := w.svc.EnterCode(bg, acs, token, "999999")
			return errors.Is(err, authentication.ErrWrongCode)
		}
		for i := range 8 {
			if !guess(ids[i%2]) {
				w.Fatalf("guess %d was not taken", i+1)
			}
		}
		var taken atomic.Int64
		var all sync.WaitGroup
		begin := make(chan struct{})
		for _, acs := range ids[2:] {
			all.Go(func() {
				<-begin
				if guess(acs) {
					taken.Add(1)
				}
			})
		}
		close(begin)
		all.Wait()
		// The tenth ends it for the whole card, and answers otherwise.
		if n := taken.Load(); n != 1 {
			w.Errorf("%d of 8 guesses at once were taken after 8 wrong ones, want 1", n)
		}
	})
}

// Five wrong codes end a challenge; ten of a card, over all its purchases, end
// all of them for a day.
func TestWrongCodes(t *testing.T) {
	each(t, func(w *world) {
		guess := func(acs string, n int) (s authentication.Shown, err error) {
			for range n {
				s, err = w.svc.EnterCode(bg, acs, token, "999999")
			}
			return s, err
		}
		_, first := w.begin(500)
		if _, err := guess(first.ACSTransID, 4); !errors.Is(err, authentication.ErrWrongCode) {
			w.Fatal(err)
		}
		if s, err := guess(first.ACSTransID, 1); err != nil || !s.Over {
			w.Fatalf("%+v %v", s, err)
		}
		back, err := w.svc.Finish(bg, first.ACSTransID, token)
		if err != nil || back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.Status != threeds.Denied || r.Reason != threeds.ExceedsChallenges || r.Cancel != "" || r.AuthenticationValue != "" || r.Interactions != "05" {
			w.Errorf("%+v", r)
		}
		_, second := w.begin(500)
		_, third := w.begin(500)
		if s, err := guess(second.ACSTransID, 5); err != nil || !s.Over {
			w.Fatalf("%+v %v", s, err)
		}
		// Now the card is out of tries: even the right code of the third one is not taken.
		if s, err := w.svc.EnterCode(bg, third.ACSTransID, token, w.lastCode()); err != nil || !s.Over {
			w.Fatalf("%+v %v", s, err)
		}
		if back, err := w.svc.Finish(bg, third.ACSTransID, token); err != nil || back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if res := w.answer(w.ask(500)); res.Status != threeds.Denied || res.Reason != threeds.FrequencyExceeded {
			w.Errorf("answered %+v", res)
		}
		w.pass(25 * time.Hour)
		if res := w.answer(w.ask(500)); res.Status != threeds.Challenge {
			w.Errorf("a day later %+v", res)
		}
	})
}

// A code lives five minutes; another is sent after two and makes the first
// void; the third is the last.
func TestResend(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		acs := shown.ACSTransID
		if _, err := w.svc.Resend(bg, acs, token); !errors.Is(err, authentication.ErrResendEarly) {
			w.Errorf("at once: %v", err)
		}
		first := w.lastCode()
		w.pass(120 * time.Second)
		if s, err := w.svc.Resend(bg, acs, token); err != nil || s.ResendAt.IsZero() {
			w.Fatalf("%+v %v", s, err)
		}
		if _, err := w.svc.EnterCode(bg, acs, token, first); !errors.Is(err, authentication.ErrWrongCode) {
			w.Errorf("the first code: %v", err)
		}
		w.pass(120 * time.Second)
		if s, err := w.svc.Resend(bg, acs, token); err != nil || !s.ResendAt.IsZero() {
			w.Fatalf("%+v %v", s, err)
		}
		w.pass(121 * time.Second)
		if _, err := w.svc.Resend(bg, acs, token); !errors.Is(err, authentication.ErrNoMoreCodes) {
			w.Errorf("a fourth: %v", err)
		}
		w.pass(180 * time.Second) // 5 min 1 s after the third
		if _, err := w.svc.EnterCode(bg, acs, token, w.lastCode()); !errors.Is(err, authentication.ErrCodeStale) {
			w.Errorf("a stale code: %v", err)
		}
		if s, err := w.svc.Resume(bg, acs, token); err != nil || s.TriesLeft != 4 {
			w.Errorf("a stale code cost a try: %+v %v", s, err)
		}
		if len(w.sms) != 3 {
			w.Errorf("%d messages", len(w.sms))
		}
	})
}

// A code that may not be sent leaves the way through the cabinet.
func TestNoSMS(t *testing.T) {
	each(t, func(w *world) {
		w.mute = fault.New(fault.Refused, "access.sim_changed")
		_, shown := w.begin(500)
		if !shown.SentAt.IsZero() || shown.Over {
			w.Errorf("shown %+v", shown)
		}
		if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, "739100"); !errors.Is(err, authentication.ErrCodeStale) {
			w.Errorf("a code that was never sent: %v", err)
		}
		if got := w.waiting(); got.Shop != "Test Shop" {
			w.Errorf("%+v", got)
		}
	})
}

func TestCancel(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		if s, err := w.svc.Cancel(bg, shown.ACSTransID, token); err != nil || !s.Over {
			w.Fatalf("%+v %v", s, err)
		}
		if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || back.Passed {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.Status != threeds.Denied || r.Reason != threeds.CardAuthenticationFailed || r.Cancel != threeds.CancelledByHolder {
			w.Errorf("%+v", r)
		}
		if _, err := w.svc.Cancel(bg, shown.ACSTransID, token); err != nil {
			w.Errorf("cancelled again: %v", err)
		}
	})
}

// A CReq that names a transaction rightly and is broken otherwise ends it.
func TestBrokenCReq(t *testing.T) {
	each(t, func(w *world) {
		a := w.ask(500)
		res := w.answer(a)
		if err := w.svc.Fail(bg, a.DSTransID, res.ACSTransID, token); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("another shop's number: %v", err)
		}
		if err := w.svc.Fail(bg, a.ServerTransID, res.ACSTransID, token); err != nil {
			w.Fatal(err)
		}
		if back, err := w.svc.Finish(bg, res.ACSTransID, token); err != nil || back.Passed || back.URL != notify {
			w.Errorf("%+v %v", back, err)
		}
		if r := w.result(); r.Status != threeds.Denied || r.Cancel != threeds.CancelledByError || r.Reason != threeds.InvalidTransaction {
			w.Errorf("%+v", r)
		}
		if _, err := w.svc.Begin(bg, creq(a, res), nil, "later"); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("begun after the end: %v", err)
		}
	})
}

// Timers: a browser that never comes, one that falls silent, one that never
// gets done; and a late one is taken as long as nobody was told.
func TestTimers(t *testing.T) {
	each(t, func(w *world) {
		last := func() threeds.RReq { all := w.ds.results(); return all[len(all)-1] }
		a := w.ask(500)
		never := w.answer(a)
		w.pass(59 * time.Second)
		w.step()
		if n := len(w.ds.results()); n != 0 {
			w.Fatalf("told %d results within the grace", n)
		}
		w.pass(2 * time.Second)
		w.step()
		if r := last(); r.Status != threeds.Denied || r.Reason != threeds.TimedOutAtACS || r.Cancel != threeds.FirstCReqNeverCame || r.ACSTransID != never.ACSTransID {
			w.Errorf("never came: %+v", r)
		}
		if _, err := w.svc.Begin(bg, creq(a, never), nil, token); !errors.Is(err, authentication.ErrMissing) {
			w.Errorf("came too late: %v", err)
		}

		late := w.ask(500)
		res := w.answer(late)
		w.pass(2 * time.Minute) // the worker did not look
		if _, err := w.svc.Begin(bg, creq(late, res), nil, token); err != nil {
			w.Errorf("late, but nobody was told: %v", err)
		}
		w.pass(9*time.Minute + 59*time.Second)
		if s, err := w.svc.Resend(bg, res.ACSTransID, token); err != nil || s.Over {
			w.Errorf("before ten minutes: %+v %v", s, err)
		}
		w.pass(10 * time.Minute)
		w.step()
		if r := last(); r.Reason != threeds.TimedOutAtACS || r.Cancel != threeds.TimedOutACS || r.ACSTransID != res.ACSTransID {
			w.Errorf("fell silent: %+v", r)
		}
		if back, err := w.svc.Finish(bg, res.ACSTransID, token); err != nil || back.Passed {
			w.Errorf("%+v %v", back, err)
		}

		_, busy := w.begin(500)
		for range 3 {
			w.pass(9 * time.Minute)
			if _, err := w.svc.EnterCode(bg, busy.ACSTransID, token, "999999"); err == nil {
				w.Error("a stale code was taken")
			}
			w.step()
		}
		w.pass(3 * time.Minute) // half an hour altogether
		if s, err := w.svc.EnterCode(bg, busy.ACSTransID, token, "999999"); err != nil || !s.Over {
			w.Errorf("after half an hour: %+v %v", s, err)
		}
		w.step()
		if r := last(); r.Cancel != threeds.TimedOutACS || r.ACSTransID != busy.ACSTransID {
			w.Errorf("never got done: %+v", r)
		}
	})
}

// A result is told until it is taken, in the same words, and the browser does
// not wait for ever.
func TestResultIsToldAgain(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil {
			w.Fatal(err)
		}
		w.ds.broken = 2
		if back, err := w.svc.Finish(bg, shown.ACSTransID, token); err != nil || !back.Passed {
			w.Fatalf("%+v %v", back, err)
		}
		w.step() // too early for another try
		for range 3 {
			w.pass(20 * time.Second)
			w.step()
		}
		if len(w.ds.got) != 3 || string(w.ds.got[0]) != string(w.ds.got[1]) || string(w.ds.got[0]) != string(w.ds.got[2]) {
			w.Errorf("told %d times: %s", len(w.ds.got), w.ds.got)
		}
		if told, tries, err := w.svc.Told(bg, shown.ACSTransID); err != nil || !told || tries != 3 {
			w.Errorf("told %v after %d: %v", told, tries, err)
		}
	})
}

// A directory that answers nonsense or an Erro has not taken it; in the end the
// bank gives up.
func TestResultIsGivenUp(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		w.ds.answer = threeds.NewErro(threeds.DirectoryServer, threeds.TransactionUnknown, threeds.TypeRReq, "acsTransID").Encode()
		if _, err := w.svc.Cancel(bg, shown.ACSTransID, token); err != nil {
			w.Fatal(err)
		}
		for range 12 {
			w.step()
			w.pass(6 * time.Minute)
		}
		if told, tries, err := w.svc.Told(bg, shown.ACSTransID); err != nil || told || tries != 6 || len(w.ds.got) != 6 {
			w.Errorf("told %v after %d of %d: %v", told, tries, len(w.ds.got), err)
		}
	})
}

// A process that dies between the result and the telling leaves it to another.
func TestCrashBeforeTelling(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil {
			w.Fatal(err)
		}
		w.svc = w.service(w.Again())
		w.step()
		if r := w.result(); r.Status != threeds.Authenticated {
			w.Errorf("%+v", r)
		}
	})
}

// Pages and workers of two processes tell one result once.
func TestTwoProcessesTellOnce(t *testing.T) {
	each(t, func(w *world) {
		_, shown := w.begin(500)
		if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil {
			w.Fatal(err)
		}
		other := w.service(w.Again())
		w.ds.gate = make(chan struct{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				svc := w.svc
				if i%2 == 1 {
					svc = other
				}
				if i < 4 {
					if _, err := svc.Finish(bg, shown.ACSTransID, token); err != nil {
						w.Error(err)
					}
				} else if _, err := svc.Step(bg); err != nil {
					w.Error(err)
				}
			})
		}
		close(w.ds.gate)
		wg.Wait()
		w.result()
	})
}

// Every step that the machine does not have is refused.
func TestSteps(t *testing.T) {
	t.Parallel()
	legal := map[[2]authentication.State]bool{
		{authentication.Awaited, authentication.Challenged}: true, {authentication.Awaited, authentication.Decided}: true,
		{authentication.Challenged, authentication.Decided}: true, {authentication.Decided, authentication.Telling}: true,
		{authentication.Telling, authentication.Closed}: true,
	}
	for from := authentication.Answered; from <= authentication.Closed; from++ {
		for to := authentication.State(0); to <= authentication.Closed+1; to++ {
			if got := authentication.May(from, to); got != legal[[2]authentication.State{from, to}] {
				t.Errorf("%v → %v: %v", from, to, got)
			}
		}
	}
}

var qDump = "SELECT * FROM authentication"

// What rests in the row names neither card nor shop nor the code.
func TestNothingInClear(t *testing.T) {
	each(t, func(w *world) {
		w.passed(500)
		stored := dump(w, qDump)
		for _, canary := range []string{w.number, "Test Shop", w.lastCode(), "192.0.2.10", notify, "shop.example"} {
			if strings.Contains(stored, canary) {
				w.Errorf("%q rests in clear", canary)
			}
		}
	})
}

// A frozen card is refused before anybody is asked, and a non-payment leaves no
// value behind.
func TestOtherAnswers(t *testing.T) {
	each(t, func(w *world) {
		keep := func(a *threeds.AReq) {
			a.Category, a.AuthenticationInd = threeds.NonPayment, threeds.ForAddCard
			a.PurchaseAmount, a.PurchaseCurrency, a.PurchaseExponent, a.PurchaseDate, a.MerchantName, a.MCC = "", "", "", "", "", ""
		}
		_, shown := w.begin(0, keep)
		if shown.Sum.Cur != 0 || shown.Shop != "Test Shop" || !strings.Contains(w.sms[0].Text.Reveal(), "сохраняет карту") {
			w.Errorf("%+v %s", shown, w.sms[0].Text.Reveal())
		}
		if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil {
			w.Fatal(err)
		}
		w.step()
		if r := w.result(); r.Status != threeds.Authenticated || r.AuthenticationValue != "" {
			w.Errorf("%+v", r)
		}
		w.freeze()
		if res := w.answer(w.ask(500)); res.Status != threeds.Denied || res.Reason != threeds.NotPermitted {
			w.Errorf("a frozen card: %+v", res)
		}
		if c, err := w.cards.ByID(bg, w.anna.ID, w.card.ID); err != nil || c.State != card.Frozen {
			w.Errorf("%+v %v", c, err)
		}
	})
}
