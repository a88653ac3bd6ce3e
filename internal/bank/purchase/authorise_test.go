package purchase_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

func TestPurchaseHoldsAndIsRemembered(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1250)
		a := w.ask(r, purchase.Approved)
		if len(a.Code) != 6 || len(a.Chip) == 0 {
			t.Errorf("approval code %q, chip answer %x", a.Code, a.Chip)
		}
		w.stands(10_000, 1250)
		o := w.newest(operation.Pending, -1250)
		if o.Details.Name != "Test Shop" || o.Details.Purchase.MCC != "5411" || o.Details.Purchase.Channel != "chip" {
			t.Errorf("the client reads %+v", o.Details)
		}
		// The same message again, and as a repeat, gets the same answer and does nothing.
		for _, repeat := range []bool{false, true} {
			again := r
			again.Repeat = repeat
			b := w.ask(again, purchase.Approved)
			if !b.Replay || b.Code != a.Code || string(b.Chip) != string(a.Chip) || b.Auth != a.Auth {
				t.Errorf("the repeat was answered %+v, want %+v", b, a)
			}
		}
		// A repeat whose transmission time was set anew.
		moved := r
		moved.Repeat, moved.Sent = true, "1122090145"
		if b := w.ask(moved, purchase.Approved); !b.Replay || b.Code != a.Code {
			t.Errorf("the moved repeat was answered %+v", b)
		}
		// Another sum or card under the same key.
		other := r
		other.Amount = money.Rub(99_00)
		w.ask(other, purchase.TwiceSent)
		w.stands(10_000, 1250)
		w.sound()
	})
}

func TestDeclinesTellWhy(t *testing.T) {
	each(t, func(w *world) {
		a := w.ask(w.msg(10_340), purchase.NoFunds)
		if a.Missing != money.Rub(340_00) || a.Code != "" {
			t.Errorf("answer %+v", a)
		}
		o := w.newest(operation.Declined, -10_340)
		if o.Details.Purchase.Reason != "no_funds" || o.Details.Purchase.Missing != money.Rub(340_00) {
			t.Errorf("the client reads %+v", o.Details.Purchase)
		}
		w.ask(w.msg(100, func(r *purchase.Request) { r.Number = vault.Hide("5500009999999996") }), purchase.NoSuchCard)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Expiry = "2001" }), purchase.ExpiredCard)
		w.ask(w.msg(0), purchase.BadAmount)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Process = "40" }), purchase.NoSuchType)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Amount = money.Amount{Minor: 100, Cur: 840}; r.Entry = "901" }), purchase.NoSuchType)
		w.stands(10_000, 0)
		w.sound()
	})
}

// M19: what its holder froze is refused from the very next message, also by the
// other process, and goes on as before once it is unfrozen; a promise made
// before the freeze stands.
func TestM19_FreezeWorksAtOnce(t *testing.T) {
	each(t, func(w *world) {
		before := w.msg(1000)
		w.ask(before, purchase.Approved)
		w.Do(func(ctx context.Context, tx db.Tx) error {
			return w.cards.Freeze(ctx, tx, w.owner.ID, w.card.ID, card.ByClient, "client")
		})
		w.ask(w.msg(500), purchase.Paused)
		if a := w.ask(before, purchase.Approved); !a.Replay {
			t.Error("the answer given before the freeze is not remembered")
		}
		w.svc = w.service(w.Bank)
		w.ask(w.msg(500), purchase.Paused)
		w.stands(10_000, 1000)
		w.Do(func(ctx context.Context, tx db.Tx) error {
			return w.cards.Unfreeze(ctx, tx, w.owner.ID, w.card.ID, card.ByClient, "client")
		})
		w.ask(w.msg(500), purchase.Approved)
		w.stands(10_000, 1500)
		w.sound()
	})
}

func TestPartialApproval(t *testing.T) {
	each(t, func(w *world) {
		a := w.ask(w.msg(12_000, func(r *purchase.Request) { r.Partial = true }), purchase.PartlyApproved)
		if a.Amount != money.Rub(10_000_00) {
			t.Errorf("approved %v", a.Amount)
		}
		w.stands(10_000, 10_000)
		w.newest(operation.Pending, -10_000)
		w.sound()
	})
}

