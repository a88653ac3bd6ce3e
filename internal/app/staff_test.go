package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// office is the bank as production wires it, with members of its staff and a
// client they have to do with.
type office struct {
	*testing.T
	*bank
	world *accesstest.World
	inbox *inbox
	who   client.ID
	phone phone.Number

	support, officer, compliance staff.Actor
}

func eachOffice(t *testing.T, fn func(o *office)) {
	t.Helper()
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx, v, sms := context.Background(), vault.Ephemeral(), &inbox{}
		d := dbtest.Open(t, url, clock.System())
		b, err := openBank(ctx, parts{
			db: d, vault: v, clock: clock.System(), log: slog.New(slog.DiscardHandler), origin: "https://bank.example", bin: "550000", brand: "Рокетбанк",
			acquirer: till{slog.New(slog.DiscardHandler)}, sms: sms, consoleOrigin: "https://console.bank.example",
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.close(); err != nil {
				t.Error(err)
			}
		})
		o := &office{T: t, bank: b, inbox: sms, world: accesstest.New(t, d, v, access.Limits{}), phone: accesstest.Phone(1)}
		o.must(d.Stamp(ctx, db.Demo))
		o.who = o.world.Approve(o.world.Fill(application.ByFlow(o.world.Ordered(o.phone)), o.phone, "Анна", "Соколова")).Client
		o.support, o.officer, o.compliance = o.as("support"), o.as("card_officer"), o.as("compliance")
		fn(o)
	})
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) as(role string) staff.Actor {
	o.Helper()
	link, err := o.staff.DemoLink(context.Background(), role)
	o.must(err)
	e, err := o.staff.EnterDemo(context.Background(), link[strings.LastIndex(link, "/")+1:])
	o.must(err)
	return e.Session.Actor()
}

// proposes opens a case of the maker's and proposes; proved: the client has
// said his code word in it.
func (o *office) proposes(by staff.Actor, proved bool, kind staff.ProposalKind, fields map[string]string) staff.Proposal {
	o.Helper()
	ctx := context.Background()
	c, err := o.staff.OpenCase(ctx, by, staff.NewCase{Kind: staff.CaseComplaint, Client: o.who})
	o.must(err)
	if proved {
		yes, err := o.staff.HearCodeWord(ctx, by, c.ID, o.access, accesstest.CodeWord)
		if err != nil || !yes {
			o.Fatal("the code word:", yes, err)
		}
	}
	p, err := o.staff.Propose(ctx, by, staff.Proposing{Kind: kind, Case: c.ID, Fields: fields, Reason: "Разобрались с обращением клиента"})
	o.must(err)
	return p
}

func (o *office) decide(by staff.Actor, p staff.Proposal) error {
	_, err := o.staff.Decide(context.Background(), by, p.ID, true)
	return err
}

// confirms is what the client does in his cabinet: the pages that are asked for,
// and his signature over what will change.
func (o *office) confirms(p staff.Proposal) staff.Proposal {
	o.Helper()
	ctx := context.Background()
	q, err := o.papers.Of(ctx, p)
	o.must(err)
	for i, page := range q.Pages {
		o.must(o.papers.Upload(ctx, o.who, page.Page, bytes.NewReader(accesstest.Photo(i+1))))
	}
	q, err = o.papers.Of(ctx, p)
	o.must(err)
	key, spki := ordertest.Key(1)
	doc := q.Order()
	signed, err := o.orders.Accept(o.who, doc, order.ByDevice(o.ids.New(), spki, ordertest.Sign(o, key, doc.Text)))
	o.must(err)
	o.must(o.papers.Send(ctx, o.who, signed))
	return p
}

// balance is what the client has; the whole book must add up to nothing.
func (o *office) balance() money.Amount {
	o.Helper()
	ctx := context.Background()
	report, err := ledger.Verify(ctx, o.db)
	if err != nil || len(report.Breaches) > 0 {
		o.Fatalf("the book: %+v, %v", report.Breaches, err)
	}
	accounts, err := ledger.AccountsOf(ctx, o.db, int64(o.who))
	if err != nil || len(accounts) != 1 {
		o.Fatal(len(accounts), err)
	}
	return accounts[0].Posted
}

// told is every message that has reached a phone.
func (o *office) told(p phone.Number) (texts []string) {
	o.Helper()
	for {
		n, err := o.outbox.Once(context.Background())
		o.must(err)
		if n == 0 {
			break
		}
	}
	o.inbox.mu.Lock()
	defer o.inbox.mu.Unlock()
	for _, m := range o.inbox.sent {
		if m.To == p {
			texts = append(texts, m.Text.Reveal())
		}
	}
	return texts
}

