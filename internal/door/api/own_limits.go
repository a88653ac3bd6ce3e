package api

import (
	"context"
	"net/http"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/money"
)

// OwnLimits keeps the limits that clients set themselves (limit.Own).
type OwnLimits interface {
	Of(ctx context.Context, who client.ID) (client.OwnCaps, error)
	Tighten(ctx context.Context, who client.ID, to client.Caps) error
}

func (d *Door) addOwnLimits(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	get(d, read("getOwnLimits", "/own-limits", "money", 422), d.ownLimits)
	tighten := write("tightenLimits", "/own-limits", "money", 200)
	tighten.Method = http.MethodPatch
	post(d, tighten, d.tightenLimits)
}

// OwnCaps are limits that the client set himself. What is absent is as the bank's.
type OwnCaps struct {
	One   *Money `json:"one_transfer,omitempty"`
	Day   *Money `json:"day,omitempty"`
	Month *Money `json:"month,omitempty"`
}

// OwnLimitSet is what holds now and what will.
type OwnLimitSet struct {
	InForce OwnCaps    `json:"in_force"`
	Next    *OwnCaps   `json:"next,omitempty"`
	From    *time.Time `json:"from,omitempty"`
}

// TighterLimits are the limits to be lower; what is absent stays.
type TighterLimits struct {
	One   *Money `json:"one_transfer,omitempty"`
	Day   *Money `json:"day,omitempty"`
	Month *Money `json:"month,omitempty"`
}

func shownOwn(c client.Caps) OwnCaps {
	return OwnCaps{One: maybe(c.One), Day: maybe(c.Day), Month: maybe(c.Month)}
}

func (d *Door) ownLimits(ctx context.Context, c *call, _ *none) (*answer[OwnLimitSet], error) {
	own, err := d.d.OwnLimits.Of(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	now := d.d.DB.Now()
	out := OwnLimitSet{InForce: shownOwn(own.At(now))}
	if own.Waits(now) {
		next, from := shownOwn(own.Next), own.From.UTC()
		out.Next, out.From = &next, &from
	}
	return ok(out)
}

// tightenLimits lowers limits at once; a raise is for the client himself.
func (d *Door) tightenLimits(ctx context.Context, c *call, in *none, body *TighterLimits) (*answer[OwnLimitSet], error) {
	own, err := d.d.OwnLimits.Of(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	to := own.At(d.d.DB.Now())
	var bad flaws
	for _, m := range []struct {
		name  string
		given *Money
		into  *money.Amount
	}{{"one_transfer", body.One, &to.One}, {"day", body.Day, &to.Day}, {"month", body.Month, &to.Month}} {
		if m.given == nil {
			continue
		}
		var err error
		*m.into, err = m.given.sum(m.name)
		bad.add(err)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	if err := d.d.OwnLimits.Tighten(ctx, c.token.Client, to); err != nil {
		return nil, err
	}
	return d.ownLimits(ctx, c, in)
}
