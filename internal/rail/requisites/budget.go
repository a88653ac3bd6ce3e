package requisites

import (
	"strings"
	"time"
	"unicode/utf8"
)

// None is what stands in a field of a payment to the budget that has nothing
// to say.
const None = "0"

// KBK checks the code of a budget's income: 20 digits, or «0».
func KBK(s string) *Flaw { return code(FieldKBK, s, 20) }

// OKTMO checks the code of a municipality: 8 or 11 digits, or «0».
func OKTMO(s string) *Flaw { return code(FieldOKTMO, s, 8, 11) }

func code(field Field, s string, lengths ...int) *Flaw {
	if s == None {
		return nil
	}
	if f := digits(field, s, lengths...); f != nil {
		return f
	}
	if zeros(s) {
		return flaw(field, Zeros, 0)
	}
	return nil
}

// letters have the values 1, 2, 3 … in the ids of old fines; those that Latin
// has too may be written so.
const (
	letters = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ"
	latin   = "ABEKMHOPCTYX"
	alike   = "АВЕКМНОРСТУХ"
)

// worth gives what a character of a payment's id counts for; false for letters
// whose value nobody has told.
func worth(r rune) (int, bool) {
	if r >= '0' && r <= '9' {
		return int(r - '0'), true
	}
	if i := strings.IndexRune(latin, r); i >= 0 {
		r = []rune(alike)[i]
	}
	if i := strings.IndexRune(letters, r); i >= 0 {
		return (i/2 + 1) % 10, true // two bytes each
	}
	return 0, false
}

// strict are the administrators whose ids surely keep to the algorithm: the
// tax service, the traffic police and the bailiffs.
var strict = [...]string{"182", "188", "322"}

// UIN checks the unique id of what is charged (field 22): «0», or 20 or 25
// characters, the last a check digit. A wrong one is a warning where the
// administrator is not known to keep to the algorithm: some banks number
// accounts of state bodies in ways of their own.
func UIN(s string) *Flaw {
	if s == None {
		return nil
	}
	if s == "" {
		return flaw(FieldUIN, Empty, 0)
	}
	runes := []rune(s)
	known := true
	for at, r := range runes {
		if _, ok := worth(r); !ok {
			if (r < 'A' || r > 'Z') && (r < 'А' || r > 'Я') && r != 'Ё' {
				return flaw(FieldUIN, Charset, at)
			}
			known = false
		}
	}
	if f := sized(FieldUIN, len(runes), 20, 25); f != nil {
		return f
	}
	if zeros(s) {
		return flaw(FieldUIN, Zeros, 0)
	}
	last := len(runes) - 1
	if !known {
		return &Flaw{Field: FieldUIN, Reason: Unchecked, At: last, Warning: true}
	}
	if runes[last] == uinDigit(runes[:last]) {
		return nil
	}
	f := flaw(FieldUIN, CheckDigit, last)
	f.Warning = true
	for _, head := range strict {
		if strings.HasPrefix(s, head) {
			f.Warning = false
		}
	}
	return f
}

// uinDigit weighs by 1…10 and, when that gives ten, once more from 3 on.
func uinDigit(runes []rune) rune {
	for _, from := range [...]int{0, 2} {
		sum := 0
		for i, r := range runes {
			v, _ := worth(r)
			sum += v * ((i+from)%10 + 1)
		}
		if rest := sum % 11; rest < 10 {
			return '0' + rune(rest)
		}
	}
	return '0'
}

// UINKey gives the digit that makes 19 or 24 characters an id.
func UINKey(s string) (byte, *Flaw) {
	runes := []rune(s)
	for at, r := range runes {
		if _, ok := worth(r); !ok {
			return 0, flaw(FieldUIN, Charset, at)
		}
	}
	if f := sized(FieldUIN, len(runes), 19, 24); f != nil {
		return 0, f
	}
	return byte(uinDigit(runes)), nil
}

