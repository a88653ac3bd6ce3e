package access_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// heard lets a member of staff hear the right word.
func heard(w *world, who client.ID, by access.Staff) {
	w.Helper()
	if yes, err := w.Access.CheckCodeWord(bg, who, by, word); err != nil || !yes {
		w.Fatal(yes, err)
	}
}

// The contact centre only starts a recovery, and only for whom it heard the
// code word a moment ago; one word, one act.
func TestA11_StaffOnlyStarts(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		_, err := w.Access.StartRecovery(bg, irina, p.ID)
		wants(w, "nothing heard", err, access.ErrNotHeard)
		if yes, err := w.Access.CheckCodeWord(bg, p.ID, irina, "лошадка"); err != nil || yes {
			w.Fatal(yes, err)
		}
		_, err = w.Access.StartRecovery(bg, irina, p.ID)
		wants(w, "a wrong word heard", err, access.ErrNotHeard)
		heard(w, p.ID, irina)
		_, err = w.Access.StartRecovery(bg, oleg, p.ID)
		wants(w, "heard by somebody else", err, access.ErrNotHeard)
		stranger := w.Keyed(boris)
		_, err = w.Access.StartRecovery(bg, irina, stranger.ID)
		wants(w, "another's word", err, access.ErrNotHeard)
		if _, err := w.Access.StartRecovery(bg, irina, p.ID); err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.StartRecovery(bg, irina, p.ID)
		wants(w, "one word for two acts", err, access.ErrNotHeard)
		heard(w, p.ID, irina)
		w.Wait(16 * time.Minute)
		_, err = w.Access.StartRecovery(bg, irina, p.ID)
		wants(w, "an old word", err, access.ErrNotHeard)
		if got := alerts(w, p.ID); got[access.AlertRecovery] != 1 {
			w.Errorf("told %v", got)
		}
		if _, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p)); err != nil {
			w.Error("nothing has changed yet:", err)
		}
	})
}

// A known device: code, started recovery and code word; the old passcode is
// dead, other sessions too, and limits are reduced.
func TestA11_ForgottenOnAKnownDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		second := w.NewBrowser(p)
		device := p.DeviceToken.Reveal()
		n := access.NewPasscode{CodeWord: word, Passcode: other, Repeat: other}
		f := w.Flow(anya).Token.Reveal()
		wants(w, "told", w.Access.RecoveryOf(bg, f, device), access.ErrNoRecovery)
		_, err := w.Access.Recover(bg, f, device, n, w.Prove(p), w.Signs(p.Key))
		wants(w, "not started", err, access.ErrNoRecovery)
		heard(w, p.ID, irina)
		if _, err := w.Access.StartRecovery(bg, irina, p.ID); err != nil {
			w.Fatal(err)
		}

		for what, tc := range map[string]struct {
			device string
			n      access.NewPasscode
			from   access.Visitor
			want   error
		}{
			"the cookie without its key": {device, n, accesstest.Home, access.ErrRecoveryWaits},
			"no device":                  {"", n, accesstest.Home, access.ErrRecoveryWaits},
			"a device of two hours":      {second.DeviceToken.Reveal(), n, w.Prove(second), access.ErrRecoveryWaits},
			"no code word":               {device, access.NewPasscode{Passcode: other, Repeat: other}, w.Prove(p), access.ErrCodeWordForm},
			"a wrong code word":          {device, access.NewPasscode{CodeWord: "лошадка", Passcode: other, Repeat: other}, w.Prove(p), access.ErrWrongCodeWord},
			"a weak passcode":            {device, access.NewPasscode{CodeWord: word, Passcode: "0000", Repeat: "0000"}, w.Prove(p), access.ErrPassWeak},
		} {
			_, err := w.Access.Recover(bg, f, tc.device, tc.n, tc.from, w.Signs(p.Key))
			wants(w, what, err, tc.want)
		}
		if err := w.Access.RecoveryOf(bg, f, device); err != nil {
			w.Error("the page of a known device shows its form:", err)
		}
		wants(w, "the page of a new one", w.Access.RecoveryOf(bg, f, ""), access.ErrRecoveryWaits)
		unproved := start(w, anya)
		_, err = w.Access.Recover(bg, unproved.Token.Reveal(), device, n, w.Prove(p), w.Signs(p.Key))
		wants(w, "no code of a SMS", err, access.ErrStep)

		e, err := w.Access.Recover(bg, f, device, n, w.Prove(p), w.Signs(p.Key))
		if err != nil {
			w.Fatal(err)
		}
		if e.Session.Device != p.Session.Device || !e.DeviceToken.Empty() || e.Session.Standing.Reduced.IsZero() {
			w.Errorf("%+v", e.Session)
		}
		_, err = w.Access.Recover(bg, f, device, n, w.Prove(p), w.Signs(p.Key))
		wants(w, "twice", err, access.ErrStep)
		_, err = w.Access.Alive(bg, second.Session)
		wants(w, "another session", err, access.ErrEnded)
		_, err = w.Access.Login(bg, device, right, w.Prove(p))
		wants(w, "the old passcode", err, access.ErrWrongPass)
		if _, err := w.Access.Login(bg, device, other, w.Prove(p)); err != nil {
			w.Error(err)
		}
	})
}

