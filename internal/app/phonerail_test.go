package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/partners"
	"rocketbank/internal/ledger"
	"rocketbank/internal/partner/phonerail"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

var ctx = context.Background()

// phones is a bank in small and the sandbox's phone-number rail, over real
// sockets both ways.
type phones struct {
	*banktest.Bank
	origin   string
	real     *banktest.Clock
	payouts  *payout.Service
	orders   *order.Service
	people   *receiver.Service
	anna     banktest.Person
	device   id.ID
	heard    chan struct{} // a message of the rail came in at our door
	messages atomic.Int64
}

// hear counts what came in and passes it on.
type hear struct{ p *phones }

func (h hear) Hint(ctx context.Context, which id.ID) error {
	err := h.p.payouts.Hint(ctx, which)
	h.p.messages.Add(1)
	h.p.heard <- struct{}{}
	return err
}

func (h hear) Return(ctx context.Context, which id.ID, sum money.Amount, reference string) error {
	err := h.p.payouts.Hint(ctx, which)
	if err == nil {
		err = h.p.payouts.Return(ctx, which, sum, reference)
	}
	h.p.heard <- struct{}{}
	return err
}

const railSecret = signature.Secret("the rail's secret")

func openPhones(b *banktest.Bank) *phones {
	p := &phones{Bank: b, real: &banktest.Clock{}, heard: make(chan struct{}, 1000), device: b.IDs.New()}
	p.real.Set(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	door := httptest.NewServer(partners.New(partners.Deps{Payouts: hear{p}, RailSecret: railSecret}))
	b.Cleanup(door.Close)
	srv := httptest.NewUnstartedServer(nil)
	p.origin = "http://" + srv.Listener.Addr().String()
	world, err := sandbox.New(sandbox.Config{
		DataDir: b.TempDir(), Origin: p.origin, SMSKey: "sms", AcquirerKey: "acquirer", CallbackSecret: railSecret, SlowFor: 300 * time.Millisecond,
		RailSecret: railSecret, RailMember: "100000000900", RailCallback: door.URL + partners.PhoneRailPath,
	})
	if err != nil {
		b.Fatal(err)
	}
	srv.Config.Handler = world
	srv.Start()
	b.Cleanup(func() {
		srv.Close()
		if err := world.Close(); err != nil {
			b.Error(err)
		}
	})
	line, err := phonerail.New(phonerail.Config{
		URL: p.origin + sandbox.RailPath, Secret: railSecret, Member: "100000000900", BIK: "044599900", Account: "30101810000000000900",
	})
	if err != nil {
		b.Fatal(err)
	}
	p.people = receiver.New(receiver.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Limits: b.Limits, Rail: line, Own: line.Member(), Now: p.real.Now})
	p.orders = order.New(order.Deps{DB: b.DB, Vault: b.Vault})
	p.payouts = payout.New(payout.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
		Orders: p.orders, Rails: map[payout.Way]payout.Rail{payout.Phone: line}, Now: p.real.Now,
	})
	p.anna = b.Client("Анна", "Соколова", 400_000)
	return p
}

// send pays a phone 1 000 ₽, from the look-up on.
func (p *phones) send(number phone.Number) payout.Payout {
	p.Helper()
	to, err := p.people.Look(ctx, p.anna.ID, number, "", "")
	if errors.Is(err, receiver.ErrNoDefault) {
		to, err = p.people.Look(ctx, p.anna.ID, number, "100000000901", "")
	}
	if err != nil {
		p.Fatal(err)
	}
	target, err := p.people.Target(p.anna.ID, to.Token)
	if err != nil {
		p.Fatal(err)
	}
	q, err := p.payouts.Quote(ctx, p.anna.ID, payout.Ask{From: p.anna.Account, To: target, Amount: money.Rub(1_000_00)})
	if err != nil {
		p.Fatal(err)
	}
	doc, err := p.payouts.Order(p.anna.ID, q.Token, "За ужин")
	if err != nil {
		p.Fatal(err)
	}
	key, public := ordertest.Key(1)
	signed, err := p.orders.Accept(p.anna.ID, doc, order.ByDevice(p.device, public, ordertest.Sign(p, key, doc.Text)))
	if err != nil {
		p.Fatal(err)
	}
	out, err := p.payouts.Send(ctx, payout.Send{
		Client: p.anna.ID, Key: ledger.Key(p.IDs.New()), Quote: q.Token, Message: "За ужин", Signed: signed, Standing: client.Standing{Level: client.Full},
	})
	if err != nil {
		p.Fatal(err)
	}
	return out
}

func (p *phones) state(of payout.Payout) payout.Payout {
	p.Helper()
	got, err := p.payouts.One(ctx, p.anna.ID, of.ID)
	if err != nil {
		p.Fatal(err)
	}
	return got
}

