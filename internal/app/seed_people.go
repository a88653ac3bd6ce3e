package app

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// example is somebody of the demo, as he fills in his questionnaire. The
// passports are of a series that was never given out.
type example struct {
	first, last, middle string
	phone, born         string
	passport, issued    string
	city, region, post  string
	street, house, flat string
	word                string
	passcode            string
}

// exampleCast is who lives in the demo.
var exampleCast = []example{
	{"Аня", "Соколова", "Игоревна", "+79165550101", "14.03.1994", "0000 100101", "20.04.2014", "Москва", "77", "101000", "Мясницкая", "12", "34", "рассвет", "739154"},
	{"Павел", "Кузнецов", "Олегович", "+79165550123", "02.09.1991", "0000 100123", "15.10.2011", "Москва", "77", "125009", "Тверская", "7", "5", "компас", "604817"},
	{"Марина", "Орлова", "Сергеевна", "+79165550145", "27.06.1988", "0000 100145", "11.08.2008", "Казань", "16", "420111", "Баумана", "44", "", "сирень", "285093"},
	{"Тимур", "Ахметов", "", "+79165550167", "19.12.1996", "0000 100167", "25.01.2017", "Екатеринбург", "66", "620014", "Малышева", "36", "81", "кедр", "917362"},
	{"Света", "Белова", "Андреевна", "+79165550189", "08.05.2001", "0000 100189", "21.06.2021", "Санкт-Петербург", "78", "190000", "Гороховая", "3", "17", "маяк", "460728"},
}

// exampleQueue is who waits for an answer: one just came, one could not be
// reached twice, one has to send a page again.
var exampleQueue = []example{
	{"Ольга", "Зайцева", "Павловна", "+79165550211", "30.01.1990", "0000 100211", "12.03.2010", "Владивосток", "25", "690091", "Светланская", "20", "9", "якорь", ""},
	{"Денис", "Громов", "Ильич", "+79165550233", "05.11.1985", "0000 100233", "17.12.2005", "Новосибирск", "54", "630099", "Ленина", "1", "60", "тайга", ""},
	{"Лилия", "Сафина", "Рашидовна", "+79165550255", "23.07.1999", "0000 100255", "02.09.2019", "Уфа", "02", "450008", "Цюрупы", "15", "", "ковыль", ""},
}

// seedActor is the member of staff who took the example people on.
type seedActor struct{}

func (seedActor) Name() string     { return "Ирина К." }
func (seedActor) FullName() string { return "Ковалёва Ирина" }
func (seedActor) Ref() string      { return "staff:demo" }

// newcomers order their cards as anybody does, are taken on by a manager one
// after the other, meet the courier and log in with their code words. What
// mostly waits for messages they do side by side.
func (s *seeder) newcomers(ctx context.Context) error {
	tokens, keys := make([]string, len(exampleCast)), make([]id.ID, len(exampleCast))
	err := sideBySide(ctx, exampleCast, func(ctx context.Context, i int, e example) (err error) {
		tokens[i], keys[i], err = s.apply(ctx, e, application.Courier)
		return err
	})
	if err != nil {
		return err
	}
	for i, key := range keys { // in order, so that everybody has the same number in every demo
		if err := s.approve(ctx, key); err != nil {
			return fmt.Errorf("approve %s: %w", exampleCast[i].first, err)
		}
	}
	s.people = make([]seeded, len(exampleCast))
	return sideBySide(ctx, exampleCast, func(ctx context.Context, i int, e example) (err error) {
		if s.people[i], err = s.enter(ctx, tokens[i], e); err != nil {
			return err
		}
		return s.giveToken(ctx, &s.people[i])
	})
}

// sideBySide does the same for several people at once.
func sideBySide(ctx context.Context, all []example, do func(context.Context, int, example) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, e := range all {
		g.Go(func() error {
			if err := do(ctx, i, e); err != nil {
				return fmt.Errorf("%s: %w", e.first, err)
			}
			return nil
		})
	}
	return g.Wait()
}

var seedVisitor = access.Visitor{Agent: "Rocketbank demo"}

// enter is somebody's first login.
func (s *seeder) enter(ctx context.Context, token string, e example) (seeded, error) {
	entry, err := s.bank.access.FirstLogin(ctx, token, access.First{CodeWord: e.word, Passcode: e.passcode, Repeat: e.passcode}, seedVisitor)
	if err != nil {
		return seeded{}, err
	}
	account, err := s.bank.cards.DefaultAccount(ctx, entry.Session.Client)
	if err != nil {
		return seeded{}, err
	}
	confirmed, err := s.bank.access.ConfirmPasscode(ctx, entry.Session, e.passcode)
	if err != nil {
		return seeded{}, err
	}
	n, err := phone.Parse(e.phone)
	if err != nil {
		return seeded{}, err
	}
	return seeded{
		Person: Person{Name: e.first + " " + e.last, Phone: e.phone, Passcode: e.passcode, CodeWord: e.word},
		entry:  entry, proof: confirmed.Proof, account: account, number: n,
	}, nil
}

