package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
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
		status, quote := d.Call("POST", "/quotes", from.Token, map[string]any{"payee": who["payee"], "amount": rub("250.25"), "from": account, "message": "По API"}, nil)
		if status != http.StatusOK || minorOf(t, quote["fee"]) != 0 || minorOf(t, quote["total"]) != 250_25 {
			t.Fatalf("quote: %d %v", status, quote)
		}
		text := quote["order_text"].(string)
		for _, holds := range []string{"250.25", "Павел К.", "По API", quote["order_id"].(string)} {
			if !strings.Contains(text, holds) {
				t.Errorf("the order to be signed does not hold %q:\n%s", holds, text)
			}
		}
		order := map[string]any{"quote": quote["quote"], "message": "По API", "signature": from.Sign(t, text)}
		key := map[string]string{"Idempotency-Key": "story-1"}
		for what, signature := range map[string]any{
			"no": nil, "another sum's": from.Sign(t, strings.Replace(text, "250.25", "250.24", 1)), "another person's": to.Sign(t, text),
		} {
			bad := map[string]any{"quote": quote["quote"], "message": "По API"}
			if signature != nil {
				bad["signature"] = signature
			}
			if status, answer := d.Call("POST", "/transfers", from.Token, bad, map[string]string{"Idempotency-Key": "bad " + what}); status/100 != 4 {
				t.Errorf("a transfer with %s signature: %d %v", what, status, answer)
			}
		}
		status, done := d.Call("POST", "/transfers", from.Token, order, key)
		if status/100 != 2 || !strings.HasPrefix(done["id"].(string), "tr_") {
			t.Fatalf("transfer: %d %v", status, done)
		}
		for range 3 {
			if status, again := d.Call("POST", "/transfers", from.Token, order, key); status/100 != 2 || again["id"] != done["id"] {
				t.Errorf("a replay is answered %d %v, the first was %v", status, again["id"], done["id"])
			}
		}
		_, other := d.Call("POST", "/quotes", from.Token, map[string]any{"payee": who["payee"], "amount": rub("250.25"), "from": account, "message": "Другое"}, nil)
		changed := map[string]any{"quote": other["quote"], "message": "Другое", "signature": from.Sign(t, other["order_text"].(string))}
		if status, answer := d.Call("POST", "/transfers", from.Token, changed, key); status != http.StatusConflict {
			t.Errorf("another transfer under the same key: %d %v", status, answer)
		}
		if status, answer := d.Call("POST", "/transfers", from.Token, order, nil); status/100 != 4 {
			t.Errorf("a transfer without a key: %d %v", status, answer)
		}
		if status, _ := d.Call("POST", "/transfers", "rb_wrong", order, key); status != http.StatusUnauthorized {
			t.Errorf("a transfer with a wrong token: %d", status)
		}
		status, refused := d.Call("POST", "/quotes", from.Token, map[string]any{"payee": who["payee"], "amount": rub("100000.01"), "from": account},
			map[string]string{"Accept-Language": "en"})
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
		receiptHolds(t, d, from, quote["order_id"].(string))
		apiDescribed(t, d)
		d.Verify()
	})
}

// receiptHolds downloads the signed receipt of an order and checks it without
// the bank; a receipt about another sum is none.
func receiptHolds(t *testing.T, d *Demo, who Person, order string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.API+"/receipts/"+order, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	receipt, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !bytes.Contains(receipt, []byte("250.25")) {
		t.Fatalf("the receipt of %s: %s %v %s", order, res.Status, err, receipt)
	}
	inspect := func(receipt []byte) (string, error) {
		cmd := exec.Command(binary(t), "inspect", "receipt", "-")
		cmd.Stdin = bytes.NewReader(receipt)
		out, err := cmd.Output()
		return string(out), err
	}
	if out, err := inspect(receipt); err != nil || !strings.Contains(out, `"ok":true`) {
		t.Errorf("inspect receipt: %v %s", err, out)
	}
	forged := bytes.Replace(receipt, []byte("250.25"), []byte("950.25"), 1)
	if out, err := inspect(forged); err == nil || !strings.Contains(out, `"error"`) {
		t.Errorf("a forged receipt is taken: %v %s", err, out)
	}
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
		p.Go("/api/docs/transfers")
		p.Sees("/api/v1/transfers")
	}
}
