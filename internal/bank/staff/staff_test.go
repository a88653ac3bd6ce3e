package staff_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

const origin = "https://console.bank.example"

// office is a bank with its staff.
type office struct {
	*banktest.Bank
	staff *staff.Service
	watch *watch.Service
	mu    sync.Mutex
	real  time.Time
	did   []staff.Proposal
	word  word
}

// word is the client's own, as far as this room asks for it.
type word struct {
	asked, again, ended int
	waits               error
}

func (w *word) Ask(context.Context, db.Tx, staff.Actor, staff.Proposal) error { w.asked++; return nil }

func (w *word) Given(context.Context, db.Reader, staff.Proposal) error { return w.waits }

func (w *word) Again(context.Context, db.Tx, staff.Actor, staff.Proposal) error {
	w.again++
	return w.waits
}

func (w *word) End(context.Context, db.Tx, staff.Proposal) error { w.ended++; return nil }

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.real
}

func (o *office) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.real = o.real.Add(d)
}

func each(t *testing.T, fn func(o *office)) {
	banktest.Each(t, func(b *banktest.Bank) {
		o := &office{Bank: b, real: banktest.Noon}
		o.watch = watch.New(b.DB, b.IDs, watch.Options{Now: o.now})
		var err error
		o.staff, err = staff.New(b.DB, b.Vault, b.IDs, staff.Options{
			Origin: origin, Host: "console.bank.example", Now: o.now, Alarm: o.watch, Word: &o.word, Limits: staff.Limits{ManyLooks: 3},
			Carry: map[staff.ProposalKind]staff.Executor{
				staff.ProposePerson: func(_ context.Context, _ db.Tx, p staff.Proposal, _ staff.Actor) error {
					o.did = append(o.did, p)
					return nil
				},
				staff.ProposeUnblock: func(ctx context.Context, tx db.Tx, p staff.Proposal, _ staff.Actor) error {
					return b.Directory.SetState(ctx, tx, p.Client, client.Active)
				},
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		fn(o)
	})
}

var ctx = context.Background()

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) refused(err, want error) {
	o.Helper()
	if !errors.Is(err, want) {
		o.Fatalf("got %v, want %v", err, want)
	}
}

// member lets somebody in and brings him inside by a passkey of his own.
func (o *office) member(name string, roles staff.Roles) (staff.Entry, *accesstest.Authenticator) {
	o.Helper()
	added, err := o.staff.Add(ctx, staff.Actor{}, staff.NewMember{Name: name, Roles: roles})
	o.must(err)
	return o.register(added.Link)
}

func (o *office) register(link vault.Hidden) (staff.Entry, *accesstest.Authenticator) {
	o.Helper()
	token, ok := strings.CutPrefix(link.Reveal(), origin+"/enter/")
	if !ok {
		o.Fatalf("the link leads to %s", link.Reveal())
	}
	g, err := o.staff.BeginRegister(ctx, token)
	o.must(err)
	key := accesstest.NewAuthenticator()
	key.Origin = origin
	answer, err := key.Create(inner(o, g.Options))
	o.must(err)
	e, err := o.staff.FinishRegister(ctx, token, g.Ref, answer)
	o.must(err)
	_, err = o.staff.Invited(ctx, token)
	o.refused(err, staff.ErrLink) // once
	return e, key
}

func inner(o *office, options json.RawMessage) json.RawMessage {
	o.Helper()
	var m struct{ PublicKey json.RawMessage }
	o.must(json.Unmarshal(options, &m))
	return m.PublicKey
}

func (o *office) login(key *accesstest.Authenticator) (staff.Entry, error) {
	o.Helper()
	g, err := o.staff.BeginLogin(ctx)
	o.must(err)
	answer, err := key.Get(inner(o, g.Options))
	o.must(err)
	e, err := o.staff.FinishLogin(ctx, g.Ref, answer)
	if err == nil { // an answer counts once
		_, again := o.staff.FinishLogin(ctx, g.Ref, answer)
		o.refused(again, staff.ErrPasskey)
	}
	return e, err
}

func (o *office) actor(name string, roles staff.Roles) staff.Actor {
	e, _ := o.member(name, roles)
	return e.Session.Actor()
}

// A20, S01: the first member comes by the operator's one-time link, which
// registers a passkey; later logins take the passkey and nothing else.
func TestS01_OneTimeLinkThenPasskey(t *testing.T) {
	each(t, func(o *office) {
		e, key := o.member("Ольга Седова", staff.Admin)
		in, err := o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.must(err)
		if in.Member.Roles != staff.Admin || in.Member.Name.Short() != "Ольга С." {
			o.Errorf("inside is %v %v", in.Member.Name.Short(), in.Member.Roles)
		}
		if _, err := o.login(key); err != nil {
			o.Errorf("login: %v", err)
		}
		stranger := accesstest.NewAuthenticator()
		stranger.Origin = origin
		g, err := o.staff.BeginLogin(ctx)
		o.must(err)
		if _, err := stranger.Get(inner(o, g.Options)); err == nil {
			o.Error("an authenticator without a passkey answered")
		}
		elsewhere := *key
		elsewhere.Origin = "https://console.bank.example.evil.example"
		_, err = o.login(&elsewhere)
		o.refused(err, staff.ErrPasskey)
		if e.Token.String() == e.Token.Reveal() {
			o.Error("the token prints itself")
		}
		// Without a passkey the link has to be good: too old is none.
		late, err := o.staff.Add(ctx, in.Actor(), staff.NewMember{Name: "Глеб Чернов", Roles: staff.Auditor})
		o.must(err)
		o.wait(25 * time.Hour)
		_, err = o.staff.Invited(ctx, strings.TrimPrefix(late.Link.Reveal(), origin+"/enter/"))
		o.refused(err, staff.ErrLink)
	})
}

func TestS01_SessionsEnd(t *testing.T) {
	each(t, func(o *office) {
		e, key := o.member("Лена Котова", staff.Support)
		o.wait(14 * time.Minute)
		_, err := o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.must(err)
		o.wait(14 * time.Minute)
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Watches) // no activity
		o.must(err)
		o.wait(2 * time.Minute)
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrIdle)

		e, err = o.login(key)
		o.must(err)
		for range 12*6 - 1 {
			o.wait(10 * time.Minute)
			_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
			o.must(err)
		}
		o.wait(10 * time.Minute)
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrTooOld)

		e, err = o.login(key)
		o.must(err)
		o.must(o.staff.Logout(ctx, e.Session))
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrNoSession)
	})
}

