package application_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var bg = context.Background()

type world = accesstest.World

var anya, boris = accesstest.Phone(101), accesstest.Phone(102)

const pass = accesstest.Passcode

// Monday noon in Moscow: calling time in most of the country.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// moving is a business clock that the test moves.
type moving struct{ now time.Time }

func (m *moving) Now() time.Time { return m.now }

func each(t *testing.T, fn func(w *world, c *moving)) {
	t.Helper()
	t.Parallel()
	c := &moving{}
	accesstest.EachClock(t, clock.Func(func() time.Time { return c.now }), func(w *world) {
		c.now = monday
		fn(w, c)
	})
}

var qPeople = db.Query(`SELECT (SELECT COUNT(*) FROM client), (SELECT COUNT(*) FROM account WHERE owner > 0), (SELECT COUNT(*) FROM card), (SELECT COUNT(*) FROM device)`)

// people counts clients, accounts, cards and devices.
func people(w *world) (n [4]int) {
	w.Helper()
	if err := w.DB.Row(bg, qPeople).Scan(&n[0], &n[1], &n[2], &n[3]); err != nil {
		w.Fatal(err)
	}
	return n
}

// whole fails unless the audit trail is unbroken and has each of these acts.
func whole(w *world, acts ...string) {
	w.Helper()
	if err := w.DB.Read(bg, func(r db.Reader) error {
		_, bad, err := audit.Verify(bg, r)
		if len(bad) > 0 {
			w.Errorf("audit: %v", bad)
		}
		return err
	}); err != nil {
		w.Fatal(err)
	}
	for _, act := range acts {
		var n int
		if err := w.DB.Row(bg, qActs, act).Scan(&n); err != nil || n == 0 {
			w.Errorf("no audit row %s, %v", act, err)
		}
	}
}

var qActs = db.Query(`SELECT COUNT(*) FROM audit WHERE act = $1`)

// submitted fills a whole questionnaire in.
func submitted(w *world, p phone.Number) (application.Holder, string, id.ID) {
	w.Helper()
	token := w.Ordered(p)
	h := application.ByFlow(token)
	return h, token, w.Fill(h, p, "Анна", "Соколова")
}

func wants(w *world, what string, err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("%s: %v; want %v", what, err, want)
	}
}

// Goal: the whole way of a newcomer; in the end there is a client with account,
// card, papers, code word and consents, and a trail of who did what.
func TestNewcomer(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h, token, key := submitted(w, anya)
		if n := people(w); n != [4]int{} {
			w.Errorf("before the approval: %v", n)
		}
		st, err := w.Apply.Status(bg, token)
		if err != nil || st.State != application.Submitted || !st.Promised.Equal(monday.Add(4*time.Hour)) {
			w.Errorf("%+v, %v", st, err)
		}
		done := w.Approve(key)
		if again, err := w.Apply.Approve(bg, accesstest.Manager, key, application.Checks()); err != nil || again != done {
			w.Errorf("a second tap: %+v, %v", again, err)
		}
		if n := people(w); n != [4]int{1, 1, 1, 0} {
			w.Errorf("clients, accounts, cards, devices: %v", n)
		}
		v, err := w.Apply.Open(bg, h)
		if err != nil || v.State != application.Approved || v.Passport.Number != "" {
			w.Errorf("after the approval: state %v, %v", v.State, err)
		}
		own, err := w.Apply.Of(bg, done.Client)
		if err != nil || len(own) != 1 || own[0].ID != key || own[0].State != application.Approved || len(own[0].Pages) != 2 {
			w.Errorf("his own applications: %+v, %v", own, err)
		}
		c, err := w.Clients.ByID(bg, done.Client)
		if err != nil || c.Name.Whole() != "Анна Соколова" || c.Born.ISO() != "1990-05-17" || c.Phone != anya || c.Level != client.Simplified {
			w.Errorf("%+v, %v", c, err)
		}
		a, err := ledger.AccountByID(bg, w.DB, c.Account)
		if err != nil || a.Owner != int64(done.Client) || a.Posted != money.Rub(0) || a.Floor != money.Rub(0) || a.NoFloor {
			w.Errorf("%+v, %v", a, err)
		}
		papers, err := w.Clients.Papers(bg, done.Client)
		if err != nil || papers.Series != "0000" || papers.IssuedOn != "2010-06-20" || papers.City != "Москва" {
			w.Errorf("papers: %v", err)
		}
		if log, err := w.Apply.Consents(bg, done.Client); err != nil || len(log) != 4 || !log[0].Given || log[0].Version == "" {
			w.Errorf("consents %+v, %v", log, err)
		}
		sent := w.Sent(anya)
		if last := sent[len(sent)-1].Text.Reveal(); len(sent) != 2 || !strings.Contains(last, "•• "+done.Last4) {
			w.Errorf("%d messages, the last is %q", len(sent), last)
		}
		// The first login: the SMS alone does not set the passcode.
		first := access.First{CodeWord: "закат над рекой", Passcode: pass, Repeat: pass}
		if _, err := w.Access.FirstLogin(bg, token, first, accesstest.Home); err == nil {
			w.Error("a wrong code word sets the passcode")
		}
		first.CodeWord = "  ежик в ТУМАНЕ "
		e, err := w.Access.FirstLogin(bg, token, first, accesstest.Home)
		if err != nil || e.Session.Client != done.Client {
			w.Fatalf("%v", err)
		}
		wants(w, "a meeting of a stranger", w.Apply.RecordMeeting(bg, accesstest.Manager, id.ID{1}), application.ErrMissing)
		if err := w.Apply.RecordMeeting(bg, accesstest.Manager, key); err != nil {
			w.Error(err)
		}
		wants(w, "a second meeting", w.Apply.RecordMeeting(bg, accesstest.Manager, key), application.ErrMet)
		if c, err = w.Clients.ByID(bg, done.Client); err != nil || c.Level != client.Full {
			w.Errorf("level %v, %v", c.Level, err)
		}
		whole(w, "application.opened", "application.submitted", "application.taken", "application.call_begun", "application.call_reached",
			"application.approved", "client.created", "card.issued", "application.met")
	})
}

