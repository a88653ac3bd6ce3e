package requisites

import "strconv"

// Field names what a flaw is about. The words stay as they are: doors choose
// their texts by them and `rocketbank inspect` prints them.
type Field string

// The fields, in the order in which an Order is looked at.
const (
	FieldPayer       Field = "payer"        // 8
	FieldPayerINN    Field = "payer_inn"    // 60
	FieldPayerKPP    Field = "payer_kpp"    // 102
	FieldBIK         Field = "bik"          // 14
	FieldCorrAccount Field = "corr_account" // 15
	FieldAccount     Field = "account"      // 17
	FieldPayee       Field = "payee"        // 16
	FieldINN         Field = "inn"          // 61
	FieldKPP         Field = "kpp"          // 103
	FieldUIN         Field = "uin"          // 22
	FieldPurpose     Field = "purpose"      // 24
	FieldStatus      Field = "payer_status" // 101
	FieldKBK         Field = "kbk"          // 104
	FieldOKTMO       Field = "oktmo"        // 105
	FieldBasis       Field = "tax_basis"    // 106
	FieldPeriod      Field = "tax_period"   // 107
	FieldNumber      Field = "tax_number"   // 108
	FieldDate        Field = "tax_date"     // 109
	FieldOGRN        Field = "ogrn"
	FieldOGRNIP      Field = "ogrnip"
	FieldSNILS       Field = "snils"
)

// Reason is what is wrong, in one word that stays as it is.
type Reason string

// The reasons.
const (
	Empty      Reason = "empty"       // there has to be something
	Length     Reason = "length"      // too short or too long; At is where it ends or should have ended
	Charset    Reason = "charset"     // a character that cannot stand there
	CheckDigit Reason = "check_digit" // the check digit says that something is mistyped
	Zeros      Reason = "zeros"       // nothing but noughts
	Value      Reason = "value"       // a part that has no such value
	Currency   Reason = "currency"    // the account is not in roubles
	OtherBank  Reason = "other_bank"  // the account is one of another bank
	Unexpected Reason = "unexpected"  // must be left out here
	SameAsKBK  Reason = "same_as_kbk" // the payment's id is the budget code
	Unchecked  Reason = "unchecked"   // its check digit cannot be worked out
)

// Flaw says what is wrong with a field. It holds nothing of the field's text,
// so it may be logged.
type Flaw struct {
	Field  Field
	Reason Reason
	At     int // the character, from nought, where the wrong thing begins
	// Warning tells a flaw that does not forbid the payment: such numbers are
	// out there.
	Warning bool
}

// Error gives field, reason and place.
func (f *Flaw) Error() string {
	return "requisites: " + string(f.Field) + ": " + string(f.Reason) + " at " + strconv.Itoa(f.At)
}

func flaw(field Field, why Reason, at int) *Flaw { return &Flaw{Field: field, Reason: why, At: at} }

// digits checks that a text is all digits, and then that it has one of the
// lengths.
func digits(field Field, s string, lengths ...int) *Flaw {
	if s == "" {
		return flaw(field, Empty, 0)
	}
	at := 0
	for _, r := range s {
		if r < '0' || r > '9' {
			return flaw(field, Charset, at)
		}
		at++
	}
	return sized(field, at, lengths...)
}

// sized checks a number of characters.
func sized(field Field, n int, lengths ...int) *Flaw {
	longest := 0
	for _, l := range lengths {
		if n == l {
			return nil
		}
		longest = max(longest, l)
	}
	return flaw(field, Length, min(n, longest))
}

// zeros tells a text of noughts alone.
func zeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// weigh adds digits, each times its weight; the weights come round again.
func weigh(s string, weights ...int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * weights[i%len(weights)]
	}
	return sum
}
