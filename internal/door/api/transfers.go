package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
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
	Name    string    `json:"name" example:"Pavel K."`
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
	Payee   string `json:"payee"`
	Amount  Money  `json:"amount"`
	From    string `json:"from" example:"ac_64064"`
	Message string `json:"message,omitempty" maxLength:"140"`
}

// Quote is an offer: what a transfer would cost, and the text to be signed.
type Quote struct {
	Quote     string    `json:"quote"`
	Payee     string    `json:"payee"`
	Name      string    `json:"name" example:"Pavel K."`
	From      string    `json:"from" example:"ac_64064"`
	Amount    Money     `json:"amount"`
	Fee       Money     `json:"fee"`
	Total     Money     `json:"total"`
	Tariff    string    `json:"tariff_rule" example:"1.3"`
	Rule      string    `json:"rule" example:"free"`
	Arrives   string    `json:"arrives" enum:"at_once"`
	Expires   time.Time `json:"expires_at"`
	OrderID   string    `json:"order_id" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	OrderText string    `json:"order_text"`
}

func (d *Door) quote(ctx context.Context, c *call, _ *none, in *NewQuote) (*answer[Quote], error) {
	var bad flaws
	bad.need("payee", in.Payee)
	amount, err := in.Amount.sum("amount")
	bad.add(err)
	var account ledger.AccountID
	if bad.need("from", in.From) {
		account, err = parseAccount(in.From, transfer.ErrAccount)
		bad.add(err)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	q, err := d.d.Transfers.Quote(ctx, c.token.Client, account, in.Payee, amount)
	if err != nil {
		return nil, err
	}
	text, err := d.d.Transfers.Order(c.token.Client, q.Token, in.Message)
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
	rule, err := d.d.Tariffs.Words(ctx, c.p, q.Price, "")
	if err != nil {
		return nil, err
	}
	return ok(Quote{
		Quote: q.Token, Payee: in.Payee, Name: q.To.Name, From: AccountText(q.From),
		Amount: shown(q.Amount), Fee: shown(q.Fee), Total: shown(q.Total),
		Tariff: ruleText(q.Price.Version, q.Price.Rule), Rule: rule, Arrives: "at_once", Expires: q.Until.UTC(),
		OrderID: text.ID.Text(order.Prefix), OrderText: text.Text,
	})
}

// NewTransfer is an order to send money: a quote and the signature over its
// text by the token's key. The message is the quote's own, to the letter.
type NewTransfer struct {
	Quote     string `json:"quote"`
	Message   string `json:"message,omitempty" maxLength:"140"`
	Signature string `json:"signature"`
}

// Transfer is money that was sent.
type Transfer struct {
	ID      string    `json:"id" example:"tr_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Order   string    `json:"order_id,omitempty" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	At      time.Time `json:"at"`
	From    string    `json:"from" example:"ac_64064"`
	Name    string    `json:"name" example:"Pavel K."`
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
	if !r.Order.IsZero() {
		out.Order = r.Order.Text(order.Prefix)
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
	signed, err := d.signed(c, d.d.Transfers, body.Quote, body.Message, body.Signature)
	if err != nil {
		return nil, err
	}
	standing := d.d.Tokens.TokenStanding(c.token)
	r, err := d.d.Transfers.ToFriend(ctx, transfer.ToFriend{
		Client: c.token.Client, Key: key, Quote: body.Quote, Message: body.Message, Signed: signed, Standing: standing,
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

// written gives the text of an order for a quote and a message.
type written interface {
	Order(who client.ID, quote, message string) (order.Document, error)
}

// signed checks that the token's key signed exactly this order.
func (d *Door) signed(c *call, room written, quote, message, signature string) (order.Signed, error) {
	var bad flaws
	bad.need("quote", quote)
	raw, err := readSignature(signature)
	bad.add(err)
	if len(bad) > 0 {
		return order.Signed{}, bad.err()
	}
	text, err := room.Order(c.token.Client, quote, message)
	if err != nil {
		return order.Signed{}, err
	}
	signed, err := d.d.Orders.Accept(c.token.Client, text, c.token.TokenEvidence(raw))
	return signed, at("signature", err)
}

// rawSignature is how long r and s of P-256 are together.
const rawSignature = 64

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

// Receipt is the shape of a receipt. It goes out to the byte as it is kept.
type Receipt struct {
	Receipt  int       `json:"receipt" example:"1"`
	Order    string    `json:"order"`
	Evidence Evidence  `json:"evidence"`
	At       time.Time `json:"at"`
	Bank     BankSign  `json:"bank"`
}

// Evidence is how the client confirmed.
type Evidence struct {
	Kind       string `json:"kind" enum:"device,passkey,token,code"`
	By         string `json:"by" example:"tk_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Key        string `json:"key,omitempty"`
	Signature  string `json:"signature,omitempty"`
	AuthData   string `json:"auth_data,omitempty"`
	ClientData string `json:"client_data,omitempty"`
	Phone      string `json:"phone,omitempty"`
}

// BankSign is the bank's signature.
type BankSign struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// receiptFile is a receipt, to the byte: it is signed.
type receiptFile struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// receipt gives what the caller signed and the bank counter-signed, by the
// order's identifier or by the transfer's.
func (d *Door) receipt(ctx context.Context, c *call, in *idInput) (*receiptFile, error) {
	signed, err := id.Parse(order.Prefix, in.ID)
	if err != nil {
		tr, err := id.Parse(transfer.Prefix, in.ID)
		if err != nil {
			return nil, order.ErrNoReceipt
		}
		if signed, err = d.d.Transfers.SignedOrder(ctx, c.token.Client, tr); err != nil {
			return nil, err
		}
	}
	raw, err := d.d.Orders.Receipt(ctx, c.token.Client, signed)
	if err != nil {
		return nil, err
	}
	return &receiptFile{
		ContentType: "application/json", Disposition: `attachment; filename="` + signed.Text(order.Prefix) + `.json"`, Body: raw,
	}, nil
}
