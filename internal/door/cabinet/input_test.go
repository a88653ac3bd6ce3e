package cabinet_test

import (
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/door/web/webtest"
)

// nasty is what people and programs type where they should not.
func nasty() map[string]string { return webtest.Nasty() }

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
			for _, path := range []string{"/transfer?to=", "/transfer?draft=", "/transfer?repeat=", "/topup?amount=", "/topup?draft=", "/operations?before=", "/operations?day=", "/login?next=", "/help/", "/purchases/"} {
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
	p.get(p.post("/transfer/recipient", url.Values{"phone": {"+79165559999"}}).to("/transfer/bank")).is(200).has("+7 916 555-99-99")
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
	good := url.Values{"phone": {"+79165550044"}}
	for name, value := range nasty() {
		if a := w.browser().post("/order", url.Values{"phone": {value}}); a.status != 422 || !strings.Contains(a.body, `aria-invalid="true"`) || len(value) < 200 && !kept(a, "/order", "phone", value) {
			t.Errorf("order, phone = %s: %d", name, a.status)
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
	c.post("/order", url.Values{"phone": {"+79165550055"}}).to("/order/code")
	c.get("/order/passcode").to("/order/code")
	c.get("/login/code").to("/order/code") // a code for one purpose is none for another
	c.post("/order/code", url.Values{"code": {w.Code(accesstest.Phone(55))}}).to("/order/resume")
	c.get("/order/passcode").to("/order/resume") // nobody's phone has no passcode
	c.post("/order/passcode", url.Values{"code_word": {"Барбарис"}, "passcode": {"7391"}, "repeat": {"7391"}}).to("/order/resume")
	w.takenOn(66, "Анна", "Соколова")
	d := w.browser()
	d.post("/login", url.Values{"phone": {accesstest.Phone(66).E164()}}).to("/login/code")
	d.post("/login/code", url.Values{"code": {w.Code(accesstest.Phone(66))}}).to("/order/passcode")
	for name, value := range nasty() {
		if a := d.post("/order/passcode", url.Values{"code_word": {"Барбарис"}, "passcode": {value}, "repeat": {value}}); a.status != 422 || strings.Contains(a.body, "Барбарис") || strings.Contains(a.body, `value="`+value+`"`) && value != "" {
			t.Errorf("new passcode = %s: %d", name, a.status)
		}
	}
}

// Bad input into every field of the questionnaire: told at its place, the other
// values kept, nothing saved, no 5xx.
func TestBadInputIntoTheQuestionnaire(t *testing.T) {
	w := lite(t)
	b := w.browser()
	b.proved(accesstest.Phone(1))
	b.get("/order/resume").to("/order/person")
	fine := map[string]bool{"middle": true, "email": true, "street": true, "flat": true, "wish": true} // may be empty
	for _, page := range []struct {
		path, next string
		good       url.Values
	}{{"/order/person", "/order/passport", goodPerson}, {"/order/passport", "/order/address", goodPassport}, {"/order/address", "/order/scans", goodAddress}} {
		for field := range page.good {
			for name, value := range nasty() {
				form := maps.Clone(page.good)
				form.Set(field, value)
				a := b.post(page.path, form)
				if a.status == 303 && (fine[field] || field == "issued_by" || field == "birth_place" || field == "city" || field == "house") && value != "" || a.status == 303 && fine[field] {
					continue // free text may be almost anything
				}
				if a.status != 422 || strings.Contains(a.body, "<script>alert") {
					t.Errorf("%s, %s = %s: %d to %s", page.path, field, name, a.status, a.header.Get("Location"))
					continue
				}
				typed := a.form(page.path)
				for other := range page.good {
					if other != field && typed.Get(other) != page.good.Get(other) {
						t.Errorf("%s, %s = %s: %s is gone", page.path, field, name, other)
					}
				}
				if !strings.Contains(a.body, `aria-invalid="true"`) && field != "way" {
					t.Errorf("%s, %s = %s: no field is marked", page.path, field, name)
				}
			}
			twice := maps.Clone(page.good)
			twice[field] = slices.Repeat(page.good[field], 2)
			if a := b.post(page.path, twice); a.status != 422 {
				t.Errorf("%s with %s twice: %d", page.path, field, a.status)
			}
		}
		// All faults at once.
		if a := b.post(page.path, url.Values{}); strings.Count(a.body, `aria-invalid="true"`) < 2 {
			t.Errorf("%s, empty: %d of its fields are told", page.path, strings.Count(a.body, `aria-invalid="true"`))
		}
		b.post(page.path, page.good).to(page.next)
	}
	b.upload("main", "1.jpg", photo(t, 0)).to("/order/scans")
	b.upload("registration", "2.jpg", photo(t, 3)).to("/order/scans")
	for name, value := range nasty() {
		a := b.post("/order/word", url.Values{"code_word": {value}, "consent_terms": {"1"}, "consent_personal_data": {"1"}})
		if a.status != 422 && a.status != 303 || value != "" && strings.Contains(a.body, `value="`+html.EscapeString(value)+`"`) && value != "0" {
			t.Errorf("code word = %s: %d", name, a.status)
		}
	}
	b.post("/order/word", url.Values{"code_word": {"Барбарис"}, "consent_marketing": {"1"}}).is(422).has("ещё раз")
	b.post("/order/word", goodWord).to("/order/check")
}

// What is no photo is refused with words, at its page, and the rest stays.
func TestBadUploads(t *testing.T) {
	w := lite(t)
	b := w.browser()
	b.proved(accesstest.Phone(1))
	b.get("/order/resume").to("/order/person")
	b.post("/order/person", goodPerson).to("/order/passport")
	b.post("/order/passport", goodPassport).to("/order/address")
	b.post("/order/address", goodAddress).to("/order/scans")
	b.upload("main", "1.jpg", photo(t, 0)).to("/order/scans")
	whole := photo(t, 3)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "html": []byte("<html></html>"),
		"cut": whole[:len(whole)/3], "16 MB": append(slices.Clone(whole), make([]byte, 16<<20)...), "20 MB of zeros": make([]byte, 20<<20), "pdf": []byte("%PDF-1.7\n%%EOF"),
	} {
		if a := b.upload("registration", "x.jpg", file); a.status != 422 || !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%s: %d\n%s", name, a.status, text(a.body))
		}
	}
	if shots := b.shots(); len(shots) != 1 {
		t.Errorf("pictures that were refused are shown: %v", shots)
	}
	b.get("/order/scans/main").is(404) // pictures are found by a name of their own
	b.upload("passport", "x.jpg", whole).is(404)
	b.upload("", "x.jpg", whole).is(404)
	b.upload("registration", "", whole).is(422)
	b.post("/order/scans", url.Values{"page": {"main"}}).is(415)
	b.post("/order/scans/done", url.Values{}).is(422).has("Загрузите страницу")
	b.post("/order/word", goodWord).to("/order/scans")
	// The same picture twice is told, and so is a blurred one.
	b.upload("registration", "x.jpg", photo(t, 0)).to("/order/scans")
	b.get("/order/scans").is(200).has("Похоже на фото")
	// A photo comes back as a picture and nothing else.
	at := b.shots()[0]
	a := b.get(at).is(200)
	if a.header.Get("Content-Disposition") != `attachment; filename="`+strings.TrimPrefix(at, "/order/scans/")+`.jpg"` {
		t.Error("W10: not served as a file by a random name:", a.header)
	}
	if a.header.Get("Content-Type") != "image/jpeg" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(a.header)
	}
}
