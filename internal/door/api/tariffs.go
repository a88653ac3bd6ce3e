package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

// TariffList is what operations cost: today and, when it is known, later.
type TariffList struct {
	InForce  *Tariff `json:"in_force,omitempty"`
	Upcoming *Tariff `json:"upcoming,omitempty"`
}

// Tariff is a version of the price list. It never changes while it is in force.
type Tariff struct {
	Version   string       `json:"version" example:"1"`
	ValidFrom time.Time    `json:"valid_from"`
	Rules     []TariffRule `json:"rules" nullable:"false"`
}

// TariffRule is one price: of a kind of operation, towards one bank or any, for
// a band of sums.
type TariffRule struct {
	Rule    string `json:"rule" example:"1.3"`
	Kind    string `json:"kind" enum:"topup,friend,card_out,phone_out,link,requisites"`
	Bank    string `json:"bank,omitempty" example:"zarya"`
	Least   *Money `json:"amount_from,omitempty"`
	Most    *Money `json:"amount_to,omitempty"`
	Percent string `json:"percent" example:"1.5"`
	AtLeast *Money `json:"at_least,omitempty"`
	AtMost  *Money `json:"at_most,omitempty"`
	Free    *Money `json:"free_in_month,omitempty"`
	Words   string `json:"words" example:"to Zarya Bank: 1.5%, at least ₽30"`
}

func (d *Door) tariffs(ctx context.Context, c *call, _ *none) (*answer[TariffList], error) {
	book, err := d.d.Tariffs.Book(ctx)
	if err != nil {
		return nil, err
	}
	now := d.d.DB.Now()
	var out TariffList
	if v, ok := book.At(now); ok {
		out.InForce = shownTariff(c.p, v)
	}
	if v, ok := book.After(now); ok {
		out.Upcoming = shownTariff(c.p, v)
	}
	return ok(out)
}

func shownTariff(p *locale.Printer, v tariff.Version) *Tariff {
	out := Tariff{Version: strconv.FormatInt(v.Number, 10), ValidFrom: v.From.UTC(), Rules: []TariffRule{}}
	for _, r := range v.Rules {
		out.Rules = append(out.Rules, TariffRule{
			Rule: ruleText(v.Number, r.N), Kind: string(r.Kind), Bank: r.Bank, Least: maybe(r.From), Most: maybe(r.To), Percent: r.Percent(),
			AtLeast: maybe(r.Min), AtMost: maybe(r.Max), Free: maybe(r.Free), Words: v.Words(p, r),
		})
	}
	return &out
}

// ruleText names a rule for ever: by its version and its place in it.
func ruleText(version int64, rule int) string { return fmt.Sprintf("%d.%d", version, rule) }

// maybe shows a sum that may be absent.
func maybe(a money.Amount) *Money {
	if a.Cur == 0 {
		return nil
	}
	m := shown(a)
	return &m
}