// Status checks who pays (field 101): two digits, 01–31.
func Status(s string) *Flaw {
	if f := digits(FieldStatus, s, 2); f != nil {
		return f
	}
	if s < "01" || s > "31" {
		return flaw(FieldStatus, Value, 0)
	}
	return nil
}

// Basis checks the basis of a payment (field 106): two capitals, «00» of the
// customs, or «0».
func Basis(s string) *Flaw {
	switch s {
	case "":
		return flaw(FieldBasis, Empty, 0)
	case None, "00":
		return nil
	}
	at := 0
	for _, r := range s {
		if r < 'А' || r > 'Я' {
			return flaw(FieldBasis, Charset, at)
		}
		at++
	}
	return sized(FieldBasis, at, 2)
}

// periods are the kinds of field 107 with the highest number each has; a year
// has only 00.
var periods = map[string]int{"МС": 12, "КВ": 4, "ПЛ": 2, "ГД": 0}

// Period checks for when is paid (field 107): МС.ММ.ГГГГ, КВ.КК.ГГГГ,
// ПЛ.ПП.ГГГГ, ГД.00.ГГГГ, a day, 8 digits of a customs office, or «0».
func Period(s string) *Flaw {
	if s == "" {
		return flaw(FieldPeriod, Empty, 0)
	}
	if s == None || len(s) == 8 && digits(FieldPeriod, s, 8) == nil && !zeros(s) {
		return nil
	}
	runes := []rune(s)
	if len(runes) < 2 || runes[0] < 'А' || runes[0] > 'Я' {
		return day(FieldPeriod, s)
	}
	most, ok := periods[string(runes[:2])]
	if !ok {
		return flaw(FieldPeriod, Value, 0)
	}
	if f := dotted(FieldPeriod, runes, 3); f != nil {
		return f
	}
	least := min(1, most)
	if n := int(runes[3]-'0')*10 + int(runes[4]-'0'); n < least || n > most {
		return flaw(FieldPeriod, Value, 3)
	}
	return year(FieldPeriod, runes)
}

// TaxDate checks the day of the paper that a payment is for (field 109):
// ДД.ММ.ГГГГ or «0».
func TaxDate(s string) *Flaw {
	if s == "" {
		return flaw(FieldDate, Empty, 0)
	}
	if s == None {
		return nil
	}
	return day(FieldDate, s)
}

// dotted checks the form XX.XX.XXXX, digits from a place on.
func dotted(field Field, runes []rune, from int) *Flaw {
	for at, r := range runes {
		switch {
		case at == 2 || at == 5:
			if r != '.' {
				return flaw(field, Charset, at)
			}
		case at >= from && (r < '0' || r > '9'):
			return flaw(field, Charset, at)
		}
	}
	return sized(field, len(runes), 10)
}

func year(field Field, runes []rune) *Flaw {
	if y := string(runes[6:]); y < "1990" || y > "2099" {
		return flaw(field, Value, 6)
	}
	return nil
}

func day(field Field, s string) *Flaw {
	runes := []rune(s)
	if f := dotted(field, runes, 0); f != nil {
		return f
	}
	if _, err := time.Parse("02.01.2006", s); err != nil {
		return flaw(field, Value, 0)
	}
	return year(field, runes)
}

// maxNumber is how long field 108 may be.
const maxNumber = 15

// Number checks the number of the paper that a payment is for (field 108): up
// to 15 characters, or «0». The sign № is not written there.
func Number(s string) *Flaw {
	if s == "" {
		return flaw(FieldNumber, Empty, 0)
	}
	at := 0
	for _, r := range s {
		if !legacy(r) || r == ' ' && at == 0 {
			return flaw(FieldNumber, Charset, at)
		}
		at++
	}
	if n := utf8.RuneCountInString(s); n > maxNumber {
		return flaw(FieldNumber, Length, maxNumber)
	}
	return nil
}
