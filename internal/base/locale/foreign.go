package locale

import (
	"strconv"

	"rocketbank/internal/base/money"
)

// symbols are currencies that people know by their sign (ISO 4217); another is
// written with its number.
var symbols = map[money.Currency]string{
	643: "₽", 840: "$", 978: "€", 826: "£", 392: "JP¥", 156: "CN¥", 949: "₺", 398: "₸", 933: "Br", 51: "֏", 981: "₾", 356: "₹", 764: "฿", 784: "AED", 756: "CHF",
}

// Foreign writes a sum in another currency as its shop did, with as many minor
// digits as the currency has: «20,00 $», “$20.00”. It drops no digit.
func (p *Printer) Foreign(a money.Amount, decimals int) string {
	sign, n := "", uint64(a.Minor) // #nosec G115 -- the sign is taken off below
	if a.Minor < 0 {
		sign, n = minus, -n
	}
	base := uint64(1)
	for range decimals {
		base *= 10
	}
	out := p.group(n / base)
	if decimals > 0 {
		out += p.point() + strconv.FormatUint(base+n%base, 10)[1:]
	}
	s, known := symbols[a.Cur]
	if !known {
		s = strconv.Itoa(int(a.Cur))
	}
	if p.lang == English && known {
		return sign + s + out
	}
	return sign + out + nbsp + s
}
