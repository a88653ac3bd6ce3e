package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/ledger"
)

// owned is a card of the client with the account it draws on.
type owned struct {
	card    card.Card
	account ledger.Account
	shown   ui.Card
}

// cards reads the client's cards with their balances, in the order of issue.
func (d *Door) cards(r *http.Request) ([]owned, error) {
	c := of(r)
	cards, err := d.Cards.Of(r.Context(), c.session.Client)
	if err != nil {
		return nil, err
	}
	accounts, err := ledger.AccountsOf(r.Context(), d.DB, int64(c.session.Client))
	if err != nil {
		return nil, err
	}
	p := d.page(r).P
	byID := make(map[ledger.AccountID]ledger.Account, len(accounts))
	for _, a := range accounts {
		byID[a.ID] = a
	}
	var out []owned
	for i, k := range cards {
		if k.State == card.Closed {
			continue
		}
		a := byID[k.Account]
		out = append(out, owned{card: k, account: a, shown: showCard(p, i, k, a.Available())})
	}
	return out, nil
}

func showCard(p *locale.Printer, i int, k card.Card, balance money.Amount) ui.Card {
	out := ui.Card{
		ID: k.ID.Text(card.Prefix), Href: "/cards/" + k.ID.Text(card.Prefix), Name: p.T("cabinet.card_name.main"),
		Last4: k.Last4, Balance: balance, Art: []ui.Art{ui.Night, ui.Flame, ui.Mint}[i%3], Virtual: k.Product == card.VirtualWorld,
	}
	if i > 0 {
		out.Name = p.T("cabinet.card_name.further", locale.A("n", i+1))
	}
	if k.State == card.Frozen {
		out.State = ui.CardPaused
	}
	return out
}

func shownCards(cards []owned) []ui.Card {
	out := make([]ui.Card, len(cards))
	for i, k := range cards {
		out[i] = k.shown
	}
	return out
}

// byAccount finds the card that stands for an account.
func byAccount(cards []owned, a ledger.AccountID) (owned, bool) {
	for _, k := range cards {
		if k.card.Account == a {
			return k, true
		}
	}
	return owned{}, false
}

// pick finds the card chosen in a form; an empty choice is the first card, a
// strange one is missing like anybody else's.
func pick(cards []owned, outside string) (owned, error) {
	if outside == "" && len(cards) > 0 {
		return cards[0], nil
	}
	for _, k := range cards {
		if k.shown.ID == outside {
			return k, nil
		}
	}
	return owned{}, card.ErrMissing
}

// rows turns a page of the feed into what is drawn.
func rows(p *locale.Printer, ops []operation.Operation, cards []owned) []ui.Operation {
	out := make([]ui.Operation, len(ops))
	for i, o := range ops {
		out[i] = row(p, o, cards)
	}
	return out
}

func row(p *locale.Printer, o operation.Operation, cards []owned) ui.Operation {
	out := ui.Operation{Href: "/operations/" + o.Text(), Title: o.Details.Name, Note: o.Details.Message, Amount: o.Amount, At: o.At}
	switch o.Kind {
	case operation.TransferOut:
		out.Kind = ui.TransferOut
	case operation.TransferIn:
		out.Kind = ui.TransferIn
	case operation.TopUp:
		out.Kind, out.Note = ui.TopUp, lastFour(o.Details.Card)
	case operation.Correction:
		out.Kind = ui.Correction
	case operation.Purchase:
		out.Kind = ui.Purchase
	case operation.Cash:
		out.Kind = ui.Cash
	case operation.Refund:
		out.Kind = ui.MoneyBack
	case operation.CardCredit:
		out.Kind = ui.CardCredit
	}
	switch o.State {
	case operation.Pending:
		out.State = ui.Pending
	case operation.Declined:
		out.State = ui.Declined
	case operation.Reversed:
		out.State = ui.Released
	}
	if o.Details.Purchase != nil {
		bought(p, o, &out)
	}
	if k, ok := byPurchase(cards, o); ok {
		out.Card = k.shown.Name
	}
	return out
}

// lastFour is how another bank's card is named: «•• 4821».
func lastFour(card string) string {
	if n := len(card); n >= 4 {
		return "••\u00a0" + card[n-4:]
	}
	return ""
}

func payee(p transfer.Payee) ui.Payee {
	out := ui.Payee{Name: p.Name, Phone: p.Phone.E164(), Token: p.Token}
	if p.Token != "" {
		out.Href = "/transfer?to=" + p.Token
	}
	return out
}
