package cabinet

import (
	"net/http"
	"slices"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
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

// wallet reads all of the client's cards with their balances: the main one
// first, then in the order of issue, those that are dead at the end.
func (d *Door) wallet(r *http.Request) ([]owned, error) {
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
	out := make([]owned, len(cards))
	for i, k := range cards {
		a := byID[k.Account]
		out[i] = owned{card: k, account: a, shown: showCard(p, i, k, d.standing(k), a.Available())}
	}
	slices.SortStableFunc(out, func(a, b owned) int { return place(a.card) - place(b.card) })
	return out, nil
}

// place orders cards: the main one, the others that live, the dead ones.
func place(k card.Card) int {
	switch {
	case k.State.Dead():
		return 2
	case k.Main:
		return 0
	}
	return 1
}

// living is the part of a wallet that pages offer.
func living(all []owned) []owned {
	for i, k := range all {
		if k.card.State.Dead() {
			return all[:i]
		}
	}
	return all
}

// cards reads the client's cards that live.
func (d *Door) cards(r *http.Request) ([]owned, error) {
	all, err := d.wallet(r)
	return living(all), err
}

// showCard draws a card; i is its place in the order of issue, which names and
// paints a card that its owner has not.
func showCard(p *locale.Printer, i int, k card.Card, state card.State, balance money.Amount) ui.Card {
	out := ui.Card{
		ID: k.ID.Text(card.Prefix), Href: cardHref(k, ""), Name: k.Name,
		Last4: k.Last4, Balance: balance, Art: arts()[i%len(arts())], Virtual: k.Virtual(),
	}
	if k.Art > 0 && int(k.Art) <= len(arts()) {
		out.Art = arts()[k.Art-1]
	}
	switch {
	case out.Name != "":
	case k.Main:
		out.Name = p.T("cabinet.card_name.main")
	default:
		out.Name = p.T("cabinet.card_name.further", locale.A("n", i+1))
	}
	switch state {
	case card.Frozen:
		out.State = ui.CardFrozen
	case card.Suspended:
		out.State = ui.CardPaused
	case card.NotActivated:
		out.State = ui.CardWaiting
	case card.Blocked, card.Closed:
		out.State = ui.CardDead
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
	if outside == "" {
		return owned{}, errNoCard
	}
	for _, k := range cards {
		if k.shown.ID == outside {
			return k, nil
		}
	}
	return owned{}, card.ErrMissing
}

// rows turns a page of the feed into what is drawn. One that is disputed has a
// flag for as long as the bank or the client owes an answer.
func (d *Door) rows(r *http.Request, p *locale.Printer, ops []operation.Operation, cards []owned) ([]ui.Operation, error) {
	marks, err := d.Disputes.Marks(r.Context(), of(r).session.Client, ops)
	if err != nil {
		return nil, err
	}
	out := make([]ui.Operation, len(ops))
	for i, o := range ops {
		out[i] = row(p, o, cards)
		switch marks[o.ID].State {
		case dispute.Open:
			out[i].State = ui.Disputed
		case dispute.NeedsAnswer:
			out[i].State = ui.Asked
		}
	}
	return out, nil
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
	case operation.DisputeCredit:
		out.Kind = ui.DisputeCredit
	case operation.Payout:
		out.Kind = ui.PayoutOut
	case operation.PayoutReturn:
		out.Kind = ui.PayoutBack
		if o.Details.Phone != "" { // of a link
			out.Title = p.Phone(o.Details.Phone)
		}
	case operation.LinkOut:
		out.Kind, out.Title = ui.LinkOut, p.Phone(o.Details.Phone)
	case operation.LinkIn:
		out.Kind = ui.LinkIn
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
	if o.Details.Payout != nil {
		sentOut(p, o, &out)
	}
	if k, ok := byPurchase(cards, o); ok {
		out.Card = k.shown.Name
	}
	return out
}

// sentOut names whom money went to at another bank. One that was refused is
// drawn like a purchase that was: its sum stayed.
func sentOut(p *locale.Printer, o operation.Operation, out *ui.Operation) {
	to := outOf(o)
	switch {
	case out.Title != "":
	case to.Way == payout.Card:
		out.Title = p.T("cabinet.payout.card_row", locale.A("card", lastFour(to.Title)))
	default:
		out.Title = p.PhoneMasked(to.Title)
	}
	if out.Note == "" {
		if out.Note = to.BankRU; p.Lang() == locale.English && to.BankEN != "" {
			out.Note = to.BankEN
		}
	}
	if o.State == operation.Reversed {
		out.State, out.Reason = ui.Declined, p.T("cabinet.payout.row_refused")
	}
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