// S08: a change of rights acts on the live session.
func TestS08_RightsChangeAtOnce(t *testing.T) {
	each(t, func(o *office) {
		admin := o.actor("Ольга Седова", staff.Admin)
		e, key := o.member("Мария Орлова", staff.Manager)
		who := e.Session.Member.ID
		o.must(o.staff.SetRoles(ctx, admin, who, staff.Auditor))
		in, err := o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.must(err)
		if in.Actor().Has(staff.Manager) || !in.Actor().Has(staff.Auditor) {
			o.Errorf("the live session has %v", in.Actor().Roles())
		}
		o.must(o.staff.Disable(ctx, admin, who))
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrDisabled)
		_, err = o.login(key)
		o.refused(err, staff.ErrDisabled)
		o.must(o.staff.Enable(ctx, admin, who))
		_, err = o.staff.Session(ctx, e.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrNoSession) // it does not come back to life
		again, err := o.login(key)
		o.must(err)
		// A new link takes the old passkey away.
		added, err := o.staff.Relink(ctx, admin, who)
		o.must(err)
		_, err = o.staff.Session(ctx, again.Token.Reveal(), staff.Acts)
		o.refused(err, staff.ErrNoSession)
		_, err = o.login(key)
		o.refused(err, staff.ErrPasskey)
		o.register(added.Link)
	})
}

func TestRoles(t *testing.T) {
	each(t, func(o *office) {
		admin, manager := o.actor("Ольга Седова", staff.Admin), o.actor("Мария Орлова", staff.Manager)
		_, err := o.staff.Add(ctx, manager, staff.NewMember{Name: "Пётр Новый", Roles: staff.Manager})
		o.refused(err, staff.ErrRole)
		_, err = o.staff.Add(ctx, admin, staff.NewMember{Name: "Пётр Новый", Roles: staff.Admin | staff.Manager})
		o.refused(err, staff.ErrAdminAlone) // an admin has no client data
		o.refused(o.staff.SetRoles(ctx, admin, admin.ID(), staff.Admin|staff.Security), staff.ErrSelf)
		o.refused(o.staff.Disable(ctx, manager, admin.ID()), staff.ErrRole)
		o.refused(o.staff.Disable(ctx, staff.Actor{}, admin.ID()), staff.ErrLastAdmin)
		if _, err := staff.ParseRoles("manager,boss"); !errors.Is(err, staff.ErrRoles) {
			o.Errorf("a strange role: %v", err)
		}
		if r, err := staff.ParseRoles("support, card_officer"); err != nil || r.String() != "support,card_officer" {
			o.Errorf("two roles: %v %v", r, err)
		}
		for _, name := range []string{"", "Мария", "Мария <b>", strings.Repeat("а", 90) + " б"} {
			if _, err := staff.ParseName(name); !errors.Is(err, staff.ErrName) {
				o.Errorf("the name %q: %v", name, err)
			}
		}
	})
}

