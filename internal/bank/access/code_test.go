package access_test

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

var bg = context.Background()

type world = accesstest.World

var anya, boris = accesstest.Phone(101), accesstest.Phone(102)

func start(w *world, p phone.Number) access.Flow {
	w.Helper()
	f, err := w.Access.StartLogin(bg, p, locale.Russian, accesstest.Home)
	if err != nil {
		w.Fatal(err)
	}
	return f
}

func confirm(w *world, f access.Flow, code string) error {
	_, err := w.Access.ConfirmCode(bg, access.ForLogin, f.Token.Reveal(), code)
	return err
}

func wants(w *world, what string, got, want error) {
	w.Helper()
	if !errors.Is(got, want) {
		w.Errorf("%s: %v; want %v", what, got, want)
	}
}

// A01: six digits from a CSPRNG, five minutes, once.
func TestA01_CodeIsShortLivedAndSingleUse(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{SMSPerHour: 1000, SMSPerDay: 1000, SMSPerIP: 1000}, func(w *world) {
		seen := map[string]bool{}
		for range 50 {
			start(w, anya)
			code := w.Code(anya)
			if !regexp.MustCompile(`^\d{6}$`).MatchString(code) {
				w.Errorf("code %q", code)
			}
			seen[code] = true
		}
		if len(seen) < 48 {
			w.Errorf("only %d different codes of 50", len(seen))
		}

		f := start(w, anya)
		code := w.Code(anya)
		w.Wait(5*time.Minute + time.Second)
		wants(w, "after 5m1s", confirm(w, f, code), access.ErrCodeStale)
		if shown, err := w.Access.FlowOf(bg, f.Token.Reveal()); err != nil || !shown.Spent || shown.TriesLeft != 5 {
			w.Errorf("%+v, %v: the stale code is not told, or cost a try", shown, err)
		}

		f = start(w, anya)
		code = w.Code(anya)
		w.Wait(5*time.Minute - time.Second)
		wants(w, "first use", confirm(w, f, code[:3]+" "+code[3:]), nil)
		wants(w, "second use", confirm(w, f, code), access.ErrStep)
	})
}

var qStored = db.Query(`SELECT code FROM flow WHERE token = $1`)

// A01: what is stored is a keyed hash, not the code.
func TestA01_CodeIsHashed(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		f := start(w, anya)
		var stored []byte
		if err := w.DB.Row(bg, qStored, w.Vault.Lookup(vault.Token, f.Token.Reveal())).Scan(&stored); err != nil {
			w.Fatal(err)
		}
		if len(stored) != 32 {
			w.Errorf("stored %x", stored)
		}
	})
}

var qSwap = db.Query(`UPDATE flow SET code = $2 WHERE token = $1`)

