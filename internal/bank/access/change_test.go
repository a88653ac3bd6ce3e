package access_test

import (
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

const other = "4816" // a passcode that nobody has yet

// changed sets another passcode: offered, signed by the person's device,
// carried out.
func changed(w *world, p accesstest.Person, in access.Session, pr access.Proof, n access.NewPasscode) error {
	w.Helper()
	o, err := w.Access.OfferPasscode(bg, in, pr, n)
	p.Session = in
	_, err = w.CarryOut(p, o, err)
	return err
}

// proof confirms the passcode in a person's session.
func proof(w *world, in access.Session, passcode string) access.Proof {
	w.Helper()
	c, err := w.Access.ConfirmPasscode(bg, in, passcode)
	if err != nil {
		w.Fatal(err)
	}
	return c.Proof
}

// A11: a passcode is changed with session, device, fresh proof, code word and
// the code of a SMS; with any of them missing or wrong nothing changes.
func TestA11_EveryFactorIsNeeded(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: time.Hour}, func(w *world) {
		p := chief(w)
		pr := proof(w, p.Session, right)
		sent, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home)
		if err != nil || sent.Phone != anya {
			w.Fatal(sent, err)
		}
		code := w.Code(anya)
		whole := access.NewPasscode{CodeWord: word, Code: code, Passcode: other, Repeat: other}
		with := func(change func(*access.NewPasscode)) access.NewPasscode { n := whole; change(&n); return n }
		stranger := w.Keyed(boris)

		for _, tc := range []struct {
			what string
			in   access.Session
			p    access.Proof
			n    access.NewPasscode
			want error
		}{
			{"no proof", p.Session, access.Proof{}, whole, access.ErrStepUp},
			{"another's proof", p.Session, proof(w, stranger.Session, right), whole, access.ErrStepUp},
			{"another's session", stranger.Session, pr, whole, access.ErrStepUp},
			{"no code", p.Session, pr, with(func(n *access.NewPasscode) { n.Code = "" }), access.ErrCodeForm},
			{"a wrong code", p.Session, pr, with(func(n *access.NewPasscode) { n.Code = accesstest.Other(code) }), access.ErrWrongCode},
			{"no code word", p.Session, pr, with(func(n *access.NewPasscode) { n.CodeWord = "" }), access.ErrCodeWordForm},
			{"a wrong code word", p.Session, pr, with(func(n *access.NewPasscode) { n.CodeWord = "лошадка" }), access.ErrWrongCodeWord},
			{"a weak passcode", p.Session, pr, with(func(n *access.NewPasscode) { n.Passcode, n.Repeat = "1234", "1234" }), access.ErrPassWeak},
			{"the birth date", p.Session, pr, with(func(n *access.NewPasscode) { n.Passcode, n.Repeat = "1705", "1705" }), access.ErrPassWeak},
			{"two passcodes", p.Session, pr, with(func(n *access.NewPasscode) { n.Repeat = "4817" }), access.ErrPassRepeat},
			{"the old one", p.Session, pr, with(func(n *access.NewPasscode) { n.Passcode, n.Repeat = right, right }), access.ErrPassSame},
		} {
			wants(w, tc.what, changed(w, p, tc.in, tc.p, tc.n), tc.want)
		}
		if _, err := w.Access.ConfirmPasscode(bg, p.Session, right); err != nil {
			w.Fatal("the old passcode still holds:", err)
		}

		// A code of a login is worthless here, and the code of this change in a login.
		f := start(w, anya)
		wants(w, "a login's code", changed(w, p, p.Session, pr, with(func(n *access.NewPasscode) { n.Code = w.Code(anya) })), access.ErrWrongCode)
		_, err = w.Access.ConfirmCode(bg, access.ForLogin, f.Token.Reveal(), code)
		wants(w, "this code in a login", err, access.ErrWrongCode)

		if err := changed(w, p, p.Session, pr, whole); err != nil {
			w.Fatal(err)
		}
		wants(w, "twice", changed(w, p, p.Session, pr, with(func(n *access.NewPasscode) { n.Passcode, n.Repeat = "5927", "5927" })), access.ErrCodeStale)
		_, err = w.Access.ConfirmPasscode(bg, p.Session, right)
		wants(w, "the old passcode", err, access.ErrWrongPass)
		proof(w, p.Session, other)
	})
}

