package cardhost_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/rail/iso8583"
)

// bank answers as a test wants it to.
type bank struct {
	mu     sync.Mutex
	seen   []purchase.Request
	late   chan purchase.Request
	answer func(r purchase.Request) (purchase.Answer, error)
}

func (b *bank) Handle(_ context.Context, r purchase.Request) (purchase.Answer, error) {
	b.mu.Lock()
	b.seen = append(b.seen, r)
	answer := b.answer
	b.mu.Unlock()
	if answer == nil {
		return purchase.Answer{Reason: purchase.Approved, Code: "A1B2C3"}, nil
	}
	return answer(r)
}

func (b *bank) Late(_ context.Context, r purchase.Request) error {
	b.late <- r
	return nil
}

// network is the other end of a line.
type network struct {
	*testing.T
	bank *bank
	conn net.Conn
	in   *iso8583.Reader
	out  *iso8583.Writer
	spec *iso8583.Spec
	addr string
}

func dial(t *testing.T, o cardhost.Options) *network {
	t.Helper()
	b := &bank{late: make(chan purchase.Request, 1)}
	o.Bank = b
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- cardhost.New(o).Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	n := &network{T: t, bank: b, spec: iso8583.Standard(), addr: l.Addr().String()}
	n.again()
	return n
}

func (n *network) again() {
	n.Helper()
	c, err := net.Dial("tcp", n.addr)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { c.Close() })
	n.conn, n.in, n.out = c, iso8583.NewReader(c, nil, 0), iso8583.NewWriter(c, nil, 0)
}

func (n *network) send(m *iso8583.Message) {
	n.Helper()
	body, err := n.spec.Pack(m)
	if err != nil {
		n.Fatal(err)
	}
	if err := n.out.Write(body); err != nil {
		n.Fatal(err)
	}
}

func (n *network) read() *iso8583.Message {
	n.Helper()
	body, err := n.in.Read()
	if err != nil {
		n.Fatal(err)
	}
	m, err := n.spec.Unpack(body)
	if err != nil {
		n.Fatal(err)
	}
	return m
}

// code insists on the type and code of the next answer.
func (n *network) code(mti, code string) *iso8583.Message {
	n.Helper()
	m := n.read()
	if got, _ := m.Get(39); m.MTI != mti || got != code {
		n.Fatalf("answered %s with %q, want %s with %q", m.MTI, got, mti, code)
	}
	return m
}

func (n *network) signOn() {
	n.Helper()
	n.send(manage("001"))
	n.code("0810", "00")
}

func manage(what string) *iso8583.Message {
	m := iso8583.NewMessage("0800")
	m.Set(7, "1122094500")
	m.Set(11, "000001")
	m.Set(70, what)
	return m
}

func buy(stan int) *iso8583.Message {
	m := iso8583.NewMessage("0100")
	for n, v := range map[int]string{
		2: "5500000000000004", 3: "000000", 4: "000000125050", 7: "1122094501", 11: fmt.Sprintf("%06d", stan), 12: "124501", 13: "1122", 14: "2812",
		18: "5411", 22: "051", 23: "001", 25: "00", 32: "123456", 37: fmt.Sprintf("6326%08d", stan), 41: "TERM0001", 42: "MERCHANT0000001",
		43: "TEST SHOP             MOSKVA          RU", 49: "643",
	} {
		m.Set(n, v)
	}
	return m
}

func TestLineSpeaksOnlyAfterSignOn(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{})
	n.send(buy(1))
	n.code("0110", "91")
	n.send(manage("301"))
	n.code("0810", "00")
	n.signOn()
	n.send(buy(2))
	m := n.code("0110", "00")
	if code, _ := m.Get(38); code != "A1B2C3" {
		t.Errorf("approval code %q", code)
	}
	for _, kept := range []int{2, 3, 4, 7, 11, 32, 37, 41, 42, 49} {
		if !m.Has(kept) {
			t.Errorf("field %d was not echoed", kept)
		}
	}
	n.send(manage("002"))
	n.code("0810", "00")
	n.send(buy(3))
	n.code("0110", "91")
	n.send(manage("777"))
	n.code("0810", "30")
}

