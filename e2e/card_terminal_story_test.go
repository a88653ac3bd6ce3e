package e2e

import (
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// A plastic card at other people's terminals, through the sandbox's own pages:
// chip and PIN, cash, a tip, a PIN that is wrong once too often, and a
// pause by the demo's clock.
func TestTerminalStories(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		who := d.Person("Тимур")
		c := d.Open(t, Opt{Mobile: true, Within: 6 * time.Minute})
		c.Login(d, who.Phone, who.Passcode)
		till := Open(t, d.Sandbox, Opt{Within: 12 * time.Minute})
		d.Clear() // what the example people bought lately
		chipAndPIN(d, c, till, who)
		cashAndTip(t, d, c, till, who)
		wrongPIN(t, d, c, till, who)
		pausedCard(t, d, till)
		d.Verify()
	})
}

// The issuer's own cryptogram comes back to the chip, and the purchase to the
// holder's feed.
func chipAndPIN(d *Demo, c, till *Page, who Person) {
	till.Dip(d, who, "shop", "1250,50", who.CardPIN)
	till.Sees("Одобрено")
	till.Sees("Чип узнал свой банк")
	c.Go("/home")
	c.Sees("1 250,50")
}

// Cash from a machine; and a hold that the clearing makes larger by a tip.
func cashAndTip(t *testing.T, d *Demo, c, till *Page, who Person) {
	d.Clear()
	before := d.Balance(who.Token)
	till.Dip(d, who, "atm", "3000", who.CardPIN)
	till.Sees("Одобрено")
	till.Sees("Банкомат банка «Заря»")
	till.Dip(d, who, "cafe", "900", who.CardPIN)
	till.Sees("Одобрено")
	till.Submit("Чаевые 10 %")
	c.Go("/operations")
	c.Sees("900,00")
	if got := d.Balance(who.Token); got != before {
		t.Errorf("%d kopecks moved before the clearing", before-got)
	}
	till.Go("/terminal")
	till.Submit("Отправить клиринг")
	till.Sees("Предъявлено")
	if got, want := d.Balance(who.Token), before-3_000_00-990_00; got != want {
		t.Errorf("%d kopecks are left, want %d", got, want)
	}
	c.Go("/operations")
	c.Sees("990,00")
	c.Click("a.op") // the newest: the café
	c.AtPrefix("/operations/op_")
	c.Sees("Магазин получил деньги")
	c.Sees("900,00") // what was held first
	c.Gate("operation-tip")
}

// Three wrong PINs block it; then the right one is too late. The feed says what
// to do.
func wrongPIN(t *testing.T, d *Demo, c, till *Page, who Person) {
	left := d.Balance(who.Token)
	for range 3 {
		till.Dip(d, who, "shop", "100", "7351")
		till.Sees("Отклонено")
	}
	till.Dip(d, who, "shop", "100", who.CardPIN)
	till.Sees("Отклонено")
	till.Sees("Ответ банка")
	till.Sees("75") // allowable number of PIN tries exceeded
	c.Go("/operations")
	c.Sees("ПИН-код не подошёл")
	c.Sees("ПИН-код заблокирован")
	d.Clear()
	if got := d.Balance(who.Token); got != left {
		t.Errorf("%d kopecks moved", left-got)
	}
}

// Dip puts somebody's plastic card into a terminal, by its page, and types a PIN.
func (p *Page) Dip(d *Demo, who Person, place, amount, pin string) {
	p.t.Helper()
	p.Go("/terminal")
	p.Choose("card", d.cardOf(who, "plastic_world"))
	p.Choose("place", place)
	p.Choose("mode", "chip")
	p.Fill("amount", amount)
	p.Fill("pin", pin)
	p.Submit("Оплатить")
	p.AtPrefix("/terminal/sl_")
}
