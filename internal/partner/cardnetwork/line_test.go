package cardnetwork_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
)

// What we send, field by field; a repeat differs in its type alone.
func TestCreditMessage(t *testing.T) {
	t.Parallel()
	got := make(chan *iso8583.Message, 2)
	line, _ := network(t, options(), func(p *peer) {
		p.signOn()
		for m := p.read(); m != nil; m = p.read() {
			if m.MTI != "0800" {
				got <- m
			}
			p.write(answered(m, "00"))
		}
	})
	out, err := send(t.Context(), line, credit(t, 2))
	if err != nil || out != (cardnetwork.Outcome{State: cardnetwork.Done, Code: "00", Approval: "A1B2C3"}) {
		t.Fatalf("%+v %v", out, err)
	}
	first := <-got
	want := map[int]string{2: pan, 3: "280000", 4: "000000125050", 7: "1122094501", 11: "000002", 12: "124501", 13: "1122", 18: "6536", 19: "643", 22: "100", 25: "05",
		32: "220099", 37: "632609000002", 41: "ROCKET01", 42: "ROCKETBANK     ", 43: "ROCKETBANK P2P           MOSKVA       RU", 48: "FROM=IVANOV IVAN;REF=tr_01HZX;TTI=C07", 49: "643"}
	if first.MTI != "0200" || len(first.Fields()) != len(want) {
		t.Errorf("%v has the fields %v", first.MTI, first.Fields())
	}
	for n, v := range want {
		if g := field(first, n); g != v {
			t.Errorf("field %d: %q, want %q", n, g, v)
		}
	}
	if out, err := line.Ask(t.Context(), credit(t, 2)); err != nil || out.State != cardnetwork.Done {
		t.Fatalf("%+v %v", out, err)
	}
	again := <-got
	if again.MTI != "0201" {
		t.Error(again.MTI)
	}
	again.MTI = "0200"
	if *again != *first {
		t.Errorf("the repeat is another message: %v, %v", again, first)
	}
	c := credit(t, 3)
	c.Process, c.Sender = cardnetwork.OCT, vault.Hidden{}
	if out, err := line.Send(t.Context(), c); err != nil || out.State != cardnetwork.Done {
		t.Fatalf("%+v %v", out, err)
	}
	if m := <-got; field(m, 3) != "260000" || field(m, 18) != "4829" || field(m, 48) != "BAI=PP;REF=tr_01HZX" {
		t.Errorf("%s %s %s", field(m, 3), field(m, 18), field(m, 48))
	}
}

