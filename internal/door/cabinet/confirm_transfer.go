package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/locale"
)

// friendOrder is a transfer to another client.
type friendOrder struct{ d *Door }

func (friendOrder) at() string    { return "/transfer/confirm" }
func (friendOrder) start() string { return "/transfer" }

func (o friendOrder) terms(r *http.Request, x draft) (terms, error) {
	q, err := o.d.Transfers.ReadQuote(r.Context(), of(r).session.Client, x.Quote)
	return termsOf(q), err
}

func (friendOrder) outrun(err error) bool { return errors.Is(err, tariff.ErrChanged) }

func (o friendOrder) anew(r *http.Request, _ draft, was terms) (terms, error) {
	q, err := o.d.Transfers.Quote(r.Context(), of(r).session.Client, was.from, was.to.Token, was.amount)
	return termsOf(q), err
}

func (friendOrder) edit(x draft, _ terms, _ owned, _ *locale.Printer) (string, draft) {
	return "/transfer", x
}

func (o friendOrder) text(who client.ID, x draft) (order.Document, error) {
	return o.d.Transfers.Order(who, x.Quote, x.Message)
}

func (o friendOrder) carry(r *http.Request, x draft, signed order.Signed) (string, error) {
	in := of(r).session
	done, err := o.d.Transfers.ToFriend(r.Context(), transfer.ToFriend{
		Client: in.Client, Key: ledgerKey(x.Key), Quote: x.Quote, Message: x.Message, Signed: signed, Standing: in.Standing,
	})
	return "/transfers/" + done.Text(), err
}

func termsOf(q transfer.Quote) terms {
	return terms{quote: q.Token, from: q.From, to: payee(q.To), amount: q.Amount, fee: q.Fee, total: q.Total, price: q.Price, until: q.Until}
}
