package application_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

var qPAN = db.Query(`SELECT id, pan, first6, last4 FROM card`)
var qPANHash = db.Query(`SELECT COUNT(*) FROM card_number WHERE hash = $1`)

// pan opens the only card's number the way the network's line will one day.
func pan(w *world) (number, first6, last4 string) {
	w.Helper()
	var key, sealed []byte
	if err := w.DB.Row(bg, qPAN).Scan(&key, &sealed, &first6, &last4); err != nil {
		w.Fatal(err)
	}
	number, err := w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: key}, sealed)
	if err != nil {
		w.Fatal(err)
	}
	return number, first6, last4
}

// story makes a client who does everything there is to do here, and gives what
// must not be found anywhere afterwards.
func story(w *world) (canaries []string, shown bytes.Buffer) {
	w.Helper()
	const name, family, born, passcode, wrong = "Канарейка", "Жёлтопёрова", "1987-03-29", "640275", "830517"
	const middle, mail, series, number6, issuer, place = "Щегловна", "kanareika@example.ru", "7391", "640918", "Отдел по птичьему делу", "пос. Зябликово"
	const street, wish, word = "Скворцовая", "когда прилетят грачи", "пересмешник"
	phone := accesstest.Phone(7788)
	out := slog.New(slog.NewJSONHandler(&shown, nil))
	show := func(v any, err error) {
		out.Info("x", "v", v, "err", err)
		fmt.Fprintf(&shown, "%v %+v %#v %s\n", v, v, v, fmt.Sprint(err))
		if raw, err := json.Marshal(v); err == nil {
			shown.Write(raw)
		}
	}
	f, err := w.Apply.Begin(bg, phone.E164(), locale.Russian, accesstest.Home)
	show(f, err)
	token, code := f.Token.Reveal(), w.Code(phone)
	v, err := w.Access.ConfirmCode(bg, access.ForOrder, token, accesstest.Other(code))
	show(v, err)
	v, err = w.Access.ConfirmCode(bg, access.ForOrder, token, code)
	show(v, err)
	h := application.ByFlow(token)
	view, err := w.Apply.Open(bg, h)
	show(view, err)
	show(w.Apply.SaveName(bg, h, application.NameForm{Last: family, First: name, Middle: middle, BirthDate: "29.03.1987"}))
	show(w.Apply.SaveContact(bg, h, application.ContactForm{Email: mail}))
	show(w.Apply.SavePassport(bg, h, application.PassportForm{
		Series: series, Number: number6, Department: "770-001", IssuedBy: issuer, IssuedOn: "20.06.2010", BirthPlace: place,
	}))
	show(w.Apply.SaveAddress(bg, h, application.AddressForm{PostCode: "101000", Region: "77", City: "Москва", Street: street, House: "12", Flat: "34"}))
	show(w.Apply.SaveDelivery(bg, h, application.DeliveryForm{Way: application.Courier, Wish: wish}))
	show(w.Apply.SaveWord(bg, h, application.WordForm{CodeWord: vault.Hide(word), Consents: accesstest.Consents()}))
	for i, p := range []application.Page{application.PageMain, application.PageRegistration} {
		pv, err := w.Apply.Upload(bg, h, p, bytes.NewReader(accesstest.Photo(i+1)))
		if err != nil {
			w.Fatal(err)
		}
		show(pv, err)
	}
	view, err = w.Apply.Submit(bg, h)
	if err != nil {
		w.Fatal(err)
	}
	show(view, err)
	if err := w.Apply.Take(bg, accesstest.Manager, view.ID); err != nil {
		w.Fatal(err)
	}
	dossier, err := w.Apply.Read(bg, accesstest.Manager, view.ID, "проверка заявки")
	if err != nil || dossier.Passport.Number != number6 {
		w.Fatal(err)
	}
	show(dossier.Passport, err)
	show(dossier.Address, err)
	// A draft that is still under way rests in other rows.
	other := application.ByFlow(w.Ordered(accesstest.Phone(7799)))
	show(w.Apply.Open(bg, other))
	show(w.Apply.SaveName(bg, other, application.NameForm{Last: family, First: name, Middle: middle, BirthDate: "29.03.1987"}))
	w.Approve(view.ID)
	papers, err := w.Clients.Papers(bg, 1001)
	if err != nil || papers.Number != number6 {
		w.Fatal(err)
	}
	show(papers, err)
	var d accesstest.Done
	if d.Entry, err = w.Access.FirstLogin(bg, token, access.First{CodeWord: word, Passcode: passcode, Repeat: passcode}, accesstest.Home); err != nil {
		w.Fatal(err)
	}
	show(d.Entry, err)
	e, err := w.Access.Login(bg, d.Entry.DeviceToken.Reveal(), wrong, accesstest.Home)
	show(e, err)
	c, err := w.Access.ConfirmPasscode(bg, d.Entry.Session, passcode)
	show(c, err)
	tok, secret, err := w.Access.CreateToken(bg, c.Proof, access.NewToken{Name: "x", Scopes: []access.Scope{access.ScopeRead}, TTL: 1e15})
	show(tok, err)
	show(secret, nil)
	second, err := w.Access.StartLogin(bg, phone, locale.Russian, accesstest.Home)
	show(second, err)
	who, err := w.Clients.ByID(bg, d.Entry.Session.Client)
	show(who.Name, err)
	fmt.Fprintf(&shown, "%v %+v", who, who)
	m := w.Sent(phone)[0]
	show(m, nil)

	number, _, _ := pan(w)
	return []string{
		middle, mail, series + number6, issuer, place, street, wish, word, accesstest.Phone(7799).E164(), string(accesstest.Photo(1)[:200]), "\xff\xd8\xff\xdb\x00\x84\x00",
		name, family, born, "29.03.1987", phone.E164(), phone.E164()[2:], passcode, wrong, code, w.Code(phone), token,
		d.Entry.DeviceToken.Reveal(), d.Entry.SessionToken.Reveal(), c.SessionToken.Reveal(), secret.Reveal(), second.Token.Reveal(),
		number, number[6:], m.Text.Reveal(), "KANAREIKA", accesstest.Home.IP, accesstest.Agent,
	}, shown
}