// settled lets the worker ask, and the rail tell, until the payout has come to
// a state.
func (p *phones) settled(of payout.Payout, want payout.State) payout.Payout {
	p.Helper()
	end := time.After(20 * time.Second)
	for {
		if got := p.state(of); got.State == want {
			return got
		}
		p.real.Add(time.Minute)
		if _, err := p.payouts.Step(ctx); err != nil {
			p.Fatal(err)
		}
		got := p.state(of)
		if got.State == want {
			return got
		}
		select {
		case <-p.heard:
		case <-end:
			p.Fatalf("%s stands at %v, want %v", of.Text(), got.State, want)
		}
	}
}

type credited struct {
	Name        string
	Copies      int
	AmountMinor int64 `json:"amount_minor"`
	Phone       string
	Payer       string
	Text        string
	Status      string
	SentBack    bool `json:"sent_back"`
}

func (p *phones) credits() map[string]credited {
	p.Helper()
	res, err := http.Get(p.origin + "/rail.json")
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	var list []credited
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		p.Fatal(err)
	}
	out := map[string]credited{}
	for _, c := range list {
		if _, twice := out[c.Name]; twice {
			p.Errorf("%s is in the book of the other banks twice", c.Name)
		}
		out[c.Name] = c
	}
	return out
}

// Whatever the rail does to a transfer (lost, late, doubled, out of order,
// contradictory, refused, sent back), the client pays once for what arrived and
// nothing for what did not, and nobody is credited twice.
func TestPhoneRail(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		p := openPhones(b)
		left := int64(400_000_00)
		for _, c := range []struct {
			last   string
			first  payout.State // right after sending; nought: whichever
			end    payout.State
			reason string
		}{
			{"23", payout.Done, payout.Done, ""},
			{"01", payout.Done, payout.Done, ""},                       // no preferred bank
			{"10", 0, payout.Done, ""},                                 // late
			{"11", payout.Unknown, payout.Done, ""},                    // the answer is lost
			{"12", payout.Unknown, payout.Done, ""},                    // the message is lost
			{"13", payout.Done, payout.Done, ""},                       // told three times
			{"14", 0, payout.Refused, "no_such_receiver"},              // a late no
			{"15", payout.Refused, payout.Refused, "suspicious"},       //
			{"16", 0, payout.Done, ""},                                 // contradictory
			{"17", payout.Done, payout.Returned, ""},                   // sent back
			{"18", payout.Refused, payout.Refused, "bank_unavailable"}, //
			{"19", 0, payout.Done, ""},                                 // out of order
		} {
			number := phone.Number("+791655501" + c.last)
			sent := p.send(number)
			if c.first != 0 && sent.State != c.first && sent.State != c.end {
				b.Errorf("…%s: stands at %v after sending, want %v", c.last, sent.State, c.first)
			}
			got := p.settled(sent, c.end)
			if got.Reason != c.reason {
				b.Errorf("…%s: refused for %q, want %q", c.last, got.Reason, c.reason)
			}
			if c.end == payout.Done {
				left -= 1_000_00
			}
			if have := b.Balance(p.anna.Account); have != left {
				b.Errorf("…%s: %d on the account, want %d", c.last, have, left)
			}
			there := p.credits()[sent.Text()]
			arrived := there.Status == "ACSC" && !there.SentBack
			if arrived != (c.end == payout.Done) || there.AmountMinor != 1_000_00 || there.Phone != number.E164() || there.Text != "За ужин" || there.Payer != "Анна Соколова" {
				b.Errorf("…%s: the other bank has %+v", c.last, there)
			}
			b.Clock.Add(time.Hour * 2) // other limits are not what is tested here
		}
		if n := len(p.credits()); n != 12 {
			b.Errorf("%d credits, want 12", n)
		}
		report, err := ledger.Verify(ctx, b.DB, operation.Check, operation.CheckPrices, payout.Check, order.Check)
		if err != nil || len(report.Breaches) > 0 {
			b.Errorf("%+v, %v", report.Breaches, err)
		}
	})
}

// Who cannot be found is told so; a look-up answered about somebody else is no
// answer at all.
func TestPhoneRailLookups(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		p := openPhones(b)
		for last, want := range map[string]error{
			"00": receiver.ErrNoDefault, "01": receiver.ErrNoDefault, "02": receiver.ErrUnwilling, "03": receiver.ErrNotConnected, "04": receiver.ErrDown,
		} {
			if _, err := p.people.Look(ctx, p.anna.ID, phone.Number("+791655501"+last), "", ""); !errors.Is(err, want) {
				b.Errorf("…%s: %v, want %v", last, err, want)
			}
		}
		for bank, want := range map[string]error{"100000000901": receiver.ErrNobody, "100000000912": receiver.ErrNotConnected, "100000000900": receiver.ErrNoBank} {
			if _, err := p.people.Look(ctx, p.anna.ID, "+79165550100", bank, ""); !errors.Is(err, want) {
				b.Errorf("nobody at %s: %v, want %v", bank, err, want)
			}
		}
		list, err := p.people.Banks(ctx)
		if err != nil || len(list) != 12 {
			b.Errorf("%d banks, %v", len(list), err)
		}
	})
}
