package purchase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// tries bounds how often a message is judged anew because another process
// wrote at the same moment what it was about to write.
const tries = 4

// Handle answers one message of the network. An error means that nothing is
// known for certain: the network is told "unavailable" and repeats or reverses.
func (s *Service) Handle(ctx context.Context, r Request) (Answer, error) {
	defer s.locks.lock(r.Number.Reveal())()
	f, err := s.d.Cards.ByNumber(r.Number.Reveal())
	if errors.Is(err, card.ErrMissing) {
		return Answer{Reason: NoSuchCard}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	for range tries {
		a, err := s.once(ctx, r, f)
		if err == nil || !db.IsUnique(err) {
			return a, err
		}
		// Another process was quicker with this message, its reversal, its
		// chip counter or its proof: look again.
		if f, err = s.d.Cards.ByNumber(r.Number.Reveal()); err != nil {
			return Answer{}, err
		}
	}
	return Answer{}, fmt.Errorf("a message of card %s finds no rest", f.ID.Text(card.Prefix))
}

// once answers a message unless it was answered before.
func (s *Service) once(ctx context.Context, r Request, f card.Face) (Answer, error) {
	was, err := s.rows.past(r, f)
	if err != nil {
		return Answer{}, err
	}
	var a Answer
	var print []byte
	found := was.answered
	if found {
		if a, print, found, err = s.rows.remembered(ctx, s.d.DB, r.key()); err != nil {
			return Answer{}, err
		}
	}
	if !found && r.Repeat {
		a, print, found, err = s.twin(ctx, r, f)
		if err != nil {
			return Answer{}, err
		}
	}
	if found {
		if string(print) != string(r.print(f.ID)) {
			return Answer{Reason: TwiceSent}, nil
		}
		return a, nil
	}
	switch {
	case r.Class == Reversing:
		return s.reverse(ctx, r, f)
	case r.Advice:
		return s.advise(ctx, r, f, was)
	}
	return s.decide(ctx, r, f, was)
}

// twin finds the answer to the first sending of a repeated message whose
// transmission time was set anew: same card, sender, trace number and reference.
func (s *Service) twin(ctx context.Context, r Request, f card.Face) (a Answer, print []byte, found bool, err error) {
	if r.RRN == "" {
		return Answer{}, nil, false, nil
	}
	list, err := s.rows.byRRN(ctx, s.d.DB, f.Client, f.ID, r.RRN)
	if err != nil {
		return Answer{}, nil, false, err
	}
	for _, one := range list {
		first := r
		first.Sent = sentOf(one.message)
		if string(first.key()) == string(one.message) {
			return s.rows.remembered(ctx, s.d.DB, one.message)
		}
	}
	return s.rows.remembered(ctx, s.d.DB, r.twin(f.ID))
}

// sentOf reads the transmission time that a message key begins with.
func sentOf(key []byte) string {
	n := uint32(key[0])<<24 | uint32(key[1])<<16 | uint32(key[2])<<8 | uint32(key[3])
	return fmt.Sprintf("%010d", n)
}

// decide judges a request and does what it asks.
func (s *Service) decide(ctx context.Context, r Request, f card.Face, was past) (Answer, error) {
	why := s.sensible(r)
	if why != Approved {
		return s.refuse(ctx, r, f, &verdict{reason: why}, Answer{Reason: why})
	}
	sum, why, err := s.billing(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if why != Approved {
		return s.refuse(ctx, r, f, &verdict{reason: why}, Answer{Reason: why})
	}
	if was.known { // taken back before it came, or another message of the same name
		return s.refuse(ctx, r, f, &verdict{reason: TwiceSent}, Answer{Reason: TwiceSent})
	}
	v, err := s.judge(ctx, r, f, sum, was)
	if err != nil {
		return Answer{}, err
	}
	if v.reason != Approved {
		return s.refuse(ctx, r, f, v, Answer{Reason: v.reason, Switch: v.word})
	}
	if r.empty() {
		return s.question(ctx, r, f, v)
	}
	return s.move(ctx, r, f, v, sum)
}

// sensible refuses what makes no sense whatever the card is.
func (s *Service) sensible(r Request) Reason {
	switch r.Process {
	case Buy, Withdraw, BuyWithCash, GiveBack, CreditVisa, CreditMC:
		if r.Amount.Minor < 0 || r.Amount.IsZero() && !r.empty() {
			return BadAmount
		}
		if r.Process == BuyWithCash && (r.Cash.Minor <= 0 || r.Cash.Minor > r.Amount.Minor || r.Cash.Cur != r.Amount.Cur) {
			return BadAmount
		}
	case Inquire, InquireSaved, UnblockPIN, ChangePIN:
	default:
		return NoSuchType
	}
	return Approved
}

// move reserves or posts the sum, everything in one ledger transaction.
func (s *Service) move(ctx context.Context, r Request, f card.Face, v *verdict, sum money.Amount) (Answer, error) {
	o := s.outline(r, f, sum)
	if r.Incremental {
		first, err := s.first(ctx, r, f)
		if err != nil {
			return Answer{}, err
		}
		if first.id.IsZero() {
			return s.refuse(ctx, r, f, &verdict{reason: DoNotHonour, chip: v.chip, rows: v.rows}, Answer{Reason: DoNotHonour})
		}
		return s.more(ctx, r, f, v, sum, first)
	}
	a := Answer{Reason: Approved, Code: o.a.code, Auth: o.a.id}
	a.Chip = answerChip(v, true)
	if f.Unblock && v.chip != nil { // the chip has yet to hear that its PIN is free again
		script, err := s.script(r)
		if err != nil {
			return Answer{}, err
		}
		a.Chip = append(a.Chip, script...)
	}
	t, err := s.transaction(r, f, v, o, a)
	if err != nil {
		return Answer{}, err
	}
	rec, why, err := s.post(ctx, r, f, t, v)
	switch {
	case err != nil:
		return Answer{}, err
	case why != Approved:
		return s.refuse(ctx, r, f, v, Answer{Reason: why, Switch: v.word})
	case !rec.Refused() && rec.Replay:
		return s.elsewhere(ctx, r, f)
	case !rec.Refused():
		s.tell(f.Client)
		if r.cash() {
			return s.withBalance(ctx, f, a)
		}
		return a, nil
	}
	if rec.Reason == ledger.InsufficientFunds && r.Partial {
		if part, ok, err := s.part(ctx, r, f, v, o, rec.Missing); ok || err != nil {
			return part, err
		}
	}
	return s.refuse(ctx, r, f, v, s.unfunded(f, t, rec))
}

// elsewhere gives the answer of the process that was quicker with this message.
func (s *Service) elsewhere(ctx context.Context, r Request, f card.Face) (Answer, error) {
	a, print, found, err := s.rows.remembered(ctx, s.d.DB, r.key())
	switch {
	case err != nil:
		return Answer{}, err
	case !found:
		return Answer{}, fmt.Errorf("a message of card %s was posted and not remembered", f.ID.Text(card.Prefix))
	case string(print) != string(r.print(f.ID)):
		return Answer{Reason: TwiceSent}, nil
	}
	return a, nil
}

// unfunded puts the ledger's refusal into this room's words.
func (s *Service) unfunded(f card.Face, t ledger.Transaction, rec ledger.Receipt) Answer {
	if rec.Reason == ledger.LimitReached && rec.Guard < len(t.Guards) {
		return Answer{Reason: OverLimit, Switch: string(card.GuardWord(t.Guards[rec.Guard]))}
	}
	return Answer{Reason: NoFunds, Missing: rec.Missing}
}

// outline is everything that an approval writes, before it is known that it may.
type outline struct {
	a  auth
	op operation.Operation
}

func (s *Service) outline(r Request, f card.Face, sum money.Amount) outline {
	now := s.d.DB.Now()
	one := s.d.Operations.NewID()
	o := outline{a: auth{
		client: f.Client, id: one, card: f.ID, account: f.Account, kind: kindOf(r), state: Held,
		origin: r.of().key(f.ID), message: r.key(), rrn: r.RRN, code: newCode(one), acquirer: r.Acquirer, shop: r.shop(), mcc: r.MCC,
		country: r.Country, channel: r.channel(), local: r.Amount, billing: sum, posted: money.Rub(0), at: now,
	}}
	o.op = operation.Operation{
		ID: o.a.id, Client: f.Client, Account: f.Account, Kind: feedKind(o.a.kind), State: operation.Pending, Fee: money.Rub(0),
		Amount: money.Rub(-sum.Minor), Details: s.details(r, f, sum, o.a.code),
	}
	if r.credit() {
		o.op.Amount = sum
	}
	if r.Class == Financial || o.a.kind == KindCredit {
		o.a.state, o.a.posted, o.op.State = Posted, sum, operation.Done
		return o
	}
	o.a.holds = []id.ID{o.a.id} // of a promise: no money, but a mark that only clearing posts it
	if o.a.kind != KindRefund {
		o.a.expires = now.Add(s.holdFor(o.a.kind))
	}
	return o
}

func (s *Service) holdFor(k Kind) time.Duration {
	if k == KindPreauth {
		return s.d.Rules.Preauth
	}
	return s.d.Rules.Hold
}

func kindOf(r Request) Kind {
	switch {
	case r.Process == GiveBack:
		return KindRefund
	case r.credit():
		return KindCredit
	case r.cash():
		return KindCash
	case r.Condition == preauthorised:
		return KindPreauth
	}
	return KindBuy
}

func feedKind(k Kind) operation.Kind {
	switch k {
	case KindCash:
		return operation.Cash
	case KindRefund:
		return operation.Refund
	case KindCredit:
		return operation.CardCredit
	}
	return operation.Purchase
}

// details is what the client will read of it.
func (s *Service) details(r Request, f card.Face, sum money.Amount, code string) operation.Details {
	return operation.Details{Name: Clean(r.Merchant.Name), Card: f.Last4, Purchase: &operation.PurchaseDetails{
		Card: f.ID, MCC: r.MCC, City: Clean(r.Merchant.City), Country: r.Country, Local: r.Amount, Held: sum,
		Channel: channelWord(r.channel()), Code: code, Terminal: r.Terminal,
	}}
}

// transaction is the one value that reserves or posts, with all that lands with it.
func (s *Service) transaction(r Request, f card.Face, v *verdict, o outline, a Answer) (ledger.Transaction, error) {
	t := ledger.Transaction{ID: o.a.id, Owner: int64(f.Client), Key: ledger.Key(o.a.message), Kind: ledger.KindPurchase, Phase: ledger.Pending}
	if o.a.state == Posted {
		t.Phase = ledger.Posted
	}
	debit := money.Rub(-o.a.billing.Minor)
	t.Legs = []ledger.Leg{{Account: f.Account, Owner: int64(f.Client), Amount: debit}, {Account: ledger.Network, Amount: o.a.billing}}
	if r.credit() {
		t.Legs = []ledger.Leg{{Account: f.Account, Owner: int64(f.Client), Amount: o.a.billing}, {Account: ledger.Network, Amount: debit}}
	} else if !r.Advice {
		t.Guards = f.Guards(attempt(r, o.a.billing), o.a.billing)
	}
	op, err := s.d.Operations.Row(o.op)
	if err != nil {
		return t, err
	}
	m, err := message(o.a.message, r.print(f.ID), f.Client, o.a.id, a, o.a.at)
	if err != nil {
		return t, err
	}
	t.Rows = append([]db.Row{op, o.a.row(), m, Told{Client: f.Client, Operation: o.a.id}.event(s.d.Operations.NewID()).Row()}, v.rows...)
	return t, nil
}

// post gives the transaction to the book. What also changes the card goes the
// slow way, under the card's lock: a PIN that was right after wrong ones, so
// that guesses of several processes count together; the first shop of a card
// that waits for one; the word to the chip that its PIN is free again.
func (s *Service) post(ctx context.Context, r Request, f card.Face, t ledger.Transaction, v *verdict) (rec ledger.Receipt, why Reason, err error) {
	if promise(r) {
		return ledger.Receipt{}, Approved, s.promised(ctx, t.Rows)
	}
	pin, bind, script := v.pinRight && f.PINTries > 0, f.Merchant == card.FirstMerchant && !r.credit(), f.Unblock && v.chip != nil
	if !pin && !bind && !script {
		rec, err = s.d.Book.Post(ctx, t)
		if errors.Is(err, ledger.ErrClosedAccount) {
			return rec, ClosedAccount, nil
		}
		return rec, Approved, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		why = Approved
		fresh, err := s.d.Cards.FaceIn(ctx, tx, f.Client, f.ID)
		if err != nil {
			return err
		}
		if word, no := fresh.Rules.Refuse(attempt(r, money.Rub(0))); no && bind {
			why, v.word = HolderForbids, string(word) // another shop was first
			return nil
		}
		if fresh.PINLeft == 0 && pin {
			why = PINBlocked
			return nil
		}
		recs, err := s.d.Book.PostTx(ctx, tx, t)
		if err != nil {
			return err
		}
		if rec = recs[0]; rec.Refused() {
			return nil
		}
		return s.landed(ctx, tx, r, f, pin, bind, script)
	})
	return rec, why, err
}

// landed changes the card after its money has moved.
func (s *Service) landed(ctx context.Context, tx db.Tx, r Request, f card.Face, pin, bind, script bool) error {
	if bind {
		if _, err := s.d.Cards.Bind(ctx, tx, f.Client, f.ID, r.Merchant.Name); err != nil {
			return err
		}
	}
	if script {
		if err := s.d.Cards.ScriptSent(ctx, tx, f.Client, f.ID); err != nil {
			return err
		}
	}
	if pin {
		return s.d.Cards.PINRight(ctx, tx, f.Client, f.ID)
	}
	return nil
}

// promise tells a refund that is only announced: it becomes money when it is cleared.
func promise(r Request) bool { return r.Process == GiveBack && r.Class == Authorisation }

// promised writes what a promise carries; no money moves yet.
func (s *Service) promised(ctx context.Context, rows []db.Row) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		for i := range rows {
			rows[i] = filled(rows[i], tx.Now())
		}
		return tx.Insert(ctx, rows...)
	})
}

