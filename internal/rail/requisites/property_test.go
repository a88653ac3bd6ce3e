package requisites_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rocketbank/internal/rail/requisites"
)

// number draws so many digits, the first not nought.
func number(t *rapid.T, label string, n int) string {
	return rapid.StringMatching(`[1-9][0-9]{`+strconv.Itoa(n-1)+`}`).Draw(t, label)
}

// slips changes every digit from a place on to every other and gives at most
// how many of one place's changes are taken.
func slips(s string, from int, check check) (worst int) {
	for at := from; at < len(s); at++ {
		taken := 0
		for d := byte('0'); d <= '9'; d++ {
			if d != s[at] && check(s[:at]+string(d)+s[at+1:]) == nil {
				taken++
			}
		}
		worst = max(worst, taken)
	}
	return worst
}

// A key catches every single wrong digit of an account.
func TestAccountKeyCatchesADigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bik := "04" + number(t, "bik", 4) + rapid.StringMatching(`[1-9][1-9][0-9]`).Draw(t, "participant")
		account := "4" + number(t, "account", 19)
		k, f := requisites.AccountKey(account, bik)
		if f != nil {
			t.Fatal(f)
		}
		account = account[:8] + string(k) + account[9:]
		mine := func(s string) *requisites.Flaw { return requisites.Account(s, bik) }
		if f := mine(account); f != nil {
			t.Fatal(f)
		}
		if n := slips(account, 1, mine); n > 0 {
			t.Fatalf("%s at %s: a changed digit was taken", account, bik)
		}
		other := func(s string) *requisites.Flaw { return requisites.Account(account, bik[:6]+s) }
		if n := slips(bik[6:], 0, other); n > 0 {
			t.Fatalf("%s: a changed digit of %s was taken", account, bik)
		}
	})
}

// A remainder by 11, 13 or 101 that is written in one digit (or two) lets one
// change of a digit through at most, and only where remainders share a digit.
func TestCheckDigitsCatchADigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		firm := number(t, "firm", 9)
		person := number(t, "person", 10)
		k, _ := requisites.INNKey(firm)
		firm += k
		k, _ = requisites.INNKey(person)
		person += k
		ogrn := "1" + number(t, "ogrn", 11)
		d, _ := requisites.OGRNKey(ogrn)
		ogrn += string(d)
		ogrnip := "3" + number(t, "ogrnip", 13)
		d, _ = requisites.OGRNKey(ogrnip)
		ogrnip += string(d)
		uin := "188" + number(t, "uin", 16)
		d, _ = requisites.UINKey(uin)
		uin += string(d)
		for _, c := range []struct {
			in    string
			from  int
			check check
			most  int
		}{{firm, 2, requisites.INN, 1}, {person, 2, requisites.INN, 1}, {ogrn, 1, requisites.OGRN, 1}, {ogrnip, 1, requisites.OGRNIP, 1}, {uin, 3, requisites.UIN, 1}} {
			if f := c.check(c.in); f != nil {
				t.Fatalf("%s: %v", c.in, f)
			}
			if n := slips(c.in, c.from, c.check); n > c.most {
				t.Fatalf("%s: %d changes of one digit were taken", c.in, n)
			}
			if last := c.in[len(c.in)-1]; last > '2' && c.in != uin && c.in != person && slips(c.in, c.from, c.check) > 0 {
				t.Fatalf("%s: a changed digit was taken though remainders share none", c.in)
			}
		}
	})
}

// A text that was made plain stays as it is, and has no more characters than
// it may.
func TestTextIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune(`абвЁё«»“—№… "'0aZ`)), rapid.Rune())).Draw(t, "text")
		out, f := requisites.Text(requisites.FieldPurpose, in, requisites.MaxPurpose)
		if f != nil {
			return
		}
		if again, f := requisites.Text(requisites.FieldPurpose, out, requisites.MaxPurpose); f != nil || again != out {
			t.Fatalf("%q became %q, then %q, %v", in, out, again, f)
		}
		if utf8.RuneCountInString(out) > requisites.MaxPurpose || strings.ContainsAny(out, "\n\r\t«№") {
			t.Fatalf("%q", out)
		}
	})
}

// Whatever is typed, a flaw names a place within the text or just behind it,
// and an order that is clean stays clean.
func FuzzOrder(f *testing.F) {
	f.Add("044525225", "30101810400000000225", "40817810700000000001", "ООО «Ромашка»", "7707083893", "773601001", "0", "Оплата по счёту № 17", "24", "18201061201010000510", "45382000", "ТП", "МС.11.2026", "0", "0")
	f.Add("017003983", "40102810445370000059", "03100643000000018500", "Казначейство", "7727406020", "770801001", "18810177261122000017", "Штраф", "01", "0", "0", "0", "0", "0", "0")
	f.Add("", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
	f.Add("049805000", "", "40817П10700000000001", "\xff", "0", "0", "Л", "\u0306", "99", "0", "0", "00", "ГД", "№", "29.02.2027")
	f.Fuzz(func(t *testing.T, bik, corr, account, payee, inn, kpp, uin, purpose, status, kbk, oktmo, basis, period, number, date string) {
		o := requisites.Order{BIK: bik, CorrAccount: corr, Account: account, Payee: payee, INN: inn, KPP: kpp, UIN: uin, Purpose: purpose,
			Budget: &requisites.Budget{Status: status, KBK: kbk, OKTMO: oktmo, Basis: basis, Period: period, Number: number, Date: date}}
		lengths := map[requisites.Field]string{requisites.FieldBIK: bik, requisites.FieldCorrAccount: corr, requisites.FieldAccount: account, requisites.FieldINN: inn,
			requisites.FieldKPP: kpp, requisites.FieldUIN: uin, requisites.FieldStatus: status, requisites.FieldKBK: kbk, requisites.FieldOKTMO: oktmo,
			requisites.FieldBasis: basis, requisites.FieldPeriod: period, requisites.FieldNumber: number, requisites.FieldDate: date}
		clean, flaws := o.Clean()
		for _, flaw := range flaws {
			if s, ok := lengths[flaw.Field]; ok && (flaw.At < 0 || flaw.At > utf8.RuneCountInString(s)) {
				t.Fatalf("%v of %q", flaw, s)
			}
		}
		if !requisites.Forbids(flaws) {
			if again, more := clean.Clean(); again.Payee != clean.Payee || again.Purpose != clean.Purpose || len(more) != len(flaws) {
				t.Fatalf("%+v became %+v", clean, again)
			}
		}
		_ = requisites.OGRN(inn)
		_ = requisites.OGRNIP(inn)
		_ = requisites.SNILS(inn)
	})
}