// All faults of a page are told at once, each at its field and with words; the
// page keeps what it had.
func TestPagesTellEverything(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h := application.ByFlow(w.Ordered(anya))
		if _, err := w.Apply.Open(bg, h); err != nil {
			w.Fatal(err)
		}
		a := w.Apply
		_, err1 := a.SaveName(bg, h, application.NameForm{Last: "Сок0лова", BirthDate: "31.02.1990"})
		_, err2 := a.SavePassport(bg, h, application.PassportForm{Series: "12", Number: "12345a", Department: "77-01", IssuedOn: "2010-13-01"})
		_, err3 := a.SaveAddress(bg, h, application.AddressForm{PostCode: "1", Region: "Атлантида", House: "<b>"})
		_, err4 := a.SaveDelivery(bg, h, application.DeliveryForm{Way: "голубь"})
		_, err5 := a.SaveWord(bg, h, application.WordForm{CodeWord: vault.Hide("12")})
		_, err6 := a.SaveContact(bg, h, application.ContactForm{Email: "anna@"})
		_, err7 := a.Submit(bg, h)
		for i, tc := range []struct {
			err    error
			fields []string
		}{
			{err1, []string{"last", "first", "birth_date"}},
			{err2, []string{"series", "number", "department", "issued_by", "birth_place", "issued_on"}},
			{err3, []string{"post_code", "region", "city", "house"}},
			{err4, []string{"way"}},
			{err5, []string{"code_word", "consent_terms", "consent_personal_data"}},
			{err6, []string{"email"}},
			{err7, []string{"last", "first", "birth_date", "email", "series", "number", "department", "issued_by", "birth_place", "issued_on",
				"post_code", "region", "city", "house", "way", "page_main", "page_registration", "code_word", "consent_terms", "consent_personal_data"}},
		} {
			var p application.Problems
			if !errors.As(tc.err, &p) || !slices.Equal(p.Fields(), tc.fields) {
				w.Errorf("%d: %v; want %v", i+1, tc.err, tc.fields)
			}
			for _, f := range p {
				for _, lang := range locale.Langs() {
					if text := locale.For(lang).Fault(f); text == f.Key || strings.Contains(text, "{") {
						w.Errorf("%s says %q", f.Key, text)
					}
				}
			}
		}
		if v, err := a.View(bg, h); err != nil || v.Name.First != "" || v.Next != application.StepName {
			w.Errorf("next %v, %v", v.Next, err)
		}
	})
}

