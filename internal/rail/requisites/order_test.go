package requisites_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/rail/requisites"
)

func firm() requisites.Order {
	return requisites.Order{BIK: "049805746", CorrAccount: "30101810800000000746", Account: "40602810700000000025",
		Payee: "ООО «Ромашка»", INN: "7707083893", KPP: "773601001", Purpose: "Оплата по счёту № 17 — ноябрь"}
}

// The single tax payment: its requisites are fixed.
func tax() requisites.Order {
	return requisites.Order{BIK: "017003983", CorrAccount: "40102810445370000059", Account: "03100643000000018500",
		Payee: "Казначейство России (ФНС России)", INN: "7727406020", KPP: "770801001", UIN: "0", Purpose: "Единый налоговый платеж", PayerINN: "500100732259", PayerKPP: "0",
		Budget: &requisites.Budget{Status: "13", KBK: "18201061201010000510", OKTMO: "0", Basis: "0", Period: "0", Number: "0", Date: "0"}}
}

func words(flaws []*requisites.Flaw) (out []string) {
	for _, f := range flaws {
		out = append(out, strings.TrimPrefix(f.Error(), "requisites: "))
	}
	return out
}

func TestCleanOrders(t *testing.T) {
	t.Parallel()
	o, flaws := firm().Clean()
	if flaws != nil || o.Payee != `ООО "Ромашка"` || o.Purpose != "Оплата по счёту N 17 - ноябрь" {
		t.Errorf("%+v %v", o, words(flaws))
	}
	if _, flaws := tax().Clean(); flaws != nil {
		t.Error(words(flaws))
	}
	unit := requisites.Order{BIK: "049805000", Account: "40116810000000000001", Payee: "РКЦ", Purpose: "По договору"}
	k, f := requisites.AccountKey(unit.Account, unit.BIK)
	if f != nil {
		t.Fatal(f)
	}
	unit.Account = unit.Account[:8] + string(k) + unit.Account[9:]
	if _, flaws := unit.Clean(); flaws != nil {
		t.Error(words(flaws))
	}
}

// Each thing that may be wrong is told, all at once and in the order of the
// form.
func TestFlawsOfOrders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order  func() requisites.Order
		change func(*requisites.Order)
		want   []string
	}{
		"nothing": {func() requisites.Order { return requisites.Order{} }, func(*requisites.Order) {},
			[]string{"bik: empty at 0", "account: empty at 0", "payee: empty at 0", "purpose: empty at 0"}},
		"a wrong bank": {firm, func(o *requisites.Order) { o.BIK = "049805747" },
			[]string{"corr_account: other_bank at 17", "account: check_digit at 8"}},
		"no bank, a cut account": {firm, func(o *requisites.Order) { o.BIK, o.Account = "04980574", o.Account[:19] },
			[]string{"bik: length at 8", "account: length at 19"}},
		"dollars": {firm, func(o *requisites.Order) {
			o.Account = "40702840700000000025"
			k, _ := requisites.AccountKey(o.Account, o.BIK)
			o.Account = o.Account[:8] + string(k) + o.Account[9:]
		}, []string{"account: currency at 5"}},
		"a person with a KPP":      {firm, func(o *requisites.Order) { o.INN = "500100732259" }, []string{"kpp: unexpected at 0"}},
		"a line break":             {firm, func(o *requisites.Order) { o.Purpose = "Оплата\nпо счету" }, []string{"purpose: charset at 6"}},
		"an emoji":                 {firm, func(o *requisites.Order) { o.Payee = "ООО 🌼" }, []string{"payee: charset at 4"}},
		"no UTF-8":                 {firm, func(o *requisites.Order) { o.Payee = "ООО \xff" }, []string{"payee: charset at 4"}},
		"a long purpose":           {firm, func(o *requisites.Order) { o.Purpose = strings.Repeat("я", 211) }, []string{"purpose: length at 210"}},
		"one that grows":           {firm, func(o *requisites.Order) { o.Purpose = strings.Repeat("я", 208) + "…" }, []string{"purpose: length at 210"}},
		"a long payee":             {firm, func(o *requisites.Order) { o.Payee = strings.Repeat("я", 161) }, []string{"payee: length at 160"}},
		"a wrong payer":            {firm, func(o *requisites.Order) { o.Payer, o.PayerINN, o.PayerKPP = "Иван\x00", "1", "1" }, []string{"payer: charset at 4", "payer_inn: length at 1", "payer_kpp: length at 1"}},
		"taxes without a receiver": {tax, func(o *requisites.Order) { o.INN, o.KPP = "", "" }, []string{"inn: empty at 0", "kpp: empty at 0"}},
		"taxes to a bank's client": {tax, func(o *requisites.Order) { o.Account = "40817810700000000001" }, []string{"account: check_digit at 8"}},
		"the code as the id":       {tax, func(o *requisites.Order) { o.Budget.KBK, o.UIN = "18810177261122000017", "18810177261122000017" }, []string{"uin: same_as_kbk at 0"}},
		"empty tax fields": {tax, func(o *requisites.Order) { *o.Budget = requisites.Budget{} },
			[]string{"payer_status: empty at 0", "kbk: empty at 0", "oktmo: empty at 0", "tax_basis: empty at 0", "tax_period: empty at 0", "tax_number: empty at 0", "tax_date: empty at 0"}},
	} {
		o := c.order()
		c.change(&o)
		_, flaws := o.Clean()
		if diff := cmp.Diff(c.want, words(flaws)); diff != "" || !requisites.Forbids(flaws) {
			t.Errorf("%s: %s", name, diff)
		}
	}
	o := tax()
	o.UIN = "03160177261122000011"
	if _, flaws := o.Clean(); len(flaws) != 1 || requisites.Forbids(flaws) {
		t.Errorf("a warning forbids: %v", words(flaws))
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"«Ёж» и „ёж“":            `"Ёж" и "ёж"`,
		"счёт №\u00a05":          "счёт N 5",
		"по–до—через−минус":      "по-до-через-минус",
		"  с краёв  ":            "с краёв",
		"и\u0306од е\u0308ж":     "йод ёж",
		"много…":                 "много...",
		"невидимый\u00adперенос": "невидимыйперенос",
		"‘a’ `b`":                "'a' 'b'",
	} {
		if got, f := requisites.Text(requisites.FieldPurpose, in, 210); f != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, f)
		}
	}
	for _, in := range []string{"", "   ", "\u00a0", "a\tb", "€5", "ї", "日本", "a\u202eb", "\x7f", "и\u0301"} {
		if got, f := requisites.Text(requisites.FieldPurpose, in, 210); f == nil {
			t.Errorf("%q became %q", in, got)
		}
	}
}
