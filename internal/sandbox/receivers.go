package sandbox

import (
	"strconv"
	"time"
)

// manner is how the network treats a credit to a card, chosen by the three
// digits before the check digit, whichever bank's the card is. Code is the
// truth, which whoever repeats the question is told in the end; First is what
// happens to the first question when it is not answered by the truth.
type manner struct {
	Digits string
	Code   string
	First  first
	Ru, En string
}

// first is what happens to the first question.
type first int

const (
	firstTruth  first = iota
	firstLost         // decided, and not answered
	firstCut          // decided, and the line is cut
	firstLate         // decided, and answered when nobody waits any more
	firstTwice        // answered twice
	firstWrong        // answered with another sum
	firstUnsure       // 91: decided, and answered as if nobody knew
	firstBusy         // 09, and still so when asked again for the first time
	firstEaten        // never seen: the question itself is lost
)

// usual is a card that takes money.
var usual = manner{"", "00", firstTruth, "Зачисляется сразу", "Credited at once"}

// manners are all others.
var manners = []manner{
	{"013", "13", firstTruth, "Отказ 13: такая сумма не подходит", "Declined 13: no such sum"},
	{"014", "14", firstTruth, "Отказ 14: такой карты нет", "Declined 14: no such card"},
	{"051", "51", firstTruth, "Отказ 51: без объяснений", "Declined 51: without a reason"},
	{"054", "54", firstTruth, "Отказ 54: срок карты вышел", "Declined 54: the card has expired"},
	{"057", "57", firstTruth, "Отказ 57: карта не принимает переводы", "Declined 57: the card takes no transfers"},
	{"059", "59", firstTruth, "Отказ 59: подозрительно", "Declined 59: suspicious"},
	{"061", "61", firstTruth, "Отказ 61: лимит карты", "Declined 61: the card’s limit"},
	{"062", "62", firstTruth, "Отказ 62: карта ограничена", "Declined 62: the card is restricted"},
	{"092", "92", firstTruth, "Отказ 92: банк карты недоступен", "Declined 92: the card’s bank is not reachable"},
	{"901", "00", firstLost, "Зачислено, ответ потерян", "Credited, the answer is lost"},
	{"902", "00", firstLate, "Зачислено, ответ опоздал", "Credited, the answer is late"},
	{"903", "00", firstTwice, "Зачислено один раз, ответ пришёл дважды", "Credited once, answered twice"},
	{"904", "00", firstWrong, "Зачислено, первый ответ противоречит вопросу", "Credited, the first answer contradicts the question"},
	{"905", "00", firstCut, "Зачислено, линия оборвалась вместо ответа", "Credited, the line is cut instead of an answer"},
	{"906", "14", firstLost, "Не зачислено, ответ потерян; потом отказ 14", "Not credited, the answer is lost; then declined 14"},
	{"907", "00", firstBusy, "Сначала «в обработке», потом зачислено", "“In progress” at first, then credited"},
	{"908", "00", firstUnsure, "Зачислено, а в ответе «банк молчит»", "Credited, while the answer says that the bank is silent"},
	{"909", "00", firstEaten, "Первый запрос пропал, зачислено со второго", "The first question is lost, credited by the second"},
}

// mannerOf finds how a card is treated.
func mannerOf(number string) manner {
	digits := number[len(number)-4 : len(number)-1]
	for _, m := range manners {
		if m.Digits == digits {
			return m
		}
	}
	return usual
}

// receiver is a card of another bank that one can send money to.
type receiver struct {
	Number string `json:"number"`
	Bank   string `json:"bank"` // zarya, sever, or "" of a bank that nobody knows
	Code   string `json:"code"` // what becomes of a credit to it in the end
	Ru     string `json:"title_ru"`
	En     string `json:"title_en"`
}

// Prefixes of the fictional banks, as the bank's table of prefixes has them.
const (
	prefixZarya = "22000000"
	prefixSever = "40000000"
	prefixOther = "52000000"
)

// receivers gives a card of each manner; ranges that nobody issues.
func receivers() []receiver {
	of := func(prefix, bank string, m manner) receiver {
		return receiver{checked(prefix + "0000" + orNoughts(m.Digits)), bank, m.Code, m.Ru, m.En}
	}
	out := []receiver{of(prefixZarya, "zarya", usual), of(prefixSever, "sever", usual), of(prefixOther, "", usual)}
	for _, m := range manners {
		out = append(out, of(prefixZarya, "zarya", m))
	}
	return out
}

func orNoughts(digits string) string {
	if digits == "" {
		return "000"
	}
	return digits
}

// checked adds the check digit.
func checked(digits string) string {
	for d := range 10 {
		if n := digits + strconv.Itoa(d); luhn(n) {
			return n
		}
	}
	return digits
}

// Grouped is the number as it stands on a card.
func (r receiver) Grouped() string { return testCard{Number: r.Number}.Grouped() }

// lateFor is how long an answer takes that comes too late, unless Config says otherwise.
const lateFor = 20 * time.Second