func TestPassportRules(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h := application.ByFlow(w.Ordered(anya))
		if _, err := w.Apply.Open(bg, h); err != nil {
			w.Fatal(err)
		}
		try := func(born, issued, number, department string) error {
			if _, err := w.Apply.SaveName(bg, h, application.NameForm{Last: "Соколова", First: "Анна", BirthDate: born}); err != nil {
				return err
			}
			f := accesstest.Passport(anya)
			f.IssuedOn, f.Number, f.Department = issued, number, department
			_, err := w.Apply.SavePassport(bg, h, f)
			return err
		}
		for _, tc := range []struct {
			born, issued string
			want         error
		}{
			{"17.05.1990", "20.06.2010", nil},
			{"17.05.1990", "17.05.2010", nil},                            // on the very birthday
			{"17.05.1990", "16.05.2010", application.ErrPassportExpired}, // the first passport of somebody of 36
			{"17.05.1990", "16.05.2004", application.ErrIssuedEarly},     // before 14
			{"17.05.1990", "24.11.2026", application.ErrIssuedFuture},    // tomorrow
			{"17.05.1990", "23.11.2026", nil},                            // today
			{"17.05.1990", "31.02.2011", application.ErrDate},            // no such day
			{"01.09.2006", "01.10.2020", nil},                            // became 20 less than 90 days ago
			{"20.08.2006", "01.10.2020", application.ErrPassportExpired}, // … more
			{"01.09.1981", "01.10.2001", nil},                            // became 45 less than 90 days ago
			{"20.08.1981", "01.10.2001", application.ErrPassportExpired}, // … more
			{"20.08.1981", "20.08.2026", nil},                            // changed in time
			{"29.02.2008", "15.03.2022", nil},                            // 14 on 1 March
			{"23.11.2008", "01.12.2022", nil},                            // 18 today
			{"24.11.2008", "01.12.2022", application.ErrBirthYoung},      // tomorrow
		} {
			wants(w, tc.born+" "+tc.issued, try(tc.born, tc.issued, "123 456", "770001"), tc.want)
		}
		var f *fault.Error
		if err := try("17.05.1990", "16.05.2010", "123456", "770-001"); !errors.As(err, &f) || f.Args["age"] != 20 {
			w.Errorf("%+v", f)
		}
		for _, number := range []string{"", "12345", "1234567", "12345a", "١٢٣٤٥٦", "12-45 6", "123456\x00"} {
			wants(w, "number "+number, try("17.05.1990", "20.06.2010", number, "770-001"), application.ErrNumber)
		}
		for _, department := range []string{"", "77-001", "7700011", "770/001", "77O-001"} {
			wants(w, "department "+department, try("17.05.1990", "20.06.2010", "123456", department), application.ErrDepartment)
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h := application.ByFlow(w.Ordered(anya))
		if _, err := w.Apply.Open(bg, h); err != nil {
			w.Fatal(err)
		}
		for name, want := range map[string]error{
			"Соколова": nil, "  де   ла Круз ": nil, "Римский-Корсаков": nil, "Д'Артаньян": nil, "O’Neil": nil, "Мамин‑Сибиряк": nil, "Müller": nil,
			"Әхмәтова": nil, "Е\u0308лкина": nil, "И": nil,
			"": application.ErrEmpty, " \t\u00a0": application.ErrEmpty, "Соколова2": application.ErrNameLetters, "Соколова\x00": application.ErrNameLetters,
			"😀": application.ErrNameLetters, "<b>": application.ErrNameLetters, "-": application.ErrNameLetters, "Сокол-": application.ErrNameLetters,
			"Сокол--ова": application.ErrNameLetters, "阿": application.ErrNameLetters, "\u202eСоколова": application.ErrNameLetters,
			"Сoколова": application.ErrNameScript, "Соколова\xff": application.ErrNameLong,
			strings.Repeat("я", 61): application.ErrNameLong, strings.Repeat("a", 1<<20): application.ErrNameLong,
		} {
			_, err := w.Apply.SaveName(bg, h, application.NameForm{Last: name, First: "Анна", BirthDate: "17.05.1990"})
			if name == "Müller" || name == "O’Neil" {
				want = application.ErrNameScript // with a Cyrillic given name
			}
			wants(w, fmt.Sprintf("%.30q", name), err, want)
		}
	})
}

