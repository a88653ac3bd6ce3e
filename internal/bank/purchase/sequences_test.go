package purchase_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// How a run of sequences is cut: workers go side by side, so that they share
// commits, each with a card of its own; a card lives for some sequences.
const (
	workers   = 16
	steps     = 12  // messages of a sequence
	cardLives = 100 // sequences
)

// R13: random sequences of messages and clearing records, by many cards at
// once, against the model; after each step the account must have what the model
// says, each answer must be the one it expects, and at the end everything must
// add up. PostgreSQL is served by two services, each with its own pool and book.
func TestR13_SequencesAgreeWithTheModel(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		sequences := tier.Count(224, 1120, 20_000) // and a million in memory: TestR13_CoreAgreesWithTheModel
		if b.DB.Engine().String() == "postgres" {
			sequences = tier.Count(64, 560, 20_000)
		}
		other := b
		if b.DB.Engine().String() == "postgres" {
			other = b.Again()
		}
		seed := uint64(tier.Count(1, 2, 3))
		for done, round := 0, uint64(0); done < sequences; round++ {
			lives := min(cardLives, (sequences-done+workers-1)/workers)
			r := newRound(b, other, seed<<32|round)
			for range lives * steps {
				r.step()
				if b.Failed() {
					return
				}
			}
			r.ends()
			done += lives * workers
		}
		newest := &world{Bank: b}
		newest.sound()
	})
}

// round is the life of one set of cards.
type round struct {
	*banktest.Bank
	rnd  *rand.Rand
	list []*worker
}

// ground is what a worker looks at to see what its messages did, and how its
// holder freezes the card.
type ground interface {
	account() (posted, reserved int64, err error)
	shows(e *entry) (p purchase.State, posted int64, o operation.State, sum int64, err error)
	freeze(on bool) error
}

// worker is one card and its network.
type worker struct {
	*world
	ground  ground
	serial  bool              // two messages at once come one after the other
	other   *purchase.Service // another process
	m       *model
	rnd     *rand.Rand
	name    string
	sent    []purchase.Request // to be repeated
	later   []purchase.Request // made and not sent
	records int
	log     []string
}

var cardsEver struct {
	sync.Mutex
	n int
}

func newRound(b, other *banktest.Bank, seed uint64) *round {
	b.Helper()
	r := &round{Bank: b, rnd: rand.New(rand.NewPCG(seed, 0))}
	for i := range workers {
		w := newWorld(b, 10_000)
		w.setPIN("7391")
		cardsEver.Lock()
		cardsEver.n++
		name := fmt.Sprintf("%06d", cardsEver.n)
		cardsEver.Unlock()
		k := &worker{world: w, ground: onDatabase{w}, other: w.service(other), m: newModel(10_000), rnd: rand.New(rand.NewPCG(seed, uint64(i)+1)), name: name}
		r.list = append(r.list, k)
	}
	return r
}

