package authentication

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// seal binds a value to what is asked for, while the card's number is at hand.
// It becomes a proof when it gets a number of its own, which the answer or the
// end of the challenge gives it. Where nothing is paid there is nothing to
// prove later.
func (s *Service) seal(r row, pan threeds.PAN, by threeds.Result) (string, error) {
	if r.details.Category != threeds.Payment {
		return "", nil
	}
	keyID, key := s.d.Keys.AuthenticationKey()
	v, err := threeds.Seal(key, threeds.Value{Result: by, KeyID: keyID}, r.sealed(pan))
	return v.Text(), err
}

// prove gives the value under the card's next number, and its indicator.
func (s *Service) prove(ctx context.Context, tx db.Tx, r *row) (eci, value string, err error) {
	if r.details.Proof == "" {
		return "", "", nil
	}
	v, err := threeds.ParseValue(r.details.Proof)
	if err != nil {
		return "", "", err
	}
	if err := tx.Row(ctx, qATN, int64(r.client), r.card.Bytes()).Scan(&r.atn); err != nil {
		return "", "", fmt.Errorf("number of an authentication value: %w", err)
	}
	v.ATN = uint64(r.atn) // #nosec G115 -- counted from 1
	return s.d.ECI.Of(s.d.Scheme, threeds.Authenticated), v.Text(), nil
}

// sealed is what a value is bound to.
func (r row) sealed(pan threeds.PAN) threeds.Sealed {
	return threeds.Sealed{
		PAN: pan, DSTransID: uuid(r.ds), Amount: r.details.Amount, Currency: r.details.Currency, Exponent: r.details.Exponent, MerchantName: r.details.Shop,
	}
}

// Presented is an authentication value as it comes with an authorisation, and
// what that asks for.
type Presented struct {
	Client   client.ID
	Card     id.ID
	Number   vault.Hidden
	Amount   money.Amount // in the shop's currency
	MCC      string
	Merchant string // name, as networks write it
	Value    string
}

var (
	insUse = db.NewInsert("authentication_use",
		db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})
	qByATN = db.Query(`SELECT ` + columns + ` FROM authentication WHERE client = $1 AND card = $2 AND atn = $3`)
	qUsed  = db.Query(`SELECT 1 FROM authentication_use WHERE client = $1 AND id = $2`)
)

// Verify tells whether a value proves that the holder wanted this: his card,
// at most this sum (and what shops of the kind may add), this shop, not too
// long ago and not used before. The row that comes with a yes uses it up: it
// has to land with the money, and lands once. A unique violation there means
// that another authorisation was faster.
func (s *Service) Verify(ctx context.Context, p Presented) (use db.Row, ok bool, err error) {
	v, err := threeds.ParseValue(p.Value)
	if err != nil {
		return db.Row{}, false, nil //nolint:nilerr // no value proves nothing
	}
	pan, err := threeds.NewPAN(p.Number.Reveal())
	if err != nil {
		return db.Row{}, false, nil //nolint:nilerr // as above
	}
	keyID, key := s.d.Keys.AuthenticationKey()
	if v.KeyID != keyID || v.ATN == 0 || v.ATN > 1<<62 {
		return db.Row{}, false, nil
	}
	r, err := s.scan(s.d.DB.Row(ctx, qByATN, int64(p.Client), p.Card.Bytes(), int64(v.ATN))) // #nosec G115 -- bounded above
	if errors.Is(err, ErrMissing) {
		return db.Row{}, false, nil
	}
	if err != nil {
		return db.Row{}, false, err
	}
	now := s.d.DB.Now()
	switch {
	case r.status != threeds.Authenticated, v.Verify(key, r.sealed(pan)) != nil:
	case now.Sub(r.at) > s.d.Rules.ValueAge || now.Before(r.at):
	case p.Amount.Cur != r.currency || p.Amount.Minor < 0 || p.Amount.Minor > r.amount && !s.tolerated(p, r):
	case !sameShop(p.Merchant, r.details.Shop):
	default:
		used, err := s.any(ctx, qUsed, int64(r.client), r.id.Bytes())
		if err != nil || used {
			return db.Row{}, false, err
		}
		return insUse.Row(int64(r.client), r.id.Bytes(), now.UnixMicro()), true, nil
	}
	return db.Row{}, false, nil
}

// tolerated tells whether a sum above the authenticated one is what shops of
// the kind add: a tip, a minibar.
func (s *Service) tolerated(p Presented, r row) bool {
	percent := s.d.Rules.Tolerance[card.GroupOf(p.MCC)]
	return percent > 0 && p.MCC == r.mcc && p.Amount.Minor-r.amount <= r.amount/100*percent
}

// networkName is how many letters of a shop's name an authorisation has room
// for (ISO 8583, DE 43).
const networkName = 22

// sameShop compares a name as the network writes it with the one the shop gave
// itself: capitals, one blank between words, cut off.
func sameShop(network, own string) bool {
	a, b := shopName(network), shopName(own)
	return a != "" && a == b
}

func shopName(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	if utf8.RuneCountInString(s) > networkName {
		s = string([]rune(s)[:networkName])
	}
	return strings.TrimSpace(s)
}