func spellings(s string) []string {
	return []string{s, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), base64.StdEncoding.EncodeToString([]byte(s))}
}

// find gives where a text stands; alone: not within a longer run of hexadecimal digits.
func find(in []byte, text string, alone bool) int {
	isHex := func(i int) bool {
		return i >= 0 && i < len(in) && bytes.IndexByte([]byte("0123456789abcdef"), in[i]) >= 0
	}
	for from := 0; ; {
		at := bytes.Index(in[from:], []byte(text))
		if at < 0 {
			return -1
		}
		at += from
		if !alone || !isHex(at-1) && !isHex(at+len(text)) {
			return at
		}
		from = at + 1
	}
}

func search(t *testing.T, where string, in []byte, canaries []string) {
	t.Helper()
	for i, c := range canaries {
		for _, s := range spellings(c) {
			// A one-time code is so short that the hexadecimal form of any
			// hash may hold its digits: there it is no find.
			if at := find(in, s, len(c) <= 8); at >= 0 {
				t.Errorf("canary %d is in %s: …%.80q", i, where, in[max(0, at-40):])
			}
		}
	}
}

// C01, C02, S06: card number, name, birth date, phone, codes, passcode and
// tokens are in no file of the database, its log, and in nothing that a
// program prints of its values and errors.
func TestC01_CanariesAreNowhere(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		w := accesstest.New(t, dbtest.Open(t, "sqlite:"+filepath.Join(dir, "bank.db"), clock.System()), vault.Ephemeral(), access.Limits{})
		canaries, shown := story(w)
		files, err := os.ReadDir(dir)
		if err != nil || len(files) < 2 {
			t.Fatalf("%v, %v: where is the log?", files, err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			search(t, f.Name(), raw, canaries)
		}
		search(t, "what is printed", shown.Bytes(), canaries)
	})
	t.Run("postgres", func(t *testing.T) {
		w := accesstest.New(t, dbtest.Open(t, dbtest.Postgres(t), clock.System()), vault.Ephemeral(), access.Limits{})
		canaries, shown := story(w)
		search(t, "the tables", dump(t, w.DB), canaries)
		search(t, "what is printed", shown.Bytes(), canaries)
	})
}

// dump gives every row of every table as PostgreSQL writes it.
func dump(t *testing.T, d *db.DB) []byte {
	t.Helper()
	raw := stdlib.OpenDB(*d.Pgx())
	defer raw.Close()
	var out bytes.Buffer
	for _, table := range column(t, raw, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`) {
		for _, row := range column(t, raw, `SELECT x::text FROM "`+table+`" x`) {
			out.WriteString(table + ": " + row + "\n")
		}
	}
	if !bytes.Contains(out.Bytes(), []byte("550000")) {
		t.Fatal("the dump misses the card")
	}
	return out.Bytes()
}

func column(t *testing.T, raw *sql.DB, q string) (out []string) {
	t.Helper()
	rows, err := raw.QueryContext(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// C03, C04: of a number the first six and last four digits are kept in clear;
// it is found by a keyed hash; it is a Mastercard number with a right check digit.
func TestC03_CardNumber(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		w.Newcomer(anya)
		number, first6, last4 := pan(w)
		if len(number) != 16 || number[:6] != first6 || number[12:] != last4 || first6 != "550000" || !luhnHolds(number) {
			w.Errorf("%s, shown %s…%s", number, first6, last4)
		}
		for n, want := range map[string]int{number: 1, number[:15] + string('0'+(number[15]-'0'+1)%10): 0} {
			var found int
			if err := w.DB.Row(bg, qPANHash, w.Vault.Lookup(vault.Number, n)).Scan(&found); err != nil || found != want {
				w.Errorf("found %d, %v; want %d", found, err, want)
			}
		}
	})
}

func luhnHolds(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

var qSwapNames = db.Query(`UPDATE client SET name = (SELECT c.name FROM client c WHERE c.id = $1) WHERE id = $2`)

// C10: a name moved to another client's row does not open there.
func TestC10_NameOfAnotherClient(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		a, b := w.Newcomer(anya).Entry.Session.Client, w.Newcomer(accesstest.Phone(102)).Entry.Session.Client
		if err := w.DB.Write(bg, func(tx db.Tx) error {
			_, err := tx.Exec(bg, qSwapNames, int64(a), int64(b))
			return err
		}); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Clients.ByID(bg, b); !errors.Is(err, vault.ErrSealed) {
			w.Errorf("%v", err)
		}
		if _, err := w.Clients.ByPhone(bg, accesstest.Phone(102)); !errors.Is(err, vault.ErrSealed) {
			w.Errorf("%v", err)
		}
	})
}