// S02: no role opens a client; a case of one's own and a reason do, and the
// client reads both.
func TestS02_NeedToKnow(t *testing.T) {
	each(t, func(o *office) {
		anna := o.Client("Анна", "Смирнова", 0)
		support, other := o.actor("Лена Котова", staff.Support), o.actor("Ирина Лис", staff.Support)
		target := staff.Target{Client: anna.ID}
		const why = "Клиент звонит: не видит перевод"

		_, err := o.staff.Look(ctx, support, target, staff.WhatPerson, why)
		o.refused(err, staff.ErrNoCase)
		_, err = o.staff.Notes(ctx, support, anna.ID)
		o.refused(err, staff.ErrNoCase)
		for _, blind := range []staff.Roles{staff.Auditor, staff.Security, staff.Admin} {
			a := o.actor("Глеб Чернов", blind)
			_, err := o.staff.OpenCase(ctx, a, staff.NewCase{Kind: staff.CaseCall, Client: anna.ID})
			o.refused(err, staff.ErrRole)
			_, err = o.staff.Look(ctx, a, target, staff.WhatPerson, why)
			o.refused(err, staff.ErrRole)
			o.refused(o.staff.Searched(ctx, a, "phone", anna.ID), staff.ErrRole)
		}
		c, err := o.staff.OpenCase(ctx, support, staff.NewCase{Kind: staff.CaseCall, Client: anna.ID})
		o.must(err)
		_, err = o.staff.Look(ctx, support, target, staff.WhatPerson, "  надо  ")
		o.refused(err, staff.ErrReason)
		_, err = o.staff.Look(ctx, other, target, staff.WhatPerson, why)
		o.refused(err, staff.ErrNoCase) // the case is a colleague's
		_, err = o.staff.Look(ctx, support, staff.Target{Client: o.Client("Пётр", "Ким", 0).ID}, staff.WhatPerson, why)
		o.refused(err, staff.ErrNoCase) // about somebody else

		look, err := o.staff.Look(ctx, support, target, staff.WhatPerson, why)
		o.must(err)
		_, err = o.staff.Looking(ctx, support, look.ID, target)
		o.must(err)
		_, err = o.staff.Looking(ctx, other, look.ID, target)
		o.refused(err, staff.ErrLookTooOld)
		o.wait(16 * time.Minute)
		_, err = o.staff.Looking(ctx, support, look.ID, target)
		o.refused(err, staff.ErrLookTooOld)
		look, err = o.staff.Look(ctx, support, target, staff.WhatOperations, why)
		o.must(err)
		o.must(o.staff.AddNote(ctx, support, anna.ID, "Перевод найден"))
		o.must(o.staff.CloseCase(ctx, support, c.ID))
		_, err = o.staff.Looking(ctx, support, look.ID, target)
		o.refused(err, staff.ErrNoCase)
		_, err = o.staff.Look(ctx, support, target, staff.WhatPerson, why)
		o.refused(err, staff.ErrNoCase)

		looks, err := o.staff.LooksAt(ctx, anna.ID)
		o.must(err)
		if len(looks) != 2 || looks[0].Who != "Лена К." || looks[0].Role != staff.Support || looks[0].Reason != why ||
			looks[0].What != staff.WhatOperations || looks[0].Case != staff.CaseCall {
			o.Errorf("the client reads %+v", looks)
		}
		// S07: each look and act is a line of the trail.
		acts := map[string]int{}
		lines, err := audit.List(ctx, o.DB, audit.Filter{Client: int64(anna.ID), Limit: 100})
		o.must(err)
		for _, l := range lines {
			acts[l.Act]++
			if strings.Contains(string(l.Entry.Details)+l.Subject, "перевод") {
				o.Error("the trail holds the words of a reason")
			}
		}
		for act, n := range map[string]int{"case.opened": 1, "staff.look": 2, "staff.read": 1, "staff.note": 1, "case.closed": 1} {
			if acts[act] != n {
				o.Errorf("%d lines %s, want %d", acts[act], act, n)
			}
		}
	})
}