// Which answers are an end, and which are none.
func TestAnswers(t *testing.T) {
	t.Parallel()
	wrong := func(n int, v string) func(*iso8583.Message) *iso8583.Message {
		return func(m *iso8583.Message) *iso8583.Message {
			a := answered(m, "00")
			a.Set(n, v)
			return a
		}
	}
	without := func(n int) func(*iso8583.Message) *iso8583.Message {
		return func(m *iso8583.Message) *iso8583.Message {
			a := answered(m, "00")
			a.Clear(n)
			return a
		}
	}
	code := func(c string) func(*iso8583.Message) *iso8583.Message {
		return func(m *iso8583.Message) *iso8583.Message { return answered(m, c) }
	}
	for name, c := range map[string]struct {
		final  []string
		answer func(*iso8583.Message) *iso8583.Message
		state  cardnetwork.State
		code   string
		err    error
	}{
		"done":               {nil, code("00"), cardnetwork.Done, "00", nil},
		"no such card":       {nil, code("14"), cardnetwork.Declined, "14", nil},
		"not permitted":      {nil, code("57"), cardnetwork.Declined, "57", nil},
		"above a limit":      {nil, code("61"), cardnetwork.Declined, "61", nil},
		"no route":           {nil, code("92"), cardnetwork.Declined, "92", nil},
		"a scheme's own":     {nil, code("1A"), cardnetwork.Unknown, "1A", cardnetwork.ErrCode}, // may be an approval
		"a link's own no":    {[]string{"1A"}, code("1A"), cardnetwork.Declined, "1A", nil},
		"no issuer":          {nil, code("91"), cardnetwork.Unknown, "91", cardnetwork.ErrCode},
		"no issuer, a no":    {[]string{"91"}, code("91"), cardnetwork.Declined, "91", nil},
		"fault":              {nil, code("96"), cardnetwork.Unknown, "96", cardnetwork.ErrCode},
		"yes, by its papers": {nil, code("08"), cardnetwork.Unknown, "08", cardnetwork.ErrCode},
		"yes, of a guest":    {nil, code("11"), cardnetwork.Unknown, "11", cardnetwork.ErrCode},
		"no record":          {nil, code("25"), cardnetwork.Unknown, "25", cardnetwork.ErrCode},
		"a scheme's letters": {nil, code("N7"), cardnetwork.Unknown, "N7", cardnetwork.ErrCode},
		"too late":           {nil, code("68"), cardnetwork.Unknown, "68", cardnetwork.ErrCode},
		"came before":        {nil, code("94"), cardnetwork.Unknown, "94", cardnetwork.ErrCode},
		"in progress":        {nil, code("09"), cardnetwork.Unknown, "09", cardnetwork.ErrCode},
		"in part":            {nil, code("10"), cardnetwork.Unknown, "10", cardnetwork.ErrAnswer},
		"a good card":        {nil, code("85"), cardnetwork.Unknown, "85", cardnetwork.ErrAnswer},
		"no code":            {nil, without(39), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"another sum":        {nil, wrong(4, "000000125051"), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"no sum":             {nil, without(4), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"another card":       {nil, wrong(2, "2200000000000004"), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"the card left out":  {nil, without(2), cardnetwork.Done, "00", nil},
		"another reference":  {nil, wrong(37, "632609000003"), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"another process":    {nil, wrong(3, "000000"), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"another currency":   {nil, wrong(49, "840"), cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
		"answer to a notice": {nil, func(m *iso8583.Message) *iso8583.Message { a := answered(m, "00"); a.MTI = "0230"; return a }, cardnetwork.Unknown, "", cardnetwork.ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options()
			o.Final = c.final
			line, _ := network(t, o, func(p *peer) {
				p.signOn()
				for m := p.read(); m != nil; m = p.read() {
					if m.MTI == "0800" {
						p.write(m.Answer("00"))
					} else {
						p.write(c.answer(m))
					}
				}
			})
			out, err := send(t.Context(), line, credit(t, 1))
			if out.State != c.state || out.Code != c.code || !errors.Is(err, c.err) {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
}

// A hundred at once, answered in the opposite order: each gets its own.
func TestManyUnderWay(t *testing.T) {
	t.Parallel()
	const many = 100
	line, _ := network(t, options(), func(p *peer) {
		p.signOn()
		var all []*iso8583.Message
		for m := p.read(); m != nil; m = p.read() {
			if m.MTI == "0800" {
				p.write(m.Answer("00"))
				continue
			}
			if all = append(all, m); len(all) < many {
				continue
			}
			for i := range all {
				m := all[len(all)-1-i]
				code := "00"
				if stan := field(m, 11); stan[5]%2 == 1 {
					code = "61"
				}
				p.write(answered(m, code))
			}
		}
	})
	var wg sync.WaitGroup
	for n := 1; n <= many; n++ {
		wg.Go(func() {
			c := credit(t, n)
			c.Amount = money.Rub(int64(1000 + n))
			want := cardnetwork.Done
			if n%2 == 1 {
				want = cardnetwork.Declined
			}
			if out, err := send(t.Context(), line, c); err != nil || out.State != want {
				t.Errorf("%d: %+v %v", n, out, err)
			}
		})
	}
	wg.Wait()
}

// The answer is lost: the outcome is unknown, and asking under the same numbers
// finds it. What comes late or again is a hint and changes nothing.
func TestLostLateAndDoubledAnswers(t *testing.T) {
	t.Parallel()
	arrived, hints := make(chan struct{}), make(chan string, 3)
	o := options()
	o.Late = func(stan, rrn string) { hints <- stan + " " + rrn }
	line, _ := network(t, o, func(p *peer) {
		p.signOn()
		first := p.read()
		close(arrived)
		again := p.read()
		if first == nil || again == nil || first.Key() != again.Key() || again.MTI != "0201" {
			t.Errorf("%v, then %v", first, again)
			return
		}
		p.write(answered(again, "00"))
		p.write(answered(first, "00")) // late
		p.write(answered(first, "51")) // and once more, contradicting itself
		p.serve("00")
	})
	ctx, stopWaiting := context.WithCancel(t.Context())
	go func() {
		<-arrived
		stopWaiting()
	}()
	if out, err := send(ctx, line, credit(t, 7)); out.State != cardnetwork.Unknown || !errors.Is(err, cardnetwork.ErrTimeout) {
		t.Fatalf("%+v %v", out, err)
	}
	if out, err := line.Ask(t.Context(), credit(t, 7)); err != nil || out.State != cardnetwork.Done {
		t.Fatalf("%+v %v", out, err)
	}
	for range 2 {
		if h := <-hints; h != "000007 632609000007" {
			t.Error(h)
		}
	}
}

// A repeat that is sent while the first message is under way has the same
// answer.
func TestTwoWaitForOneAnswer(t *testing.T) {
	t.Parallel()
	line, _ := network(t, options(), func(p *peer) {
		p.signOn()
		one, two := p.read(), p.read()
		if one == nil || two == nil || one.Key() != two.Key() {
			t.Errorf("%v, %v", one, two)
			return
		}
		p.write(answered(one, "00"))
		p.serve("00")
	})
	var wg sync.WaitGroup
	for _, do := range []func(context.Context, *cardnetwork.Line, cardnetwork.Credit) (cardnetwork.Outcome, error){send, ask} {
		wg.Go(func() {
			if out, err := do(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
	wg.Wait()
}

// The line is cut, before the answer, in the middle of it, by a frame that is
// too long or one that is none: unknown, and asked about on the next line.
func TestCutLine(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*peer, *iso8583.Message){
		"before": func(*peer, *iso8583.Message) {},
		"in the middle": func(p *peer, m *iso8583.Message) {
			body, _ := iso8583.Standard().Pack(answered(m, "00"))
			frame, _ := iso8583.AppendFrame(nil, iso8583.Binary2{}, body)
			_, _ = p.conn.Write(frame[:len(frame)/2])
		},
		"in the length": func(p *peer, _ *iso8583.Message) { _, _ = p.conn.Write([]byte{0}) },
		"too long":      func(p *peer, _ *iso8583.Message) { _, _ = p.conn.Write([]byte{0xff, 0xff}) },
		"rubbish": func(p *peer, _ *iso8583.Message) {
			for range 200 {
				_ = p.out.Write([]byte("rubbish"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, _ := network(t, options(), func(p *peer) {
				p.signOn()
				cut(p, p.read())
			}, func(p *peer) {
				p.signOn()
				p.serve("00")
			})
			if out, err := send(t.Context(), line, credit(t, 1)); out.State != cardnetwork.Unknown || !errors.Is(err, cardnetwork.ErrCut) {
				t.Fatalf("%+v %v", out, err)
			}
			if out, err := ask(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
				t.Fatalf("%+v %v", out, err)
			}
		})
	}
}

// A refused sign-on keeps the line down: nothing leaves until it is taken.
func TestRefusedSignOn(t *testing.T) {
	t.Parallel()
	let, checked := make(chan struct{}), make(chan struct{})
	refuse := func(p *peer) {
		if m := p.read(); m != nil {
			p.write(m.Answer("58"))
		}
		if m := p.read(); m != nil {
			t.Errorf("after a refusal came %v", m)
		}
	}
	line, _ := network(t, options(), refuse, func(p *peer) {
		<-checked
		refuse(p)
		close(let)
	}, func(p *peer) {
		p.signOn()
		p.serve("00")
	})
	if out, err := line.Send(t.Context(), credit(t, 1)); out.State != cardnetwork.NotSent || !errors.Is(err, cardnetwork.ErrOffline) {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := line.Ask(t.Context(), credit(t, 1)); out.State != cardnetwork.Unknown || !errors.Is(err, cardnetwork.ErrOffline) {
		t.Errorf("asked: %+v %v", out, err)
	}
	close(checked)
	<-let
	if out, err := send(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done || !line.Up() {
		t.Errorf("%+v %v", out, err)
	}
}

// The network speaks too: its echoes are answered, its sign-off stops us until
// it signs on again, and about cards it may not ask here.
func TestNetworksOwnMessages(t *testing.T) {
	t.Parallel()
	off, on := make(chan struct{}), make(chan struct{})
	line, _ := network(t, options(), func(p *peer) {
		p.signOn()
		say := func(mti, what string) string {
			m := iso8583.NewMessage(mti)
			m.Set(7, "1122094500")
			m.Set(11, "000001")
			if what != "" {
				m.Set(70, what)
			}
			p.write(m)
			if a := p.read(); a != nil && a.Key() == m.Key() {
				return field(a, 39)
			}
			return "nothing"
		}
		for what, want := range map[string]string{"301": "00", "201": "00", "101": "30"} {
			if code := say("0800", what); code != want {
				t.Errorf("%s is answered %s", what, code)
			}
		}
		if code := say("0100", ""); code != "12" {
			t.Errorf("a question about a card is answered %s", code)
		}
		say("0800", "002")
		close(off)
		<-on
		say("0800", "001")
		p.serve("00")
	})
	<-off
	if out, err := line.Send(t.Context(), credit(t, 1)); out.State != cardnetwork.NotSent || !errors.Is(err, cardnetwork.ErrOffline) {
		t.Errorf("%+v %v", out, err)
	}
	close(on)
	if out, err := send(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
		t.Errorf("%+v %v", out, err)
	}
}

// When the bank stops, what is under way is answered first; then we sign off.
func TestStop(t *testing.T) {
	t.Parallel()
	arrived, stopped, off := make(chan *iso8583.Message, 1), make(chan struct{}), make(chan string, 1)
	line, stop := network(t, options(), func(p *peer) {
		p.signOn()
		m := p.read()
		arrived <- m
		<-stopped
		p.write(answered(m, "00"))
		if m := p.read(); m != nil {
			off <- field(m, 70)
			p.write(m.Answer("00"))
		}
		p.serve("00")
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if out, err := send(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
			t.Errorf("%+v %v", out, err)
		}
	}()
	<-arrived
	stop()
	close(stopped)
	<-done
	if what := <-off; what != "002" {
		t.Errorf("in the end we said %s", what)
	}
	if out, _ := line.Send(t.Context(), credit(t, 2)); out.State != cardnetwork.NotSent {
		t.Errorf("%+v", out)
	}
}

// A line that has enough to do lets others wait, and tells when they wait no
// longer that nothing was sent.
func TestFullLine(t *testing.T) {
	t.Parallel()
	o := options()
	o.InFlight = 1
	arrived, answer := make(chan struct{}), make(chan struct{})
	line, _ := network(t, o, func(p *peer) {
		p.signOn()
		m := p.read()
		close(arrived)
		<-answer
		p.write(answered(m, "00"))
		p.serve("00")
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if out, err := send(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
			t.Errorf("%+v %v", out, err)
		}
	}()
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := line.Send(ctx, credit(t, 2)); out.State != cardnetwork.NotSent || !errors.Is(err, cardnetwork.ErrBusy) {
		t.Errorf("%+v %v", out, err)
	}
	close(answer)
	<-done
	if out, err := send(t.Context(), line, credit(t, 2)); err != nil || out.State != cardnetwork.Done {
		t.Errorf("%+v %v", out, err)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{-1, 0, 1_000_000} {
		if stan, rrn, err := cardnetwork.Numbers(sent, n); err == nil {
			t.Errorf("%d: %s %s", n, stan, rrn)
		}
	}
	seen := map[string]bool{}
	for _, n := range []int{1, 2, 999_999} {
		stan, rrn, err := cardnetwork.Numbers(sent, n)
		if err != nil || len(stan) != 6 || len(rrn) != 12 || seen[rrn] {
			t.Errorf("%d: %s %s %v", n, stan, rrn, err)
		}
		seen[rrn] = true
	}
}
