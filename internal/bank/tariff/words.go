package tariff

import (
	"slices"
	"strings"

	"rocketbank/internal/base/locale"
)

// Name gives what the version calls a bank; empty for one it does not name.
func (v Version) Name(bank string, lang locale.Lang) string {
	for _, b := range v.Banks {
		if b.Code != bank {
			continue
		}
		if lang == locale.English {
			return b.EN
		}
		return b.RU
	}
	return ""
}

// Words tells a rule to people: «в Банк Заря: 1,5 %, не меньше 30 ₽».
func (v Version) Words(p *locale.Printer, r Rule) string {
	if name := v.Name(r.Bank, p.Lang()); name != "" {
		return p.T("tariff.to_bank", locale.A("bank", name), locale.A("price", r.Words(p)))
	}
	return r.Words(p)
}

// WordsFor tells a rule about one recipient's bank, as he is known: who falls
// under the rule of any bank is told so.
func (v Version) WordsFor(p *locale.Printer, r Rule, bank string) string {
	switch {
	case r.Bank != "":
		return v.Words(p, r)
	case bank == "":
		return p.T("tariff.unknown_bank", locale.A("price", r.Words(p)))
	}
	return p.T("tariff.to_bank", locale.A("bank", bank), locale.A("price", r.Words(p)))
}

// Words tells the price alone: «1,5 %, не меньше 30 ₽».
func (r Rule) Words(p *locale.Printer) string {
	switch {
	case r.Costless():
		return p.T("tariff.free")
	case r.Free.Cur != 0:
		return p.T("tariff.free_then", locale.A("free", r.Free), locale.A("price", r.charge(p)))
	}
	return r.charge(p)
}

func (r Rule) charge(p *locale.Printer) string {
	if r.PPM == 0 { // a flat fee
		return p.MoneyShort(r.Min)
	}
	out := p.Percent(r.PPM)
	if r.Min.Cur != 0 {
		out = p.T("tariff.at_least", locale.A("price", out), locale.A("min", r.Min))
	}
	if r.Max.Cur != 0 {
		out = p.T("tariff.at_most", locale.A("price", out), locale.A("max", r.Max))
	}
	return out
}

// Band tells for which sums a rule is; empty when for all.
func (r Rule) Band(p *locale.Printer) string {
	switch {
	case r.From.Minor > 1 && r.To.Cur != 0:
		return p.T("tariff.band", locale.A("from", r.From), locale.A("to", r.To))
	case r.From.Minor > 1:
		return p.T("tariff.band_from", locale.A("from", r.From))
	case r.To.Cur != 0:
		return p.T("tariff.band_to", locale.A("to", r.To))
	}
	return ""
}

// Sentence tells everything that a kind of operation costs, towards whomever:
// «до 2 999,99 ₽ — 1 %, не меньше 30 ₽; от 3 000 ₽ — бесплатно».
func (v Version) Sentence(p *locale.Printer, kind Kind) string {
	var out []string
	for _, r := range v.Rules {
		if r.Kind != kind {
			continue
		}
		words := v.Words(p, r)
		if r.Bank == "" && slices.ContainsFunc(v.Rules, func(o Rule) bool { return o.Kind == kind && o.Bank != "" }) {
			words = p.T("tariff.to_others", locale.A("price", words))
		}
		if band := r.Band(p); band != "" {
			words = p.T("tariff.banded", locale.A("band", band), locale.A("price", words))
		}
		out = append(out, words)
	}
	return strings.Join(out, "; ")
}

// What tells whom and which sums a rule of the list is about: «Банк Заря»,
// «другие банки», «до 3 000 ₽». Empty where there is nothing to tell apart.
func (v Version) What(p *locale.Printer, r Rule) string {
	var out []string
	if name := v.Name(r.Bank, p.Lang()); name != "" {
		out = append(out, p.T("tariff.bank", locale.A("bank", name)))
	} else if slices.ContainsFunc(v.Rules, func(o Rule) bool { return o.Kind == r.Kind && o.Bank != "" }) {
		out = append(out, p.T("tariff.other_banks"))
	}
	if band := r.Band(p); band != "" {
		out = append(out, band)
	}
	return strings.Join(out, ", ")
}

// Title names a kind of operation.
func (k Kind) Title(p *locale.Printer) string { return p.T("tariff.kind." + string(k)) }
