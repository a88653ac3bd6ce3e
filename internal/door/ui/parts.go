package ui

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

// Field is one input with its label. Its id is its name, so that the error box
// can lead to it.
type Field struct {
	Name         string
	Label        string
	Value        string
	Hint         string
	Type         string // "text" if empty
	Autocomplete string
	InputMode    string
	EnterKeyHint string
	Placeholder  string
	Mask         string // "money", "card", "expiry", "date": groups digits while typing
	MaxLength    int
	Optional     bool // marks the label «(по желанию)»; the others are required
	Free         bool // may stay empty, and the page says so by itself
	Private      bool // never sent by a background request
	Focus        bool
	Code         bool   // large spaced digits
	Bad          string // what to say about a card number that fails its own check digit
	// Attrs are put on the input: rules and words for a page's own script.
	Attrs templ.Attributes
}

func (f Field) describedBy(problem string) string {
	var ids []string
	if problem != "" {
		ids = append(ids, f.Name+"-err")
	}
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

func toneIcon(t Tone) string {
	switch t {
	case Good:
		return "circle-check"
	case Warn:
		return "triangle-alert"
	case Bad:
		return "circle-alert"
	}
	return "info"
}

// groupIcons and groupTiles draw a purchase by the kind of shop.
var (
	groupIcons = map[string]string{
		"groceries": "shopping-basket", "restaurants": "utensils", "fuel": "fuel", "transport": "bus", "travel": "plane", "clothes": "shirt",
		"household": "sofa", "health": "pill", "entertainment": "ticket", "digital": "gamepad-2", "alcohol": "wine", "gambling": "dices",
	}
	groupTiles = map[string]string{
		"groceries": "k1", "restaurants": "k2", "fuel": "k5", "transport": "k3", "travel": "k6", "clothes": "k4", "household": "k7", "health": "k1",
		"entertainment": "k4", "digital": "k6", "alcohol": "k2", "gambling": "k5",
	}
)

func (o Operation) icon() string {
	switch o.Kind {
	case TransferOut, TransferIn:
		return "user-round"
	case TopUp, CardCredit:
		return "credit-card"
	case PayoutOut, LinkOut, LinkIn:
		return "send"
	case FeeKind:
		return "percent"
	case Cash:
		return "banknote"
	case MoneyBack, DisputeCredit, PayoutBack:
		return "undo-2"
	case Purchase:
		return orDefault(groupIcons[o.Group], "shopping-bag")
	}
	return "receipt-russian-ruble"
}

// tile is the tint of the operation's tile; colour is never the only sign.
func (o Operation) tile() string {
	switch o.Kind {
	case TransferOut, PayoutOut, LinkOut:
		return "k4"
	case TransferIn, MoneyBack, DisputeCredit, PayoutBack, LinkIn:
		return "k1"
	case TopUp, CardCredit:
		return "k3"
	case Cash:
		return "k5"
	case Purchase:
		return orDefault(groupTiles[o.Group], "k8")
	}
	return "k8"
}

// KindWord says what an operation is, of a purchase the kind of shop.
func (o Operation) KindWord(p Page) string {
	switch o.Kind {
	case TransferOut, TransferIn, TopUp, FeeKind, Correction, Cash, MoneyBack, CardCredit, DisputeCredit, PayoutOut, PayoutBack, LinkOut, LinkIn:
		return p.P.T("ui.kind." + string(o.Kind))
	case Purchase:
		if groupIcons[o.Group] != "" {
			return p.P.T("card.group." + o.Group)
		}
		return p.P.T("ui.kind.purchase")
	}
	return p.P.T("ui.kind.other")
}

func (o Operation) title(p Page) string { return orDefault(o.Title, o.KindWord(p)) }

// sub is the second line: what kind it is and the message; not the kind twice.
func (o Operation) sub(p Page) string {
	kind := o.KindWord(p)
	switch {
	case o.Title == "" && o.Note == "":
		return p.P.Clock(o.At)
	case o.Title == "":
		return o.Note
	case o.Note == "":
		return kind
	}
	return kind + " · " + o.Note
}

// percent gives part of whole as an SVG width, "37.5%"; drawing only, never money.
func percent(part, whole money.Amount) string {
	if whole.Minor <= 0 || part.Minor <= 0 {
		return "0"
	}
	return strconv.FormatFloat(100*min(1, float64(part.Minor)/float64(whole.Minor)), 'f', 1, 64) + "%"
}

// LeftOf says «295 000 из 300 000 ₽»: in Russian a round sum leaves its sign to
// the second one.
func LeftOf(p Page, left, limit money.Amount) string {
	if p.P.Lang() == locale.Russian && left.Minor%100 == 0 {
		return p.P.T("ui.left_of", locale.A("left", left.Minor/100), locale.A("cap", limit))
	}
	return p.P.T("ui.left_of", locale.A("left", left), locale.A("cap", limit))
}

func abs(a money.Amount) money.Amount {
	if n, err := a.Neg(); err == nil && a.Minor < 0 {
		return n
	}
	return a
}

// low tells that less than a tenth of a limit is left.
func low(left, limit money.Amount) bool { return left.Minor*10 < limit.Minor }

func sameDay(d Day, shown int64) bool { return shown != 0 && clock.Day(d.At) == shown }

// write is a component of ready HTML; for constants only.
func write(html string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, html)
		return err
	})
}

func pressed(p Page, typed string, q money.Amount) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == ',' || r == '.' {
			return r
		}
		return -1
	}, typed)
	return strconv.FormatBool(digits == p.P.MoneyInput(q))
}

func pillIcon(t Tone) string {
	if t == Good {
		return "check"
	}
	return toneIcon(t)
}

// cardLine is «Основная •• 4821».
func cardLine(c Card) string { return c.Name + " ••\u00a0" + c.Last4 }
