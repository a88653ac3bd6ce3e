package accesstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Passcode of everybody whom the tests take on.
const Passcode = "7391"

// Staff is a member of staff of the tests.
type Staff string

// Name is «Ирина К.».
func (s Staff) Name() string { return string(s) + " К." }

// FullName is «Ковалёва Ирина».
func (s Staff) FullName() string { return "Ковалёва " + string(s) }

// Ref is «staff:Ирина».
func (s Staff) Ref() string { return "staff:" + string(s) }

// Manager takes the tests' newcomers on.
const Manager Staff = "Ирина"

// Done is a newcomer who is a client now and has logged in.
type Done struct {
	Entry access.Entry
	Card  card.Card
}

// Newcomer takes a client on and logs him in.
func (w *World) Newcomer(p phone.Number) Done {
	w.Helper()
	return w.NewcomerNamed(p, "Анна", "Соколова")
}

// NewcomerNamed is Newcomer with a name: the whole questionnaire, the
// manager's approval and the first login.
func (w *World) NewcomerNamed(p phone.Number, first, last string) Done {
	w.Helper()
	ctx := context.Background()
	token := w.Ordered(p)
	key := w.Fill(application.ByFlow(token), p, first, last)
	w.Approve(key)
	e, err := w.Access.FirstLogin(ctx, token, access.First{CodeWord: CodeWord, Passcode: Passcode, Repeat: Passcode}, Home)
	if err != nil {
		w.Fatal(err)
	}
	cards, err := w.Cards.Of(ctx, e.Session.Client)
	if err != nil || len(cards) != 1 {
		w.Fatalf("%d cards, %v", len(cards), err)
	}
	return Done{Entry: e, Card: cards[0]}
}

// Ordered proves a phone for ordering a card and gives the flow's token.
func (w *World) Ordered(p phone.Number) string {
	w.Helper()
	ctx := context.Background()
	f, err := w.Apply.Begin(ctx, p.E164(), locale.Russian, Home)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.Access.ConfirmCode(ctx, access.ForOrder, f.Token.Reveal(), w.Code(p)); err != nil {
		w.Fatal(err)
	}
	return f.Token.Reveal()
}

// Passport gives the passport of the tests' person with this phone.
func Passport(p phone.Number) application.PassportForm {
	e := p.E164()
	return application.PassportForm{
		Series: "0000", Number: e[len(e)-6:], Department: "770-001", IssuedBy: "ОВД Тверского района", IssuedOn: "20.06.2010", BirthPlace: "гор. Москва",
	}
}

// Address of everybody whom the tests take on.
func Address() application.AddressForm {
	return application.AddressForm{PostCode: "101000", Region: "77", City: "Москва", Street: "Мясницкая", House: "12", Flat: "34"}
}

// Consents are the two without which there is no account.
func Consents() map[application.ConsentKind]bool {
	return map[application.ConsentKind]bool{application.Terms: true, application.PersonalData: true}
}

// Fill fills a questionnaire in and submits it.
func (w *World) Fill(h application.Holder, p phone.Number, first, last string) id.ID {
	w.Helper()
	return w.FillWith(h, Passport(p), first, last)
}

// FillWith is Fill with a passport of the test's own.
func (w *World) FillWith(h application.Holder, paper application.PassportForm, first, last string) id.ID {
	w.Helper()
	ctx := context.Background()
	a := w.Apply
	_, err1 := a.Open(ctx, h)
	_, err2 := a.SaveName(ctx, h, application.NameForm{Last: last, First: first, BirthDate: "17.05.1990"})
	_, err3 := a.SaveContact(ctx, h, application.ContactForm{})
	_, err4 := a.SavePassport(ctx, h, paper)
	_, err5 := a.SaveAddress(ctx, h, Address())
	_, err6 := a.SaveDelivery(ctx, h, application.DeliveryForm{Way: application.Virtual})
	_, err7 := a.SaveWord(ctx, h, application.WordForm{CodeWord: vault.Hide(CodeWord), Consents: Consents()})
	_, err8 := a.Upload(ctx, h, application.PageMain, bytes.NewReader(Photo(1)))
	_, err9 := a.Upload(ctx, h, application.PageRegistration, bytes.NewReader(Photo(2)))
	v, err := a.Submit(ctx, h)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err); err != nil {
		w.Fatal(err)
	}
	return v.ID
}

// Approve does what the manager does: takes the application, calls and approves.
func (w *World) Approve(key id.ID) application.Approval {
	w.Helper()
	ctx := context.Background()
	if err := w.Apply.Take(ctx, Manager, key); err != nil {
		w.Fatal(err)
	}
	c, err := w.Apply.BeginCall(ctx, Manager, key, true)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.Apply.RecordCall(ctx, Manager, key, c.ID, application.Reached, w.DB.Now(), ""); err != nil {
		w.Fatal(err)
	}
	out, err := w.Apply.Approve(ctx, Manager, key, application.Checks())
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// Photo draws the n-th photo of the tests, a small one: they are told to be
// too small, and taken.
func Photo(n int) []byte {
	m := image.NewGray(image.Rect(0, 0, 180, 120))
	for y := range 120 {
		for x := range 180 {
			field := (x/20*7+y/15*5+n*3)*n%11 + (x/3+y/3)%2
			m.SetGray(x, y, color.Gray{Y: uint8(100 + 12*field)}) // #nosec G115 -- at most 244
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(fmt.Sprintf("accesstest: %v", err))
	}
	return b.Bytes()
}

var qOldPasscode = db.Query(`INSERT INTO passcode (client, hash, set_us) VALUES ($1, $2, $3)`)

// OldClient makes a client as the short registration of the first release did:
// account, card and passcode, but no papers and no code word.
func (w *World) OldClient(p phone.Number, first, last string) client.ID {
	w.Helper()
	ctx := context.Background()
	hash, err := w.Vault.HashPasscode(ctx, Passcode)
	if err != nil {
		w.Fatal(err)
	}
	var who client.ID
	ids := id.NewSource(w.Now)
	err = w.DB.Write(ctx, func(tx db.Tx) error {
		if who, err = client.NextID(ctx, tx); err != nil {
			return err
		}
		account, err := ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB})
		if err != nil {
			return err
		}
		born, _ := client.ParseDate("17.05.1990")
		name := client.Name{First: first, Last: last}
		if err := w.Clients.Create(ctx, tx, client.New{
			ID: who, UID: ids.New(), Name: name, Born: born, Phone: p, Lang: locale.Russian, Level: client.Simplified, Account: account,
		}); err != nil {
			return err
		}
		if _, err := w.Cards.Issue(ctx, tx, card.Order{Client: who, Account: account, Product: card.VirtualWorld, Name: name}); err != nil {
			return err
		}
		sealed, err := w.Vault.SealText(vault.Secret, vault.At{Table: "passcode.hash", Row: vault.Row64(int64(who))}, hash)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qOldPasscode, int64(who), sealed, tx.Now().UnixMicro())
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return who
}
