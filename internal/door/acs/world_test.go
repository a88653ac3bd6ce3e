package acs_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/acs"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

const (
	origin = "https://acs.bank.example"
	notify = "https://shop.example/3ds/done"

	areqExample = `{"messageType":"AReq","messageVersion":"2.2.0","threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","dsReferenceNumber":"3DS_LOA_DIS_TEST_020200_00001","dsURL":"https://ds.example/rreq","threeDSServerRefNumber":"3DS_LOA_SER_TEST_020200_00001","threeDSServerURL":"https://3dss.example/rreq","threeDSRequestorID":"REQ-1","threeDSRequestorName":"Test Shop","threeDSRequestorURL":"https://www.shop.example","threeDSRequestorAuthenticationInd":"01","threeDSRequestorChallengeInd":"04","threeDSCompInd":"Y","deviceChannel":"02","messageCategory":"01","acctNumber":"2200000000000004","acquirerBIN":"123456","acquirerMerchantID":"MERCHANT0000001","merchantName":"Test Shop","mcc":"5411","merchantCountryCode":"643","purchaseAmount":"125050","purchaseCurrency":"643","purchaseExponent":"2","purchaseDate":"20261122094501","transType":"01","notificationURL":"https://shop.example/3ds/done","browserAcceptHeader":"text/html","browserIP":"192.0.2.10","browserJavaEnabled":false,"browserJavascriptEnabled":true,"browserLanguage":"ru-RU","browserColorDepth":"24","browserScreenHeight":"900","browserScreenWidth":"1440","browserTZ":"-180","browserUserAgent":"Mozilla/5.0 test"}`
)

// frontOf makes a door over a bank.
func frontOf(t testing.TB, bank acs.Bank) http.Handler {
	t.Helper()
	front, err := web.New(web.Options{Origin: origin, CrossSite: acs.CrossSite(), Rate: web.Rate{PerSecond: -1}})
	if err != nil {
		t.Fatal(err)
	}
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	return acs.New(acs.Deps{Front: front, Kit: kit, Bank: bank, Now: func() time.Time { return banktest.Noon }}).Handler()
}

// world is the door over a whole room, with one client and her card.
type world struct {
	*banktest.Bank
	h      http.Handler
	svc    *authentication.Service
	anna   banktest.Person
	number string

	mu      sync.Mutex
	code    string
	results []threeds.RReq
	jar     map[string]string
}

func (w *world) Allowed(u string) bool { return strings.HasPrefix(u, "https://ds.example/") }
func (w *world) Send(_ context.Context, _ string, body []byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, bad := threeds.ParseRReq(body)
	if bad != nil {
		return nil, bad
	}
	w.results = append(w.results, r)
	return threeds.AnswerRReq(r, threeds.ResultsReceived).Encode(), nil
}
func (w *world) AuthenticationKey() (byte, []byte)                         { return 1, []byte("0123456789abcdef") }
func (w *world) SendOrderCode(context.Context, db.Tx, order.Message) error { return nil }
func (w *world) digits() string                                            { w.code = "482913"; return w.code }

var qPAN = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		w := &world{Bank: b, anna: b.Client("Анна", "Соколова", 10_000), jar: map[string]string{}}
		cards, err := card.New(b.DB, b.Vault, b.IDs, card.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var c card.Card
		b.Do(func(ctx context.Context, tx db.Tx) error {
			c, err = cards.Issue(ctx, tx, card.Order{Client: w.anna.ID, Account: w.anna.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
			return err
		})
		var sealed []byte
		if err := b.DB.Row(context.Background(), qPAN, int64(w.anna.ID), c.ID.Bytes()).Scan(&sealed); err != nil {
			b.Fatal(err)
		}
		if w.number, err = b.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: c.ID.Bytes()}, sealed); err != nil {
			b.Fatal(err)
		}
		w.svc = authentication.New(authentication.Deps{
			DB: b.DB, Vault: b.Vault, IDs: b.IDs, Cards: cards, People: b.Directory, Messenger: w, Keys: w, Directory: w,
			Now: b.Clock.Now, Digits: w.digits, ChallengeURL: origin + acs.ChallengePath, Host: "acs.bank.example",
		})
		w.h = frontOf(b, w.svc)
		fn(w)
	})
}

// post sends a form as a shop's page does, with the cookies that this browser
// has in its frame.
func (w *world) post(path string, fields url.Values, change ...func(r *http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, origin+path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "https://www.shop.example")
	r.Header.Set("Accept-Language", "ru")
	for name, value := range w.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		w.jar[c.Name] = c.Value
	}
	return rec
}

// ask posts a question about Anna's card and gives the answer.
func (w *world) ask(n string, change ...func(m map[string]any)) threeds.ARes {
	w.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(areqExample), &m); err != nil {
		w.Fatal(err)
	}
	m["acctNumber"], m["dsTransID"] = w.number, "d65e93c3-35ab-41ba-b307-767bfc19ea"+n
	for _, c := range change {
		c(m)
	}
	body, err := json.Marshal(m)
	if err != nil {
		w.Fatal(err)
	}
	rec := postAReq(w.h, string(body))
	res, bad := threeds.ParseARes(rec.Body.Bytes())
	if bad != nil || rec.Code != http.StatusOK {
		w.Fatalf("%d %s: %v", rec.Code, rec.Body, bad)
	}
	return res
}

func postAReq(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, origin+"/acs/areq", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func creq(res threeds.ARes) string {
	return threeds.EncodeCReq(threeds.CReq{ServerTransID: res.ServerTransID, ACSTransID: res.ACSTransID, Window: threeds.Window250x400})
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// fields are the hidden fields of a page's form.
func fields(page string) url.Values {
	out := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	return out
}

var action = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)

func actionOf(page string) string {
	m := action.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}
