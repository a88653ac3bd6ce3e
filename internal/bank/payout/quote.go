package payout

import (
	"context"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Ask is what shall be priced.
type Ask struct {
	From   ledger.AccountID
	To     Target
	Amount money.Amount // what the receiver gets
}

// Quote is an offer: what a payout would cost.
type Quote struct {
	Token  string
	ID     id.ID // of the order to come
	From   ledger.AccountID
	To     Shown
	Amount money.Amount
	Fee    money.Amount
	Total  money.Amount // what leaves the account
	Price  tariff.Price // by which version and rule the fee is so
	Until  time.Time    // what is confirmed before this is what is charged
}

// quoteTable is the kind of this room's tokens.
const quoteTable = "payout.quote"

// quoteBody is what a quote's token holds.
type quoteBody struct {
	id    id.ID
	from  ledger.AccountID
	to    Target
	price tariff.Price
	payer id.ID // what the asking client is called in his orders
	made  int64 // Unix seconds
}

// Pack writes the body.
func (q *quoteBody) Pack(p *token.Packer) {
	p.ID(q.id)
	p.Int(int64(q.from))
	q.to.pack(p)
	for _, n := range []int64{q.price.Version, int64(q.price.Rule), q.price.Amount.Minor, q.price.Free.Minor, q.price.Fee.Minor, q.made} {
		p.Int(n)
	}
	p.ID(q.payer)
}

// Unpack reads it.
func (q *quoteBody) Unpack(u *token.Unpacker) {
	q.id = u.ID()
	q.from = ledger.AccountID(u.Int())
	q.to.unpack(u)
	q.price = tariff.Price{
		Version: u.Int(), Rule: int(u.Int()), Kind: ways[q.to.Way].kind,
		Amount: money.Rub(u.Int()), Free: money.Rub(u.Int()), Fee: money.Rub(u.Int()),
	}
	q.made = u.Int()
	q.payer = u.ID()
}

func (q *quoteBody) at() time.Time { return time.Unix(q.made, 0).UTC() }

// until is when the quote ends: with its minutes, or with what the other side
// gave for the receiver, whichever comes first.
func (q *quoteBody) until() time.Time {
	end := q.at().Add(QuoteTTL)
	if q.to.over(end) {
		return q.to.Until
	}
	return end
}

func (q *quoteBody) total() (money.Amount, error) { return q.price.Amount.Add(q.price.Fee) }

// Quote offers to send a sum from an account to a target. Whose account it is,
// what is on it and what else may leave it is checked when money moves.
func (s *Service) Quote(ctx context.Context, who client.ID, a Ask) (Quote, error) {
	if err := a.To.check(); err != nil {
		return Quote{}, err
	}
	if a.To.over(s.d.DB.Now()) {
		return Quote{}, ErrReceiverOld
	}
	kind := ways[a.To.Way].kind
	if s.d.Rails[a.To.Way] == nil || kind == "" {
		return Quote{}, ErrClosed
	}
	if !a.Amount.Positive() || a.Amount.Cur != money.RUB {
		return Quote{}, ErrAmount
	}
	if err := s.d.Limits.Rules().CheckOne(a.Amount); err != nil {
		return Quote{}, err
	}
	if err := s.mayProbe(ctx, s.d.DB, who, a.To.Way, 1); err != nil {
		return Quote{}, err
	}
	me, err := s.d.People.Person(ctx, who)
	if err != nil {
		return Quote{}, err
	}
	if me.State == client.Blocked {
		return Quote{}, ErrBlocked
	}
	price, err := s.d.Tariffs.Price(ctx, tariff.Ask{Client: who, Kind: kind, Bank: a.To.Bank, Sum: a.Amount})
	if err != nil {
		return Quote{}, err
	}
	return s.offer(who, &quoteBody{s.d.Operations.NewID(), a.From, a.To, price, me.UID, s.d.DB.Now().Unix()})
}

func (s *Service) offer(who client.ID, q *quoteBody) (Quote, error) {
	text, err := token.Seal(s.d.Vault, quoteTable, who, q)
	if err != nil {
		return Quote{}, err
	}
	return q.shown(text)
}

func (q *quoteBody) shown(text string) (Quote, error) {
	total, err := q.total()
	if err != nil {
		return Quote{}, ErrAmount.Because(err)
	}
	return Quote{
		Token: text, ID: q.id, From: q.from, To: q.to.Shown(), Amount: q.price.Amount, Fee: q.price.Fee, Total: total, Price: q.price, Until: q.until(),
	}, nil
}

func (s *Service) quote(who client.ID, text string) (*quoteBody, error) {
	var q quoteBody
	if !token.Open(s.d.Vault, quoteTable, who, text, &q) {
		return nil, ErrQuote
	}
	return &q, nil
}

// ReadQuote reads a token back. A quote that ran out or whose tariff is over is
// given together with ErrQuoteExpired or tariff.ErrChanged; a token that this
// client was not given is ErrQuote.
func (s *Service) ReadQuote(ctx context.Context, who client.ID, text string) (Quote, error) {
	q, err := s.quote(who, text)
	if err != nil {
		return Quote{}, err
	}
	out, err := q.shown(text)
	if err == nil {
		err = s.stale(ctx, q)
	}
	return out, err
}

// stale tells why a quote may not be charged any more; nil when it may.
func (s *Service) stale(ctx context.Context, q *quoteBody) error {
	if !s.d.DB.Now().Before(q.until()) {
		return ErrQuoteExpired
	}
	return s.d.Tariffs.Valid(ctx, q.price)
}

// Again asks what a quote asked at the price of now; ErrReceiverOld when the
// receiver has to be looked up before.
func (s *Service) Again(ctx context.Context, who client.ID, text string) (Quote, error) {
	q, err := s.quote(who, text)
	if err != nil {
		return Quote{}, err
	}
	return s.Quote(ctx, who, Ask{From: q.from, To: q.to, Amount: q.price.Amount})
}

// targetPrefix is what the name of a receiver's account in an order begins with.
const targetPrefix = "rc"

// Order gives the text to be confirmed for a quote and a message.
func (s *Service) Order(who client.ID, quote, message string) (order.Document, error) {
	q, err := s.quote(who, quote)
	if err != nil {
		return order.Document{}, err
	}
	if message, err = transfer.CleanMessage(message); err != nil {
		return order.Document{}, err
	}
	return s.document(q, who, message), nil
}

// document writes the canonical text. The receiver is named as far as his
// sender may know him, and by a reference that stands for his whole number: the
// same for the same pair, nothing to anybody else.
func (s *Service) document(q *quoteBody, who client.ID, message string) order.Document {
	t := q.to
	ref := id.ID(s.d.Vault.MAC("payout.target", vault.Row64(int64(who)), []byte(t.Way.String()), []byte(t.Number.Reveal()), []byte(t.Phone), []byte(t.Bank), []byte(t.Token.Reveal()))[:16])
	title := strings.ReplaceAll(t.Title(), "•", "*")
	lines := []order.Line{{Name: "from", Value: "ac_" + decimal(int64(q.from))}, {Name: "way", Value: t.Way.String()}, {Name: "to", Value: title + " " + ref.Text(targetPrefix)}}
	if t.Name != "" {
		lines = append(lines, order.Say("receiver", t.Name))
	}
	if t.BankRU != "" {
		lines = append(lines, order.Say("bank", t.BankRU))
	}
	lines = append(lines, order.Sum("amount", q.price.Amount), order.Sum("fee", q.price.Fee), order.Say("message", message))
	return order.Compose(order.Head{ID: q.id, Kind: order.Payout, Who: q.payer, When: q.at()}, lines...)
}
