package card

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// The refusals of a change of rules.
var (
	ErrLooser    = fault.New(fault.Forbidden, "card.looser")                          // confirm it: OfferRules, ChangeSigned
	ErrNoChange  = fault.New(fault.Invalid, "card.no_change")                         // the rules are so already
	ErrOffer     = fault.New(fault.Refused, "card.bad_offer")                         // altered, another's, too old, or the rules are others now
	ErrNotSigned = fault.New(fault.Forbidden, "card.offer_not_signed").At("passcode") // the signed order is not this one
)

const (
	offerTTL = 10 * time.Minute
	offerAt  = "card.rules_offer"
	maxOffer = 32 << 10
)

var b64 = base64.RawURLEncoding

// The old rules stand in the condition: nobody overwrites what he has not seen.
var (
	qReRules = db.Query(`UPDATE card SET rules = $3, merchant = $4 WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
)

// ChangeRules tightens the rules of a card at once. ErrLooser when the new ones
// let anything through that the present ones refuse.
func (s *Service) ChangeRules(ctx context.Context, who client.ID, card id.ID, to Rules) error {
	to, err := to.checked()
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.stand(ctx, tx, who, card)
		if err != nil {
			return err
		}
		changes := c.Rules.Changes(to)
		switch {
		case c.State.Dead():
			return ErrDead
		case len(changes) == 0:
			return ErrNoChange
		case c.Rules.Looser(to):
			return ErrLooser
		}
		if err := s.putRules(ctx, tx, who, card, to); err != nil {
			return err
		}
		return changed(ctx, tx, who, "card.tightened", card, changes)
	})
}

func (s *Service) putRules(ctx context.Context, tx db.Tx, who client.ID, card id.ID, to Rules) error {
	raw, err := to.pack()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qReRules, int64(who), card.Bytes(), raw, to.Merchant)
	if err != nil {
		return fmt.Errorf("rules of a card: %w", err)
	}
	if n == 0 {
		return s.why(ctx, tx, who, card, ErrDead)
	}
	return nil
}

// changed writes which rules changed into the audit trail, and no more.
func changed(ctx context.Context, tx db.Tx, who client.ID, act string, card id.ID, changes []Change) error {
	words := make([]string, len(changes))
	for i, c := range changes {
		words[i] = string(c.What)
	}
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: byClient, Client: int64(who), Act: act, Subject: card.Text(Prefix), Details: []byte(strings.Join(words, ",")),
	})
}

// offerBody is what an offer holds under its seal.
type offerBody struct {
	ID     id.ID  `json:"id"`
	Who    id.ID  `json:"who"`
	Made   int64  `json:"made"` // Unix seconds
	Card   id.ID  `json:"card"`
	Number string `json:"number"` // first six and last four digits
	From   stored `json:"from"`
	To     stored `json:"to"`
}

// stored are rules as they rest.
type stored struct {
	Rules    string `json:"rules,omitempty"`
	Merchant string `json:"merchant,omitempty"`
}

func (r Rules) stored() (stored, error) {
	raw, err := r.pack()
	return stored{raw, r.Merchant}, err
}

func (s stored) rules() (Rules, error) { return unpackRules(s.Rules, s.Merchant) }

// Offered is a change of rules that waits for its client's signature.
type Offered struct {
	Card     id.ID
	To       Rules
	Changes  []Change
	Document order.Document
}

// OfferRules begins a change that makes rules looser: it gives the text that
// the client confirms and an offer that brings it back, bound to him for ten
// minutes. Nothing is stored.
func (s *Service) OfferRules(ctx context.Context, who client.ID, card id.ID, to Rules) (string, Offered, error) {
	to, err := to.checked()
	if err != nil {
		return "", Offered{}, err
	}
	if err := s.may(ctx, who); err != nil {
		return "", Offered{}, err
	}
	c, err := s.ByID(ctx, who, card)
	if err != nil {
		return "", Offered{}, err
	}
	if c.State.Dead() {
		return "", Offered{}, ErrDead
	}
	if len(c.Rules.Changes(to)) == 0 {
		return "", Offered{}, ErrNoChange
	}
	me, err := s.clients.Person(ctx, who)
	if err != nil {
		return "", Offered{}, err
	}
	b := offerBody{ID: s.ids.New(), Who: me.UID, Made: s.now().Unix(), Card: card, Number: c.First6 + "******" + c.Last4}
	if b.From, err = c.Rules.stored(); err != nil {
		return "", Offered{}, err
	}
	if b.To, err = to.stored(); err != nil {
		return "", Offered{}, err
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return "", Offered{}, fmt.Errorf("offer of rules: %w", err)
	}
	sealed, err := s.vault.Seal(vault.PII, vault.At{Table: offerAt, Row: vault.Row64(int64(who))}, raw)
	if err != nil {
		return "", Offered{}, err
	}
	out, err := b.offered()
	return b64.EncodeToString(sealed), out, err
}

// OfferedRules reads an offer back, for a page that shows it again.
func (s *Service) OfferedRules(who client.ID, offer string) (Offered, error) {
	b, err := s.readOffer(who, offer)
	if err != nil {
		return Offered{}, err
	}
	return b.offered()
}

// ChangeSigned carries an offered change out for whoever has just proved
// himself and signed exactly this offer. An offer is good once, and only while
// the rules are those it was made over.
func (s *Service) ChangeSigned(ctx context.Context, p access.Proof, offer string, signed order.Signed) error {
	who, err := s.proved(ctx, p)
	if err != nil {
		return err
	}
	return s.carryOut(ctx, who, offer, signed)
}

// ChangeByPasskey is ChangeSigned for an order that a passkey signed: to sign
// exactly this text the authenticator has just looked at its owner, so no other
// proof of him stands beside it.
func (s *Service) ChangeByPasskey(ctx context.Context, offer string, signed order.Signed) error {
	if signed.By() != order.Passkey {
		return ErrNotSigned
	}
	if err := s.may(ctx, signed.Client()); err != nil {
		return err
	}
	return s.carryOut(ctx, signed.Client(), offer, signed)
}

func (s *Service) carryOut(ctx context.Context, who client.ID, offer string, signed order.Signed) error {
	b, err := s.readOffer(who, offer)
	if err != nil {
		return err
	}
	o, err := b.offered()
	if err != nil {
		return err
	}
	if !signed.Covers(who, o.Document) {
		return ErrNotSigned
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.stand(ctx, tx, who, o.Card)
		if err != nil {
			return err
		}
		now, err := c.Rules.stored()
		if err != nil {
			return err
		}
		switch {
		case c.State.Dead():
			return ErrDead
		case now != b.From:
			return ErrOffer
		}
		if err := signed.Save(ctx, tx); err != nil {
			return err
		}
		if err := s.putRules(ctx, tx, who, o.Card, o.To); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, c, notice.CardNews{What: notice.CardLoosened}); err != nil {
			return err
		}
		return changed(ctx, tx, who, "card.loosened", o.Card, o.Changes)
	})
}

func (s *Service) readOffer(who client.ID, offer string) (b offerBody, err error) {
	if len(offer) > maxOffer {
		return b, ErrOffer
	}
	sealed, err := b64.Strict().DecodeString(offer)
	if err != nil {
		return b, ErrOffer
	}
	raw, err := s.vault.Open(vault.PII, vault.At{Table: offerAt, Row: vault.Row64(int64(who))}, sealed)
	if err != nil || json.Unmarshal(raw, &b) != nil || !s.now().Before(time.Unix(b.Made, 0).Add(offerTTL)) {
		return b, ErrOffer
	}
	return b, nil
}

func (b offerBody) offered() (Offered, error) {
	from, err := b.From.rules()
	if err != nil {
		return Offered{}, err
	}
	to, err := b.To.rules()
	if err != nil {
		return Offered{}, err
	}
	o := Offered{Card: b.Card, To: to, Changes: from.Changes(to)}
	lines := []order.Line{{Name: "card", Value: b.Number}}
	for _, c := range o.Changes {
		lines = append(lines, c.line(to))
	}
	head := order.Head{ID: b.ID, Kind: order.CardRules, Who: b.Who, When: time.Unix(b.Made, 0).UTC()}
	o.Document = order.Compose(head, lines...)
	return o, nil
}

// line is how the client confirms a change: «abroad: on», «per day: 5000.00
// RUB», «country: opened 840, shut 276».
func (c Change) line(to Rules) order.Line {
	name := strings.ReplaceAll(string(c.What), "_", " ")
	say := func(v string) order.Line { return order.Line{Name: name, Value: v} }
	switch c.What {
	case SwitchCountry, SwitchMCC:
		var parts []string
		if len(c.Opened) > 0 {
			parts = append(parts, "opened "+strings.Join(c.Opened, " "))
		}
		if len(c.Shut) > 0 {
			parts = append(parts, "shut "+strings.Join(c.Shut, " "))
		}
		return say(strings.Join(parts, ", "))
	case SwitchMerchant:
		switch to.Merchant {
		case "":
			return say("any")
		case FirstMerchant:
			return say("the first one")
		}
		return order.Say(name, to.Merchant)
	case SwitchOneShot:
		return say(onOff(to.OneShot))
	}
	if i := slices.IndexFunc(to.switches(), func(s switchOf) bool { return s.name == c.What }); i >= 0 {
		return say(onOff(*to.switches()[i].on))
	}
	if c.Cap == (money.Amount{}) {
		return say("none")
	}
	return order.Sum(name, c.Cap)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
