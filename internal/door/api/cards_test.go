package api_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/api"
)

// uses is a room of purchases that remembers what it was told.
type uses struct {
	past    []card.Past
	regular []string
}

func (u *uses) Open(context.Context, db.Tx, client.ID, id.ID) (int, error) { return 0, nil }

func (u *uses) Since(context.Context, client.ID, id.ID, time.Time) ([]card.Past, error) {
	return u.past, nil
}

func (u *uses) Regular(context.Context, client.ID, id.ID, time.Time) ([]string, error) {
	return u.regular, nil
}

// cardOf is the card that a client got when he came.
func (w *world) cardOf(p person) string {
	w.Helper()
	all, err := w.Cards.Of(ctx, p.id)
	if err != nil || len(all) == 0 {
		w.Fatal(len(all), err)
	}
	return all[0].ID.Text(card.Prefix)
}

func (w *world) plastic(p person) string {
	w.Helper()
	k, err := w.Cards.OrderPlastic(ctx, p.id, card.NewPlastic{Place: card.Place{Address: "Москва, Тверская ул., 1"}})
	if err != nil {
		w.Fatal(err)
	}
	return k.ID.Text(card.Prefix)
}

// with asks for something under /cards/{id} of a person's first card.
func (w *world) with(p person, method, act string, body any) reply {
	w.Helper()
	return w.do(ask{method: method, path: "/api/v1/cards/" + w.cardOf(p) + act, token: p.transfer, body: body})
}

// A program governs a card: how it looks, whether it works, how long it rests.
func TestCardActs(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 100)
		is := func(r reply, member, want string) {
			w.Helper()
			if got := fmt.Sprint(r.body[member]); r.status != 200 || got != want {
				w.Errorf("%s is %s, want %s: %d %s", member, got, want, r.status, r.raw)
			}
		}
		is(w.with(anna, "PUT", "/name", obj{"name": "  На  отпуск "}), "name", "На отпуск")
		is(w.with(anna, "PUT", "/art", obj{"art": "flame"}), "art", "flame")
		is(w.with(anna, "PUT", "/name", obj{"name": ""}), "name", "<nil>")
		w.problem(w.with(anna, "PUT", "/name", obj{}), 422, "api.required")
		w.problem(w.with(anna, "PUT", "/name", obj{"name": strings.Repeat("я", 31)}), 422, "card.bad_name")
		for _, art := range []string{"Flame", "4", "-1", "ночь"} {
			w.problem(w.with(anna, "PUT", "/art", obj{"art": art}), 422, "card.bad_art")
		}

		is(w.with(anna, "POST", "/freeze", nil), "frozen_by", "client")
		w.problem(w.with(anna, "POST", "/freeze", nil), 409, "card.not_active")
		w.problem(w.with(anna, "POST", "/suspend", obj{"until": "2026-12-01"}), 409, "card.not_active")
		is(w.with(anna, "POST", "/unfreeze", obj{}), "state", "active")
		w.problem(w.with(anna, "POST", "/unfreeze", nil), 409, "card.not_frozen")
		w.problem(w.with(anna, "POST", "/unfreeze", obj{"by": "bank"}), 422, "api.unknown_field")

		w.uses.regular = []string{"KINOPOISK", "YANDEX PLUS"}
		if r := w.with(anna, "GET", "/subscriptions", nil); r.status != 200 || fmt.Sprint(r.body["merchants"]) != "[KINOPOISK YANDEX PLUS]" {
			w.Errorf("%d %s", r.status, r.raw)
		}
		for until, code := range map[string]string{
			"2026-11-22": "card.bad_until", "2027-02-23": "card.bad_until", "1812-06-24": "card.bad_until", "9999-12-31": "card.bad_until",
			"": "api.required", "tomorrow": "api.date", "2026-02-30": "api.date", "2026-12-01T00:00:00Z": "api.date", "01.12.2026": "api.date", "２０２６-12-01": "api.date",
		} {
			w.problem(w.with(anna, "POST", "/suspend", obj{"until": until}), 422, code)
		}
		w.problem(w.with(anna, "POST", "/resume", nil), 409, "card.not_suspended")
		is(w.with(anna, "POST", "/suspend", obj{"until": "2027-02-22"}), "suspended_until", "2027-02-22")
		is(w.with(anna, "GET", "", nil), "state", "suspended")
		is(w.with(anna, "POST", "/resume", nil), "state", "active")

		// «Это не я» is the bank's to lift.
		if err := w.DB.Write(ctx, func(tx db.Tx) error { _, err := w.Cards.FreezeAll(ctx, tx, anna.id); return err }); err != nil {
			w.Fatal(err)
		}
		is(w.with(anna, "GET", "", nil), "frozen_by", "not_me")
		w.problem(w.with(anna, "POST", "/unfreeze", nil), 422, "card.bank_froze")
		w.problem(w.do(ask{method: "POST", path: "/api/v1/virtual-cards", token: anna.transfer, key: "round", body: obj{"account": anna.from()}}), 422, "card.bank_froze")
	})
}

