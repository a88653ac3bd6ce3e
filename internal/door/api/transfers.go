package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// NewRecipient asks whose phone it is.
type NewRecipient struct {
	Phone string `json:"phone" example:"+7 916 555-01-23"`
}

// Recipient is somebody money can be sent to.
type Recipient struct {
	Payee   string    `json:"payee"`
	Name    string    `json:"name" example:"Павел К."`
	Phone   string    `json:"phone" example:"+79165550123"`
	Expires time.Time `json:"expires_at"`
}

func (d *Door) findRecipient(ctx context.Context, c *call, _ *none, in *NewRecipient) (*answer[Recipient], error) {
	p, err := phone.Parse(in.Phone)
	if err != nil {
		return nil, at("phone", err)
	}
	to, err := d.d.Transfers.Resolve(ctx, c.token.Client, p, d.d.Address(c.r))
	if err != nil {
		return nil, err
	}
	return ok(Recipient{Payee: to.Token, Name: to.Name, Phone: to.Phone.E164(), Expires: to.Until.UTC()})
}

// NewQuote asks what a transfer would cost.
type NewQuote struct {
	Payee  string `json:"payee"`
	Amount Money  `json:"amount"`
	From   string `json:"from" example:"ac_64064"`
}

// Quote is an offer: what a transfer would cost.
type Quote struct {
	Quote   string    `json:"quote"`
	Payee   string    `json:"payee"`
	Name    string    `json:"name" example:"Павел К."`
	From    string    `json:"from" example:"ac_64064"`
	Amount  Money     `json:"amount"`
	Fee     Money     `json:"fee"`
	Total   Money     `json:"total"`
	Expires time.Time `json:"expires_at"`
}

func (d *Door) quote(ctx context.Context, c *call, _ *none, in *NewQuote) (*answer[Quote], error) {
	q, err := offer(c, in.Payee, in.From, in.Amount, d.d.Transfers.Quote)
	if err != nil {
		return nil, err
	}
	// The book checks the account when money moves; an offer from an account
	// that is not one's own would only be refused later.
	mine, err := d.owns(ctx, c, q.From)
	if err == nil && !mine {
		err = transfer.ErrAccount
	}
	if err != nil {
		return nil, err
	}
	return ok(Quote{
		Quote: q.Token, Payee: in.Payee, Name: q.To.Name, From: AccountText(q.From),
		Amount: shown(q.Amount), Fee: shown(q.Fee), Total: shown(q.Total), Expires: q.Until.UTC(),
	})
}

// quoting makes a quote: one to be shown, or one to be ordered at once.
type quoting func(who client.ID, from ledger.AccountID, payee string, sum money.Amount) (transfer.Quote, error)

// offer makes a quote of what a body says.
func offer(c *call, payee, from string, sum Money, quote quoting) (transfer.Quote, error) {
	var bad flaws
	bad.need("payee", payee)
	amount, err := sum.sum()
	bad.add(err)
	var account ledger.AccountID
	if bad.need("from", from) {
		account, err = parseAccount(from, transfer.ErrAccount)
		bad.add(err)
	}
	if len(bad) > 0 {
		return transfer.Quote{}, bad.err()
	}
	return quote(c.token.Client, account, payee, amount)
}

// NewTransfer is an order to send money: a quote, or what a quote is made of.
type NewTransfer struct {
	Quote     string     `json:"quote,omitempty"`
	Payee     string     `json:"payee,omitempty"`
	Amount    *Money     `json:"amount,omitempty"`
	From      string     `json:"from,omitempty" example:"ac_64064"`
	Message   string     `json:"message,omitempty" maxLength:"140"`
	Signature *Signature `json:"signature,omitempty"`
}

// Signature is the place of the caller's own signature over the order. Keys of
// tokens come with it; until then an order that carries one is refused, so
// that nobody believes it was checked.
type Signature struct {
	KeyID string `json:"key_id"`
	Value string `json:"value"`
}

