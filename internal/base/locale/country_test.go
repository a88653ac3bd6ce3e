package locale_test

import (
	"slices"
	"testing"

	"rocketbank/internal/base/locale"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	all := locale.Countries()
	if len(all) < 245 || len(all) > 252 || !slices.IsSorted(all) || !slices.Contains(all, "643") {
		t.Errorf("%d countries: %v", len(all), all)
	}
	for _, gone := range []string{"810", "200", "890", "278", "001", "150"} { // the USSR and its like, and parts of the world
		if slices.Contains(all, gone) {
			t.Errorf("%s is no country", gone)
		}
	}
	for _, lang := range locale.Langs() {
		p := locale.For(lang)
		seen := map[string]bool{}
		for _, code := range all {
			name := p.Country(code)
			if name == "" || name == code || seen[name] {
				t.Errorf("%s: %s is named %q", lang, code, name)
			}
			seen[name] = true
			if found, ok := p.FindCountry(name); !ok || found != code {
				t.Errorf("%s: %q is found as %q", lang, name, found)
			}
		}
	}
}

func TestFindCountry(t *testing.T) {
	t.Parallel()
	ru, en := locale.For(locale.Russian), locale.For(locale.English)
	for typed, want := range map[string]string{
		"Турция": "792", "  турция ": "792", "турц": "792", "Turkey": "792", "Türkiye": "792", "TR": "792", "tur": "792", "792": "792",
		"США": "840", "usa": "840", "Соединенные Штаты": "840", "ОАЭ": "784", "Южная Корея": "410", "германия": "276", "Germany": "276", "Россия": "643",
		"": "", " ": "", "Атлантида": "", "А": "", "00": "", "999": "", "150": "", "810": "", "<b>": "", "кор": "", "United": "", "٧٩٢": "",
	} {
		for _, p := range []*locale.Printer{ru, en} {
			if got, ok := p.FindCountry(typed); got != want || ok != (want != "") {
				t.Errorf("%q is found as %q, %v; want %q", typed, got, ok, want)
			}
		}
	}
	if ru.Country("840") != "США" || en.Country("792") == "792" || ru.Country("x") != "x" || ru.Country("999") != "999" {
		t.Error(ru.Country("840"), en.Country("792"), ru.Country("x"))
	}
}