// A02: a code belongs to its request, purpose, browser and phone.
func TestA02_CodeIsBound(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		a, b := start(w, anya), start(w, boris)
		codeA, codeB := w.Code(anya), w.Code(boris)
		if codeA == codeB {
			w.Skip("two equal codes, one case in a million")
		}
		wants(w, "code of another phone", confirm(w, a, codeB), access.ErrWrongCode)
		wants(w, "code of another phone", confirm(w, b, codeA), access.ErrWrongCode)

		// The same phone on another browser: each browser needs its own code.
		a2 := start(w, anya)
		codeA2 := w.Code(anya)
		if codeA2 != codeA {
			wants(w, "code of another browser", confirm(w, a2, codeA), access.ErrWrongCode)
			wants(w, "code of another browser", confirm(w, a, codeA2), access.ErrWrongCode)
		}

		// Another purpose: neither the flow nor its code cross over.
		o, err := w.Apply.Begin(bg, boris.E164(), locale.Russian, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		codeO := w.Code(boris)
		wants(w, "an order's flow for a login", confirm(w, o, codeO), access.ErrNoFlow)
		_, err = w.Access.ConfirmCode(bg, access.ForOrder, b.Token.Reveal(), codeB)
		wants(w, "a login's flow for an order", err, access.ErrNoFlow)
		_, err = w.Access.Resend(bg, access.ForOrder, b.Token.Reveal(), accesstest.Home)
		wants(w, "a resend for another purpose", err, access.ErrNoFlow)
		if codeO != codeB {
			wants(w, "an order's code for a login", confirm(w, b, codeO), access.ErrWrongCode)
		}

		// Even a hash moved by hand from one row to another is wrong there.
		if err := w.DB.Write(bg, func(tx db.Tx) error {
			var stored []byte
			if err := tx.Row(bg, qStored, w.Vault.Lookup(vault.Token, a.Token.Reveal())).Scan(&stored); err != nil {
				return err
			}
			_, err := tx.Exec(bg, qSwap, w.Vault.Lookup(vault.Token, b.Token.Reveal()), stored)
			return err
		}); err != nil {
			w.Fatal(err)
		}
		wants(w, "a moved hash", confirm(w, b, codeA), access.ErrWrongCode)

		for _, token := range []string{"", "x", a.Token.Reveal() + "x", accesstest.Other(a.Token.Reveal())} {
			_, err := w.Access.ConfirmCode(bg, access.ForLogin, token, codeA)
			wants(w, "a made-up browser", err, access.ErrNoFlow)
		}
		wants(w, "the right one", confirm(w, a, codeA), nil)
	})
}

func left(err error) any {
	f, _ := fault.As(err)
	if f == nil {
		return nil
	}
	return f.Args["n"]
}

// A03: five wrong codes per phone, whatever is asked for in between.
func TestA03_WrongTriesSurviveResend(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		f := start(w, anya)
		for n := 4; n >= 3; n-- {
			err := confirm(w, f, accesstest.Other(w.Code(anya)))
			if wants(w, "wrong", err, access.ErrWrongCode); left(err) != n {
				w.Errorf("told %v tries, want %d", left(err), n)
			}
		}
		for _, junk := range []string{"", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\x00"} {
			wants(w, "no code at all", confirm(w, f, junk), access.ErrCodeForm)
		}
		w.Wait(2 * time.Minute)
		f2, err := w.Access.Resend(bg, access.ForLogin, f.Token.Reveal(), accesstest.Home)
		if err != nil || f2.TriesLeft != 3 {
			w.Fatalf("%d tries after a resend, %v; want 3", f2.TriesLeft, err)
		}
		if err := confirm(w, f, accesstest.Other(w.Code(anya))); left(err) != 2 {
			w.Errorf("%v", err)
		}
		f = start(w, anya) // a whole new request does not help either
		if f.TriesLeft != 2 {
			w.Errorf("%d tries in a new request, want 2", f.TriesLeft)
		}
		if err := confirm(w, f, accesstest.Other(w.Code(anya))); left(err) != 1 {
			w.Errorf("%v", err)
		}
		code := w.Code(anya)
		wants(w, "the fifth", confirm(w, f, accesstest.Other(code)), access.ErrCodesPaused)
		wants(w, "the right one in the pause", confirm(w, f, code), access.ErrCodesPaused)
		_, err = w.Access.StartLogin(bg, anya, locale.Russian, accesstest.Home)
		wants(w, "a new request in the pause", err, access.ErrCodesPaused)
		if e, _ := fault.As(err); e == nil || !e.Args["until"].(time.Time).After(w.Now()) {
			w.Errorf("the pause has no end: %v", err)
		}
		start(w, boris) // others are not disturbed

		w.Wait(30 * time.Minute)
		f = start(w, anya)
		wants(w, "after the pause", confirm(w, f, w.Code(anya)), nil)
	})
}

// A03: five are looked at even when hundreds come at once.
func TestA03_ParallelGuesses(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		f := start(w, anya)
		wrong := accesstest.Other(w.Code(anya))
		var judged atomic.Int32
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := confirm(w, f, wrong); errors.Is(err, access.ErrWrongCode) {
					judged.Add(1)
				} else if !errors.Is(err, access.ErrCodesPaused) {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if n := judged.Load(); n != 4 { // the fifth is told the pause
			w.Errorf("%d were judged and told their tries, want 4", n)
		}
	})
}

