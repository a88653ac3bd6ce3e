package cabinet_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/id"
)

// nasty is what people and programs type where they should not.
func nasty() map[string]string {
	return map[string]string{
		"empty": "", "blank": "   ", "long": strings.Repeat("9", 5000), "long text": strings.Repeat("я", 5000), "negative": "-100", "minus sign": "−5", "zero": "0", "zeros": "0,00",
		"billion": "1000000000", "exponent": "1e9", "huge": "99999999999999999999999999", "nan": "NaN", "inf": "Infinity", "hex": "0x10", "arabic": "١٠٠", "devanagari": "१००",
		"nul": "1\x000", "emoji": "🚀💸", "utf8": "\xff\xfe", "decimals": "1.005", "commas": "1,234", "sql": "1'; DROP TABLE operation;--", "html": "<script>alert(1)</script>",
		"template": "{{.}} ${7*7}", "crlf": "1\r\nSet-Cookie: a=b", "bidi": "\u202e001", "spaces": "1 0 0", "unknown id": (id.ID{7}).Text("cd"), "path": "../../etc/passwd", "float": "100.0000000001",
	}
}

// kept tells whether a page gives a typed value back in its field, and escaped.
func kept(a answer, action, field, value string) bool {
	clean := strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\x00", "")
	got := strings.ReplaceAll(a.form(action).Get(field), "\r\n", "\n")
	return got == strings.ReplaceAll(strings.ReplaceAll(clean, "\r\n", "\n"), "\r", "\n")
}

