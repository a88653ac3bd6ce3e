package purchase_test

import (
	"context"
	"sync"
	"testing"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

// typed makes the message carry a PIN.
func (w *world) typed(pin string) func(*purchase.Request) {
	return func(r *purchase.Request) {
		block, err := emv.EncodeISO0(w.hsm.zpk, w.number, pin)
		if err != nil {
			w.Fatal(err)
		}
		r.PIN = vault.Hide(string(block))
	}
}

func (w *world) setPIN(pin string) {
	w.Helper()
	pvv, err := w.hsm.PVV(w.number, vault.Hide(pin))
	if err != nil {
		w.Fatal(err)
	}
	w.Do(func(ctx context.Context, tx db.Tx) error {
		return w.cards.NetworkPIN(ctx, tx, w.owner.ID, w.card.ID, pvv)
	})
}

func TestPIN(t *testing.T) {
	each(t, func(w *world) {
		w.ask(w.msg(100, w.typed("7391")), purchase.PINUnverifiable) // none is set
		w.setPIN("7391")
		w.ask(w.msg(100, w.typed("7391")), purchase.Approved)
		w.ask(w.msg(100, w.typed("1111")), purchase.WrongPIN)
		w.ask(w.msg(100, w.typed("1112")), purchase.WrongPIN)
		w.ask(w.msg(100, w.typed("7391")), purchase.Approved) // sets the count back
		// A wrong PIN is counted even when money would be missing, and a block
		// that is none is nobody's try.
		w.ask(w.msg(50_000, w.typed("1111")), purchase.WrongPIN)
		w.ask(w.msg(100, func(r *purchase.Request) { r.PIN = vault.Hide("\x01\x02\x03\x04\x05\x06\x07\x08") }), purchase.PINUnverifiable)
		w.ask(w.msg(100, w.typed("1112")), purchase.WrongPIN)
		w.ask(w.msg(100, w.typed("1113")), purchase.WrongPIN)
		w.ask(w.msg(100, w.typed("7391")), purchase.PINBlocked)
		unblock := w.msg(0, func(r *purchase.Request) { r.Process = purchase.UnblockPIN })
		w.ask(unblock, purchase.Approved)
		w.ask(w.msg(100, w.typed("7391")), purchase.Approved)
		w.sound()
	})
}

func TestPINIsChangedAtTheCashMachine(t *testing.T) {
	each(t, func(w *world) {
		w.setPIN("7391")
		change := func(old, pin string) purchase.Request {
			return w.msg(0, w.typed(old), func(r *purchase.Request) {
				r.Process = purchase.ChangePIN
				block, err := emv.EncodeISO0(w.hsm.zpk, w.number, pin)
				if err != nil {
					t.Fatal(err)
				}
				r.NewPIN = vault.Hide(string(block))
			})
		}
		w.ask(change("1111", "2580"), purchase.WrongPIN)
		w.ask(change("7391", "1234"), purchase.WeakPIN)
		w.ask(change("7391", "2580"), purchase.Approved)
		w.ask(w.msg(100, w.typed("2580")), purchase.Approved)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Process = purchase.Withdraw }), purchase.NeedsPIN)
		a := w.ask(w.msg(100, w.typed("2580"), func(r *purchase.Request) { r.Process = purchase.Withdraw }), purchase.Approved)
		if a.Available == nil || a.Available.Minor != 9_800_00 {
			t.Errorf("the slip tells %v", a.Available)
		}
		a = w.ask(w.msg(0, w.typed("2580"), func(r *purchase.Request) { r.Process = purchase.Inquire }), purchase.Approved)
		if a.Ledger == nil || a.Ledger.Minor != 10_000_00 || a.Available.Minor != 9_800_00 {
			t.Errorf("the balance is told as %v and %v", a.Ledger, a.Available)
		}
	})
}

// Guesses through two processes at once never try more PINs than one.
func TestPINGuessesOfTwoProcesses(t *testing.T) {
	each(t, func(w *world) {
		w.setPIN("7391")
		other := w.svc
		if w.DB.Engine().String() == "postgres" {
			other = w.service(w.Again())
		}
		var mu sync.Mutex
		told := map[purchase.Reason]int{}
		var wg sync.WaitGroup
		for i, pin := range []string{"1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "7391", "7391"} {
			r := w.msg(10, w.typed(pin))
			svc := w.svc
			if i%2 == 1 {
				svc = other
			}
			wg.Go(func() {
				a, err := svc.Handle(context.Background(), r)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				told[a.Reason]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if told[purchase.WrongPIN] > 3+told[purchase.Approved]*3 || told[purchase.WrongPIN] > 3 && told[purchase.Approved] == 0 {
			t.Errorf("told %v", told)
		}
		w.sound()
	})
}
