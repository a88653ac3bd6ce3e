package access

import (
	"context"
	"encoding/json"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// The refusals of tokens that may send money.
var (
	ErrTokenKey   = fault.New(fault.Invalid, "access.token_key").At("public_key")
	ErrTokenCaps  = fault.New(fault.Invalid, "access.token_caps").At("per_order")        // {max}
	ErrTokenOffer = fault.New(fault.Refused, "access.token_offer")                       // altered, another's or too old: begin again
	ErrTokenProof = fault.New(fault.Forbidden, "access.token_not_signed").At("passcode") // the signed order is not this one
)

const (
	offerTTL   = 10 * time.Minute
	offerTable = "access.token_offer"
	maxOffer   = 4096
	maxDayCap  = 1_500_000_00 // no token moves more than the house lets anybody
)

// offerBody is what an offer holds under its seal.
type offerBody struct {
	ID     id.ID         `json:"id"`
	Who    id.ID         `json:"who"`
	Made   int64         `json:"made"` // Unix seconds
	Name   string        `json:"name"`
	Scopes []Scope       `json:"scopes"`
	TTL    time.Duration `json:"ttl"`
	Key    []byte        `json:"key"`
	Order  int64         `json:"order"`
	Day    int64         `json:"day"`
}

// OfferToken begins a token that may send money: it gives the text that the
// client confirms and an offer that brings it back, bound to this client for
// ten minutes. Nothing is stored.
func (s *Service) OfferToken(ctx context.Context, who client.ID, n NewToken) (offer string, doc order.Document, err error) {
	if n, err = n.checked(); err != nil {
		return "", order.Document{}, err
	}
	if n.PublicKey == nil {
		return "", order.Document{}, ErrTokenKey
	}
	me, err := s.clients.Person(ctx, who)
	if err != nil {
		return "", order.Document{}, err
	}
	b := offerBody{
		ID: s.ids.New(), Who: me.UID, Made: s.now().Unix(), Name: n.Name, Scopes: n.Scopes, TTL: n.TTL, Key: n.PublicKey,
		Order: n.OrderCap.Minor, Day: n.DayCap.Minor,
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return "", order.Document{}, err
	}
	sealed, err := s.vault.Seal(vault.PII, vault.At{Table: offerTable, Row: vault.Row64(int64(who))}, raw)
	if err != nil {
		return "", order.Document{}, err
	}
	return b64.EncodeToString(sealed), b.document(), nil
}

// OfferedToken reads an offer back, for a page that shows it again.
func (s *Service) OfferedToken(who client.ID, offer string) (NewToken, order.Document, error) {
	b, err := s.readOffer(who, offer)
	if err != nil {
		return NewToken{}, order.Document{}, err
	}
	return b.token(), b.document(), nil
}

// CreateSignedToken makes an offered token for whoever has just proved himself
// and signed exactly this offer. An offer makes one token.
func (s *Service) CreateSignedToken(ctx context.Context, p Proof, offer string, signed order.Signed) (Token, vault.Hidden, error) {
	if p.client == 0 || s.now().Sub(p.at) > proofFor {
		return Token{}, vault.Hidden{}, ErrStepUp
	}
	b, err := s.readOffer(p.client, offer)
	if err != nil {
		return Token{}, vault.Hidden{}, err
	}
	if !signed.Covers(p.client, b.document()) {
		return Token{}, vault.Hidden{}, ErrTokenProof
	}
	return s.makeToken(ctx, p.client, b.token(), signed.Save)
}

func (s *Service) readOffer(who client.ID, offer string) (b offerBody, err error) {
	if len(offer) > maxOffer {
		return b, ErrTokenOffer
	}
	sealed, err := b64.Strict().DecodeString(offer)
	if err != nil {
		return b, ErrTokenOffer
	}
	raw, err := s.vault.Open(vault.PII, vault.At{Table: offerTable, Row: vault.Row64(int64(who))}, sealed)
	if err != nil || json.Unmarshal(raw, &b) != nil || !s.now().Before(time.Unix(b.Made, 0).Add(offerTTL)) {
		return b, ErrTokenOffer
	}
	return b, nil
}

func (b offerBody) token() NewToken {
	return NewToken{
		Name: b.Name, Scopes: b.Scopes, TTL: b.TTL, PublicKey: b.Key, OrderCap: money.Rub(b.Order), DayCap: money.Rub(b.Day),
	}
}

// document is what the client confirms: what the token may do, whose key signs
// for it and until when.
func (b offerBody) document() order.Document {
	made := time.Unix(b.Made, 0).UTC()
	return order.Compose(order.Head{ID: b.ID, Kind: order.NewToken, Who: b.Who, When: made},
		order.Say("name", b.Name), order.Line{Name: "scopes", Value: joinScopes(b.Scopes)},
		order.Line{Name: "key", Value: order.KeyPrint(b.Key)},
		order.Sum("per order", money.Rub(b.Order)), order.Sum("per day", money.Rub(b.Day)),
		order.When("expires", made.Add(b.TTL)))
}
