package cardhost_test

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/ledger"
	"rocketbank/internal/rail/iso8583"
)

// cutting is a bank whose caller's line breaks when it has committed and not
// yet answered.
type cutting struct {
	cardhost.Bank
	cut  chan struct{} // closed by the bank: committed
	gone chan struct{} // closed by the test: the line is cut
	code string
}

func (c *cutting) Handle(ctx context.Context, r purchase.Request) (purchase.Answer, error) {
	a, err := c.Bank.Handle(ctx, r)
	if c.code == "" {
		c.code = a.Code
		close(c.cut)
		<-c.gone
	}
	return a, err
}

// The line is cut between our commit and our answer, or in the middle of a
// frame: the repeat on a new line gets the stored answer, and money is held once.
func TestLineIsCut(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		c := &cutting{cut: make(chan struct{}), gone: make(chan struct{})}
		track, account, port := host(b, func(bank cardhost.Bank) cardhost.Bank { c.Bank = bank; return c })
		n := &network{T: b.T, spec: iso8583.Standard(), addr: net.JoinHostPort("127.0.0.1", port)}
		m := stripe(track)
		n.again()
		n.signOn()
		body, err := n.spec.Pack(m)
		if err != nil {
			b.Fatal(err)
		}
		frame := append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
		if _, err := n.conn.Write(frame[:len(frame)/2]); err != nil { // in the middle of a frame: nothing was asked
			b.Fatal(err)
		}
		n.conn.Close()
		stands(b, account, 0)
		n.again()
		n.signOn()
		n.send(m)
		<-c.cut
		n.conn.Close()
		close(c.gone)
		stands(b, account, 1250_50)
		n.again()
		n.signOn()
		m.MTI = "0101"
		n.send(m)
		if code, _ := n.code("0110", "00").Get(38); code != c.code || code == "" {
			b.Errorf("the repeat was answered %q, the first %q", code, c.code)
		}
		stands(b, account, 1250_50)
	})
}

// stripe is a purchase by magnetic stripe.
func stripe(track string) *iso8583.Message {
	m := buy(2)
	pan, rest, _ := strings.Cut(track, "=")
	m.Set(2, pan)
	m.Set(14, rest[:4])
	m.Set(22, "901")
	m.Clear(23)
	m.Set(35, track)
	return m
}

func stands(b *banktest.Bank, account ledger.AccountID, reserved int64) {
	b.Helper()
	a, err := ledger.AccountByID(b.Context(), b.DB, account)
	if err != nil || a.Posted != money.Rub(10_000_00) || a.Reserved != money.Rub(reserved) {
		b.Fatalf("the account has %v, %v reserved, want %d (%v)", a.Posted, a.Reserved, reserved, err)
	}
}