func TestBirthDates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 21, 30, 0, 0, time.UTC) // in Moscow it is the 23rd already
	for s, want := range map[string]error{
		"17.05.1990": nil, "1990-05-17": nil, "7.5.1990": nil, " 29.02.1992 ": nil, "23.11.2008": nil, "24.11.1906": nil,
		"24.11.2008": application.ErrBirthYoung, "22.11.2026": application.ErrBirthYoung, "01.01.2027": application.ErrBirthInvalid,
		"01.01.1900": application.ErrBirthOld, "": application.ErrBirthEmpty,
		"31.02.1990": application.ErrBirthInvalid, "29.02.1991": application.ErrBirthInvalid, "00.01.1990": application.ErrBirthInvalid,
		"1.13.1990": application.ErrBirthInvalid, "17.05.90": application.ErrBirthInvalid, "17/05/1990": application.ErrBirthInvalid,
		"-7.05.1990": application.ErrBirthInvalid, "١٧.٠٥.١٩٩٠": application.ErrBirthInvalid, "17.05.1990\x00": application.ErrBirthInvalid,
		strings.Repeat("1", 1<<20): application.ErrBirthInvalid,
	} {
		if _, err := application.ParseBirth(s, now); !errors.Is(err, want) {
			t.Errorf("%.20q: %v; want %v", s, err, want)
		}
	}
}

// The promise counts calling time where the person lives, and nights and
// weekends do not shorten it.
func TestCallingHours(t *testing.T) {
	t.Parallel()
	zone := func(code string) *time.Location {
		r, ok := application.RegionOf(code)
		if !ok {
			t.Fatal(code)
		}
		return r.Zone()
	}
	for _, tc := range []struct{ region, at, callable, promise string }{
		{"77", "2026-11-23 12:00", "2026-11-23 12:00", "2026-11-23 16:00"},
		{"77", "2026-11-23 18:30", "2026-11-23 18:30", "2026-11-24 11:30"}, // 1:30 today, the rest tomorrow
		{"77", "2026-11-23 05:00", "2026-11-23 09:00", "2026-11-23 13:00"},
		{"77", "2026-11-23 20:00", "2026-11-24 09:00", "2026-11-24 13:00"},
		{"77", "2026-11-27 19:00", "2026-11-27 19:00", "2026-11-28 13:00"}, // Friday evening: Saturday from 10
		{"77", "2026-11-28 18:00", "2026-11-29 10:00", "2026-11-29 14:00"},
		{"25", "2026-11-23 23:00", "2026-11-24 09:00", "2026-11-24 13:00"}, // Vladivostok, its own clock
		{"39", "2026-11-23 08:59", "2026-11-23 09:00", "2026-11-23 13:00"},
	} {
		z := zone(tc.region)
		at, _ := time.ParseInLocation("2006-01-02 15:04", tc.at, z)
		from, by := application.CallFrom(at.UTC(), z), application.Promise(at.UTC(), z)
		if got := from.In(z).Format("2006-01-02 15:04"); got != tc.callable {
			t.Errorf("%s %s: callable %s, want %s", tc.region, tc.at, got, tc.callable)
		}
		if got := by.In(z).Format("2006-01-02 15:04"); got != tc.promise {
			t.Errorf("%s %s: promised %s, want %s", tc.region, tc.at, got, tc.promise)
		}
	}
	for _, r := range application.Regions() {
		if r.Zone() == clock.Moscow && r.Code == "25" || r.Name(locale.Russian) == "" || r.Name(locale.English) == "" {
			t.Errorf("region %s", r.Code)
		}
	}
}

// A draft goes on with phone and code on another device; twenty openings at
// once make one.
func TestResumedOnAnotherDevice(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		one, other := w.Ordered(anya), w.Ordered(anya)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if _, err := w.Apply.Open(bg, application.ByFlow([]string{one, other}[i%2])); err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		h := application.ByFlow(one)
		if _, err := w.Apply.SaveName(bg, h, application.NameForm{Last: "Соколова", First: "Анна", BirthDate: "17.05.1990"}); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Apply.Upload(bg, h, application.PageMain, bytes.NewReader(accesstest.Photo(1))); err != nil {
			w.Fatal(err)
		}
		v, err := w.Apply.Open(bg, application.ByFlow(other))
		if err != nil || v.Name.Last != "Соколова" || v.Next != application.StepContact || !v.Pages[0].Have || v.Pages[1].Have {
			w.Errorf("next %v, %v", v.Next, err)
		}
		stranger := application.ByFlow(w.Ordered(boris))
		if v, err := w.Apply.Open(bg, stranger); err != nil || v.Name.Last != "" {
			w.Errorf("a stranger: %v", err)
		}
		if _, err := w.Apply.Picture(bg, stranger, application.PageMain); !errors.Is(err, scan.ErrMissing) {
			w.Errorf("a stranger's look: %v", err)
		}
		if st, err := w.Apply.Status(bg, v.Ticket.Reveal()); err != nil || st.State != application.Draft {
			w.Errorf("by ticket: %+v, %v", st, err)
		}
		for _, no := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<16)} {
			_, err := w.Apply.Status(bg, no)
			wants(w, "no ticket", err, application.ErrMissing)
		}
		unproved, err := w.Apply.Begin(bg, "8 (916) 555-77-88", locale.Russian, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		_, err = w.Apply.Open(bg, application.ByFlow(unproved.Token.Reveal()))
		wants(w, "no code", err, access.ErrStep)
		_, err = w.Apply.Open(bg, application.ByFlow(w.Proved(boris)))
		wants(w, "a login's flow", err, access.ErrNoFlow)
		if n := people(w); n != [4]int{} {
			w.Errorf("%v", n)
		}
	})
}

