package privacy

import (
	"bytes"
	_ "embed" // the font
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"rocketbank/internal/base/locale"
)

// Roboto has Cyrillic, the rouble sign and a licence that lets us ship it
// (font/LICENSE). A page embeds only the letters it uses.
//
//go:embed font/Roboto-Regular.ttf
var roboto []byte

// maxPrinted is how many lines of one list a page shows; the JSON has them all.
const maxPrinted = 500

// Millimetres and points of the page.
const (
	margin    = 18.0
	lineHigh  = 5.2
	smallType = 9.0
	bodyType  = 10.0
	headType  = 13.0
	nameType  = 20.0
	labelWide = 48.0
)

// PDF writes the data for a person, in his language. The same data give the
// same bytes: the file's dates are those of the data.
func (d Data) PDF(lang locale.Lang) ([]byte, error) {
	p := locale.For(lang)
	s := sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), p: p}
	s.SetCatalogSort(true)
	s.SetCreationDate(d.Made)
	s.SetModificationDate(d.Made)
	s.SetProducer("Rocketbank", true)
	s.SetTitle(p.T("privacy.pdf_title"), true)
	s.SetLang(string(lang))
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(true, margin)
	s.AddUTF8FontFromBytes("Roboto", "", roboto)
	s.AliasNbPages("")
	s.SetFooterFunc(func() {
		s.SetY(-margin + lineHigh)
		s.SetFont("Roboto", "", smallType)
		s.CellFormat(0, lineHigh, fmt.Sprintf("%s · %s · %d / {nb}", d.Bank, p.Stamp(d.Made), s.PageNo()), "", 0, "C", false, 0, "")
	})
	s.AddPage()
	s.SetFont("Roboto", "", nameType)
	s.MultiCell(0, nameType/2, p.T("privacy.pdf_title"), "", "L", false)
	s.text(p.T("privacy.pdf_made", locale.A("when", p.Stamp(d.Made))))
	s.person(d)
	s.lists(d)
	s.retention(d)
	var b bytes.Buffer
	if err := s.Output(&b); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return b.Bytes(), nil
}

type sheet struct {
	*fpdf.Fpdf
	p *locale.Printer
}

func (s sheet) head(key string) {
	s.Ln(lineHigh)
	s.SetFont("Roboto", "", headType)
	s.MultiCell(0, headType/2, s.p.T(key), "B", "L", false)
	s.Ln(1)
}

func (s sheet) text(line string) {
	s.SetFont("Roboto", "", bodyType)
	s.MultiCell(0, lineHigh, printable(line), "", "L", false)
}

// pair writes a label and what stands behind it; nothing when nothing does.
func (s sheet) pair(key, value string) {
	if value == "" {
		return
	}
	s.SetFont("Roboto", "", bodyType)
	s.SetTextColor(110, 110, 110)
	s.CellFormat(labelWide, lineHigh, printable(s.p.T(key)), "", 0, "L", false, 0, "")
	s.SetTextColor(0, 0, 0)
	s.MultiCell(0, lineHigh, printable(value), "", "L", false)
}

// list writes a headed list; of a long one the first lines.
func list[T any](s sheet, key string, all []T, line func(T) string) {
	s.head(key)
	if len(all) == 0 {
		s.text(s.p.T("privacy.pdf_none"))
		return
	}
	for _, one := range all[:min(len(all), maxPrinted)] {
		s.text(line(one))
	}
	if rest := len(all) - maxPrinted; rest > 0 {
		s.text(s.p.T("privacy.pdf_more", locale.A("n", rest)))
	}
}

func (s sheet) person(d Data) {
	c := d.Client
	s.head("privacy.pdf_person")
	s.pair("privacy.pdf_name", strings.TrimSpace(c.LastName+" "+c.FirstName))
	s.pair("privacy.pdf_born", c.BirthDate)
	s.pair("privacy.pdf_phone", s.p.Phone(c.Phone))
	s.pair("privacy.pdf_id", c.ID)
	s.pair("privacy.pdf_level", s.p.T("privacy.level_"+c.Level))
	s.pair("privacy.pdf_since", s.p.DateFull(c.Since))
	s.pair("privacy.pdf_code_word", s.yesNo(c.CodeWord))
	s.pair("privacy.pdf_findable", s.yesNo(d.Findable))
	for _, v := range d.Papers {
		q := v.Data
		s.Ln(1)
		s.pair("privacy.pdf_version", fmt.Sprintf("%d · %s", v.Version, s.stamp(v.At)))
		s.pair("privacy.pdf_middle", q.Middle)
		s.pair("privacy.pdf_email", q.Email)
		s.pair("privacy.pdf_passport", joined(" ", q.Series, q.Number, q.Department, q.IssuedOn, q.IssuedBy))
		s.pair("privacy.pdf_birth_place", q.BirthPlace)
		s.pair("privacy.pdf_address", joined(", ", q.PostCode, q.Region, q.City, q.Street, q.House, q.Flat))
	}
}

func (s sheet) yesNo(yes bool) string {
	if yes {
		return s.p.T("privacy.pdf_yes")
	}
	return s.p.T("privacy.pdf_no")
}