// A11: an ended session, a forgotten device and a proof of yesterday change nothing.
func TestA11_SessionAndDeviceStand(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: time.Hour}, func(w *world) {
		p := chief(w)
		ready := func() (access.Proof, access.NewPasscode) {
			pr := proof(w, p.Session, right)
			if _, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home); err != nil {
				w.Fatal(err)
			}
			return pr, access.NewPasscode{CodeWord: word, Code: w.Code(anya), Passcode: other, Repeat: other}
		}
		pr, n := ready()
		w.Wait(6 * time.Minute)
		wants(w, "an old proof", changed(w, p, p.Session, pr, n), access.ErrStepUp)
		_, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home)
		wants(w, "a code for an old proof", err, access.ErrStepUp)

		pr, n = ready()
		if err := w.Access.EndSession(bg, p.ID, p.Session.ID); err != nil {
			w.Fatal(err)
		}
		wants(w, "an ended session", changed(w, p, p.Session, pr, n), access.ErrEnded)
		e, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p))
		if err != nil {
			w.Fatal(err)
		}
		p.Session = e.Session
		w.Wait(2 * time.Minute)
		pr, n = ready()
		if err := w.Access.ForgetDevice(bg, p.ID, p.Session.Device); err != nil {
			w.Fatal(err)
		}
		wants(w, "a forgotten device", changed(w, p, p.Session, pr, n), access.ErrEnded)
	})
}

// A11: a passkey stands for old passcode and SMS together, never for the code word.
func TestA11_PasskeyInsteadOfSMS(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		a, _ := w.WithPasskey(p)
		options, ref, err := w.Access.BeginPasskeyStepUp(bg, p.Session)
		if err != nil {
			w.Fatal(err)
		}
		answer, err := a.Get(options)
		if err != nil {
			w.Fatal(err)
		}
		c, err := w.Access.ConfirmPasskey(bg, p.Session, ref, answer)
		if err != nil {
			w.Fatal(err)
		}
		n := access.NewPasscode{CodeWord: "лошадка", Passcode: other, Repeat: other}
		wants(w, "a wrong code word", changed(w, p, p.Session, c.Proof, n), access.ErrWrongCodeWord)
		n.CodeWord = word
		if err := changed(w, p, p.Session, c.Proof, n); err != nil {
			w.Fatal(err)
		}
		proof(w, p.Session, other)
	})
}

// A13: after a changed factor the client is told, his other sessions end, his
// own goes on, and limits are reduced for 48 hours.
func TestA13_ChangedFactor(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		second := w.NewBrowser(p)
		pr := proof(w, p.Session, right)
		if _, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		n := access.NewPasscode{CodeWord: word, Code: w.Code(anya), Passcode: other, Repeat: other}
		if err := changed(w, p, p.Session, pr, n); err != nil {
			w.Fatal(err)
		}
		_, err := w.Access.Session(bg, second.SessionToken.Reveal(), access.Acts)
		wants(w, "the other session", err, access.ErrEnded)
		in, err := w.Access.Alive(bg, p.Session)
		if err != nil {
			w.Fatal("the own session:", err)
		}
		if until := in.Standing.Reduced; until.Sub(w.DB.Now()) < 47*time.Hour || until.Sub(w.DB.Now()) > 48*time.Hour {
			w.Errorf("reduced until %v", until)
		}
		if got := alerts(w, p.ID); got[access.AlertPasscode] != 1 {
			w.Errorf("told %v", got)
		}
		if until, err := w.Access.ReducedUntil(bg, p.ID); err != nil || !until.Equal(in.Standing.Reduced) {
			w.Error(until, err)
		}
	})
}

// Whoever gets the notice ends everything by its link alone, once.
func TestA14_NotMe(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		issued(w, p)
		thief := w.NewBrowser(p)
		token := raised(w, p.ID, access.Alert{Kind: access.AlertKind(access.NewDevice), Device: thief.Session.Device, Name: "Chrome, Android"})

		for _, bad := range []string{"", "AAAAAAAAAAAAAAAA", token + "A", token[:15], p.SessionToken.Reveal()} {
			_, err := w.Access.NotMe(bg, bad)
			wants(w, "a link of nobody", err, access.ErrNoAlert)
		}
		a, err := w.Access.NotMeAbout(bg, token)
		if err != nil || a.Name != "Chrome, Android" || !a.Denied.IsZero() || a.Device != thief.Session.Device {
			w.Fatalf("%+v, %v", a, err)
		}
		if _, err := w.Access.Alive(bg, thief.Session); err != nil {
			w.Fatal("to look at the link changes nothing:", err)
		}
		for round := range 2 {
			if a, err = w.Access.NotMe(bg, token); err != nil || a.Denied.IsZero() {
				w.Fatal(round, a, err)
			}
			_, err = w.Access.Alive(bg, thief.Session)
			if !errors.Is(err, access.ErrEnded) && !errors.Is(err, access.ErrNoSession) {
				w.Error("the thief's session:", err)
			}
		}
		_, err = w.Access.Alive(bg, p.Session)
		wants(w, "the own session", err, access.ErrEnded)
		_, err = w.Access.KnownDevice(bg, thief.DeviceToken.Reveal())
		wants(w, "the thief's device", err, access.ErrNoDevice)
		if _, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p)); err != nil {
			w.Error("the own device goes on:", err)
		}
		cards, err := w.Cards.Of(bg, p.ID)
		if err != nil || len(cards) != 1 || cards[0].State != card.Frozen || cards[0].FrozenBy != card.ByNotMe {
			w.Errorf("%+v, %v", cards, err)
		}
		f := w.Flow(anya)
		_, err = w.Access.FinishLogin(bg, f.Token.Reveal(), right, accesstest.Home)
		wants(w, "a new device", err, access.ErrPaused)
		if until, err := w.Access.ReducedUntil(bg, p.ID); err != nil || until.IsZero() {
			w.Error("no mark of a risk", err)
		}
		w.Wait(31 * 24 * time.Hour)
		_, err = w.Access.NotMe(bg, token)
		wants(w, "an old link", err, access.ErrNoAlert)
	})
}

