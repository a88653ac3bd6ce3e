package requisites

import (
	"strings"
	"unicode/utf8"
)

// How many characters the texts of an order may have.
const (
	MaxName    = 160 // fields 8 and 16
	MaxPurpose = 210 // field 24
)

// plain are the letters that stand for what people paste. The settlement
// system has the letters of code page 866 and of windows-1251 in common.
var plain = map[rune]string{
	'«': `"`, '»': `"`, '“': `"`, '”': `"`, '„': `"`, '‟': `"`, '″': `"`,
	'‘': "'", '’': "'", '‚': "'", '‛': "'", '‹': "'", '›': "'", '′': "'", '`': "'",
	'—': "-", '–': "-", '‐': "-", '‑': "-", '‒': "-", '―': "-", '−': "-",
	'№': "N", '…': "...", '\u00a0': " ", '\u202f': " ", '\u2009': " ", '\u2007': " ",
	'\u00ad': "", '\ufeff': "", '\u200b': "",
}

// composed are Russian letters that some systems write as two characters.
var composed = map[[2]rune]rune{
	{'И', '\u0306'}: 'Й', {'и', '\u0306'}: 'й', {'Е', '\u0308'}: 'Ё', {'е', '\u0308'}: 'ё',
}

// legacy tells a character that the settlement system has.
func legacy(r rune) bool {
	return r >= ' ' && r <= '~' && r != '`' || r >= 'А' && r <= 'я' || r == 'Ё' || r == 'ё'
}

// Text writes a text of an order with the characters that the settlement
// system has: typographic quotes, dashes and spaces become plain, № becomes N,
// blanks at the ends are dropped. Anything else that it does not have, control
// characters and line breaks first of all, is a flaw at its place in s; so is
// a text that is longer than most. An empty text is told as Empty.
func Text(field Field, s string, most int) (string, *Flaw) {
	if !utf8.ValidString(s) {
		return "", flaw(field, Charset, utf8.RuneCountInString(s[:validPrefix(s)]))
	}
	runes := []rune(s)
	var out strings.Builder
	for at := 0; at < len(runes); at++ {
		r := runes[at]
		if at+1 < len(runes) {
			if whole, ok := composed[[2]rune{r, runes[at+1]}]; ok {
				out.WriteRune(whole)
				at++
				continue
			}
		}
		if p, ok := plain[r]; ok {
			out.WriteString(p)
		} else if legacy(r) {
			out.WriteRune(r)
		} else {
			return "", flaw(field, Charset, at)
		}
	}
	text := strings.Trim(out.String(), " ")
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", flaw(field, Empty, 0)
	case n > most:
		return "", flaw(field, Length, most)
	}
	return text, nil
}

// validPrefix gives how many bytes in front are UTF-8.
func validPrefix(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}
