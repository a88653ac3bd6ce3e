package api_test

import (
	"strings"
	"testing"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// buys writes a purchase by card into a client's feed and gives its identifier.
func (w *world) buys(p person, shop string, roubles int64) string {
	w.Helper()
	feed := operation.New(w.DB, w.Vault)
	cards, err := w.Cards.Of(ctx, p.id)
	if err != nil || len(cards) == 0 {
		w.Fatal(len(cards), err)
	}
	sum := money.Rub(roubles * 100)
	o := operation.Operation{
		ID: feed.NewID(), Client: p.id, Account: p.account, Kind: operation.Purchase, State: operation.Done, Amount: money.Rub(-sum.Minor), Fee: money.Rub(0),
		Details: operation.Details{Name: shop, Card: cards[0].Last4, Purchase: &operation.PurchaseDetails{
			Card: cards[0].ID, MCC: "7832", City: "Moskva", Country: "643", Local: sum, Held: sum, Channel: "internet",
		}},
	}
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return feed.Add(ctx, tx, o) }); err != nil {
		w.Fatal(err)
	}
	return o.Text()
}

// A dispute is opened once, read back whole, and refused in words.
func TestDisputes(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 1000)
		bought := w.buys(anna, "Kinoteatr", 500)
		r := w.post(anna.transfer, "/disputes", obj{"operation": bought, "reason": "twice", "text": "Заплатил один раз"})
		if r.status != 201 || r.text("state") != "open" || r.text("operation") != bought || r.header.Get("Location") != "/api/v1/disputes/"+r.text("id") ||
			!strings.HasPrefix(r.text("promised_by"), "2026-12-22T20:59:59") {
			t.Fatalf("%d %s", r.status, r.raw)
		}
		again := w.post(anna.transfer, "/disputes", obj{"operation": bought, "reason": "other", "text": "Ещё раз о том же"})
		if again.status != 201 || again.text("id") != r.text("id") || again.text("reason") != "twice" {
			t.Errorf("asked again: %d %s", again.status, again.raw)
		}
		one := w.get(anna.reading, "/disputes/"+r.text("id"))
		if one.status != 200 || !strings.Contains(one.raw, "Заплатил один раз") || strings.Contains(one.raw, "returned") {
			t.Errorf("%d %s", one.status, one.raw)
		}
		if list := w.get(anna.reading, "/disputes"); !strings.Contains(list.raw, r.text("id")) || strings.Contains(list.raw, "Заплатил") {
			t.Error(list.raw)
		}
		for _, c := range []struct {
			body obj
			code string
		}{
			{obj{"reason": "twice"}, "api.required"},
			{obj{"operation": bought, "reason": "mood"}, "dispute.bad_reason"},
			{obj{"operation": w.buys(anna, "Kiosk", 5), "reason": "other", "text": "кратко"}, "dispute.bad_words"},
			{obj{"operation": w.buys(anna, "Free", 0), "reason": "twice"}, "dispute.no_subject"},
		} {
			w.problem(w.post(anna.transfer, "/disputes", c.body), 422, c.code)
		}
		w.problem(w.post(anna.transfer, "/disputes", obj{"operation": (id.ID{9}).Text(operation.Prefix), "reason": "twice"}), 404, "operation.missing")
		w.problem(w.get(anna.reading, "/disputes/x"), 404, "dispute.missing")
		// The feed and the operation itself name the dispute; what has none says nothing.
		mark := `"dispute":{"id":"` + r.text("id") + `","state":"open"}`
		if feed := w.get(anna.reading, "/operations").raw; strings.Count(feed, `"dispute"`) != 1 || !strings.Contains(feed, mark) {
			t.Error(feed)
		}
		if o := w.get(anna.reading, "/operations/"+bought).raw; !strings.Contains(o, mark) {
			t.Error(o)
		}
	})
}