// A passcode that somebody else changed: every device becomes a strange one,
// for nobody knows on which of them he sits.
func TestA13_NotMeAfterAChangedFactor(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		pr := proof(w, p.Session, right)
		if _, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		n := access.NewPasscode{CodeWord: word, Code: w.Code(anya), Passcode: other, Repeat: other}
		if err := changed(w, p, p.Session, pr, n); err != nil {
			w.Fatal(err)
		}
		token, _ := link(w, p.ID, access.AlertPasscode)
		if _, err := w.Access.NotMe(bg, token); err != nil {
			w.Fatal(err)
		}
		_, err := w.Access.KnownDevice(bg, p.DeviceToken.Reveal())
		wants(w, "the device", err, access.ErrNoDevice)
	})
}

// From a page of an old device: it goes on, the new one ends.
func TestA14_DeniedFromAnOldDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		thief := w.NewBrowser(p)
		raised(w, p.ID, access.Alert{Kind: access.AlertKind(access.NewDevice), Device: thief.Session.Device})
		own, err := w.Access.Alerts(bg, thief.Session)
		if err != nil || len(own) != 0 {
			w.Errorf("the new device is told of itself: %v, %v", own, err)
		}
		old, err := w.Access.Alerts(bg, p.Session)
		if err != nil || len(old) != 1 {
			w.Fatal(old, err)
		}
		stranger := w.Keyed(boris)
		_, err = w.Access.DenyAlert(bg, stranger.Session, old[0].ID)
		wants(w, "another's alert", err, access.ErrNoAlert)
		if _, err := w.Access.DenyAlert(bg, p.Session, old[0].ID); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.Alive(bg, p.Session); err != nil {
			w.Error("the old device:", err)
		}
		_, err = w.Access.KnownDevice(bg, thief.DeviceToken.Reveal())
		wants(w, "the new device", err, access.ErrNoDevice)
		raised(w, p.ID, access.Alert{Kind: access.AlertKind(access.OtherBrowser)})
		more, err := w.Access.Alerts(bg, p.Session)
		if err != nil || len(more) != 1 {
			w.Fatal(more, err)
		}
		if err := w.Access.SawAlert(bg, p.Session, more[0].ID); err != nil {
			w.Error(err)
		}
		if more, err = w.Access.Alerts(bg, p.Session); err != nil || len(more) != 0 {
			w.Error(more, err)
		}
	})
}

// issued gives a person a card.
func issued(w *world, p accesstest.Person) {
	w.Helper()
	c, err := w.Clients.ByID(bg, p.ID)
	if err != nil {
		w.Fatal(err)
	}
	err = w.DB.Write(bg, func(tx db.Tx) error {
		_, err := w.Cards.Issue(bg, tx, card.Order{Client: p.ID, Account: c.Account, Product: card.VirtualWorld, Name: c.Name})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// What may be undone by a tap and what may not.
func TestWhoUnfreezes(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		issued(w, p)
		cards, err := w.Cards.Of(bg, p.ID)
		if err != nil {
			w.Fatal(err)
		}
		key := cards[0].ID
		do := func(fn func(tx db.Tx) error) error { return w.DB.Write(bg, fn) }
		freeze := func(by card.By) error {
			return do(func(tx db.Tx) error { return w.Cards.Freeze(bg, tx, p.ID, key, by, "client") })
		}
		unfreeze := func(by card.By) error {
			return do(func(tx db.Tx) error { return w.Cards.Unfreeze(bg, tx, p.ID, key, by, "client") })
		}
		all := func() error {
			return do(func(tx db.Tx) error { _, err := w.Cards.FreezeAll(bg, tx, p.ID); return err })
		}
		wants(w, "a card that works", unfreeze(card.ByClient), card.ErrNotFrozen)
		for _, step := range []func() error{
			func() error { return freeze(card.ByClient) },
			func() error { return unfreeze(card.ByClient) },
			func() error { return freeze(card.ByClient) },
			all, // what the client froze becomes the bank's to lift
		} {
			if err := step(); err != nil {
				w.Fatal(err)
			}
		}
		wants(w, "what «Это не я» froze", unfreeze(card.ByClient), card.ErrBankFroze)
		wants(w, "frozen twice", freeze(card.ByClient), card.ErrNotActive)
		if err := unfreeze(card.ByBank); err != nil {
			w.Error(err)
		}
		err = do(func(tx db.Tx) error { return w.Cards.Freeze(bg, tx, p.ID, id.ID{1}, card.ByClient, "client") })
		wants(w, "nobody's card", err, card.ErrMissing)
	})
}