// Transfer is money that was sent.
type Transfer struct {
	ID      string    `json:"id" example:"tr_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	At      time.Time `json:"at"`
	From    string    `json:"from" example:"ac_64064"`
	Name    string    `json:"name" example:"Павел К."`
	Phone   string    `json:"phone,omitempty" example:"+79165550123"`
	Amount  Money     `json:"amount"`
	Fee     Money     `json:"fee"`
	Total   Money     `json:"total"`
	Message string    `json:"message,omitempty"`
	Balance *Money    `json:"balance,omitempty"`
}

func shownTransfer(r transfer.Receipt) Transfer {
	out := Transfer{
		ID: r.Text(), At: r.At.UTC(), From: AccountText(r.From), Name: r.To.Name, Phone: r.To.Phone.E164(),
		Amount: shown(r.Amount), Fee: shown(r.Fee), Total: shown(r.Total), Message: r.Message,
	}
	if r.Balance.Cur != 0 {
		b := shown(r.Balance)
		out.Balance = &b
	}
	return out
}

type keyInput struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255"`
}

// sent is the answer to an order.
type sent struct {
	Location string `header:"Location"`
	Replayed string `header:"Idempotency-Replayed"`
	Body     Transfer
}

const replayedHeader = "Idempotency-Replayed"

func (d *Door) createTransfer(ctx context.Context, c *call, in *keyInput, body *NewTransfer) (*sent, error) {
	key, err := in.key(c)
	if err != nil {
		return nil, err
	}
	quote, err := d.quoteOf(c, body)
	if err != nil {
		return nil, err
	}
	who := c.token.Client
	order, err := d.d.Transfers.Order(who, quote, body.Message)
	if err != nil {
		return nil, err
	}
	r, err := d.d.Transfers.ToFriend(ctx, transfer.ToFriend{
		Client: who, Key: key, Quote: quote, Message: body.Message,
		Proof: order.Proved(transfer.ByToken, c.token.ID.Text(tokenPrefix)),
	})
	out := &sent{}
	if r.Replay {
		out.Replayed = "true"
		c.w.Header().Set(replayedHeader, "true") // a refusal is repeated too
	}
	if err != nil {
		return nil, err
	}
	out.Body = shownTransfer(r)
	out.Location = "/api/v1/transfers/" + out.Body.ID
	return out, nil
}

// quoteOf gives the quote of an order: the one it names, or a new one of its parts.
func (d *Door) quoteOf(c *call, body *NewTransfer) (string, error) {
	parts := body.Payee != "" || body.Amount != nil || body.From != ""
	switch {
	case body.Signature != nil:
		return "", errSignature
	case body.Quote != "" && parts:
		return "", errBoth
	case body.Quote != "":
		return body.Quote, nil
	case !parts:
		return "", errRequired.At("quote")
	}
	var sum Money
	if body.Amount != nil {
		sum = *body.Amount
	}
	q, err := offer(c, body.Payee, body.From, sum, d.d.Transfers.Parts)
	return q.Token, err
}

// key reads the caller's idempotency key. It is the client's, not the token's:
// an order that is repeated under a new token is still the same order.
func (in keyInput) key(c *call) (ledger.Key, error) {
	values := c.r.Header["Idempotency-Key"]
	if len(values) == 0 || in.Key == "" {
		return ledger.Key{}, errKey
	}
	if len(values) > 1 || len(in.Key) > 255 {
		return ledger.Key{}, errKeyForm
	}
	for i := range len(in.Key) {
		if in.Key[i] < '!' || in.Key[i] > '~' {
			return ledger.Key{}, errKeyForm
		}
	}
	return ledger.KeyOf("api", in.Key), nil
}

func (d *Door) transfer(ctx context.Context, c *call, in *idInput) (*answer[Transfer], error) {
	tr, err := id.Parse(transfer.Prefix, in.ID)
	if err != nil {
		return nil, transfer.ErrMissing
	}
	r, err := d.d.Transfers.Receipt(ctx, c.token.Client, tr)
	if err != nil {
		return nil, err
	}
	return ok(shownTransfer(r))
}