// S04: who opens many clients in a short time is an alarm, and so is bait.
func TestS04_MassViewing(t *testing.T) {
	each(t, func(o *office) {
		support := o.actor("Лена Котова", staff.Support)
		open := func(p banktest.Person) {
			_, err := o.staff.OpenCase(ctx, support, staff.NewCase{Kind: staff.CaseCall, Client: p.ID})
			o.must(err)
			_, err = o.staff.Look(ctx, support, staff.Target{Client: p.ID}, staff.WhatPerson, "Звонок клиента о карте")
			o.must(err)
		}
		kinds := func() (out []string) {
			alerts, err := o.watch.Alerts(ctx, 10)
			o.must(err)
			for _, a := range alerts {
				if a.Subject != support.Ref() || a.Grade != watch.Critical {
					o.Errorf("alert %+v", a)
				}
				out = append(out, a.Kind)
			}
			return out
		}
		for _, name := range []string{"Анна", "Борис"} {
			open(o.Client(name, "Ким", 0))
		}
		if got := kinds(); len(got) != 0 {
			o.Fatalf("two clients raised %v", got)
		}
		open(o.Client("Вера", "Ким", 0))
		open(o.Client("Глеб", "Ким", 0))
		if got := kinds(); len(got) != 1 || got[0] != "mass_viewing" {
			o.Fatalf("four clients raised %v", got)
		}
		bait := o.Client("Дина", "Ким", 0)
		o.must(o.watch.SetDecoy(ctx, "staff:st_x", bait.ID, true))
		o.must(o.staff.Searched(ctx, support, "phone", bait.ID))
		if got := kinds(); len(got) != 2 || got[0] != "decoy" {
			o.Fatalf("bait raised %v", got)
		}
	})
}

type words struct{ right string }

func (w words) CheckCodeWord(_ context.Context, _ client.ID, _ access.Staff, word string) (bool, error) {
	return word == w.right, nil
}