// A key makes one card, however often and by whichever token it is asked for.
func TestNewCards(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 100), w.person(2, 0)
		issue := func(token, key string, body any) reply {
			w.Helper()
			return w.do(ask{method: "POST", path: "/api/v1/virtual-cards", token: token, key: key, body: body})
		}
		order := func(key string, body any) reply {
			w.Helper()
			return w.do(ask{method: "POST", path: "/api/v1/plastic-cards", token: anna.transfer, key: key, body: body})
		}
		body := obj{"account": anna.from(), "name": "Для игр", "art": "mint", "dynamic_cvc": true,
			"rules": obj{"abroad": false, "one_shot": true, "shut_countries": []string{"840", "276"}, "cash_caps": obj{"in_day": rub("100")}}}
		const n = 8
		answers := make([]reply, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				answers[i], _ = w.try(ask{method: "POST", path: "/api/v1/virtual-cards", token: anna.transfer, key: "games", body: body})
			})
		}
		wg.Wait()
		made := answers[0]
		fresh := 0
		for _, r := range answers {
			if r.status != 201 || r.raw != made.raw || r.header.Get("Location") != "/api/v1/cards/"+made.text("id") {
				w.Errorf("%d %v %s", r.status, r.header, r.raw)
			}
			if r.header.Get("Idempotency-Replayed") == "" {
				fresh++
			}
		}
		if fresh != 1 {
			w.Errorf("%d answers were not replays", fresh)
		}
		if made.text("name") != "Для игр" || made.text("art") != "mint" || made.text("state") != "active" || made.body["dynamic_cvc"] != true || made.body["main"] != false {
			w.Error(made.raw)
		}
		rules := w.get(anna.reading, "/cards/"+made.text("id")+"/rules")
		if rules.body["abroad"] != false || rules.body["one_shot"] != true || fmt.Sprint(rules.body["shut_countries"]) != "[276 840]" || rules.text("cash_caps.in_day.amount") != "100.00" {
			w.Error(rules.raw)
		}
		// Weeks later, by another token: the same answer, whatever became of the card.
		w.with2(anna, made.text("id"), "/freeze")
		w.with2(anna, made.text("id"), "/main")
		w.clock.Add(90 * 24 * time.Hour)
		later := w.second(anna)
		if r := issue(later, "games", body); r.status != 201 || r.raw != made.raw || r.header.Get("Idempotency-Replayed") != "true" {
			w.Errorf("%d %v %s", r.status, r.header, r.raw)
		}
		if r := w.get(later, "/cards/"+made.text("id")); r.text("state") != "frozen" || r.body["main"] != true {
			w.Errorf("the card itself: %s", r.raw)
		}
		// Another wish under the key is refused, and makes nothing.
		for member, value := range map[string]any{"name": "Для дела", "art": "flame", "dynamic_cvc": false, "rules": obj{"abroad": false}} {
			other := maps.Clone(body)
			other[member] = value
			w.problem(issue(later, "games", other), 409, "api.card_key_reused")
			delete(other, member)
			w.problem(issue(later, "games", other), 409, "api.card_key_reused")
		}
		anna.transfer = later
		pavels := w.second(pavel)
		if r := issue(pavels, "games", obj{"account": pavel.from()}); r.status != 201 || r.text("id") == made.text("id") {
			w.Errorf("another client's key: %d %s", r.status, r.raw)
		}
		w.problem(order("games", obj{"account": anna.from(), "address": "Москва, Тверская ул., 1"}), 409, "api.card_key_reused")
		w.problem(issue(later, "", body), 400, "api.idempotency_key")
		w.problem(issue(later, "a b", body), 400, "api.idempotency_key_form")

		for name, c := range map[string]struct {
			body   any
			status int
			code   string
			field  string
		}{
			"nothing":             {obj{}, 422, "api.required", "account"},
			"another's account":   {obj{"account": pavel.from()}, 404, "transfer.no_such_account", "account"},
			"no account":          {obj{"account": "ac_1"}, 404, "transfer.no_such_account", "account"},
			"long name":           {obj{"account": anna.from(), "name": strings.Repeat("a", 31)}, 422, "card.bad_name", "name"},
			"strange picture":     {obj{"account": anna.from(), "art": "gold"}, 422, "card.bad_art", "art"},
			"strange rule":        {obj{"account": anna.from(), "rules": obj{"teleport": true}}, 422, "api.unknown_field", "rules.teleport"},
			"a cap that is none":  {obj{"account": anna.from(), "rules": obj{"ceiling": rub("0")}}, 422, "amount.not_positive", "rules.ceiling.amount"},
			"a cap above the top": {obj{"account": anna.from(), "rules": obj{"home_caps": obj{"in_day": rub("100000000.01")}}}, 422, "card.bad_cap", "rules.home_caps.in_day.amount"},
			"a shut home":         {obj{"account": anna.from(), "rules": obj{"shut_countries": []string{"643"}}}, 422, "card.bad_country", "rules.shut_countries"},
			"plastic's address":   {obj{"account": anna.from(), "address": "x"}, 422, "api.unknown_field", "address"},
		} {
			r := issue(later, "bad", c.body)
			w.problem(r, c.status, c.code)
			if r.text("field") != c.field {
				w.Errorf("%s: field %q, want %q", name, r.text("field"), c.field)
			}
		}
		for name, c := range map[string]struct {
			body obj
			code string
		}{
			"nowhere":        {obj{"account": anna.from()}, "api.required"},
			"half a place":   {obj{"account": anna.from(), "address": "Москва"}, "card.bad_place"},
			"a long wish":    {obj{"account": anna.from(), "address": "Москва, Тверская ул., 1", "wish": strings.Repeat("я", 201)}, "card.bad_wish"},
			"rules too soon": {obj{"account": anna.from(), "address": "Москва, Тверская ул., 1", "rules": obj{}}, "api.unknown_field"},
		} {
			if r := order("bad", c.body); r.text("code") != c.code {
				w.Errorf("%s: %s", name, r.raw)
			}
		}
		plastic := order("plastic", obj{"account": anna.from(), "address": "Москва, Тверская ул., 1", "wish": "после семи"})
		if plastic.status != 201 || plastic.text("state") != "not_activated" || plastic.text("product") != "plastic_world" {
			w.Fatalf("%d %s", plastic.status, plastic.raw)
		}
		again := order("plastic", obj{"account": anna.from(), "address": " Москва,  Тверская ул., 1", "wish": "после семи"})
		if again.status != 201 || again.raw != plastic.raw || again.header.Get("Idempotency-Replayed") != "true" || plastic.header.Get("Idempotency-Replayed") != "" {
			w.Errorf("%d %v %s", again.status, again.header, again.raw)
		}
		w.problem(order("plastic", obj{"account": anna.from(), "address": "Москва, Тверская ул., 2", "wish": "после семи"}), 409, "api.card_key_reused")
		if r := w.get(later, "/cards/"+plastic.text("id")+"/delivery"); r.status != 200 || r.text("state") != "ordered" || strings.Contains(r.raw, "Тверская") || strings.Contains(r.raw, "made_at") {
			w.Errorf("%d %s", r.status, r.raw)
		}
		w.problem(w.get(later, "/cards/"+made.text("id")+"/delivery"), 404, "card.no_delivery")
	})
}