// apply fills the questionnaire in, page by page, and hands it in.
func (s *seeder) apply(ctx context.Context, e example, way application.Delivery) (token string, key id.ID, err error) {
	flow, err := s.bank.applications.Begin(ctx, e.phone, locale.Russian, seedVisitor)
	if err != nil {
		return "", id.ID{}, err
	}
	code, err := s.code(ctx, e.phone)
	if err != nil {
		return "", id.ID{}, err
	}
	token = flow.Token.Reveal()
	if _, err := s.bank.access.ConfirmCode(ctx, access.ForOrder, token, code); err != nil {
		return "", id.ID{}, err
	}
	a, h := s.bank.applications, application.ByFlow(token)
	if _, err := a.Open(ctx, h); err != nil {
		return "", id.ID{}, err
	}
	series, number, _ := strings.Cut(e.passport, " ")
	consents := map[application.ConsentKind]bool{application.Terms: true, application.PersonalData: true, application.Marketing: len(e.first)%3 == 0}
	for _, page := range []func() (application.View, error){
		func() (application.View, error) {
			return a.SaveName(ctx, h, application.NameForm{Last: e.last, First: e.first, Middle: e.middle, BirthDate: e.born})
		},
		func() (application.View, error) { return a.SaveContact(ctx, h, application.ContactForm{}) },
		func() (application.View, error) {
			return a.SavePassport(ctx, h, application.PassportForm{
				Series: series, Number: number, Department: "000-001", IssuedBy: "Образцовый отдел", IssuedOn: e.issued, BirthPlace: "гор. " + e.city,
			})
		},
		func() (application.View, error) {
			return a.SaveAddress(ctx, h, application.AddressForm{PostCode: e.post, Region: e.region, City: e.city, Street: e.street, House: e.house, Flat: e.flat})
		},
		func() (application.View, error) { return a.SaveDelivery(ctx, h, application.DeliveryForm{Way: way}) },
		func() (application.View, error) {
			return a.SaveWord(ctx, h, application.WordForm{CodeWord: vault.Hide(e.word), Consents: consents})
		},
	} {
		if _, err := page(); err != nil {
			return "", id.ID{}, err
		}
	}
	for page, picture := range map[application.Page]func(example) ([]byte, error){
		application.PageMain: specimenMain, application.PageRegistration: specimenRegistration,
	} {
		raw, err := picture(e)
		if err != nil {
			return "", id.ID{}, err
		}
		if _, err := a.Upload(ctx, h, page, bytes.NewReader(raw)); err != nil {
			return "", id.ID{}, fmt.Errorf("page %s: %w", page.Name(), err)
		}
	}
	v, err := a.Submit(ctx, h)
	return token, v.ID, err
}

// approve does what a manager does: takes the application, calls, looks and decides.
func (s *seeder) approve(ctx context.Context, key id.ID) error {
	a, by := s.bank.applications, seedActor{}
	if err := a.Take(ctx, by, key); err != nil {
		return err
	}
	if err := s.call(ctx, key, application.Reached); err != nil {
		return err
	}
	if _, err := a.Approve(ctx, by, key, application.Checks()); err != nil {
		return err
	}
	return a.RecordMeeting(ctx, by, key)
}

func (s *seeder) call(ctx context.Context, key id.ID, outcome application.Outcome) error {
	c, err := s.bank.applications.BeginCall(ctx, seedActor{}, key, true)
	if err != nil {
		return err
	}
	return s.bank.applications.RecordCall(ctx, seedActor{}, key, c.ID, outcome, time.Time{}, "")
}

// waiting makes the applications that the demo's managers find in their queue.
func (s *seeder) waiting(ctx context.Context) error {
	return sideBySide(ctx, exampleQueue, func(ctx context.Context, i int, e example) error {
		way := application.Courier
		if i == 1 {
			way = application.Virtual
		}
		_, key, err := s.apply(ctx, e, way)
		if err != nil || i == 0 { // nobody has looked at the first one yet
			return err
		}
		return s.tried(ctx, key, i)
	})
}

func (s *seeder) tried(ctx context.Context, key id.ID, i int) error {
	a, by := s.bank.applications, seedActor{}
	if err := a.Take(ctx, by, key); err != nil {
		return err
	}
	if i == 2 {
		return a.AskRetake(ctx, by, key, []application.Retaken{{Page: application.PageRegistration, Why: "glare"}})
	}
	for range 2 {
		if err := s.call(ctx, key, application.NoAnswer); err != nil {
			return err
		}
	}
	return a.Release(ctx, by, key)
}
