package bin

import (
	_ "embed" // the table of the house
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/locale"
)

//go:embed standard.csv
var standard string

// Standard is the table that comes with the program.
func Standard() *Table {
	t, err := Parse(standard)
	if err != nil {
		panic(fmt.Sprintf("bin: standard.csv: %v", err)) // a test reads it
	}
	return t
}

// Bounds of a file.
const (
	MaxFile   = 32 << 20 // bytes
	MaxPrefix = 11       // digits; the standard's issuer number has 8, some banks split it further
	maxBanks  = 20_000
	maxLines  = 1_000_000
	maxName   = 60   // runes
	maxSpan   = 1000 // prefixes that one line may stand for
)

// Bank is an issuer.
type Bank struct{ Code, RU, EN string }

// Name gives what the bank is called.
func (b Bank) Name(lang locale.Lang) string {
	if lang == locale.English {
		return b.EN
	}
	return b.RU
}

// Issuer is what a number tells. Empty members are not known.
type Issuer struct {
	Scheme string // mir, visa, mastercard, unionpay, …
	Bank   Bank
}

// Known tells whether the bank is.
func (i Issuer) Known() bool { return i.Bank.Code != "" }

// entry is one prefix: of a scheme, or of a bank.
type entry struct {
	prefix string
	value  int32 // index into schemes or banks
}

// Table is prefixes in order. It is a value that nobody changes.
type Table struct {
	schemes, cards []entry // sorted by prefix
	names          []string
	banks          []Bank
	lines          int
}

// Lines is how many lines the table was made of.
func (t *Table) Lines() int { return t.lines }

// Find tells who issued a card by its number or the digits of it that are
// known. Anything but digits finds nothing.
func (t *Table) Find(digits string) Issuer {
	var out Issuer
	if i, ok := longest(t.schemes, digits); ok {
		out.Scheme = t.names[i]
	}
	if i, ok := longest(t.cards, digits); ok {
		out.Bank = t.banks[i]
	}
	return out
}

// longest finds the longest prefix in the table that a number begins with.
func longest(list []entry, digits string) (int32, bool) {
	for n := min(len(digits), MaxPrefix); n > 0; n-- {
		i := sort.Search(len(list), func(i int) bool { return list[i].prefix >= digits[:n] })
		if i < len(list) && list[i].prefix == digits[:n] {
			return list[i].value, true
		}
	}
	return 0, false
}

var code = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Parse reads a file: fields between semicolons, a line each for a scheme's
// prefix, a bank and a bank's prefix; # begins a comment. A prefix may be a
// span of equal length, 2200-2204. Errors name their line.
func Parse(text string) (*Table, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("a file of card prefixes has at most %d bytes", MaxFile)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("a file of card prefixes is UTF-8 text")
	}
	r := reader{t: &Table{}, banks: map[string]int32{}, schemes: map[string]int32{}, seen: map[string]int{}}
	n := 0
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if r.t.lines++; r.t.lines > maxLines {
			return nil, fmt.Errorf("a file of card prefixes has at most %d lines", maxLines)
		}
		if err := r.read(n, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(r.t.cards) == 0 {
		return nil, errors.New("the file has no line bin;PREFIX;BANK")
	}
	for _, list := range [][]entry{r.t.schemes, r.t.cards} {
		slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.prefix, b.prefix) })
	}
	return r.t, nil
}

type reader struct {
	t              *Table
	banks, schemes map[string]int32
	seen           map[string]int // kind and prefix → line
}

func (r *reader) read(n int, line string) error {
	f := strings.Split(line, ";")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	for len(f) > 1 && f[len(f)-1] == "" { // a spreadsheet fills lines up
		f = f[:len(f)-1]
	}
	switch {
	case f[0] == "scheme" && len(f) == 3:
		if !code.MatchString(f[2]) {
			return fmt.Errorf("%q is no name of a scheme", cut(f[2]))
		}
		i, ok := r.schemes[f[2]]
		if !ok {
			i = int32(len(r.t.names)) // #nosec G115 -- bounded by the lines
			r.schemes[f[2]], r.t.names = i, append(r.t.names, f[2])
		}
		return r.span(n, &r.t.schemes, "scheme", f[1], i)
	case f[0] == "bank" && len(f) == 4:
		return r.bank(f)
	case f[0] == "bin" && len(f) == 3:
		i, ok := r.banks[f[2]]
		if !ok {
			return fmt.Errorf("the bank %q is not named above by a line bank;…", cut(f[2]))
		}
		return r.span(n, &r.t.cards, "bin", f[1], i)
	}
	return errors.New("a line is scheme;PREFIX;NAME, bank;CODE;RUSSIAN NAME;ENGLISH NAME or bin;PREFIX;BANK")
}

func (r *reader) bank(f []string) error {
	_, twice := r.banks[f[1]]
	switch {
	case !code.MatchString(f[1]):
		return fmt.Errorf("%q is no code of a bank: small Latin letters, digits and hyphens", cut(f[1]))
	case twice:
		return fmt.Errorf("the bank %s stands there already", f[1])
	case len(r.t.banks) == maxBanks:
		return fmt.Errorf("a file names at most %d banks", maxBanks)
	}
	for _, name := range f[2:] {
		if name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q is no name of a bank", cut(name))
		}
	}
	r.banks[f[1]] = int32(len(r.t.banks)) // #nosec G115 -- bounded by maxBanks
	r.t.banks = append(r.t.banks, Bank{f[1], f[2], f[3]})
	return nil
}

// span enters a prefix, or each of a span of them.
func (r *reader) span(n int, list *[]entry, kind, text string, value int32) error {
	low, high, two := strings.Cut(text, "-")
	if !two {
		high = low
	}
	a, okA := digits(low)
	b, okB := digits(high)
	if !okA || !okB || len(low) != len(high) || b < a || b-a >= maxSpan {
		return fmt.Errorf("%q is no prefix such as 22000000 or 2200-2204, of at most %d digits", cut(text), MaxPrefix)
	}
	for p := a; p <= b; p++ {
		prefix := fmt.Sprintf("%0*d", len(low), p)
		if line, twice := r.seen[kind+prefix]; twice {
			return fmt.Errorf("the prefix %s stands on line %d already", prefix, line)
		}
		if len(*list) == maxLines {
			return fmt.Errorf("a file has at most %d prefixes", maxLines)
		}
		r.seen[kind+prefix] = n
		*list = append(*list, entry{prefix, value})
	}
	return nil
}

func digits(s string) (int64, bool) {
	if s == "" || len(s) > MaxPrefix || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// cut keeps an error one readable sentence. A table has no whole card numbers,
// and an error shows none of one that got into it by mistake.
func cut(s string) string {
	if r := []rune(s); len(r) > MaxPrefix+4 {
		return string(r[:6]) + "…"
	}
	return s
}