func (s sheet) lists(d Data) {
	list(s, "privacy.pdf_cards", d.Cards, func(c Card) string {
		line := joined(" · ", c.Number, c.Holder, c.Expires, s.p.T("privacy.card_"+c.State))
		if way := c.Delivery; way != nil {
			line += "\n" + joined(" · ", s.p.T("privacy.pdf_delivery"), s.stamp(way.Ordered), way.Address, way.Wish)
		}
		return line
	})
	list(s, "privacy.pdf_operations", d.Operations, func(o Operation) string {
		return joined(" · ", s.stamp(o.At), s.word("privacy.kind_"+o.Kind, "privacy.kind_other"), s.p.MoneySigned(o.sum), o.Name, o.Card, o.Message, o.ID)
	})
	list(s, "privacy.pdf_devices", d.Devices, func(v Device) string {
		return joined(" · ", v.Name, v.Code, s.stamp(v.Since), s.stamp(v.Last))
	})
	list(s, "privacy.pdf_sessions", d.Sessions, func(v Session) string { return joined(" · ", s.stamp(v.Started), s.stamp(v.Last), v.ID) })
	list(s, "privacy.pdf_passkeys", d.Passkeys, func(v Passkey) string { return joined(" · ", v.Name, s.stamp(v.Created)) })
	list(s, "privacy.pdf_logins", d.Logins, func(v Login) string { return joined(" · ", s.stamp(v.At), v.Name, v.Place) })
	list(s, "privacy.pdf_tokens", d.Tokens, func(v Token) string {
		return joined(" · ", v.Name, strings.Join(v.Scopes, ", "), s.stamp(v.Created), s.stamp(v.Expires))
	})
	list(s, "privacy.pdf_consents", d.Consents, func(v ConsentLine) string {
		given := "privacy.pdf_taken_back"
		if v.Given {
			given = "privacy.pdf_given"
		}
		return joined(" · ", s.word("privacy.consent_"+v.Kind, ""), v.Version, s.p.T(given), s.stamp(v.At))
	})
	list(s, "privacy.pdf_looks", d.Looks, func(v LookLine) string { return joined(" · ", s.stamp(v.At), v.Who, v.Role, v.What, v.Reason) })
	list(s, "privacy.pdf_applications", d.Applications, func(v Questionnaire) string {
		return joined(" · ", v.ID, v.State, s.stamp(v.Made), strings.Join(v.Documents, ", "))
	})
	list(s, "privacy.pdf_friends", d.Friends, func(v FriendLine) string {
		favourite := ""
		if v.Favourite {
			favourite = s.p.T("privacy.pdf_favourite")
		}
		return joined(" · ", v.Name, s.p.Phone(v.Phone), favourite, s.stamp(v.Since))
	})
	list(s, "privacy.pdf_disputes", d.Disputes, func(v DisputeLine) string {
		lines := []string{joined(" · ", s.stamp(v.Made), s.word("dispute.reason."+v.Reason, ""), s.word("dispute.state."+v.State, ""), v.Returned, v.ID)}
		for _, m := range v.Messages {
			lines = append(lines, joined(" · ", s.stamp(m.At), m.By, m.Text))
		}
		return strings.Join(lines, "\n")
	})
	list(s, "privacy.pdf_internet", d.Internet, func(v InternetLine) string {
		return joined(" · ", s.stamp(v.At), v.Shop, v.Amount, "•• "+v.Card, s.word("privacy.internet_"+v.Outcome, ""), v.ID)
	})
	list(s, "privacy.pdf_deletions", d.Deletions, func(v DeletionLine) string {
		return joined(" · ", s.stamp(v.Made), s.p.T("privacy.deletion_"+v.State), v.ID)
	})
}

func (s sheet) retention(d Data) {
	list(s, "privacy.pdf_retention", d.Retention, func(k Kept) string { return k.Sentence(s.p) })
}

// Sentence says in words how long a kind of data is kept and why.
func (k Kept) Sentence(p *locale.Printer) string {
	what := p.T("privacy.data_" + k.What)
	switch {
	case k.Rule == "":
		return p.T("privacy.keep_none", locale.A("what", what))
	case k.Years == 0:
		return p.T("privacy.keep_contract", locale.A("what", what))
	}
	return p.T("privacy.keep_years", locale.A("what", what), locale.A("n", k.Years), locale.A("law", p.T("privacy.rule_"+k.Rule)))
}

// word gives a word of the catalogue, or another where a newer kind has none yet.
func (s sheet) word(key, other string) string {
	switch {
	case s.p.Has(key):
		return s.p.T(key)
	case other != "":
		return s.p.T(other)
	}
	_, kind, _ := strings.Cut(key, "_")
	return kind
}

func (s sheet) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return s.p.DateFull(t) + ", " + s.p.Clock(t)
}

// joined puts the parts that are there behind each other.
func joined(by string, parts ...string) string {
	var there []string
	for _, part := range parts {
		if part != "" {
			there = append(there, part)
		}
	}
	return strings.Join(there, by)
}

// printable replaces what the font has no letter for: narrow spaces, and
// signs outside the basic plane, which the writer of PDF cannot set.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u202f' || r == '\u2009' || r == '\u00a0':
			return ' '
		case r == '\u2011':
			return '-'
		case r == '\u2212':
			return '−'
		case r > 0xffff:
			return '□'
		}
		return r
	}, s)
}
