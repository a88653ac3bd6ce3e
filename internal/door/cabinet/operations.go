package cabinet

import (
	"net/http"
	"rocketbank/internal/bank/claim"
	"strconv"
	"strings"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// feedRows is how many operations one page of the feed holds.
const feedRows = 30

func (d *Door) getOperations(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := OperationsView{Page: d.shown(w, r)}
	f := operation.Filter{Limit: feedRows}
	if before := q.Get("before"); before != "" {
		key, err := id.Parse(operation.Prefix, before)
		if err != nil {
			return web.ErrNotFound.Because(err)
		}
		f.Before, v.Continued = key, true
		// A day that is none only makes a header appear twice.
		v.ShownDay, _ = strconv.ParseInt(q.Get("day"), 10, 32)
	}
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	page, err := d.Operations.Feed(r.Context(), of(r).session.Client, f)
	if err != nil {
		return err
	}
	if v.Operations, err = d.rows(r, v.P, page.Operations, cards); err != nil {
		return err
	}
	if !page.Next.IsZero() {
		v.Next = page.Next.Text(operation.Prefix)
	}
	return d.render(w, r, http.StatusOK, OperationsPage(v))
}

// pathID reads the identifier in the path; a malformed one is a missing one.
func pathID(r *http.Request, prefix string) (id.ID, error) {
	x, err := id.Parse(prefix, r.PathValue("id"))
	if err != nil {
		return x, web.ErrNotFound.Because(err)
	}
	return x, nil
}

func (d *Door) getOperation(w http.ResponseWriter, r *http.Request) error {
	op, err := pathID(r, operation.Prefix)
	if err != nil {
		return err
	}
	o, err := d.Operations.One(r.Context(), of(r).session.Client, op)
	if err != nil {
		return err
	}
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	v := OperationView{
		Page: d.shown(w, r), ID: o.Text(), Who: o.Details.Name, Phone: o.Details.Phone, Message: o.Details.Message,
	}
	v.Operation = row(v.P, o, cards)
	if k, ok := byPurchase(cards, o); ok {
		v.Last4 = k.card.Last4
	}
	switch o.Kind {
	case operation.Purchase, operation.Cash, operation.Refund, operation.CardCredit:
		if o.Details.Purchase == nil {
			break
		}
		if v.Purchase, err = d.purchase(r, v.P, o); err != nil {
			return err
		}
		if v.Dispute, err = d.disputeOn(r, v.Page, o); err != nil {
			return err
		}
		v.Who = ""

	case operation.TransferOut:
		v.Fee = &o.Fee
		sent := o.Txn.Text(transfer.Prefix)
		v.RepeatHref, v.ReceiptHref = "/transfer?repeat="+sent, "/transfers/"+sent
	case operation.Payout, operation.PayoutReturn:
		if o.Details.Payout == nil {
			if strings.HasPrefix(o.Details.Order, claim.Prefix+"_") { // of a link
				v.ReceiptHref = "/links/" + o.Details.Order
			}
			break
		}
		to, sent := outOf(o), o.ID
		v.Out = shownTo(v.Page, to)
		if o.Kind == operation.Payout {
			v.Fee = &o.Fee
		} else {
			sent = o.Details.Payout.For
		}
		v.Who, v.ReceiptHref = "", "/payouts/"+sent.Text(payout.Prefix)
		if d.open(to.Way) {
			v.RepeatHref = formOf(to.Way) + "?repeat=" + sent.Text(payout.Prefix)
		}
	case operation.LinkOut:
		v.Fee, v.ReceiptHref = &o.Fee, "/links/"+o.ID.Text(claim.Prefix)
	case operation.TopUp:
		v.Fee = &o.Fee
		if strings.HasPrefix(o.Details.Order, topup.Prefix+"_") { // older rows do not know it
			v.ReceiptHref = "/topup/" + o.Details.Order
		}
		if n := len(o.Details.Card); n >= 4 {
			v.Foreign = o.Details.Card[n-4:]
		}
	}
	return d.render(w, r, http.StatusOK, OperationPage(v))
}

func (d *Door) getReceipt(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, transfer.Prefix)
	if err != nil {
		return err
	}
	t, err := d.Transfers.Receipt(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	left := takeNotice(w, r)
	v := ReceiptView{
		Page: d.page(r), ID: t.Text(), Fresh: left == noticeSent, Amount: t.Amount, Fee: t.Fee, Payee: payee(t.To),
		Message: t.Message, At: t.At, RepeatHref: "/transfer?repeat=" + t.Text(), OperationHref: "/operations/" + t.ID.Text(operation.Prefix),
	}
	v.Notice = words(v.P, left)
	if !t.Order.IsZero() {
		v.SignedHref = "/transfers/" + t.Text() + "/receipt"
	}
	if t.Balance.Cur != 0 {
		v.Left = &t.Balance
	}
	if k, ok := byAccount(cards, t.From); ok {
		v.From = k.shown
	} else {
		v.From = ui.Card{}
	}
	return d.render(w, r, http.StatusOK, ReceiptPage(v))
}

// getSigned is the receipt as a file: the order to the letter, the client's
// proof and the bank's signature.
func (d *Door) getSigned(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, transfer.Prefix)
	if err != nil {
		return err
	}
	who := of(r).session.Client
	t, err := d.Transfers.Receipt(r.Context(), who, which)
	if err != nil {
		return err
	}
	raw, err := d.Orders.Receipt(r.Context(), who, t.Order)
	if err != nil {
		return err
	}
	return download(w, "application/json", "rocketbank-"+t.Text()+".json", raw)
}
