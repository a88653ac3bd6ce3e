package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

const complaint = "Заплатил один раз, а списали два"

// opensDispute has a client buy something and say that it was charged twice.
func (d *desk) opensDispute(who client.ID, record int) id.ID {
	d.Helper()
	ctx := context.Background()
	pressed, err := d.Cards.Pressed(ctx)
	d.must(err)
	r := d.strangeRecord(record)
	for _, k := range pressed {
		if k.Client == who && !k.State.Dead() {
			r.Number = k.Number
			break
		}
	}
	d.clears("DISPUTED-"+r.ARN, r)
	feed, err := operation.New(d.DB, d.Vault).Feed(ctx, who, operation.Filter{Limit: 1})
	d.must(err)
	x, _, err := d.disputes.Open(ctx, who, dispute.Claim{Operation: feed.Operations[0].ID, Reason: dispute.Twice, Words: complaint})
	d.must(err)
	return x.ID
}

// From the queue to the money: masked until it is the officer's and a reason is
// given; asked, answered, returned by two pairs of eyes, once.
func TestM21_DisputeInTheConsole(t *testing.T) {
	each(t, func(d *desk) {
		ctx := context.Background()
		who := d.takenOn(8)
		key := d.opensDispute(who, 5)
		uid := strings.TrimPrefix(d.page(who), "/clients/")
		page := "/disputes/" + uid + "/" + key.Text(dispute.Prefix)
		secrets := []string{complaint, "Test Shop", "Test shop"}
		officer, compliance := d.as("card_officer"), d.as("compliance")

		officer.get("/disputes").says(d, page, "Списали дважды", "700").hides(d, secrets...)
		officer.get("/disputes?state=needs_answer").hides(d, page)
		officer.get(page).says(d, "Взять").hides(d, secrets...)
		for what, form := range map[string][]string{
			"open":    {page + "/open", "reason", "Разбираем обращение клиента"},
			"ask":     {page, "act", "ask", "words", "Какой номер заказа?"},
			"refuse":  {page, "act", "refuse", "words", "Магазин прислал подтверждение"},
			"accept":  {page + "/accept", "amount", "700", "reason", "Магазин признал ошибку"},
			"release": {page, "act", "release"},
		} {
			if got := officer.post(form[0], form[1:]...); got.status != http.StatusForbidden {
				d.Errorf("%s without a case: %d", what, got.status)
			}
		}
		officer.post(page, "act", "take").to(d)
		if got := compliance.post(page, "act", "take"); got.status != http.StatusConflict {
			d.Errorf("taken by two: %d", got.status)
		}
		officer.get(page).hides(d, secrets...)
		if got := officer.post(page+"/open", "reason", "так"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("opened without a reason: %d", got.status)
		}
		opened := officer.post(page+"/open", "reason", "Разбираем обращение клиента").to(d)
		officer.get(opened).says(d, complaint, "A1B2C3", "проведена")
		look, err := url.Parse(opened)
		d.must(err)
		lk := look.Query().Get("look")
		if got := compliance.get(opened); got.status != http.StatusForbidden {
			d.Errorf("a colleague with the address: %d", got.status)
		}
		compliance.post(d.page(who)+"/case", "kind", "complaint", "back", page).to(d)
		if got := compliance.post(page, "act", "ask", "words", "Какой номер заказа?"); got.status != http.StatusConflict {
			d.Errorf("asked in a colleague's: %d", got.status)
		}

		if got := officer.post(page, "act", "ask", "look", lk, "words", "?"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, complaint) {
			d.Errorf("asked nothing: %d", got.status)
		}
		if got := officer.post(page, "act", "ask", "look", lk, "words", "Какой номер заказа?").to(d); got != opened {
			d.Errorf("asking leads to %s", got)
		}
		officer.get("/disputes?state=needs_answer").says(d, page, "у меня")
		d.must(d.disputes.Answer(ctx, who, key, "Номер пятнадцать"))
		officer.get(opened).says(d, "Номер пятнадцать")

		for _, amount := range []string{"", "много", "0", "700,01", "-1"} {
			if got := officer.post(page+"/accept", "look", lk, "amount", amount, "reason", "Магазин признал ошибку"); got.status != http.StatusUnprocessableEntity {
				d.Errorf("%q to be returned: %d", amount, got.status)
			}
		}
		officer.post(page+"/accept", "look", lk, "amount", "700", "reason", "Магазин признал ошибку").to(d)
		officer.post(page+"/accept", "look", lk, "amount", "650,50", "reason", "Магазин признал ошибку").to(d)
		officer.get(page).says(d, "Возврат по обращению")
		list := compliance.get("/proposals").body
		var proposals []string
		for at := strings.Index(list, "/proposals/pr_"); at >= 0; at = strings.Index(list, "/proposals/pr_") {
			proposals = append(proposals, list[at:at+len("/proposals/pr_")+26])
			list = list[at+len("/proposals/pr_"):]
		}
		if len(proposals) != 2 {
			d.Fatalf("%d proposals", len(proposals))
		}
		compliance.get(proposals[0]).says(d, key.Text(dispute.Prefix), "700", "Магазин признал ошибку")
		if got := officer.post(proposals[0], "decision", "yes"); got.status != http.StatusForbidden {
			d.Errorf("the maker decides: %d", got.status)
		}
		if x, err := d.disputes.One(ctx, who, key); err != nil || x.State.Over() {
			d.Error("one pair of eyes was enough:", err)
		}
		compliance.post(proposals[0], "decision", "yes").to(d)
		if got := compliance.post(proposals[1], "decision", "yes"); got.status != http.StatusUnprocessableEntity && got.status != http.StatusConflict {
			d.Errorf("returned twice: %d", got.status)
		}
		x, err := d.disputes.One(ctx, who, key)
		if err != nil || x.State != dispute.Accepted || x.Credit.Minor != 700_00 {
			d.Errorf("%+v %v", x, err)
		}
		officer.get("/disputes?state=accepted").says(d, page)
		if got := d.as("auditor").get("/audit?act=dispute.accepted").body; strings.Count(got, "<td>dispute.accepted</td>") != 1 || strings.Contains(got, complaint) {
			d.Error("the trail does not tell of it, or too much")
		}

		// Refused with a reason, and given back.
		second := "/disputes/" + uid + "/" + d.opensDispute(who, 6).Text(dispute.Prefix)
		compliance.post(second, "act", "take").to(d)
		compliance.post(second, "act", "release").to(d)
		officer.post(second, "act", "take").to(d)
		officer.post(second, "act", "refuse", "words", "Магазин прислал подтверждение оплаты").to(d)
		officer.get("/disputes?state=refused").says(d, second)
		for _, path := range []string{"/disputes/" + uid + "/" + (id.ID{7}).Text(dispute.Prefix), "/disputes/" + uid + "/di_x", "/disputes/" + (id.ID{7}).Text(client.Prefix) + "/" + key.Text(dispute.Prefix)} {
			if got := officer.get(path); got.status != http.StatusNotFound {
				d.Errorf("%s: %d", path, got.status)
			}
		}
	})
}

