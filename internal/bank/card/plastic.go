package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// DeliveryState tells how far plastic has come.
type DeliveryState int16

// The states, in their order. Numbers are stored and never change.
const (
	Ordered     DeliveryState = 1
	Made        DeliveryState = 2
	WithCourier DeliveryState = 3
	HandedOver  DeliveryState = 4 // after the courier has seen its owner's passport
	Activated   DeliveryState = 5 // by the client: it works
)

// Word is the stable word of a state, «with_courier»; empty for none.
func (s DeliveryState) Word() string {
	return map[DeliveryState]string{Ordered: "ordered", Made: "made", WithCourier: "with_courier", HandedOver: "handed_over", Activated: "activated"}[s]
}

// The refusals of plastic.
var (
	ErrPlace       = fault.New(fault.Invalid, "card.bad_place").At("address") // 10 to 300 visible characters
	ErrWish        = fault.New(fault.Invalid, "card.bad_wish").At("wish")     // up to 200
	ErrDelivery    = fault.New(fault.Conflict, "card.delivery_elsewhere")     // the plastic stands elsewhere
	ErrNoDelivery  = fault.New(fault.Missing, "card.no_delivery")
	ErrPassport    = fault.New(fault.Invalid, "card.not_his_passport").At("passport")
	ErrNoPapers    = fault.New(fault.Refused, "card.no_papers") // he never filled in the questionnaire
	ErrNotInHands  = fault.New(fault.Conflict, "card.not_in_hands")
	errPlaceBroken = errors.New("the place of a delivery is malformed")
)

// Place is where plastic is brought to. Printed by accident it is stars.
type Place struct{ Address, Wish string }

// Format is stars under every verb.
func (p Place) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue is stars.
func (p Place) LogValue() slog.Value { return slog.StringValue("•••") }

// storedPlace is a Place as it rests under the seal.
type storedPlace struct {
	Address string `json:"address"`
	Wish    string `json:"wish,omitempty"`
}

// Bounds of what a client writes, in characters.
const (
	minAddress = 10
	maxAddress = 300
	maxWish    = 200
)

func (p Place) checked() (Place, error) {
	p.Address, p.Wish = strings.Join(strings.Fields(p.Address), " "), strings.Join(strings.Fields(p.Wish), " ")
	if n := utf8.RuneCountInString(p.Address); n < minAddress || n > maxAddress || !visible(p.Address) {
		return p, ErrPlace
	}
	if utf8.RuneCountInString(p.Wish) > maxWish || !visible(p.Wish) {
		return p, ErrWish
	}
	return p, nil
}

