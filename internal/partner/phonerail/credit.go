package phonerail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/rail/iso20022"
)

// credit is what one message says. All of it is durable before the first Send,
// so that the message of a repetition is the same to the byte.
type credit struct {
	name    string // EndToEndId: the payout's identifier
	number  int    // counted from 1 within the UTC day of sent
	sent    time.Time
	amount  money.Amount
	token   string // what Look gave
	payee   string // masked
	payer   string
	phone   phone.Number // the payer's; may be empty
	message string
	old     bool // too old to be sent again
}

// messageID is the name of the message that carries the credit.
func (x credit) messageID() string {
	return fmt.Sprintf("RB%s%08d", x.sent.UTC().Format("20060102"), x.number)
}

// write makes the message.
func (c *Client) write(x credit) ([]byte, error) {
	bik, account, ok := strings.Cut(x.token, ".")
	if !ok {
		return nil, errors.New("the receiver's token is none of this rail")
	}
	from := c.c.Account
	if !x.phone.IsZero() {
		from = x.phone.E164()
	}
	t := iso20022.Transfer{
		ID: iso20022.PaymentID{Instruction: x.messageID(), EndToEnd: x.name}, Amount: iso20022.FromMoney(x.amount), Charges: iso20022.ByAgreement,
		Payer: iso20022.Party{Name: x.payer}, PayerAccount: iso20022.AccountOf(from), PayerBank: iso20022.Bank(c.c.BIK),
		PayeeBank: iso20022.Bank(bik), Payee: iso20022.Party{Name: x.payee}, PayeeAccount: iso20022.AccountOf(account),
	}
	if x.message != "" {
		t.Remittance = &iso20022.Remittance{Lines: []string{x.message}}
	}
	return iso20022.Write(&iso20022.CreditTransfer{
		Header: iso20022.TransferHeader{
			ID: x.messageID(), Created: iso20022.FormatTime(x.sent.UTC()), Count: "1", Settlement: iso20022.Settlement{Method: iso20022.ByClearing},
		},
		Transfers: []iso20022.Transfer{t},
	})
}

// result is what became of a credit.
type result struct {
	state             state
	reason, reference string
}

type state int

const (
	unknown state = iota
	notSent
	settled
	declined
)

// send posts the message once.
func (c *Client) send(ctx context.Context, x credit) (result, error) {
	raw, err := c.write(x)
	if err != nil {
		return result{state: notSent}, fmt.Errorf("phone rail: the credit cannot be written: %w", err)
	}
	a, err := c.line.call(ctx, http.MethodPost, "/credits", typeXML, raw)
	switch {
	case errors.Is(err, errNotSent):
		return result{state: notSent}, fmt.Errorf("phone rail: %w", err)
	case err != nil:
		return result{}, fmt.Errorf("phone rail: credit: %w", err)
	case a.status == http.StatusUnprocessableEntity && a.reason() == "bad_message":
		// The rail's own considered and sealed no to the message as such: it
		// has not taken the credit and will not take it under this name.
		c.c.Log.ErrorContext(ctx, "phone rail: the credit was not understood", "credit", x.name)
		return result{state: declined, reason: "declined"}, nil
	}
	return c.read(ctx, a, x)
}

// ask finds out how a credit stands. When the rail says that it never came, the
// very same message goes again: if the first is still on its way, the second
// gets the answer of whichever comes earlier.
func (c *Client) ask(ctx context.Context, x credit) (result, error) {
	body := []byte(`{"end_to_end":"` + x.name + `"}`) // letters, digits and _
	a, err := c.line.call(ctx, http.MethodPost, "/status", typeJSON, body)
	if err != nil {
		return result{}, fmt.Errorf("phone rail: status: %w", err)
	}
	if a.status != http.StatusNotFound || a.reason() != "no_such_credit" {
		return c.read(ctx, a, x)
	}
	if x.old {
		return result{}, errors.New("phone rail: the rail knows no such credit, and ours is too old to be sent again")
	}
	out, err := c.send(ctx, x)
	if out.state == notSent {
		out.state = unknown // the first one may still be on its way
	}
	return out, err
}

// read takes a status report about exactly this credit, and nothing else.
func (c *Client) read(ctx context.Context, a answer, x credit) (result, error) {
	if a.status != http.StatusOK || a.kind != typeXML {
		return result{}, fmt.Errorf("phone rail: status %d %s", a.status, a.reason())
	}
	t, err := report(a.body, x)
	if err != nil {
		c.c.Log.ErrorContext(ctx, "phone rail: the answer makes no sense", "credit", x.name, "err", err)
		return result{}, fmt.Errorf("phone rail: %w", err)
	}
	out := result{reference: t.Reference}
	switch t.Status.Outcome() {
	case iso20022.Done:
		out.state = settled
	case iso20022.Refused:
		code := ""
		if len(t.Reasons) > 0 && t.Reasons[0].Reason != nil {
			code = t.Reasons[0].Reason.Code
		}
		if code == "AM05" || code == "DUPL" {
			// It came before: that says nothing of what became of it.
			return result{}, nil
		}
		out.state, out.reason = declined, reasonOf(code)
	}
	return out, nil
}

func report(raw []byte, x credit) (iso20022.TxStatus, error) {
	m, err := iso20022.Parse(raw)
	if err != nil {
		return iso20022.TxStatus{}, err
	}
	r, ok := m.(*iso20022.StatusReport)
	if !ok || len(r.Messages) > 0 || len(r.Statuses) != 1 {
		return iso20022.TxStatus{}, errors.New("it is not one status of one credit")
	}
	t := r.Statuses[0]
	if t.EndToEnd != x.name || t.Group == nil || t.Group.Message != x.messageID() || t.Group.Kind != iso20022.Pacs008 {
		return iso20022.TxStatus{}, errors.New("it is about another credit")
	}
	return t, nil
}

// reasonOf says the standard's words in ours; one that is not known is a plain no.
func reasonOf(code string) string {
	switch code {
	case "AC01", "AC03", "AC04", "BE01", "BE04", "BE05":
		return "no_such_receiver"
	case "AC06", "AG01", "RR04":
		return "restricted"
	case "AM02", "AM09":
		return "amount"
	case "AM14":
		return "limit"
	case "RC01", "AB05", "AB08":
		return "bank_unavailable"
	case "TM01":
		return "expired"
	case "FRAD":
		return "suspicious"
	}
	return "declined"
}
