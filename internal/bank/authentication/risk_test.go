package authentication

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/threeds"
)

// usualFacts are a small purchase of a known card in a known shop on a known
// browser, at noon.
func usualFacts() facts {
	c := card.Card{State: card.Active, Year: 2031, Month: 11, Rules: card.Standard()}
	return facts{
		ask: threeds.AReq{
			Channel: threeds.ChannelBrowser, Category: threeds.Payment, AuthenticationInd: threeds.ForPayment, ChallengeInd: threeds.NoPreference,
			MCC: "5411", MerchantCountryCode: "643", MerchantName: "Shop", AcquirerBIN: "123456", AcquirerMerchantID: "SHOP1", CardExpiryDate: "3111",
		},
		known: true, face: card.Face{Card: c, Status: card.Active, Expires: "3111"}, sum: Sum{money.Rub(500_00), 2, "RUB"}, sane: true,
		now: time.Date(2026, 11, 22, 12, 0, 0, 0, clock.Moscow), knownShop: true, knownBrowser: true,
	}
}

// One row per rule: what is unusual, and the answer.
func TestDecide(t *testing.T) {
	t.Parallel()
	blocked := func(why card.Why) func(f *facts) {
		return func(f *facts) { f.face.Status, f.face.Why = card.Blocked, why }
	}
	roubles := func(n int64) func(f *facts) { return func(f *facts) { f.sum.Minor = n * 100 } }
	wish := func(w threeds.ChallengeInd) func(f *facts) { return func(f *facts) { f.ask.ChallengeInd = w } }
	alone := func(ind threeds.ThreeRIInd, more ...func(f *facts)) func(f *facts) {
		return func(f *facts) {
			f.ask.Channel, f.ask.ThreeRIInd, f.knownBrowser = threeds.Channel3RI, ind, false
			for _, m := range more {
				m(f)
			}
		}
	}
	patient := func(f *facts) { f.ask.DecoupledRequest, f.ask.DecoupledMaxTime = "Y", "30" }
	strange := func(f *facts) { f.knownShop, f.knownBrowser = false, false }
	all := func(fs ...func(f *facts)) func(f *facts) {
		return func(f *facts) {
			for _, fn := range fs {
				fn(f)
			}
		}
	}
	rules := Rules{ShutCountries: []string{"408"}, ShutShops: []string{"123456|THIEF"}}.orUsual()
	for _, c := range []struct {
		name   string
		change func(f *facts)
		status threeds.Status
		reason threeds.Reason
	}{
		{"usual", func(*facts) {}, "Y", ""},
		{"unknown card", func(f *facts) { f.known = false }, "N", "08"},
		{"frozen", func(f *facts) { f.face.Status = card.Frozen }, "N", "12"},
		{"suspended", func(f *facts) { f.face.Status = card.Suspended }, "N", "12"},
		{"not activated", func(f *facts) { f.face.Status = card.NotActivated }, "N", "13"},
		{"closed", func(f *facts) { f.face.Status = card.Closed }, "N", "08"},
		{"stolen", blocked(card.Stolen), "R", "10"},
		{"lost", blocked(card.Lost), "R", "10"},
		{"fraud", blocked(card.Fraud), "R", "11"},
		{"leaked", blocked(card.Leaked), "R", "11"},
		{"worn", blocked(card.Worn), "N", "08"},
		{"expired", func(f *facts) { f.now = time.Date(2031, 12, 1, 0, 0, 0, 0, clock.Moscow) }, "N", "05"},
		{"another date", func(f *facts) { f.ask.CardExpiryDate = "3012" }, "N", "05"},
		{"no date told", func(f *facts) { f.ask.CardExpiryDate = "" }, "Y", ""},
		{"no sum", func(f *facts) { f.sane = false }, "N", "07"},
		{"internet switched off", func(f *facts) { f.face.Rules.Internet = false }, "N", "12"},
		{"abroad switched off", func(f *facts) { f.face.Rules.Abroad = false; f.ask.MerchantCountryCode = "840" }, "N", "12"},
		{"trade switched off", func(f *facts) { f.face.Rules.MCCGroups = []card.Group{card.Groceries} }, "N", "12"},
		{"above the card's cap", func(f *facts) { f.face.Rules.Home.Operation = money.Rub(499_99) }, "N", "12"},
		{"a cap and another currency", func(f *facts) {
			f.face.Rules.Home.Operation, f.sum = money.Rub(499_99), Sum{money.Amount{Minor: 100, Cur: 840}, 2, "USD"}
		}, "C", ""},
		{"country shut", func(f *facts) { f.ask.MerchantCountryCode = "408" }, "R", "11"},
		{"shop shut", func(f *facts) { f.ask.AcquirerMerchantID = "THIEF" }, "R", "11"},
		{"from an app", func(f *facts) { f.ask.Channel = threeds.ChannelApp }, "U", "03"},

		{"new shop", func(f *facts) { f.knownShop = false }, "Y", ""},
		{"new browser", func(f *facts) { f.knownBrowser = false }, "Y", ""},
		{"both new", strange, "C", ""},
		{"15 000 ₽", roubles(15_000), "Y", ""},
		{"15 000,01 ₽", func(f *facts) { f.sum.Minor = 15_000_01 }, "C", ""},
		{"new shop at night abroad", func(f *facts) {
			f.knownShop, f.ask.MerchantCountryCode, f.now = false, "840", time.Date(2026, 11, 22, 3, 0, 0, 0, clock.Moscow)
		}, "C", ""},
		{"gambling", func(f *facts) { f.ask.MCC = "7995" }, "C", ""},
		{"hasty", func(f *facts) { f.hour = 5 }, "C", ""},
		{"many free", func(f *facts) { f.free = 5 }, "C", ""},
		{"all at once", all(strange, roubles(200_000), func(f *facts) { f.hour, f.day = 30, 30 }), "R", "11"},
		{"too many wrong codes", all(strange, func(f *facts) { f.paused = true }), "N", "04"},
		{"wrong codes and a usual purchase", func(f *facts) { f.paused = true }, "N", "04"},

		{"shop trusts, both new", all(strange, wish(threeds.NoChallengeRiskDone)), "C", ""},
		{"shop trusts, a little odd", all(func(f *facts) { f.knownShop, f.ask.MerchantCountryCode = false, "840" }, wish(threeds.NoChallenge)), "Y", ""},
		{"shop doubts", wish(threeds.ChallengeRequested), "C", ""},
		{"mandated", wish(threeds.ChallengeMandated), "C", ""},
		{"data only", wish(threeds.NoChallengeDataOnly), "I", ""},
		{"data only, odd", all(strange, wish(threeds.NoChallengeDataOnly)), "I", ""},
		{"data only, unbearable", all(strange, roubles(200_000), func(f *facts) { f.hour, f.day = 30, 30 }, wish(threeds.NoChallengeDataOnly)), "R", "11"},
		{"add card", func(f *facts) { f.ask.AuthenticationInd = threeds.ForAddCard }, "C", ""},
		{"maintain card", func(f *facts) { f.ask.AuthenticationInd = threeds.ForMaintainCard }, "C", ""},
		{"no payment", func(f *facts) { f.ask.Category, f.sum = threeds.NonPayment, Sum{} }, "C", ""},

		{"alone, recurring, known", alone(threeds.RecurringTransaction), "Y", ""},
		{"alone, instalment, known", alone(threeds.InstalmentTransaction), "Y", ""},
		{"alone, recurring, unknown", alone(threeds.RecurringTransaction, func(f *facts) { f.knownShop = false }), "N", "21"},
		{"alone, recurring, much", alone(threeds.RecurringTransaction, roubles(20_000)), "N", "21"},
		{"alone, another reason", alone(threeds.AccountVerification), "N", "21"},
		{"alone and patient", alone(threeds.AddCard3RI, patient), "D", ""},
		{"alone, recurring, much, patient", alone(threeds.RecurringTransaction, roubles(20_000), patient), "D", ""},
		{"alone and patient, wrong codes", alone(threeds.AddCard3RI, patient, func(f *facts) { f.paused = true }), "N", "04"},
	} {
		f := usualFacts()
		c.change(&f)
		if v := rules.decide(f); v.status != c.status || v.reason != c.reason {
			t.Errorf("%s: %s %q (%d: %s), want %s %q", c.name, v.status, v.reason, v.score, signsText(v.signs), c.status, c.reason)
		}
	}
}

