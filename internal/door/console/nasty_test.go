package console_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web/webtest"
)

// otherSites is how requests from elsewhere look to a server.
var otherSites = []http.Header{
	{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}, {"Origin": {"https://my.bank.example"}},
}

// places fills a route's path with ids of the right kind: plastic that this
// client has ordered, a dispute of his and a break of the clearing.
func (d *desk) places(who, kind string) *strings.Replacer {
	d.Helper()
	if d.plastic.IsZero() {
		uid, err := id.Parse(client.Prefix, strings.TrimPrefix(who, "/clients/"))
		d.must(err)
		of, err := d.Clients.ByUID(context.Background(), uid)
		d.must(err)
		d.plastic = d.ordersPlastic(of)
		d.clears("PLACES", d.strangeRecord(1))
		d.disputed = d.opensDispute(of, 90)
	}
	return strings.NewReplacer(
		"{dispute}", d.disputed.Text(dispute.Prefix), "{card}", d.plastic.Text(card.Prefix), "{arn}", d.strangeRecord(1).ARN, "{record}", "1",
		"{uid}", strings.TrimPrefix(who, "/clients/"), "{kind}", kind, "{token}", "none", "{file}", "none.css", "{page}", "main",
		"{id}", id.ID{}.Text(staff.ProposalPrefix), "{$}", "",
	)
}

// W04 for the console, from the route table: an unsafe request from another
// site reaches no handler, whoever's cookies it carries.
func TestW04_CrossSiteRequestsToTheConsole(t *testing.T) {
	each(t, func(d *desk) {
		places, asked := d.places(d.page(d.Approved(accesstest.Phone(1))), "unblock"), 0
		for role, b := range d.everybody() {
			for _, rt := range d.door.Routes() {
				for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
					for _, from := range otherSites {
						got := b.from(from, method, places.Replace(rt.Path), url.Values{"act": {"block"}, "reason": {"с чужого сайта"}})
						if asked++; got.status != http.StatusForbidden {
							d.Errorf("%s %s of %s from %v: %d", method, rt.Path, role, from, got.status)
						}
					}
				}
			}
			if got := b.get("/me"); role != "nobody" && got.status != http.StatusOK {
				d.Errorf("%s is out: %d", role, got.status)
			}
		}
		if asked < 1000 {
			d.Errorf("only %d requests: is the table walked?", asked)
		}
	})
}

// everybody is a member of each role, and nobody.
func (d *desk) everybody() map[string]*browser {
	d.Helper()
	out := map[string]*browser{"nobody": d.nobody()}
	for _, r := range staff.AllRoles() {
		out[r.Word()] = d.as(r.Word())
	}
	return out
}

// from asks as a page of another site makes a browser ask.
func (b *browser) from(site http.Header, method, path string, form url.Values) answer {
	b.d.Helper()
	return b.doWith(method, path, form.Encode(), "application/x-www-form-urlencoded", site)
}

// moneyAndPeople are the tables in which nothing may change, whatever is typed.
var moneyAndPeople = []string{
	"account", "txn", "entry", "hold", "guard", "operation", "card", "card_number", "client", "client_phone", "client_person", "api_token", "passkey",
	"passcode", "code_word", "staff_member", "staff_passkey", "number_change", "card_delivery", "clearing_item", "dispute", "dispute_word",
}

// plausible is what a form may hold beside the one bad value, so that a handler
// comes further than its first field.
var plausible = map[string]string{"reason": "Клиент звонит, сверяем данные", "kind": "call", "phone": "+79165550002", "note": "заметка"}

// Bad input into every form of the console, driven from the route table: for
// nobody, for a member without the duty and for one who has it and a case.
func TestBadInputIntoEveryForm(t *testing.T) {
	each(t, func(d *desk) {
		page := d.page(d.Approved(accesstest.Phone(1)))
		kinds := []string{"phone", "person", "unblock", "correction", "unfreeze", "mail", "none"}
		fields := webtest.Fields(d, "../ui", "../web")
		if len(fields) < 15 || !slices.Contains(fields, "reason") {
			d.Fatalf("only %v: does this test still see the forms?", fields)
		}
		d.places(page, "none") // what it makes is no change of a form's
		random, forms := rand.New(rand.NewPCG(1, 2)), 0
		for _, rt := range d.door.Routes() {
			if rt.Method != http.MethodPost {
				continue
			}
			forms++
			askers := map[string]*browser{"nobody": d.nobody()}
			for _, r := range staff.AllRoles() {
				if rt.Roles == 0 || rt.Roles&r != 0 {
					b := d.as(r.Word())
					b.post(page+"/case", "kind", "call") // a case of his own where his duty has any
					askers[r.Word()] = b
					break
				}
			}
			before, path := webtest.Rows(d, d.DB, moneyAndPeople...), ""
			hold := func(who, what string, a answer) {
				d.Helper()
				if a.status < 200 || a.status >= 500 || strings.Contains(a.body, "goroutine ") || strings.Contains(a.body, ".go:") {
					d.Errorf("%s of %s, %s: %d\n%s", rt.Path, who, what, a.status, a.body)
				}
				if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "\x00") {
					d.Errorf("%s of %s, %s: comes back as it is", rt.Path, who, what)
				}
			}
			for who, b := range askers {
				for _, name := range webtest.Names(forms) {
					value := webtest.Nasty()[name]
					path = d.places(page, kinds[random.IntN(len(kinds))]).Replace(rt.Path)
					all, some := url.Values{}, url.Values{}
					for _, field := range fields {
						all.Set(field, value)
						if fine, ok := plausible[field]; ok {
							some.Set(field, fine)
						} else if random.IntN(2) == 0 {
							some.Set(field, value)
						}
					}
					hold(who, "all "+name, b.do("POST", path, all))
					hold(who, "some "+name, b.do("POST", path, some))
				}
				twice := url.Values{}
				for _, field := range fields {
					twice[field] = []string{"1", "2"}
				}
				hold(who, "everything twice", b.do("POST", path, twice))
				hold(who, "JSON", b.doWith("POST", path, `{"act":"block","act":`, "application/json", nil))
				hold(who, "half a form", b.doWith("POST", path, "%zz=%", "application/x-www-form-urlencoded", nil))
				a := b.doWith("POST", path, "x="+strings.Repeat("a", 70<<10), "application/x-www-form-urlencoded", nil)
				hold(who, "70 KB", a)
				if who != "nobody" && !rt.Visitor && !rt.Machine && a.status != http.StatusRequestEntityTooLarge {
					d.Errorf("%s of %s: 70 KB are answered with %d", rt.Path, who, a.status)
				}
			}
			if changed := webtest.Differ(before, webtest.Rows(d, d.DB, moneyAndPeople...)); len(changed) > 0 {
				d.Errorf("%s changed\n%s", rt.Path, strings.Join(changed, "\n"))
			}
		}
		if forms < 25 {
			d.Errorf("only %d forms: is the table walked?", forms)
		}
	})
}

// doWith sends any body with any header, and takes no cookie.
func (b *browser) doWith(method, path, body, kind string, header http.Header) answer {
	b.d.Helper()
	r := httptest.NewRequest(method, origin+path, strings.NewReader(body))
	r.Header.Set("Accept-Language", "ru")
	r.Header.Set("Content-Type", kind)
	for name, values := range header {
		r.Header[name] = values
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.d.http.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}
