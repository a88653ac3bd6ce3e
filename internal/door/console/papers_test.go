package console_test

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/id"
)

// confirms is what the client does in his cabinet: the page that is asked for,
// and his signature.
func (d *desk) confirms(who client.ID, photo int) {
	d.Helper()
	ctx := context.Background()
	d.must(d.papers.Upload(ctx, who, application.PageMain, bytes.NewReader(accesstest.Photo(photo))))
	q, err := d.papers.Open(ctx, who)
	d.must(err)
	key, spki := ordertest.Key(1)
	doc := q.Order()
	signed, err := order.New(order.Deps{DB: d.DB, Vault: d.Vault}).Accept(who, doc, order.ByDevice(id.ID{1}, spki, ordertest.Sign(d, key, doc.Text)))
	d.must(err)
	d.must(d.papers.Send(ctx, who, signed))
}

var (
	proposalPath = regexp.MustCompile(`/proposals/pr_[0-9a-z]{26}`)
	pictures     = regexp.MustCompile(`/proposals/pr_[0-9a-z]{26}/scans/sc_[0-9a-z]{26}`)
)

// A new name takes the code word, the new passport with it, the client's own
// picture and signature, and a second member of staff, who looks at exactly that
// picture; every look is one the client reads of.
func TestNameThroughTheContactCentre(t *testing.T) {
	each(t, func(d *desk) {
		who := d.Approved(accesstest.Phone(8))
		page := d.page(who)
		support, compliance := d.as("support"), d.as("compliance")
		support.post(page+"/case", "kind", "call")
		support.post(page+"/word", "word", accesstest.CodeWord)
		form := []string{"last", "соболева", "reason", "Клиентка вышла замуж, сменила фамилию"}
		if got := support.post(page+"/propose/person", form...); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "вместе с паспортом") {
			d.Errorf("a name without its passport: %d", got.status)
		}
		if got := support.post(page+"/propose/person", "last", "Cоболева", "series", "4526", "number", "654321", "reason", "Клиентка вышла замуж, сменила фамилию"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("a name in two scripts: %d", got.status)
		}
		form = append(form, "series", "45 26", "number", "654321", "department", "770002", "issued_by", "ОВД Тверское", "issued_on", "01.10.2026")
		if got := support.post(page+"/propose/person", form...); got.status != http.StatusSeeOther {
			d.Fatalf("the proposal: %d %s", got.status, got.body)
		}
		one := proposalPath.FindString(compliance.get("/proposals").body)
		shown := compliance.get(one)
		if !strings.Contains(shown.body, "Соболева") || !strings.Contains(shown.body, "ждём подтверждения") || strings.Contains(shown.body, `value="yes"`) {
			d.Errorf("before the client's word: %d", shown.status)
		}
		if got := compliance.post(one, "decision", "yes"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "ещё не подтвердил") {
			d.Errorf("approved without the client: %d", got.status)
		}
		if got := compliance.post(one, "decision", "again"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("sent back before anything came: %d", got.status)
		}
		d.confirms(who, 1)
		shown = compliance.get(one)
		picture := pictures.FindString(shown.body)
		if picture == "" || !strings.Contains(shown.body, "подтвердил и подписал") {
			d.Fatalf("after the client's word: %d %s", shown.status, shown.body)
		}
		if got := compliance.get(picture); got.status != http.StatusOK || got.header.Get("Content-Type") != "image/jpeg" ||
			got.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			d.Errorf("the picture: %d %v", got.status, got.header)
		}
		for role, want := range map[string]int{"manager": http.StatusForbidden, "card_officer": http.StatusNotFound, "auditor": http.StatusForbidden} {
			if got := d.as(role).get(picture); got.status != want {
				d.Errorf("the picture for %s: %d", role, got.status)
			}
		}
		looks, err := d.staff.LooksAt(context.Background(), who)
		d.must(err)
		if len(looks) < 2 || looks[0].What != "scan" || looks[0].Who != "Вера И." {
			d.Errorf("the client reads %+v", looks)
		}
		if got := support.post(one, "decision", "again"); got.status != http.StatusForbidden && got.status != http.StatusUnprocessableEntity {
			d.Errorf("the maker sends it back: %d", got.status)
		}
		if got := compliance.post(one, "decision", "again"); got.status != http.StatusSeeOther {
			d.Fatalf("sent back: %d %s", got.status, got.body)
		}
		if got := compliance.get(picture); got.status != http.StatusNotFound {
			d.Errorf("a picture that was sent back is still there: %d", got.status)
		}
		d.confirms(who, 2)
		if got := compliance.post(one, "decision", "yes"); got.status != http.StatusSeeOther {
			d.Errorf("approve: %d %s", got.status, got.body)
		}
	})
}
