package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/console"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

const origin = "https://console.bank.example"

// desk is the console over a bank in small, in a demo's database.
type desk struct {
	*accesstest.World
	door  *console.Door
	http  http.Handler
	staff *staff.Service
	watch *watch.Service

	privacy   *privacy.Service
	papers    *paper.Service
	purchases *purchase.Service
	disputes  *dispute.Service

	plastic, disputed id.ID // of whom places names
}

func each(t *testing.T, fn func(d *desk)) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		ids := id.NewSource(time.Now)
		d := &desk{World: w, watch: watch.New(w.DB, ids, watch.Options{Now: w.Now})}
		d.must(w.DB.Stamp(context.Background(), db.Demo))
		front, err := web.New(web.Options{Origin: origin, Rate: web.Rate{PerSecond: -1}})
		d.must(err)
		kit, err := ui.NewKit(ui.DefaultBrand())
		d.must(err)
		d.papers = paper.New(paper.Deps{DB: w.DB, Vault: w.Vault, IDs: ids, Clients: w.Clients, Scans: w.Apply.Scans(), Now: w.Now})
		d.staff, err = staff.New(w.DB, w.Vault, ids, staff.Options{
			Origin: origin, Host: "console.bank.example", Now: w.Now, Alarm: d.watch, Word: d.papers,
			Apply: map[staff.ProposalKind]staff.Applier{
				staff.ProposePhone: func(ctx context.Context, p staff.Proposal, by staff.Actor) error {
					change, err := id.Parse(access.NumberPrefix, p.Fields["change"])
					if err == nil {
						_, err = w.Access.ApproveNumberChange(ctx, by, p.Client, change)
					}
					return err
				},
			},
			Carry: map[staff.ProposalKind]staff.Executor{
				staff.ProposePerson: nothing, staff.ProposeMail: nothing, staff.ProposeUnfreeze: nothing, staff.ProposeCorrection: nothing,
				staff.ProposeDispute: func(ctx context.Context, tx db.Tx, p staff.Proposal, by staff.Actor) error {
					key, err := id.Parse(dispute.Prefix, p.Fields["dispute"])
					if err != nil {
						return err
					}
					sum, err := locale.ParseAmount(p.Fields["amount"])
					if err != nil {
						return err
					}
					return d.disputes.Accept(ctx, tx, p.Client, key, dispute.By{Member: by.ID(), Ref: by.Ref()}, sum)
				},
				staff.ProposeUnblock: func(ctx context.Context, tx db.Tx, p staff.Proposal, _ staff.Actor) error {
					return w.Clients.SetState(ctx, tx, p.Client, client.Active)
				},
			},
		})
		d.must(err)
		d.privacy = privacy.New(privacy.Deps{
			DB: w.DB, Vault: w.Vault, IDs: ids, Clients: w.Clients, Cards: w.Cards, Operations: operation.New(w.DB, w.Vault), Access: w.Access, Now: w.Now,
		})
		book, err := ledger.NewBook(context.Background(), w.DB, ledger.Options{})
		d.must(err)
		w.Cleanup(func() {
			if err := book.Close(); err != nil {
				w.Error(err)
			}
		})
		d.purchases = purchase.New(purchase.Deps{DB: w.DB, Book: book, Operations: operation.New(w.DB, w.Vault), Cards: w.Cards})
		d.disputes = dispute.New(dispute.Deps{DB: w.DB, Book: book, Vault: w.Vault, IDs: ids, Operations: operation.New(w.DB, w.Vault)})
		d.door = console.New(console.Deps{
			Front: front, Kit: kit, DB: w.DB, Vault: w.Vault, IDs: ids, Staff: d.staff, Watch: d.watch, Clients: w.Clients,
			Cards: w.Cards, Access: w.Access, Operations: operation.New(w.DB, w.Vault), Applications: w.Apply, Papers: d.papers, Privacy: d.privacy,
			Purchases: d.purchases, Disputes: d.disputes, Now: w.Now,
		})
		d.http = d.door.Handler()
		fn(d)
	})
}

// nothing carries out what other rooms' tests carry out in earnest.
func nothing(context.Context, db.Tx, staff.Proposal, staff.Actor) error { return nil }

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// browser holds the cookies of one member.
type browser struct {
	d       *desk
	cookies map[string]string
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.d.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, origin+path, body)
	r.Header.Set("Accept-Language", "ru")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.d.http.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
		if !c.Secure || !c.HttpOnly || c.Path != "/" || !strings.HasPrefix(c.Name, "__Host-rbs") {
			b.d.Errorf("cookie %s is set carelessly", c.Name)
		}
	}
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (b *browser) get(path string) answer {
	b.d.Helper()
	return b.do(http.MethodGet, path, nil)
}

func (b *browser) post(path string, pairs ...string) answer {
	b.d.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (d *desk) nobody() *browser { return &browser{d, map[string]string{}} }

// as brings a member of one role in.
func (d *desk) as(role string) *browser {
	d.Helper()
	link, err := d.staff.DemoLink(context.Background(), role)
	d.must(err)
	b := d.nobody()
	if got := b.get(strings.TrimPrefix(link, origin)); got.status != http.StatusSeeOther || b.cookies["__Host-rbs"] == "" {
		d.Fatalf("the link of %s: %d %s", role, got.status, got.body)
	}
	return b
}

// page gives the path of a client's page.
func (d *desk) page(who client.ID) string {
	d.Helper()
	c, err := d.Clients.ByID(context.Background(), who)
	d.must(err)
	return "/clients/" + c.UID.Text(client.Prefix)
}

// takenOn makes a client as a manager takes him on: with papers and a card.
func (d *desk) takenOn(n int) client.ID {
	d.Helper()
	ph := accesstest.Phone(n)
	return d.Approve(d.Fill(application.ByFlow(d.Ordered(ph)), ph, "Анна", "Соколова")).Client
}
