package ui

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/base/locale"
)

// Tab is one place of the navigation.
type Tab string

// The tabs that have a room behind them today.
const (
	NoTab       Tab = ""
	TabHome     Tab = "home"
	TabPayments Tab = "payments"
	TabMore     Tab = "more"
)

// Frame is what a page tells its shell.
type Frame struct {
	Title   string // for <title>; ready to read
	Heading string // the h1 in the top bar; empty: the page has its own h1
	Tab     Tab
	Back    string // href of the back arrow on a phone
	Flow    bool   // a flow screen: no tab bar on a phone
	Live    bool   // load htmx: the page has live parts
	Avatar  bool   // the reader's initials in the top bar of a phone
	// Sheet and Module name a stylesheet and a script that only some pages need:
	// "order.css", "order.js". They come after those of every page.
	Sheet, Module string
}

// Shell is the frame of a page inside the cabinet. Without a reader it is the
// bare frame: brand on top, no navigation.
func Shell(p Page, f Frame) templ.Component {
	return withChildren(p, func() templ.Component {
		if !p.SignedIn() {
			return document(p, f, bareFrame(p))
		}
		return document(p, f, cabinetFrame(p, f))
	})
}

// AuthShell is the frame of login and ordering: the form, and on a desktop a
// calm picture beside it.
func AuthShell(p Page, f Frame) templ.Component {
	return withChildren(p, func() templ.Component { return document(p, f, authFrame(p)) })
}

// LandingShell is the frame of the page for strangers.
func LandingShell(p Page, f Frame) templ.Component {
	return withChildren(p, func() templ.Component { return document(p, f, landingFrame(p)) })
}

type childrenKey struct{}

// withChildren gives the page its sprite and carries the page's content through
// the document into the frame.
func withChildren(p Page, build func() templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		ctx = withSprite(templ.ClearChildren(ctx), p.Kit, false)
		ctx = context.WithValue(ctx, childrenKey{}, children)
		return build().Render(ctx, w)
	})
}

func content() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if c, ok := ctx.Value(childrenKey{}).(templ.Component); ok && c != nil {
			return c.Render(ctx, w)
		}
		return nil
	})
}

// title is what the tab says: «Ошибка: Перевод · Рокетбанк».
func (f Frame) title(p Page) string {
	t := f.Title
	if p.Errors.Any() {
		t = p.P.T("ui.title_error", locale.A("title", t))
	}
	if t == "" {
		return p.Bank()
	}
	return t + " · " + p.Bank()
}

// Initials makes «АС» of «Аня Соколова».
func Initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		if r := []rune(word); len(out) < 2 && r[0] != '(' {
			out = append(out, r[0])
		}
	}
	return strings.ToUpper(string(out))
}

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

func orDefault(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
