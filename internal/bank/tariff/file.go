package tariff

import (
	_ "embed" // the price list of the house
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
)

//go:embed standard.csv
var standard string

// Standard is the price list that comes with the program: version 1, in force
// until the bank keeps another.
func Standard() Version {
	v, err := Parse(standard)
	if err != nil {
		panic(fmt.Sprintf("tariff: standard.csv: %v", err)) // a test reads it
	}
	return v
}

// Bounds of a file.
const (
	MaxFile   = 256 << 10 // bytes
	maxRules  = 500
	maxBanks  = 200
	maxName   = 60               // runes of a bank's name
	maxMinor  = 1_000_000_000_00 // a milliard of roubles
	maxNumber = 1_000_000
	million   = 1_000_000
	ruleParts = 9
)

// dayTime is how a file writes a moment in Moscow that is not midnight.
const dayTime = "2006-01-02 15:04"

var code = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// lineError names the line of a file that is wrong.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e lineError) Unwrap() error { return e.err }

// Parse reads a file: fields between semicolons, a line each for the version's
// number, the moment it comes into force (Moscow), banks it names and rules; #
// begins a comment. Whatever is not understood is an error that names its line.
func Parse(text string) (Version, error) {
	if len(text) > MaxFile {
		return Version{}, fmt.Errorf("a tariff file has at most %d bytes", MaxFile)
	}
	if !utf8.ValidString(text) {
		return Version{}, errors.New("a tariff file is UTF-8 text")
	}
	p := parser{lines: map[int]int{}}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.read(i+1, line); err != nil {
			return Version{}, lineError{i + 1, err}
		}
	}
	if err := p.whole(); err != nil {
		return Version{}, err
	}
	return p.v, nil
}

// parser is a version while it is read.
type parser struct {
	v     Version
	lines map[int]int // rule → line
}

func (p *parser) read(n int, line string) error {
	f := strings.Split(line, ";")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	if f[0] == "rule" {
		return p.rule(n, f)
	}
	for len(f) > 1 && f[len(f)-1] == "" { // a spreadsheet fills lines up
		f = f[:len(f)-1]
	}
	switch f[0] {
	case "tariff":
		return p.number(f)
	case "from":
		return p.from(f)
	case "bank":
		return p.bank(f)
	}
	return fmt.Errorf("%q begins no line of a tariff: tariff, from, bank or rule does", cut(f[0]))
}

func (p *parser) number(f []string) error {
	if p.v.Number != 0 {
		return errors.New("the version has a number already")
	}
	if len(f) != 2 {
		return errors.New("a version is written as tariff;NUMBER")
	}
	n, err := digits(f[1])
	if err != nil || n < 1 || n > maxNumber {
		return fmt.Errorf("%q is no number of a version", cut(f[1]))
	}
	p.v.Number = n
	return nil
}

func (p *parser) from(f []string) error {
	if !p.v.From.IsZero() {
		return errors.New("the version has its first day already")
	}
	if len(f) != 2 {
		return errors.New("the first day is written as from;2026-12-01")
	}
	var err error
	p.v.From, err = ParseMoment(f[1])
	return err
}

// ParseMoment reads a day or a minute in Moscow.
func ParseMoment(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, dayTime} {
		t, err := time.ParseInLocation(layout, s, clock.Moscow)
		if err == nil && t.Year() >= 2000 && t.Year() < 2200 && t.Format(layout) == s {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no moment such as 2026-12-01 or 2026-12-01 09:00", cut(s))
}

func (p *parser) bank(f []string) error {
	if len(f) != 4 {
		return errors.New("a bank is written as bank;code;Russian name;English name")
	}
	switch {
	case !code.MatchString(f[1]):
		return fmt.Errorf("%q is no code of a bank: small Latin letters, digits and hyphens", cut(f[1]))
	case p.v.names(f[1]):
		return fmt.Errorf("the bank %s stands there already", f[1])
	case len(p.v.Banks) == maxBanks:
		return fmt.Errorf("a tariff names at most %d banks", maxBanks)
	}
	for _, name := range f[2:] {
		if name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q is no name of a bank", cut(name))
		}
	}
	p.v.Banks = append(p.v.Banks, Bank{f[1], f[2], f[3]})
	return nil
}

func (v Version) names(bank string) bool {
	return slices.ContainsFunc(v.Banks, func(b Bank) bool { return b.Code == bank })
}