// One live application per passport: the second attempt, from another phone,
// waits behind the first, sees how it stands and none of its data. What comes
// of it tells nobody who is a client.
func TestSecondAttemptWithOnePassport(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		_, _, first := submitted(w, anya)
		second := func(p phone.Number) (application.Holder, id.ID) {
			h := application.ByFlow(w.Ordered(p))
			w.Fill(h, p, "Анна", "Соколова")
			// Again with the passport of the first.
			if err := w.Apply.Withdraw(bg, h); err != nil {
				w.Fatal(err)
			}
			h = application.ByFlow(w.Ordered(p))
			key := w.FillWith(h, accesstest.Passport(anya), "Анна", "Соколова")
			return h, key
		}
		h2, key2 := second(boris)
		rows, err := w.Apply.Queue(bg, accesstest.Manager, application.QueueFilter{})
		if err != nil || len(rows) != 1 || rows[0].ID != first {
			w.Fatalf("the queue: %+v, %v", rows, err)
		}
		wants(w, "taking the second", w.Apply.Take(bg, accesstest.Manager, key2), application.ErrState)
		v, err := w.Apply.View(bg, h2)
		if err != nil || v.Status.State != application.Submitted {
			w.Errorf("%+v, %v", v.Status, err)
		}
		if err := w.Apply.Take(bg, accesstest.Manager, first); err != nil {
			w.Fatal(err)
		}
		d, err := w.Apply.Read(bg, accesstest.Manager, first, "проверка заявки")
		if err != nil || d.Twins != 1 || !slices.Contains(d.Warnings, "application.warn_twin") {
			w.Errorf("twins %d, %v, %v", d.Twins, d.Warnings, err)
		}
		w.Approve(first)
		v, err = w.Apply.View(bg, h2)
		if err != nil || v.State != application.Refused || v.Status.Reason != "application.refused_rules" {
			w.Errorf("after the approval: %v, %v", v.State, err)
		}
		// A third one comes with a client's passport: taken like any other, the
		// manager alone sees why it cannot go on.
		_, key3 := second(accesstest.Phone(103))
		if err := w.Apply.Take(bg, accesstest.Manager, key3); err != nil {
			w.Fatal(err)
		}
		d, err = w.Apply.Read(bg, accesstest.Manager, key3, "проверка заявки")
		if err != nil || !d.KnownPassport {
			w.Errorf("known %v, %v", d.KnownPassport, err)
		}
		c, _ := w.Apply.BeginCall(bg, accesstest.Manager, key3, false)
		if err := w.Apply.RecordCall(bg, accesstest.Manager, key3, c.ID, application.Reached, time.Time{}, ""); err != nil {
			w.Fatal(err)
		}
		_, err = w.Apply.Approve(bg, accesstest.Manager, key3, application.Checks())
		wants(w, "a second client with one passport", err, client.ErrPassportTaken)
		if n := people(w); n[0] != 1 {
			w.Errorf("%d clients", n[0])
		}
	})
}

// The second attempt takes the place of a first that was taken back.
func TestTwinMovesUp(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h1, _, _ := submitted(w, anya)
		h2 := application.ByFlow(w.Ordered(boris))
		key2 := w.FillWith(h2, accesstest.Passport(anya), "Анна", "Соколова")
		if err := w.Apply.Withdraw(bg, h1); err != nil {
			w.Fatal(err)
		}
		if rows, err := w.Apply.Queue(bg, accesstest.Manager, application.QueueFilter{}); err != nil || len(rows) != 1 || rows[0].ID != key2 {
			w.Errorf("%+v, %v", rows, err)
		}
	})
}

