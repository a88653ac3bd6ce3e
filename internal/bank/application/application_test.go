package application_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var bg = context.Background()

type world = accesstest.World

var anya = accesstest.Phone(101)

const pass = accesstest.Passcode

var qPeople = db.Query(`SELECT (SELECT COUNT(*) FROM client), (SELECT COUNT(*) FROM account WHERE owner > 0), (SELECT COUNT(*) FROM card), (SELECT COUNT(*) FROM device)`)

// people counts clients, accounts, cards and devices.
func people(w *world) (n [4]int) {
	w.Helper()
	if err := w.DB.Row(bg, qPeople).Scan(&n[0], &n[1], &n[2], &n[3]); err != nil {
		w.Fatal(err)
	}
	return n
}

// A newcomer has everything at once: client, rouble account, card, device,
// session, message, and a whole audit trail.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		done := w.Newcomer(anya)
		who := done.Entry.Session.Client
		if got := people(w); got != [4]int{1, 1, 1, 1} {
			w.Errorf("clients, accounts, cards, devices: %v", got)
		}
		c, err := w.Clients.ByID(bg, who)
		if err != nil || c.Name.Whole() != "Анна Соколова" || c.Born.ISO() != "1990-05-17" || c.Phone != anya ||
			c.Lang != locale.Russian || c.State != client.Active || c.Level != client.Simplified {
			w.Errorf("%+v, %v", c, err)
		}
		p, err := w.Clients.ByPhone(bg, anya)
		if err != nil || p.ID != who || p.Masked != "Анна С." || p.Account != c.Account {
			w.Errorf("%+v, %v", p, err)
		}
		if _, err := w.Clients.ByPhone(bg, accesstest.Phone(102)); !errors.Is(err, client.ErrNobody) {
			w.Errorf("a strange phone: %v", err)
		}
		a, err := ledger.AccountByID(bg, w.DB, c.Account)
		if err != nil || a.Owner != int64(who) || a.Posted != money.Rub(0) || a.Floor != money.Rub(0) || a.NoFloor || a.Closed {
			w.Errorf("%+v, %v", a, err)
		}
		cards, err := w.Cards.Of(bg, who)
		if err != nil || len(cards) != 1 || cards[0] != done.Card {
			w.Fatalf("%+v, %v; want %+v", cards, err, done.Card)
		}
		k := cards[0]
		in := w.DB.Now().In(clock.Moscow)
		if k.Account != c.Account || k.First6 != "550000" || len(k.Last4) != 4 || k.Holder != "ANNA SOKOLOVA" ||
			k.Expires() != fmt.Sprintf("%02d/%02d", int(in.Month()), in.Year()%100+5) {
			w.Errorf("%+v, expires %s", k, k.Expires())
		}
		if acc, err := w.Cards.DefaultAccount(bg, who); err != nil || acc != c.Account {
			w.Errorf("default account %v, %v", acc, err)
		}
		if _, err := w.Access.Session(bg, done.Entry.SessionToken.Reveal(), access.Acts); err != nil {
			w.Error(err)
		}
		if _, err := w.Access.Login(bg, done.Entry.DeviceToken.Reveal(), pass, accesstest.Home); err != nil {
			w.Error(err)
		}
		sent := w.Sent(anya)
		if last := sent[len(sent)-1].Text.Reveal(); len(sent) != 2 || !strings.Contains(last, "•• "+k.Last4) {
			w.Errorf("%d messages, the last is %q", len(sent), last)
		}
		whole(w, 4)
	})
}

// whole fails unless the audit trail is unbroken and has at least so many rows.
func whole(w *world, least int64) {
	w.Helper()
	if err := w.DB.Read(bg, func(r db.Reader) error {
		n, bad, err := audit.Verify(bg, r)
		if len(bad) > 0 || n < least {
			w.Errorf("audit: %d rows, %v", n, bad)
		}
		return err
	}); err != nil {
		w.Fatal(err)
	}
}

// Another's card and one that never was are missing alike.
func TestForeignCardIsMissing(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		a, b := w.Newcomer(anya), w.Newcomer(accesstest.Phone(102))
		who := a.Entry.Session.Client
		if c, err := w.Cards.ByID(bg, who, a.Card.ID); err != nil || c != a.Card {
			w.Errorf("%+v, %v", c, err)
		}
		_, err1 := w.Cards.ByID(bg, who, b.Card.ID)
		_, err2 := w.Cards.ByID(bg, who, a.Entry.Session.ID)
		if fault.CodeOf(err1) != fault.Missing || fault.CodeOf(err2) != fault.Missing || err1.Error() != err2.Error() {
			w.Errorf("%v; %v", err1, err2)
		}
	})
}

