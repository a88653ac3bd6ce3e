package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/rail/signature"
)

// railBank is a member of the phone-number rail. All are made up.
type railBank struct {
	ID   string `json:"id"`
	BIK  string `json:"-"`
	RU   string `json:"ru"`
	EN   string `json:"en"`
	Down bool   `json:"down"`
}

// Name says the bank's name in a language.
func (b railBank) Name(lang string) string {
	if lang == "ru" {
		return b.RU
	}
	return b.EN
}

// railBanks are the other members.
var railBanks = []railBank{
	{"100000000901", "044599901", "Банк Заря", "Zarya Bank", false},
	{"100000000902", "044599902", "Синий Кит", "Blue Whale", false},
	{"100000000903", "044599903", "Банк Одуванчик", "Dandelion Bank", false},
	{"100000000904", "044599904", "Тихая Гавань", "Quiet Haven", false},
	{"100000000905", "044599905", "Семь Ветров", "Seven Winds", false},
	{"100000000906", "044599906", "Банк Фонарь", "Lantern Bank", false},
	{"100000000907", "044599907", "Медный Грош", "Copper Penny", false},
	{"100000000908", "044599908", "Снегирь", "Bullfinch", false},
	{"100000000909", "044599909", "Банк Лукошко", "Basket Bank", false},
	{"100000000910", "044599910", "Рябина Финанс", "Rowan Finance", false},
	{"100000000911", "044599911", "Банк Перо", "Feather Bank", false},
	{"100000000912", "044599912", "Закрытый Банк", "Closed Bank", true},
}

// bankByID gives a member's place, or false.
func bankByID(id string) (int, bool) {
	for i, b := range railBanks {
		if b.ID == id {
			return i, true
		}
	}
	return 0, false
}

// Tempers of phones, by their last two digits: docs/phonerail.md and the page
// «Другие банки» list them.
const (
	railNobody      = "00" // at no bank
	railNoDefault   = "01" // at every bank, and prefers none
	railUnwilling   = "02" // lets nobody pay him by phone
	railUnavailable = "03" // his bank does not answer look-ups
	railWrongPAM    = "04" // the look-up is answered about somebody else
	railSlow        = "10" // taken, credited some time later
	railAnswerLost  = "11" // credited, and the line is cut instead of an answer
	railAskLost     = "12" // the line is cut before anything is done, the first time
	railThrice      = "13" // credited, and told three times
	railLateNo      = "14" // taken, refused some time later
	railSuspicious  = "15" // refused: fraud is suspected
	railOther       = "16" // credited, and answered about another credit
	railSentBack    = "17" // credited, and sent back some time later
	railBankDown    = "18" // refused: the receiver's bank does not answer
	railOutOfOrder  = "19" // credited and told so; then the answer says «in process»
)

var railTempers = []string{
	railNobody, railNoDefault, railUnwilling, railUnavailable, railWrongPAM,
	railSlow, railAnswerLost, railAskLost, railThrice, railLateNo, railSuspicious, railOther, railSentBack, railBankDown, railOutOfOrder,
}

func temperOf(phone string) string {
	if last := phone[len(phone)-2:]; strings.Contains(strings.Join(railTempers, " "), last) {
		return last
	}
	return ""
}

// railPerson is who answers to a phone in other banks. People are made of their
// number, so that the same number is always the same person.
type railPerson struct {
	name string
	home int // his bank
	also int // where he has an account besides
}

var (
	railFirst = []string{"Иван", "Мария", "Пётр", "Елена", "Тимур", "Ольга", "Руслан", "Вера"}
	railThen  = []string{"Петрович", "Олеговна", "Ильич", "Сергеевна", "Маратович", "Павловна", "Андреевич", "Юрьевна"}
	railLast  = []string{"С.", "К.", "М.", "Д.", "В.", "Н.", "Ж.", "Т."}
)

func personOf(phone string) railPerson {
	h := fnv.New32a()
	_, _ = h.Write([]byte(phone)) // a hash takes everything
	n := int(h.Sum32() % (1 << 24))
	first := n % len(railFirst)
	then := first%2 + n/8%4*2 // a patronymic of the same sex
	open := len(railBanks) - 1
	return railPerson{
		name: railFirst[first] + " " + railThen[then] + " " + railLast[n/64%len(railLast)], home: n / 512 % open, also: n / 8192 % open,
	}
}

// has tells whether a phone's owner can be found at a bank.
func (p railPerson) has(temper string, bank int) bool {
	return temper != railNobody && (temper == railNoDefault || bank == p.home || bank == p.also)
}

// pamLife is how long an answer to a look-up holds.
const pamLife = 15 * time.Minute

// accountToken names somebody's account for a quarter of an hour: it carries the
// phone, the bank and its end under a seal, so that nothing is kept of a look-up.
func accountToken(secret signature.Secret, phone string, bank int, until time.Time) string {
	body := base36(phone[1:]) + "-" + strconv.Itoa(bank) + "-" + strconv.FormatInt(until.Unix(), 36)
	return body + "-" + tokenSeal(secret, body)
}

func base36(digits string) string {
	n, _ := strconv.ParseInt(digits, 10, 64) // at most fifteen digits
	return strconv.FormatInt(n, 36)
}

func tokenSeal(secret signature.Secret, body string) string {
	h := hmac.New(sha256.New, []byte("account "+string(secret)))
	h.Write([]byte(body))
	return hex.EncodeToString(h.Sum(nil))[:10]
}

// readToken gives what a token carries; false for one that is none of ours.
func readToken(secret signature.Secret, token string) (phone string, bank int, until time.Time, ok bool) {
	parts := strings.Split(token, "-")
	if len(parts) != 4 {
		return "", 0, time.Time{}, false
	}
	body := strings.Join(parts[:3], "-")
	n, err1 := strconv.ParseInt(parts[0], 36, 64)
	bank, err2 := strconv.Atoi(parts[1])
	end, err3 := strconv.ParseInt(parts[2], 36, 64)
	if !hmac.Equal([]byte(parts[3]), []byte(tokenSeal(secret, body))) || err1 != nil || err2 != nil || err3 != nil || bank < 0 || bank >= len(railBanks) {
		return "", 0, time.Time{}, false
	}
	return "+" + strconv.FormatInt(n, 10), bank, time.Unix(end, 0), true
}
