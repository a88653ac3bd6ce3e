package console_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// strangeRecord is a presentment on a card that is not ours.
func (d *desk) strangeRecord(n int) purchase.Record {
	return purchase.Record{
		Line: int64(n), Kind: purchase.Presentment, ARN: fmt.Sprintf("%023d", n), Number: vault.Hide("5555555555554444"), Amount: money.Rub(700_00), Billing: money.Rub(700_00),
		Code: "A1B2C3", RRN: fmt.Sprintf("6326%08d", n), Acquirer: "123456", Process: purchase.Buy, MCC: "5812", Merchant: "TEST SHOP", City: "MOSKVA", Country: "643", At: d.DB.Now(), Final: true,
	}
}

// clears imports records of the card network.
func (d *desk) clears(name string, list ...purchase.Record) {
	d.Helper()
	_, err := d.purchases.Import(context.Background(), purchase.File{ID: name, Network: "test", Day: "2026-11-29", Print: []byte(name), Records: list})
	d.must(err)
}

// M22: what did not meet our books waits in a list; what needs no money is
// settled by one, a posting by two, and no break twice.
func TestM22_BreaksAreSettled(t *testing.T) {
	each(t, func(d *desk) {
		ctx := context.Background()
		who := d.takenOn(8)
		pressed, err := d.Cards.Pressed(ctx)
		d.must(err)
		mine := d.strangeRecord(2)
		mine.Number = pressed[0].Number
		d.clears("CLR-1", d.strangeRecord(1), mine)
		officer, compliance := d.as("card_officer"), d.as("compliance")
		stranger, own := "/breaks/"+d.strangeRecord(1).ARN+"/1", "/breaks/"+mine.ARN+"/1"
		officer.get("/breaks").says(d, stranger, own, "Не наша карта", "Списание без удержания").hides(d, mine.Number.Reveal())

		// Without money: one pair of eyes, and a word for how it ended.
		for _, how := range []string{"", "corrected", "mood"} {
			if got := officer.post(stranger, "how", how); got.status != http.StatusUnprocessableEntity {
				d.Errorf("settled by %q: %d", how, got.status)
			}
		}
		officer.post(stranger, "how", "claimed").to(d)
		officer.get("/breaks").hides(d, stranger)
		if got := officer.post(stranger, "how", "claimed"); got.status != http.StatusConflict {
			d.Errorf("settled twice: %d", got.status)
		}
		if got := officer.post(stranger+"/correct", "amount", "1", "why", "Возврат", "reason", "Магазин ошибся в сумме"); got.status != http.StatusConflict {
			d.Errorf("corrected what is settled: %d", got.status)
		}

		// With money: a case, a proposal, another pair of eyes.
		correct := []string{"amount", "700", "why", "Возврат лишнего списания", "reason", "Магазин списал без удержания"}
		if got := officer.post(own+"/correct", correct...); got.status != http.StatusForbidden {
			d.Errorf("proposed without a case: %d", got.status)
		}
		if to := officer.post(d.page(who)+"/case", "kind", "complaint", "back", own).to(d); to != own {
			d.Errorf("the case leads to %s", to)
		}
		if got := officer.post(own+"/correct", "amount", "много", "why", "x", "reason", "Магазин списал без удержания"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("a sum that is none: %d", got.status)
		}
		officer.post(own+"/correct", correct...).to(d)
		list := compliance.get("/proposals").body
		at := strings.Index(list, "/proposals/pr_")
		if at < 0 {
			d.Fatal("the checker sees no proposal")
		}
		one := list[at : at+len("/proposals/pr_")+26]
		compliance.get(one).says(d, mine.ARN, "Закроет расхождение", "700")
		key, err := id.Parse(staff.ProposalPrefix, strings.TrimPrefix(one, "/proposals/"))
		d.must(err)
		if got := officer.post(one, "decision", "yes"); got.status != http.StatusForbidden {
			d.Errorf("the maker decides %s: %d", key.Text(staff.ProposalPrefix), got.status)
		}
		compliance.post(one, "decision", "yes").to(d)

		for _, path := range []string{"/breaks/" + mine.ARN + "/3", "/breaks/" + mine.ARN + "/x", "/breaks/none/1"} {
			if got := officer.get(path); got.status != http.StatusNotFound {
				d.Errorf("%s: %d", path, got.status)
			}
		}
	})
}
