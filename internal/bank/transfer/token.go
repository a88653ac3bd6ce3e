package transfer

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// The kinds of tokens.
const (
	payeeTable = "transfer.payee"
	quoteTable = "transfer.quote"
)

// payeeBody is what a payee token holds.
type payeeBody struct {
	Client  client.ID
	Account ledger.AccountID
	Name    string
	Phone   string // E.164
	Payer   string // masked name of the asking client: the payee's feed shows it
	// PayerUID is what the asking client is called in his orders.
	PayerUID id.ID
	Until    int64 // Unix seconds
}

func (p payeeBody) until() time.Time { return time.Unix(p.Until, 0).UTC() }

// quoteBody is what a quote token holds.
type quoteBody struct {
	ID     id.ID
	From   ledger.AccountID
	To     payeeBody
	Amount int64
	Fee    int64
	Tariff int64 // version and rule that priced it, and what of it is free this month
	Rule   int
	Free   int64
	Cur    money.Currency
	Made   int64 // Unix seconds
}

func (q quoteBody) amount() money.Amount { return money.Amount{Minor: q.Amount, Cur: q.Cur} }
func (q quoteBody) fee() money.Amount    { return money.Amount{Minor: q.Fee, Cur: q.Cur} }
func (q quoteBody) price() tariff.Price {
	return tariff.Price{
		Version: q.Tariff, Rule: q.Rule, Kind: tariff.Friend, Amount: q.amount(), Free: money.Amount{Minor: q.Free, Cur: q.Cur}, Fee: q.fee(),
	}
}
func (q quoteBody) made() time.Time  { return time.Unix(q.Made, 0).UTC() }
func (q quoteBody) until() time.Time { return q.made().Add(QuoteTTL) }

func (s *Service) seal(kind string, who client.ID, body token.Body) (string, error) {
	return token.Seal(s.d.Vault, kind, who, body)
}

func (s *Service) open(kind string, who client.ID, text string, body token.Body) bool {
	return token.Open(s.d.Vault, kind, who, text, body)
}

// offer makes the payee that me may send money to.
func (s *Service) offer(me, to client.Person, typed phone.Number) (Payee, error) {
	b := payeeBody{
		Client: to.ID, Account: to.Account, Name: to.Masked, Phone: typed.E164(), Payer: me.Masked, PayerUID: me.UID,
		Until: s.d.DB.Now().Add(PayeeTTL).Unix(),
	}
	token, err := s.seal(payeeTable, me.ID, &b)
	if err != nil {
		return Payee{}, err
	}
	return Payee{Token: token, Name: b.Name, Phone: phone.Number(b.Phone), Until: b.until()}, nil
}

// Payee reads a token back, for a form that carries it. ErrPayee when it is not
// this client's, altered or too old.
func (s *Service) Payee(who client.ID, token string) (Payee, error) {
	b, err := s.payee(who, token)
	if err != nil {
		return Payee{}, err
	}
	return Payee{Token: token, Name: b.Name, Phone: phone.Number(b.Phone), Until: b.until()}, nil
}

func (s *Service) payee(who client.ID, token string) (payeeBody, error) {
	var b payeeBody
	if !s.open(payeeTable, who, token, &b) || !s.d.DB.Now().Before(b.until()) {
		return b, ErrPayee
	}
	return b, nil
}

// Quote offers a transfer of amount from an account to the payee of a token.
// Whose account it is, what is on it and what else may leave it is checked
// when money moves.
func (s *Service) Quote(ctx context.Context, who client.ID, from ledger.AccountID, payee string, amount money.Amount) (Quote, error) {
	to, err := s.payee(who, payee)
	if err != nil {
		return Quote{}, err
	}
	if !amount.Positive() || amount.Cur != money.RUB {
		return Quote{}, ErrAmount
	}
	if err := s.d.Limits.Rules().CheckOne(amount); err != nil {
		return Quote{}, err
	}
	price, err := s.d.Tariffs.Price(ctx, tariff.Ask{Client: who, Kind: tariff.Friend, Sum: amount})
	if err != nil {
		return Quote{}, err
	}
	b := quoteBody{
		ID: s.d.Operations.NewID(), From: from, To: to,
		Amount: amount.Minor, Fee: price.Fee.Minor, Tariff: price.Version, Rule: price.Rule, Free: price.Free.Minor,
		Cur: amount.Cur, Made: s.d.DB.Now().Unix(),
	}
	token, err := s.seal(quoteTable, who, &b)
	if err != nil {
		return Quote{}, err
	}
	return b.shown(token, payee)
}

func (q quoteBody) shown(token, payee string) (Quote, error) {
	total, err := q.amount().Add(q.fee())
	if err != nil {
		return Quote{}, ErrAmount.Because(err)
	}
	return Quote{
		Token: token, ID: q.ID, From: q.From, Amount: q.amount(), Fee: q.fee(), Total: total, Price: q.price(), Until: q.until(),
		To: Payee{Token: payee, Name: q.To.Name, Phone: phone.Number(q.To.Phone), Until: q.To.until()},
	}, nil
}

// ReadQuote reads a token back, for a confirmation page. A quote that ran out or
// whose tariff is over is given together with ErrQuoteExpired or
// tariff.ErrChanged, so that the same can be asked anew; its payee carries a
// token as long as he may be paid.
func (s *Service) ReadQuote(ctx context.Context, who client.ID, token string) (Quote, error) {
	b, err := s.quote(who, token)
	if err != nil {
		return Quote{}, err
	}
	payee, err := s.seal(payeeTable, who, &b.To)
	if err != nil {
		return Quote{}, err
	}
	q, err := b.shown(token, payee)
	switch {
	case err != nil:
	case s.expired(b):
		err = ErrQuoteExpired
	default:
		err = s.d.Tariffs.Valid(ctx, b.price())
	}
	return q, err
}

func (s *Service) quote(who client.ID, token string) (quoteBody, error) {
	var b quoteBody
	if !s.open(quoteTable, who, token, &b) {
		return b, ErrQuote
	}
	return b, nil
}

func (s *Service) expired(q quoteBody) bool { return !s.d.DB.Now().Before(q.until()) }