func (p *parser) rule(n int, f []string) error {
	if len(f) != ruleParts {
		return fmt.Errorf("a rule has %d fields, this line has %d: rule;kind;bank;sum from;sum to;percent;at least;at most;free a month", ruleParts, len(f))
	}
	if len(p.v.Rules) == maxRules {
		return fmt.Errorf("a tariff has at most %d rules", maxRules)
	}
	r := Rule{N: len(p.v.Rules) + 1, Kind: Kind(f[1]), Bank: f[2]}
	if !slices.Contains(Kinds(), r.Kind) {
		return fmt.Errorf("%q is no kind of operation; they are %v", cut(f[1]), Kinds())
	}
	if r.Bank != "" && !p.v.names(r.Bank) {
		return fmt.Errorf("the bank %q is not named above by a line bank;…", cut(r.Bank))
	}
	for _, field := range []struct {
		into *money.Amount
		text string
		what string
	}{{&r.From, f[3], "sum from"}, {&r.To, f[4], "sum to"}, {&r.Min, f[6], "at least"}, {&r.Max, f[7], "at most"}, {&r.Free, f[8], "free a month"}} {
		if field.text == "" {
			continue
		}
		minor, err := fixed(field.text, 2)
		if err != nil || minor <= 0 || minor > maxMinor {
			return fmt.Errorf("%s: %q is no sum such as 30 or 2999,99", field.what, cut(field.text))
		}
		*field.into = money.Rub(minor)
	}
	var err error
	if r.PPM, err = fixed(f[5], 4); err != nil || r.PPM > million {
		return fmt.Errorf("percent: %q is no share such as 1,5", cut(f[5]))
	}
	switch {
	case r.To.Cur != 0 && r.To.Minor < r.From.Minor:
		return errors.New("the band ends before it begins")
	case r.Max.Cur != 0 && r.Max.Minor < r.Min.Minor:
		return errors.New("at most is less than at least")
	case r.Costless() && (r.Max.Cur != 0 || r.Free.Cur != 0):
		return errors.New("what costs nothing has neither at most nor a free part")
	}
	p.v.Rules = append(p.v.Rules, r)
	p.lines[r.N] = n
	return nil
}

// whole checks what no single line shows: every sum of a kind has exactly one
// rule, towards each bank that has its own and towards any other.
func (p *parser) whole() error {
	switch {
	case p.v.Number == 0:
		return errors.New("the line tariff;NUMBER is missing")
	case p.v.From.IsZero():
		return errors.New("the line from;DAY is missing")
	case len(p.v.Rules) == 0:
		return errors.New("the tariff has no rules")
	}
	type band struct {
		kind Kind
		bank string
	}
	groups := map[band][]Rule{}
	for _, r := range p.v.Rules {
		groups[band{r.Kind, r.Bank}] = append(groups[band{r.Kind, r.Bank}], r)
	}
	for _, r := range p.v.Rules { // in the order of the file, so that the first error is always the same
		if len(groups[band{r.Kind, ""}]) == 0 {
			return lineError{p.lines[r.N], fmt.Errorf("%s has no rule for any bank", r.Kind)}
		}
		rest := groups[band{r.Kind, r.Bank}]
		if rest[0].N != r.N {
			continue
		}
		if err := p.bands(rest); err != nil {
			return err
		}
	}
	return nil
}

// bands checks that rules of one kind and bank follow on each other without a gap.
func (p *parser) bands(list []Rule) error {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Rule) int {
		switch {
		case a.From.Minor < b.From.Minor:
			return -1
		case a.From.Minor > b.From.Minor:
			return 1
		}
		return a.N - b.N
	})
	if list[0].From.Minor > 1 {
		return lineError{p.lines[list[0].N], errors.New("smaller sums have no rule")}
	}
	for i, r := range list[1:] {
		before := list[i]
		if before.To.Cur == 0 || r.From.Minor <= before.To.Minor {
			return lineError{p.lines[r.N], fmt.Errorf("the band meets that of line %d", p.lines[before.N])}
		}
		if r.From.Minor != before.To.Minor+1 {
			return lineError{p.lines[r.N], fmt.Errorf("between line %d and this one sums have no rule", p.lines[before.N])}
		}
	}
	if last := list[len(list)-1]; last.To.Cur != 0 {
		return lineError{p.lines[last.N], errors.New("greater sums have no rule: leave «sum to» of the last band empty")}
	}
	return nil
}

// digits reads a whole number without a sign.
func digits(s string) (int64, error) {
	if s == "" || len(s) > 15 || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, 10, 64)
}

// fixed reads a number with so many decimals at most, behind a comma or a point.
func fixed(s string, decimals int) (int64, error) {
	whole, part, found := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if found && (part == "" || len(part) > decimals) {
		return 0, strconv.ErrSyntax
	}
	if len(whole) > 1 && whole[0] == '0' || whole == "" {
		return 0, strconv.ErrSyntax
	}
	return digits(whole + part + strings.Repeat("0", decimals-len(part)))
}

// cut keeps an error one readable sentence.
func cut(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Text writes the version as a file: what Parse reads back to the same version.
func (v Version) Text() string {
	var b strings.Builder
	at, layout := v.From.In(clock.Moscow), dayTime
	if at.Equal(clock.DayStart(at)) {
		layout = time.DateOnly
	}
	fmt.Fprintf(&b, "tariff;%d\nfrom;%s\n", v.Number, at.Format(layout))
	for _, k := range v.Banks {
		fmt.Fprintf(&b, "bank;%s;%s;%s\n", k.Code, k.RU, k.EN)
	}
	for _, r := range v.Rules {
		fmt.Fprintf(&b, "rule;%s;%s;%s;%s;%s;%s;%s;%s\n", r.Kind, r.Bank,
			sum(r.From), sum(r.To), unfixed(r.PPM, 4), sum(r.Min), sum(r.Max), sum(r.Free))
	}
	return b.String()
}

func sum(a money.Amount) string {
	if a.Cur == 0 {
		return ""
	}
	return unfixed(a.Minor, 2)
}

func unfixed(n int64, decimals int) string {
	s := fmt.Sprintf("%0*d", decimals+1, n)
	whole, part := s[:len(s)-decimals], strings.TrimRight(s[len(s)-decimals:], "0")
	if part != "" {
		whole += "," + part
	}
	return whole
}