// M21: one proposes, another decides; both stand on it, and what is approved
// is done in the same unit of work.
func TestM21_FourEyes(t *testing.T) {
	each(t, func(o *office) {
		anna := o.Client("Анна", "Смирнова", 0)
		maker, checker := o.actor("Лена Котова", staff.Support|staff.Compliance), o.actor("Вера Ильина", staff.Compliance)
		manager := o.actor("Мария Орлова", staff.Manager)
		c, err := o.staff.OpenCase(ctx, maker, staff.NewCase{Kind: staff.CaseCall, Client: anna.ID})
		o.must(err)
		person := staff.Proposing{Kind: staff.ProposePerson, Case: c.ID, Fields: map[string]string{"city": "Тверь"}, Reason: "Клиент переехал, сказал по телефону"}
		_, err = o.staff.Propose(ctx, maker, person)
		o.refused(err, staff.ErrNotProved) // the caller has not said his code word

		right, err := o.staff.HearCodeWord(ctx, maker, c.ID, words{"ромашка"}, "василёк")
		if right || err != nil {
			o.Errorf("a wrong word: %v %v", right, err)
		}
		_, err = o.staff.Propose(ctx, maker, person)
		o.refused(err, staff.ErrNotProved)
		right, err = o.staff.HearCodeWord(ctx, maker, c.ID, words{"ромашка"}, "ромашка")
		if !right || err != nil {
			o.Errorf("the right word: %v %v", right, err)
		}
		_, err = o.staff.Propose(ctx, manager, person)
		o.refused(err, staff.ErrRole)
		p, err := o.staff.Propose(ctx, maker, person)
		o.must(err)

		_, err = o.staff.Decide(ctx, maker, p.ID, true)
		o.refused(err, staff.ErrSameEyes)
		_, err = o.staff.Decide(ctx, manager, p.ID, true)
		o.refused(err, staff.ErrRole)
		_, err = o.staff.Proposal(ctx, manager, p.ID)
		o.refused(err, staff.ErrMissing)
		shown, err := o.staff.Proposal(ctx, checker, p.ID)
		o.must(err)
		if shown.Fields["city"] != "Тверь" || shown.Reason != person.Reason {
			o.Errorf("the checker reads %+v", shown)
		}
		// The client's own word comes before the second pair of eyes.
		o.word.waits = errors.New("he has not confirmed")
		_, err = o.staff.Decide(ctx, checker, p.ID, true)
		o.refused(err, o.word.waits)
		o.refused(o.staff.AskAgain(ctx, checker, p.ID), o.word.waits)
		o.refused(o.staff.AskAgain(ctx, maker, p.ID), staff.ErrSameEyes)
		o.word.waits = nil
		o.must(o.staff.AskAgain(ctx, checker, p.ID))
		if len(o.did) != 0 || o.word.asked != 1 || o.word.again != 2 || o.word.ended != 0 {
			o.Errorf("before his word: %d carried out, %+v", len(o.did), o.word)
		}
		done, err := o.staff.Decide(ctx, checker, p.ID, true)
		o.must(err)
		if o.word.ended != 1 {
			o.Errorf("the client's word is closed %d times", o.word.ended)
		}
		if done.State != staff.Approved || done.Maker.ID != maker.ID() || done.Checker.ID != checker.ID() || len(o.did) != 1 {
			o.Errorf("decided: %+v, carried out %d times", done, len(o.did))
		}
		_, err = o.staff.Decide(ctx, checker, p.ID, false)
		o.refused(err, staff.ErrDecided)

		o.Do(func(ctx context.Context, tx db.Tx) error {
			return o.Directory.SetState(ctx, tx, anna.ID, client.Blocked)
		})
		lift, err := o.staff.Propose(ctx, maker, staff.Proposing{Kind: staff.ProposeUnblock, Case: c.ID, Reason: "Разобрались, блокировка ошибочна"})
		o.must(err)
		at, err := o.Directory.Stands(ctx, anna.ID)
		o.must(err)
		if !at.Blocked {
			o.Error("one pair of eyes lifted the block")
		}
		_, err = o.staff.Decide(ctx, checker, lift.ID, true)
		o.must(err)
		if at, err = o.Directory.Stands(ctx, anna.ID); err != nil || at.Blocked {
			o.Errorf("after two pairs of eyes: %v %v", at, err)
		}
		for field, value := range map[string]string{"series": "12", "number": "12a456", "department": "770001", "issued_on": "2020-13-01"} {
			bad := person
			bad.Fields = map[string]string{field: value}
			_, err = o.staff.Propose(ctx, maker, bad)
			o.refused(err, staff.ErrPayload)
		}
		bad := person
		bad.Fields = map[string]string{"last": "Соболева"}
		_, err = o.staff.Propose(ctx, maker, bad)
		o.refused(err, staff.ErrNamePaper)
		_, err = o.staff.Propose(ctx, maker, staff.Proposing{Kind: staff.ProposeCorrection, Case: c.ID, Fields: map[string]string{"amount": "1"}, Reason: "Ошибочная комиссия, возврат"})
		o.refused(err, staff.ErrNoExecutor)
	})
}

// A demo's links work in a demo alone.
func TestDemoLinksNeedADemo(t *testing.T) {
	each(t, func(o *office) {
		_, err := o.staff.DemoLink(ctx, "manager")
		o.refused(err, staff.ErrNotDemo)
		o.must(o.DB.Stamp(ctx, db.Demo))
		link, err := o.staff.DemoLink(ctx, "manager")
		o.must(err)
		token := strings.TrimPrefix(link, origin+"/enter/")
		e, err := o.staff.EnterDemo(ctx, token)
		o.must(err)
		if e.Session.Member.Roles != staff.Manager {
			o.Errorf("came in as %v", e.Session.Member.Roles)
		}
		_, err = o.staff.EnterDemo(ctx, token)
		o.refused(err, staff.ErrLink)
		_, err = o.staff.DemoLink(ctx, "manager")
		o.must(err)
		members, err := o.staff.Members(ctx)
		o.must(err)
		if len(members) != 1 {
			o.Errorf("%d members after two links of one role", len(members))
		}
	})
}

func TestParseCorrection(t *testing.T) {
	for s, want := range map[string]int64{"-150,50": -15050, "−10": -1000, "+7.5": 750, " 300 ": 30000} {
		if got, err := staff.ParseCorrection(s); err != nil || got.Minor != want {
			t.Errorf("%q: %v %v", s, got.Minor, err)
		}
	}
	for _, s := range []string{"", "--5", "-", "0", "1e3", "+-5"} {
		if got, err := staff.ParseCorrection(s); err == nil {
			t.Errorf("%q: %v", s, got.Minor)
		}
	}
}
