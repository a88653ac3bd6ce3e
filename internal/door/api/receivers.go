package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
)

// Receivers finds people in other banks (receiver.Service).
type Receivers interface {
	Banks(ctx context.Context) ([]receiver.Member, error)
	Look(ctx context.Context, who client.ID, p phone.Number, bank, ip string) (receiver.Receiver, error)
	Target(who client.ID, token string) (payout.Target, error)
}

// addReceivers lists the operations that find people in other banks.
func (d *Door) addReceivers(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	get(d, read("listBanks", "/banks", "payouts", 404, 422, 503), d.banks)
	post(d, write("findReceiver", "/receivers", "payouts", 200, 503), d.findReceiver)
}

// Bank is a bank that money reaches by phone.
type Bank struct {
	ID   string `json:"id" example:"100000000901"`
	Name string `json:"name" example:"Zarya Bank"`
	Open bool   `json:"open"`
}

// BankList is every bank that money reaches by phone.
type BankList struct {
	Banks []Bank `json:"banks" nullable:"false"`
}

func (d *Door) banks(ctx context.Context, c *call, _ *none) (*answer[BankList], error) {
	if d.d.Receivers == nil {
		return nil, receiver.ErrClosed.At("")
	}
	list, err := d.d.Receivers.Banks(ctx)
	if err != nil {
		return nil, err
	}
	out := BankList{Banks: make([]Bank, len(list))}
	for i, m := range list {
		out.Banks[i] = Bank{ID: m.ID, Name: bankName(c.p, m.RU, m.EN), Open: !m.Down}
	}
	return ok(out)
}

func bankName(p *locale.Printer, ru, en string) string {
	if p.Lang() == locale.English {
		return en
	}
	return ru
}

// NewReceiver asks whose account stands behind a phone at a bank.
type NewReceiver struct {
	Phone string `json:"phone" example:"+7 903 123-45-23"`
	Bank  string `json:"bank,omitempty" example:"100000000901"`
}

// Receiver is somebody in another bank.
type Receiver struct {
	Receiver string    `json:"receiver"`
	Name     string    `json:"name" example:"Ivan Petrovich S."`
	Phone    string    `json:"phone" example:"+79031234523"`
	Bank     Bank      `json:"bank"`
	Expires  time.Time `json:"expires_at"`
}

func (d *Door) findReceiver(ctx context.Context, c *call, _ *none, in *NewReceiver) (*answer[Receiver], error) {
	if d.d.Receivers == nil {
		return nil, receiver.ErrClosed.At("")
	}
	p, err := phone.Parse(in.Phone)
	if err != nil {
		return nil, at("phone", err)
	}
	r, err := d.d.Receivers.Look(ctx, c.token.Client, p, in.Bank, d.d.Address(c.r))
	if err != nil {
		return nil, err
	}
	return ok(Receiver{
		Receiver: r.Token, Name: r.Name, Phone: r.Phone.E164(), Bank: Bank{ID: r.Bank, Name: bankName(c.p, r.RU, r.EN), Open: true}, Expires: r.Until.UTC(),
	})
}

// receiverTarget is where money goes for a receiver that was found.
func (d *Door) receiverTarget(c *call, text string) (payout.Target, error) {
	var bad flaws
	if d.d.Receivers == nil {
		return payout.Target{}, payout.ErrClosed.At("to.way")
	}
	if !bad.need("to.receiver", text) {
		return payout.Target{}, bad.err()
	}
	t, err := d.d.Receivers.Target(c.token.Client, text)
	return t, at("to.receiver", err)
}