// A double tap, a lost answer and twenty parallel posts make one client, and
// each answer opens the same device.
func TestFinishIsReplaySafe(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		flow := w.Ordered(anya)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var got []application.Done
		for range 20 {
			wg.Go(func() {
				d, err := w.Apply.Finish(bg, flow, pass, pass, accesstest.Home)
				if err != nil {
					w.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got = append(got, d)
			})
		}
		wg.Wait()
		if w.Failed() {
			return
		}
		late, err := w.Apply.Finish(bg, flow, pass, pass, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		for _, d := range append(got, late) {
			if d.Card != got[0].Card || d.Entry.DeviceToken.Reveal() != got[0].Entry.DeviceToken.Reveal() {
				w.Errorf("%+v; want %+v", d, got[0])
			}
			if _, err := w.Access.Session(bg, d.Entry.SessionToken.Reveal(), access.Acts); err != nil {
				w.Error(err)
			}
		}
		if n := people(w); n != [4]int{1, 1, 1, 1} {
			w.Errorf("clients, accounts, cards, devices: %v", n)
		}
		_, err = w.Apply.Finish(bg, flow, "8264", "8264", accesstest.Home)
		if !errors.Is(err, access.ErrWrongPass) {
			w.Errorf("a replay with another passcode: %v", err)
		}
		whole(w, 4)
	})
}

// Two browsers prove one phone and finish at once: one of them makes the
// client, the other one is asked for his passcode.
func TestTwoFlowsOnePhone(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		flows := []string{w.Ordered(anya), w.Ordered(anya)}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, f := range flows {
			wg.Go(func() { _, errs[i] = w.Apply.Finish(bg, f, pass, pass, accesstest.Home) })
		}
		wg.Wait()
		lost := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, access.ErrStep) })
		if lost < 0 || errs[1-lost] != nil {
			w.Fatalf("%v", errs)
		}
		if n := people(w); n != [4]int{1, 1, 1, 1} {
			w.Errorf("clients, accounts, cards, devices: %v", n)
		}
		f, err := w.Access.FlowOf(bg, flows[lost])
		if err != nil || f.Stage != access.AtPasscode {
			w.Errorf("stage %v, %v", f.Stage, err)
		}
		if _, err := w.Access.FinishLogin(bg, flows[lost], pass, accesstest.Home); err != nil {
			w.Error(err)
		}
	})
}

func TestFinishNeedsTheCode(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		f, err := w.Apply.Start(bg, accesstest.Form(anya), accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.Apply.Finish(bg, f.Token.Reveal(), pass, pass, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("no code: %v", err)
		}
		if _, err := w.Apply.Finish(bg, w.Proved(anya), pass, pass, accesstest.Home); !errors.Is(err, access.ErrNoFlow) {
			w.Errorf("a login's flow: %v", err)
		}
		if _, err := w.Apply.Finish(bg, "", pass, pass, accesstest.Home); !errors.Is(err, access.ErrNoFlow) {
			w.Errorf("no flow: %v", err)
		}
		flow := w.Ordered(anya)
		w.Wait(31 * time.Minute)
		if _, err := w.Apply.Finish(bg, flow, pass, pass, accesstest.Home); !errors.Is(err, access.ErrNoFlow) {
			w.Errorf("an old flow: %v", err)
		}
		if n := people(w); n != [4]int{} {
			w.Errorf("clients, accounts, cards, devices: %v", n)
		}
	})
}

// All faults of a form are told at once, each at its field, and no message is sent.
func TestFormTellsEverything(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		_, err := w.Apply.Start(bg, application.Form{Phone: "12", Name: "Anna1 Sokolova", BirthDate: "31.02.1990"}, accesstest.Home)
		var p application.Problems
		if !errors.As(err, &p) || len(p) != 3 || p[0].Field != "phone" || p[1].Field != "name" || p[2].Field != "birth_date" {
			w.Fatalf("%v", err)
		}
		if !errors.Is(p[1], application.ErrNameLetters) || !errors.Is(p[2], application.ErrBirthInvalid) || fault.CodeOf(err) != fault.Invalid {
			w.Errorf("%v", err)
		}
		for _, f := range p {
			for _, lang := range locale.Langs() {
				if text := locale.For(lang).Fault(f); text == f.Key || strings.Contains(text, "{") {
					w.Errorf("%s says %q", f.Key, text)
				}
			}
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{SMSPerHour: 1000, SMSPerDay: 1000, SMSPerIP: 1000}, func(w *world) {
		for name, want := range map[string]error{
			"Анна Соколова": nil, "  анна   соколова ": nil, "Анна-Мария Д'Артаньян": nil, "Anna O’Neil": nil, "Анна Ивановна Соколова": nil,
			"Ëlisabeth Müller": nil, "Җәмилә Әхмәтова": nil, "Е\u0308лена Й": nil,
			"": application.ErrNameEmpty, " \t\u00a0": application.ErrNameEmpty, "Анна": application.ErrNameTwo,
			"Анна Соколова2": application.ErrNameLetters, "Анна\x00 Соколова": application.ErrNameLetters, "Анна 😀": application.ErrNameLetters,
			"Анна <b>": application.ErrNameLetters, "Анна -": application.ErrNameLetters, "Анна Сокол-": application.ErrNameLetters,
			"阿 安": application.ErrNameLetters, "Анна \u202eСоколова": application.ErrNameLetters,
			"Aнна Соколова": application.ErrNameScript, "Анна\xff Соколова": application.ErrNameLong,
			strings.Repeat("я", 59) + " я": application.ErrNameLong, strings.Repeat("a", 1<<20): application.ErrNameLong,
		} {
			f := accesstest.Form(anya)
			f.Name = name
			if _, err := w.Apply.Start(bg, f, accesstest.Home); !errors.Is(err, want) {
				w.Errorf("%.40q: %v; want %v", name, err, want)
			}
		}
	})
}

