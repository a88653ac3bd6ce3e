package cardnetwork_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
)

const pan = "5500123456789019"

var sent = time.Date(2026, time.November, 22, 9, 45, 1, 0, time.UTC)

// credit is the n-th of the day.
func credit(t testing.TB, n int) cardnetwork.Credit {
	t.Helper()
	stan, rrn, err := cardnetwork.Numbers(sent, n)
	if err != nil {
		t.Fatal(err)
	}
	return cardnetwork.Credit{STAN: stan, RRN: rrn, Sent: sent, PAN: vault.Hide(pan), Amount: money.Rub(125050), Process: cardnetwork.Payment,
		Reference: "tr_01HZX", Sender: vault.Hide("IVANOV IVAN")}
}

// peer is the other end of one connection, told what to do by a test.
type peer struct {
	t    testing.TB
	conn net.Conn
	in   *iso8583.Reader
	out  *iso8583.Writer
}

func newPeer(t testing.TB, c net.Conn) *peer {
	return &peer{t, c, iso8583.NewReader(c, nil, 0), iso8583.NewWriter(c, nil, 0)}
}

// read gives the next message, nil at the end of the line.
func (p *peer) read() *iso8583.Message {
	body, err := p.in.Read()
	if err != nil {
		return nil
	}
	m, err := iso8583.Standard().Unpack(body)
	if err != nil {
		p.t.Errorf("we sent what is no message: %v", err)
		return nil
	}
	return m
}

func (p *peer) write(m *iso8583.Message) {
	body, err := iso8583.Standard().Pack(m)
	if err != nil {
		p.t.Errorf("the peer made no message: %v", err)
		return
	}
	_ = p.out.Write(body) // a line that is gone is what some tests are about
}

func answered(m *iso8583.Message, code string) *iso8583.Message {
	a := m.Answer(code)
	if code == "00" {
		a.Set(38, "A1B2C3")
	}
	return a
}

// signOn lets the line in.
func (p *peer) signOn() bool {
	m := p.read()
	if m == nil {
		return false
	}
	if what, _ := m.Get(70); m.MTI != "0800" || what != "001" {
		p.t.Errorf("the first message is %v", m)
	}
	p.write(m.Answer("00"))
	return true
}

// serve answers everything until the line ends.
func (p *peer) serve(code string) {
	for m := p.read(); m != nil; m = p.read() {
		p.write(answered(m, code))
	}
}

func field(m *iso8583.Message, n int) string { v, _ := m.Get(n); return v }

// options are those of tests: real time hardly passes in them, and what needs
// time to pass runs in a bubble.
func options() cardnetwork.Options {
	return cardnetwork.Options{Acquirer: "220099", Terminal: "ROCKET01", Merchant: "ROCKETBANK", Place: "ROCKETBANK P2P           MOSKVA       RU",
		Pause: time.Millisecond, MaxPause: time.Millisecond, Answer: time.Minute, Now: func() time.Time { return sent }}
}

// network listens on loopback, has each connection played by the next of the
// scripts and the last by all that follow, and gives the line to it, with what
// ends it.
func network(t testing.TB, o cardnetwork.Options, scripts ...func(*peer)) (*cardnetwork.Line, func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Address = l.Addr().String()
	line, err := cardnetwork.New(o)
	if err != nil {
		t.Fatal(err)
	}
	played := make(chan struct{})
	go func() {
		defer close(played)
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			scripts[min(i, len(scripts)-1)](newPeer(t, c)) // one connection at a time
			_ = c.Close()
		}
	}()
	stop, ended := start(line)
	t.Cleanup(func() {
		stop()
		<-ended
		_ = l.Close()
		<-played
	})
	return line, stop
}

// start runs a line and gives what stops it, and what tells that it has ended.
func start(line *cardnetwork.Line) (stop func(), ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		line.Run(ctx)
	}()
	return cancel, done
}

// send sends once the line is up; what is refused before that never left.
func send(ctx context.Context, line *cardnetwork.Line, c cardnetwork.Credit) (cardnetwork.Outcome, error) {
	for {
		out, err := line.Send(ctx, c)
		if out.State != cardnetwork.NotSent || ctx.Err() != nil {
			return out, err
		}
		runtime.Gosched()
	}
}

// ask asks once the line is up.
func ask(ctx context.Context, line *cardnetwork.Line, c cardnetwork.Credit) (cardnetwork.Outcome, error) {
	for {
		out, err := line.Ask(ctx, c)
		if !errors.Is(err, cardnetwork.ErrOffline) || ctx.Err() != nil {
			return out, err
		}
		runtime.Gosched()
	}
}
