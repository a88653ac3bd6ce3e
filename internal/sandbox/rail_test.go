package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/rail/iso20022"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

const member = "100000000900"

// withRail opens the phone-number rail; what it posts goes nowhere.
func withRail(c *sandbox.Config) { c.RailSecret, c.RailMember = secret, member }

// rail calls the rail with a good seal, and checks that of the answer.
func (w *world) rail(method, path, kind, body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	req, _ := http.NewRequest(method, w.url+sandbox.RailPath+path, strings.NewReader(body))
	req.Header.Set("Rail-Member", member)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Signature", signature.Sign(secret, time.Now(), []byte(method+" "+path+"\n"+body)))
	for _, f := range change {
		f(req)
	}
	a := w.must(req)
	first := []byte(map[int]string{200: "200", 401: "401", 404: "404", 409: "409", 413: "413", 415: "415", 422: "422"}[a.status] + " " + method + " " + path + "\n")
	if err := signature.Verify(secret, a.header.Get("Signature"), append(first, a.body...), time.Now()); err != nil {
		w.t.Errorf("%s %s: the seal of %d: %v", method, path, a.status, err)
	}
	return a
}

func (w *world) pam(phone, bank string) (account, bik string) {
	w.t.Helper()
	a := w.rail("POST", "/pam", "application/json", `{"phone":"`+phone+`","bank":"`+bank+`"}`)
	var got struct{ Account, BIK string }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
		w.t.Fatalf("%d %s", a.status, a.body)
	}
	return got.Account, got.BIK
}

func credit(name, account, bik, sum string) string {
	raw, err := iso20022.Write(&iso20022.CreditTransfer{
		Header: iso20022.TransferHeader{ID: "RB1", Created: "2026-11-22T12:00:00Z", Count: "1", Settlement: iso20022.Settlement{Method: "CLRG"}},
		Transfers: []iso20022.Transfer{{
			ID: iso20022.PaymentID{EndToEnd: name}, Amount: iso20022.Amount{Currency: "RUB", Value: sum}, Charges: "SLEV",
			Payer: iso20022.Party{Name: "Анна Соколова"}, PayerAccount: iso20022.AccountOf("+79165550101"), PayerBank: iso20022.Bank("044599900"),
			PayeeBank: iso20022.Bank(bik), Payee: iso20022.Party{Name: "Иван Петрович С."}, PayeeAccount: iso20022.AccountOf(account),
		}},
	})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (w *world) sendCredit(body string) (status, reason string) {
	w.t.Helper()
	a := w.rail("POST", "/credits", "application/xml", body)
	m, err := iso20022.Parse([]byte(a.body))
	if err != nil || a.status != 200 {
		w.t.Fatalf("%d %s", a.status, a.body)
	}
	t := m.(*iso20022.StatusReport).Statuses[0]
	if len(t.Reasons) > 0 {
		reason = t.Reasons[0].Reason.Code
	}
	return string(t.Status), reason
}

// A credit is booked once by its name, also over a restart; another content
// under the name is refused and changes nothing.
func TestRailBooksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRail)
	account, bik := w.pam("+79165550101", "100000000901")
	body := credit("po_1", account, bik, "1000.00")
	for range 3 {
		if status, _ := w.sendCredit(body); status != "ACSC" {
			t.Fatal(status)
		}
	}
	w.stop()
	w.start(withRail)
	if status, _ := w.sendCredit(body); status != "ACSC" {
		t.Error("forgotten over a restart:", status)
	}
	if a := w.rail("POST", "/credits", "application/xml", credit("po_1", account, bik, "1000.01")); a.status != http.StatusConflict {
		t.Error("another content:", a.status)
	}
	var list []struct {
		Name        string
		Copies      int
		AmountMinor int64 `json:"amount_minor"`
		Status      string
	}
	if err := json.Unmarshal([]byte(w.get("/rail.json").body), &list); err != nil || len(list) != 1 || list[0].Copies != 4 || list[0].AmountMinor != 100000 {
		t.Errorf("%+v %v", list, err)
	}
	if a := w.rail("POST", "/status", "application/json", `{"end_to_end":"po_2"}`); a.status != http.StatusNotFound || !strings.Contains(a.body, "no_such_credit") {
		t.Error(a.status, a.body)
	}
	for _, c := range []struct{ name, account, bik, sum, want string }{
		{"po_a", "nonsense", bik, "1.00", "AC01"}, {"po_b", account[:len(account)-1] + "x", bik, "1.00", "AC01"},
		{"po_c", account, "044599902", "1.00", "RC01"}, {"po_d", account, bik, "1000000.01", "AM14"},
	} {
		if status, reason := w.sendCredit(credit(c.name, c.account, c.bik, c.sum)); status != "RJCT" || reason != c.want {
			t.Errorf("%s: %s %s, want %s", c.name, status, reason, c.want)
		}
	}
	a := w.post("/rail/po_1/back")
	if again := w.post("/rail/po_1/back"); a.status != http.StatusSeeOther || again.status != http.StatusConflict {
		t.Error("sent back:", a.status, again.status)
	}
	for _, lang := range []string{"ru", "en"} {
		req, _ := http.NewRequest(http.MethodGet, w.url+"/rail", nil)
		req.Header.Set("Accept-Language", lang)
		page := w.must(req)
		if page.status != http.StatusOK || strings.Contains(page.body, "sandbox.rail") || strings.Count(page.body, "<h1") != 1 {
			t.Errorf("%s: %d\n%s", lang, page.status, page.body)
		}
	}
}

// Whoever has no seal of the bank's learns nothing, and what cannot be read is
// not guessed.
func TestRailRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRail)
	ask := `{"phone":"+79165550101","bank":"100000000901"}`
	for name, c := range map[string]struct {
		path, kind, body string
		change           func(*http.Request)
		status           int
	}{
		"no seal":          {"/pam", "application/json", ask, func(r *http.Request) { r.Header.Del("Signature") }, 401},
		"another member":   {"/pam", "application/json", ask, func(r *http.Request) { r.Header.Set("Rail-Member", "100000000901") }, 401},
		"another body":     {"/pam", "application/json", ask, func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2 }, 401},
		"not JSON":         {"/pam", "text/plain", ask, nil, 415},
		"JSON for XML":     {"/credits", "application/json", ask, nil, 415},
		"no number":        {"/pam", "application/json", `{"phone":"1","bank":"100000000901"}`, nil, 422},
		"not E.164":        {"/pam", "application/json", `{"phone":"89165550101","bank":"100000000901"}`, nil, 422},
		"unknown member":   {"/pam", "application/json", `{"phone":"+79165550101","bank":"1","x":1}`, nil, 422},
		"a bank of nobody": {"/pam", "application/json", `{"phone":"+79165550101","bank":"1"}`, nil, 422},
		"nobody":           {"/pam", "application/json", `{"phone":"+79165550100","bank":"100000000901"}`, nil, 404},
		"no credit":        {"/credits", "application/xml", "<x/>", nil, 422},
		"too long":         {"/credits", "application/xml", strings.Repeat("x", 70<<10), nil, 413},
	} {
		var changes []func(*http.Request)
		if c.change != nil {
			changes = append(changes, c.change)
		}
		if a := w.rail("POST", c.path, c.kind, c.body, changes...); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
