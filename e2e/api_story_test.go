package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The same story by the open API, with the tokens of the ready file.
func TestAPIStory(t *testing.T) {
	t.Parallel()
	storyDemo(t, func(t *testing.T, d *Demo) {
		from, to := d.Person("Марина"), d.Person("Павел")
		mine, theirs := d.Balance(from.Token), d.Balance(to.Token)
		inbox := d.Inbox(to.Phone)
		rub := func(s string) map[string]any { return map[string]any{"amount": s, "currency": "RUB"} }

		f := d.Open(t, Opt{Within: 2 * time.Minute}) // the friend's cabinet, at its home page
		f.Login(d, to.Phone, to.Passcode)
		f.Live()

		_, accounts := d.Call("GET", "/accounts", from.Token, nil, nil)
		account := accounts["accounts"].([]any)[0].(map[string]any)["id"]
		status, who := d.Call("POST", "/recipients", from.Token, map[string]any{"phone": to.Phone}, nil)
		if status != http.StatusOK || who["name"] != "Павел К." {
			t.Fatalf("recipients: %d %v", status, who)
		}
		status, quote := d.Call("POST", "/quotes", from.Token, map[string]any{"payee": who["payee"], "amount": rub("250.25"), "from": account}, nil)
		if status != http.StatusOK || minorOf(t, quote["fee"]) != 0 || minorOf(t, quote["total"]) != 250_25 {
			t.Fatalf("quote: %d %v", status, quote)
		}
		order := map[string]any{"quote": quote["quote"], "message": "По API"}
		key := map[string]string{"Idempotency-Key": "story-1"}
		status, done := d.Call("POST", "/transfers", from.Token, order, key)
		if status/100 != 2 || !strings.HasPrefix(done["id"].(string), "tr_") {
			t.Fatalf("transfer: %d %v", status, done)
		}
		for range 3 {
			if status, again := d.Call("POST", "/transfers", from.Token, order, key); status/100 != 2 || again["id"] != done["id"] {
				t.Errorf("a replay is answered %d %v, the first was %v", status, again["id"], done["id"])
			}
		}
		changed := map[string]any{"quote": quote["quote"], "message": "Другое"}
		if status, answer := d.Call("POST", "/transfers", from.Token, changed, key); status != http.StatusConflict {
			t.Errorf("another transfer under the same key: %d %v", status, answer)
		}
		if status, answer := d.Call("POST", "/transfers", from.Token, order, nil); status/100 != 4 {
			t.Errorf("a transfer without a key: %d %v", status, answer)
		}
		if status, _ := d.Call("POST", "/transfers", "rb_wrong", order, key); status != http.StatusUnauthorized {
			t.Errorf("a transfer with a wrong token: %d", status)
		}
		status, refused := d.Call("POST", "/transfers", from.Token, map[string]any{"payee": who["payee"], "amount": rub("100000.01"), "from": account},
			map[string]string{"Idempotency-Key": "story-2", "Accept-Language": "en"})
		if status != http.StatusUnprocessableEntity || refused["code"] != "limit.one_transfer" || !strings.Contains(refused["detail"].(string), "at a time") {
			t.Errorf("over the limit: %d %v", status, refused)
		}
		if got := d.Balance(from.Token); got != mine-250_25 {
			t.Errorf("the payer has %d kopecks, want %d", got, mine-250_25)
		}
		if got := d.Balance(to.Token); got != theirs+250_25 {
			t.Errorf("the friend has %d kopecks, want %d", got, theirs+250_25)
		}
		f.SeesTotal(theirs + 250_25) // live, as from the cabinet
		f.Sees("По API")
		inbox.Next("250,25")

		status, list := d.Call("GET", "/operations?limit=1", to.Token, nil, nil)
		if op := list["operations"].([]any)[0].(map[string]any); status != http.StatusOK || op["message"] != "По API" || minorOf(t, op["amount"]) != 250_25 {
			t.Errorf("the friend's newest operation: %d %v", status, list)
		}
		apiDescribed(t, d)
		d.Verify()
	})
}

// apiDescribed opens what the bank tells about its API, from its own origin.
func apiDescribed(t *testing.T, d *Demo) {
	t.Helper()
	res, err := http.Get(strings.TrimSuffix(d.API, "/v1") + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(raw, &doc) != nil || !strings.HasPrefix(doc.OpenAPI, "3.") || len(doc.Paths) < 7 {
		t.Errorf("openapi.json: %s, %v, %d paths", res.Status, err, len(doc.Paths))
	}
	for _, lang := range []string{"ru-RU", "en-US"} {
		p := d.Open(t, Opt{Lang: lang})
		p.Go("/api/docs")
		p.Sees("Idempotency-Key")
		p.Sees("/transfers")
	}
}
