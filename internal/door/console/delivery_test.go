package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
)

var doorstep = card.Place{Address: "Москва, Мясницкая улица, дом 13, квартира 21", Wish: "Позвоните за час"}

// ordersPlastic has a client order a plastic card to his home.
func (d *desk) ordersPlastic(who client.ID) id.ID {
	d.Helper()
	k, err := d.Cards.OrderPlastic(context.Background(), who, card.NewPlastic{Place: doorstep})
	d.must(err)
	return k.ID
}

// From the queue to the owner's hands: where it goes is opened with a case and
// a reason, and only the passport of his papers lets the card out.
func TestPlasticReachesItsOwner(t *testing.T) {
	each(t, func(d *desk) {
		ph := accesstest.Phone(8)
		who := d.takenOn(8)
		key := d.ordersPlastic(who)
		uid := strings.TrimPrefix(d.page(who), "/clients/")
		page := "/deliveries/" + uid + "/" + key.Text(card.Prefix)
		whole, err := d.Clients.ByID(context.Background(), who)
		d.must(err)
		officer := d.as("card_officer")
		secrets := []string{doorstep.Address, doorstep.Wish, whole.Name.Last}

		officer.get("/deliveries").says(d, page, whole.Name.Masked()).hides(d, secrets...)
		officer.get("/deliveries?state=made").hides(d, page)
		officer.get(page).says(d, "Откройте его и назовите причину").hides(d, secrets...)
		if got := officer.post(page+"/open", "reason", "Готовим ярлык для курьера"); got.status != http.StatusForbidden {
			d.Errorf("opened without a case: %d", got.status)
		}
		if to := officer.post(d.page(who)+"/case", "kind", "call", "back", page).to(d); to != page {
			d.Errorf("the case leads to %s", to)
		}
		if got := officer.post(page+"/open", "reason", "ярлык"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("opened without a reason: %d", got.status)
		}
		opened := officer.post(page+"/open", "reason", "Готовим ярлык для курьера").to(d)
		officer.get(opened).says(d, doorstep.Address, doorstep.Wish)
		if got := d.as("card_officer").get(opened); got.status != http.StatusForbidden {
			d.Errorf("a colleague with the address: %d", got.status)
		}
		// A look at another part opens no address.
		other := officer.post(d.page(who)+"/open", "what", "cards", "reason", "Готовим ярлык для курьера").to(d)
		if got := officer.get(page + other[strings.Index(other, "?"):]); got.status != http.StatusForbidden {
			d.Errorf("another look: %d", got.status)
		}

		paper := accesstest.Passport(ph)
		passport := paper.Series + " " + paper.Number
		if got := officer.post(page, "act", "sent"); got.status != http.StatusConflict {
			d.Errorf("sent before it is made: %d", got.status)
		}
		officer.post(page, "act", "made").to(d)
		officer.post(page, "act", "sent").to(d)
		officer.get("/deliveries?state=with_courier").says(d, page)
		for _, wrong := range []string{"", "4510 000000", "пашпортъ", accesstest.Passport(accesstest.Phone(9)).Number} {
			if got := officer.post(page, "act", "handed", "passport", wrong); got.status != http.StatusUnprocessableEntity || wrong != "" && strings.Contains(got.body, wrong) {
				d.Errorf("handed over against %q: %d", wrong, got.status)
			}
		}
		officer.post(page, "act", "handed", "passport", passport).to(d)
		at, err := d.Cards.DeliveryOf(context.Background(), who, key)
		d.must(err)
		if at.State != card.HandedOver {
			d.Errorf("it stands at %s", at.State.Word())
		}
		if got := d.as("auditor").get("/audit?act=card.passport_wrong").body; strings.Count(got, "<td>card.passport_wrong</td>") != 4 || strings.Contains(got, paper.Number) {
			d.Error("the trail does not tell of strange passports")
		}
		// Nobody's card, and no card at all.
		for _, path := range []string{"/deliveries/" + uid + "/" + (id.ID{7}).Text(card.Prefix), "/deliveries/" + uid + "/cd_x", "/deliveries/" + (id.ID{7}).Text(client.Prefix) + "/" + key.Text(card.Prefix)} {
			if got := officer.get(path); got.status != http.StatusNotFound {
				d.Errorf("%s: %d", path, got.status)
			}
		}
	})
}
