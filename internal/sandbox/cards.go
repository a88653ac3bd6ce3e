package sandbox

import (
	"fmt"
	"time"
)

// testCard is a card of another bank, with the way it behaves.
type testCard struct {
	Number  string `json:"number"`
	Exp     string `json:"exp"`
	CVC     string `json:"cvc"`
	Kind    string `json:"kind"`
	TitleRu string `json:"title_ru"`
	TitleEn string `json:"title_en"`
	// Code opens the 3-D Secure page; empty where no page is asked for.
	Code string `json:"code"`
	// ThreeDS tells whether paying leads over the 3-D Secure page.
	ThreeDS bool `json:"three_ds"`
}

// Kinds of cards. A number that is no test card behaves as kindUnknown.
const (
	kindGood      = "good"
	kindPoor      = "poor"
	kindExpired   = "expired"
	kindWrongCode = "wrong_code"
	kindLost      = "answer_lost"
	kindSlow      = "slow"
	kindDuplicate = "duplicate_callback"
	kindUnknown   = "unknown"
)

// testCards gives the cards of the other banks. The numbers pass Luhn and lie
// in ranges that nobody issues; any CVC and any date to come are taken. The
// date told is two years ahead of the world's time, however far the demo's
// clock was moved.
func testCards(now time.Time) []testCard {
	exp, cvc := fmt.Sprintf("12/%02d", (now.Year()+2)%100), "123"
	return []testCard{
		{"2200000000000046", exp, cvc, kindGood, "Всё хорошо: страница с кодом, потом деньги", "All is well: a page with a code, then the money", "1234", true},
		{"4000000000000010", exp, cvc, kindPoor, "Код верный, но на карте не хватает денег", "The code is right, but the card is short of money", "1234", true},
		{"4000000000000028", exp, cvc, kindExpired, "Дата верная, но банк этой карты закрыл её: срок вышел", "The date is right, but its bank closed the card as expired", "", false},
		{"4000000000000036", exp, cvc, kindWrongCode, "Ни один код не подойдёт: после трёх попыток отказ", "No code will do: refused after three tries", "", true},
		{"4000000000000044", exp, cvc, kindLost, "Деньги списаны, а ответ потерялся по дороге; уведомления тоже не будет", "The money is taken, the answer is lost on the way; no callback either", "", false},
		{"4000000000000051", exp, cvc, kindSlow, "Без кода: банк думает 20 секунд, потом списывает", "No code: its bank thinks for 20 seconds, then charges", "", false},
		{"4000000000000069", exp, cvc, kindDuplicate, "Как первая, но уведомление придёт три раза", "Like the first, but the callback comes three times", "1234", true},
	}
}

// kindOf tells how a number behaves.
func kindOf(number string) string {
	for _, c := range testCards(time.Time{}) {
		if c.Number == number {
			return c.Kind
		}
	}
	return kindUnknown
}

// codeOf gives the code that opens the 3-D Secure page of a kind.
func codeOf(kind string) string {
	for _, c := range testCards(time.Time{}) {
		if c.Kind == kind {
			return c.Code
		}
	}
	return ""
}

// luhn tells whether the check digit of a number of digits is right.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// masked keeps the first six and the last four digits, as PCI DSS 3.4 allows.
func masked(number string) string {
	const stars = "••••••••••••"
	return number[:6] + stars[:3*(len(number)-10)] + number[len(number)-4:]
}
