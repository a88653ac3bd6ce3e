package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// Links sends money to whoever has a phone (claim.Service).
type Links interface {
	Quote(ctx context.Context, who client.ID, from ledger.AccountID, to phone.Number, amount money.Amount) (claim.Quote, error)
	Order(who client.ID, quote, message string) (order.Document, error)
	Create(ctx context.Context, cmd claim.Create) (claim.Link, error)
	One(ctx context.Context, who client.ID, link id.ID) (claim.Link, error)
	Latest(ctx context.Context, who client.ID, limit int) ([]claim.Link, error)
	Cancel(ctx context.Context, who client.ID, link id.ID) (claim.Link, error)
}

// errNoLinks: this bank sends no money by links.
var errNoLinks = fault.New(fault.Refused, "api.no_links")

// addLinks lists the operations on money sent by links.
func (d *Door) addLinks(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	post(d, write("createLinkQuote", "/link-quotes", "links", 200), d.quoteLink)
	post(d, write("createLink", "/links", "links", 201, 409), d.createLink)
	get(d, read("listLinks", "/links", "links", 422), d.links)
	get(d, read("getLink", "/links/{id}", "links", 404, 422), d.link)
	bare(d, write("cancelLink", "/links/{id}/cancel", "links", 200, 409), d.cancelLink)
}

// NewLinkQuote asks what a link would cost.
type NewLinkQuote struct {
	Phone   string `json:"phone" example:"+7 903 555-01-99"`
	Amount  Money  `json:"amount"`
	From    string `json:"from" example:"ac_64064"`
	Message string `json:"message,omitempty" maxLength:"140"`
}

// LinkQuote is an offer: what it would cost, and the text to be signed.
type LinkQuote struct {
	Quote     string    `json:"quote"`
	Phone     string    `json:"phone" example:"+79035550199"`
	From      string    `json:"from" example:"ac_64064"`
	Amount    Money     `json:"amount"`
	Fee       Money     `json:"fee"`
	Total     Money     `json:"total"`
	Tariff    string    `json:"tariff_rule" example:"1.9"`
	Rule      string    `json:"rule" example:"free"`
	Expires   time.Time `json:"expires_at"`
	OrderID   string    `json:"order_id" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	OrderText string    `json:"order_text"`
}

func (d *Door) quoteLink(ctx context.Context, c *call, _ *none, in *NewLinkQuote) (*answer[LinkQuote], error) {
	if d.d.Links == nil {
		return nil, errNoLinks
	}
	var bad flaws
	var to phone.Number
	if bad.need("phone", in.Phone) {
		var err error
		to, err = phone.Parse(in.Phone)
		bad.add(at("phone", err))
	}
	amount, err := in.Amount.sum("amount")
	bad.add(err)
	var account ledger.AccountID
	if bad.need("from", in.From) {
		account, err = parseAccount(in.From, claim.ErrAccount)
		bad.add(err)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	q, err := d.d.Links.Quote(ctx, c.token.Client, account, to, amount)
	if err != nil {
		return nil, err
	}
	text, err := d.d.Links.Order(c.token.Client, q.Token, in.Message)
	if err != nil {
		return nil, err
	}
	// The book checks the account when money moves; an offer from an account
	// that is not one's own would only be refused later.
	mine, err := d.owns(ctx, c, q.From)
	if err == nil && !mine {
		err = claim.ErrAccount
	}
	if err != nil {
		return nil, err
	}
	rule, err := d.d.Tariffs.Words(ctx, c.p, q.Price, "")
	if err != nil {
		return nil, err
	}
	return ok(LinkQuote{
		Quote: q.Token, Phone: q.Phone.E164(), From: AccountText(q.From), Amount: shown(q.Amount), Fee: shown(q.Fee), Total: shown(q.Total),
		Tariff: ruleText(q.Price.Version, q.Price.Rule), Rule: rule, Expires: q.Until.UTC(), OrderID: text.ID.Text(order.Prefix), OrderText: text.Text,
	})
}

// NewLink is an order to send money by a link: a quote and the signature over
// its text by the token's key.
type NewLink struct {
	Quote     string `json:"quote"`
	Message   string `json:"message,omitempty" maxLength:"140"`
	Signature string `json:"signature"`
}

// Link is money sent by a link as its sender may see it. What the link itself
// carries is in no answer: it goes to the phone alone.
type Link struct {
	ID      string     `json:"id" example:"lk_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Order   string     `json:"order_id" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State   string     `json:"state" enum:"waiting,paying,done,cancelled,expired,returned"`
	Way     string     `json:"way,omitempty" enum:"card,mobile,wallet,account"`
	Reason  string     `json:"reason,omitempty" example:"no_such_card"`
	Why     string     `json:"reason_text,omitempty"`
	Spent   bool       `json:"spent,omitempty"`
	At      time.Time  `json:"at"`
	Until   time.Time  `json:"expires_at"`
	Ended   *time.Time `json:"ended_at,omitempty"`
	From    string     `json:"from" example:"ac_64064"`
	Phone   string     `json:"phone" example:"+79035550199"`
	Amount  Money      `json:"amount"`
	Fee     Money      `json:"fee"`
	Total   Money      `json:"total"`
	Message string     `json:"message,omitempty"`
}

