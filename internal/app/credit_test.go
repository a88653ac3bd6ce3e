package app

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// R11, over real sockets: whatever happens to questions and answers between us
// and the card network, in the end every payout is final, a card of another bank
// was credited once for each that is done and never for another, and Anna has
// what she had, less what was paid and its fees.
func TestR11_PayoutsToCardsOverABadLine(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		s := newSender(b)
		cards := s.banks.credited(b.T).Cards
		s.work()
		var all sync.WaitGroup
		for hand := range 4 {
			all.Go(func() {
				for i := range tier.Count(2, 4, 4) * len(cards) / 4 {
					s.send(cards[(4*i+hand)%len(cards)].Number, int64(100*hand+i+1))
				}
			})
		}
		all.Wait()
		s.banks.line.mend()
		s.banks.up(b.T)
		s.settled()
		s.compare()
	})
}

const senderHas = 400_000

// sender is Anna, who sends money to other banks' cards.
type sender struct {
	*banktest.Bank
	banks   *otherBanks
	payouts *payout.Service
	orders  *order.Service
	real    *banktest.Clock
	anna    banktest.Person
	stop    func()       // ends the worker
	unsure  atomic.Int32 // payouts of which nothing was known at first
}

func newSender(b *banktest.Bank) *sender {
	b.Helper()
	s := &sender{Bank: b, banks: openOtherBanks(b.T), orders: order.New(order.Deps{DB: b.DB, Vault: b.Vault}), real: &banktest.Clock{}, anna: b.Client("Анна", "Соколова", senderHas)}
	s.real.Set(banktest.Noon)
	rules := limit.Standard()
	rules.CardRefusals = 1000 // the line is what is tried here, and it is as bad as it can be
	s.payouts = payout.New(payout.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: limit.New(b.DB, b.Vault, rules), Tariffs: tariff.New(b.DB),
		Orders: s.orders, Rails: parts{network: s.banks.rail}.ways(), Now: s.real.Now,
	})
	s.banks.run(b.T, s.payouts)
	return s
}

// send orders a payout; what the book or a limit refuses is no matter.
func (s *sender) send(number string, kopecks int64) {
	ctx := context.Background()
	q, err := s.payouts.Quote(ctx, s.anna.ID, payout.Ask{From: s.anna.Account, To: payout.Target{Way: payout.Card, Number: vault.Hide(number)}, Amount: money.Rub(kopecks)})
	if err != nil {
		s.Error(err)
		return
	}
	key, public := ordertest.Key(1)
	o, err := s.payouts.Order(s.anna.ID, q.Token, "")
	if err != nil {
		s.Error(err)
		return
	}
	signed, err := s.orders.Accept(s.anna.ID, o, order.ByDevice(s.IDs.New(), public, ordertest.Sign(s, key, o.Text)))
	if err != nil {
		s.Error(err)
		return
	}
	p, err := s.payouts.Send(ctx, payout.Send{Client: s.anna.ID, Key: ledger.Key(s.IDs.New()), Quote: q.Token, Signed: signed, Standing: client.Standing{Level: client.Full}})
	if err != nil && fault.CodeOf(err) == fault.Broken {
		s.Error(err)
	}
	if p.State == payout.Unknown {
		s.unsure.Add(1)
	}
}

// work lets the worker ask while payouts are being sent, as another process
// would, its clock now and then far ahead.
func (s *sender) work() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			s.real.Add(time.Second)
			if _, err := s.payouts.Step(ctx); err != nil && ctx.Err() == nil {
				s.Error(err)
			}
		}
	}()
	s.stop = sync.OnceFunc(func() {
		stop()
		<-ended
	})
	s.Cleanup(s.stop)
}

func (s *sender) list() []payout.Payout {
	s.Helper()
	list, err := s.payouts.Latest(context.Background(), s.anna.ID, 100)
	if err != nil {
		s.Fatal(err)
	}
	return list
}

// settled lets the worker ask until nothing is open any more.
func (s *sender) settled() {
	s.Helper()
	s.stop()
	for range 100 {
		s.banks.up(s.T)
		s.real.Add(time.Hour)
		if _, err := s.payouts.Step(context.Background()); err != nil {
			s.Fatal(err)
		}
		open := 0
		for _, p := range s.list() {
			if !p.State.Final() && !routeless(p) {
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	s.Fatal("some payouts never came to an end")
}

// routeless tells a payout to the card whose bank has no route (response code
// 92). Said to a first message that is a no; said to a repeat it is no word about
// the message before, so where that one was lost the payout truthfully stays
// unknown and its money held.
func routeless(p payout.Payout) bool {
	return p.State == payout.Unknown && strings.HasSuffix(p.To.Title, "0921")
}

// compare holds our books against those of the other banks.
func (s *sender) compare() {
	s.Helper()
	theirs := map[string]int64{}
	refused := map[string]bool{}
	for _, c := range s.banks.credited(s.T).Credits {
		if c.Code != "00" {
			refused[c.Reference] = true
			continue
		}
		if _, twice := theirs[c.Reference]; twice {
			s.Errorf("%s was credited twice", c.Reference)
		}
		theirs[c.Reference] = c.Amount
	}
	var paid, fees, held int64
	states := map[string]int{}
	for _, p := range s.list() {
		states[p.State.String()+" "+p.Reason]++
		amount, credited := theirs[p.Text()]
		switch {
		case p.State == payout.Done:
			paid, fees = paid+p.Amount.Minor, fees+p.Fee.Minor
			if !credited || amount != p.Amount.Minor {
				s.Errorf("%s is done, and the card got %d of %d", p.Text(), amount, p.Amount.Minor)
			}
		case credited:
			s.Errorf("%s is %v (%s), and the card got %d", p.Text(), p.State, p.Reason, amount)
		case routeless(p):
			held += p.Total.Minor
		case p.Reason != "not_sent" && !refused[p.Text()]:
			s.Errorf("%s is refused (%s), and nobody refused it", p.Text(), p.Reason)
		}
		delete(theirs, p.Text())
	}
	if s.Logf("%v, %d unknown at first", states, s.unsure.Load()); s.unsure.Load() == 0 {
		s.Error("the line was never bad")
	}
	for reference := range theirs {
		s.Errorf("a card was credited for %s, which is no payout of ours", reference)
	}
	a, err := ledger.AccountByID(context.Background(), s.DB, s.anna.Account)
	if err != nil || a.Posted.Minor != senderHas*100-paid-fees || a.Reserved.Minor != held {
		s.Errorf("Anna has %v and %v held; %d were paid, %d are fees, %d should be held; %v", a.Posted, a.Reserved, paid, fees, held, err)
	}
	if network, ours := s.Balance(ledger.Network), s.Balance(ledger.Fees); network != paid || ours != fees || paid == 0 {
		s.Errorf("the network is owed %d of %d, the fees are %d of %d", network, paid, ours, fees)
	}
	report, err := ledger.Verify(context.Background(), s.DB, operation.Check, operation.CheckPrices, payout.Check, order.Check)
	if err != nil {
		s.Fatal(err)
	}
	for _, breach := range report.Breaches {
		s.Errorf("%+v", breach)
	}
	s.Agrees(s.anna, senderHas)
}