func TestChip(t *testing.T) {
	each(t, func(w *world) {
		// Messages overtake each other, the first of a card's life too.
		first, second := w.msg(100), w.msg(100)
		w.ask(second, purchase.Approved)
		w.ask(first, purchase.Approved)
		// The same counter in another message: a copy of the chip.
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 1) }), purchase.ClonedChip)
		// An older counter that was never used is good, unless it is much older.
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 40) }), purchase.Approved)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 20) }), purchase.Approved)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 20) }), purchase.ClonedChip)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 2000) }), purchase.ClonedChip)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 0) }), purchase.ClonedChip)
		spoil := func(r *purchase.Request) { r.Chip = w.chip(*r, 50); r.Chip[len(r.Chip)-1] ^= 1 }
		w.ask(w.msg(100, spoil), purchase.BadCryptogram)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = []byte{0x9F} }), purchase.BadCryptogram)
		w.ask(w.msg(100, spoil), purchase.BadCryptogram)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 90) }), purchase.Approved)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 27) }), purchase.Approved)
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 26) }), purchase.ClonedChip)
		w.ask(w.msg(100, spoil), purchase.BadCryptogram)
		// Three wrong cryptograms within a day stop the chip.
		w.ask(w.msg(100, func(r *purchase.Request) { r.Chip = w.chip(*r, 91) }), purchase.BadCryptogram)
		w.sound()
	})
}

func TestStripe(t *testing.T) {
	each(t, func(w *world) {
		f, err := w.cards.ByNumber(w.number)
		if err != nil {
			t.Fatal(err)
		}
		right, _ := w.hsm.CVV(w.number, f.Expires, f.Service)
		copied, _ := w.hsm.ICVV(w.number, f.Expires)
		read := func(value string) func(*purchase.Request) {
			return func(r *purchase.Request) {
				r.Entry, r.Track2 = "901", vault.Hide(w.number+"="+f.Expires+f.Service+"00000"+value+"00")
			}
		}
		w.ask(w.msg(100, read(right)), purchase.Approved)
		w.ask(w.msg(100, read(other(right, copied))), purchase.WrongCVC)
		if copied != right { // of one card in a thousand they are the same
			w.ask(w.msg(100, read(copied)), purchase.Suspicious)
		}
		w.ask(w.msg(100, read(right), func(r *purchase.Request) { r.Track2 = vault.Hide("12=34") }), purchase.WrongCVC)
	})
}

// other gives three digits that are none of these.
func other(codes ...string) string {
	code := 0
	for slices.Contains(codes, fmt.Sprintf("%03d", code)) {
		code++
	}
	return fmt.Sprintf("%03d", code)
}

// An internet purchase without a passed code or an exempt decision is
// declined, as the client is promised.
func TestInternetNeedsProof(t *testing.T) {
	each(t, func(w *world) {
		f, err := w.cards.ByNumber(w.number)
		if err != nil {
			t.Fatal(err)
		}
		cvc, _ := w.hsm.CVV2(w.number, f.Expires)
		web := func(proof string) func(*purchase.Request) {
			return func(r *purchase.Request) { r.Entry, r.Proof, r.CVC2 = "812", proof, vault.Hide(cvc) }
		}
		w.proofs.good["one"], w.proofs.good["two"] = true, true
		w.ask(w.msg(100, web("")), purchase.NeedsProof)
		w.ask(w.msg(100, web("forged")), purchase.NeedsProof)
		w.ask(w.msg(100, web("one"), func(r *purchase.Request) { r.CVC2 = vault.Hide(other(cvc)) }), purchase.WrongCVC)
		w.ask(w.msg(100, web("one")), purchase.Approved)
		// The merchant who was authorised once may come again by himself; a stranger may not.
		later := func(r *purchase.Request) { r.Entry, r.Recurring = "102", true }
		w.ask(w.msg(50, later), purchase.Approved)
		w.ask(w.msg(50, later, func(r *purchase.Request) { r.Merchant.ID = "OTHER" }), purchase.NeedsProof)
		// By mail or phone the printed code is the proof.
		w.ask(w.msg(70, func(r *purchase.Request) { r.Entry, r.Condition, r.CVC2 = "012", "08", vault.Hide(cvc) }), purchase.Approved)
		w.ask(w.msg(70, func(r *purchase.Request) { r.Entry, r.Condition = "012", "08" }), purchase.NeedsProof)
		w.stands(10_000, 220)
		w.sound()
	})
}

func TestRepeatStorm(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(500)
		other := w.service(w.Again()) // another process
		codes := make([]string, 60)
		var wg sync.WaitGroup
		for i := range codes {
			wg.Go(func() {
				svc := w.svc
				if i%2 == 1 && w.DB.Engine().String() == "postgres" {
					svc = other
				}
				again := r
				again.Repeat = i > 0
				a, err := svc.Handle(context.Background(), again)
				if err != nil {
					t.Error(err)
				}
				codes[i] = a.Code
			})
		}
		wg.Wait()
		for _, c := range codes {
			if c != codes[0] || c == "" {
				t.Fatalf("answers differ: %q", codes)
			}
		}
		w.stands(10_000, 500)
		w.sound()
	})
}
