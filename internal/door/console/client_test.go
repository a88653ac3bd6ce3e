package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
)

// An approved application leads every role that may see clients to its client;
// one on its way is nobody's to them, and to a manager it is a page of its own.
func TestSearchByApplication(t *testing.T) {
	each(t, func(d *desk) {
		waiting := d.ordered(21)
		ph := accesstest.Phone(22)
		key := d.Fill(application.ByFlow(d.Ordered(ph)), ph, "Анна", "Соколова")
		d.Approve(key)
		approved := key.Text(application.Prefix)
		who, err := d.Clients.HoldsPhone(context.Background(), d.DB, ph)
		d.must(err)
		page := d.page(who)
		for _, role := range []string{"support", "card_officer", "compliance"} {
			b := d.as(role)
			if got := b.post("/clients", "q", approved); got.status != http.StatusSeeOther || got.header.Get("Location") != page {
				d.Errorf("%s by an approved number: %d %s", role, got.status, got.header.Get("Location"))
			}
			for what, number := range map[string]string{"waiting": waiting, "no such": application.Prefix + "_" + strings.Repeat("0", 26), "no number": "ap_x"} {
				if got := b.post("/clients", "q", number); got.status != http.StatusOK || !strings.Contains(got.body, "Такого клиента нет") {
					d.Errorf("%s by the number of a %s application: %d", role, what, got.status)
				}
			}
		}
		if got := d.as("manager").post("/clients", "q", waiting); got.header.Get("Location") != "/applications/"+waiting {
			d.Errorf("a manager: %d %s", got.status, got.header.Get("Location"))
		}
	})
}

// Page 360: the application and the devices with their short codes open by a
// look of their own, and stand shut before it.
func TestClientPageParts(t *testing.T) {
	each(t, func(d *desk) {
		ctx := context.Background()
		ph := accesstest.Phone(23)
		p := d.Keyed(ph)
		devices, err := d.Access.Devices(ctx, p.ID, access.Session{})
		d.must(err)
		page := d.page(p.ID)
		support := d.as("support")
		support.post(page+"/case", "kind", "call")
		opened := func(what string) string {
			d.Helper()
			got := support.post(page+"/open", "what", what, "reason", "Клиент звонит, сверяем данные")
			if got.status != http.StatusSeeOther {
				d.Fatalf("open %s: %d", what, got.status)
			}
			return support.get(got.header.Get("Location")).body
		}
		if len(devices) != 1 || devices[0].Code == "" || strings.Contains(support.get(page).body, devices[0].Code) {
			d.Fatalf("%+v", devices)
		}
		if got := opened("devices"); !strings.Contains(got, devices[0].Code) {
			d.Error("the device's short code is not shown")
		}
		if got := opened("application"); !strings.Contains(got, "Заявок не было") {
			d.Error("a client without an application")
		}
		ph = accesstest.Phone(24)
		key := d.Fill(application.ByFlow(d.Ordered(ph)), ph, "Анна", "Соколова")
		d.Approve(key)
		who, err := d.Clients.HoldsPhone(ctx, d.DB, ph)
		d.must(err)
		whole, err := d.Clients.ByID(ctx, who)
		d.must(err)
		page = "/clients/" + whole.UID.Text(client.Prefix)
		support.post(page+"/case", "kind", "call")
		if got := support.get(page).body; strings.Contains(got, key.Text(application.Prefix)) {
			d.Error("the application is shown before it is opened")
		}
		if got := opened("application"); !strings.Contains(got, key.Text(application.Prefix)) || !strings.Contains(got, "Одобрена") {
			d.Error("the application is not shown")
		}
	})
}