func visible(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// Delivery is the way of one plastic card. A time that has not come is zero.
type Delivery struct {
	Client                                 client.ID
	Card                                   id.ID
	State                                  DeliveryState
	Ordered, Made, Sent, Handed, Activated time.Time
	Place                                  Place // only from DeliveryOf
}

var (
	qDeliver    = db.Query(`INSERT INTO card_delivery (client, card, state, place, ordered_us, made_us, sent_us, handed_us, active_us) VALUES ($1, $2, 1, $3, $4, 0, 0, 0, 0)`)
	qDelivery   = db.Query(`SELECT client, card, state, ordered_us, made_us, sent_us, handed_us, active_us, place FROM card_delivery WHERE client = $1 AND card = $2`)
	qDeliveries = db.Query(`SELECT client, card, state, ordered_us, made_us, sent_us, handed_us, active_us, place FROM card_delivery
		WHERE state = $1 AND (ordered_us, client, card) > ($2, $3, $4) ORDER BY ordered_us, client, card LIMIT $5`)

	qMade   = db.Query(`UPDATE card_delivery SET state = 2, made_us = $3 WHERE client = $1 AND card = $2 AND state = 1`)
	qSent   = db.Query(`UPDATE card_delivery SET state = 3, sent_us = $3 WHERE client = $1 AND card = $2 AND state = 2`)
	qHanded = db.Query(`UPDATE card_delivery SET state = 4, handed_us = $3 WHERE client = $1 AND card = $2 AND state = 3`)
	qActive = db.Query(`UPDATE card_delivery SET state = 5, active_us = $3 WHERE client = $1 AND card = $2 AND state = 4`)

	qActivate = db.Query(`UPDATE card SET state = 1, waits = 0 WHERE client = $1 AND id = $2 AND state = 5`)
)

// NewPlastic describes a plastic card that a client orders.
type NewPlastic struct {
	Key     id.ID            // made with the page: the same key orders one card
	Word    string           // in place of Key, a program's own: the same word orders one card for ever
	Account ledger.AccountID // zero: the one his money comes to
	Name    string
	Art     Art
	Place   Place
}

// OrderPlastic orders a plastic card. It works when its owner has it in his
// hands and says so, see Activate.
func (s *Service) OrderPlastic(ctx context.Context, who client.ID, n NewPlastic) (Card, error) {
	c := Card{ID: n.Key, Client: who, Product: PlasticWorld, State: NotActivated, Art: n.Art, Rules: Standard()}
	var err error
	if c.Name, err = cardName(n.Name); err != nil {
		return Card{}, err
	}
	if !c.Art.known() {
		return Card{}, ErrArt
	}
	if n.Place, err = n.Place.checked(); err != nil {
		return Card{}, err
	}
	return s.make(ctx, c, wish{n.Word, n.Place}, n.Account, func(ctx context.Context, tx db.Tx, c Card) error {
		if err := s.deliver(ctx, tx, c, n.Place); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "card.ordered", c.ID.Text(Prefix))
	})
}

// deliver begins the way of a plastic card.
func (s *Service) deliver(ctx context.Context, tx db.Tx, c Card, p Place) error {
	raw, err := json.Marshal(storedPlace(p))
	if err != nil {
		return fmt.Errorf("place of a delivery: %w", err)
	}
	sealed, err := s.vault.Seal(vault.PII, at("card_delivery.place", c.ID), raw)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qDeliver, int64(c.Client), c.ID.Bytes(), sealed, tx.Now().UnixMicro())
	return err
}

// DeliveryOf tells how far a client's plastic has come and where it goes;
// ErrNoDelivery for a card that was never ordered so.
func (s *Service) DeliveryOf(ctx context.Context, who client.ID, card id.ID) (Delivery, error) {
	d, sealed, err := scanDelivery(s.db.Row(ctx, qDelivery, int64(who), card.Bytes()).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return Delivery{}, ErrNoDelivery
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery of a card: %w", err)
	}
	raw, err := s.vault.Open(vault.PII, at("card_delivery.place", card), sealed)
	if err != nil {
		return Delivery{}, fmt.Errorf("place of delivery %s: %w", card.Text(Prefix), err)
	}
	if json.Unmarshal(raw, (*storedPlace)(&d.Place)) != nil {
		return Delivery{}, fmt.Errorf("%w: %s", errPlaceBroken, card.Text(Prefix))
	}
	return d, nil
}

// maxQueue bounds a page of the queue.
const maxQueue = 200

