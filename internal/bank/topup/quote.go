package topup

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/money"
)

// quoteTable is the kind of this room's tokens.
const quoteTable = "topup.quote"

// quoteBody is what a quote's token holds.
type quoteBody struct {
	price tariff.Price
	made  int64 // Unix seconds
}

// Pack writes the body.
func (q *quoteBody) Pack(p *token.Packer) {
	for _, n := range []int64{q.price.Version, int64(q.price.Rule), q.price.Amount.Minor, q.price.Free.Minor, q.price.Fee.Minor, q.made} {
		p.Int(n)
	}
}

// Unpack reads it.
func (q *quoteBody) Unpack(u *token.Unpacker) {
	q.price = tariff.Price{
		Version: u.Int(), Rule: int(u.Int()), Kind: tariff.TopUp, Amount: money.Rub(u.Int()), Free: money.Rub(u.Int()), Fee: money.Rub(u.Int()),
	}
	q.made = u.Int()
}

func (q *quoteBody) until() time.Time { return time.Unix(q.made, 0).UTC().Add(QuoteTTL) }

// Quote tells a client what a top-up costs.
func (s *Service) Quote(ctx context.Context, who client.ID, amount money.Amount) (Quote, error) {
	if !amount.Positive() || amount.Cur != money.RUB {
		return Quote{}, ErrAmount
	}
	if amount.Minor > maxAmount {
		return Quote{}, ErrLarge
	}
	price, err := s.d.Tariffs.Price(ctx, tariff.Ask{Client: who, Kind: tariff.TopUp, Sum: amount})
	if err != nil {
		return Quote{}, err
	}
	b := quoteBody{price, s.d.DB.Now().Unix()}
	text, err := token.Seal(s.d.Vault, quoteTable, who, &b)
	if err != nil {
		return Quote{}, err
	}
	return b.shown(text)
}

func (q *quoteBody) shown(text string) (Quote, error) {
	total, err := q.price.Amount.Add(q.price.Fee)
	if err != nil {
		return Quote{}, err
	}
	return Quote{Token: text, Amount: q.price.Amount, Fee: q.price.Fee, Total: total, Price: q.price, Until: q.until()}, nil
}

// ReadQuote reads a token back. A quote that ran out or whose tariff is over is
// given together with ErrQuoteExpired or tariff.ErrChanged; a token that this
// client was not given is ErrQuote.
func (s *Service) ReadQuote(ctx context.Context, who client.ID, text string) (Quote, error) {
	var b quoteBody
	if !token.Open(s.d.Vault, quoteTable, who, text, &b) {
		return Quote{}, ErrQuote
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