func TestBirthDates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 21, 30, 0, 0, time.UTC) // in Moscow it is the 23rd already
	d := func(s string) error {
		_, err := application.ParseBirth(s, now)
		return err
	}
	for s, want := range map[string]error{
		"17.05.1990": nil, "1990-05-17": nil, "7.5.1990": nil, " 29.02.1992 ": nil, "23.11.2008": nil, "24.11.1906": nil,
		"24.11.2008": application.ErrBirthYoung, "22.11.2026": application.ErrBirthYoung, "01.01.2027": application.ErrBirthInvalid,
		"01.01.1900": application.ErrBirthOld, "": application.ErrBirthEmpty,
		"31.02.1990": application.ErrBirthInvalid, "29.02.1991": application.ErrBirthInvalid, "00.01.1990": application.ErrBirthInvalid,
		"1.13.1990": application.ErrBirthInvalid, "17.05.90": application.ErrBirthInvalid, "17/05/1990": application.ErrBirthInvalid,
		"-7.05.1990": application.ErrBirthInvalid, "+7.05.1990": application.ErrBirthInvalid, "١٧.٠٥.١٩٩٠": application.ErrBirthInvalid,
		"17.05.1990\x00": application.ErrBirthInvalid, "1e1.05.1990": application.ErrBirthInvalid, "0000-00-00": application.ErrBirthInvalid,
		strings.Repeat("1", 1<<20): application.ErrBirthInvalid, "17.05.0000": application.ErrBirthInvalid,
	} {
		if err := d(s); !errors.Is(err, want) {
			t.Errorf("%.20q: %v; want %v", s, err, want)
		}
	}
}

// A08: weak passcodes are refused with words and nothing is made.
func TestA08_WeakPasscodes(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		flow := w.Ordered(anya) // +7 916 555-01-01, born 17.05.1990
		try := func(passcode, repeat string) error {
			_, err := w.Apply.Finish(bg, flow, passcode, repeat, accesstest.Home)
			return err
		}
		for _, bad := range []string{
			"0000", "1111", "99999", "777777", "1234", "12345", "123456", "4321", "654321", "7890", "0987", "2345", "8901", "1212", "121212",
			"6969", "123123", "2580", "1705", "0517", "1990", "0590", "9005", "1790", "170590", "900517", "051790", "199005", "0101", "50101", "550101",
			"123321", "112233",
		} {
			if err := try(bad, bad); !errors.Is(err, application.ErrPassWeak) {
				w.Errorf("%s: %v", bad, err)
			}
		}
		for _, junk := range []string{"", "123", "1234567", "12a4", "١٢٣٤", "73 1", "73\x001"} {
			if err := try(junk, junk); !errors.Is(err, access.ErrPassForm) {
				w.Errorf("%q: %v", junk, err)
			}
		}
		if err := try(pass, "7392"); !errors.Is(err, application.ErrPassRepeat) {
			w.Errorf("another repeat: %v", err)
		}
		if n := people(w); n != [4]int{} {
			w.Errorf("clients, accounts, cards, devices: %v", n)
		}
		for i, good := range []string{"7391", "50283", "820416"} {
			f := w.Ordered(accesstest.Phone(200 + i))
			if _, err := w.Apply.Finish(bg, f, good, good, accesstest.Home); err != nil {
				w.Errorf("%s: %v", good, err)
			}
		}
	})
}

var qDrafts = db.Query(`SELECT COUNT(*) FROM application`)

func TestSweepForgetsDrafts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	accesstest.EachClock(t, clock.Func(func() time.Time { return now }), func(w *world) {
		w.Newcomer(anya)
		w.Ordered(accesstest.Phone(102))
		now = now.Add(25 * time.Hour)
		w.Ordered(accesstest.Phone(103))
		if err := w.Apply.Sweep(bg); err != nil {
			w.Fatal(err)
		}
		var n int
		if err := w.DB.Row(bg, qDrafts).Scan(&n); err != nil || n != 2 {
			w.Errorf("%d applications are left, %v; want the approved and the new one", n, err)
		}
	})
}
