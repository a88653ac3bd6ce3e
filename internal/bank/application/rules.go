package application

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
)

// The faults of the questionnaire.
var (
	ErrEmpty           = fault.New(fault.Invalid, "application.empty")            // a field that must be filled in
	ErrLong            = fault.New(fault.Invalid, "application.too_long")         // n
	ErrLetters         = fault.New(fault.Invalid, "application.letters")          // a letter that has no business here
	ErrEmail           = fault.New(fault.Invalid, "application.email")            // no address
	ErrSeries          = fault.New(fault.Invalid, "application.series")           // four digits
	ErrNumber          = fault.New(fault.Invalid, "application.number")           // six digits
	ErrDepartment      = fault.New(fault.Invalid, "application.department")       // NNN-NNN
	ErrDate            = fault.New(fault.Invalid, "application.date")             // no such day
	ErrIssuedFuture    = fault.New(fault.Invalid, "application.issued_future")    // after today
	ErrIssuedEarly     = fault.New(fault.Invalid, "application.issued_early")     // before the age of 14
	ErrPassportExpired = fault.New(fault.Invalid, "application.passport_expired") // age: 20 or 45, on: the day
	ErrPostCode        = fault.New(fault.Invalid, "application.post_code")        // six digits
	ErrRegion          = fault.New(fault.Invalid, "application.region")           // none of the list
	ErrDelivery        = fault.New(fault.Invalid, "application.delivery")
	ErrWordEasy        = fault.New(fault.Invalid, "application.code_word_easy") // the name itself
	ErrConsent         = fault.New(fault.Invalid, "application.consent_needed")
	ErrUnfinished      = fault.New(fault.Invalid, "application.unfinished") // step: the first one that is not whole
	ErrPageNeeded      = fault.New(fault.Invalid, "application.page_needed")
)

// What fields may hold, in letters.
const (
	maxIssuedBy = 200
	maxPlace    = 150
	maxShort    = 60
	maxHouse    = 20
	maxWish     = 200
	maxEmail    = 254
	maxNote     = 500
)

// field reads one line of text: cut, normalised, its blanks made single.
func field(s string, most int, must bool) (string, *fault.Error) {
	if len(s) > 8*most || !utf8.ValidString(s) {
		return "", ErrLong.With("n", most)
	}
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch {
	case s == "" && must:
		return "", ErrEmpty
	case utf8.RuneCountInString(s) > most:
		return "", ErrLong.With("n", most)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || strings.ContainsRune("<>{}\\^~|", r) {
			return "", ErrLetters
		}
	}
	return s, nil
}

// digits reads a number of so many digits, blanks and the given mark allowed.
func digits(s string, n int, marks string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(marks, r) {
			return -1
		}
		return r
	}, s)
	if len(s) != n {
		return "", false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return s, true
}

// namePart reads a family, given or middle name: letters of one script,
// hyphens, apostrophes and blanks between words.
func namePart(s string, must bool) (string, *fault.Error) {
	if len(s) > 8*maxShort || !utf8.ValidString(s) {
		return "", ErrNameLong
	}
	s = strings.NewReplacer("’", "'", "ʼ", "'", "`", "'", "‐", "-", "‑", "-").Replace(norm.NFC.String(s))
	words := strings.Fields(s)
	if len(words) == 0 {
		if must {
			return "", ErrEmpty
		}
		return "", nil
	}
	for i, w := range words {
		if !startsAndEndsWithLetter(w) {
			return "", ErrNameLetters
		}
		words[i] = capital(w)
	}
	s = strings.Join(words, " ")
	if utf8.RuneCountInString(s) > maxShort {
		return "", ErrNameLong
	}
	switch scriptOf(s) {
	case noScript:
		return "", ErrNameLetters
	case bothScripts:
		return "", ErrNameScript
	}
	return s, nil
}

type script int

const (
	noScript script = iota // something that is in no name
	cyrillicOnly
	latinOnly
	bothScripts
)

// scriptOf tells what letters a name is written in.
func scriptOf(s string) script {
	var cyrillic, latin bool
	last := ' '
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cyrillic, r) && unicode.IsLetter(r):
			cyrillic = true
		case unicode.Is(unicode.Latin, r) && unicode.IsLetter(r):
			latin = true
		case (r == ' ' || r == '-' || r == '\'') && unicode.IsLetter(last):
		default:
			return noScript
		}
		last = r
	}
	switch {
	case cyrillic && latin:
		return bothScripts
	case cyrillic:
		return cyrillicOnly
	case latin:
		return latinOnly
	}
	return noScript
}

// The passport's ages: it is given at 14, and changed at 20 and at 45; who has
// come of age has ninety days to change it (government decree 1205 of 2021).
const (
	firstPassport = 14
	changeGrace   = 90 * 24 * time.Hour
)

var passportAges = [...]int{20, 45}

// expiredAt tells at what age a passport has run out; 0 when it holds.
func expiredAt(born, issued client.Date, today time.Time) (age int, on time.Time) {
	for _, age := range passportAges {
		birthday := anniversary(born, age)
		if midnight(issued).Before(birthday) && !today.Before(birthday.Add(changeGrace)) {
			return age, birthday
		}
	}
	return 0, time.Time{}
}

// anniversary is the day somebody becomes so old; who was born on 29 February
// does so on 1 March of a common year.
func anniversary(born client.Date, age int) time.Time {
	return time.Date(born.Year+age, born.Month, born.Day, 0, 0, 0, 0, time.UTC)
}

func midnight(d client.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// bankDay is the midnight that begins the bank day of now, as a day of UTC, so
// that it compares with dates.
func bankDay(now time.Time) time.Time {
	y, m, d := now.In(clock.Moscow).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// email reads an address; the domain is lowered, the rest is the owner's.
func email(s string) (string, *fault.Error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if len(s) > maxEmail {
		return "", ErrEmail
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return "", ErrEmail
	}
	local, domain, _ := strings.Cut(s, "@")
	dot := strings.LastIndexByte(domain, '.')
	if dot <= 0 || dot >= len(domain)-2 || strings.ContainsAny(domain, "@[]\" ") {
		return "", ErrEmail
	}
	for _, r := range s {
		if r > unicode.MaxASCII && !unicode.IsLetter(r) {
			return "", ErrEmail
		}
	}
	return local + "@" + strings.ToLower(domain), nil
}

// codeWord looks at a chosen code word; one's own name is none.
func codeWord(s string, n NameForm) *fault.Error {
	if f, wrong := fault.As(access.ValidCodeWord(s)); wrong {
		return f
	}
	for _, known := range []string{n.First, n.Last, n.Middle} {
		if known != "" && strings.EqualFold(strings.TrimSpace(s), known) {
			return ErrWordEasy
		}
	}
	return nil
}