// Bad input into every field of the money forms: a clear refusal at its place,
// the other values kept, nothing changed, no 5xx.
func TestBadInput(t *testing.T) {
	each(t, func(w *world) {
		p, friend, stranger := w.person(1, 10_000), w.person(2, 0), w.person(3, 500)
		transfer := p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200).form("/transfer")
		transfer.Set("amount", "100")
		transfer.Set("message", "за обед")
		top := p.topUpForm("5000")
		_, confirm := p.confirmation(friend.phone, "100", "")
		before := [3]int64{w.balance(p.account), w.balance(friend.account), w.balance(stranger.account)}

		try := func(path string, good url.Values, field, name, value string, send func(string, url.Values) answer) answer {
			form := maps.Clone(good)
			form.Set(field, value)
			a := send(path, form)
			if a.status >= 500 || strings.Contains(a.body, "goroutine") {
				t.Errorf("%s, %s = %s: %d", path, field, name, a.status)
			}
			if strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s, %s = %s: unescaped", path, field, name)
			}
			return a
		}
		for name, value := range nasty() {
			// Sums: what is not a sum of money within the rules is refused on the form.
			a := try("/transfer", transfer, "amount", name, value, p.post)
			if a.status != 422 || !kept(a, "/transfer", "amount", value) && len(value) < 200 || a.form("/transfer").Get("message") != "за обед" {
				t.Errorf("amount %s: %d, kept %q", name, a.status, a.form("/transfer").Get("amount"))
			}
			if !strings.Contains(a.body, `aria-invalid="true"`) {
				t.Errorf("amount %s: no field is marked", name)
			}
			if a := try("/transfer/quote", transfer, "amount", name, value, p.htmx); a.status != 200 {
				t.Errorf("live price of %s: %d", name, a.status)
			}
			try("/transfer/quote", transfer, "amount", name, value, p.post)
			a = try("/topup", top, "amount", name, value, p.post)
			if a.status != 422 && a.status != 200 || a.form("/topup").Get("card_cvc") != "" { // 200: the fee is shown first
				t.Errorf("top-up of %s: %d", name, a.status)
			}
			try("/topup/quote", top, "amount", name, value, p.htmx)
			try("/topup/quote", top, "amount", name, value, p.post)
			// Tokens, keys and cards that are none.
			for _, field := range []string{"to", "from"} {
				if value == "" && field == "from" {
					continue // the first card
				}
				if a := try("/transfer", transfer, field, name, value, p.post); a.status != 422 && a.status != 404 && (field != "to" || a.status != 303) {
					t.Errorf("%s = %s: %d", field, name, a.status)
				}
				try("/transfer/quote", transfer, field, name, value, p.htmx)
			}
			for _, field := range []string{"card_number", "card_expiry", "card_cvc"} {
				if a := try("/topup", top, field, name, value, p.post); a.status != 422 {
					t.Errorf("%s = %s: %d", field, name, a.status)
				}
			}
			if value != "" {
				if a := try("/topup", top, "to", name, value, p.post); a.status != 404 && a.status != 422 {
					t.Errorf("top-up to %s: %d", name, a.status)
				}
			}
			if a := try("/transfer/confirm", confirm, "draft", name, value, p.post); a.status != 303 && a.status != 422 {
				t.Errorf("draft = %s: %d", name, a.status)
			}
			p.get("/transfer/confirm?draft=" + url.QueryEscape(value)).is(303)
			for _, path := range []string{"/transfer?to=", "/transfer?draft=", "/transfer?repeat=", "/topup?amount=", "/topup?draft=", "/operations?before=", "/operations?day=", "/login?next=", "/help/"} {
				if a := p.get(path + url.QueryEscape(value)); a.status >= 500 {
					t.Errorf("%s%s: %d", path, name, a.status)
				}
			}
		}
		for name, value := range map[string]string{"long": strings.Repeat("я", 141), "nul": "a\x00b", "control": "a\x07b", "utf8": "\xff", "bidi": "a\u202eb"} {
			if a := try("/transfer", transfer, "message", name, value, p.post); a.status != 422 || a.form("/transfer").Get("amount") != "100" {
				t.Errorf("message %s: %d", name, a.status)
			}
		}
		for _, fine := range []string{"", "🚀 за обед", strings.Repeat("я", 140), "<b>жирно</b>", "'; DROP TABLE"} {
			if a := try("/transfer", transfer, "message", fine, fine, p.post); a.status != 303 {
				t.Errorf("message %q: %d", fine, a.status)
			}
		}
		// Somebody else's card, a field twice, too much.
		foreign := maps.Clone(transfer)
		foreign.Set("from", stranger.card)
		p.post("/transfer", foreign).is(404)
		foreign = maps.Clone(top)
		foreign.Set("to", stranger.card)
		p.post("/topup", foreign).is(404)
		stolen := maps.Clone(transfer)
		stranger.post("/transfer", stolen).is(422) // the payee's token is another's
		stranger.post("/transfer/confirm", confirm).to("/transfer")
		for path, good := range map[string]url.Values{"/transfer": transfer, "/topup": top, "/transfer/confirm": confirm, "/transfer/recipient": {"phone": {"+79165550002"}}} {
			for field := range good {
				twice := maps.Clone(good)
				twice[field] = slices.Repeat(good[field], 2)
				if a := p.post(path, twice); a.status < 400 || a.status >= 500 {
					t.Errorf("%s with %s twice: %d", path, field, a.status)
				}
			}
			if a := p.do("POST", path, strings.NewReader(good.Encode()+"&x="+strings.Repeat("a", 65<<10)), urlencoded); a.status != 413 {
				t.Errorf("%s with an over-long body: %d", path, a.status)
			}
		}
		after := [3]int64{w.balance(p.account), w.balance(friend.account), w.balance(stranger.account)}
		if before != after || w.acquirer.asked != 0 {
			t.Errorf("money moved: %v to %v, %d charges", before, after, w.acquirer.asked)
		}
		// Sums typed kindly are understood.
		for typed, kopecks := range map[string]int64{"5 000": 500000, "5\u00a0000": 500000, "100,5": 10050, "100.50": 10050, " 7 ₽ ": 700} {
			start := w.balance(friend.account)
			p.pay(friend, typed)
			if got := w.balance(friend.account) - start; got != kopecks {
				t.Errorf("%q moved %d", typed, got)
			}
			w.fund(p.account, 5000)
		}
	})
}

