package card

import (
	"crypto/rand"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/client"
)

const numberDigits = 16

// draw makes a random number under a BIN with its check digit.
func draw(bin string) string {
	b := []byte(bin)
	for len(b) < numberDigits-1 {
		b = append(b, randomDigit())
	}
	return string(append(b, luhn(string(b))))
}

// randomDigit throws away the bytes that would favour small digits.
func randomDigit() byte {
	for {
		var b [1]byte
		rand.Read(b[:]) // never fails since Go 1.24
		if b[0] < 250 {
			return '0' + b[0]%10
		}
	}
}

// luhn gives the check digit (ISO/IEC 7812-1 annex B) for the digits before it.
func luhn(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}

func mastercard(bin string) bool {
	if len(bin) < 6 || len(bin) > 8 {
		return false
	}
	for _, r := range bin {
		if r < '0' || r > '9' {
			return false
		}
	}
	four, _ := strconv.Atoi(bin[:4])
	return four >= 5100 && four <= 5599 || four >= 2221 && four <= 2720
}

// maxEmbossed is what fits on a card.
const maxEmbossed = 22

// embossed writes a name in Latin capitals the way passports do (ICAO 9303).
func embossed(n client.Name) string {
	s := Latin(n.First + " " + n.Last)
	if len(s) > maxEmbossed {
		first, last := Latin(n.First), Latin(n.Last)
		s = first[:min(1, len(first))] + " " + last
	}
	return strings.TrimSpace(s[:min(len(s), maxEmbossed)])
}

// Latin writes a name in Latin capitals, as passports (ICAO 9303), cards and
// card networks do. Whatever is no letter, blank or hyphen falls out.
func Latin(s string) string {
	var b strings.Builder
	// Decomposed, «Ё» is «Е» and «É» is «E»: the marks fall out with the rest.
	for _, r := range norm.NFD.String(strings.ToUpper(s)) {
		switch {
		case r >= 'A' && r <= 'Z' || r == ' ' || r == '-':
			b.WriteRune(r)
		case unicode.IsLetter(r):
			b.WriteString(passport[r])
		}
	}
	return b.String()
}

// passport is the Russian table of ICAO 9303-3; the soft sign falls out.
var passport = map[rune]string{
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Д': "D", 'Е': "E", 'Ж': "ZH", 'З': "Z", 'И': "I",
	'К': "K", 'Л': "L", 'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ф': "F",
	'Х': "KH", 'Ц': "TS", 'Ч': "CH", 'Ш': "SH", 'Щ': "SHCH", 'Ъ': "IE", 'Ы': "Y", 'Э': "E", 'Ю': "IU", 'Я': "IA",
}
