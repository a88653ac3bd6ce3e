package card

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// The refusals of a new card.
var (
	ErrTooMany = fault.New(fault.Refused, "card.too_many")  // {max} living cards of the kind
	ErrKey     = fault.New(fault.Conflict, "card.key_used") // the page's key, or the program's word, made another card
)

// How many living cards of a kind one client has at most.
const (
	maxVirtual = 10
	maxPlastic = 3
)

// NewVirtual describes a virtual card that a client makes for himself.
type NewVirtual struct {
	Key     id.ID            // made with the page: the same key makes one card
	Word    string           // in place of Key, a program's own: the same word makes one card for ever, and only for the same wish
	Account ledger.AccountID // zero: the one his money comes to
	Name    string
	Art     Art
	Rules   Rules
	Dynamic bool // its CVC2 changes with time
}

// IssueVirtual makes a virtual card that works at once.
func (s *Service) IssueVirtual(ctx context.Context, who client.ID, n NewVirtual) (Card, error) {
	c := Card{ID: n.Key, Client: who, Product: VirtualWorld, State: Active, Art: n.Art, DynamicCVC: n.Dynamic}
	var err error
	if c.Rules, err = n.Rules.checked(); err != nil {
		return Card{}, err
	}
	if c.Name, err = cardName(n.Name); err != nil {
		return Card{}, err
	}
	if !c.Art.known() {
		return Card{}, ErrArt
	}
	return s.make(ctx, c, wish{word: n.Word}, n.Account, func(ctx context.Context, tx db.Tx, c Card) error {
		return record(ctx, tx, who, byClient, "card.issued", c.ID.Text(Prefix))
	})
}

// make issues a card under the key of a page or the word of a program, unless it
// did before, and runs what else belongs to the unit of work. Who asks again by
// a page's key gets the card as it stands now; by a word, as it was made.
func (s *Service) make(ctx context.Context, c Card, w wish, account ledger.AccountID, rest func(context.Context, db.Tx, Card) error) (Card, error) {
	if err := s.may(ctx, c.Client); err != nil {
		return Card{}, err
	}
	var err error
	if c.ID, err = s.keyed(c.Client, c.ID); err != nil {
		return Card{}, err
	}
	if w.word != "" {
		c.ID = s.worded(c.Client, w.word)
	}
	me, err := s.clients.ByID(ctx, c.Client)
	if err != nil {
		return Card{}, err
	}
	if c.Account, err = s.owned(ctx, me, account); err != nil {
		return Card{}, err
	}
	c.Holder = embossed(me.Name)
	var out Card
	again := false
	err = s.db.Write(ctx, func(tx db.Tx) error {
		all, err := s.wallet(ctx, tx, c.Client)
		if err != nil {
			return err
		}
		if out, again, err = fits(all, c); again || err != nil {
			return err
		}
		if out, err = s.issue(ctx, tx, c); err != nil {
			return err
		}
		if w.word != "" {
			if err := s.keepWish(ctx, tx, out, w); err != nil {
				return err
			}
		}
		return rest(ctx, tx, out)
	})
	if err != nil {
		return Card{}, err
	}
	if again && w.word != "" {
		return s.firstAnswer(ctx, c, w, out.ID)
	}
	return s.ByID(ctx, c.Client, out.ID)
}

// fits tells whether a further card may stand beside those there are; again
// means it was made before under its key.
func fits(all []Card, c Card) (was Card, again bool, err error) {
	alive := 0
	for _, k := range all {
		switch {
		case !c.ID.IsZero() && [8]byte(k.ID[8:]) == [8]byte(c.ID[8:]): // the half that the key decides
			if k.Product != c.Product {
				return Card{}, false, ErrKey
			}
			return k, true, nil
		case k.frozenByBank():
			return Card{}, false, ErrBankFroze // a new one would go round it
		case k.Product == c.Product && !k.State.Dead():
			alive++
		}
	}
	most := maxVirtual
	if c.Product == PlasticWorld {
		most = maxPlastic
	}
	if alive >= most || len(all) >= maxCards {
		return Card{}, false, ErrTooMany.With("max", most)
	}
	return Card{}, false, nil
}

// keyAge is how old a page may be whose key makes a card.
const keyAge = 48 * time.Hour

// keyed gives the identifier of the card that a page's key makes: the same for
// a double tap, another for another client, and nobody's to choose, because
// counters stand under it. A zero key stays zero.
func (s *Service) keyed(who client.ID, key id.ID) (id.ID, error) {
	if key.IsZero() {
		return key, nil
	}
	if age := s.db.Now().Sub(key.Time()); age > keyAge || age < -keyAge {
		return id.ID{}, ErrKey
	}
	return s.marked(key, "card.key", who, key.Bytes()), nil
}

// worded gives an identifier for the card that a program's word makes. Its time
// is now, as of every other; the second half is the word's, and a card that has
// it is found however long ago it was made.
func (s *Service) worded(who client.ID, word string) id.ID {
	return s.marked(s.ids.New(), "card.word", who, []byte(word))
}

// marked writes a keyed hash into the random half of an identifier.
func (s *Service) marked(x id.ID, purpose string, who client.ID, of []byte) id.ID {
	copy(x[8:], s.vault.MAC(purpose, vault.Row64(int64(who)), of))
	x[8] = x[8]&0x3f | 0x80 // RFC 9562 §4.1
	return x
}

// owned gives the account a card will draw on: the client's own one, or the one
// his money comes to.
func (s *Service) owned(ctx context.Context, me client.Client, account ledger.AccountID) (ledger.AccountID, error) {
	if account == 0 {
		return me.Account, nil
	}
	a, err := ledger.AccountByID(ctx, s.db, account)
	if errors.Is(err, ledger.ErrForeignAccount) || err == nil && (a.Owner != int64(me.ID) || a.Closed) {
		return 0, ErrMissing
	}
	return account, err
}

// Bind locks a card that waits for its first shop to this one, within a unit of
// work; false when the card is another shop's.
func (s *Service) Bind(ctx context.Context, tx db.Tx, who client.ID, card id.ID, merchant string) (bool, error) {
	merchant = merchantName(merchant)
	if merchant == "" || merchant == FirstMerchant {
		return false, nil
	}
	if n, err := tx.Exec(ctx, qBind, int64(who), card.Bytes(), merchant, FirstMerchant); err != nil || n == 1 {
		return err == nil, err
	}
	c, err := s.stand(ctx, tx, who, card)
	return err == nil && (c.Rules.Merchant == "" || c.Rules.Merchant == merchant), err
}

var qBind = db.Query(`UPDATE card SET merchant = $3 WHERE client = $1 AND id = $2 AND merchant = $4`)
