package access_test

import (
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
)

// A15: while the SIM card of a number is new, its codes let nobody in on a new
// device, even with the passcode; known devices and passkeys go on.
func TestA15_ChangedSIM(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		a, _ := w.WithPasskey(p)
		if err := w.Access.SIMChanged(bg, anya, w.Now().Add(-time.Hour)); err != nil {
			w.Fatal(err)
		}
		thief := w.Flow(anya)
		for range 7 {
			if _, err := w.Access.FinishLogin(bg, thief.Token.Reveal(), bad, accesstest.Home); !errors.Is(err, access.ErrSIMChanged) {
				w.Errorf("a guess: %v", err)
			}
		}
		if _, err := w.Access.FinishLogin(bg, thief.Token.Reveal(), right, accesstest.Home); !errors.Is(err, access.ErrSIMChanged) {
			w.Errorf("the right passcode: %v", err)
		}
		if _, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p)); err != nil {
			w.Errorf("the known device: %v", err)
		}
		if _, err := byPasskey(w, a, "", accesstest.Home, accesstest.NewKey(w)); err != nil {
			w.Errorf("the passkey: %v", err)
		}
		// An older report does not shorten it, and it ends by itself.
		if err := w.Access.SIMChanged(bg, anya, w.Now().Add(-40*time.Hour)); err != nil {
			w.Fatal(err)
		}
		w.Wait(46 * time.Hour)
		if _, err := w.Access.FinishLogin(bg, w.Flow(anya).Token.Reveal(), right, accesstest.Home); !errors.Is(err, access.ErrSIMChanged) {
			w.Errorf("after 47 hours: %v", err)
		}
		w.Wait(time.Hour)
		if _, err := w.Access.FinishLogin(bg, w.Flow(anya).Token.Reveal(), right, accesstest.Home); err != nil {
			w.Errorf("after 48 hours: %v", err)
		}
		// The first passcode does not trust such a number either.
		boris := accesstest.Phone(2)
		w.Approved(boris)
		f := w.Flow(boris)
		if err := w.Access.SIMChanged(bg, boris, w.Now().Add(time.Hour)); err != nil { // a gateway whose clock is ahead
			w.Fatal(err)
		}
		first := access.First{CodeWord: accesstest.CodeWord, Passcode: right, Repeat: right}
		if _, err := w.Access.FirstLogin(bg, f.Token.Reveal(), first, accesstest.Home); !errors.Is(err, access.ErrSIMChanged) {
			w.Errorf("the first login: %v", err)
		}
		w.Wait(48 * time.Hour)
		if err := w.Access.Sweep(bg); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.FirstLogin(bg, w.Flow(boris).Token.Reveal(), first, accesstest.Home); err != nil {
			w.Errorf("two days later: %v", err)
		}
	})
}
