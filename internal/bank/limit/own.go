package limit

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// The refusals of a client's own limits.
var (
	ErrOwnOne   = fault.New(fault.Refused, "limit.own_one").At("amount")   // {cap}
	ErrOwnDay   = fault.New(fault.Refused, "limit.own_day").At("amount")   // {left} of {cap}
	ErrOwnMonth = fault.New(fault.Refused, "limit.own_month").At("amount") // {left} of {cap}

	ErrOwnAbove  = fault.New(fault.Invalid, "limit.own_above")     // the bank's own is {cap}
	ErrOwnSum    = fault.New(fault.Invalid, "amount.not_positive") // nothing, or less
	ErrOwnSame   = fault.New(fault.Invalid, "limit.own_same")      // they are so already
	ErrOwnLooser = fault.New(fault.Forbidden, "limit.own_looser")  // confirm it: Offer, Loosen
	ErrOwnOffer  = fault.New(fault.Refused, "limit.own_offer")     // altered, another's, too old, or the limits are others now
)

const (
	ownOfferTTL = 10 * time.Minute
	ownOffer    = "limit.own_offer"
)

// OwnDeps is what an Own works with.
type OwnDeps struct {
	DB     *db.DB
	Vault  *vault.Vault
	IDs    *id.Source
	People *client.Directory
	Rules  Rules
}

// Own keeps the limits that clients set themselves, below the bank's. To
// tighten one counts at once; to loosen one takes a signed order and counts
// after a delay that is told, so that whoever holds somebody else's phone for
// an hour gains nothing. They travel in client.Standing: no order asks for them.
type Own struct{ d OwnDeps }

// NewOwn makes the service.
func NewOwn(d OwnDeps) *Own { return &Own{d} }

// Of reads a client's own limits, and what waits.
func (s *Own) Of(ctx context.Context, who client.ID) (client.OwnCaps, error) {
	return s.d.People.OwnCaps(ctx, who)
}

// Delay is how long a loosening waits.
func (s *Own) Delay() time.Duration { return s.d.Rules.OwnDelay }

// checked refuses a limit that is none, or above the bank's.
func (s *Own) checked(to client.Caps) error {
	for _, c := range []struct {
		field     string
		sum, most money.Amount
	}{{"own_one", to.One, s.d.Rules.OneTransfer}, {"own_day", to.Day, s.d.Rules.OutgoingDay}, {"own_month", to.Month, s.d.Rules.OutgoingMonth}} {
		switch {
		case c.sum.Cur == 0:
		case c.sum.Cur != money.RUB || !c.sum.Positive():
			return ErrOwnSum.At(c.field)
		case c.sum.Minor > c.most.Minor:
			return ErrOwnAbove.At(c.field).With("cap", c.most)
		}
	}
	return nil
}

// Tighten sets limits that let nothing through which the present ones refuse, at
// once; ErrOwnLooser for others. A loosening that waits is dropped by it.
func (s *Own) Tighten(ctx context.Context, who client.ID, to client.Caps) error {
	if err := s.checked(to); err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		err := s.d.People.MoveOwnCaps(ctx, tx, who, func(o client.OwnCaps) (client.OwnCaps, error) {
			now := o.At(tx.Now())
			switch {
			case now.Looser(to):
				return o, ErrOwnLooser
			case now == to && !o.Waits(tx.Now()):
				return o, ErrOwnSame
			}
			return client.OwnCaps{Set: to}, nil
		})
		if err != nil {
			return err
		}
		return record(ctx, tx, who, "limits.tightened", "")
	})
}

// ownBody is what an offer holds under its seal.
type ownBody struct {
	ID, Who  id.ID
	Made     int64 // Unix seconds
	From, To client.Caps
}

func (b *ownBody) Pack(p *token.Packer) {
	p.ID(b.ID)
	p.ID(b.Who)
	p.Int(b.Made)
	for _, c := range b.sums() {
		p.Int(c.Minor)
	}
}

func (b *ownBody) Unpack(u *token.Unpacker) {
	b.ID, b.Who, b.Made = u.ID(), u.ID(), u.Int()
	for _, c := range b.sums() {
		if n := u.Int(); n != 0 {
			*c = money.Rub(n)
		}
	}
}

