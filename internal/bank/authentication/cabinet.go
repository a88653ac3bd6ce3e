package authentication

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/threeds"
)

// mostWaiting bounds Pending: more purchases at once need no row each.
const mostWaiting = 10

var qWaiting = db.Query(`SELECT ` + columns + ` FROM authentication WHERE client = $1 AND state = 3 AND next_us > $2 ORDER BY id DESC LIMIT $3`)

// Pending lists the purchases that wait for a client's word, the newest first.
func (s *Service) Pending(ctx context.Context, who client.ID) ([]Waiting, error) {
	rows, err := s.d.DB.Rows(ctx, qWaiting, int64(who), micro(s.now()), int64(mostWaiting))
	if err != nil {
		return nil, fmt.Errorf("purchases that wait: %w", err)
	}
	defer rows.Close()
	var out []Waiting
	for rows.Next() {
		r, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, s.waiting(r))
	}
	return out, rows.Err()
}

// One gives a purchase that waits for its holder's word or did, with its fate;
// ErrMissing for another's, and for one that nobody was asked about.
func (s *Service) One(ctx context.Context, who client.ID, x id.ID) (Waiting, error) {
	r, err := s.byID(ctx, who, x)
	if err == nil && r.begun.IsZero() {
		err = ErrMissing
	}
	if err != nil {
		return Waiting{}, err
	}
	return s.waiting(r), nil
}

func (s *Service) open(ctx context.Context, who client.ID, x id.ID) (row, error) {
	r, err := s.byID(ctx, who, x)
	if err != nil {
		return row{}, err
	}
	if _, late := s.late(r); late || r.state != Challenged {
		return r, ErrOver
	}
	return r, nil
}

func (s *Service) waiting(r row) Waiting {
	w := Waiting{
		ID: r.id, Fate: s.fate(r), Client: r.client, Card: r.card, Last4: r.details.Last4, Shop: r.details.Shop, Sum: r.sum(), Country: r.details.Country,
		At: r.at, Since: r.begun, Until: earlier(r.touched.Add(s.d.Rules.Idle), r.ends),
	}
	if r.details.Decoupled {
		w.Until = r.ends
	}
	return w
}

// fate tells what has become of a challenge, the worker's next step included.
func (s *Service) fate(r row) Fate {
	_, late := s.late(r)
	switch {
	case late, r.cancel == threeds.TimedOutACS, r.cancel == threeds.DecoupledTimedOut:
		return Expired
	case r.state == Challenged:
		return Waits
	case r.status == threeds.Authenticated:
		return Approved
	}
	return Refused
}

// Order gives the text that the holder signs to approve a purchase: shop, sum,
// card and transaction. It is the same each time.
func (s *Service) Order(ctx context.Context, who client.ID, x id.ID) (order.Document, error) {
	r, err := s.open(ctx, who, x)
	if err != nil {
		return order.Document{}, err
	}
	return s.document(ctx, r)
}

func (s *Service) document(ctx context.Context, r row) (order.Document, error) {
	who, err := s.d.People.ByID(ctx, r.client)
	if err != nil {
		return order.Document{}, fmt.Errorf("whose purchase: %w", err)
	}
	lines := []order.Line{{Name: "card", Value: "*" + r.details.Last4}, order.Say("to", r.details.Shop)}
	switch sum := r.sum(); sum.Cur {
	case 0:
		lines = append(lines, order.Line{Name: "amount", Value: "none"})
	case money.RUB:
		lines = append(lines, order.Sum("amount", sum.Amount))
	default:
		lines = append(lines, order.Line{Name: "amount", Value: sum.plain()})
	}
	lines = append(lines, order.Line{Name: "transaction", Value: uuid(r.id)})
	return order.Compose(order.Head{ID: r.id, Kind: order.OnlinePurchase, Who: who.UID, When: r.at}, lines...), nil
}

// Text gives the text of Order whatever has become of the purchase: a program
// that lost its answer says its yes again.
func (s *Service) Text(ctx context.Context, who client.ID, x id.ID) (order.Document, error) {
	r, err := s.byID(ctx, who, x)
	if err == nil && r.begun.IsZero() {
		err = ErrMissing
	}
	if err != nil {
		return order.Document{}, err
	}
	return s.document(ctx, r)
}

// Approve is the holder's yes, over exactly the text of Order: signed by his
// device, his passkey or the key of his token, or confirmed by a code that the
// cabinet sent for it, where a browser has no key. Said twice it is said once.
func (s *Service) Approve(ctx context.Context, who client.ID, x id.ID, signed order.Signed) error {
	return s.ApproveIf(ctx, who, x, signed, func(context.Context, db.Tx) error { return nil })
}

// ApproveIf is Approve with what has to hold besides, asked in the unit of work
// that says yes, and not again when the yes is repeated.
func (s *Service) ApproveIf(ctx context.Context, who client.ID, x id.ID, signed order.Signed, may func(context.Context, db.Tx) error) error {
	r, err := s.byID(ctx, who, x)
	if err != nil {
		return err
	}
	doc, err := s.document(ctx, r)
	if err != nil {
		return err
	}
	var method threeds.AuthenticationMethod
	switch signed.By() {
	case order.Passkey:
		method = threeds.MethodOOBBiometric
	case order.Device:
		method = threeds.MethodPush
	case order.Token:
		method = threeds.MethodOOBOther
	case order.Code:
		method = threeds.MethodSMSCode
	default:
		return ErrNotSigned
	}
	if !signed.Covers(who, doc) {
		return ErrNotSigned
	}
	over := false
	err = s.change(ctx, &r, func(tx db.Tx, r *row) error {
		over = false
		if r.state != Challenged {
			// A code typed into the shop's page was somebody else's yes.
			over = r.status != threeds.Authenticated || r.method == threeds.MethodSMSCode && method != threeds.MethodSMSCode
			return nil
		}
		if err := may(ctx, tx); err != nil {
			return err
		}
		if err := signed.Save(ctx, tx); err != nil {
			return err
		}
		if err := s.conclude(ctx, tx, r, ending{status: threeds.Authenticated, method: method}); err != nil {
			return err
		}
		return record(ctx, tx, *r, "purchase.approved")
	})
	if err != nil {
		return err
	}
	if over || r.status != threeds.Authenticated {
		return ErrOver
	}
	return nil
}

// Deny is the holder's «Это не я»: the purchase is refused and the card frozen
// until the bank has talked to him. It holds even when the purchase is over:
// then it is the card that has to be saved.
func (s *Service) Deny(ctx context.Context, who client.ID, x id.ID) error {
	r, err := s.byID(ctx, who, x)
	if err != nil {
		return err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		if r, err = s.lock(ctx, tx, who, x); err != nil {
			return err
		}
		if r.state == Challenged || r.state == Awaited {
			if err := s.conclude(ctx, tx, &r, ending{status: threeds.Denied, reason: threeds.CardAuthenticationFailed}); err != nil {
				return err
			}
		}
		// The trail comes last: both lines wait for the chain's head.
		err := s.d.Cards.Freeze(ctx, tx, who, r.card, card.ByNotMe, "client")
		if err != nil && !errors.Is(err, card.ErrNotActive) && !errors.Is(err, card.ErrBankFroze) {
			return err
		}
		return record(ctx, tx, r, "purchase.denied")
	})
	if err != nil {
		return err
	}
	s.kick(who)
	return nil
}

func record(ctx context.Context, tx db.Tx, r row, act string) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "client", Client: int64(r.client), Act: act, Subject: r.id.Text(Prefix)})
}