// What the merchant gave back while the dispute was open stands on its page, and
// no more than the rest can be proposed.
func TestM22_DisputeAfterRefund(t *testing.T) {
	each(t, func(d *desk) {
		who := d.takenOn(8)
		key := d.opensDispute(who, 5)
		pressed, err := d.Cards.Pressed(context.Background())
		d.must(err)
		refund := d.strangeRecord(6)
		for _, k := range pressed {
			if k.Client == who && !k.State.Dead() {
				refund.Number = k.Number
				break
			}
		}
		refund.Process, refund.RRN, refund.Code, refund.Amount, refund.Billing = purchase.GiveBack, "", "", money.Rub(300_00), money.Rub(300_00)
		d.clears("REFUND", refund)
		page := "/disputes/" + strings.TrimPrefix(d.page(who), "/clients/") + "/" + key.Text(dispute.Prefix)
		officer := d.as("card_officer")
		officer.post(page, "act", "take").to(d)
		opened := officer.post(page+"/open", "reason", "Разбираем обращение клиента").to(d)
		officer.get(opened).says(d, "Магазин вернул", "300", "Осталось вернуть", `value="400"`)
		look, err := url.Parse(opened)
		d.must(err)
		lk := look.Query().Get("look")
		if got := officer.post(page+"/accept", "look", lk, "amount", "400,01", "reason", "Магазин признал ошибку"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "не больше остатка") {
			d.Errorf("more than is left: %d", got.status)
		}
		officer.post(page+"/accept", "look", lk, "amount", "400", "reason", "Магазин признал ошибку").to(d)
		refund.ARN, refund.Amount, refund.Billing = d.strangeRecord(7).ARN, money.Rub(400_00), money.Rub(400_00)
		d.clears("REFUND-2", refund)
		officer.get(opened).says(d, "Все деньги клиенту уже вернулись")
	})
}