// A lost phone: a new device waits a day, in which «Это не я» stops it.
func TestA11_ForgottenOnANewDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		n := access.NewPasscode{CodeWord: word, Passcode: other, Repeat: other}
		begin := func() {
			heard(w, p.ID, irina)
			if _, err := w.Access.StartRecovery(bg, irina, p.ID); err != nil {
				w.Fatal(err)
			}
		}
		begin()
		_, err := w.Access.Recover(bg, w.Flow(anya).Token.Reveal(), "", n, accesstest.Home, w.Signs(nil))
		wants(w, "at once", err, access.ErrRecoveryWaits)
		token, _ := link(w, p.ID, access.AlertRecovery)
		if _, err := w.Access.NotMe(bg, token); err != nil {
			w.Fatal(err)
		}
		w.Wait(25 * time.Hour)
		_, err = w.Access.Recover(bg, w.Flow(anya).Token.Reveal(), "", n, accesstest.Home, w.Signs(nil))
		wants(w, "after «Это не я»", err, access.ErrNoRecovery)

		begin()
		w.Wait(25 * time.Hour)
		key, f := accesstest.NewKey(w.T), w.Flow(anya)
		from := accesstest.Home
		from.Key = key.Enrol(f.ID.Text(access.FlowPrefix))
		e, err := w.Access.Recover(bg, f.Token.Reveal(), "", n, from, w.Signs(key))
		if err != nil {
			w.Fatal(err)
		}
		if e.Session.Kind != access.Keyed || e.DeviceToken.Empty() || e.Session.Standing.Reduced.IsZero() {
			w.Errorf("%+v", e.Session)
		}
		begin()
		w.Wait(8 * 24 * time.Hour)
		_, err = w.Access.Recover(bg, w.Flow(anya).Token.Reveal(), "", n, accesstest.Home, w.Signs(nil))
		wants(w, "a week later", err, access.ErrNoRecovery)
	})
}

var newPhone = accesstest.Phone(777)