func TestRequestIsReadInFull(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{})
	n.signOn()
	m := buy(1)
	m.MTI = "0101"
	m.Set(48, "CVC2=123;AAV=sQEBSWEkHMN07OMAAAAAB1vNFQA=;PARTIAL=1")
	n.send(m)
	n.code("0110", "00")
	r := n.bank.seen[0]
	if r.Number.Reveal() != "5500000000000004" || !r.Repeat || r.Advice || r.Process != purchase.Buy || r.Amount.Minor != 125050 || r.Sequence != "01" ||
		r.Merchant.Name != "TEST SHOP" || r.Merchant.City != "MOSKVA" || r.Country != "643" || r.CVC2.Reveal() != "123" || r.Proof != "sQEBSWEkHMN07OMAAAAAB1vNFQA=" || !r.Partial {
		t.Errorf("read %+v", r)
	}
	back := buy(2)
	back.MTI = "0420"
	back.Set(39, "68")
	back.Set(90, buy(1).Original().String())
	back.Set(95, "000000040000000000000000"+"C00000000C00000000")
	n.send(back)
	n.code("0430", "00")
	r = n.bank.seen[1]
	if r.Class != purchase.Reversing || !r.Advice || !r.TimedOut || r.Original != (purchase.Origin{Class: purchase.Authorisation, STAN: "000001", Sent: "1122094501", Acquirer: "123456"}) || r.Actual.Minor != 40000 {
		t.Errorf("read %+v", r)
	}
}

func TestWrongFramesAreAnsweredOrCloseTheLine(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{})
	n.signOn()
	for field, v := range map[int]string{3: "", 32: "", 48: "no pairs", 90: ""} {
		m := buy(1)
		if v == "" {
			m.Clear(field)
		} else {
			m.Set(field, v)
		}
		if field == 90 {
			m.MTI = "0400"
			m.Clear(37)
			n.send(m)
			n.code("0410", "30")
			continue
		}
		n.send(m)
		n.code("0110", "30")
	}
	frame := func(body string) {
		head := binary.BigEndian.AppendUint16(nil, uint16(len(body)))
		if _, err := n.conn.Write(append(head, body...)); err != nil {
			t.Fatal(err)
		}
	}
	frame("") // a keep-alive
	frame("0100\xff\xff\xff\xff\xff\xff\xff\xff")
	n.code("0110", "30")
	frame("garbage that is no message")
	n.send(manage("301"))
	n.code("0810", "00") // the line lives
	if _, err := n.conn.Write([]byte{0xff, 0xff, 'x'}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.in.Read(); !errors.Is(err, io.EOF) {
		var op *net.OpError
		if !errors.As(err, &op) {
			t.Errorf("a frame that is too long left the line open: %v", err)
		}
	}
}

// A slow answer does not stop the others, and what comes too late is given back.
func TestSlowBank(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{Answer: 50 * time.Millisecond})
	slow := make(chan struct{})
	n.bank.answer = func(r purchase.Request) (purchase.Answer, error) {
		if r.STAN == "000001" {
			<-slow
		}
		return purchase.Answer{Reason: purchase.Approved, Code: "A1B2C3"}, nil
	}
	n.signOn()
	n.send(buy(1))
	n.send(buy(2))
	if stan, _ := n.code("0110", "00").Get(11); stan != "000002" {
		t.Errorf("the quick one waited for the slow one: %s", stan)
	}
	n.code("0110", "91")
	close(slow)
	if r := <-n.bank.late; r.STAN != "000001" {
		t.Errorf("given back: %s", r.STAN)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{InFlight: 8})
	n.signOn()
	const many = 300
	go func() {
		for i := range many {
			body, _ := n.spec.Pack(buy(i + 1))
			if n.out.Write(body) != nil {
				return
			}
		}
	}()
	seen := map[string]bool{}
	for range many {
		stan, _ := n.code("0110", "00").Get(11)
		seen[stan] = true
	}
	if len(seen) != many {
		t.Errorf("%d different answers of %d", len(seen), many)
	}
}

func TestErrorOfTheBankIsAMalfunction(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{})
	n.bank.answer = func(purchase.Request) (purchase.Answer, error) { return purchase.Answer{}, errors.New("broken") }
	n.signOn()
	n.send(buy(1))
	n.code("0110", "96")
}

func TestSilentLineIsTriedAndClosed(t *testing.T) {
	t.Parallel()
	n := dial(t, cardhost.Options{Idle: 20 * time.Millisecond, Missed: 2})
	for range 2 {
		m := n.read()
		if what, _ := m.Get(70); m.MTI != "0800" || what != "301" {
			t.Fatalf("got %s %s", m.MTI, what)
		}
	}
	if _, err := n.in.Read(); err == nil {
		t.Error("a silent line stayed open")
	}
}

func TestOpenLineNeedsTLS(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := cardhost.New(cardhost.Options{Bank: &bank{}}).Run(t.Context(), l); !errors.Is(err, cardhost.ErrOpen) {
		t.Errorf("got %v", err)
	}
}
