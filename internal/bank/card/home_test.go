package card_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// home is the room of cards with a real client in front of it: one who filled
// in the questionnaire, is logged in and has just typed his passcode.
type home struct {
	*accesstest.World
	clock  *banktest.Clock
	cards  *card.Service
	ids    *id.Source
	in     access.Session
	who    client.ID
	proof  access.Proof
	uses   *uses
	orders *order.Service
}

// uses is how cards are used in these tests.
type uses struct {
	open    int
	past    []card.Past
	regular []string
}

func (u *uses) Open(context.Context, db.Tx, client.ID, id.ID) (int, error) { return u.open, nil }
func (u *uses) Since(_ context.Context, _ client.ID, _ id.ID, since time.Time) (out []card.Past, _ error) {
	for _, p := range u.past {
		if !p.At.Before(since) {
			out = append(out, p)
		}
	}
	return out, nil
}
func (u *uses) Regular(context.Context, client.ID, id.ID, time.Time) ([]string, error) {
	return u.regular, nil
}

const anya = "+79165550001"

func eachHome(t *testing.T, fn func(h *home)) {
	t.Helper()
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		c := &banktest.Clock{}
		c.Set(banktest.Noon)
		fn(newHome(t, dbtest.Open(t, url, c), c))
	})
}

func newHome(t *testing.T, d *db.DB, c *banktest.Clock) *home {
	t.Helper()
	v := vault.Ephemeral()
	h := &home{World: accesstest.New(t, d, v, access.Limits{}), clock: c, uses: &uses{}, ids: id.NewSource(c.Now)}
	var err error
	if h.cards, err = card.New(d, v, h.ids, card.Options{Uses: h.uses, Now: h.Now}); err != nil {
		t.Fatal(err)
	}
	h.in = h.Newcomer(anya).Entry.Session
	h.who = h.in.Client
	h.orders = order.New(order.Deps{DB: d, Vault: v})
	h.prove()
	return h
}

// prove types the passcode anew.
func (h *home) prove() {
	h.Helper()
	ok, err := h.Access.ConfirmPasscode(bg, h.in, accesstest.Passcode)
	if err != nil {
		h.Fatal(err)
	}
	h.proof = ok.Proof
}

func (h *home) do(fn func(tx db.Tx) error) error {
	return h.DB.Write(bg, func(tx db.Tx) error { return fn(tx) })
}

// issued makes a card as the bank makes the first one.
func (h *home) issued(p card.Product) card.Card {
	h.Helper()
	var c card.Card
	err := h.do(func(tx db.Tx) (err error) {
		c, err = h.cards.Issue(bg, tx, card.Order{Client: h.who, Account: h.account(), Product: p, Name: client.Name{First: "Анна", Last: "Соколова"}})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

func (h *home) account() (a ledger.AccountID) {
	h.Helper()
	a, err := h.cards.DefaultAccount(bg, h.who)
	if err != nil {
		h.Fatal(err)
	}
	return a
}

func (h *home) card(x id.ID) card.Card {
	h.Helper()
	c, err := h.cards.ByID(bg, h.who, x)
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// pan reads what only the vault may.
func (h *home) pan(x id.ID) string {
	h.Helper()
	var sealed []byte
	if err := h.DB.Row(bg, qPAN, x.Bytes()).Scan(&sealed); err != nil {
		h.Fatal(err)
	}
	pan, err := h.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: x.Bytes()}, sealed)
	if err != nil {
		h.Fatal(err)
	}
	return pan
}

func (h *home) face(x id.ID) card.Face {
	h.Helper()
	f, err := h.cards.ByNumber(h.pan(x))
	if err != nil {
		h.Fatal(err)
	}
	return f
}

func (h *home) wants(what string, got, want error) {
	h.Helper()
	if !errors.Is(got, want) || (want == nil) != (got == nil) {
		h.Errorf("%s: %v, want %v", what, got, want)
	}
}

// sign confirms a text with a device's key.
func (h *home) sign(who client.ID, d order.Document) order.Signed {
	h.Helper()
	device, key := ordertest.Key(2)
	s, err := h.orders.Accept(who, d, order.ByDevice(h.in.Device, key, ordertest.Sign(h, device, d.Text)))
	if err != nil {
		h.Fatal(err)
	}
	return s
}

var (
	qActs = db.Query(`SELECT act, actor FROM audit WHERE subject = $1 ORDER BY seq`)
	qNews = db.Query(`SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE topic = 'card.news'`)
)

// acts lists what the audit trail knows of a card, «card.closed client».
func acts(t *testing.T, r db.Reader, x id.ID) (out []string) {
	t.Helper()
	rows, err := r.Rows(bg, qActs, x.Text(card.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var act, actor string
		if err := rows.Scan(&act, &actor); err != nil {
			t.Fatal(err)
		}
		out = append(out, act+" "+actor)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func news(t *testing.T, r db.Reader) (n int) {
	t.Helper()
	if err := r.Row(bg, qNews).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// days gives the first moment of the bank day so many days ahead.
func (h *home) days(n int) time.Time { return clock.DayStart(h.clock.Now()).AddDate(0, 0, n) }
