package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/privacy"
)

// S12: compliance finds the request, reads what its answer says, and answers
// it once; the client then reads the answer, and no page shows who he is.
func TestS12_DeletionAnswered(t *testing.T) {
	each(t, func(d *desk) {
		ctx := context.Background()
		p := d.Keyed(accesstest.Phone(11))
		who, err := d.Clients.ByID(ctx, p.ID)
		d.must(err)
		compliance := d.as("compliance")
		if got := compliance.get("/deletions"); got.status != http.StatusOK || !strings.Contains(got.body, "Никто не ждёт") {
			d.Errorf("an empty list: %d", got.status)
		}
		c, err := d.Access.ConfirmPasscode(ctx, p.Session, accesstest.Passcode)
		d.must(err)
		asked, err := d.privacy.RequestDeletion(ctx, c.Proof)
		d.must(err)
		page := "/deletions/" + asked.ID.Text(privacy.DeletionPrefix)
		list := compliance.get("/deletions").body
		one := compliance.get(page)
		if !strings.Contains(list, page) || one.status != http.StatusOK || !strings.Contains(one.body, "115-ФЗ") || !strings.Contains(one.body, who.Name.Masked()) {
			d.Errorf("the request: %d", one.status)
		}
		for _, secret := range []string{who.Name.Last, who.Phone.E164(), who.Phone.Pretty()} {
			if strings.Contains(list+one.body, secret) {
				d.Errorf("the pages show %q", secret)
			}
		}
		if got := d.as("support").post(page); got.status != http.StatusForbidden {
			d.Errorf("support answers: %d", got.status)
		}
		if got := compliance.post(page); got.status != http.StatusSeeOther || got.header.Get("Location") != page {
			d.Fatalf("answer: %d %s", got.status, got.body)
		}
		if got := compliance.post(page); got.status != http.StatusNotFound {
			d.Errorf("answered twice: %d", got.status)
		}
		if got := compliance.get(page); !strings.Contains(got.body, "отвечен") || strings.Contains(got.body, "<button class=\"btn\"") {
			d.Error("the page does not say that it is answered")
		}
		all, err := d.privacy.Deletions(ctx, p.ID)
		d.must(err)
		if len(all) != 1 || all[0].State != privacy.Answered {
			d.Errorf("the client reads %+v", all)
		}
		if got := d.as("auditor").get("/audit?act=privacy.deletion_answered").body; !strings.Contains(got, "gone marketing,friends; kept person") {
			d.Error("the trail does not say what went and what stays")
		}
	})
}
