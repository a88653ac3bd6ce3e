package e2e

import (
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// Every temper of another bank's card: money comes once, or not at all and
// with words.
func TestTopUpStories(t *testing.T) {
	t.Parallel()
	storyDemo(t, func(t *testing.T, d *Demo) {
		who := d.Person("Света")
		p := d.Open(t, Opt{Within: 5 * time.Minute})
		p.Login(d, who.Phone, who.Passcode)
		start := d.Balance(who.Token)
		want := start

		// The slow ones first: they answer while the others are tried.
		lost := p.Tab()
		lost.StartTopUp(d.Card("answer_lost"), "4000")
		lost.AtPrefix("/topup/tu_")
		lost.Sees("С карты") // the result page, whatever it knows by now
		want += 4_000_00
		var slow *Page
		if tier.Now() >= tier.CI {
			slow = p.Tab()
			slow.StartTopUp(d.Card("slow"), "5000")
			slow.AtPrefix("/topup/tu_")
			slow.Sees("Проверяем")
			slow.Sees("Дважды не спишем")
			want += 5_000_00
		}

		poor := d.Card("poor")
		p.StartTopUp(poor, "3500")
		p.Pay3DS(poor.Code)
		p.AtPrefix("/topup/tu_")
		p.Sees("Не получилось пополнить")
		p.Sees("не хватило денег")
		p.Sees("ничего не списали")

		p.StartTopUp(d.Card("expired"), "3500")
		p.AtPrefix("/topup/tu_")
		p.Sees("Срок той карты вышел")

		p.StartTopUp(d.Card("wrong_code"), "3500")
		for _, left := range []string{"Осталось 2 попытки", "Осталась 1 попытка"} {
			p.Pay3DS("9999")
			p.Sees("Код не подошёл. " + left)
		}
		p.Pay3DS("9999")
		p.AtPrefix("/topup/tu_")
		p.Sees("Банк не принял код")

		twice := d.Card("duplicate_callback")
		p.StartTopUp(twice, "2000") // below 3 000 ₽: a fee, seen before
		p.Sees("2 030,00 ₽")        // what the other bank takes
		p.Pay3DS(twice.Code)
		p.AtPrefix("/topup/tu_")
		p.Sees("Пополнили на 2 000 ₽")
		want += 2_000_00

		lost.Sees("Пополнили на 4 000 ₽")
		if slow != nil {
			slow.Sees("Пополнили на 5 000 ₽")
		}
		p.Go("/home")
		p.SeesTotal(want)
		if got := d.Balance(who.Token); got != want {
			t.Errorf("the account grew by %d kopecks, want %d", got-start, want-start)
		}

		// Back to the form of a done top-up and once more: the same top-up.
		good := d.Card("good")
		p.StartTopUp(good, "3000")
		p.Pay3DS(good.Code)
		p.AtPrefix("/topup/tu_")
		p.Sees("Пополнили на 3 000 ₽")
		p.Reload()
		p.Sees("Пополнили на 3 000 ₽")
		want += 3_000_00
		// The way back works without a session and tells no more than the state.
		guest := d.Open(t, Opt{Mobile: true})
		guest.Go(p.Path() + "?state=refused&amount_minor=1")
		guest.Sees("Пополнили")
		guest.SeesNot("Основная")
		guest.SeesNot(good.Number[12:])
		if got := d.Balance(who.Token); got != want {
			t.Errorf("the account grew by %d kopecks, want %d", got-start, want-start)
		}
		d.Verify()
	})
}