func (b *ownBody) sums() []*money.Amount {
	return []*money.Amount{&b.From.One, &b.From.Day, &b.From.Month, &b.To.One, &b.To.Day, &b.To.Month}
}

// OwnOffer is a loosening that waits for its client's signature.
type OwnOffer struct {
	From, To client.Caps
	Document order.Document
}

// Offer begins a loosening: it gives the text that the client confirms and an
// offer that brings it back, bound to him for ten minutes. Nothing is stored.
func (s *Own) Offer(ctx context.Context, who client.ID, to client.Caps) (string, OwnOffer, error) {
	if err := s.checked(to); err != nil {
		return "", OwnOffer{}, err
	}
	own, err := s.Of(ctx, who)
	if err != nil {
		return "", OwnOffer{}, err
	}
	now := s.d.DB.Now()
	if own.At(now) == to {
		return "", OwnOffer{}, ErrOwnSame
	}
	me, err := s.d.People.Person(ctx, who)
	if err != nil {
		return "", OwnOffer{}, err
	}
	b := ownBody{ID: s.d.IDs.New(), Who: me.UID, Made: now.Unix(), From: own.At(now), To: to}
	sealed, err := token.Seal(s.d.Vault, ownOffer, who, &b)
	return sealed, s.offered(b), err
}

// Offered reads an offer back, for a page that shows it again.
func (s *Own) Offered(who client.ID, offer string) (OwnOffer, error) {
	b, err := s.readOffer(who, offer)
	return s.offered(b), err
}

func (s *Own) readOffer(who client.ID, offer string) (ownBody, error) {
	var b ownBody
	if !token.Open(s.d.Vault, ownOffer, who, offer, &b) || !s.d.DB.Now().Before(time.Unix(b.Made, 0).Add(ownOfferTTL)) {
		return ownBody{}, ErrOwnOffer
	}
	return b, nil
}

func (s *Own) offered(b ownBody) OwnOffer {
	if b.ID.IsZero() {
		return OwnOffer{}
	}
	say := func(name string, c money.Amount) order.Line {
		if c.Cur == 0 {
			return order.Line{Name: name, Value: "none"}
		}
		return order.Sum(name, c)
	}
	return OwnOffer{From: b.From, To: b.To, Document: order.Compose(
		order.Head{ID: b.ID, Kind: order.RaiseLimit, Who: b.Who, When: time.Unix(b.Made, 0).UTC()},
		say("one transfer", b.To.One), say("per day", b.To.Day), say("per month", b.To.Month),
		order.Line{Name: "in force after", Value: fmt.Sprintf("%d hours", s.d.Rules.OwnDelay/time.Hour)})}
}

// Loosen carries an offer out, once it is signed: what of it is tighter counts
// at once, what is looser after the delay. An offer is good once, and only while
// the limits are those it was made over.
func (s *Own) Loosen(ctx context.Context, who client.ID, offer string, signed order.Signed) (client.OwnCaps, error) {
	b, err := s.readOffer(who, offer)
	if err != nil {
		return client.OwnCaps{}, err
	}
	if !signed.Covers(who, s.offered(b).Document) {
		return client.OwnCaps{}, order.ErrNotSigned
	}
	var out client.OwnCaps
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		err := s.d.People.MoveOwnCaps(ctx, tx, who, func(o client.OwnCaps) (client.OwnCaps, error) {
			if o.At(tx.Now()) != b.From {
				return o, ErrOwnOffer
			}
			out = client.OwnCaps{Set: b.From.Least(b.To), Next: b.To, From: tx.Now().Add(s.d.Rules.OwnDelay)}
			return out, nil
		})
		if err != nil {
			return err
		}
		if err := signed.Save(ctx, tx); err != nil {
			return err
		}
		e, err := notice.LimitsLoosened{Client: who, From: out.From}.Event(s.d.IDs.New())
		if err != nil {
			return err
		}
		if err := outbox.Add(ctx, tx, e); err != nil {
			return err
		}
		return record(ctx, tx, who, "limits.loosened", b.ID.Text(order.Prefix))
	})
	return out, err
}

func record(ctx context.Context, tx db.Tx, who client.ID, act, subject string) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: act, Subject: subject})
}
