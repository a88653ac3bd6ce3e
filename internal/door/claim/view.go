package claim

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

// view is what every step knows.
type view struct {
	ui.Page
	claim.Shown
	Link string
}

// to is where a step's form leads.
func (v view) to(step string) templ.SafeURL {
	return templ.SafeURL(strings.TrimSuffix(v.Path+"/"+step, "/"))
}

// refused tells why the last try did not go, in the receiver's words.
func (v view) refused() string {
	key := "claim.refused." + v.Reason
	if !v.P.Has(key) {
		key = "claim.refused.declined"
	}
	return v.P.T(key)
}

func (v view) until() string {
	return v.P.Date(v.Shown.Until, v.Now) + ", " + v.P.Clock(v.Shown.Until)
}

// startView is the first step: who sends, how much, and the code.
type startView struct {
	view
	Now time.Time // real
}

type choiceView struct {
	view
	Choice claim.Choice
}

type numberView struct {
	choiceView
	Method claim.Method
	Word   string
	Typed  string
}

type planView struct {
	view
	Plan claim.Plan
	Pass string
}

type refusalView struct {
	ui.Page
	Text      string
	RequestID string
}

// name is what a way is called.
func name(p ui.Page, m claim.Method) string {
	called := m.RU
	if p.Lang == locale.English {
		called = m.EN
	}
	if called != "" {
		return called
	}
	return p.P.T("claim.way." + m.Way.String())
}

// sub says under a way's name what it is, or why it is closed.
func sub(p ui.Page, m claim.Method) string {
	switch {
	case m.Closed && p.Lang == locale.English && m.WhyEN != "":
		return m.WhyEN
	case m.Closed && m.WhyRU != "":
		return m.WhyRU
	case m.Closed:
		return p.P.T("claim.page.closed")
	}
	return p.P.T("claim.way_sub." + m.Way.String())
}

// icon and tile of a way.
func icon(w claim.Way) (string, string) {
	switch w {
	case claim.ToMobile:
		return "smartphone", "k4"
	case claim.ToWallet:
		return "wallet", "k2"
	case claim.ToAccount:
		return "rocket", "k1"
	}
	return "credit-card", "k3"
}

// bank is whose the chosen account is, in the reader's language.
func (v planView) bank() string {
	if v.Lang == locale.English {
		return v.Plan.EN
	}
	return v.Plan.RU
}
