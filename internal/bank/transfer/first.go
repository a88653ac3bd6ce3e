package transfer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/id"
)

// The evidence of the first release: a text that was confirmed by passcode or
// token and kept beside the feed row. It stays readable; no new one is made.

// FirstProof is how such an order was confirmed: «passcode» or «token», and
// the identifier of the session or token.
type FirstProof struct{ Kind, By string }

// FirstEvidence gives the text that a client confirmed for a transfer of the
// first release, to the letter, and how. order.ErrNoReceipt for later ones,
// which have a receipt.
func (s *Service) FirstEvidence(ctx context.Context, who client.ID, transfer id.ID) (text string, p FirstProof, err error) {
	o, err := s.sent(ctx, who, transfer)
	if err != nil {
		return "", p, err
	}
	if _, signed := orderOf(o.Details.Order); signed {
		return "", p, order.ErrNoReceipt
	}
	r, err := receipt(o)
	if err != nil {
		return "", p, err
	}
	quote, made, _ := strings.Cut(o.Details.Order, " ")
	q := quoteBody{
		From: r.From, Amount: r.Amount.Minor, Fee: r.Fee.Minor, Cur: r.Amount.Cur,
		To: payeeBody{Client: o.Details.Peer, Account: o.Details.PeerAccount, Name: o.Details.Name},
	}
	if q.ID, err = id.Parse(QuotePrefix, quote); err != nil {
		return "", p, fmt.Errorf("evidence of %s: %w", r.Text(), err)
	}
	if q.Made, err = strconv.ParseInt(made, 10, 64); err != nil {
		return "", p, fmt.Errorf("evidence of %s: %w", r.Text(), err)
	}
	p.Kind, p.By, _ = strings.Cut(o.Details.Proof, " ")
	return q.firstText(who, r.Message), p, nil
}

func (q quoteBody) firstText(who client.ID, message string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rocketbank order 1\norder: %s\nwhat: transfer to a friend\n", q.ID.Text(QuotePrefix))
	fmt.Fprintf(&b, "who: client %d\nfrom: account %d\n", who, q.From)
	fmt.Fprintf(&b, "to: client %d account %d %q\n", q.To.Client, q.To.Account, q.To.Name)
	fmt.Fprintf(&b, "amount: %s\nfee: %s\nmessage: %q\n", q.amount(), q.fee(), message)
	fmt.Fprintf(&b, "when: %s\n", q.made().Format(time.RFC3339))
	return b.String()
}