func shownLink(p *locale.Printer, l claim.Link) Link {
	out := Link{
		ID: l.Text(), Order: l.Order.Text(order.Prefix), State: l.State.String(), Way: l.Way.String(), Reason: l.Reason, Spent: l.Spent, At: l.At.UTC(),
		Until: l.Until.UTC(), From: AccountText(l.From), Phone: l.Phone.E164(), Amount: shown(l.Amount), Fee: shown(l.Fee), Total: shown(l.Total),
		Message: l.Message,
	}
	if l.Reason != "" {
		out.Why = p.T(payout.ReasonKey(l.Reason))
	}
	if !l.DoneAt.IsZero() {
		ended := l.DoneAt.UTC()
		out.Ended = &ended
	}
	return out
}

// linked is the answer to an order to send money by a link.
type linked struct {
	Location string `header:"Location"`
	Replayed string `header:"Idempotency-Replayed"`
	Body     Link
}

// createLink takes the money and sends the message. A refusal leaves no trace,
// so that only a link is ever replayed.
func (d *Door) createLink(ctx context.Context, c *call, in *keyInput, body *NewLink) (*linked, error) {
	key, err := in.key(c)
	if err != nil {
		return nil, err
	}
	if d.d.Links == nil {
		return nil, errNoLinks
	}
	signed, err := d.signed(c, d.d.Links, body.Quote, body.Message, body.Signature)
	if err != nil {
		return nil, err
	}
	l, err := d.d.Links.Create(ctx, claim.Create{
		Client: c.token.Client, Key: key, Quote: body.Quote, Message: body.Message, Signed: signed, Standing: d.d.Tokens.TokenStanding(c.token),
		IP: d.d.Address(c.r),
	})
	if err != nil {
		return nil, err
	}
	out := &linked{Body: shownLink(c.p, l)}
	if l.Replay {
		out.Replayed = "true"
	}
	out.Location = "/api/v1/links/" + out.Body.ID
	return out, nil
}

// LinkList is what the caller sent by links, newest first.
type LinkList struct {
	Links []Link `json:"links" nullable:"false"`
}

func (d *Door) links(ctx context.Context, c *call, _ *none) (*answer[LinkList], error) {
	out := LinkList{Links: []Link{}}
	if d.d.Links == nil {
		return ok(out)
	}
	all, err := d.d.Links.Latest(ctx, c.token.Client, maxPage)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		out.Links = append(out.Links, shownLink(c.p, l))
	}
	return ok(out)
}

func (d *Door) link(ctx context.Context, c *call, in *idInput) (*answer[Link], error) {
	which, err := d.linkKey(in.ID)
	if err != nil {
		return nil, err
	}
	l, err := d.d.Links.One(ctx, c.token.Client, which)
	if err != nil {
		return nil, err
	}
	return ok(shownLink(c.p, l))
}

// cancelLink takes the money back; said again it changes nothing. It needs no
// signature: the sum goes to the account it left.
func (d *Door) cancelLink(ctx context.Context, c *call, in *idInput) (*answer[Link], error) {
	which, err := d.linkKey(in.ID)
	if err != nil {
		return nil, err
	}
	l, err := d.d.Links.Cancel(ctx, c.token.Client, which)
	if err != nil {
		return nil, err
	}
	return ok(shownLink(c.p, l))
}

func (d *Door) linkKey(text string) (id.ID, error) {
	which, err := id.Parse(claim.Prefix, text)
	if err != nil || d.d.Links == nil {
		return id.ID{}, claim.ErrMissing
	}
	return which, nil
}
