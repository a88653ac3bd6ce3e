package agent_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/agent"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

var ctx = context.Background()

// The partner's side is the sandbox, over a real socket.
func partners(t *testing.T, secret string) *agent.Partners {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	box, err := sandbox.New(sandbox.Config{
		DataDir: t.TempDir(), Origin: "http://" + srv.Listener.Addr().String(), SMSKey: "a", AcquirerKey: "key", CallbackSecret: "secret",
		SlowFor: 30 * time.Millisecond, Agents: []sandbox.Agent{{Code: "orbita"}, {Code: "kopilka"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = box
	srv.Start()
	t.Cleanup(func() { srv.Close(); box.Close() })
	var lines []agent.Line
	for _, code := range []string{"orbita", "kopilka"} {
		lines = append(lines, agent.Line{Code: code, URL: srv.URL + sandbox.AgentsPath + "/" + code, Key: "key", Secret: signature.Secret(secret)})
	}
	p, err := agent.New(lines, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mobile(number string) payout.Instruction {
	return payout.Instruction{ID: id.NewSource(time.Now).New(), Amount: money.Rub(150_00), To: payout.Target{Way: payout.Mobile, Bank: "orbita", Phone: phone.Number(number)}}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := partners(t, "secret")
	if name, err := p.Check(ctx, "orbita", "+79035550199"); err != nil || name != "Анна А." {
		t.Error(name, err)
	}
	if _, err := p.Check(ctx, "kopilka", "+79035550000"); !errors.Is(err, claim.ErrNoReceiver) {
		t.Error(err)
	}
	if _, err := p.Check(ctx, "nobody", "+79035550199"); err == nil {
		t.Error("nobody was asked")
	}
	if _, err := partners(t, "another").Check(ctx, "orbita", "+79035550199"); !errors.Is(err, claim.ErrUnavailable) {
		t.Error(err)
	}
}

func TestPay(t *testing.T) {
	t.Parallel()
	p := partners(t, "secret")
	for number, want := range map[string]payout.Outcome{
		"+79035550199": {State: payout.Settled},
		"+79035550001": {State: payout.Declined, Reason: "limit"},
		"+79035550000": {State: payout.Declined, Reason: "no_such_receiver"},
	} {
		for range 2 { // told again, the same
			o, err := p.Send(ctx, mobile(number))
			if err != nil || o.State != want.State || o.Reason != want.Reason {
				t.Errorf("%s: %+v, %v", number, o, err)
			}
		}
	}
	wallet := payout.Instruction{ID: id.NewSource(time.Now).New(), Amount: money.Rub(1_00), To: payout.Target{Way: payout.Wallet, Bank: "kopilka", Number: vault.Hide("79035550199")}}
	if o, err := p.Send(ctx, wallet); err != nil || o.State != payout.Settled || !strings.HasPrefix(o.Reference, "pm_") {
		t.Errorf("%+v, %v", o, err)
	}
}

// What gets lost is asked for, and what never arrived goes again as it was.
func TestAsk(t *testing.T) {
	t.Parallel()
	p := partners(t, "secret")
	lost := mobile("+79035550002")
	if o, err := p.Send(ctx, lost); err == nil || o.State != payout.OutcomeUnknown {
		t.Errorf("an answer that was lost: %+v, %v", o, err)
	}
	if o, err := p.Ask(ctx, lost); err != nil || o.State != payout.Settled {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := p.Ask(ctx, mobile("+79035550199")); err != nil || o.State != payout.Settled {
		t.Errorf("never sent: %+v, %v", o, err)
	}
	slow := mobile("+79035550004")
	o, err := p.Send(ctx, slow)
	for tries := 0; err == nil && o.State == payout.OutcomeUnknown && tries < 1000; tries++ {
		o, err = p.Ask(ctx, slow)
	}
	if err != nil || o.State != payout.Declined || o.Reason != "restricted" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	p, err := agent.New([]agent.Line{{Code: "orbita", URL: "http://127.0.0.1:1", Key: "key", Secret: "secret"}}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := p.Send(ctx, mobile("+79035550199")); o.State != payout.NotSent || err == nil {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := p.Ask(ctx, mobile("+79035550199")); o.State != payout.OutcomeUnknown || err == nil {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := agent.New([]agent.Line{{Code: "orbita", URL: "http://127.0.0.1:1", Key: "key"}}, time.Now); err == nil {
		t.Error("no secret was taken")
	}
}