// step lets every card do one thing, and then perhaps time go on.
func (r *round) step() {
	var wg sync.WaitGroup
	for _, k := range r.list {
		wg.Go(func() {
			err := k.act()
			if err == nil {
				err = k.agrees()
			}
			if err != nil {
				r.Errorf("card %s: %v\n%s", k.name, err, strings.Join(k.log[max(0, len(k.log)-40):], "\n"))
			}
		})
	}
	wg.Wait()
	if r.rnd.IntN(8) != 0 || r.Failed() {
		return
	}
	r.Clock.Add(time.Duration(r.rnd.IntN(5*24)) * time.Hour)
	for {
		n, err := r.list[0].svc.ExpireDue(context.Background())
		if err != nil {
			r.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	for _, k := range r.list {
		if err := k.older(); err != nil {
			r.Errorf("card %s: %v\n%s", k.name, err, strings.Join(k.log[max(0, len(k.log)-40):], "\n"))
		}
	}
}

// older is what time has done to a card.
func (k *worker) older() error {
	k.m.expires(k.Clock.Now())
	k.later = nil // a chip's date does not get older than three days
	k.log = append(k.log, "— time goes on to "+k.Clock.Now().Format(time.DateTime))
	return k.agrees()
}

// ends compares every operation of every card.
func (r *round) ends() {
	for _, k := range r.list {
		if err := k.allShown(); err != nil {
			r.Errorf("card %s: %v\n%s", k.name, err, strings.Join(k.log, "\n"))
			return
		}
	}
}

func (k *worker) allShown() error {
	for _, e := range k.m.list {
		if err := k.shown(e); err != nil {
			return err
		}
	}
	return nil
}

// agrees compares the account.
func (k *worker) agrees() error {
	posted, reserved, err := k.ground.account()
	if err != nil {
		return err
	}
	if posted != k.m.posted || reserved != k.m.reserved() {
		return fmt.Errorf("the account has %d, %d reserved; the model %d and %d", posted, reserved, k.m.posted, k.m.reserved())
	}
	return nil
}

// shown compares what the client sees of an entry, and where it stands.
func (k *worker) shown(e *entry) error {
	if e.id.IsZero() {
		return nil // of a clearing file: its identifier is told to nobody
	}
	at, posted, fed, shown, err := k.ground.shows(e)
	if err != nil {
		return err
	}
	state, sum, told := e.shows()
	if at != e.state || posted != e.posted || fed != state || told && shown != sum {
		return fmt.Errorf("%s is %v with %d posted and shows %v of %d; the model: %v with %d, %v of %d",
			e.r.STAN, at, posted, fed, shown, e.state, e.posted, state, sum)
	}
	return nil
}

// onDatabase looks at a real bank.
type onDatabase struct{ *world }

func (w onDatabase) account() (posted, reserved int64, err error) {
	a, err := ledger.AccountByID(context.Background(), w.DB, w.owner.Account)
	return a.Posted.Minor, a.Reserved.Minor, err
}

func (w onDatabase) shows(e *entry) (purchase.State, int64, operation.State, int64, error) {
	o, err := w.Operations.One(context.Background(), w.owner.ID, e.id)
	if err != nil {
		return 0, 0, 0, 0, fmt.Errorf("operation of %s: %w", e.r.STAN, err)
	}
	p, err := w.svc.One(context.Background(), w.owner.ID, e.id)
	if err != nil {
		return 0, 0, 0, 0, fmt.Errorf("purchase of %s: %w", e.r.STAN, err)
	}
	return p.State, p.Posted.Minor, o.State, o.Amount.Minor, nil
}

func (w onDatabase) freeze(on bool) error {
	return w.DB.Write(context.Background(), func(tx db.Tx) error {
		if on {
			return w.cards.Freeze(context.Background(), tx, w.owner.ID, w.card.ID, card.ByClient, "client")
		}
		return w.cards.Unfreeze(context.Background(), tx, w.owner.ID, w.card.ID, card.ByClient, "client")
	})
}

// send asks the bank and compares the answer with the model's.
func (k *worker) send(r purchase.Request) error {
	want := k.m.answers(r, k.Clock.Now())
	svc := k.svc
	if k.rnd.IntN(2) == 0 {
		svc = k.other
	}
	got, err := svc.Handle(context.Background(), r)
	k.note(r, string(got.Reason))
	if err != nil {
		return err
	}
	if err := k.heard(r, want, got); err != nil {
		return fmt.Errorf("%w (the model has %d, %d reserved)", err, k.m.posted, k.m.reserved())
	}
	return nil
}

func (k *worker) note(r purchase.Request, what string) {
	line := fmt.Sprintf("%s%c%v %s of %d.%02d, trace %s at %s, reference %s: %s", r.Process, r.Class, r.Advice, r.Condition, r.Amount.Minor/100, r.Amount.Minor%100, r.STAN, r.Sent, r.RRN, what)
	if r.Class == purchase.Reversing {
		line += fmt.Sprintf(", takes back %c %s but for %d", r.Original.Class, r.Original.STAN, r.Actual.Minor)
	}
	if r.Incremental {
		line += ", more"
	}
	k.log = append(k.log, line)
}

func (k *worker) heard(r purchase.Request, want told, got purchase.Answer) error {
	if got.Reason != want.reason || want.code != "" && got.Code != want.code {
		return fmt.Errorf("trace %s: answered %s %q, the model says %s %q", r.STAN, got.Reason, got.Code, want.reason, want.code)
	}
	if t, ok := k.m.told[keyOf(r)]; ok && t.code == "" && t.reason == got.Reason {
		t.code = got.Code
		k.m.told[keyOf(r)] = t
	}
	e := want.entry
	if e == nil {
		return nil
	}
	if e.id.IsZero() {
		e.id = got.Auth
	}
	if e.code == "" {
		e.code = got.Code
	}
	return k.shown(e)
}

// act does one thing.
func (k *worker) act() error {
	switch n := k.rnd.IntN(100); {
	case n < 30:
		return k.asks(k.fresh())
	case n < 36: // on its way; perhaps its reversal is quicker
		r := k.fresh()
		if k.rnd.IntN(4) == 0 {
			r = k.fact()
		}
		k.later = append(k.later, r)
		if k.rnd.IntN(2) == 0 {
			return k.asks(k.takes(r))
		}
		return nil
	case n < 40 && len(k.later) > 0:
		i := k.rnd.IntN(len(k.later))
		r := k.later[i]
		k.later = slices.Delete(k.later, i, i+1)
		return k.asks(r)
	case n < 50:
		return k.repeats()
	case n < 63:
		if len(k.sent) == 0 {
			return nil
		}
		return k.asks(k.takes(k.recent()))
	case n < 70:
		return k.asks(k.fact())
	case n < 76:
		return k.completes()
	case n < 82:
		return k.increments()
	case n < 94:
		return k.clearing()
	case n < 96:
		return k.freezes()
	case n < 98:
		return k.gives()
	}
	return k.both()
}

// asks sends a message that will be repeated later.
func (k *worker) asks(r purchase.Request) error {
	k.sent = append(k.sent, r)
	return k.send(r)
}

// recent is one of the last messages.
func (k *worker) recent() purchase.Request {
	return k.sent[len(k.sent)-1-k.rnd.IntN(min(len(k.sent), 8))]
}

func (k *worker) sum() money.Amount {
	if k.rnd.IntN(12) == 0 {
		return money.Rub(1_000_000 + k.rnd.Int64N(3_000_000))
	}
	return money.Rub(1 + k.rnd.Int64N(300_000))
}

// fresh makes a new request of some kind.
func (k *worker) fresh() purchase.Request {
	return k.msg(0, func(r *purchase.Request) {
		r.Acquirer, r.Amount = k.name, k.sum()
		kind := k.rnd.IntN(12)
		if k.m.posted < 200_000 && k.rnd.IntN(2) == 0 {
			kind = 0
		}
		switch kind {
		case 0:
			r.Class, r.Process, r.Entry = purchase.Financial, purchase.CreditMC, "102"
			r.Amount.Minor += 500_000
		case 1, 2:
			r.Condition = "06"
		case 3:
			r.Class = purchase.Financial
		case 4:
			r.Process = purchase.Withdraw
			k.typed("7391")(r)
			if k.rnd.IntN(2) == 0 {
				r.Class = purchase.Financial
			}
		case 5:
			r.Process = purchase.BuyWithCash
			r.Cash = money.Rub((r.Amount.Minor + 1) / 2)
		case 6:
			r.Process, r.Entry = purchase.GiveBack, "102"
			if k.rnd.IntN(3) == 0 {
				r.Class = purchase.Financial
			}
		case 7:
			r.Process, r.Amount = purchase.Inquire, money.Rub(0)
			k.typed("7391")(r)
		case 8:
			r.Partial = true
		}
	})
}

// takes makes the reversal of a message, whole or in part, named or not.
func (k *worker) takes(of purchase.Request) purchase.Request {
	return k.back(of, func(b *purchase.Request) {
		b.Acquirer = k.name
		b.Original.Acquirer = k.name
		if of.Class == purchase.Reversing {
			b.Original.Class = of.Original.Class // again, under a new name
			b.Original.STAN, b.Original.Sent = of.Original.STAN, of.Original.Sent
		}
		switch k.rnd.IntN(6) {
		case 0:
			b.Original = purchase.Origin{}
		case 1, 2:
			if of.Amount.Minor > 1 {
				b.Actual = money.Rub(1 + k.rnd.Int64N(of.Amount.Minor-1))
			}
		case 3:
			b.Advice, b.TimedOut = false, k.rnd.IntN(2) == 0
		}
	})
}

// repeats sends an earlier message again: as it was, as a repeat, with the
// transmission time set anew, or with another sum.
func (k *worker) repeats() error {
	if len(k.sent) == 0 {
		return nil
	}
	r := k.recent()
	switch k.rnd.IntN(4) {
	case 0:
		r.Repeat = true
	case 1:
		r.Repeat, r.Sent = true, fmt.Sprintf("11220901%02d", k.rnd.IntN(60))
	case 2:
		r.Amount.Minor += 7
	}
	return k.send(r)
}

// fact is an advice: what was approved, or refused, in our place.
func (k *worker) fact() purchase.Request {
	return k.msg(0, func(r *purchase.Request) {
		r.Acquirer, r.Amount, r.Advice, r.Outcome, r.Entry, r.Code = k.name, k.sum(), true, "00", "901", "STAND1"
		if k.rnd.IntN(4) == 0 {
			r.Outcome = "05"
		}
		if k.rnd.IntN(3) == 0 {
			r.Class = purchase.Financial
		}
		if k.rnd.IntN(4) == 0 { // one more of the same reference and code
			if e := k.m.any(k.rnd, func(e *entry) bool { return e.code == r.Code }); e != nil {
				r.RRN = e.r.RRN
			}
		}
	})
}

func open(e *entry) bool {
	return e.state == purchase.Held && e.kind != purchase.KindRefund && e.code != ""
}

func (k *worker) completes() error {
	e := k.m.any(k.rnd, open)
	if e == nil {
		return nil
	}
	return k.asks(k.msg(0, func(r *purchase.Request) {
		r.Acquirer, r.Class, r.Advice, r.Condition, r.RRN, r.Code, r.Entry, r.Chip = k.name, purchase.Financial, true, "06", e.r.RRN, e.code, "051", []byte{}
		r.Amount = money.Rub(max(1, e.billing*int64(k.rnd.IntN(130)+1)/100))
	}))
}

func (k *worker) increments() error {
	e := k.m.any(k.rnd, open)
	if k.rnd.IntN(6) == 0 { // of a promise there is no more
		e = k.m.any(k.rnd, func(e *entry) bool { return e.state == purchase.Held && e.kind == purchase.KindRefund })
	}
	if e == nil || len(e.parts) > 12 {
		return nil
	}
	return k.asks(k.msg(0, func(r *purchase.Request) {
		r.Acquirer, r.RRN, r.Incremental, r.Amount = k.name, e.r.RRN, true, k.sum()
	}))
}

// clearing imports a file of one to three records, some of them twice.
func (k *worker) clearing() error {
	f := purchase.File{Network: "test", Day: "2026-11-22"}
	for range 1 + k.rnd.IntN(3) {
		k.records++
		f.Records = append(f.Records, k.record())
	}
	if k.rnd.IntN(4) == 0 {
		f.Records = append(f.Records, f.Records[0])
	}
	f.ID = fmt.Sprintf("%s-%d", k.name, k.records)
	f.Print = []byte(f.ID)
	for _, r := range f.Records {
		k.log = append(k.log, fmt.Sprintf("clearing %d %s of %d for %s %s, final %v, process %s", r.Kind, r.ARN, r.Billing.Minor, r.RRN, r.Code, r.Final, r.Process))
		k.m.clears(r)
	}
	_, err := k.svc.Import(context.Background(), f)
	return err
}

func (k *worker) record() purchase.Record {
	e := k.m.any(k.rnd, func(e *entry) bool { return e.kind != purchase.KindCredit && e.code != "" })
	r := purchase.Record{
		Line: int64(k.records), Kind: purchase.Presentment, ARN: fmt.Sprintf("%s%017d", k.name, k.records), Number: vault.Hide(k.number), Code: "NOHOLD",
		RRN: fmt.Sprintf("NONE%08d", k.records), Acquirer: k.name, Process: purchase.Buy, MCC: "5411", Merchant: "TEST SHOP", Country: "643", At: k.Clock.Now(), Final: true,
	}
	sum := k.sum()
	if e != nil && k.rnd.IntN(8) > 0 {
		r.Code, r.RRN, r.Process = e.code, e.r.RRN, e.r.Process
		switch k.rnd.IntN(4) {
		case 0:
			r.Final, sum = false, money.Rub(max(1, e.billing*int64(k.rnd.IntN(70)+1)/100))
		case 1:
			sum = money.Rub(max(1, e.billing*int64(k.rnd.IntN(60)+70)/100))
		default:
			sum = money.Rub(max(1, e.billing))
		}
	}
	switch k.rnd.IntN(12) {
	case 0:
		r.Kind = purchase.Chargeback
	case 1, 2: // one of the last presentments was a mistake
		r.ARN, r.Kind = fmt.Sprintf("%s%017d", k.name, max(1, k.records-k.rnd.IntN(5))), purchase.Undone
		if it := k.m.items["1"+r.ARN]; it != nil && k.rnd.IntN(4) > 0 {
			sum = money.Rub(it.sum)
		}
	}
	r.Amount, r.Billing = sum, sum
	return r
}

func (k *worker) freezes() error {
	k.m.frozen = !k.m.frozen
	return k.ground.freeze(k.m.frozen)
}

// gives back what was approved after the network had been told «unavailable».
func (k *worker) gives() error {
	r := k.fresh()
	if err := k.asks(r); err != nil {
		return err
	}
	was := k.m.told[keyOf(r)]
	if !was.reason.Yes() {
		return nil
	}
	back := r
	back.Class, back.Advice, back.TimedOut, back.Original = purchase.Reversing, true, true, purchase.Origin{Class: r.Class, STAN: r.STAN, Sent: r.Sent, Acquirer: r.Acquirer}
	k.m.answers(back, k.Clock.Now())
	if was.entry != nil {
		was.reason, was.code = purchase.Unavailable, ""
		k.m.told[keyOf(r)] = was
	}
	k.note(r, "too late")
	return k.svc.Late(context.Background(), r)
}

// both sends a message and its reversal at the same moment, to two processes.
func (k *worker) both() error {
	r := k.fresh()
	back := k.takes(r)
	back.Original, back.Actual = purchase.Origin{Class: r.Class, STAN: r.STAN, Sent: r.Sent, Acquirer: r.Acquirer}, money.Amount{}
	back.Advice, back.TimedOut = true, true
	var answers [2]purchase.Answer
	var errs [2]error
	first := func() { answers[0], errs[0] = k.svc.Handle(context.Background(), r) }
	second := func() { answers[1], errs[1] = k.other.Handle(context.Background(), back) }
	switch {
	case !k.serial:
		var wg sync.WaitGroup
		wg.Go(first)
		wg.Go(second)
		wg.Wait()
	case k.rnd.IntN(2) == 0:
		first()
		second()
	default:
		second()
		first()
	}
	order := []int{0, 1}
	if answers[0].Reason == purchase.TwiceSent {
		order = []int{1, 0}
	}
	for _, i := range order {
		if errs[i] != nil {
			return errs[i]
		}
		msg := []purchase.Request{r, back}[i]
		k.note(msg, "at once: "+string(answers[i].Reason))
		if want := k.m.answers(msg, k.Clock.Now()); want.reason != answers[i].Reason {
			return fmt.Errorf("trace %s: answered %s, the model says %s", msg.STAN, answers[i].Reason, want.reason)
		}
		t := k.m.told[keyOf(msg)]
		t.code = answers[i].Code
		k.m.told[keyOf(msg)] = t
	}
	k.sent = append(k.sent, r, back)
	e := k.m.told[keyOf(r)].entry
	if e == nil {
		return nil
	}
	e.id, e.code = answers[0].Auth, answers[0].Code
	return k.shown(e)
}
