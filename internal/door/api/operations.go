package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// OperationPage is one page of the feed, newest first.
type OperationPage struct {
	Operations []Operation `json:"operations" nullable:"false"`
	Next       string      `json:"next,omitempty"`
}

// Operation is one thing that happened to the caller's money.
type Operation struct {
	ID           string    `json:"id" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Kind         string    `json:"kind" enum:"transfer_out,transfer_in,topup,correction,purchase,cash,refund,card_credit,dispute_credit,payout,payout_return,link_out,link_in"`
	State        string    `json:"state" enum:"done,pending,declined,reversed"`
	Amount       Money     `json:"amount"`
	Fee          Money     `json:"fee"`
	Account      string    `json:"account" example:"ac_64064"`
	At           time.Time `json:"at"`
	Counterparty string    `json:"counterparty,omitempty" example:"Pavel K."`
	Phone        string    `json:"phone,omitempty" example:"+79165550123"`
	Card         string    `json:"card,omitempty" example:"427600******1234"`
	Message      string    `json:"message,omitempty"`
	Transfer     string    `json:"transfer,omitempty"`
	Payout       string    `json:"payout,omitempty" example:"po_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Link         string    `json:"link,omitempty" example:"lk_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Purchase     *Purchase `json:"purchase,omitempty"`
	Dispute      *Disputed `json:"dispute,omitempty"`
}

// Disputed is the newest dispute of an operation.
type Disputed struct {
	ID    string `json:"id" example:"di_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State string `json:"state" enum:"open,needs_answer,accepted,refused,withdrawn"`
}

// withDisputes shows operations of a feed with their disputes.
func (d *Door) withDisputes(ctx context.Context, c *call, ops ...operation.Operation) ([]Operation, error) {
	marks, err := d.d.Disputes.Marks(ctx, c.token.Client, ops)
	if err != nil {
		return nil, err
	}
	out := make([]Operation, len(ops))
	for i, o := range ops {
		out[i] = shownOperation(o)
		if m, ok := marks[o.ID]; ok {
			out[i].Dispute = &Disputed{ID: m.ID.Text(dispute.Prefix), State: m.State.Word()}
		}
	}
	return out, nil
}

// Purchase is what the card network told of an operation of a card.
type Purchase struct {
	Card    string `json:"card" example:"cd_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	MCC     string `json:"mcc,omitempty" example:"5411" doc:"Merchant category code, ISO 18245"`
	Group   string `json:"group" example:"groceries" doc:"Kind of shop"`
	City    string `json:"city,omitempty" example:"Moskva"`
	Country string `json:"country,omitempty" example:"643" doc:"ISO 3166-1 numeric"`
	// The sum as the shop asked for it, in its own currency.
	LocalSum  string `json:"local_amount" example:"20.00"`
	LocalCode string `json:"local_currency" example:"840" doc:"ISO 4217 numeric"`
	Channel   string `json:"channel" enum:"chip,contactless,magstripe,internet,manual,on_file"`
	Code      string `json:"approval_code,omitempty" example:"A1B2C3"`
	Reason    string `json:"reason,omitempty" example:"no_funds" doc:"Why it was declined or given back"`
}

func shownOperation(o operation.Operation) Operation {
	out := Operation{
		ID: o.Text(), Kind: o.Kind.String(), State: o.State.String(), Amount: shown(o.Amount), Fee: shown(o.Fee),
		Account: AccountText(o.Account), At: o.At.UTC(), Counterparty: o.Details.Name, Phone: o.Details.Phone,
		Message: o.Details.Message,
	}
	if b := o.Details.Purchase; b != nil {
		out.Purchase = &Purchase{
			Card: b.Card.Text(card.Prefix), MCC: b.MCC, Group: string(card.GroupOf(b.MCC)), City: b.City, Country: b.Country, LocalSum: decimal(b.Local),
			LocalCode: fmt.Sprintf("%03d", int(b.Local.Cur)), Channel: b.Channel, Code: b.Code, Reason: b.Reason,
		}
	}
	if n := o.Details.Card; len(n) > 10 { // six and four digits around what the feed hides
		out.Card = n[:6] + "******" + n[len(n)-4:]
	}
	if b := o.Details.Payout; b != nil {
		sent := o.ID
		if o.Kind == operation.PayoutReturn {
			sent = b.For
		}
		out.Payout = sent.Text(payout.Prefix)
		if out.Counterparty == "" {
			out.Counterparty = strings.ReplaceAll(b.To, "•", "*")
		}
	}
	switch {
	case o.Kind == operation.LinkOut:
		out.Link = o.ID.Text(claim.Prefix)
	case o.Kind == operation.PayoutReturn && o.Details.Payout == nil: // of a link
		out.Link = o.Details.Order
	}
	if o.Kind == operation.TransferOut {
		out.Transfer = o.Txn.Text(transfer.Prefix)
	}
	return out
}

type pageInput struct {
	Before string `query:"before" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	From   string `query:"from" example:"2026-11-01"`
	To     string `query:"to" example:"2026-12-01T00:00:00+03:00"`
	Limit  string `query:"limit" example:"20"`
}

// Bounds of a page.
const (
	standardPage = 20
	maxPage      = 100
)

func (in pageInput) filter() (operation.Filter, error) {
	var bad flaws
	var err error
	f := operation.Filter{Limit: standardPage}
	if in.Before != "" {
		if f.Before, err = id.Parse(operation.Prefix, in.Before); err != nil {
			bad.add(errCursor)
		}
	}
	if f.From, err = parseMoment(in.From); err != nil {
		bad.add(errTime.At("from"))
	}
	if f.To, err = parseMoment(in.To); err != nil {
		bad.add(errTime.At("to"))
	}
	if len(bad) == 0 && !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		bad.add(errTimeOrder)
	}
	if in.Limit != "" {
		n, err := strconv.Atoi(in.Limit)
		if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != in.Limit {
			bad.add(errLimit.With("max", maxPage))
		}
		f.Limit = n
	}
	return f, bad.err()
}

// parseMoment reads RFC 3339, or a date, which is the start of that bank day.
// Years outside 1970–9999 are nobody's operations.
func parseMoment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, clock.Moscow)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	if err != nil || t.Unix() < 0 {
		return time.Time{}, errTime
	}
	return t, nil
}

func (d *Door) operations(ctx context.Context, c *call, in *pageInput) (*answer[OperationPage], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	page, err := d.d.Operations.Feed(ctx, c.token.Client, f)
	if err != nil {
		return nil, err
	}
	var out OperationPage
	if out.Operations, err = d.withDisputes(ctx, c, page.Operations...); err != nil {
		return nil, err
	}
	if !page.Next.IsZero() {
		out.Next = page.Next.Text(operation.Prefix)
	}
	return ok(out)
}

type idInput struct {
	ID string `path:"id"`
}

func (d *Door) operation(ctx context.Context, c *call, in *idInput) (*answer[Operation], error) {
	op, err := id.Parse(operation.Prefix, in.ID)
	if err != nil {
		return nil, operation.ErrMissing
	}
	o, err := d.d.Operations.One(ctx, c.token.Client, op)
	if err != nil {
		return nil, err
	}
	list, err := d.withDisputes(ctx, c, o)
	if err != nil {
		return nil, err
	}
	return ok(list[0])
}

// decimal writes a sum with as many digits as its currency has.
func decimal(a money.Amount) string {
	digits := purchase.Decimals(a.Cur)
	text := fmt.Sprintf("%0*d", digits+1, max(a.Minor, -a.Minor))
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if a.Minor < 0 {
		return "-" + text
	}
	return text
}
