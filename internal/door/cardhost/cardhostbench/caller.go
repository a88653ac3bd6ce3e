package cardhostbench

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/iso8583"
)

// caller is an acquirer with a line of its own, one purchase under way at a time.
type caller struct {
	m     *module
	name  string // institution
	conn  net.Conn
	in    *iso8583.Reader
	out   *iso8583.Writer
	spec  *iso8583.Spec
	cards []*chip
	turn  int
}

// dial opens a line and signs on.
func dial(ctx context.Context, addr string, m *module, n int) (*caller, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &caller{
		m: m, name: fmt.Sprintf("%06d", n+1), conn: conn, in: iso8583.NewReader(conn, nil, 0), out: iso8583.NewWriter(conn, nil, 0), spec: iso8583.Standard(),
	}
	on := iso8583.NewMessage("0800")
	on.Set(7, iso8583.FormatSent(time.Now()))
	on.Set(11, "000001")
	on.Set(70, "001")
	if _, err := c.ask(on, "0810"); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// ask sends a message and believes nothing but a yes to it.
func (c *caller) ask(m *iso8583.Message, want string) (*iso8583.Message, error) {
	body, err := c.spec.Pack(m)
	if err != nil {
		return nil, err
	}
	if err := c.out.Write(body); err != nil {
		return nil, err
	}
	if body, err = c.in.Read(); err != nil {
		return nil, err
	}
	a, err := c.spec.Unpack(body)
	if err != nil {
		return nil, err
	}
	code, _ := a.Get(39)
	asked, _ := m.Get(11)
	told, _ := a.Get(11)
	if a.MTI != want || code != "00" || asked != told {
		return nil, fmt.Errorf("%s was answered %s with %q", m.MTI, a.MTI, code)
	}
	return a, nil
}

// buy pays up to ten roubles by the chip and PIN of the next card.
func (c *caller) buy() error {
	c.turn++
	one := c.cards[c.turn%len(c.cards)]
	one.atc++
	m, err := c.purchase(one, int64(1+(c.turn*7919)%1000), time.Now())
	if err != nil {
		return err
	}
	a, err := c.ask(m, "0110")
	if err == nil && (!a.Has(38) || !a.Has(55)) {
		err = fmt.Errorf("an approval without code or answer to the chip")
	}
	return err
}

func (c *caller) purchase(one *chip, minor int64, now time.Time) (*iso8583.Message, error) {
	m := iso8583.NewMessage("0100")
	local := now.In(clock.Moscow)
	for n, v := range map[int]string{
		2: one.number, 3: "000000", 4: fmt.Sprintf("%012d", minor), 7: iso8583.FormatSent(now), 11: fmt.Sprintf("%06d", c.turn%1_000_000),
		12: local.Format("150405"), 13: local.Format("0102"), 14: one.expiry, 18: "5411", 19: "643", 22: "051", 23: "0" + one.sequence, 25: "00", 32: c.name,
		37: fmt.Sprintf("%012d", c.turn), 41: "TERM0001", 42: "MERCHANT" + c.name + "0", 43: "LAVKA U DOMA          MOSKVA          RU", 49: "643",
	} {
		m.Set(n, v)
	}
	block, err := emv.EncodeISO0(c.m.zpk, one.number, pin)
	if err != nil {
		return nil, err
	}
	m.SetBytes(52, block)
	data, err := c.chip(one, minor, local)
	if err != nil {
		return nil, err
	}
	m.SetBytes(55, data)
	return m, nil
}

// chip is what the card says about the purchase, with its cryptogram.
func (c *caller) chip(one *chip, minor int64, local time.Time) ([]byte, error) {
	var t emv.TLV
	for _, f := range [...][2]string{
		{"9F02", fmt.Sprintf("%012d", minor)}, {"9F03", "000000000000"}, {"9F1A", "0643"}, {"95", "0000008000"}, {"5F2A", "0643"}, {"9A", local.Format("060102")},
		{"9C", "00"}, {"9F37", fmt.Sprintf("%08x", c.turn)}, {"82", "1900"}, {"9F36", fmt.Sprintf("%04x", one.atc)}, {"5F34", one.sequence},
		{"9F10", "0110A00003220000000000000000000000FF"}, {"9F27", "80"},
	} {
		raw, err := hex.DecodeString(f[1])
		if err == nil {
			err = t.Set(f[0], raw)
		}
		if err != nil {
			return nil, err
		}
	}
	a, err := c.m.Cryptogram(one.number, one.sequence, t)
	if err != nil {
		return nil, err
	}
	if err := t.Set("9F26", a.Value[:]); err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}
