package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order/ordertest"
)

// bad is one thing that somebody may send and what it is answered with.
type bad struct {
	name   string
	path   string
	body   any
	status int
	code   string
	field  string
}

// Bad input: each endpoint refuses it clearly, in place, and nothing changes.
func TestBadInput(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 1000), w.person(2, 0)
		payee, from := w.payee(anna, pavel), anna.from()
		quote := w.quote(anna.transfer, obj{"payee": payee, "amount": rub("1.00"), "from": from}).text("quote")
		before := w.balance(anna)
		stranger, _ := ordertest.Key(9)

		var all []bad
		add := func(path, name string, body any, status int, code, field string) {
			all = append(all, bad{name, path, body, status, code, field})
		}
		good := map[string]string{
			"/recipients": `{"phone":"+79165550002"}`,
			"/quotes":     fmt.Sprintf(`{"payee":%q,"amount":{"amount":"1.00","currency":"RUB"},"from":%q}`, payee, from),
			"/transfers":  fmt.Sprintf(`{"quote":%q}`, quote),
		}
		first := map[string]string{"/recipients": "phone", "/quotes": "payee", "/transfers": "quote"}
		for path, doc := range good {
			name := first[path]
			add(path, "empty body", "", 400, "api.bad_json", "")
			add(path, "blanks", " \n", 400, "api.bad_json", "")
			add(path, "half", doc[:len(doc)-1], 400, "api.bad_json", "")
			add(path, "not JSON", "phone=1", 400, "api.bad_json", "")
			add(path, "two documents", doc+doc, 400, "api.trailing_data", "")
			add(path, "tail", doc+" x", 400, "api.trailing_data", "")
			add(path, "broken UTF-8", strings.Replace(doc, `":"`, "\":\"\xff", 1), 400, "api.bad_utf8", "")
			add(path, "unknown member", doc[:len(doc)-1]+`,"extra":1}`, 422, "api.unknown_field", "extra")
			add(path, "other case", strings.Replace(doc, name, strings.ToUpper(name), 1), 422, "api.unknown_field", strings.ToUpper(name))
			add(path, "twice", doc[:len(doc)-1]+`,"`+name+`":"x"}`, 400, "api.duplicate_field", name)
			add(path, "a number", `{"`+name+`":79165550002}`, 422, "api.wrong_type", name)
			add(path, "a list", `{"`+name+`":["x"]}`, 422, "api.wrong_type", name)
			add(path, "a list of documents", `[`+doc+`]`, 422, "api.wrong_type", "")
			add(path, "a string", `"x"`, 422, "api.wrong_type", "")
			add(path, "deep", `{"`+name+`":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`}`, 400, "api.too_deep", "")
			add(path, "huge", `{"`+name+`":"`+strings.Repeat("x", 70_000)+`"}`, 413, "api.body_too_large", "")
		}
		for name, p := range map[string]string{"phone.empty": "", "phone.short": "+7916555", "phone.long": strings.Repeat("9", 50), "phone.invalid": "+79165550002\x00"} {
			add("/recipients", "phone "+p, obj{"phone": p}, 422, name, "phone")
		}
		add("/recipients", "no phone", "{}", 422, "phone.empty", "phone")
		add("/recipients", "null", `{"phone":null}`, 422, "phone.empty", "phone")
		add("/recipients", "Arabic digits", obj{"phone": "+٧٩١٦٥٥٥٠٠٠٢"}, 422, "phone.invalid", "phone")
		add("/recipients", "emoji", obj{"phone": "☎️"}, 422, "phone.invalid", "phone")
		add("/recipients", "one's own", obj{"phone": anna.phone.E164()}, 422, "transfer.self", "phone")

		sums := map[string]string{
			"": "amount.empty", " ": "amount.invalid", "-1.00": "amount.not_positive", "0": "amount.not_positive", "0.00": "amount.not_positive",
			"1e9": "amount.invalid", "1E2": "amount.invalid", "NaN": "amount.invalid", "Infinity": "amount.invalid", "0x10": "amount.invalid",
			"١٠٠": "amount.invalid", "1.001": "amount.too_many_decimals", "1,5": "amount.invalid", "1 000": "amount.invalid", "+1": "amount.invalid",
			"1.2.3": "amount.invalid", ".5": "amount.invalid", "--1": "amount.invalid", "1\x00": "amount.invalid", "💰": "amount.invalid", "₽5": "amount.invalid",
			"9999999999999999999999": "amount.too_large", "100000.01": "limit.one_transfer", strings.Repeat("9", 2000): "amount.too_large",
		}
		for sum, code := range sums {
			field := "amount.amount"
			if strings.HasPrefix(code, "limit.") {
				field = "amount"
			}
			add("/quotes", "sum "+sum, obj{"payee": payee, "amount": rub(sum), "from": from}, 422, code, field)
		}
		for _, path := range []string{"/quotes"} {
			parts := func(amount string) string {
				return fmt.Sprintf(`{"payee":%q,"amount":%s,"from":%q}`, payee, amount, from)
			}
			add(path, "a number for a sum", parts(`{"amount":100,"currency":"RUB"}`), 422, "api.amount_type", "amount.amount")
			add(path, "a float for a sum", parts(`{"amount":100.10,"currency":"RUB"}`), 422, "api.amount_type", "amount.amount")
			add(path, "a bare number", parts(`100`), 422, "api.amount_type", "amount")
			add(path, "a bare string", parts(`"100.00"`), 422, "api.amount_type", "amount")
			add(path, "sum twice", parts(`{"amount":"1.00","amount":"2.00","currency":"RUB"}`), 400, "api.duplicate_field", "amount.amount")
			add(path, "unknown in sum", parts(`{"amount":"1.00","currency":"RUB","minor":1}`), 422, "api.unknown_field", "amount.minor")
			add(path, "dollars", obj{"payee": payee, "amount": obj{"amount": "1.00", "currency": "USD"}, "from": from}, 422, "api.currency", "amount.currency")
			add(path, "no currency", obj{"payee": payee, "amount": obj{"amount": "1.00"}, "from": from}, 422, "api.required", "amount.currency")
			add(path, "no payee", obj{"amount": rub("1.00"), "from": from}, 422, "api.required", "payee")
			add(path, "no account", obj{"payee": payee, "amount": rub("1.00")}, 422, "api.required", "from")
			add(path, "invented payee", obj{"payee": "abc", "amount": rub("1.00"), "from": from}, 422, "transfer.payee_invalid", "payee")
			add(path, "long payee", obj{"payee": strings.Repeat("A", 9000), "amount": rub("1.00"), "from": from}, 422, "transfer.payee_invalid", "payee")
			for _, a := range []string{"ac_0", "ac_-1", "ac_1", "ac_00064", "64", "ac_", "ac_99999999999999999999", "ac_1e3", "ac_64\x00", "💳", "ac_" + strings.Repeat("9", 18)} {
				add(path, "account "+a, obj{"payee": payee, "amount": rub("1.00"), "from": a}, 404, "transfer.no_such_account", "from")
			}
		}
		add("/transfers", "nothing", "{}", 422, "api.required", "quote")
		add("/transfers", "null", `{"quote":null}`, 422, "api.required", "quote")
		add("/transfers", "parts", obj{"payee": payee, "amount": rub("1.00"), "from": from}, 422, "api.unknown_field", "")
		add("/transfers", "invented quote", obj{"quote": "abc", "signature": someSignature}, 422, "transfer.quote_invalid", "quote")
		add("/transfers", "altered quote", obj{"quote": accesstest.Altered(quote), "signature": someSignature}, 422, "transfer.quote_invalid", "quote")
		add("/transfers", "a payee for a quote", obj{"quote": payee, "signature": someSignature}, 422, "transfer.quote_invalid", "quote")
		add("/transfers", "no signature", obj{"quote": quote}, 422, "api.required", "signature")
		for _, s := range []string{"x", someSignature + "A", someSignature[1:], someSignature[1:] + "=", someSignature[1:] + "B", "подпись", strings.Repeat("A", 60_000)} {
			add("/transfers", "signature "+s[:1], obj{"quote": quote, "signature": s}, 422, "api.signature_form", "signature")
		}
		add("/transfers", "signature of nothing", obj{"quote": quote, "signature": someSignature}, 403, "order.not_signed", "signature")
		add("/transfers", "another key's signature", obj{"quote": quote, "signature": ordertest.Encoded(w, stranger, w.texts[quote])}, 403, "order.not_signed", "signature")
		add("/transfers", "another message's signature", obj{"quote": quote, "message": "x", "signature": ordertest.Encoded(w, w.key, w.texts[quote])}, 403, "order.not_signed", "signature")
		add("/transfers", "long message", obj{"quote": quote, "signature": someSignature, "message": strings.Repeat("я", 141)}, 422, "transfer.message_long", "message")
		add("/transfers", "NUL in message", obj{"quote": quote, "signature": someSignature, "message": "a\x00b"}, 422, "transfer.message_chars", "message")
		add("/transfers", "a number for a message", fmt.Sprintf(`{"quote":%q,"message":5}`, quote), 422, "api.wrong_type", "message")

		for _, b := range all {
			r := w.do(ask{method: "POST", path: "/api/v1" + b.path, token: anna.transfer, key: "bad", body: b.body})
			if r.status != b.status || r.text("code") != b.code || b.field != "" && r.text("field") != b.field {
				w.Errorf("%s %s: %d %s %q, want %d %s %q", b.path, b.name, r.status, r.text("code"), r.text("field"), b.status, b.code, b.field)
				continue
			}
			w.problem(r, b.status, b.code)
		}
		if after := w.balance(anna); after != before {
			w.Errorf("Anna had %s and has %s", before, after)
		}
		// The key of all these refusals is still free.
		if r := w.order(anna.transfer, "bad", obj{"quote": quote}); r.status != 201 || r.header.Get("Idempotency-Replayed") != "" {
			w.Errorf("afterwards: %d %s", r.status, r.raw)
		}
	})
}

// Several wrong members are told at once.
func TestAllFlawsAtOnce(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 0)
	r := w.post(anna.transfer, "/quotes", obj{"amount": obj{"amount": "x"}})
	w.problem(r, 422, "api.required")
	var got []string
	for _, e := range r.body["errors"].([]any) {
		got = append(got, e.(obj)["field"].(string)+" "+e.(obj)["code"].(string))
	}
	want := "payee api.required, amount.currency api.required, amount.amount amount.invalid, from api.required"
	if strings.Join(got, ", ") != want {
		t.Errorf("errors %v", got)
	}
}

func TestBadQueries(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 0)
	for q, code := range map[string]string{
		"limit=0": "api.limit", "limit=101": "api.limit", "limit=-1": "api.limit", "limit=1e1": "api.limit", "limit=٥": "api.limit", "limit=+5": "api.limit", "limit=05": "api.limit",
		"before=x": "api.cursor", "before=op_": "api.cursor", "before=tr_06b3w5m8k9s6q0h2m4x6v8yrk4": "api.cursor", "before=%00": "api.cursor",
		"from=yesterday": "api.time", "from=2026-13-01": "api.time", "to=1e9": "api.time", "from=1812-06-24": "api.time", "to=2026-11-22T10:00:00": "api.time",
		"from=2026-11-22&to=2026-11-22": "api.time_order", "from=2026-11-23&to=2026-11-22": "api.time_order",
		"page=2": "api.unknown_parameter", "Limit=5": "api.unknown_parameter", strings.Repeat("a", 500) + "=1": "api.unknown_parameter",
		"limit=1&limit=2": "api.repeated_parameter", "limit=%zz": "api.bad_query", "a;b": "api.bad_query",
	} {
		r := w.get(anna.reading, "/operations?"+q)
		status := 422
		if code == "api.bad_query" {
			status = 400
		}
		w.problem(r, status, code)
	}
	for _, path := range []string{"/me", "/accounts", "/cards", "/limits", "/operations/x", "/transfers/x", "/receipts/x"} {
		w.problem(w.get(anna.reading, path+"?x=1"), 422, "api.unknown_parameter")
	}
	for _, id := range []string{"x", "op_", "op_0", "1", "op_" + strings.Repeat("z", 26), strings.Repeat("a", 3000), "%00", "op_%E2%98%95"} {
		w.problem(w.get(anna.reading, "/operations/"+id), 404, "operation.missing")
		w.problem(w.get(anna.reading, "/transfers/"+id), 404, "transfer.missing")
		w.problem(w.get(anna.reading, "/receipts/"+id), 404, "order.no_receipt")
	}
}

func TestMediaTypes(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 0)
	body := `{"phone":"+79165559999"}`
	for _, media := range []string{"-", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=cp1251", "application/json; version=2", "json", "application/problem+json", "multipart/form-data; boundary=x", "application/json, application/json"} {
		w.problem(w.do(ask{method: "POST", path: "/api/v1/recipients", token: anna.transfer, media: media, body: body}), 415, "api.media_type")
	}
	r := w.do(ask{method: "POST", path: "/api/v1/recipients", token: anna.transfer, body: body, header: http.Header{"Content-Encoding": {"gzip"}}})
	w.problem(r, 415, "api.media_type")
	for _, media := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		w.problem(w.do(ask{method: "POST", path: "/api/v1/recipients", token: anna.transfer, media: media, body: body}), 404, "transfer.not_a_client")
	}
	// Whatever one likes to accept, the answer is JSON.
	for _, accept := range []string{"text/html", "*/*", "application/xml;q=1", "\"", "application/json;q=0"} {
		r := w.do(ask{method: "GET", path: "/api/v1/me", token: anna.reading, header: http.Header{"Accept": {accept}}})
		if r.status != 200 || r.header.Get("Content-Type") != "application/json" {
			w.Errorf("Accept %q: %d %s", accept, r.status, r.header.Get("Content-Type"))
		}
	}
}