// A number changes with code word, two members of staff, and the client's own
// word from a known device with the code of the new number.
func TestNumberChangeFromASession(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: time.Hour}, func(w *world) {
		p := chief(w)
		second := w.NewBrowser(p)
		w.Keyed(boris)
		_, err := w.Access.StartNumberChange(bg, irina, p.ID, newPhone)
		wants(w, "nothing heard", err, access.ErrNotHeard)
		heard(w, p.ID, irina)
		_, err = w.Access.StartNumberChange(bg, irina, p.ID, boris)
		wants(w, "another's number", err, client.ErrPhoneTaken)
		_, err = w.Access.StartNumberChange(bg, irina, p.ID, "+74951234567")
		wants(w, "no mobile", err, access.ErrNotMobile)
		c, err := w.Access.StartNumberChange(bg, irina, p.ID, newPhone)
		if err != nil {
			w.Fatal(err)
		}
		pr := proof(w, p.Session, right)
		_, err = w.Access.SendNumberCode(bg, p.Session, pr, accesstest.Home)
		wants(w, "not approved", err, access.ErrNoNumber)
		_, err = w.Access.ApproveNumberChange(bg, irina, p.ID, c.ID)
		wants(w, "the same eyes", err, access.ErrSameEyes)
		for range 2 {
			if c, err = w.Access.ApproveNumberChange(bg, oleg, p.ID, c.ID); err != nil || !c.Approved {
				w.Fatal(c, err)
			}
		}
		if got := alerts(w, p.ID); got[access.AlertPhoneAsked] != 1 {
			w.Errorf("told %v", got)
		}
		if sent := w.Sent(newPhone); len(sent) != 1 {
			w.Errorf("%d messages to the new number", len(sent))
		}
		if _, err := w.Access.SendNumberCode(bg, p.Session, pr, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		code := w.Code(newPhone)
		wants(w, "no proof", ended(w, p, access.Proof{}, code), access.ErrStepUp)
		wants(w, "a wrong code", ended(w, p, pr, accesstest.Other(code)), access.ErrWrongCode)
		if err := ended(w, p, pr, code); err != nil {
			w.Fatal(err)
		}
		wants(w, "twice", ended(w, p, pr, code), access.ErrNoNumber)
		now, err := w.Clients.ByID(bg, p.ID)
		if err != nil || now.Phone != newPhone {
			w.Fatal(now.Phone, err)
		}
		if who, err := w.Clients.HoldsPhone(bg, w.DB, newPhone); err != nil || who != p.ID {
			w.Error(who, err)
		}
		_, err = w.Clients.HoldsPhone(bg, w.DB, anya)
		wants(w, "the old number", err, client.ErrNobody)
		_, alert := link(w, p.ID, access.AlertPhone)
		a, err := access.NewRaiser(w.Vault, w.Now).Find(bg, w.DB, p.ID, alert)
		if err != nil || a.To != anya {
			w.Errorf("the old number is told: %v, %v", a.To.E164(), err)
		}
		_, err = w.Access.Alive(bg, second.Session)
		wants(w, "another session", err, access.ErrEnded)
		in, err := w.Access.Alive(bg, p.Session)
		if err != nil || in.Standing.Reduced.IsZero() {
			w.Error(in.Standing, err)
		}
	})
}

// Number and phone are lost: a new device ends the change after a day, by the
// new number's code and the passcode. A SIM swapper's code alone gets nothing.
func TestNumberChangeOnANewDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		f := w.Flow(newPhone).Token.Reveal()
		_, err := w.Access.ClaimNumber(bg, f, right, accesstest.Home, w.Signs(nil))
		wants(w, "nobody's number", err, access.ErrNoNumber)
		heard(w, p.ID, irina)
		c, err := w.Access.StartNumberChange(bg, irina, p.ID, newPhone)
		if err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.ClaimNumber(bg, f, right, accesstest.Home, w.Signs(nil))
		wants(w, "not approved", err, access.ErrNoNumber)
		if _, err := w.Access.ApproveNumberChange(bg, oleg, p.ID, c.ID); err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.ClaimNumber(bg, f, right, accesstest.Home, w.Signs(nil))
		wants(w, "at once", err, access.ErrNumberWaits)
		w.Wait(25 * time.Hour)
		f = w.Flow(newPhone).Token.Reveal()
		_, err = w.Access.ClaimNumber(bg, f, bad, accesstest.Home, w.Signs(nil))
		wants(w, "a wrong passcode", err, access.ErrWrongPass)
		_, err = w.Access.ClaimNumber(bg, start(w, newPhone).Token.Reveal(), right, accesstest.Home, w.Signs(nil))
		wants(w, "no code", err, access.ErrStep)
		e, err := w.Access.ClaimNumber(bg, f, right, accesstest.Home, w.Signs(nil))
		if err != nil || e.Session.Client != p.ID || e.DeviceToken.Empty() {
			w.Fatal(e, err)
		}
		if now, err := w.Clients.ByID(bg, p.ID); err != nil || now.Phone != newPhone {
			w.Error(now.Phone, err)
		}
		_, err = w.Access.ClaimNumber(bg, f, right, accesstest.Home, w.Signs(nil))
		wants(w, "twice", err, access.ErrStep)
	})
}

// «Это не я» from the old number stops a number change for good.
func TestNumberChangeDenied(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		heard(w, p.ID, irina)
		c, err := w.Access.StartNumberChange(bg, irina, p.ID, newPhone)
		if err != nil {
			w.Fatal(err)
		}
		if c, err = w.Access.ApproveNumberChange(bg, oleg, p.ID, c.ID); err != nil {
			w.Fatal(err)
		}
		token, _ := link(w, p.ID, access.AlertPhoneAsked)
		if _, err := w.Access.NotMe(bg, token); err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.NumberChangeOf(bg, p.ID)
		wants(w, "waiting", err, access.ErrNoNumber)
		w.Wait(25 * time.Hour)
		_, err = w.Access.ClaimNumber(bg, w.Flow(newPhone).Token.Reveal(), right, accesstest.Home, w.Signs(nil))
		wants(w, "claimed", err, access.ErrNoNumber)
	})
}

