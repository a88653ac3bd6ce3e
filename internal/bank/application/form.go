package application

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
)

// The faults of a form.
var (
	ErrNameEmpty    = fault.New(fault.Invalid, "application.name_empty")
	ErrNameTwo      = fault.New(fault.Invalid, "application.name_two")     // given and family name
	ErrNameLetters  = fault.New(fault.Invalid, "application.name_letters") // letters, hyphens, apostrophes
	ErrNameScript   = fault.New(fault.Invalid, "application.name_script")  // Cyrillic and Latin mixed
	ErrNameLong     = fault.New(fault.Invalid, "application.name_long")
	ErrBirthEmpty   = fault.New(fault.Invalid, "application.birth_empty")
	ErrBirthInvalid = fault.New(fault.Invalid, "application.birth_invalid") // no such day
	ErrBirthYoung   = fault.New(fault.Invalid, "application.birth_young")
	ErrBirthOld     = fault.New(fault.Invalid, "application.birth_old")
	ErrPassWeak     = fault.New(fault.Invalid, "application.passcode_weak")
	ErrPassRepeat   = fault.New(fault.Invalid, "application.passcode_repeat")
)

const (
	minAge, maxAge = 18, 120
	maxNameLetters = 60
)

// Form is what a newcomer types.
type Form struct {
	Phone     string // any usual spelling
	Name      string // «Имя Фамилия»
	BirthDate string // «31.12.1990» or «1990-12-31»
	Lang      locale.Lang
}

// Problems are all faults of a form at once, each with its Field: phone, name,
// birth_date, passcode, repeat.
type Problems []*fault.Error

// Error lists the keys.
func (p Problems) Error() string {
	keys := make([]string, len(p))
	for i, f := range p {
		keys[i] = f.Error()
	}
	return strings.Join(keys, "; ")
}

// Unwrap makes errors.As find the first fault.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, f := range p {
		out[i] = f
	}
	return out
}

// person is a form that was understood.
type person struct {
	phone phone.Number
	name  client.Name
	born  client.Date
}

// check reads a form whole, so that all its faults are told at once.
func (f Form) check(today time.Time) (p person, wrong Problems) {
	add := func(err error, field string) {
		if e, ok := fault.As(err); ok {
			wrong = append(wrong, e.At(field))
		}
	}
	var err error
	if p.phone, err = phone.Parse(f.Phone); err != nil {
		add(err, "phone")
	} else if !p.phone.Mobile() {
		add(access.ErrNotMobile, "phone")
	}
	if p.name, err = parseName(f.Name); err != nil {
		add(err, "name")
	}
	if p.born, err = parseBirth(f.BirthDate, today); err != nil {
		add(err, "birth_date")
	}
	return p, wrong
}

// parseName reads «Имя Фамилия». A middle name stands with the given one:
// the family name is the last word.
func parseName(s string) (client.Name, error) {
	if len(s) > 8*maxNameLetters || !utf8.ValidString(s) {
		return client.Name{}, ErrNameLong
	}
	s = strings.ReplaceAll(norm.NFC.String(s), "’", "'")
	words := strings.Fields(s)
	if len(words) == 0 {
		return client.Name{}, ErrNameEmpty
	}
	s = strings.Join(words, " ")
	if utf8.RuneCountInString(s) > maxNameLetters {
		return client.Name{}, ErrNameLong
	}
	var cyrillic, latin bool
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cyrillic, r) && unicode.IsLetter(r):
			cyrillic = true
		case unicode.Is(unicode.Latin, r) && unicode.IsLetter(r):
			latin = true
		case r == ' ' || r == '-' || r == '\'':
		default:
			return client.Name{}, ErrNameLetters
		}
	}
	if len(words) < 2 {
		return client.Name{}, ErrNameTwo
	}
	for _, w := range words {
		if !startsAndEndsWithLetter(w) {
			return client.Name{}, ErrNameLetters
		}
	}
	if cyrillic && latin {
		return client.Name{}, ErrNameScript // «Иван» with a Latin a fools the payee check
	}
	for i, w := range words {
		words[i] = capital(w)
	}
	return client.Name{First: strings.Join(words[:len(words)-1], " "), Last: words[len(words)-1]}, nil
}

func startsAndEndsWithLetter(w string) bool {
	first, _ := utf8.DecodeRuneInString(w)
	last, _ := utf8.DecodeLastRuneInString(w)
	return unicode.IsLetter(first) && unicode.IsLetter(last)
}

// capital raises the first letter and leaves the rest as typed: «МакДональд»
// and «де Ла Круз» know better than we do.
func capital(w string) string {
	first, size := utf8.DecodeRuneInString(w)
	return string(unicode.ToUpper(first)) + w[size:]
}

func parseBirth(s string, today time.Time) (client.Date, error) {
	if strings.TrimSpace(s) == "" {
		return client.Date{}, ErrBirthEmpty
	}
	d, ok := client.ParseDate(s)
	if !ok {
		return client.Date{}, ErrBirthInvalid
	}
	switch age := d.Age(today.In(clock.Moscow)); {
	case age < 0:
		return client.Date{}, ErrBirthInvalid
	case age < minAge:
		return client.Date{}, ErrBirthYoung
	case age > maxAge:
		return client.Date{}, ErrBirthOld
	}
	return d, nil
}

// checkPasscode tells what is wrong with a chosen passcode.
func checkPasscode(passcode, repeat string, p person) (wrong Problems) {
	switch {
	case !access.ValidPasscode(passcode):
		return Problems{access.ErrPassForm.At("passcode")}
	case weak(passcode, p):
		return Problems{ErrPassWeak.At("passcode")}
	case passcode != repeat:
		return Problems{ErrPassRepeat.At("repeat")}
	}
	return nil
}

// weak tells a passcode that a thief would try first: one digit again and
// again, a run, a repeated pair, the birth date or the end of the phone (A08).
func weak(passcode string, p person) bool {
	n := len(passcode)
	same, up, down, pairs, mirror := true, true, true, true, true
	for i := 1; i < n; i++ {
		step := (int(passcode[i]) - int(passcode[i-1]) + 10) % 10 // 7890 and 0987 are runs too
		same = same && step == 0
		up = up && step == 1
		down = down && step == 9
		if i >= 2 {
			pairs = pairs && passcode[i] == passcode[i-2]
		}
		mirror = mirror && passcode[i] == passcode[n-1-i]
	}
	if same || up || down || pairs && n > 2 {
		return true
	}
	if n >= 6 && (passcode[:n/2] == passcode[n/2:] || mirror) {
		return true
	}
	if strings.HasSuffix(p.phone.E164(), passcode) {
		return true
	}
	for _, guess := range birthGuesses(p.born) {
		if passcode == guess {
			return true
		}
	}
	// The usual favourites that no rule above names.
	switch passcode {
	case "1212", "1313", "2580", "0852", "1004", "6969", "1122", "2211", "112233", "159753", "147258", "123123", "102030":
		return true
	}
	return false
}

// birthGuesses are the parts of a birth date in every order people use.
func birthGuesses(d client.Date) []string {
	iso := d.ISO() // 1990-12-31
	y, m, day := iso[:4], iso[5:7], iso[8:]
	yy := y[2:]
	return []string{
		y, day + m, m + day, m + yy, yy + m, day + yy, yy + day,
		day + m + yy, m + day + yy, yy + m + day, y + m, m + y, y + day, day + y,
	}
}
