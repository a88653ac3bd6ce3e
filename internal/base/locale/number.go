package locale

import (
	"strconv"
	"strings"

	"rocketbank/internal/base/money"
)

// The characters that make our numbers: the font has U+00A0 but not U+202F,
// and a minus sign is not a hyphen.
const (
	nbsp  = "\u00a0"
	minus = "\u2212"
)

// Money writes a sum with its kopecks: «1 234,56 ₽», «−320,00 ₽»; in English
// “₽1,234.56”, “−₽320.00”.
func (p *Printer) Money(a money.Amount) string {
	whole, kop := p.MoneyParts(a)
	return whole + kop
}

// MoneyShort drops kopecks that are zero: «1 234 ₽», but «1 234,56 ₽».
func (p *Printer) MoneyShort(a money.Amount) string {
	sign, units, cents := split(a)
	if cents != 0 {
		return p.Money(a)
	}
	if p.lang == English {
		return sign + symbol(a.Cur) + p.group(units)
	}
	return sign + p.group(units) + nbsp + symbol(a.Cur)
}

// MoneySigned writes what came in with a plus and what went out with a minus;
// zero has no sign.
func (p *Printer) MoneySigned(a money.Amount) string {
	if a.Minor > 0 {
		return "+" + p.Money(a)
	}
	return p.Money(a)
}

// MoneyParts writes a sum in two pieces that together are Money: the display
// prints the second smaller. «148 320» and «,45 ₽».
func (p *Printer) MoneyParts(a money.Amount) (whole, kop string) {
	sign, units, cents := split(a)
	two := strconv.FormatUint(100+cents, 10)[1:]
	if p.lang == English {
		return sign + symbol(a.Cur) + p.group(units), "." + two
	}
	return sign + p.group(units), "," + two + nbsp + symbol(a.Cur)
}

// MoneyInput writes a sum as an amount field shows it for editing: «5000,50».
func (p *Printer) MoneyInput(a money.Amount) string {
	_, units, cents := split(a)
	out := strconv.FormatUint(units, 10)
	if cents == 0 {
		return out
	}
	return out + p.point() + strconv.FormatUint(100+cents, 10)[1:]
}

// Int writes a whole number: «12 345».
func (p *Printer) Int(n int64) string {
	if n < 0 {
		return minus + p.group(-uint64(n))
	}
	return p.group(uint64(n))
}

// Percent writes a rate in parts per million: «8 %», «1,5 %»; in English “8%”.
func (p *Printer) Percent(ppm int64) string {
	sign, m := "", uint64(ppm)
	if ppm < 0 {
		sign, m = minus, -m
	}
	out := p.group(m / 10_000)
	if frac := strings.TrimRight(strconv.FormatUint(10_000+m%10_000, 10)[1:], "0"); frac != "" {
		out += p.point() + frac
	}
	if p.lang == English {
		return sign + out + "%"
	}
	return sign + out + nbsp + "%"
}

func (p *Printer) point() string {
	if p.lang == English {
		return "."
	}
	return ","
}

// split takes a sum apart. Every currency we may print has two decimals.
func split(a money.Amount) (sign string, units, cents uint64) {
	m := uint64(a.Minor)
	if a.Minor < 0 {
		sign, m = minus, -m
	}
	return sign, m / 100, m % 100
}

func symbol(c money.Currency) string {
	if c == money.RUB {
		return "₽"
	}
	return c.String()
}

// group splits digits by three: U+00A0 in Russian (four digits too), a comma
// in English.
func (p *Printer) group(n uint64) string {
	digits, by := strconv.FormatUint(n, 10), nbsp
	if p.lang == English {
		by = ","
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(by)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Glue ties short prepositions and conjunctions of a headline to the next
// word, so that no line ends with them. English stays as it is.
func (p *Printer) Glue(s string) string {
	if p.lang != Russian {
		return s
	}
	words := strings.Split(s, " ")
	var b strings.Builder
	for i, w := range words {
		b.WriteString(w)
		switch {
		case i == len(words)-1:
		case short[strings.ToLower(strings.TrimLeft(w, "«„("))]:
			b.WriteString(nbsp)
		default:
			b.WriteString(" ")
		}
	}
	return b.String()
}

var short = map[string]bool{
	"а": true, "в": true, "во": true, "да": true, "до": true, "за": true, "и": true, "из": true, "к": true, "ко": true,
	"на": true, "не": true, "ни": true, "но": true, "о": true, "об": true, "от": true, "по": true, "с": true, "со": true, "у": true,
}