func (w *world) with2(p person, card, act string) {
	w.Helper()
	if r := w.post(p.transfer, "/cards/"+card+act, nil); r.status != 200 {
		w.Fatalf("%s: %d %s", act, r.status, r.raw)
	}
}

// Rules are tightened at once, and only tightened; a dry run tells what they
// would have refused and changes nothing.
func TestCardRules(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 100)
		at := w.clock.Now().Add(-48 * time.Hour)
		w.uses.past = []card.Past{
			{Operation: id.ID{2}, At: at, Attempt: card.Attempt{Channel: card.Chip, Country: "840", MCC: "7995", Merchant: "CASINO", Amount: money.Rub(500_00)}},
			{Operation: id.ID{1}, At: at.Add(-time.Hour), Attempt: card.Attempt{Channel: card.Chip, Home: true, Country: "643", MCC: "5411", Merchant: "MAGNIT", Amount: money.Rub(70_00)}},
		}
		try := func(body obj) (looser bool, rules []string) {
			w.Helper()
			r := w.do(ask{method: "POST", path: "/api/v1/cards/" + w.cardOf(anna) + "/rules/dry-run", token: anna.reading, body: body})
			if r.status != 200 {
				w.Fatalf("%d %s", r.status, r.raw)
			}
			for _, h := range r.body["refused"].([]any) {
				rules = append(rules, h.(obj)["rule"].(string))
			}
			return r.body["looser"].(bool), rules
		}
		if looser, rules := try(obj{"abroad": false, "home_caps": obj{"per_operation": rub("70")}}); looser || !slices.Equal(rules, []string{"abroad"}) {
			w.Error(looser, rules)
		}
		if _, rules := try(obj{"shut_groups": []string{"gambling", "groceries"}}); !slices.Equal(rules, []string{"mcc", "mcc"}) {
			w.Error(rules)
		}
		if _, rules := try(obj{}); len(rules) > 0 {
			w.Error(rules)
		}
		if r := w.with(anna, "GET", "/rules", nil); r.body["abroad"] != true {
			w.Error("a dry run changed the rules")
		}

		tighten := func(body any) reply { w.Helper(); return w.with(anna, "PATCH", "/rules", body) }
		if r := tighten(obj{"abroad": false, "home_caps": obj{"in_day": rub("500.00")}, "shut_groups": []string{"alcohol", "gambling", "alcohol"}}); r.status != 200 ||
			r.body["abroad"] != false || r.text("home_caps.in_day.amount") != "500.00" || fmt.Sprint(r.body["shut_groups"]) != "[alcohol gambling]" {
			w.Fatalf("%d %s", r.status, r.raw)
		}
		if looser, _ := try(obj{"abroad": true}); !looser {
			w.Error("opening is no loosening")
		}
		before := w.with(anna, "GET", "/rules", nil).raw
		for name, body := range map[string]obj{
			"a switch":       {"abroad": true},
			"beside another": {"abroad": true, "chip": false},
			"a cap":          {"home_caps": obj{"in_day": rub("500.01")}},
			"a group":        {"shut_groups": []string{"alcohol"}},
			"all groups":     {"shut_groups": []string{}},
		} {
			w.problem(tighten(body), 403, "api.looser_rules")
			if got := w.with(anna, "GET", "/rules", nil).raw; got != before {
				w.Errorf("%s: now %s", name, got)
			}
		}
		w.problem(tighten(obj{}), 422, "card.no_change")
		w.problem(tighten(obj{"abroad": false}), 422, "card.no_change")
		for name, c := range map[string]struct {
			body        any
			code, field string
		}{
			"a text for a switch":    {`{"chip":"no"}`, "api.wrong_type", "chip"},
			"a number for a sum":     {`{"ceiling":{"amount":5,"currency":"RUB"}}`, "api.amount_type", "ceiling.amount"},
			"a float in a cap":       {`{"cash_caps":{"in_month":{"amount":5.5,"currency":"RUB"}}}`, "api.amount_type", "cash_caps.in_month.amount"},
			"below nought":           {obj{"abroad_caps": obj{"in_day": rub("-1")}}, "amount.not_positive", "abroad_caps.in_day.amount"},
			"three decimals":         {obj{"abroad_caps": obj{"in_month": rub("1.001")}}, "amount.too_many_decimals", "abroad_caps.in_month.amount"},
			"dollars":                {obj{"ceiling": obj{"amount": "1", "currency": "USD"}}, "api.currency", "ceiling.currency"},
			"nothing of a sum":       {obj{"ceiling": obj{}}, "api.required", "ceiling.currency"},
			"above the top":          {obj{"cash_caps": obj{"per_operation": rub("100000000.01")}}, "card.bad_cap", "cash_caps.per_operation.amount"},
			"no country":             {obj{"shut_countries": []string{"999"}}, "card.bad_country", "shut_countries"},
			"letters for a country":  {obj{"shut_countries": []string{"US"}}, "card.bad_country", "shut_countries"},
			"too many countries":     {obj{"shut_countries": make([]string, 300)}, "card.bad_country", "shut_countries"},
			"no group":               {obj{"shut_groups": []string{"money"}}, "card.bad_group", "shut_groups"},
			"a long shop":            {obj{"merchant": strings.Repeat("Я", 61)}, "card.bad_merchant", "merchant"},
			"unknown":                {obj{"abroad_caps": obj{"year": rub("1")}}, "api.unknown_field", "abroad_caps.year"},
			"twice":                  {`{"chip":false,"chip":true}`, "api.duplicate_field", "chip"},
			"not a document":         {`[]`, "api.wrong_type", ""},
			"a document of nowhere":  {`{"home_caps":[]}`, "api.wrong_type", "home_caps"},
			"numbers for countries":  {`{"shut_countries":[840]}`, "api.wrong_type", "shut_countries"},
			"a text for a list":      {`{"shut_groups":"gambling"}`, "api.wrong_type", "shut_groups"},
			"a document for a group": {`{"shut_groups":[{}]}`, "api.wrong_type", "shut_groups"},
		} {
			for _, r := range []reply{tighten(c.body), w.with(anna, "POST", "/rules/dry-run", c.body)} {
				if r.text("code") != c.code || r.text("field") != c.field {
					w.Errorf("%s: %d %s", name, r.status, r.raw)
				}
			}
		}
		if got := w.with(anna, "GET", "/rules", nil).raw; got != before {
			w.Errorf("now %s", got)
		}
	})
}

