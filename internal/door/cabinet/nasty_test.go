package cabinet_test

import (
	"bytes"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/door/web/webtest"
)

// moneyAndPeople are the tables in which nothing may change, whatever is typed.
var moneyAndPeople = []string{
	"account", "txn", "entry", "hold", "guard", "operation", "topup", "card", "card_number", "client", "client_phone", "client_person",
	"api_token", "passkey", "signed_order", "deletion_request", "passcode", "code_word", "dispute", "dispute_word",
}

// plausible is what a form may hold beside the one bad value, so that a handler
// comes further than its first field.
var plausible = map[string]string{
	"amount": "100", "phone": "+79165550002", "message": "за обед", "name": "Телефон", "code": "123456", "lang": "ru", "theme": "dark",
	"card_number": "4111111111111111", "card_expiry": "12/28", "card_cvc": "123", "scope": "read", "ttl": "30",
}

// Bad input into every form, driven from the route table: whatever stands in
// whatever field of whatever form, a client with a session and a stranger are
// told so, nobody meets a 5xx, and no money, card, person or right changes.
func TestBadInputIntoEveryForm(t *testing.T) {
	w := lite(t)
	fields := webtest.Fields(t, "../ui", "../web")
	if len(fields) < 40 || !slices.Contains(fields, "card_cvc") || !slices.Contains(fields, "passcode") {
		t.Fatalf("only %v: does this test still see the forms?", fields)
	}
	random := rand.New(rand.NewPCG(1, 2))
	forms, n := 0, 100
	for _, rt := range w.door.Table() {
		if rt.Method != http.MethodPost {
			continue
		}
		forms++
		n++
		if forms%20 == 0 {
			w.Wait(time.Hour) // the guard of what messages cost counts those of an hour
		}
		// A client of his own for each route: some of them count attempts.
		p, path := w.person(n, 1000), concrete(rt)
		if strings.Contains(path, "papers") {
			w.asks(p.id, newPassport)
		}
		askers := map[string]*browser{"a client": p.browser}
		if !rt.Insider {
			askers["a stranger"] = w.browser()
		}
		before := webtest.Rows(t, w.DB, moneyAndPeople...)
		hold := func(who, what string, a answer) {
			t.Helper()
			if a.status < 200 || a.status >= 500 || strings.Contains(a.body, "goroutine ") || strings.Contains(a.body, ".go:") {
				t.Errorf("%s of %s, %s: %d\n%s", rt.Path, who, what, a.status, text(a.body))
			}
			if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "\x00") {
				t.Errorf("%s of %s, %s: comes back as it is", rt.Path, who, what)
			}
			if a.header.Get("Set-Cookie") == "a=b" {
				t.Errorf("%s of %s, %s: a header of the visitor's own", rt.Path, who, what)
			}
		}
		for who, b := range askers {
			for _, name := range webtest.Names(forms) {
				value := webtest.Nasty()[name]
				all, some, parts := url.Values{}, url.Values{}, &bytes.Buffer{}
				files := multipart.NewWriter(parts)
				for _, field := range fields {
					all.Set(field, value)
					if fine, ok := plausible[field]; ok && random.IntN(2) == 0 {
						some.Set(field, fine)
					} else if random.IntN(2) == 0 {
						some.Set(field, value)
					}
					if err := files.WriteField(field, value); err != nil {
						t.Fatal(err)
					}
				}
				if err := files.Close(); err != nil {
					t.Fatal(err)
				}
				hold(who, "all "+name, b.post(path, all))
				hold(who, "some "+name, b.htmx(path, some))
				if strings.Contains(rt.Path, "scans") || strings.Contains(rt.Path, "verify") || strings.Contains(rt.Path, "papers") || name == "nul" {
					header := http.Header{"Content-Type": {files.FormDataContentType()}}
					if proof := b.proof(path, parts.String()); proof != "" {
						header.Set("Device-Proof", proof)
					}
					hold(who, "parts "+name, b.do("POST", path, parts, header))
				}
			}
			twice := url.Values{}
			for _, field := range fields {
				twice[field] = []string{"1", "2"}
			}
			hold(who, "everything twice", b.post(path, twice))
			hold(who, "no form", b.do("POST", path, strings.NewReader(`{"amount":1}`), http.Header{"Content-Type": {"application/json"}}))
			hold(who, "half a form", b.do("POST", path, strings.NewReader("%zz=%"), urlencoded))
			hold(who, "half of files", b.do("POST", path, strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../x\"\r\n\r\n"), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}))
			a := b.do("POST", path, strings.NewReader("x="+strings.Repeat("a", 70<<10)), urlencoded)
			hold(who, "70 KB", a)
			if form := path != "/order/scans" && path != "/receipts/verify" && path != "/profile/papers"; form && a.status != http.StatusRequestEntityTooLarge && a.status != http.StatusSeeOther && a.status != http.StatusUnauthorized {
				t.Errorf("%s of %s: 70 KB are answered with %d", rt.Path, who, a.status)
			}
		}
		if changed := webtest.Differ(before, webtest.Rows(t, w.DB, moneyAndPeople...)); len(changed) > 0 {
			t.Errorf("%s changed\n%s", rt.Path, strings.Join(changed, "\n"))
		}
	}
	if forms < 25 {
		t.Errorf("only %d forms: is the table walked?", forms)
	}
	if w.acquirer.asked != 0 {
		t.Errorf("%d charges", w.acquirer.asked)
	}
}
