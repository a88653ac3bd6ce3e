package acquirer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/money"
	"rocketbank/internal/partner/acquirer"
)

const pan, cvc = "2200000000000046", "739"

func ask() topup.Charge {
	return topup.Charge{
		Key: "tu_1", Order: "tu_1", Amount: money.Rub(500000), Description: "Пополнение",
		Card:      topup.Card{Number: pan, ExpMonth: 12, ExpYear: 2028, CVC: cvc},
		ReturnURL: "https://bank.example/topup/tu_1",
	}
}

// client talks to a handler over a real socket; what it logs lands in log.
func client(t *testing.T, h http.HandlerFunc) (c *acquirer.Client, log *bytes.Buffer) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	log = &bytes.Buffer{}
	c, err := acquirer.New(acquirer.Config{
		URL: srv.URL + "/acquirer", Key: "key", CallbackURL: "https://bank.example/acquirer/callback",
		Timeout: 300 * time.Millisecond, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, log
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// said is a whole answer with some members changed.
func said(changes ...any) string {
	m := map[string]any{
		"key": "tu_1", "id": "ch_1", "order": "tu_1", "amount_minor": 500000, "currency": "RUB", "state": "charged", "reason": "", "action_url": "",
	}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i].(string)] = changes[i+1]
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func TestChargeSends(t *testing.T) {
	t.Parallel()
	c, log := client(t, func(w http.ResponseWriter, r *http.Request) {
		var got map[string]any
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		want := map[string]any{
			"amount_minor": float64(500000), "currency": "RUB", "order": "tu_1", "description": "Пополнение",
			"card":       map[string]any{"number": pan, "exp_month": float64(12), "exp_year": float64(2028), "cvc": cvc},
			"return_url": "https://bank.example/topup/tu_1", "callback_url": "https://bank.example/acquirer/callback",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/acquirer/charges" || r.Header.Get("Idempotency-Key") != "tu_1" || r.Header.Get("Authorization") != "Bearer key" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, said("state", "action_required", "action_url", "https://acs.example/3ds/x?y=1"))
	})
	out, err := c.Charge(context.Background(), ask())
	want := topup.Outcome{ID: "ch_1", Key: "tu_1", Amount: money.Rub(500000), State: topup.ChargeActionRequired, ActionURL: "https://acs.example/3ds/x?y=1"}
	if err != nil || out != want {
		t.Fatalf("%+v %v", out, err)
	}
	if log.Len() > 0 {
		t.Errorf("a charge that went well was logged: %s", log)
	}
}

func TestChargeAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		state  topup.ChargeState // "" = the outcome is unknown
		reason string
	}{
		"charged":                   {200, said(), "charged", ""},
		"processing":                {201, said("state", "processing"), "processing", ""},
		"refused":                   {201, said("state", "refused", "reason", "insufficient_funds"), "refused", "insufficient_funds"},
		"a member more":             {201, said("scheme", "mir"), "charged", ""},
		"rejected":                  {422, `{"error":{"reason":"expired_card"}}`, "refused", "expired_card"},
		"422 of somebody else":      {422, `<html>`, "", ""},
		"422 without a reason":      {422, `{}`, "", ""},
		"key seen with other body":  {409, `{"error":{"reason":"key_reused"}}`, "", ""},
		"our key is wrong":          {401, `{"error":{"reason":"unauthorized"}}`, "", ""},
		"bad request":               {400, `{"error":{"reason":"bad_json"}}`, "", ""},
		"a proxy's 404":             {404, `not found`, "", ""},
		"redirected":                {302, ``, "", ""},
		"throttled":                 {429, ``, "", ""},
		"broken":                    {500, said(), "", ""},
		"busy":                      {503, ``, "", ""},
		"empty":                     {200, ``, "", ""},
		"a page":                    {200, `<html>ok</html>`, "", ""},
		"list":                      {200, `[` + said() + `]`, "", ""},
		"two answers":               {200, said() + said(), "", ""},
		"state twice":               {200, strings.Replace(said(), `"state"`, `"state":"refused","state"`, 1), "", ""},
		"state in capitals":         {200, strings.Replace(said(), `"state"`, `"State"`, 1), "", ""},
		"other amount":              {200, said("amount_minor", 500001), "", ""},
		"nought":                    {200, said("amount_minor", 0), "", ""},
		"negative":                  {200, said("amount_minor", -500000), "", ""},
		"amount is a text":          {200, said("amount_minor", "500000"), "", ""},
		"fraction":                  {200, said("amount_minor", 500000.5), "", ""},
		"other currency":            {200, said("currency", "USD"), "", ""},
		"other key":                 {200, said("key", "tu_2"), "", ""},
		"no key":                    {200, said("key", ""), "", ""},
		"no identifier":             {200, said("id", ""), "", ""},
		"identifier with a break":   {200, said("id", "ch\n1"), "", ""},
		"endless identifier":        {200, said("id", strings.Repeat("x", 101)), "", ""},
		"unknown state":             {200, said("state", "done"), "", ""},
		"refused, no reason":        {200, said("state", "refused"), "", ""},
		"reason of markup":          {200, said("state", "refused", "reason", "<b>"), "", ""},
		"action without page":       {200, said("state", "action_required"), "", ""},
		"action on plain http":      {200, said("state", "action_required", "action_url", "http://acs.example/3ds"), "", ""},
		"action is a script":        {200, said("state", "action_required", "action_url", "javascript:alert(1)"), "", ""},
		"action on this very site":  {200, said("state", "action_required", "action_url", "/transfer"), "", ""},
		"action with a password":    {200, said("state", "action_required", "action_url", "https://bank.example@evil.example/"), "", ""},
		"action on loopback (demo)": {200, said("state", "action_required", "action_url", "http://127.0.0.1:41000/3ds/x"), "action_required", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, log := client(t, says(c.status, c.body))
			out, err := cl.Charge(context.Background(), ask())
			switch {
			case c.state == "":
				if !errors.Is(err, topup.ErrUnknownOutcome) || errors.Is(err, topup.ErrNotSent) || out != (topup.Outcome{}) {
					t.Fatalf("%+v %v, want ErrUnknownOutcome", out, err)
				}
				if log.Len() == 0 {
					t.Error("nobody is told")
				}
			case err != nil || out.State != c.state || out.Reason != c.reason || out.Key != "tu_1" || out.Amount != money.Rub(500000):
				t.Fatalf("%+v %v", out, err)
			}
			if all := log.String() + fmt.Sprint(err); strings.Contains(all, pan) || strings.Contains(all, cvc) || strings.Contains(all, "Bearer") {
				t.Error("a secret came out:", all)
			}
		})
	}
}

