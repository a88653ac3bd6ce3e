package application_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// firstRelease is the last migration of the release that took people on by the
// short registration.
const firstRelease = 6

// oldDatabase makes a database as the first release left it: its schema, and
// one client with account, card, passcode and his approved application.
func oldDatabase(t *testing.T, url string, v *vault.Vault, p phone.Number) {
	t.Helper()
	driver, dsn, dialect, folder := "pgx", url, goose.DialectPostgres, "postgres"
	if path, lite := strings.CutPrefix(url, "sqlite:"); lite {
		driver, dsn, dialect, folder = "sqlite", path, goose.DialectSQLite3, "sqlite"
	}
	d, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	steps, err := goose.NewProvider(dialect, d, os.DirFS("../../base/db/migrations/"+folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.UpTo(bg, firstRelease); err != nil {
		t.Fatal(err)
	}
	const who, account, us = 1001, 1001 * 64, int64(1_790_000_000_000_000)
	row := vault.Row64(who)
	seal := func(class vault.Class, table string, row []byte, plain string) []byte {
		sealed, err := v.SealText(class, vault.At{Table: table, Row: row}, plain)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	hash, err := v.HashPasscode(bg, pass)
	if err != nil {
		t.Fatal(err)
	}
	card, uid, app, flow := []byte("card-0000000000a"), []byte("uid-00000000000a"), []byte("appl-0000000000a"), []byte("flow-0000000000a")
	for _, s := range []struct {
		q    string
		args []any
	}{
		{`UPDATE counter SET value = 1001`, nil},
		{`INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version) VALUES ($1, $2, 2, 643, $3, 0, 0, 0, 0)`,
			[]any{account, who, false}},
		{`INSERT INTO client (id, uid, name, born, phone, lang, theme, state, level, account, created_us) VALUES ($1, $2, $3, $4, $5, 'ru', '', 1, 1, $6, $7)`,
			[]any{who, uid, seal(vault.PII, "client.name", row, "Анна\x00Соколова"), seal(vault.PII, "client.born", row, "1990-05-17"),
				seal(vault.PII, "client.phone", row, p.E164()), account, us}},
		{`INSERT INTO client_phone (hash, client) VALUES ($1, $2)`, []any{v.Lookup(vault.Phone, p.E164()), who}},
		{`INSERT INTO card (client, id, account, product, state, pan, first6, last4, holder, exp_year, exp_month, created_us)
			VALUES ($1, $2, $3, 1, 1, $4, '550000', '4242', $5, 2031, 10, $6)`,
			[]any{who, card, account, seal(vault.PAN, "card.pan", card, "5500000000004242"), seal(vault.PII, "card.holder", card, "ANNA SOKOLOVA"), us}},
		{`INSERT INTO passcode (client, hash, set_us) VALUES ($1, $2, $3)`, []any{who, seal(vault.Secret, "passcode.hash", row, hash), us}},
		{`INSERT INTO application (id, flow, person, state, client, created_us, changed_us) VALUES ($1, $2, $3, 2, $4, $5, $5)`,
			[]any{app, flow, seal(vault.PII, "application.person", app, "{}"), who, us}},
	} {
		if _, err := d.ExecContext(bg, s.q, s.args...); err != nil {
			t.Fatalf("%.60s: %v", s.q, err)
		}
	}
}

// Goal: a database of the first release meets this program. The client goes on
// as he was, at level simplified, with his card and passcode; he is asked for
// the questionnaire, and nothing is made twice when he has filled it in.
func TestOldDatabase(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		v := vault.Ephemeral()
		oldDatabase(t, url, v, anya)
		w := accesstest.New(t, dbtest.Open(t, url, clock.System()), v, access.Limits{})
		e, err := w.Access.FinishLogin(bg, w.Proved(anya), pass, accesstest.Home)
		if err != nil {
			t.Fatal(err)
		}
		who := e.Session.Client
		if c, err := w.Clients.ByID(bg, who); err != nil || c.Level != client.Simplified || c.Name.Whole() != "Анна Соколова" {
			t.Errorf("%+v, %v", c, err)
		}
		cards, err := w.Cards.Of(bg, who)
		if err != nil || len(cards) != 1 || cards[0].Last4 != "4242" {
			t.Fatalf("%+v, %v", cards, err)
		}
		if wanted, err := w.Apply.Wanted(bg, who); err != nil || !wanted {
			t.Errorf("wanted: %v, %v", wanted, err)
		}
		// Ordering again with his phone goes on as a login: no second client.
		if f, err := w.Access.FlowOf(bg, w.Ordered(anya)); err != nil || f.Stage != access.AtPasscode {
			t.Errorf("stage %v, %v", f.Stage, err)
		}
		key := w.Fill(application.BySession(e.Session), anya, "Анна", "Соколова")
		if done := w.Approve(key); done.Client != who || done.Last4 != "4242" {
			t.Errorf("%+v", done)
		}
		if n := people(w); n != [4]int{1, 1, 1, 1} {
			t.Errorf("clients, accounts, cards, devices: %v", n)
		}
		if papers, err := w.Clients.Papers(bg, who); err != nil || papers.City != "Москва" {
			t.Errorf("papers: %v", err)
		}
		if err := w.Apply.RecordMeeting(bg, accesstest.Manager, key); err != nil {
			t.Error(err)
		}
		if c, err := w.Clients.ByID(bg, who); err != nil || c.Level != client.Full {
			t.Errorf("level %v, %v", c.Level, err)
		}
		if _, err := w.Access.Login(bg, e.DeviceToken.Reveal(), pass, accesstest.Home); err != nil {
			t.Errorf("his device: %v", err)
		}
		whole(w, "application.approved", "application.met")
	})
}
