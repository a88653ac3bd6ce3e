package card_test

import (
	"errors"
	"testing"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/vault"
)

func TestBIN(t *testing.T) {
	t.Parallel()
	for bin, want := range map[string]error{
		"": nil, "550000": nil, "51000000": nil, "222100": nil, "2720999": nil,
		"400000": card.ErrBIN, "560000": card.ErrBIN, "55000": card.ErrBIN, "550000000": card.ErrBIN, "55000a": card.ErrBIN,
		"222000": card.ErrBIN, "272100": card.ErrBIN, "٥٥٠٠٠٠": card.ErrBIN,
	} {
		if _, err := card.New(nil, vault.Ephemeral(), nil, card.Options{BIN: bin}); !errors.Is(err, want) {
			t.Errorf("%q: %v; want %v", bin, err, want)
		}
	}
}

func TestEmbossed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ first, last, want string }{
		{"Анна", "Соколова", "ANNA SOKOLOVA"},
		{"Юрий", "Щукин", "IURII SHCHUKIN"},
		{"Пётр", "Объёмный", "PETR OBIEEMNYI"},
		{"Анна-Мария", "Д'Артаньян", "ANNA-MARIIA DARTANIAN"},
		{"José", "Müller", "JOSE MULLER"},
		{"Константин", "Рождественский", "K ROZHDESTVENSKII"},
		{"Анна", "Рождественская-Преображенская", "A ROZHDESTVENSKAIA-PRE"},
		{"Ия", "Я", "IIA IA"},
	} {
		if got := card.Embossed(client.Name{First: tc.first, Last: tc.last}); got != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.first, tc.last, got, tc.want)
		}
	}
}

func TestLuhn(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]byte{"7992739871": '3', "550000555555555": '9', "000000000000000": '0', "411111111111111": '1'} {
		if got := card.Luhn(digits); got != want {
			t.Errorf("%s: %c, want %c", digits, got, want)
		}
	}
}
