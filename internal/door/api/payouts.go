package api

import (
	"context"
	"strings"
	"time"

	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Payouts sends money to other banks (payout.Service).
type Payouts interface {
	Quote(ctx context.Context, who client.ID, a payout.Ask) (payout.Quote, error)
	Order(who client.ID, quote, message string) (order.Document, error)
	Send(ctx context.Context, cmd payout.Send) (payout.Payout, error)
	One(ctx context.Context, who client.ID, key id.ID) (payout.Payout, error)
	Latest(ctx context.Context, who client.ID, limit int) ([]payout.Payout, error)
}

// Bins tells whose a card is (bin.Service).
type Bins interface {
	Find(ctx context.Context, digits string) (bin.Issuer, error)
}

// errOurCard: the card is one of ours, and money for our clients has no price.
var errOurCard = fault.New(fault.Refused, "api.our_card").At("to.number")

// addPayouts lists the operations on money for other banks.
func (d *Door) addPayouts(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	post(d, write("createPayoutQuote", "/payout-quotes", "payouts", 200), d.quotePayout)
	post(d, write("createPayout", "/payouts", "payouts", 201, 409), d.createPayout)
	get(d, read("listPayouts", "/payouts", "payouts", 422), d.listPayouts)
	get(d, read("getPayout", "/payouts/{id}", "payouts", 404, 422), d.payout)
}

// NewPayoutTarget is whom money goes to at another bank.
type NewPayoutTarget struct {
	Way      string `json:"way" enum:"card,phone"`
	Number   string `json:"number,omitempty" example:"2200 0000 0003 4821"`
	Receiver string `json:"receiver,omitempty"`
}

// NewPayoutQuote asks what money for another bank would cost.
type NewPayoutQuote struct {
	To      NewPayoutTarget `json:"to"`
	Amount  Money           `json:"amount"`
	From    string          `json:"from" example:"ac_64064"`
	Message string          `json:"message,omitempty" maxLength:"140"`
}

// PayoutTarget is a receiver as his payer may see him.
type PayoutTarget struct {
	Way    string `json:"way" enum:"card,phone,mobile,wallet"`
	Number string `json:"number" example:"220000******4821"`
	Name   string `json:"name,omitempty" example:"Ivan Petrovich S."`
	Bank   string `json:"bank,omitempty" example:"Zarya Bank"`
}

func shownTarget(p *locale.Printer, to payout.Shown) PayoutTarget {
	out := PayoutTarget{Way: to.Way.String(), Number: strings.ReplaceAll(to.Title, "•", "*"), Name: to.Name, Bank: to.BankRU}
	if p.Lang() == locale.English && to.BankEN != "" {
		out.Bank = to.BankEN
	}
	return out
}

// PayoutQuote is an offer: what it would cost, and the text to be signed.
type PayoutQuote struct {
	Quote     string       `json:"quote"`
	To        PayoutTarget `json:"to"`
	From      string       `json:"from" example:"ac_64064"`
	Amount    Money        `json:"amount"`
	Fee       Money        `json:"fee"`
	Total     Money        `json:"total"`
	Tariff    string       `json:"tariff_rule" example:"1.9"`
	Rule      string       `json:"rule" example:"to Zarya Bank: 1.5%, at least ₽30"`
	Expires   time.Time    `json:"expires_at"`
	OrderID   string       `json:"order_id" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	OrderText string       `json:"order_text"`
}

// target reads whom the money goes to.
func (d *Door) target(ctx context.Context, c *call, in NewPayoutTarget) (payout.Target, error) {
	if in.Way == payout.Phone.String() {
		return d.receiverTarget(c, in.Receiver)
	}
	var bad flaws
	if bad.need("to.way", in.Way) && in.Way != payout.Card.String() {
		return payout.Target{}, payout.ErrClosed.At("to.way")
	}
	if !bad.need("to.number", in.Number) || len(bad) > 0 {
		return payout.Target{}, bad.err()
	}
	number, err := payout.ParseCard(in.Number)
	if f, ok := fault.As(err); ok {
		return payout.Target{}, f.At("to.number")
	}
	if d.d.Cards.Ours(number) {
		return payout.Target{}, errOurCard
	}
	whose, err := d.d.Bins.Find(ctx, number)
	return payout.Target{
		Way: payout.Card, Number: vault.Hide(number), Bank: whose.Bank.Code, BankRU: whose.Bank.RU, BankEN: whose.Bank.EN,
	}, err
}

func (d *Door) quotePayout(ctx context.Context, c *call, _ *none, in *NewPayoutQuote) (*answer[PayoutQuote], error) {
	if d.d.Payouts == nil {
		return nil, payout.ErrClosed
	}
	var bad flaws
	to, err := d.target(ctx, c, in.To)
	bad.add(err)
	amount, err := in.Amount.sum("amount")
	bad.add(err)
	var account ledger.AccountID
	if bad.need("from", in.From) {
		account, err = parseAccount(in.From, payout.ErrAccount)
		bad.add(err)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	q, err := d.d.Payouts.Quote(ctx, c.token.Client, payout.Ask{From: account, To: to, Amount: amount})
	if err != nil {
		return nil, err
	}
	text, err := d.d.Payouts.Order(c.token.Client, q.Token, in.Message)
	if err != nil {
		return nil, err
	}
	// The book checks the account when money moves; an offer from an account
	// that is not one's own would only be refused later.
	mine, err := d.owns(ctx, c, q.From)
	if err == nil && !mine {
		err = payout.ErrAccount
	}
	if err != nil {
		return nil, err
	}
	shownTo := shownTarget(c.p, q.To)
	rule, err := d.d.Tariffs.Words(ctx, c.p, q.Price, shownTo.Bank)
	if err != nil {
		return nil, err
	}
	return ok(PayoutQuote{
		Quote: q.Token, To: shownTo, From: AccountText(q.From), Amount: shown(q.Amount), Fee: shown(q.Fee), Total: shown(q.Total),
		Tariff: ruleText(q.Price.Version, q.Price.Rule), Rule: rule, Expires: q.Until.UTC(),
		OrderID: text.ID.Text(order.Prefix), OrderText: text.Text,
	})
}

// NewPayout is an order to send money to another bank: a quote and the
// signature over its text by the token's key.
type NewPayout struct {
	Quote     string `json:"quote"`
	Message   string `json:"message,omitempty" maxLength:"140"`
	Signature string `json:"signature"`
}

// Payout is money that was sent to another bank, and what became of it.
type Payout struct {
	ID        string       `json:"id" example:"po_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Order     string       `json:"order_id" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State     string       `json:"state" enum:"reserved,sent,unknown,done,refused,returned"`
	Reason    string       `json:"reason,omitempty" example:"no_such_card"`
	Why       string       `json:"reason_text,omitempty"`
	At        time.Time    `json:"at"`
	Ended     *time.Time   `json:"ended_at,omitempty"`
	From      string       `json:"from" example:"ac_64064"`
	To        PayoutTarget `json:"to"`
	Amount    Money        `json:"amount"`
	Fee       Money        `json:"fee"`
	Total     Money        `json:"total"`
	Message   string       `json:"message,omitempty"`
	Reference string       `json:"reference,omitempty" example:"632811000017"`
}

func shownPayout(p *locale.Printer, x payout.Payout) Payout {
	out := Payout{
		ID: x.Text(), Order: x.Order.Text(order.Prefix), State: x.State.String(), Reason: x.Reason, At: x.At.UTC(), From: AccountText(x.From),
		To: shownTarget(p, x.To), Amount: shown(x.Amount), Fee: shown(x.Fee), Total: shown(x.Total), Message: x.Message, Reference: x.Reference,
	}
	if x.State == payout.Refused {
		out.Why = p.T(payout.ReasonKey(x.Reason))
	}
	if !x.DoneAt.IsZero() {
		ended := x.DoneAt.UTC()
		out.Ended = &ended
	}
	return out
}

// paid is the answer to an order to send money out.
type paid struct {
	Location string `header:"Location"`
	Replayed string `header:"Idempotency-Replayed"`
	Body     Payout
}

// createPayout sends the money. The other side may refuse it or be silent: then
// the answer is the payout all the same, and its state says so.
func (d *Door) createPayout(ctx context.Context, c *call, in *keyInput, body *NewPayout) (*paid, error) {
	key, err := in.key(c)
	if err != nil {
		return nil, err
	}
	if d.d.Payouts == nil {
		return nil, payout.ErrClosed
	}
	signed, err := d.signed(c, d.d.Payouts, body.Quote, body.Message, body.Signature)
	if err != nil {
		return nil, err
	}
	x, err := d.d.Payouts.Send(ctx, payout.Send{
		Client: c.token.Client, Key: key, Quote: body.Quote, Message: body.Message, Signed: signed, Standing: d.d.Tokens.TokenStanding(c.token),
	})
	out := &paid{}
	if x.Replay {
		out.Replayed = "true"
		c.w.Header().Set(replayedHeader, "true") // a refusal is repeated too
	}
	if err != nil {
		return nil, err
	}
	out.Body = shownPayout(c.p, x)
	out.Location = "/api/v1/payouts/" + out.Body.ID
	return out, nil
}

// PayoutList is what the caller sent to other banks, newest first.
type PayoutList struct {
	Payouts []Payout `json:"payouts" nullable:"false"`
}

func (d *Door) listPayouts(ctx context.Context, c *call, _ *none) (*answer[PayoutList], error) {
	out := PayoutList{Payouts: []Payout{}}
	if d.d.Payouts == nil {
		return ok(out)
	}
	all, err := d.d.Payouts.Latest(ctx, c.token.Client, maxPage)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		out.Payouts = append(out.Payouts, shownPayout(c.p, x))
	}
	return ok(out)
}

func (d *Door) payout(ctx context.Context, c *call, in *idInput) (*answer[Payout], error) {
	which, err := id.Parse(payout.Prefix, in.ID)
	if err != nil || d.d.Payouts == nil {
		return nil, payout.ErrMissing
	}
	x, err := d.d.Payouts.One(ctx, c.token.Client, which)
	if err != nil {
		return nil, err
	}
	return ok(shownPayout(c.p, x))
}