// Identifiers that are no card's are missing, for whatever is asked.
func TestNobodysCards(t *testing.T) {
	w := lite(t, api.Rate{PerSecond: -1})
	anna := w.person(1, 0)
	own := w.cardOf(anna)
	for _, x := range []string{"x", "cd_", "cd_0", own + "x", strings.ToUpper(own), "op" + own[2:], own[:len(own)-1], "cd_" + strings.Repeat("z", 26), strings.Repeat("a", 3000), "%00", (id.ID{1}).Text(card.Prefix)} {
		for _, rt := range w.door.Routes() {
			if !strings.HasPrefix(rt.Path, "/api/v1/cards/{id}") {
				continue
			}
			var body any
			switch rt.ID {
			case "nameCard":
				body = obj{"name": "x"}
			case "paintCard":
				body = obj{"art": "mint"}
			case "suspendCard":
				body = obj{"until": "2026-12-01"}
			case "tightenCardRules", "tryCardRules":
				body = obj{"chip": false}
			}
			w.problem(w.do(ask{method: rt.Method, path: strings.Replace(rt.Path, "{id}", x, 1), token: anna.transfer, body: body}), 404, "card.missing")
		}
	}
	w.problem(w.get(anna.reading, "/cards/"+own+"?x=1"), 422, "api.unknown_parameter")
}
