package transfer

import (
	"encoding/base64"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Tokens are sealed rather than signed: they hold client and account numbers
// that a browser has no need to know. The asking client is part of the seal, so
// a token is useless to anybody else.
const (
	payeeTable = "transfer.payee"
	quoteTable = "transfer.quote"
	maxToken   = 4096
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
	Cur    money.Currency
	Made   int64 // Unix seconds
}

func (q quoteBody) amount() money.Amount { return money.Amount{Minor: q.Amount, Cur: q.Cur} }
func (q quoteBody) fee() money.Amount    { return money.Amount{Minor: q.Fee, Cur: q.Cur} }
func (q quoteBody) made() time.Time      { return time.Unix(q.Made, 0).UTC() }
func (q quoteBody) until() time.Time     { return q.made().Add(QuoteTTL) }

func (s *Service) seal(table string, who client.ID, body interface{ pack(*packer) }) (string, error) {
	plain := make(packer, 1, 160)
	plain[0] = packVersion
	body.pack(&plain)
	sealed, err := s.d.Vault.Seal(vault.PII, vault.At{Table: table, Row: vault.Row64(int64(who))}, plain)
	if err != nil {
		return "", fmt.Errorf("seal a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open reads a token; false for everything that this client was not given.
func (s *Service) open(table string, who client.ID, token string, body interface{ unpack(*unpacker) }) bool {
	if len(token) > maxToken {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return false
	}
	plain, err := s.d.Vault.Open(vault.PII, vault.At{Table: table, Row: vault.Row64(int64(who))}, sealed)
	if err != nil || len(plain) == 0 || plain[0] != packVersion {
		return false
	}
	u := &unpacker{rest: plain[1:]}
	body.unpack(u)
	return u.done()
}

// offer makes the payee that me may send money to.
func (s *Service) offer(me, to client.Person, typed phone.Number) (Payee, error) {
	b := payeeBody{
		Client: to.ID, Account: to.Account, Name: to.Masked, Phone: typed.E164(), Payer: me.Masked, PayerUID: me.UID,
		Until: s.d.DB.Now().Add(PayeeTTL).Unix(),
	}
	token, err := s.seal(payeeTable, me.ID, b)
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
func (s *Service) Quote(who client.ID, from ledger.AccountID, payee string, amount money.Amount) (Quote, error) {
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
	fee, err := s.d.Tariff.Friend.Of(amount)
	if err != nil {
		return Quote{}, err
	}
	b := quoteBody{
		ID: s.d.Operations.NewID(), From: from, To: to,
		Amount: amount.Minor, Fee: fee.Minor, Cur: amount.Cur, Made: s.d.DB.Now().Unix(),
	}
	token, err := s.seal(quoteTable, who, b)
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
		Token: token, ID: q.ID, From: q.From, Amount: q.amount(), Fee: q.fee(), Total: total, Until: q.until(),
		To: Payee{Token: payee, Name: q.To.Name, Phone: phone.Number(q.To.Phone), Until: q.To.until()},
	}, nil
}

// ReadQuote reads a token back, for a confirmation page. An expired quote is
// given together with ErrQuoteExpired, so that the form can be filled again;
// its payee carries a token as long as he may be paid.
func (s *Service) ReadQuote(who client.ID, token string) (Quote, error) {
	b, err := s.quote(who, token)
	if err != nil {
		return Quote{}, err
	}
	payee, err := s.seal(payeeTable, who, b.To)
	if err != nil {
		return Quote{}, err
	}
	q, err := b.shown(token, payee)
	if err == nil && s.expired(b) {
		err = ErrQuoteExpired
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