// M21: a correction moves its sum once, with one line in the client's feed; one
// that he could not pay moves nothing and still waits.
func TestM21_CorrectionMovesOnce(t *testing.T) {
	eachOffice(t, func(o *office) {
		p := o.proposes(o.officer, false, staff.ProposeCorrection, map[string]string{"amount": "150,50", "why": "Возврат комиссии"})
		if err := o.decide(o.officer, p); !errors.Is(err, staff.ErrRole) && !errors.Is(err, staff.ErrSameEyes) {
			o.Error("the maker decides:", err)
		}
		if got := o.balance(); got != money.Rub(0) {
			o.Error("moved before the second pair of eyes:", got)
		}
		o.must(o.decide(o.compliance, p))
		if err := o.decide(o.compliance, p); !errors.Is(err, staff.ErrDecided) {
			o.Error("decided twice:", err)
		}
		if got := o.balance(); got != money.Rub(15050) {
			o.Error("the balance is", got)
		}
		feed, err := o.operations.Feed(context.Background(), o.who, operation.Filter{Limit: 10})
		o.must(err)
		if n := len(feed.Operations); n != 1 || feed.Operations[0].Kind != operation.Correction || feed.Operations[0].Amount != money.Rub(15050) ||
			feed.Operations[0].Details.Message != "Возврат комиссии" {
			o.Errorf("the feed: %d lines, %+v", n, feed.Operations)
		}
		much := o.proposes(o.officer, false, staff.ProposeCorrection, map[string]string{"amount": "-150,51", "why": "Ошибочное зачисление"})
		if err := o.decide(o.compliance, much); !errors.Is(err, staff.ErrPayload) {
			o.Error("more than he has:", err)
		}
		all, err := o.staff.ProposalsOf(context.Background(), o.who)
		o.must(err)
		if all[0].State != staff.Waiting || o.balance() != money.Rub(15050) {
			o.Error("a refused correction left its mark:", all[0].State, o.balance())
		}
		o.must(o.decide(o.compliance, o.proposes(o.officer, false, staff.ProposeCorrection, map[string]string{"amount": "-150,50", "why": "Ошибочное зачисление"})))
		if got := o.balance(); got != money.Rub(0) {
			o.Error("the balance is", got)
		}
	})
}

// M21, M22: a correction that ends a break of the clearing takes it off the
// list with the money, and a second one for the same break moves nothing.
func TestM22_ACorrectionSettlesItsBreak(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		pressed, err := o.cards.Pressed(ctx)
		o.must(err)
		r := purchase.Record{
			Line: 2, Kind: purchase.Presentment, ARN: strings.Repeat("7", 23), Number: pressed[0].Number, Amount: money.Rub(700_00), Billing: money.Rub(700_00),
			Code: "A1B2C3", RRN: "632609000002", Acquirer: "123456", Process: purchase.Buy, MCC: "5812", Merchant: "TEST SHOP", City: "MOSKVA", Country: "643", At: o.db.Now(), Final: true,
		}
		_, err = o.purchases.Import(ctx, purchase.File{ID: "CLR-1", Network: "test", Day: "2026-11-29", Print: []byte("1"), Records: []purchase.Record{r}})
		o.must(err)
		breaks, err := o.purchases.Breaks(ctx, purchase.Break{}, 100)
		if err != nil || len(breaks) != 1 || breaks[0].Client != o.who {
			o.Fatal(breaks, err)
		}
		fields := map[string]string{"amount": "700", "why": "Списали без удержания", "break": breaks[0].Text()}
		first, second := o.proposes(o.officer, false, staff.ProposeCorrection, fields), o.proposes(o.officer, false, staff.ProposeCorrection, fields)
		o.must(o.decide(o.compliance, first))
		if one, err := o.purchases.BreakOf(ctx, r.ARN, r.Kind); err != nil || one.Settled.IsZero() || o.balance() != money.Rub(0) {
			o.Error("the break:", one.Settled, err, o.balance())
		}
		if err := o.decide(o.compliance, second); !errors.Is(err, purchase.ErrSettled) || o.balance() != money.Rub(0) {
			o.Error("corrected twice:", err, o.balance())
		}
	})
}

