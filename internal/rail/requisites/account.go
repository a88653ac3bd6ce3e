package requisites

import "strings"

// Treasury tells the БИК of a body of the Treasury: it begins with 00, 01 or
// 02 where a bank's begins with 04, the country.
func Treasury(bik string) bool {
	return len(bik) == 9 && (bik[:2] == "00" || bik[:2] == "01" || bik[:2] == "02")
}

// unit tells the БИК of a unit of the Bank of Russia: its number is 000–002.
func unit(bik string) bool { return bik[6:8] == "00" && bik[8] <= '2' }

// BIK checks a bank's identifier: 9 digits, country 04 (or a body of the
// Treasury), and the number of a participant or of a unit of the Bank of
// Russia. Whether there is such a bank, a Directory tells.
func BIK(s string) *Flaw {
	if f := digits(FieldBIK, s, 9); f != nil {
		return f
	}
	if s[:2] != "04" && !Treasury(s) {
		return flaw(FieldBIK, Value, 0)
	}
	if n := s[6:]; s[:2] == "04" && n > "002" && n < "050" {
		return flaw(FieldBIK, Value, 6)
	}
	return nil
}

// clearing are the letters that stand for a digit in the sixth place of an
// account, of a currency in clearing: A is 0, X is 9.
const clearing = "ABCEHKMPTX"

// keyAt is the place of an account's key.
const keyAt = 8

// form checks an account without its key.
func form(field Field, s string) *Flaw {
	if s == "" {
		return flaw(field, Empty, 0)
	}
	at := 0
	for _, r := range s {
		if (r < '0' || r > '9') && (at != 5 || !strings.ContainsRune(clearing, r)) {
			return flaw(field, Charset, at)
		}
		at++
	}
	return sized(field, at, 20)
}

// AccountKey gives the key that an account of this bank must have in its ninth
// place, whatever stands there now. A client's account is keyed with the last
// three digits of the bank's БИК; one that the Bank of Russia itself keeps
// (correspondent accounts, accounts of the Treasury, clients of its units)
// with a nought and the number of the unit.
func AccountKey(account, bik string) (byte, *Flaw) {
	if f := BIK(bik); f != nil {
		return 0, f
	}
	if f := form(FieldAccount, account); f != nil {
		return 0, f
	}
	return key(account, bik), nil
}

func key(account, bik string) byte {
	head := bik[6:]
	if unit(bik) || strings.HasPrefix(account, "30101") || strings.HasPrefix(account, "40102") {
		head = "0" + bik[4:6]
	}
	sixth := account[5]
	if i := strings.IndexByte(clearing, sixth); i >= 0 {
		sixth = '0' + byte(i)
	}
	s := head + account[:5] + string(sixth) + account[6:keyAt] + "0" + account[keyAt+1:]
	return '0' + byte(weigh(s, 7, 1, 3)%10*3%10)
}

// AccountCurrency gives the currency's three digits as an account writes them:
// 810 are roubles.
func AccountCurrency(account string) string {
	if len(account) != 20 {
		return ""
	}
	return account[5:8]
}

// roubles stands for the rouble inside accounts; 643 does not.
const roubles = "810"

// Account checks a client's account against the bank's БИК. Accounts of the
// Treasury that begin with 0 have no key.
func Account(account, bik string) *Flaw { return checkAccount(FieldAccount, account, bik) }

func checkAccount(field Field, account, bik string) *Flaw {
	if f := form(field, account); f != nil {
		return f
	}
	if f := BIK(bik); f != nil {
		return f
	}
	if zeros(account) {
		return flaw(field, Zeros, 0)
	}
	if account[0] == '0' {
		if !Treasury(bik) {
			return flaw(field, OtherBank, 0)
		}
		return nil
	}
	if key(account, bik) != account[keyAt] {
		return flaw(field, CheckDigit, keyAt)
	}
	return nil
}

// CorrAccount checks the account that the bank itself has: 30101… of a bank,
// whose end is that of its БИК, or the single account 40102… of a body of the
// Treasury. A unit of the Bank of Russia has none.
func CorrAccount(account, bik string) *Flaw {
	if f := BIK(bik); f != nil {
		return f
	}
	if unit(bik) && bik[:2] == "04" {
		if account != "" {
			return flaw(FieldCorrAccount, Unexpected, 0)
		}
		return nil
	}
	if f := form(FieldCorrAccount, account); f != nil {
		return f
	}
	begins := "301"
	if Treasury(bik) {
		begins = "40102"
	}
	switch {
	case !strings.HasPrefix(account, begins):
		return flaw(FieldCorrAccount, Value, 0)
	case AccountCurrency(account) != roubles:
		return flaw(FieldCorrAccount, Currency, 5)
	case !Treasury(bik) && account[17:] != bik[6:]:
		return flaw(FieldCorrAccount, OtherBank, 17)
	}
	return checkAccount(FieldCorrAccount, account, bik)
}