// Whatever the facts, the answer is one that the protocol allows for the
// question, and more risk never gets a better answer.
func TestDecide_Properties(t *testing.T) {
	t.Parallel()
	rank := map[threeds.Status]int{"Y": 0, "I": 0, "D": 1, "C": 1, "N": 2, "R": 3, "U": 4}
	rapid.Check(t, func(t *rapid.T) {
		f := usualFacts()
		f.sum.Minor = rapid.Int64Range(0, 300_000_00).Draw(t, "sum")
		f.knownShop, f.knownBrowser = rapid.Bool().Draw(t, "shop"), rapid.Bool().Draw(t, "browser")
		f.hour, f.day = rapid.Int64Range(0, 10).Draw(t, "hour"), rapid.Int64Range(0, 30).Draw(t, "day")
		f.ask.Channel = rapid.SampledFrom([]threeds.Channel{"02", "02", "03"}).Draw(t, "channel")
		f.ask.ChallengeInd = rapid.SampledFrom([]threeds.ChallengeInd{"", "01", "02", "03", "04", "05", "06", "07", "08", "09"}).Draw(t, "wish")
		f.ask.ThreeRIInd = rapid.SampledFrom([]threeds.ThreeRIInd{"01", "02", "03"}).Draw(t, "3RI")
		if rapid.Bool().Draw(t, "patient") {
			f.ask.DecoupledRequest, f.ask.DecoupledMaxTime = "Y", "5"
		}
		r := Rules{}.orUsual()
		v := r.decide(f)
		switch {
		case v.status == threeds.Challenge && (f.ask.Channel == threeds.Channel3RI || f.ask.ChallengeInd == threeds.NoChallengeDataOnly),
			v.status == threeds.Decoupled && f.ask.DecoupledRequest != "Y",
			v.status == threeds.Informational && f.ask.ChallengeInd != threeds.NoChallengeDataOnly,
			(v.status == threeds.Denied || v.status == threeds.Rejected) && v.reason == "":
			t.Fatalf("answered %s %q to %+v", v.status, v.reason, f.ask)
		}
		worse := f
		worse.knownShop, worse.sum.Minor, worse.hour = false, f.sum.Minor*2, f.hour+1
		if w := r.decide(worse); rank[w.status] < rank[v.status] {
			t.Fatalf("%s became %s with more risk", v.status, w.status)
		}
	})
}

func TestSumText(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Sum{
		"250.00 USD": {money.Amount{Minor: 25000, Cur: 840}, 2, "USD"}, "7 JPY": {money.Amount{Minor: 7, Cur: 392}, 0, "JPY"},
		"1.005 KWD": {money.Amount{Minor: 1005, Cur: 414}, 3, "KWD"}, "0.05 EUR": {money.Amount{Minor: 5, Cur: 978}, 2, "EUR"},
	} {
		if got := s.plain(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
