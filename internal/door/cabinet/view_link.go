package cabinet

import (
	"time"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// LinkFormView is GET /transfer/link and POST of it when it was refused.
//
// Form fields: phone, amount, from, message. On success 303 to
// /link/confirm?draft=….
type LinkFormView struct {
	ui.Page
	Ways                []WayTab
	Phone               string // as typed
	From                string
	Sources             []ui.Card
	Amount              string
	Message             string
	Rule                string // what it costs, in words
	LimitLeft, LimitCap money.Amount
}

// LinkView is GET /links/{id}: money that waits for its receiver, and what
// became of it.
type LinkView struct {
	ui.Page
	ID     string // lk_…
	Phone  string
	From   ui.Card
	Amount money.Amount
	Fee    money.Amount
	Total  money.Amount

	Message string
	State   string // waiting, paying, done, cancelled, expired, returned
	Way     string // what the receiver chose, empty before
	Reason  string // of waiting: why his last choice did not work, in words
	Spent   bool   // … and no other may be tried
	At      time.Time
	Until   time.Time
	DoneAt  time.Time
	Fresh   bool // just sent
}

// open tells that the page may still change.
func (v LinkView) open() bool { return v.State == "waiting" || v.State == "paying" }

func (v LinkView) title() string { return v.P.T("cabinet.link." + v.State) }

// text says what the state means.
func (v LinkView) text() string {
	return v.P.T("cabinet.link."+v.State+"_text", locale.A("phone", v.Phone), locale.A("until", v.until()))
}

func (v LinkView) until() string { return v.P.Date(v.Until, v.Now) + ", " + v.P.Clock(v.Until) }

// icon and tile of a state.
func (v LinkView) icon() (string, string) {
	switch v.State {
	case "done":
		return "circle-check", "k1"
	case "cancelled", "expired", "returned":
		return "undo-2", "k2"
	case "paying":
		return "send", "k3"
	}
	return "hourglass", "k7"
}

// LinksView is GET /links.
type LinksView struct {
	ui.Page
	Links []LinkView // the newest first
}
