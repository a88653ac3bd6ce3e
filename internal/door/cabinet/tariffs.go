package cabinet

import (
	"net/http"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

// TariffsView is GET /tariffs: what everything costs today and, when it is
// known, from when on it will cost something else.
type TariffsView struct {
	ui.Page
	Now  TariffVersion
	Next *TariffVersion // nil: no other is known
}

// TariffVersion is a price list in words.
type TariffVersion struct {
	Number int64
	From   time.Time // zero: it was always in force
	Lines  []TariffLine
}

// TariffLine is one price: of what, towards whom or for which sums, and how much.
type TariffLine struct{ What, Price string }

// prices tells in words what a kind of operation costs now.
func (d *Door) prices(r *http.Request, kind tariff.Kind) (string, error) {
	v, err := d.Tariffs.InForce(r.Context())
	return v.Sentence(d.page(r).P, kind), err
}

func (d *Door) getTariffs(w http.ResponseWriter, r *http.Request) error {
	book, err := d.Tariffs.Book(r.Context())
	if err != nil {
		return err
	}
	now := d.DB.Now()
	v := TariffsView{Page: d.shown(w, r)}
	if t, ok := book.At(now); ok {
		v.Now = shownTariff(v.P, t, d.sold)
	}
	if t, ok := book.After(now); ok {
		next := shownTariff(v.P, t, d.sold)
		v.Next = &next
	}
	return d.render(w, r, http.StatusOK, TariffsPage(v))
}

// sold tells whether the bank does a kind of operation today.
func (d *Door) sold(k tariff.Kind) bool {
	switch k {
	case tariff.CardOut:
		return d.open(payout.Card)
	case tariff.PhoneOut:
		return d.open(payout.Phone)
	}
	return k.Open()
}

func shownTariff(p *locale.Printer, t tariff.Version, sold func(tariff.Kind) bool) TariffVersion {
	out := TariffVersion{Number: t.Number}
	if t.From.After(tariff.Standard().From) { // the bank's first list was always in force
		out.From = t.From
	}
	for _, k := range tariff.Kinds() {
		for _, r := range t.Rules {
			if r.Kind != k {
				continue
			}
			what := k.Title(p)
			if which := t.What(p, r); which != "" {
				what += ", " + which
			}
			if !sold(k) {
				what = p.T("cabinet.tariffs.soon", locale.A("what", what))
			}
			out.Lines = append(out.Lines, TariffLine{what, r.Words(p)})
		}
	}
	return out
}