// ended ends a number change in a session: offered, signed, carried out.
func ended(w *world, p accesstest.Person, pr access.Proof, code string) error {
	w.Helper()
	o, err := w.Access.OfferNumber(bg, p.Session, pr, code)
	_, err = w.CarryOut(p, o, err)
	return err
}

// changes gives the signed orders of a client that changed a way in, each
// verified as anybody would.
func changes(w *world, who client.ID) (out []order.Report) {
	w.Helper()
	orders := order.New(order.Deps{DB: w.DB, Vault: w.Vault})
	all, err := orders.Changes(bg, who, 10)
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range all {
		raw, err := orders.Receipt(bg, who, c.ID)
		if err != nil {
			w.Fatal(err)
		}
		r, err := order.Verify(raw, orders.Keys())
		if err != nil {
			w.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// S14: a forgotten passcode and a number on a new phone leave a signed order, by
// the key of the very device that ended them or by a code for exactly this text.
// Another text, another key and none at all change nothing.
func TestS14_ChangesOutsideASessionAreSigned(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		heard(w, p.ID, irina)
		started, err := w.Access.StartRecovery(bg, irina, p.ID)
		if err != nil {
			w.Fatal(err)
		}
		w.Wait(25 * time.Hour)
		n := access.NewPasscode{CodeWord: word, Passcode: other, Repeat: other}
		key, f := accesstest.NewKey(w.T), w.Flow(anya)
		from := accesstest.Home
		from.Key = key.Enrol(f.ID.Text(access.FlowPrefix))
		shown, err := w.Access.RecoveryOrder(bg, f.Token.Reveal())
		if err != nil {
			w.Fatal(err)
		}
		for what, sign := range map[string]access.Signer{
			"nothing": nil, "another key": w.Signs(accesstest.NewKey(w.T)),
			"another text": func(ctx context.Context, c access.FlowChange, device id.ID, spki []byte) (order.Signed, error) {
				c.Order = order.Compose(order.Head{ID: c.Order.ID, Kind: order.NewFactor, Who: p.Session.ID, When: w.Now()}, order.Line{Name: "factor", Value: "phone"})
				return w.Signs(key)(ctx, c, device, spki)
			},
		} {
			if _, err := w.Access.Recover(bg, f.Token.Reveal(), "", n, from, sign); fault.CodeOf(err) != fault.Forbidden {
				w.Errorf("signed by %s: %v", what, err)
			}
		}
		if got := changes(w, p.ID); len(got) != 0 {
			w.Errorf("%d orders of changes that were refused", len(got))
		}
		e, err := w.Access.Recover(bg, f.Token.Reveal(), "", n, from, w.Signs(key))
		if err != nil {
			w.Fatal(err)
		}
		got := changes(w, p.ID)
		if len(got) != 1 || got[0].Order.Text != shown.Order.Text || got[0].Order.Value("factor") != "passcode" ||
			got[0].Order.Value("recovery") != started.ID.Text(access.RecoveryPrefix) || got[0].Evidence.Kind != order.Device ||
			got[0].Evidence.By != e.Session.Device.Text(access.DevicePrefix) || !bytes.Equal(got[0].Evidence.Key, key.SPKI) {
			w.Fatalf("%+v", got)
		}

		heard(w, p.ID, irina)
		c, err := w.Access.StartNumberChange(bg, irina, p.ID, newPhone)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.ApproveNumberChange(bg, oleg, p.ID, c.ID); err != nil {
			w.Fatal(err)
		}
		w.Wait(25 * time.Hour)
		e, err = w.Access.ClaimNumber(bg, w.Flow(newPhone).Token.Reveal(), other, accesstest.Home, w.Signs(nil))
		if err != nil {
			w.Fatal(err)
		}
		if got = changes(w, p.ID); len(got) != 2 || got[0].Order.Value("to") != newPhone.E164() || got[0].Order.Value("change") != c.ID.Text(access.NumberPrefix) ||
			got[0].Evidence.Kind != order.Code || got[0].Evidence.Phone != newPhone.Masked() || strings.Contains(got[0].Order.Text, anya.E164()) {
			w.Fatalf("%+v", got)
		}
	})
}
