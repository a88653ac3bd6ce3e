package access_test

import (
	"errors"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/client"
)

// A08: what everybody tries first is refused, and so is what a finder of the
// passport or the phone would try.
func TestA08_WeakPasscodes(t *testing.T) {
	t.Parallel()
	born, ok := client.ParseDate("17.05.1990")
	if !ok {
		t.Fatal("the birth date does not parse")
	}
	phone := accesstest.Phone(101) // …555-01-01
	for _, bad := range []string{
		"0000", "1111", "99999", "777777", "1234", "12345", "123456", "4321", "654321", "7890", "0987", "2345", "8901", "1212", "121212",
		"6969", "123123", "2580", "1705", "0517", "1990", "0590", "9005", "1790", "170590", "900517", "051790", "199005", "0101", "50101", "550101",
		"123321", "112233",
	} {
		if err := access.CheckNewPasscode(bad, bad, born, phone); !errors.Is(err, access.ErrPassWeak) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, junk := range []string{"", "123", "1234567", "12a4", "١٢٣٤", "73 1", "73\x001"} {
		if err := access.CheckNewPasscode(junk, junk, born, phone); !errors.Is(err, access.ErrPassForm) {
			t.Errorf("%q: %v", junk, err)
		}
	}
	if err := access.CheckNewPasscode("7391", "7392", born, phone); !errors.Is(err, access.ErrPassRepeat) {
		t.Errorf("another repeat: %v", err)
	}
	for _, good := range []string{"7391", "50283", "820416"} {
		if err := access.CheckNewPasscode(good, good, born, phone); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}
