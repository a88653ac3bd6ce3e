package app_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/partners"
	"rocketbank/internal/partner/acquirer"
	"rocketbank/internal/partner/sms"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

// TestContract holds the bank's side of the partner protocols against the
// sandbox's over real sockets: our clients call its APIs, its callbacks come
// in at our door. Both were built from docs/partners.md.
func TestContract(t *testing.T) {
	t.Parallel()
	const apiKey, secret = signature.Secret("api key"), signature.Secret("callback secret")
	heard := &rooms{hints: make(chan string, 100), receipts: make(chan notice.DeliveryReceipt, 100)}
	door := httptest.NewServer(partners.New(partners.Deps{Topups: heard, Receipts: heard, Secret: secret}))
	t.Cleanup(door.Close)

	srv := httptest.NewUnstartedServer(nil)
	origin := "http://" + srv.Listener.Addr().String()
	world, err := sandbox.New(sandbox.Config{
		DataDir: t.TempDir(), Origin: origin, SMSKey: apiKey, AcquirerKey: apiKey, CallbackSecret: secret, SlowFor: 300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = world
	srv.Start()
	t.Cleanup(func() {
		srv.Close()
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})

	take, err := acquirer.New(acquirer.Config{URL: origin + sandbox.AcquirerPath, Key: apiKey, CallbackURL: door.URL + "/acquirer/callback"})
	if err != nil {
		t.Fatal(err)
	}
	say, err := sms.New(sms.Config{URL: origin + sandbox.SMSPath, Key: apiKey, CallbackURL: door.URL + "/sms/receipt"})
	if err != nil {
		t.Fatal(err)
	}

	ctx := context.Background()
	charge := func(key, number string) topup.Charge {
		return topup.Charge{
			Key: key, Order: key, Amount: money.Rub(500000), Description: "Пополнение",
			Card:      topup.Card{Number: number, ExpMonth: 12, ExpYear: time.Now().Year() + 2, CVC: "123"},
			ReturnURL: "http://localhost:8080/topup/" + key,
		}
	}
	find := func(t *testing.T, key string, state topup.ChargeState, reason string) {
		t.Helper()
		out, err := take.Find(ctx, key)
		if err != nil || out.State != state || out.Reason != reason || out.Amount != money.Rub(500000) {
			t.Fatalf("Find %s: %+v %v, want %s %q", key, out, err, state, reason)
		}
	}

	t.Run("with a code", func(t *testing.T) {
		for number, want := range map[string]struct {
			state  topup.ChargeState
			reason string
			hints  int
		}{
			"2200000000000046": {topup.ChargeCharged, "", 1},
			"4000000000000010": {topup.ChargeRefused, "insufficient_funds", 1},
			"4000000000000069": {topup.ChargeCharged, "", 3},
		} {
			key := "tu_code_" + number
			out, err := take.Charge(ctx, charge(key, number))
			if err != nil || out.State != topup.ChargeActionRequired {
				t.Fatalf("%s: %+v %v", number, out, err)
			}
			if to := postForm(t, out.ActionURL, "1234"); to != "http://localhost:8080/topup/"+key {
				t.Fatalf("%s: the page leads to %s", number, to)
			}
			find(t, key, want.state, want.reason)
			for range want.hints {
				heard.waitHint(t, key)
			}
		}
	})
	t.Run("expired", func(t *testing.T) {
		out, err := take.Charge(ctx, charge("tu_expired_1", "4000000000000028"))
		if err != nil || out.State != topup.ChargeRefused || out.Reason != "expired_card" {
			t.Fatalf("%+v %v", out, err)
		}
		heard.waitHint(t, "tu_expired_1")
	})
	t.Run("rejected", func(t *testing.T) {
		out, err := take.Charge(ctx, charge("tu_rejected", "4000000000000029"))
		if err != nil || out.State != topup.ChargeRefused || out.Reason != "bad_card" {
			t.Fatalf("%+v %v", out, err)
		}
		if _, err := take.Find(ctx, "tu_rejected"); !errors.Is(err, topup.ErrNoSuchCharge) {
			t.Fatal(err)
		}
	})
	t.Run("answer lost after the charge", func(t *testing.T) {
		for _, key := range []string{"tu_lost_1", "tu_lost_2", "tu_lost_3"} { // the 2nd on a kept connection
			if out, err := take.Charge(ctx, charge(key, "4000000000000044")); !errors.Is(err, topup.ErrUnknownOutcome) {
				t.Fatalf("%+v %v", out, err)
			}
			find(t, key, topup.ChargeCharged, "")
		}
	})
	t.Run("slow", func(t *testing.T) {
		out, err := take.Charge(ctx, charge("tu_slow_1", "4000000000000051"))
		if err != nil || out.State != topup.ChargeProcessing {
			t.Fatalf("%+v %v", out, err)
		}
		heard.waitHint(t, "tu_slow_1")
		find(t, "tu_slow_1", topup.ChargeCharged, "")
	})
	t.Run("other content under one key", func(t *testing.T) {
		again := charge("tu_lost_1", "4000000000000044")
		again.Amount = money.Rub(500001)
		if out, err := take.Charge(ctx, again); !errors.Is(err, topup.ErrUnknownOutcome) {
			t.Fatalf("%+v %v", out, err)
		}
	})
	t.Run("sms", func(t *testing.T) {
		m := notice.SMS{Key: "0193a1b2-0000-7000-8000-000000000001", To: phone.Number("+79165550123"), Text: vault.Hide("Код 123456")}
		first, err := say.Send(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := say.Send(ctx, m); err != nil || again != first {
			t.Fatalf("%s, then %s %v", first, again, err)
		}
		if got := heard.waitReceipt(t); got.GatewayID != first || got.State != notice.Delivered {
			t.Fatalf("%+v", got)
		}
		m.Key, m.To = "0193a1b2-0000-7000-8000-000000000002", "89165550123"
		_, err = say.Send(ctx, m)
		if no := (*notice.Rejected)(nil); !errors.As(err, &no) || no.Reason != "bad_number" {
			t.Fatal(err)
		}
	})
}

// postForm types a code on the 3-D Secure page and tells where it leads.
func postForm(t *testing.T, page, code string) string {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Post(page, "application/x-www-form-urlencoded", strings.NewReader(url.Values{"code": {code}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("the page answers %d", resp.StatusCode)
	}
	return resp.Header.Get("Location")
}

// rooms hear what the partners' door passes on.
type rooms struct {
	hints    chan string
	receipts chan notice.DeliveryReceipt

	mu      sync.Mutex
	waiting map[string]int // hints heard while another was waited for
}

func (r *rooms) Hint(_ context.Context, key string) error {
	r.hints <- key
	return nil
}

func (r *rooms) Receipt(_ context.Context, got notice.DeliveryReceipt) error {
	r.receipts <- got
	return nil
}

func (r *rooms) waitHint(t *testing.T, key string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[string]int{}
	}
	late := time.After(10 * time.Second)
	for r.waiting[key] == 0 {
		select {
		case got := <-r.hints:
			r.waiting[got]++
		case <-late:
			t.Fatalf("no hint about %s", key)
		}
	}
	r.waiting[key]--
}

func (r *rooms) waitReceipt(t *testing.T) notice.DeliveryReceipt {
	t.Helper()
	select {
	case got := <-r.receipts:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("no receipt")
		return notice.DeliveryReceipt{}
	}
}