// Goal: the manager's calls: hours, phrases, outcomes, the message after three
// that nobody answered.
func TestCalls(t *testing.T) {
	each(t, func(w *world, c *moving) {
		_, token, key := submitted(w, anya)
		a, by := w.Apply, accesstest.Manager
		_, err := a.BeginCall(bg, by, key, false)
		wants(w, "not taken", err, application.ErrNotYours)
		if err := a.Take(bg, by, key); err != nil {
			w.Fatal(err)
		}
		wants(w, "a colleague's", a.Take(bg, accesstest.Staff("Олег"), key), application.ErrTaken)
		c.now = monday.Add(14 * time.Hour) // 2 in the morning in Moscow
		_, err = a.BeginCall(bg, by, key, false)
		wants(w, "at night", err, application.ErrNight)
		c.now = monday.Add(22 * time.Hour)
		phrases := map[string]bool{}
		for i := range 3 {
			call, err := a.BeginCall(bg, by, key, false)
			if err != nil {
				w.Fatal(err)
			}
			again, err := a.BeginCall(bg, by, key, false)
			if err != nil || again.ID != call.ID {
				w.Errorf("a second tap: %v", err)
			}
			st, err := a.Status(bg, token)
			if err != nil || st.Phrase != call.Phrase || call.Phrase != a.Phrase(bg, key, call.ID) || phrases[call.Phrase] {
				w.Errorf("the person reads %q, the manager says %q, %v", st.Phrase, call.Phrase, err)
			}
			phrases[call.Phrase] = true
			before := len(w.Sent(anya))
			if err := a.RecordCall(bg, by, key, call.ID, application.NoAnswer, time.Time{}, "гудки"); err != nil {
				w.Fatal(err)
			}
			wants(w, "ended twice", a.RecordCall(bg, by, key, call.ID, application.Reached, time.Time{}, ""), application.ErrState)
			if after := len(w.Sent(anya)); (after > before) != (i == 2) {
				w.Errorf("after %d calls %d new messages", i+1, after-before)
			}
			if st, _ := a.Status(bg, token); st.Phrase != "" || st.NoAnswers != i+1 {
				w.Errorf("after a call: %+v", st)
			}
		}
		call, err := a.BeginCall(bg, by, key, false)
		if err != nil {
			w.Fatal(err)
		}
		wants(w, "call back yesterday", a.RecordCall(bg, by, key, call.ID, application.CallBack, c.now.Add(-time.Hour), ""), application.ErrAgain)
		wants(w, "no outcome", a.RecordCall(bg, by, key, call.ID, 0, time.Time{}, ""), application.ErrOutcome)
		at := c.now.Add(26 * time.Hour)
		if err := a.RecordCall(bg, by, key, call.ID, application.CallBack, at, ""); err != nil {
			w.Fatal(err)
		}
		if st, err := a.Status(bg, token); err != nil || !st.CallAt.Equal(at) || !st.Promised.Equal(at) {
			w.Errorf("%+v, %v", st, err)
		}
		_, err = a.Approve(bg, by, key, application.Checks())
		wants(w, "nobody has spoken with her", err, application.ErrNoCall)
		_, err = a.Approve(bg, by, key, application.Checks()[1:])
		wants(w, "a check is missing", err, application.ErrChecks)
		_, err = a.Read(bg, by, key, " ")
		wants(w, "no reason", err, application.ErrReason)
		_, err = a.Read(bg, accesstest.Staff("Олег"), key, "любопытно")
		wants(w, "a colleague's look", err, application.ErrNotYours)
		d, err := a.Read(bg, by, key, "проверяем документы")
		if err != nil {
			w.Fatal(err)
		}
		picture := d.Pages[0].Scan.ID
		_, err = a.ScanPicture(bg, accesstest.Staff("Олег"), key, picture)
		wants(w, "a colleague's look at the scan", err, application.ErrNotYours)
		_, err = a.ScanPicture(bg, by, key, id.ID{1})
		wants(w, "no such picture", err, scan.ErrMissing)
		// What leaves the bank carries the whole name of who looked, and when.
		scans := scan.New(w.DB, w.Vault, id.NewSource(w.Now))
		for name, look := range map[string]struct {
			served func(context.Context, application.Actor, id.ID, id.ID) ([]byte, error)
			kept   func(context.Context, id.ID, id.ID) ([]byte, error)
		}{"picture": {a.ScanPicture, scans.Picture}, "thumb": {a.ScanThumb, scans.Thumb}} {
			bare, err := look.kept(bg, key, picture)
			if err != nil {
				w.Fatal(err)
			}
			want, err := scans.Marked(bare, "для проверки · "+by.FullName()+" · "+c.now.In(clock.Moscow).Format("02.01.2006 15:04"))
			if err != nil {
				w.Fatal(err)
			}
			if got, err := look.served(bg, by, key, picture); err != nil || bytes.Equal(got, bare) || !bytes.Equal(got, want) {
				w.Errorf("the served %s is not marked with «%s»: %v", name, by.FullName(), err)
			}
		}
		whole(w, "application.scan_seen", "application.call_no_answer", "application.call_call_back")
	})
}

