package authentication_test

import (
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

func (w *world) verifies(p authentication.Presented) (db.Row, bool) {
	w.Helper()
	row, ok, err := w.svc.Verify(bg, p)
	if err != nil {
		w.Fatal(err)
	}
	return row, ok
}

// A value proves one purchase: this card, this shop, at most this sum, once,
// for ninety days.
func TestVerify(t *testing.T) {
	each(t, func(w *world) {
		_, value := w.passed(1_250)
		if _, ok := w.verifies(w.presented(value, 1_250_00)); !ok {
			w.Fatal("the right one is refused")
		}
		igor := w.Client("Игорь", "Ким", 0)
		other, number := w.issue(igor)
		broken, _ := base64.StdEncoding.DecodeString(value)
		flip := func(at int) string {
			b := append([]byte(nil), broken...)
			b[at] ^= 1
			return base64.StdEncoding.EncodeToString(b)
		}
		for name, change := range map[string]func(p *authentication.Presented){
			"a kopeck more":      func(p *authentication.Presented) { p.Amount.Minor++ },
			"less than nothing":  func(p *authentication.Presented) { p.Amount.Minor = -1 },
			"another currency":   func(p *authentication.Presented) { p.Amount.Cur = 840 },
			"another shop":       func(p *authentication.Presented) { p.Merchant = "OTHER SHOP" },
			"no shop":            func(p *authentication.Presented) { p.Merchant = "" },
			"another card":       func(p *authentication.Presented) { p.Client, p.Card, p.Number = igor.ID, other.ID, vault.Hide(number) },
			"another number":     func(p *authentication.Presented) { p.Number = vault.Hide(number) },
			"no number":          func(p *authentication.Presented) { p.Number = vault.Hide("") },
			"no value":           func(p *authentication.Presented) { p.Value = "" },
			"another format":     func(p *authentication.Presented) { p.Value = flip(0) },
			"another result":     func(p *authentication.Presented) { p.Value = flip(1) },
			"another key":        func(p *authentication.Presented) { p.Value = flip(2) },
			"another seal":       func(p *authentication.Presented) { p.Value = flip(5) },
			"another number ATN": func(p *authentication.Presented) { p.Value = flip(18) },
			"a huge ATN":         func(p *authentication.Presented) { p.Value = flip(11) },
		} {
			p := w.presented(value, 1_250_00)
			change(&p)
			if _, ok := w.verifies(p); ok {
				w.Errorf("%s: proved", name)
			}
		}
		for name, change := range map[string]func(p *authentication.Presented){
			"less":                    func(p *authentication.Presented) { p.Amount.Minor = 1 },
			"the name as typed":       func(p *authentication.Presented) { p.Merchant = " test  shop " },
			"another kind of trade":   func(p *authentication.Presented) { p.MCC = "5812" },
			"read by another process": func(*authentication.Presented) {},
		} {
			p := w.presented(value, 1_250_00)
			if change(&p); name == "read by another process" {
				w.svc = w.service(w.Again())
			}
			if _, ok := w.verifies(p); !ok {
				w.Errorf("%s: refused", name)
			}
		}
		w.pass(90 * 24 * time.Hour)
		if _, ok := w.verifies(w.presented(value, 1_250_00)); !ok {
			w.Error("refused on the ninetieth day")
		}
		w.pass(time.Second)
		if _, ok := w.verifies(w.presented(value, 1_250_00)); ok {
			w.Error("proved after ninety days")
		}
	})
}

// A restaurant may add a tip, within the trade that was authenticated.
func TestVerify_Tolerance(t *testing.T) {
	each(t, func(w *world) {
		_, value := w.passed(1_000, func(a *threeds.AReq) { a.MCC = "5812" })
		p := w.presented(value, 1_200_00)
		if p.MCC = "5812"; !second(w.verifies(p)) {
			w.Error("a tip of a fifth is refused")
		}
		if p.Amount.Minor++; second(w.verifies(p)) {
			w.Error("more than a fifth is proved")
		}
		if p.MCC, p.Amount.Minor = "5814", 1_100_00; second(w.verifies(p)) {
			w.Error("a tip in another trade is proved")
		}
	})
}

func second(_ db.Row, ok bool) bool { return ok }

// However many authorisations come with one value at once, one of them has it.
func TestVerify_Once(t *testing.T) {
	each(t, func(w *world) {
		_, value := w.passed(500)
		var wg sync.WaitGroup
		var mu sync.Mutex
		used := 0
		for range 8 {
			wg.Go(func() {
				row, ok, err := w.svc.Verify(bg, w.presented(value, 500_00))
				if err != nil {
					w.Error(err)
				}
				if !ok {
					return
				}
				switch err := w.use(row); {
				case err == nil:
					mu.Lock()
					used++
					mu.Unlock()
				case !db.IsUnique(err):
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if used != 1 {
			w.Errorf("used %d times", used)
		}
		if _, ok := w.verifies(w.presented(value, 500_00)); ok {
			w.Error("proves again")
		}
		// The next of the same card has a number of its own.
		_, next := w.passed(500, func(a *threeds.AReq) { a.ChallengeInd = threeds.ChallengeMandated })
		if a, _ := threeds.ParseValue(value); a.ATN != 1 {
			w.Errorf("ATN %d", a.ATN)
		}
		if b, _ := threeds.ParseValue(next); b.ATN != 2 {
			w.Errorf("ATN %d", b.ATN)
		}
		if _, ok := w.verifies(w.presented(next, 500_00)); !ok {
			w.Error("the next is refused")
		}
	})
}

// What was refused or never finished proves nothing, whatever is presented.
func TestVerify_Refused(t *testing.T) {
	each(t, func(w *world) {
		a, _ := w.begin(500)
		pan, _ := threeds.NewPAN(w.number)
		v, err := threeds.Seal([]byte("0123456789abcdef"), threeds.Value{Result: threeds.ByChallenge, KeyID: 1, ATN: 1}, threeds.Sealed{
			PAN: pan, DSTransID: a.DSTransID, Amount: a.PurchaseAmount, Currency: "643", Exponent: "2", MerchantName: a.MerchantName,
		})
		if err != nil {
			w.Fatal(err)
		}
		if _, ok := w.verifies(w.presented(v.Text(), 500_00)); ok {
			w.Error("a challenge that is not over is proved")
		}
	})
}