// M21: what two members agree on for a dispute is returned once, told to the
// client, and ends the case; the disputes and the book agree.
func TestM21_DisputeIsReturnedByTwo(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		pressed, err := o.cards.Pressed(ctx)
		o.must(err)
		r := purchase.Record{
			Line: 2, Kind: purchase.Presentment, ARN: strings.Repeat("7", 23), Number: pressed[0].Number, Amount: money.Rub(700_00), Billing: money.Rub(700_00),
			Code: "A1B2C3", RRN: "632609000002", Acquirer: "123456", Process: purchase.Buy, MCC: "5812", Merchant: "TEST SHOP", City: "MOSKVA", Country: "643", At: o.db.Now(), Final: true,
		}
		_, err = o.purchases.Import(ctx, purchase.File{ID: "CLR-1", Network: "test", Day: "2026-11-29", Print: []byte("1"), Records: []purchase.Record{r}})
		o.must(err)
		feed, err := o.operations.Feed(ctx, o.who, operation.Filter{Limit: 1})
		o.must(err)
		x, _, err := o.disputes.Open(ctx, o.who, dispute.Claim{Operation: feed.Operations[0].ID, Reason: dispute.Twice, Words: "Списали два раза"})
		o.must(err)
		o.must(o.db.Write(ctx, func(tx db.Tx) error {
			_, err := o.staff.OpenCaseTx(ctx, tx, o.officer.Ref(), staff.NewCase{Kind: staff.CaseComplaint, Client: o.who, Subject: x.Text(), Assignee: o.officer.ID()})
			return err
		}))
		told := len(o.told(o.phone))
		p := o.proposes(o.officer, false, staff.ProposeDispute, map[string]string{"dispute": x.Text(), "amount": "700"})
		if err := o.decide(o.officer, p); err == nil {
			o.Error("the maker decided")
		}
		o.must(o.decide(o.compliance, p))
		if got := o.balance(); got != money.Rub(0) {
			o.Error("the balance is", got)
		}
		if now, err := o.disputes.One(ctx, o.who, x.ID); err != nil || now.State != dispute.Accepted || now.Credit != money.Rub(700_00) {
			o.Errorf("%+v %v", now, err)
		}
		if _, err := o.staff.CaseOn(ctx, o.db, x.Text()); !errors.Is(err, staff.ErrMissing) {
			o.Error("the case is open:", err)
		}
		if texts := o.told(o.phone)[told:]; len(texts) != 1 || !strings.Contains(texts[0], "Вернули 700") {
			o.Errorf("%q", texts)
		}
		report, err := ledger.Verify(ctx, o.db, operation.Check, purchase.Check, dispute.Check)
		if err != nil || len(report.Breaches) > 0 {
			o.Errorf("%+v %v", report.Breaches, err)
		}
		data, err := o.disputesOf(ctx, o.who)
		if err != nil || len(data) != 1 || data[0].State != "accepted" || len(data[0].Said) != 1 || data[0].Said[0].Text != "Списали два раза" {
			o.Errorf("the export: %+v %v", data, err)
		}
	})
}

// A change of papers keeps the old version beside the new one, names the
// proposal as its source and is told on the phone the client had before.
func TestPersonIsChangedByTwo(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		before, err := o.clients.PapersHistory(ctx, o.who)
		o.must(err)
		told := len(o.told(o.phone))
		p := o.proposes(o.support, true, staff.ProposePerson, map[string]string{"city": "Тверь", "street": "Советская"})
		if now, err := o.clients.Papers(ctx, o.who); err != nil || now != before[0].Papers {
			o.Error("changed before the second pair of eyes:", err)
		}
		if err := o.decide(o.compliance, p); !errors.Is(err, paper.ErrWaits) {
			o.Error("changed without the client's own word:", err)
		}
		o.must(o.decide(o.compliance, o.confirms(p)))
		after, err := o.clients.PapersHistory(ctx, o.who)
		o.must(err)
		want := before[0].Papers
		want.City, want.Street = "Тверь", "Советская"
		if len(after) != len(before)+1 || after[0].Papers != want || after[0].Source != p.Text() || after[1].Papers != before[0].Papers {
			o.Errorf("%d versions, the newest by %s", len(after), after[0].Source)
		}
		o.must(o.decide(o.compliance, o.confirms(o.proposes(o.support, true, staff.ProposeMail, map[string]string{"email": "new@example.com"}))))
		if now, err := o.clients.Papers(ctx, o.who); err != nil || now.Email != "new@example.com" || now.City != "Тверь" {
			o.Error("the new address of mail:", err)
		}
		if len(o.told(o.phone)) <= told {
			o.Error("the client was not told on his phone")
		}
	})
}

