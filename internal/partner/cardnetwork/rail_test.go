package cardnetwork_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
)

// railOver opens a rail to a network that is played by a script, and tells the
// payouts that it gives hints about.
func railOver(t *testing.T, o cardnetwork.Options, script func(*peer)) (*cardnetwork.Rail, <-chan id.ID) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Address = l.Addr().String()
	rail, err := cardnetwork.NewRail(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	hints := make(chan id.ID, 8)
	played, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(played)
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			script(newPeer(t, c))
			_ = c.Close()
		}
	}()
	go func() {
		defer close(ended)
		rail.Run(ctx, func(_ context.Context, one id.ID) error {
			hints <- one
			return errors.New("only for the log")
		})
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = l.Close()
		<-played
	})
	for !rail.Up() {
		runtime.Gosched()
	}
	return rail, hints
}

// instruction is the n-th payout of the day.
func instruction(n int, number string) payout.Instruction {
	return payout.Instruction{
		ID: id.ID{15: byte(n)}, Number: n, Sent: sent, Amount: money.Rub(125050), Sender: "Анна Щёлокова-Юрьева", Message: "за обед",
		To: payout.Target{Way: payout.Card, Number: vault.Hide(number)},
	}
}

// Each scheme has its own process; the transfer's name and the sender go along,
// the message does not.
func TestRailWritesCredits(t *testing.T) {
	t.Parallel()
	got := make(chan *iso8583.Message, 1)
	rail, _ := railOver(t, options(), func(p *peer) {
		p.signOn()
		for m := p.read(); m != nil; m = p.read() {
			if m.MTI != "0800" {
				got <- m
			}
			p.write(answered(m, "00"))
		}
	})
	for n, want := range []struct{ number, process, mcc, purpose string }{
		{"4000000000000002", "260000", "4829", "BAI=PP;"}, {pan, "280000", "6536", ";TTI=C07"}, {"2200000000000046", "280000", "6536", ";TTI=C07"},
	} {
		for _, say := range []func(context.Context, payout.Instruction) (payout.Outcome, error){rail.Send, rail.Ask} {
			i := instruction(n+1, want.number)
			out, err := say(t.Context(), i)
			if err != nil || out != (payout.Outcome{State: payout.Settled, Reference: "63260900000" + string(rune('1'+n))}) {
				t.Fatalf("%s: %+v %v", want.process, out, err)
			}
			m := <-got
			private := field(m, 48)
			if field(m, 2) != want.number || field(m, 3) != want.process || field(m, 18) != want.mcc || field(m, 4) != "000000125050" || !strings.Contains(private, want.purpose) ||
				!strings.Contains(private, "FROM=ANNA SHCHELOKOVA-IUREVA;") || !strings.Contains(private, "REF="+i.ID.Text(payout.Prefix)) {
				t.Errorf("%s: %v %q", want.process, m, private)
			}
		}
	}
}

func TestRailTellsOutcomes(t *testing.T) {
	t.Parallel()
	codes := map[string]payout.Outcome{}
	const reference = "632609000001"
	for code, reason := range map[string]string{"14": "no_such_card", "54": "expired", "61": "limit", "62": "restricted", "57": "restricted", "59": "suspicious", "13": "amount",
		"92": "bank_unavailable", "51": "declined", "05": "declined", "12": "declined"} {
		codes[code] = payout.Outcome{State: payout.Declined, Reason: reason, Reference: reference}
	}
	for _, code := range []string{"09", "68", "90", "91", "94", "96", "10", "85"} {
		codes[code] = payout.Outcome{}
	}
	next := make(chan string, 1)
	rail, _ := railOver(t, options(), func(p *peer) {
		p.signOn()
		for m := p.read(); m != nil; m = p.read() {
			code := "00"
			if m.MTI != "0800" {
				code = <-next
			}
			p.write(answered(m, code))
		}
	})
	for code, want := range codes {
		next <- code
		out, err := rail.Send(t.Context(), instruction(1, pan))
		if out != want || (err != nil) != (want.State == payout.OutcomeUnknown) {
			t.Errorf("%s: %+v %v", code, out, err)
		}
	}
	// What no network could be told never leaves.
	for name, change := range map[string]func(*payout.Instruction){
		"no number":    func(i *payout.Instruction) { i.Number = 0 },
		"a million":    func(i *payout.Instruction) { i.Number = 1_000_000 },
		"a typo":       func(i *payout.Instruction) { i.To.Number = vault.Hide("5500123456789017") },
		"no time":      func(i *payout.Instruction) { i.Sent = time.Time{} },
		"no sum":       func(i *payout.Instruction) { i.Amount = money.Rub(0) },
		"no card":      func(i *payout.Instruction) { i.To.Number = vault.Hidden{} },
		"other moneys": func(i *payout.Instruction) { i.Amount = money.Amount{Minor: 100, Cur: 840} },
	} {
		i := instruction(1, pan)
		change(&i)
		if out, err := rail.Send(t.Context(), i); out.State != payout.NotSent || err == nil || strings.ContainsAny(strings.TrimPrefix(err.Error(), cardnetwork.ErrNumber.Error()), "0123456789") {
			t.Errorf("%s: %+v %v", name, out, err)
		}
	}
}

// Without a line nothing leaves, and a question stays a question.
func TestRailWithoutLine(t *testing.T) {
	t.Parallel()
	rail, err := cardnetwork.NewRail(cardnetwork.Options{Acquirer: "1", Address: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := rail.Send(t.Context(), instruction(1, pan)); out.State != payout.NotSent || !errors.Is(err, cardnetwork.ErrOffline) {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := rail.Ask(t.Context(), instruction(1, pan)); out.State != payout.OutcomeUnknown || !errors.Is(err, cardnetwork.ErrOffline) {
		t.Errorf("%+v %v", out, err)
	}
	if _, err := cardnetwork.NewRail(cardnetwork.Options{}); err == nil {
		t.Error("a rail to nowhere")
	}
}

// An answer that comes when nobody waits is a hint about its payout.
func TestLateAnswersAreHints(t *testing.T) {
	t.Parallel()
	arrived, gaveUp := make(chan struct{}), make(chan struct{})
	rail, hints := railOver(t, options(), func(p *peer) {
		p.signOn()
		m := p.read()
		close(arrived)
		<-gaveUp
		p.write(answered(m, "00"))
		m = p.read()
		p.write(answered(m, "00"))
		p.write(answered(m, "00")) // twice
		m = p.read()
		p.write(answered(m, "91"))
		p.write(answered(m, "00")) // the truth comes after all
		p.serve("00")
	})
	ctx, giveUp := context.WithCancel(t.Context())
	go func() {
		<-arrived
		giveUp()
	}()
	if out, err := rail.Send(ctx, instruction(1, pan)); out.State != payout.OutcomeUnknown {
		t.Errorf("%+v %v", out, err)
	}
	close(gaveUp)
	if one := <-hints; one != instruction(1, pan).ID {
		t.Errorf("a hint about %v", one)
	}
	if out, err := rail.Ask(t.Context(), instruction(2, pan)); out.State != payout.Settled {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := rail.Send(t.Context(), instruction(3, pan)); out.State != payout.OutcomeUnknown {
		t.Errorf("%+v %v", out, err)
	}
	one := <-hints
	if one == instruction(2, pan).ID { // its second answer was faster than its first was read
		one = <-hints
	}
	if one != instruction(3, pan).ID {
		t.Errorf("a hint about %v, not about the third", one)
	}
}