// Deliveries lists plastic that stands somewhere, the longest waiting first,
// for staff; after is the last one of the page before. Where it goes is not
// opened: that takes a case, see DeliveryOf.
func (s *Service) Deliveries(ctx context.Context, state DeliveryState, after Delivery, limit int) (out []Delivery, err error) {
	from := int64(0)
	if !after.Ordered.IsZero() {
		from = after.Ordered.UnixMicro()
	}
	rows, err := s.db.Rows(ctx, qDeliveries, int16(state), from, int64(after.Client), after.Card.Bytes(), min(max(limit, 1), maxQueue))
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d, _, err := scanDelivery(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("deliveries: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func scanDelivery(scan func(...any) error) (d Delivery, place []byte, err error) {
	var card []byte
	var ordered, made, sent, handed, active int64
	if err = scan(&d.Client, &card, &d.State, &ordered, &made, &sent, &handed, &active, &place); err != nil {
		return d, nil, err
	}
	d.Ordered, d.Made, d.Sent, d.Handed, d.Activated = moment(ordered), moment(made), moment(sent), moment(handed), moment(active)
	d.Card, err = id.FromBytes(card)
	return d, place, err
}

// MakePlastic notes that the factory has made a card. The steps of a delivery
// are acts of staff: they write the audit trail, so call them last.
func (s *Service) MakePlastic(ctx context.Context, tx db.Tx, who client.ID, card id.ID, actor string) error {
	if err := s.carry(ctx, tx, qMade, who, card); err != nil {
		return err
	}
	return record(ctx, tx, who, actor, "card.made", card.Text(Prefix))
}

// SendPlastic notes that a courier has taken the card, and tells its owner.
func (s *Service) SendPlastic(ctx context.Context, tx db.Tx, who client.ID, card id.ID, actor string) error {
	if err := s.carry(ctx, tx, qSent, who, card); err != nil {
		return err
	}
	c, err := s.stand(ctx, tx, who, card)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, tx, c, notice.CardNews{What: notice.CardSent}); err != nil {
		return err
	}
	return record(ctx, tx, who, actor, "card.sent", card.Text(Prefix))
}

// HandOver notes that the card is in its owner's hands. The courier types the
// passport he is shown, series and number; another person's is refused.
func (s *Service) HandOver(ctx context.Context, tx db.Tx, who client.ID, card id.ID, actor, passport string) error {
	known, err := s.clients.HasPapers(ctx, tx, who)
	if err != nil {
		return err
	}
	if !known {
		return ErrNoPapers
	}
	passport = strings.NewReplacer(" ", "", "\u00a0", "", "№", "", "-", "").Replace(passport)
	if !digits(passport, 10) {
		return ErrPassport
	}
	holder, err := s.clients.HoldsPassport(ctx, tx, passport)
	if errors.Is(err, client.ErrNobody) || err == nil && holder != who {
		return ErrPassport
	}
	if err != nil {
		return err
	}
	if err := s.carry(ctx, tx, qHanded, who, card); err != nil {
		return err
	}
	return record(ctx, tx, who, actor, "card.handed_over", card.Text(Prefix))
}

// StrangePassport keeps in the trail that somebody else's passport was shown
// for a card: the refusal itself leaves no trace, for its unit of work is undone.
func (s *Service) StrangePassport(ctx context.Context, tx db.Tx, who client.ID, card id.ID, actor string) error {
	return record(ctx, tx, who, actor, "card.passport_wrong", card.Text(Prefix))
}

// carry takes one step of a delivery. A card that died on its way goes nowhere.
func (s *Service) carry(ctx context.Context, tx db.Tx, q *db.Stmt, who client.ID, card id.ID) error {
	c, err := s.stand(ctx, tx, who, card)
	if err != nil {
		return err
	}
	if c.State.Dead() {
		return ErrDead
	}
	n, err := tx.Exec(ctx, q, int64(who), card.Bytes(), tx.Now().UnixMicro())
	if err == nil && n == 0 {
		err = ErrDelivery
	}
	return err
}

// Activate lets plastic work, for whoever has just proved himself and has it in
// his hands.
func (s *Service) Activate(ctx context.Context, p access.Proof, card id.ID) error {
	who, err := s.proved(ctx, p)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.stand(ctx, tx, who, card)
		if err != nil {
			return err
		}
		switch {
		case c.State.Dead():
			return ErrDead
		case c.State == Frozen:
			return ErrNotActive
		}
		n, err := tx.Exec(ctx, qActive, int64(who), card.Bytes(), tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotInHands
		}
		if _, err := tx.Exec(ctx, qActivate, int64(who), card.Bytes()); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, c, notice.CardNews{What: notice.CardActivated}); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "card.activated", card.Text(Prefix))
	})
}
