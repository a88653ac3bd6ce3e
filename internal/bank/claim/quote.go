package claim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

const quoteTable = "claim.quote"

// quoteBody is what a quote's token holds.
type quoteBody struct {
	id    id.ID
	from  ledger.AccountID
	phone phone.Number
	name  string // masked, of the sender: the receiver is told it
	uid   id.ID
	price tariff.Price
	made  int64 // Unix seconds
}

// Pack writes the body.
func (q *quoteBody) Pack(p *token.Packer) {
	p.ID(q.id)
	p.ID(q.uid)
	p.Text(q.phone.E164())
	p.Text(q.name)
	for _, n := range []int64{int64(q.from), q.price.Version, int64(q.price.Rule), q.price.Amount.Minor, q.price.Free.Minor, q.price.Fee.Minor, q.made} {
		p.Int(n)
	}
}

// Unpack reads it.
func (q *quoteBody) Unpack(u *token.Unpacker) {
	q.id, q.uid = u.ID(), u.ID()
	q.phone, q.name = phone.Number(u.Text()), u.Text()
	q.from = ledger.AccountID(u.Int())
	q.price = tariff.Price{
		Version: u.Int(), Rule: int(u.Int()), Kind: tariff.Link, Amount: money.Rub(u.Int()), Free: money.Rub(u.Int()), Fee: money.Rub(u.Int()),
	}
	q.made = u.Int()
}

func (q *quoteBody) until() time.Time { return time.Unix(q.made, 0).UTC().Add(QuoteTTL) }

func (q *quoteBody) shown(text string) (Quote, error) {
	total, err := q.price.Amount.Add(q.price.Fee)
	if err != nil {
		return Quote{}, ErrAmount.Because(err)
	}
	return Quote{
		Token: text, ID: q.id, From: q.from, Phone: q.phone, Amount: q.price.Amount, Fee: q.price.Fee, Total: total, Price: q.price, Until: q.until(),
	}, nil
}

// Quote offers a link to a phone. Whether its owner is a client is neither
// asked nor told: then he takes the money to his account.
func (s *Service) Quote(ctx context.Context, who client.ID, from ledger.AccountID, to phone.Number, amount money.Amount) (Quote, error) {
	if !russian(to) {
		return Quote{}, ErrPhone
	}
	if !amount.Positive() || amount.Cur != money.RUB {
		return Quote{}, ErrAmount
	}
	if err := s.d.Limits.Rules().CheckOne(amount); err != nil {
		return Quote{}, err
	}
	me, err := s.d.People.ByID(ctx, who)
	if err != nil {
		return Quote{}, fmt.Errorf("sender %d: %w", who, err)
	}
	switch {
	case me.State == client.Blocked:
		return Quote{}, ErrBlocked
	case me.Phone == to:
		return Quote{}, ErrSelf
	}
	price, err := s.d.Tariffs.Price(ctx, tariff.Ask{Client: who, Kind: tariff.Link, Sum: amount})
	if err != nil {
		return Quote{}, err
	}
	b := quoteBody{
		id: s.d.Operations.NewID(), from: from, phone: to, name: me.Name.Masked(), uid: me.UID, price: price, made: s.d.DB.Now().Unix(),
	}
	text, err := token.Seal(s.d.Vault, quoteTable, who, &b)
	if err != nil {
		return Quote{}, err
	}
	return b.shown(text)
}

// russian tells a mobile phone of this country: a link costs a message, and a
// message abroad more than it is worth.
func russian(p phone.Number) bool { return strings.HasPrefix(p.E164(), "+7") && p.Mobile() }

// ReadQuote reads a token back. A quote that ran out or whose tariff is over is
// given together with ErrQuoteExpired or tariff.ErrChanged.
func (s *Service) ReadQuote(ctx context.Context, who client.ID, text string) (Quote, error) {
	b, err := s.quote(who, text)
	if err != nil {
		return Quote{}, err
	}
	q, err := b.shown(text)
	switch {
	case err != nil:
	case !s.d.DB.Now().Before(q.Until):
		err = ErrQuoteExpired
	default:
		err = s.d.Tariffs.Valid(ctx, q.Price)
	}
	return q, err
}

// Again asks the same anew at the price of now.
func (s *Service) Again(ctx context.Context, who client.ID, text string) (Quote, error) {
	q, err := s.ReadQuote(ctx, who, text)
	if err != nil && !errors.Is(err, ErrQuoteExpired) && !errors.Is(err, tariff.ErrChanged) {
		return Quote{}, err
	}
	return s.Quote(ctx, who, q.From, q.Phone, q.Amount)
}

func (s *Service) quote(who client.ID, text string) (quoteBody, error) {
	var b quoteBody
	if !token.Open(s.d.Vault, quoteTable, who, text, &b) {
		return b, ErrQuote
	}
	return b, nil
}

// Order gives the text to be confirmed for a quote and a message.
func (s *Service) Order(who client.ID, quote, message string) (order.Document, error) {
	q, err := s.quote(who, quote)
	if err != nil {
		return order.Document{}, err
	}
	if message, err = transfer.CleanMessage(message); err != nil {
		return order.Document{}, err
	}
	return q.document(message), nil
}

// document writes the canonical text.
func (q *quoteBody) document(message string) order.Document {
	return order.Compose(order.Head{ID: q.id, Kind: order.Link, Who: q.uid, When: time.Unix(q.made, 0)},
		order.Line{Name: "from", Value: "ac_" + strconv.FormatInt(int64(q.from), 10)}, order.Say("to", q.phone.E164()),
		order.Sum("amount", q.price.Amount), order.Sum("fee", q.price.Fee), order.Say("message", message))
}

// print binds a key to its content.
func (q *quoteBody) print(message string) ledger.Print {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return ledger.PrintOf("claim", n(int64(q.from)), q.phone.E164(), n(q.price.Amount.Minor), n(q.price.Fee.Minor), message)
}
