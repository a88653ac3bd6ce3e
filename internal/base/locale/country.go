package locale

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// spoken are countries whose official names nobody says, and words that people
// type for others.
var spoken = map[Lang]map[string]string{
	Russian: {"США": "840", "ОАЭ": "784", "Эмираты": "784", "Англия": "826", "Корея": "410", "Южная Корея": "410", "Чехия": "203", "Белоруссия": "112", "Голландия": "528", "Соединенные Штаты": "840", "Республика Корея": "410"},
	English: {"USA": "840", "UK": "826", "England": "826", "UAE": "784", "Emirates": "784", "Korea": "410", "South Korea": "410", "Czech Republic": "203", "Turkey": "792", "Türkiye": "792", "Holland": "528"},
}

// named are the spoken names that are also shown.
var named = map[Lang]map[string]string{
	Russian: {"840": "США", "410": "Южная Корея"},
	English: {"840": "United States", "410": "South Korea"},
}

// countries lists ISO 3166-1 numeric codes; each is a country of today.
var countries = sync.OnceValue(func() []string {
	var out []string
	for n := range 1000 {
		r, err := language.EncodeM49(n)
		if err != nil || !r.IsCountry() || r.M49() != n || r.Canonicalize() != r || len(r.String()) != 2 {
			continue
		}
		if display.English.Regions().Name(r) != "" {
			out = append(out, fmt.Sprintf("%03d", n))
		}
	}
	return out
})

// Countries lists the codes of all countries, ISO 3166-1 numeric.
func Countries() []string { return slices.Clone(countries()) }

// Country names a country by its ISO 3166-1 numeric code: «Турция»; a code
// that is none is said as it is.
func (p *Printer) Country(code string) string {
	if name := named[p.lang][code]; name != "" {
		return name
	}
	r, err := language.ParseRegion(code)
	if err != nil || !slices.Contains(countries(), code) {
		return code
	}
	names := display.Russian.Regions()
	if p.lang == English {
		names = display.English.Regions()
	}
	return names.Name(r)
}

// FindCountry reads a country that somebody typed: its name or the beginning of
// it in either language, or a code of ISO 3166-1. What begins several is none.
func (p *Printer) FindCountry(typed string) (code string, ok bool) {
	typed = folded(typed)
	if typed == "" {
		return "", false
	}
	if slices.Contains(countries(), typed) {
		return typed, true
	}
	begins := map[string]bool{}
	for _, lang := range []Lang{p.lang, Russian, English} {
		for word, code := range spoken[lang] {
			if folded(word) == typed {
				return code, true
			}
		}
		q := For(lang)
		for _, code := range countries() {
			switch name := folded(q.Country(code)); {
			case name == typed:
				return code, true
			case strings.HasPrefix(name, typed):
				begins[code] = true
			}
		}
	}
	if r, err := language.ParseRegion(typed); err == nil && len(typed) <= 3 {
		if code := fmt.Sprintf("%03d", r.M49()); slices.Contains(countries(), code) {
			return code, true
		}
	}
	if len(begins) == 1 {
		for code := range begins {
			return code, true
		}
	}
	return "", false
}

// folded is the form in which names are compared.
func folded(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(s), " ")), "ё", "е")
}
