// Package agent pays to accounts of mobile phones and to wallets: it speaks one
// small JSON protocol (docs/partners.md, «Operators and wallets») with each of
// them and is the rail of room payout for both ways.
//
// A payment is asked for under the payout's own key and never under another
// one. What could mean that it was made after all is left unknown, and the room
// asks. Both sides sign what they send, so nobody on the way can say «paid».
package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/jsoncall"
	"rocketbank/internal/rail/signature"
)

// Line is how one operator or wallet is reached.
type Line struct {
	Code   string
	URL    string           // https outside loopback
	Key    signature.Secret // who we are
	Secret signature.Secret // what both sides sign with
}

// Partners is all of them.
type Partners struct{ lines map[string]*jsoncall.Line }

var _ payout.Rail = (*Partners)(nil)

// New makes the lines; now is real time.
func New(lines []Line, now func() time.Time) (*Partners, error) {
	p := &Partners{map[string]*jsoncall.Line{}}
	for _, l := range lines {
		if l.Secret == "" {
			return nil, fmt.Errorf("agent %s: its secret is empty", l.Code)
		}
		line, err := jsoncall.New(l.URL, l.Key, 0)
		if err != nil {
			return nil, fmt.Errorf("agent %s: %w", l.Code, err)
		}
		p.lines[l.Code] = line.Sealed(l.Secret, now)
	}
	return p, nil
}

var errNoSuchAgent = errors.New("agent: nobody of this code")

type account struct {
	Account string `json:"account"`
}

type holder struct {
	Account string `json:"account"`
	Name    string `json:"name"`
}

// maxName bounds what a partner may call a holder.
const maxName = 60

// Check asks whether a partner keeps such an account, and for whom.
// claim.ErrNoReceiver is its considered no.
func (p *Partners) Check(ctx context.Context, code, number string) (string, error) {
	line := p.lines[code]
	if line == nil {
		return "", errNoSuchAgent
	}
	a, err := line.Post(ctx, "/accounts/check", "check", account{number})
	switch {
	case err != nil:
		return "", claim.ErrUnavailable.Because(fmt.Errorf("agent %s: %w", code, err))
	case a.Status == http.StatusUnprocessableEntity && a.Reason() == "no_such_account":
		return "", claim.ErrNoReceiver
	case !a.OK():
		return "", claim.ErrUnavailable.Because(fmt.Errorf("agent %s: status %d %s", code, a.Status, a.Reason()))
	}
	var h holder
	if err := a.Read(&h); err != nil || h.Account != number {
		return "", claim.ErrUnavailable.Because(fmt.Errorf("agent %s: an answer about another account", code))
	}
	return plainName(h.Name), nil
}

// plainName keeps a name that may stand on a page, else none.
func plainName(s string) string {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName ||
		strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(" .-'’•*", r) }) {
		return ""
	}
	return strings.TrimSpace(s)
}

type order struct {
	Account     string `json:"account"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Message     string `json:"message"`
}

type payment struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	Account     string `json:"account"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
}

// number is the account as the protocol writes it: a phone in E.164.
func number(t payout.Target) string {
	if t.Way == payout.Mobile {
		return t.Phone.E164()
	}
	return "+" + t.Number.Reveal()
}

func key(i payout.Instruction) string { return i.ID.Text(payout.Prefix) }

// Send asks for the payment.
func (p *Partners) Send(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	line := p.lines[i.To.Bank]
	if line == nil {
		return payout.Outcome{State: payout.NotSent}, errNoSuchAgent
	}
	a, err := line.Post(ctx, "/payments", key(i), order{number(i.To), i.Amount.Minor, i.Amount.Cur.String(), i.Message})
	switch {
	case errors.Is(err, jsoncall.ErrNotSent):
		return payout.Outcome{State: payout.NotSent}, fmt.Errorf("agent %s: %w", i.To.Bank, err)
	case err != nil:
		return payout.Outcome{}, fmt.Errorf("agent %s: %w", i.To.Bank, err)
	case a.Status == http.StatusUnprocessableEntity && a.Reason() != "":
		return payout.Outcome{State: payout.Declined, Reason: reason(a.Reason())}, nil
	case !a.OK():
		return payout.Outcome{}, fmt.Errorf("agent %s: status %d %s", i.To.Bank, a.Status, a.Reason())
	}
	return read(a, i)
}

// Ask tells what became of it. Where the partner never got it, the very same
// message goes again: its key makes one payment of both.
func (p *Partners) Ask(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	line := p.lines[i.To.Bank]
	if line == nil {
		return payout.Outcome{}, errNoSuchAgent
	}
	a, err := line.Get(ctx, "/payments/"+url.PathEscape(key(i)))
	switch {
	case err != nil:
		return payout.Outcome{}, fmt.Errorf("agent %s: %w", i.To.Bank, err)
	case a.Status == http.StatusNotFound && a.Reason() == "no_such_payment" && i.Old:
		return payout.Outcome{}, fmt.Errorf("agent %s: it knows no such payment, and ours is too old to be sent again", i.To.Bank)
	case a.Status == http.StatusNotFound && a.Reason() == "no_such_payment":
		o, err := p.Send(ctx, i)
		if o.State == payout.NotSent {
			o.State = payout.Outcome{}.State // the first message may be on its way all the same
		}
		return o, err
	case a.Status != http.StatusOK:
		return payout.Outcome{}, fmt.Errorf("agent %s: status %d %s", i.To.Bank, a.Status, a.Reason())
	}
	return read(a, i)
}

// maxID bounds a partner's own identifier.
const maxID = 100

// read believes an answer about this very payment and no other.
func read(a jsoncall.Answer, i payout.Instruction) (payout.Outcome, error) {
	var p payment
	if err := a.Read(&p); err != nil {
		return payout.Outcome{}, fmt.Errorf("agent %s: %w", i.To.Bank, err)
	}
	if p.Key != key(i) || p.Account != number(i.To) || p.Currency != money.RUB.String() || p.AmountMinor != i.Amount.Minor {
		return payout.Outcome{}, fmt.Errorf("agent %s: an answer about another payment", i.To.Bank)
	}
	if p.ID == "" || len(p.ID) > maxID || strings.ContainsFunc(p.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return payout.Outcome{}, fmt.Errorf("agent %s: no usable identifier", i.To.Bank)
	}
	switch p.State {
	case "paid":
		return payout.Outcome{State: payout.Settled, Reference: p.ID}, nil
	case "refused":
		return payout.Outcome{State: payout.Declined, Reason: reason(p.Reason), Reference: p.ID}, nil
	case "processing":
		return payout.Outcome{Reference: p.ID}, nil
	}
	return payout.Outcome{}, fmt.Errorf("agent %s: a state that is none", i.To.Bank)
}

// reason is the partner's word as room payout knows it.
func reason(word string) string {
	switch word {
	case "no_such_account":
		return "no_such_receiver"
	case "limit", "restricted", "amount":
		return word
	}
	return "declined"
}
