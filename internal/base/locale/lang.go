package locale

import (
	"golang.org/x/text/language"
)

// Lang is a language the bank speaks.
type Lang string

// The languages, in the order in which we offer them.
const (
	Russian Lang = "ru"
	English Lang = "en"
)

// Langs lists them.
func Langs() []Lang { return []Lang{Russian, English} }

// Pick chooses the language of a visitor: what he chose himself (the cookie),
// else the first of his browser's languages that we speak. Who asks for none
// of ours gets English, who says nothing gets Russian.
func Pick(cookie, acceptLanguage string) Lang {
	if l := Lang(cookie); l == Russian || l == English {
		return l
	}
	if acceptLanguage == "" || len(acceptLanguage) > 500 {
		return Russian
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Russian
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		switch base.String() {
		case "ru":
			return Russian
		case "en":
			return English
		}
	}
	return English
}

// forms tells how many plural forms the language has here.
func (l Lang) forms() int {
	if l == Russian {
		return 3
	}
	return 2
}

// form picks the plural form for n: Russian has one (1, 21), few (2–4, 22–24)
// and many (0, 5–20, 11–14); English has one and many.
func (l Lang) form(n int64) int {
	if n < 0 {
		n = -n
	}
	if l != Russian {
		if n == 1 {
			return 0
		}
		return 1
	}
	switch {
	case n%100 >= 11 && n%100 <= 14:
		return 2
	case n%10 == 1:
		return 0
	case n%10 >= 2 && n%10 <= 4:
		return 1
	}
	return 2
}