// M09 at the form and at the book.
func TestLimitsAreToldInWords(t *testing.T) {
	w := lite(t)
	p, friend := w.person(1, 1_000_000), w.person(2, 0)
	form := p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200).form("/transfer")
	form.Set("amount", "100 000,01")
	p.post("/transfer", form).is(422).has("100 000 ₽")
	for range 3 {
		p.pay(friend, "100000")
	}
	form.Set("amount", "1")
	p.post("/transfer", form).is(422).has("300 000 ₽")
	if got := w.balance(friend.account); got != 300_000_00 {
		t.Error(got)
	}
}

// Recipients: not a client, oneself, a bad number, too many look-ups.
func TestRecipient(t *testing.T) {
	w := lite(t)
	p := w.person(1, 100)
	p.get("/transfer").is(200).form("/transfer/recipient")
	p.post("/transfer/recipient", url.Values{"phone": {"+79165559999"}}).is(200).has("+7 916 555-99-99")
	p.post("/transfer/recipient", url.Values{"phone": {p.phone.E164()}}).is(422)
	for name, value := range nasty() {
		a := p.post("/transfer/recipient", url.Values{"phone": {value}, "amount": {"55"}})
		if a.status != 422 && a.status != 429 || a.form("/transfer/recipient").Get("amount") != "55" || len(value) < 200 && !kept(a, "/transfer/recipient", "phone", value) {
			t.Errorf("phone %s: %d", name, a.status)
		}
	}
	last := 0
	for range 25 {
		last = p.post("/transfer/recipient", url.Values{"phone": {"+79165559999"}}).status
	}
	if last != 429 {
		t.Error("look-ups are not counted:", last)
	}
}

// The forms of those who are not inside yet.
func TestBadInputBeforeLogin(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	good := url.Values{"phone": {"+79165550044"}, "name": {"Анна Соколова"}, "birth_date": {"17.05.1990"}}
	for name, value := range nasty() {
		for _, field := range []string{"phone", "name", "birth_date"} {
			form := maps.Clone(good)
			form.Set(field, value)
			b := w.browser()
			a := b.post("/order", form)
			if a.status != 422 {
				t.Errorf("order, %s = %s: %d", field, name, a.status)
				continue
			}
			for other := range good {
				if other != field && a.form("/order").Get(other) != good.Get(other) {
					t.Errorf("order, %s = %s: %s is gone", field, name, other)
				}
			}
			if !strings.Contains(a.body, `aria-invalid="true"`) {
				t.Errorf("order, %s = %s: no field is marked", field, name)
			}
		}
		b := w.browser()
		if a := b.post("/login", url.Values{"phone": {value}, "next": {value}}); a.status != 422 {
			t.Errorf("login, phone = %s: %d", name, a.status)
		}
		if a := p.post("/login/passcode", url.Values{"passcode": {value}}); a.status >= 500 {
			t.Errorf("passcode = %s: %d", name, a.status)
		}
	}
	b := w.browser()
	b.post("/order", good).to("/order/code")
	for name, value := range nasty() {
		if a := b.post("/order/code", url.Values{"code": {value}}); a.status != 422 && a.status != 429 {
			t.Errorf("code = %s: %d", name, a.status)
		}
	}
	// Steps out of order lead to the step that is due, or to the beginning.
	c := w.browser()
	c.get("/order/code").to("/order")
	c.get("/order/passcode").to("/order")
	c.post("/order/passcode", url.Values{"passcode": {"7391"}, "repeat": {"7391"}}).to("/order")
	c.get("/login/code").to("/login")
	c.get("/login/passcode").to("/login")
	c.post("/order", url.Values{"phone": {"+79165550055"}, "name": {"Анна Соколова"}, "birth_date": {"17.05.1990"}}).to("/order/code")
	c.get("/order/passcode").to("/order/code")
	c.get("/login/code").to("/order/code") // a code for one purpose is none for another
	c.post("/order/code", url.Values{"code": {w.Code(accesstest.Phone(55))}}).to("/order/passcode")
	for name, value := range nasty() {
		if a := c.post("/order/passcode", url.Values{"passcode": {value}, "repeat": {value}}); a.status != 422 || strings.Contains(a.body, `value="`+value+`"`) && value != "" {
			t.Errorf("new passcode = %s: %d", name, a.status)
		}
	}
}