// A card that the bank has frozen is unfrozen by two.
func TestUnfreezeByTwo(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		state := func() card.Card {
			o.Helper()
			all, err := o.cards.Of(ctx, o.who)
			o.must(err)
			return all[0]
		}
		key := state().ID
		o.must(o.db.Write(ctx, func(tx db.Tx) error { return o.cards.Freeze(ctx, tx, o.who, key, card.ByBank, o.officer.Ref()) }))
		p := o.proposes(o.support, false, staff.ProposeUnfreeze, map[string]string{"card": key.Text(card.Prefix)})
		if state().State != card.Frozen {
			o.Error("unfrozen before the second pair of eyes")
		}
		o.must(o.decide(o.officer, p))
		if got := state().State; got != card.Active {
			o.Error("the card is", got)
		}
	})
}

// A new number is approved by a second member of staff: then the old phone is
// told, and the number is still the client's to take.
func TestNumberIsApprovedByTwo(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx, to := context.Background(), accesstest.Phone(77)
		c, err := o.staff.OpenCase(ctx, o.support, staff.NewCase{Kind: staff.CaseComplaint, Client: o.who})
		o.must(err)
		if yes, err := o.staff.HearCodeWord(ctx, o.support, c.ID, o.access, accesstest.CodeWord); err != nil || !yes {
			o.Fatal(yes, err)
		}
		change, err := o.access.StartNumberChange(ctx, o.support, o.who, to)
		o.must(err)
		p, err := o.staff.Propose(ctx, o.support, staff.Proposing{
			Kind: staff.ProposePhone, Case: c.ID, Reason: "Клиент сменил номер, назвал слово",
			Fields: map[string]string{"phone": to.E164(), "change": change.ID.Text(access.NumberPrefix)},
		})
		o.must(err)
		if _, err := o.access.NumberChangeOf(ctx, o.who); !errors.Is(err, access.ErrNoNumber) {
			o.Error("approved by one:", err)
		}
		old := len(o.told(o.phone))
		o.must(o.decide(o.compliance, p))
		now, err := o.access.NumberChangeOf(ctx, o.who)
		if err != nil || now.New != to || !now.Approved {
			o.Errorf("%+v, %v", now.Approved, err)
		}
		if len(o.told(o.phone)) <= old || len(o.told(to)) != 1 {
			o.Errorf("told %d times on the old number, %d on the new one", len(o.told(o.phone))-old, len(o.told(to)))
		}
		if whole, err := o.clients.ByID(ctx, o.who); err != nil || whole.Phone != o.phone {
			o.Error("the number changed without its owner:", err)
		}
	})
}

// A new passport comes whole, holds by the ages of 14, 20 and 45 and of a region
// that exists, also when it is carried out; the old one is kept.
func TestPassportIsChangedWhole(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		who, err := o.clients.ByID(ctx, o.who)
		o.must(err)
		good := map[string]string{
			"series": "4511", "number": "654321", "department": "770-002", "issued_by": "ОВД Тверское", "issued_on": "2020-06-01",
			"birth_place": "г. Тверь", "region": "77",
		}
		with := func(name, value string) map[string]string {
			out := map[string]string{}
			for k, v := range good {
				out[k] = v
			}
			out[name] = value
			return out
		}
		c, err := o.staff.OpenCase(ctx, o.support, staff.NewCase{Kind: staff.CaseComplaint, Client: o.who})
		o.must(err)
		if yes, err := o.staff.HearCodeWord(ctx, o.support, c.ID, o.access, accesstest.CodeWord); err != nil || !yes {
			o.Fatal(yes, err)
		}
		for _, name := range []string{"series", "number", "department", "issued_by", "issued_on"} {
			_, err := o.staff.Propose(ctx, o.support, staff.Proposing{Kind: staff.ProposePerson, Case: c.ID, Fields: with(name, ""), Reason: "Клиент сменил паспорт, звонит"})
			if !errors.Is(err, staff.ErrPassport) {
				o.Errorf("without %s: %v", name, err)
			}
		}
		before, err := o.clients.Papers(ctx, o.who)
		o.must(err)
		young := who.Born
		young.Year += 13
		for what, x := range map[string]struct {
			fields map[string]string
			want   error
		}{
			"before the age of 14": {with("issued_on", young.ISO()), application.ErrIssuedEarly},
			"in the future":        {with("issued_on", "2099-01-01"), application.ErrIssuedFuture},
			"no such region":       {with("region", "00"), application.ErrRegion},
		} {
			if err := o.decide(o.compliance, o.confirms(o.proposes(o.support, true, staff.ProposePerson, x.fields))); !errors.Is(err, x.want) {
				o.Errorf("%s: %v", what, err)
			}
		}
		if now, err := o.clients.Papers(ctx, o.who); err != nil || now != before {
			o.Error("a wrong passport was kept:", err)
		}
		o.must(o.decide(o.compliance, o.confirms(o.proposes(o.support, true, staff.ProposePerson, good))))
		all, err := o.clients.PapersHistory(ctx, o.who)
		o.must(err)
		if got := all[0].Papers; got.Series+got.Number != "4511654321" || got.Region != "77" || got.BirthPlace != "г. Тверь" || all[1].Papers != before {
			o.Error("the new passport, or the one before it, is not there")
		}
	})
}