// filled puts the time, and no transaction, in the places that a ledger
// transaction would fill.
func filled(row db.Row, at time.Time) db.Row {
	args := append([]any(nil), row.Args...)
	for i, v := range args {
		switch v {
		case ledger.At():
			args[i] = at.UnixMicro()
		case ledger.Txn():
			args[i] = make([]byte, 16)
		}
	}
	return db.Row{Insert: row.Insert, Args: args}
}

// part approves as much as there is, for a merchant who takes a part. It is
// another transaction: the refusal of the whole stays remembered.
func (s *Service) part(ctx context.Context, r Request, f card.Face, v *verdict, whole outline, missing money.Amount) (Answer, bool, error) {
	if r.Amount.Cur != money.RUB || whole.a.billing.Minor <= missing.Minor {
		return Answer{}, false, nil
	}
	sum := money.Rub(whole.a.billing.Minor - missing.Minor)
	o := s.outline(r, f, sum)
	o.a.local = sum
	o.op.Details.Purchase.Local = sum
	a := Answer{Reason: PartlyApproved, Code: o.a.code, Amount: sum, Auth: o.a.id, Chip: answerChip(v, true)}
	t, err := s.transaction(r, f, v, o, a)
	if err != nil {
		return Answer{}, false, err
	}
	t.Key = ledger.KeyOf("part", string(o.a.message))
	rec, why, err := s.post(ctx, r, f, t, v)
	if err != nil || why != Approved || rec.Refused() {
		return Answer{}, false, err
	}
	if rec.Replay {
		a, err = s.elsewhere(ctx, r, f)
		return a, true, err
	}
	s.tell(f.Client)
	return a, true, nil
}

// newCode makes an approval code (ISO 8583 DE 38) of an identifier's random
// half: six letters and digits without those that look alike.
func newCode(x id.ID) string {
	const letters = "0123456789ABCDEFGHJKLMNPQRSTVWXY" // 32
	var b [6]byte
	for i := range b {
		b[i] = letters[x[10+i]&31]
	}
	return string(b[:])
}
