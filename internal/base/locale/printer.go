package locale

import (
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
)

// Printer speaks one language. It holds nothing that changes and may be shared.
type Printer struct {
	lang Lang
}

// For gives the printer of a language; an unknown one is Russian.
func For(lang Lang) *Printer {
	if lang != English {
		lang = Russian
	}
	return &Printer{lang: lang}
}

// Lang tells the language.
func (p *Printer) Lang() Lang { return p.lang }

// Arg is a value for a {name} in a text.
type Arg struct {
	Name  string
	Value any
}

// A makes an argument. Sums are printed short, times as 14:05, durations as
// 0:42, whole numbers grouped, phones masked, strings as they are.
func A(name string, value any) Arg { return Arg{Name: name, Value: value} }

// Has tells whether the catalogue knows a key.
func (p *Printer) Has(key string) bool { return texts().entries[key][p.lang] != nil }

// T says the text of a key. A plural takes its form from the argument "n".
// An unknown key is said as it is: a test finds it, a client can still go on.
func (p *Printer) T(key string, args ...Arg) string {
	say := texts().entries[key][p.lang]
	if len(say) == 0 {
		return key
	}
	form := say[0]
	if len(say) > 1 {
		if i := p.lang.form(count(args)); i < len(say) {
			form = say[i]
		}
	}
	return p.fill(form, args)
}

// Plural says the text of a key in the form that n asks for; {n} is n.
func (p *Printer) Plural(n int, key string, args ...Arg) string {
	return p.T(key, append([]Arg{A("n", n)}, args...)...)
}

// Fault says what a refusal says to people.
func (p *Printer) Fault(f *fault.Error) string {
	args := make([]Arg, 0, len(f.Args))
	for name, value := range f.Args {
		args = append(args, A(name, value))
	}
	return p.T(f.Key, args...)
}

func count(args []Arg) int64 {
	for _, a := range args {
		if a.Name == "n" {
			n, _ := whole(a.Value)
			return n
		}
	}
	return 0
}

// fill puts the arguments into one form, in one pass: what an argument holds
// is never read as a place again.
func (p *Printer) fill(form string, args []Arg) string {
	if !strings.Contains(form, "{") {
		return form
	}
	return place.ReplaceAllStringFunc(form, func(m string) string {
		for _, a := range args {
			if a.Name == m[1:len(m)-1] {
				return p.value(a.Value)
			}
		}
		return m
	})
}

func (p *Printer) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case money.Amount:
		return p.MoneyShort(v)
	case time.Time:
		return p.Clock(v)
	case time.Duration:
		return p.Countdown(v)
	case phone.Number:
		return v.Masked()
	}
	if n, ok := whole(v); ok {
		return p.Int(n)
	}
	return fmt.Sprint(v)
}

func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case int32:
		return int64(v), true
	}
	return 0, false
}

// Phone writes an E.164 number for its owner: «+7 916 555-01-23».
func (p *Printer) Phone(e164 string) string { return phone.Number(e164).Pretty() }

// PhoneMasked writes it for others: «+7 916 •••-••-23».
func (p *Printer) PhoneMasked(e164 string) string { return phone.Number(e164).Masked() }