// A new name is what the client has signed and photographed: the one before stays
// readable, cards that exist keep it, new ones have the new, the picture is his
// under his own key, and he is told. Refused, the picture goes.
func TestNameIsChangedWithItsPassport(t *testing.T) {
	eachOffice(t, func(o *office) {
		ctx := context.Background()
		cards := func() (holders []string) {
			o.Helper()
			all, err := o.cards.Of(ctx, o.who)
			o.must(err)
			for _, c := range all {
				holders = append(holders, c.Holder)
			}
			return holders
		}
		married := map[string]string{
			"last": "Соболева", "series": "4526", "number": "654321", "department": "770-002", "issued_by": "ОВД Тверское", "issued_on": "2026-10-01",
		}
		before, told := cards(), len(o.told(o.phone))
		refused := o.confirms(o.proposes(o.support, true, staff.ProposePerson, married))
		q, err := o.papers.Of(ctx, refused)
		o.must(err)
		if _, err := o.staff.Decide(ctx, o.compliance, refused.ID, false); err != nil {
			o.Fatal(err)
		}
		scans := o.applications.Scans()
		if _, err := scans.Picture(ctx, refused.ID, q.Pages[0].Scan.ID); !errors.Is(err, scan.ErrMissing) {
			o.Error("a refused change keeps its picture:", err)
		}

		p := o.confirms(o.proposes(o.support, true, staff.ProposePerson, married))
		if q, err = o.papers.Of(ctx, p); err != nil || len(q.Pages) != 1 || q.Pages[0].Page != application.PageMain {
			o.Errorf("%d pages, %v", len(q.Pages), err)
		}
		o.must(o.decide(o.compliance, p))
		who, err := o.clients.ByID(ctx, o.who)
		if err != nil || who.Name != (client.Name{First: "Анна", Last: "Соболева"}) {
			o.Errorf("%s, %v", who.Name.Whole(), err)
		}
		all, err := o.clients.PapersHistory(ctx, o.who)
		o.must(err)
		if all[0].Papers.Last != "Соболева" || all[0].Papers.Number != "654321" || all[0].Source != p.Text() || all[1].Papers.Last != "Соколова" {
			o.Errorf("the versions: %s, then %s", all[0].Papers.Last, all[1].Papers.Last)
		}
		if got := cards(); len(got) != 1 || got[0] != before[0] {
			o.Errorf("a card that exists says %v", got)
		}
		if _, err := o.cards.IssueVirtual(ctx, o.who, card.NewVirtual{Key: o.ids.New(), Name: "Новая", Rules: card.Standard()}); err != nil {
			o.Fatal(err)
		}
		if got := cards(); len(got) != 2 || got[1] != "ANNA SOBOLEVA" && got[0] != "ANNA SOBOLEVA" {
			o.Errorf("the new card says %v", got)
		}
		if n := len(o.told(o.phone)) - told; n < 3 {
			o.Errorf("told %d times", n) // asked twice, and changed
		}
		if _, err := scans.Picture(ctx, p.ID, q.Pages[0].Scan.ID); err != nil {
			o.Error("the picture:", err)
		}
		o.must(o.db.Write(ctx, func(tx db.Tx) error { return o.vault.Shred(ctx, tx, int64(o.who)) }))
		if _, err := scans.Picture(ctx, p.ID, q.Pages[0].Scan.ID); !errors.Is(err, vault.ErrShredded) {
			o.Error("the picture outlives the client's key:", err)
		}
	})
}
