package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/iso8583"
	"rocketbank/internal/rail/threeds"
	"rocketbank/internal/sandbox"
)

// issuer is a bank in small: it believes every buyer, approves all money and
// keeps the clearing files it is sent.
type issuer struct {
	card, acs, clearing string

	mu    sync.Mutex
	lines []map[string]any // of clearing files, without headers and trailers
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	b := &issuer{}
	line, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	b.card = line.Addr().String()
	go func() {
		for {
			conn, err := line.Accept()
			if err != nil {
				return
			}
			go approve(conn)
		}
	}()
	acs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		_ = json.NewDecoder(r.Body).Decode(&q)
		_ = json.NewEncoder(w).Encode(threeds.ARes{
			MessageType: "ARes", MessageVersion: threeds.Version, ServerTransID: q["threeDSServerTransID"].(string), DSTransID: q["dsTransID"].(string),
			ACSTransID: "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", ReferenceNumber: "TEST_ACS_1", OperatorID: "TEST", Status: "Y", ECI: "02",
			AuthenticationValue: "AAABBJg0VhI0VniQEjRWAAAAAAA=",
		})
	}))
	t.Cleanup(acs.Close)
	post := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, l := range strings.Split(strings.TrimSpace(string(body)), "\n") {
			var one map[string]any
			if json.Unmarshal([]byte(l), &one) == nil && one["type"] == "presentment" {
				b.lines = append(b.lines, one)
			}
		}
	}))
	t.Cleanup(post.Close)
	b.acs, b.clearing = acs.URL, post.URL
	return b
}

func approve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	spec, in, out := iso8583.Standard(), iso8583.NewReader(conn, nil, 0), iso8583.NewWriter(conn, nil, 0)
	for {
		body, err := in.Read()
		if err != nil {
			return
		}
		m, err := spec.Unpack(body)
		if err != nil {
			return
		}
		a := m.Answer("00")
		if m.MTI == "0100" {
			a.Set(38, "A1B2C3")
		}
		if body, err = spec.Pack(a); err != nil || out.Write(body) != nil {
			return
		}
	}
}

const ownNumber = "5500000000000004"

func wallet(context.Context) ([]sandbox.Plastic, error) {
	return []sandbox.Plastic{{ID: "mine", Holder: "Света", Masked: "5500 00•• •••• 0004", Virtual: true, Number: ownNumber, CVC: "123", Expiry: "3112", Sequence: "00"}}, nil
}

var shopSlip = regexp.MustCompile(`/terminal/sl_[0-9a-z]+`)

// An order that was paid is presented at the clearing run like a terminal's
// payment, over a restart too, once, and its refund names what it gives back; a
// card that nobody here carries is paid with and not presented.
func TestShopOrdersAreCleared(t *testing.T) {
	t.Parallel()
	bank := newIssuer(t)
	zpk, err := emv.ParseKey2("11111111111111112222222222222222")
	if err != nil {
		t.Fatal(err)
	}
	with := func(c *sandbox.Config) {
		c.CardHost, c.Wallet, c.ZPK, c.ACS, c.ClearingURL = bank.card, wallet, zpk, bank.acs, bank.clearing
	}
	w := newWorld(t, with)
	pays := func(form ...string) string {
		t.Helper()
		to := w.post("/shop", form...).header.Get("Location")
		page := w.get(to).body
		if !strings.Contains(page, "Оплачено") || strings.Contains(page, ownNumber) || strings.Contains(page, "CVC2") {
			t.Fatalf("the order's page:\n%s", page)
		}
		return shopSlip.FindString(page)
	}
	slip := pays("card", "mine", "amount", "4990.50")
	if got := pays("number", "5555 5555 5555 4444", "exp", "12/31", "cvc", "321", "amount", "10"); got != "" {
		t.Errorf("a stranger's card has the slip %s", got)
	}
	w.stop()
	w.start(with)
	if page := w.get(slip).body; !strings.Contains(page, "4990.50") || !strings.Contains(page, "Интернет-магазин") {
		t.Errorf("the slip's page:\n%s", page)
	}
	clears := func(n int) map[string]any {
		t.Helper()
		if got := w.post("/clearing"); got.status != http.StatusSeeOther {
			t.Fatalf("clearing: %d %s", got.status, got.body)
		}
		bank.mu.Lock()
		defer bank.mu.Unlock()
		if len(bank.lines) != n {
			t.Fatalf("%d records, want %d: %v", len(bank.lines), n, bank.lines)
		}
		return bank.lines[n-1]
	}
	bought := clears(1)
	for name, want := range map[string]any{"pan": ownNumber, "amount": "499050", "billing": "499050", "code": "A1B2C3", "process": "00", "merchant": "SANDBOX SHOP", "mcc": "5942"} {
		if bought[name] != want {
			t.Errorf("%s is %v, want %v", name, bought[name], want)
		}
	}
	clears(1) // nothing is owed any more
	if got := w.post(slip, "act", "refund"); got.status != http.StatusSeeOther {
		t.Fatalf("refund: %d", got.status)
	}
	back := clears(2)
	if back["process"] != "20" || back["original"] != bought["arn"] || back["amount"] != "499050" {
		t.Errorf("%v", back)
	}
	// Nobody stands at a terminal with it.
	for _, form := range [][]string{{"place", "webshop1", "mode", "phone"}, {"place", "shop", "mode", "web"}} {
		if got := w.post("/terminal", append(form, "card", "mine", "amount", "1")...); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", form, got.status)
		}
	}
}
