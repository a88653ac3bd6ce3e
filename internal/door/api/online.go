package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Authentications asks clients about purchases in the internet
// (authentication.Service).
type Authentications interface {
	Pending(ctx context.Context, who client.ID) ([]authentication.Waiting, error)
	One(ctx context.Context, who client.ID, x id.ID) (authentication.Waiting, error)
	Text(ctx context.Context, who client.ID, x id.ID) (order.Document, error)
	ApproveIf(ctx context.Context, who client.ID, x id.ID, signed order.Signed, may func(context.Context, db.Tx) error) error
	Deny(ctx context.Context, who client.ID, x id.ID) error
}

// addOnline lists what may be done with purchases that wait for a yes.
func (d *Door) addOnline(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	get(d, read("listOnlinePurchases", "/online-purchases", "cards", 422), d.onlinePurchases)
	get(d, read("getOnlinePurchase", "/online-purchases/{id}", "cards", 404, 422), d.onlinePurchase)
	post(d, write("approvePurchase", "/online-purchases/{id}/approve", "cards", 200, 409), d.approve)
	bare(d, write("denyPurchase", "/online-purchases/{id}/deny", "cards", 200), d.deny)
}

// OnlinePurchaseList is the purchases that wait, newest first, without texts.
type OnlinePurchaseList struct {
	Purchases []OnlinePurchase `json:"purchases" nullable:"false"`
}

// OnlinePurchase is a purchase in the internet that waits for its holder's word
// or did. Nothing is paid where a shop only keeps the card: there is no sum then.
type OnlinePurchase struct {
	ID        string    `json:"id" example:"au_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State     string    `json:"state" enum:"waits,approved,refused,expired"`
	Card      string    `json:"card" example:"cd_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Merchant  string    `json:"merchant" example:"Books & Co"`
	LocalSum  string    `json:"local_amount,omitempty" example:"1250.50"`
	LocalCode string    `json:"local_currency,omitempty" example:"643"`
	At        time.Time `json:"at"`
	Until     time.Time `json:"approve_by"`
	OrderID   string    `json:"order_id,omitempty" example:"or_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	OrderText string    `json:"order_text,omitempty"`
}

func shownOnline(x authentication.Waiting) OnlinePurchase {
	out := OnlinePurchase{
		ID: x.Text(), State: string(x.Fate), Card: x.Card.Text(card.Prefix), Merchant: x.Shop, At: x.At.UTC(), Until: x.Until.UTC(),
	}
	if x.Sum.Cur != 0 {
		out.LocalSum, out.LocalCode = x.Sum.Decimal(), fmt.Sprintf("%03d", int(x.Sum.Cur))
	}
	return out
}

// online reads the purchase that an address names; missing where nobody asks.
func (d *Door) online(in *idInput) (id.ID, error) {
	if d.d.Authentications == nil {
		return id.ID{}, authentication.ErrMissing // this bank has no 3-D Secure
	}
	x, err := authentication.ParseID(in.ID)
	if err != nil {
		return id.ID{}, authentication.ErrMissing
	}
	return x, nil
}

func (d *Door) onlinePurchases(ctx context.Context, c *call, _ *none) (*answer[OnlinePurchaseList], error) {
	out := OnlinePurchaseList{Purchases: []OnlinePurchase{}}
	if d.d.Authentications == nil {
		return ok(out)
	}
	all, err := d.d.Authentications.Pending(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		out.Purchases = append(out.Purchases, shownOnline(x))
	}
	return ok(out)
}

func (d *Door) onlinePurchase(ctx context.Context, c *call, in *idInput) (*answer[OnlinePurchase], error) {
	x, err := d.online(in)
	if err != nil {
		return nil, err
	}
	one, err := d.d.Authentications.One(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	out := shownOnline(one)
	if one.Fate == authentication.Waits {
		text, err := d.d.Authentications.Text(ctx, c.token.Client, x)
		if err != nil {
			return nil, err
		}
		out.OrderID, out.OrderText = text.ID.Text(order.Prefix), text.Text
	}
	return ok(out)
}

// NewApproval is the yes to a purchase: the signature over its text by the
// token's key.
type NewApproval struct {
	Signature string `json:"signature"`
}

// approve is the holder's yes. The text is the purchase's own and is signed
// once, so no idempotency key is needed: who lost the answer sends the same
// again, and gets it.
func (d *Door) approve(ctx context.Context, c *call, in *idInput, body *NewApproval) (*answer[OnlinePurchase], error) {
	x, err := d.online(in)
	if err != nil {
		return nil, err
	}
	one, err := d.d.Authentications.One(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	signature, err := readSignature(body.Signature)
	if err != nil {
		return nil, err
	}
	text, err := d.d.Authentications.Text(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	signed, err := d.d.Orders.Accept(c.token.Client, text, c.token.TokenEvidence(signature))
	if err != nil {
		return nil, at("signature", err)
	}
	standing := d.d.Tokens.TokenStanding(c.token)
	err = d.d.Authentications.ApproveIf(ctx, c.token.Client, x, signed, func(ctx context.Context, tx db.Tx) error {
		switch sum := one.Sum.Amount; {
		case standing.Blocked:
			return transfer.ErrBlocked
		case sum.Cur == 0: // the shop keeps the card and takes nothing
			return nil
		case sum.Cur != money.RUB:
			return errForeign
		default:
			return d.d.Limits.Approve(ctx, tx, standing, sum)
		}
	})
	if errors.Is(err, authentication.ErrNotSigned) {
		err = order.ErrNotSigned.At("signature")
	}
	if err != nil {
		return nil, err
	}
	return d.afterwards(ctx, c, x)
}

// readSignature reads r and s in base64url.
func readSignature(text string) ([]byte, error) {
	if text == "" {
		return nil, errRequired.At("signature")
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(signature) != rawSignature {
		return nil, errSignature
	}
	return signature, nil
}

// deny is «Это не я»: the purchase is refused and its card frozen until the
// bank has talked to its holder. It takes no signature: whoever says it can only
// lose a thief his time.
func (d *Door) deny(ctx context.Context, c *call, in *idInput) (*answer[OnlinePurchase], error) {
	x, err := d.online(in)
	if err != nil {
		return nil, err
	}
	if _, err := d.d.Authentications.One(ctx, c.token.Client, x); err != nil {
		return nil, err
	}
	if err := d.d.Authentications.Deny(ctx, c.token.Client, x); err != nil {
		return nil, err
	}
	return d.afterwards(ctx, c, x)
}

// afterwards shows what has become of a purchase.
func (d *Door) afterwards(ctx context.Context, c *call, x id.ID) (*answer[OnlinePurchase], error) {
	one, err := d.d.Authentications.One(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	return ok(shownOnline(one))
}