func TestChargeWhenTheLineFails(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	for name, h := range map[string]http.HandlerFunc{
		"cut":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"late": func(http.ResponseWriter, *http.Request) { <-stuck },
	} {
		c, _ := client(t, h)
		if out, err := c.Charge(context.Background(), ask()); !errors.Is(err, topup.ErrUnknownOutcome) || errors.Is(err, topup.ErrNotSent) {
			t.Errorf("%s: %+v %v", name, out, err)
		}
		if name == "late" {
			stuck <- struct{}{} // let the handler go before its server closes
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	c, err := acquirer.New(acquirer.Config{URL: gone.URL, Key: "key", CallbackURL: "https://bank.example/cb"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := c.Charge(context.Background(), ask()); !errors.Is(err, topup.ErrNotSent) || errors.Is(err, topup.ErrUnknownOutcome) {
		t.Errorf("nobody there: %+v %v", out, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		state  topup.ChargeState
		none   bool
	}{
		"charged":               {200, said(), "charged", false},
		"refused":               {200, said("state", "refused", "reason", "cancelled"), "refused", false},
		"other amount is shown": {200, said("amount_minor", 7), "charged", false},
		"never got it":          {404, `{"error":{"reason":"no_such_charge"}}`, "", true},
		"a proxy's 404":         {404, `not found`, "", false},
		"another 404":           {404, `{"error":{"reason":"no_such_page"}}`, "", false},
		"broken":                {500, `{"error":{"reason":"no_such_charge"}}`, "", false},
		"unauthorised":          {401, ``, "", false},
		"another charge":        {200, said("key", "tu_2"), "", false},
		"nonsense":              {200, `{}`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/acquirer/charges/tu_1" || r.Header.Get("Authorization") != "Bearer key" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				says(c.status, c.body)(w, r)
			})
			out, err := cl.Find(context.Background(), "tu_1")
			if c.state != "" {
				if err != nil || out.State != c.state || out.Key != "tu_1" || out.ID != "ch_1" {
					t.Fatalf("%+v %v", out, err)
				}
				return
			}
			if err == nil || errors.Is(err, topup.ErrNoSuchCharge) != c.none {
				t.Fatalf("%+v %v", out, err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]acquirer.Config{
		"plain http":          {URL: "http://acquirer.example", Key: "key", CallbackURL: "https://bank.example/cb"},
		"plain http callback": {URL: "https://acquirer.example", Key: "key", CallbackURL: "http://bank.example/cb"},
		"no key":              {URL: "https://acquirer.example", CallbackURL: "https://bank.example/cb"},
		"no address":          {Key: "key", CallbackURL: "https://bank.example/cb"},
	} {
		if _, err := acquirer.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