// A page is asked for again with a reason; the person sends it and nothing
// else, and the application stands in the queue again.
func TestRetake(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h, token, key := submitted(w, anya)
		a, by := w.Apply, accesstest.Manager
		_, err := a.Upload(bg, h, application.PageMain, bytes.NewReader(accesstest.Photo(3)))
		wants(w, "a page nobody asked for", err, application.ErrSent)
		if err := a.Take(bg, by, key); err != nil {
			w.Fatal(err)
		}
		wants(w, "no page", a.AskRetake(bg, by, key, nil), application.ErrRetakeNeeded)
		wants(w, "no reason", a.AskRetake(bg, by, key, []application.Retaken{{Page: application.PageMain}}), application.ErrRetakeNeeded)
		asked := []application.Retaken{{Page: application.PageMain, Why: "blurred"}, {Page: application.PageEarlier, Why: "missing", Note: "страницы 18–19"}}
		if err := a.AskRetake(bg, by, key, asked); err != nil {
			w.Fatal(err)
		}
		st, err := a.Status(bg, token)
		if err != nil || st.State != application.Retake || len(st.Retakes) != 2 || st.Retakes[0].Why != "application.retake_blurred" {
			w.Errorf("%+v, %v", st, err)
		}
		_, err = a.SaveName(bg, h, application.NameForm{})
		wants(w, "another name", err, application.ErrSent)
		_, err = a.Upload(bg, h, application.PageRegistration, bytes.NewReader(accesstest.Photo(3)))
		wants(w, "another page", err, application.ErrSent)
		if _, err := a.Upload(bg, h, application.PageMain, bytes.NewReader(accesstest.Photo(3))); err != nil {
			w.Fatal(err)
		}
		var p application.Problems
		if _, err = a.Submit(bg, h); !errors.As(err, &p) || !slices.Equal(p.Fields(), []string{"page_earlier"}) {
			w.Errorf("half of it: %v", err)
		}
		pv, err := a.Upload(bg, h, application.PageEarlier, bytes.NewReader(accesstest.Photo(3)))
		if err != nil || pv.SameAs != application.PageMain || !pv.Scan.Small() {
			w.Errorf("the same photo twice: %+v, %v", pv, err)
		}
		if v, err := a.Submit(bg, h); err != nil || v.State != application.Submitted {
			w.Errorf("%v, %v", v.State, err)
		}
		w.Approve(key)
	})
}

// A refusal gives a reason from the list, forgets person and pictures, and
// leaves the way open to begin again.
func TestRefused(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		h, token, key := submitted(w, anya)
		a, by := w.Apply, accesstest.Manager
		if err := a.Take(bg, by, key); err != nil {
			w.Fatal(err)
		}
		wants(w, "no reason", a.Refuse(bg, by, key, "не понравился", ""), application.ErrRefusal)
		if err := a.Refuse(bg, by, key, application.ByDocuments, "штамп не тот"); err != nil {
			w.Fatal(err)
		}
		st, err := a.Status(bg, token)
		if err != nil || st.State != application.Refused || locale.For(locale.Russian).T(st.Reason) == st.Reason {
			w.Errorf("%+v, %v", st, err)
		}
		v, err := a.Open(bg, h)
		if err != nil || v.ID != key || v.Name.Last != "" {
			w.Errorf("opened again: %v", err)
		}
		if _, err := a.Picture(bg, h, application.PageMain); !errors.Is(err, scan.ErrMissing) {
			w.Errorf("the picture: %v", err)
		}
		anew, err := a.Again(bg, h)
		if err != nil || anew.ID == key || anew.State != application.Draft {
			w.Errorf("again: %v, %v", anew.State, err)
		}
		if v, err := a.Open(bg, h); err != nil || v.ID != anew.ID {
			w.Errorf("the new one: %v", err)
		}
	})
}

