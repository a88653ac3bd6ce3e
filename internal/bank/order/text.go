package order

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// head is the first line of a text. Its form is part of the evidence: a change
// needs a new number.
const head = "rocketbank order 2"

// maxText bounds a text, in bytes.
const maxText = 4096

// Document is what the client confirms: one text and nothing beside it.
type Document struct {
	ID   id.ID
	Kind Kind
	Text string
}

// Print is the SHA-256 of the text.
func (d Document) Print() [32]byte { return sha256.Sum256([]byte(d.Text)) }

// Line is one line of a text after its head: «name: value».
type Line struct{ Name, Value string }

// Say makes a line of words that people wrote: quoted, so that no content can
// look like another line.
func Say(name, words string) Line { return Line{name, quote(words)} }

// Sum makes a line of an amount: «1500.50 RUB».
func Sum(name string, a money.Amount) Line { return Line{name, a.String()} }

// When makes a line of a moment.
func When(name string, t time.Time) Line { return Line{name, t.UTC().Format(time.RFC3339)} }

// quote is strconv.Quote for valid text; anything invisible is escaped.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

// Head is what every text begins and ends with.
type Head struct {
	ID   id.ID
	Kind Kind
	Who  id.ID // the client's UID
	When time.Time
}

// Compose writes the canonical text. Lines made by hand hold one line each of
// printable ASCII; what people wrote goes through Say.
func Compose(h Head, lines ...Line) Document {
	b := make([]byte, 0, 512)
	b = append(b, head...)
	b = append(b, '\n')
	line := func(name, value string) {
		if !plain(name) || !lineable(value) {
			panic(fmt.Sprintf("order: the line %q is not canonical", name))
		}
		b = append(b, name...)
		b = append(b, ": "...)
		b = append(b, value...)
		b = append(b, '\n')
	}
	line("order", h.ID.Text(Prefix))
	line("what", h.Kind.What())
	line("who", h.Who.Text(client.Prefix))
	for _, l := range lines {
		line(l.Name, l.Value)
	}
	line("when", h.When.UTC().Format(time.RFC3339))
	line("terms", Terms)
	return Document{ID: h.ID, Kind: h.Kind, Text: string(b)}
}

// plain tells a name of a line: lower-case words.
func plain(name string) bool {
	if name == "" || len(name) > 40 || name[0] == ' ' || name[len(name)-1] == ' ' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && c != ' ' {
			return false
		}
	}
	return true
}

// lineable tells a value that cannot be taken for two: printable ASCII, save
// for quoted words, which may hold every visible letter and no raw quote.
func lineable(v string) bool {
	if v == "" || v[0] == ' ' || v[len(v)-1] == ' ' {
		return false
	}
	quoted := false
	for rest := v; rest != ""; {
		if rest[0] == '"' {
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return false
			}
			words, err := strconv.Unquote(q)
			if err != nil || strconv.Quote(words) != q || !utf8.ValidString(words) {
				return false
			}
			quoted, rest = true, rest[len(q):]
			continue
		}
		if rest[0] < ' ' || rest[0] > '~' {
			return false
		}
		rest = rest[1:]
	}
	return quoted || !strings.ContainsRune(v, '"')
}

// errText tells that a text is no order.
var errText = errors.New("the text is no order")

// Parsed is a text that was read back.
type Parsed struct {
	Document
	Lines []Line // all of them, in their order, from «order» to «terms»
}

// Value gives a line by its name; empty when there is none.
func (p Parsed) Value(name string) string {
	for _, l := range p.Lines {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// Words gives a line's first quoted words.
func (p Parsed) Words(name string) string {
	q, err := strconv.QuotedPrefix(p.Value(name))
	if err != nil {
		return ""
	}
	words, _ := strconv.Unquote(q) //nolint:errcheck // a prefix that was found is quoted
	return words
}

// Amount gives a line's sum; false when it has none.
func (p Parsed) Amount(name string) (money.Amount, bool) {
	number, cur, _ := strings.Cut(p.Value(name), " ")
	whole, part, _ := strings.Cut(number, ".")
	n, err := strconv.ParseInt(whole+part, 10, 64)
	a := money.Amount{Minor: n, Cur: money.RUB}
	return a, err == nil && cur == money.RUB.String() && a.String() == p.Value(name)
}

// Parse reads a text, exactly as Compose writes it and no other way.
func Parse(text string) (Parsed, error) {
	var p Parsed
	body, ok := strings.CutPrefix(text, head+"\n")
	if !ok || len(text) > maxText || !strings.HasSuffix(body, "\n") {
		return p, errText
	}
	for _, l := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		name, value, ok := strings.Cut(l, ": ")
		if !ok || !plain(name) || !lineable(value) || p.Value(name) != "" {
			return p, errText
		}
		p.Lines = append(p.Lines, Line{name, value})
	}
	n := len(p.Lines)
	if n < 5 || p.Lines[0].Name != "order" || p.Lines[1].Name != "what" || p.Lines[2].Name != "who" ||
		p.Lines[n-2].Name != "when" || p.Lines[n-1].Name != "terms" {
		return p, errText
	}
	var err error
	if p.ID, err = id.Parse(Prefix, p.Lines[0].Value); err != nil {
		return p, errText
	}
	if p.Kind, ok = kindOf(p.Lines[1].Value); !ok {
		return p, errText
	}
	if _, err := id.Parse(client.Prefix, p.Lines[2].Value); err != nil {
		return p, errText
	}
	if t, err := time.Parse(time.RFC3339, p.Lines[n-2].Value); err != nil || t.UTC().Format(time.RFC3339) != p.Lines[n-2].Value {
		return p, errText
	}
	p.Text = text
	return p, nil
}

// object writes the lines as one JSON object in their order. Names with
// blanks get underscores.
func (p Parsed) object() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, l := range p.Lines {
		if i > 0 {
			b.WriteByte(',')
		}
		value := l.Value
		if words, err := strconv.Unquote(value); err == nil && value[0] == '"' {
			value = words
		}
		b.Write(jsonText(strings.ReplaceAll(l.Name, " ", "_")))
		b.WriteByte(':')
		b.Write(jsonText(value))
	}
	b.WriteByte('}')
	return b.Bytes()
}