// A03: a further code after 120 seconds and not before; the earlier one is void.
func TestA03_ResendAfter120Seconds(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		f := start(w, anya)
		first := w.Code(anya)
		if got := f.ResendAt.Sub(w.Now()); got != 120*time.Second {
			w.Errorf("a further code is promised in %v", got)
		}
		w.Wait(119 * time.Second)
		_, err := w.Access.Resend(bg, access.ForLogin, f.Token.Reveal(), accesstest.Home)
		wants(w, "after 119 s", err, access.ErrResendEarly)
		w.Wait(time.Second)
		if _, err = w.Access.Resend(bg, access.ForLogin, f.Token.Reveal(), accesstest.Home); err != nil {
			w.Fatal(err)
		}
		if second := w.Code(anya); second != first {
			wants(w, "the earlier code", confirm(w, f, first), access.ErrWrongCode)
		}
		wants(w, "the newer code", confirm(w, f, w.Code(anya)), nil)
	})
}

// What strangers can make us spend on messages is bounded.
func TestCodesAreCounted(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{SMSPerHour: 3, SMSPerDay: 5, SMSPerIP: 7}, func(w *world) {
		for range 3 {
			start(w, anya)
		}
		_, err := w.Access.StartLogin(bg, anya, locale.Russian, accesstest.Home)
		wants(w, "the fourth in an hour", err, access.ErrTooManyCodes)
		_, err = w.Apply.Begin(bg, anya.E164(), locale.Russian, accesstest.Home)
		wants(w, "an order counts too", err, access.ErrTooManyCodes)
		for n := range 4 {
			start(w, accesstest.Phone(200+n))
		}
		_, err = w.Access.StartLogin(bg, accesstest.Phone(300), locale.Russian, accesstest.Home)
		wants(w, "the eighth from one address", err, access.ErrTooManyCodes)
		if _, err := w.Access.StartLogin(bg, accesstest.Phone(300), locale.Russian, access.Visitor{IP: "198.51.100.1"}); err != nil {
			w.Error(err)
		}
		w.Wait(time.Hour)
		start(w, anya)
		start(w, anya)
		w.Wait(time.Hour)
		_, err = w.Access.StartLogin(bg, anya, locale.Russian, accesstest.Home)
		wants(w, "the sixth in a day", err, access.ErrTooManyCodes)
		if n := len(w.Sent(anya)); n != 5 {
			w.Errorf("%d messages went out, want 5", n)
		}
		_, err = w.Access.StartLogin(bg, "+74951234567", locale.Russian, accesstest.Home)
		wants(w, "a landline", err, access.ErrNotMobile)
	})
}

// The message is in the visitor's language and ends with the line by which a
// browser offers the code to this site alone.
func TestCodeMessage(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		if _, err := w.Access.StartLogin(bg, anya, locale.English, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		m := w.Sent(anya)[0]
		code := w.Code(anya)
		want := code + " is your Rocketbank login code. Tell it to nobody, not even to us.\n\n@bank.example #" + code
		if got := m.Text.Reveal(); got != want || !m.Until.Equal(w.Now().Add(5*time.Minute)) {
			w.Errorf("%q until %v", got, m.Until)
		}
	})
}

// S11: there is no way to a fixed code: no option, flag or phone gives one.
func TestS11_NoFixedCodes(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{SMSPerHour: 1000, SMSPerDay: 1000, SMSPerIP: 1000}, func(w *world) {
		for _, p := range []phone.Number{"+79000000000", "+79999999999", "+79161234567"} {
			start(w, p)
			a := w.Code(p)
			start(w, p)
			b := w.Code(p)
			start(w, p)
			if a == b && b == w.Code(p) {
				w.Errorf("%v always gets the same code", p)
			}
		}
	})
}