// A client of the old way keeps his account and card, fills the questionnaire
// in in his session and gains papers, code word and, after the meeting, the level.
func TestOldClient(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		who := w.OldClient(anya, "Анна", "Соколова")
		e, err := w.Access.FinishLogin(bg, w.Proved(anya), pass, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		if wanted, err := w.Apply.Wanted(bg, who); err != nil || !wanted {
			w.Errorf("wanted: %v, %v", wanted, err)
		}
		h := application.BySession(e.Session)
		v, err := w.Apply.Open(bg, h)
		if err != nil || v.Name.Last != "Соколова" || !v.Client || v.Name.BirthDate != "17.05.1990" {
			w.Fatalf("%v", err)
		}
		before, _ := w.Cards.Of(bg, who)
		key := w.Fill(h, anya, "Анна", "Соколова")
		if wanted, err := w.Apply.Wanted(bg, who); err != nil || wanted {
			w.Errorf("wanted while the bank looks at it: %v, %v", wanted, err)
		}
		done := w.Approve(key)
		after, err := w.Cards.Of(bg, who)
		if err != nil || done.Client != who || len(after) != 1 || !reflect.DeepEqual(after[0], before[0]) || people(w)[1] != 1 {
			w.Errorf("%+v, %+v, %v", done, after, err)
		}
		if ok, err := w.Access.HasCodeWord(bg, who); err != nil || !ok {
			w.Errorf("code word: %v, %v", ok, err)
		}
		if _, err := w.Clients.Papers(bg, who); err != nil {
			w.Error(err)
		}
		if err := w.Apply.RecordMeeting(bg, accesstest.Manager, key); err != nil {
			w.Error(err)
		}
		if c, err := w.Clients.ByID(bg, who); err != nil || c.Level != client.Full {
			w.Errorf("level %v, %v", c.Level, err)
		}
		if wanted, err := w.Apply.Wanted(bg, who); err != nil || wanted {
			w.Errorf("wanted afterwards: %v, %v", wanted, err)
		}
	})
}

var qLeft = db.Query(`SELECT (SELECT COUNT(*) FROM card_application), (SELECT COUNT(*) FROM scan), (SELECT COUNT(*) FROM card_application_live)`)

func TestSweepForgetsDrafts(t *testing.T) {
	each(t, func(w *world, c *moving) {
		w.Newcomer(anya)
		h := application.ByFlow(w.Ordered(boris))
		if _, err := w.Apply.Open(bg, h); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Apply.Upload(bg, h, application.PageMain, bytes.NewReader(accesstest.Photo(1))); err != nil {
			w.Fatal(err)
		}
		for _, tc := range []struct {
			after time.Duration
			want  [3]int
		}{{29 * 24 * time.Hour, [3]int{2, 3, 1}}, {2 * 24 * time.Hour, [3]int{1, 2, 0}}, {5 * 365 * 24 * time.Hour, [3]int{1, 2, 0}}} {
			c.now = c.now.Add(tc.after)
			if err := w.Apply.Sweep(bg); err != nil {
				w.Fatal(err)
			}
			var n [3]int
			if err := w.DB.Row(bg, qLeft).Scan(&n[0], &n[1], &n[2]); err != nil || n != tc.want {
				w.Errorf("applications, scans, live: %v, %v; want %v", n, err, tc.want)
			}
		}
		whole(w, "application.forgotten")
	})
}

// Consents that an account can do without are taken back and given again; the
// others are not.
func TestConsents(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		who := w.Newcomer(anya).Entry.Session.Client
		set := func(k application.ConsentKind, given bool) error {
			return w.DB.Write(bg, func(tx db.Tx) error { return w.Apply.SetConsent(bg, tx, who, k, given) })
		}
		wants(w, "without terms", set(application.Terms, false), application.ErrConsentKept)
		wants(w, "no such consent", set("soul", true), application.ErrMissing)
		if err := errors.Join(set(application.Marketing, true), set(application.Marketing, false)); err != nil {
			w.Fatal(err)
		}
		log, err := w.Apply.Consents(bg, who)
		if err != nil || len(log) != 6 || !log[4].Given || log[5].Given {
			w.Errorf("%+v, %v", log, err)
		}
	})
}
