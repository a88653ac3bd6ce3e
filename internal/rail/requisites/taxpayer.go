package requisites

// INN checks a tax number: 10 digits of a firm, 12 of a person.
func INN(s string) *Flaw { return inn(FieldINN, s) }

func inn(field Field, s string) *Flaw {
	if f := digits(field, s, 10, 12); f != nil {
		return f
	}
	if s[:2] == "00" {
		return flaw(field, Value, 0)
	}
	n := len(s)
	if n == 12 && innDigit(s[:10]) != s[10] {
		return flaw(field, CheckDigit, 10)
	}
	if innDigit(s[:n-1]) != s[n-1] {
		return flaw(field, CheckDigit, n-1)
	}
	return nil
}

// innWeights are those of the eleventh digit of a person; of shorter parts the
// tail.
var innWeights = [...]int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}

// innDigit gives the digit that follows 9, 10 or 11 digits.
func innDigit(s string) byte {
	return '0' + byte(weigh(s, innWeights[len(innWeights)-len(s):]...)%11%10)
}

// INNKey gives the digits that make 9 digits a firm's number, or 10 a
// person's.
func INNKey(s string) (string, *Flaw) {
	if f := digits(FieldINN, s, 9, 10); f != nil {
		return "", f
	}
	first := innDigit(s)
	if len(s) == 9 {
		return string(first), nil
	}
	return string([]byte{first, innDigit(s + string(first))}), nil
}

// KPP checks the code of a reason to be registered: tax office, two digits or
// capitals, three digits. It has no check digit.
func KPP(s string) *Flaw { return kpp(FieldKPP, s) }

func kpp(field Field, s string) *Flaw {
	if s == "" {
		return flaw(field, Empty, 0)
	}
	at := 0
	for _, r := range s {
		if (r < '0' || r > '9') && (at != 4 && at != 5 || r < 'A' || r > 'Z') {
			return flaw(field, Charset, at)
		}
		at++
	}
	if f := sized(field, at, 9); f != nil {
		return f
	}
	if s[:2] == "00" {
		return flaw(field, Value, 0)
	}
	return nil
}

// OGRN checks the registration number of a firm.
func OGRN(s string) *Flaw { return register(FieldOGRN, s, 13, "15") }

// OGRNIP checks the registration number of a sole trader.
func OGRNIP(s string) *Flaw { return register(FieldOGRNIP, s, 15, "3") }

func register(field Field, s string, n int, first string) *Flaw {
	if f := digits(field, s, n); f != nil {
		return f
	}
	if s[0] != first[0] && s[0] != first[len(first)-1] {
		return flaw(field, Value, 0)
	}
	if registerDigit(s[:n-1]) != s[n-1] {
		return flaw(field, CheckDigit, n-1)
	}
	return nil
}

// registerDigit is the remainder by a number one less than the digits are.
func registerDigit(s string) byte {
	rest := 0
	for i := range len(s) {
		rest = (rest*10 + int(s[i]-'0')) % (len(s) - 1)
	}
	return '0' + byte(rest%10)
}

// OGRNKey gives the digit that makes 12 digits a firm's registration number,
// or 14 a trader's.
func OGRNKey(s string) (byte, *Flaw) {
	if f := digits(FieldOGRN, s, 12, 14); f != nil {
		return 0, f
	}
	return registerDigit(s), nil
}

// oldSNILS is the highest number that has no check digits.
const oldSNILS = "001001998"

// SNILS checks a number of pension insurance, written as 11 digits or as
// NNN-NNN-NNN NN.
func SNILS(s string) *Flaw {
	plain, places := make([]byte, 0, 11), make([]int, 0, 11)
	at := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			plain, places = append(plain, byte(r)), append(places, at)
		case r == '-' && (at == 3 || at == 7), r == ' ' && at == 11, r == '-' && at == 11:
		default:
			return flaw(FieldSNILS, Charset, at)
		}
		at++
	}
	switch {
	case at == 0:
		return flaw(FieldSNILS, Empty, 0)
	case len(plain) != 11 || at != 11 && at != 14:
		return flaw(FieldSNILS, Length, min(at, 14))
	case string(plain[:9]) <= oldSNILS:
		if zeros(string(plain[:9])) {
			return flaw(FieldSNILS, Zeros, 0)
		}
		return nil
	}
	sum := weigh(string(plain[:9]), 9, 8, 7, 6, 5, 4, 3, 2, 1) % 101 % 100
	if plain[9] != '0'+byte(sum/10) {
		return flaw(FieldSNILS, CheckDigit, places[9])
	}
	if plain[10] != '0'+byte(sum%10) {
		return flaw(FieldSNILS, CheckDigit, places[10])
	}
	return nil
}
