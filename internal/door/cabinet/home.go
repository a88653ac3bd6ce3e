package cabinet

import (
	"net/http"
	"slices"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// homeRows is how many operations the home page shows.
const homeRows = 12

func (d *Door) getHome(w http.ResponseWriter, r *http.Request) error {
	v, err := d.home(r)
	if err != nil {
		return err
	}
	v.Notice = words(v.P, takeNotice(w, r))
	return d.render(w, r, http.StatusOK, HomePage(v))
}

// home is what the home page and its live update show.
func (d *Door) home(r *http.Request) (HomeView, error) {
	v := HomeView{Page: d.page(r), Total: money.Rub(0)}
	who := of(r).session.Client
	cards, err := d.wallet(r)
	if err != nil {
		return v, err
	}
	v.Cards = shownCards(living(cards))
	counted := map[int64]bool{} // several cards may draw on one account
	for _, k := range cards {
		if counted[int64(k.account.ID)] {
			continue
		}
		counted[int64(k.account.ID)] = true
		if v.Total, err = v.Total.Add(k.account.Available()); err != nil {
			return v, err
		}
	}
	feed, err := d.Operations.Feed(r.Context(), who, operation.Filter{Limit: homeRows})
	if err != nil {
		return v, err
	}
	if v.Feed, err = d.rows(r, v.P, feed.Operations, cards); err != nil {
		return v, err
	}
	v.More = !feed.Next.IsZero()
	if v.Alerts, err = d.alerts(r, v.Page); err != nil {
		return v, err
	}
	if v.Purchases, err = d.asks(r, v.Page); err != nil {
		return v, err
	}
	if v.WantsQuest, err = d.Applications.Wanted(r.Context(), who); err != nil {
		return v, err
	}
	if v.WantsPapers, err = d.Papers.Waits(r.Context(), who); err != nil {
		return v, err
	}
	has, err := d.hasPasskeys(r)
	if err != nil {
		return v, err
	}
	v.OfferPasskey = !has && of(r).session.Kind == access.Keyed
	v.Spending, err = d.spending(r, v.P)
	return v, err
}

// spending is what went out this month, by payee, beside the same days of the
// month before.
func (d *Door) spending(r *http.Request, p *locale.Printer) (*Spending, error) {
	who, now := of(r).session.Client, d.DB.Now()
	month, err := d.Operations.Spend(r.Context(), who, now)
	if err != nil || month.Total.IsZero() {
		return nil, err
	}
	s := &Spending{Month: now, Total: month.Total}
	start := clock.MonthStart(now)
	page, err := d.Operations.Feed(r.Context(), who, operation.Filter{From: start, To: start.AddDate(0, 1, 0), Limit: 100})
	if err != nil {
		return nil, err
	}
	if s.Shares, err = shares(p, month.Total, page.Operations); err != nil {
		return nil, err
	}
	before := start.AddDate(0, -1, 0)
	days, err := d.Operations.DaySums(r.Context(), who, before, sameDay(before, now))
	if err != nil {
		return nil, err
	}
	sum := money.Rub(0)
	for _, day := range days {
		if sum, err = sum.Add(day.Spent); err != nil {
			return nil, err
		}
	}
	if sum.Positive() {
		s.Before = &sum
	}
	return s, nil
}

// sameDay is the end of the day that stands in the month of start where now
// stands in its own; a shorter month ends earlier.
func sameDay(start, now time.Time) time.Time {
	end := start.AddDate(0, 0, now.In(clock.Moscow).Day())
	if next := start.AddDate(0, 1, 0); end.After(next) {
		end = next
	}
	return end
}

// shares gathers what was spent by payee, the largest first. What the page of
// the feed did not reach is the rest.
func shares(p *locale.Printer, total money.Amount, ops []operation.Operation) ([]Share, error) {
	var out []Share
	rest := total
	for _, o := range ops {
		if o.Amount.Minor >= 0 || o.State == operation.Declined || o.State == operation.Reversed {
			continue
		}
		spent, err := o.Amount.Neg()
		if err != nil {
			return nil, err
		}
		if rest, err = rest.Sub(spent); err != nil {
			return nil, err
		}
		label := o.Details.Name
		if label == "" {
			label = p.T("cabinet.share.other")
		}
		i := slices.IndexFunc(out, func(s Share) bool { return s.Label == label })
		if i < 0 {
			out = append(out, Share{Label: label, Amount: spent})
			continue
		}
		if out[i].Amount, err = out[i].Amount.Add(spent); err != nil {
			return nil, err
		}
	}
	if rest.Positive() {
		out = append(out, Share{Label: p.T("cabinet.share.other"), Amount: rest})
	}
	slices.SortStableFunc(out, func(a, b Share) int {
		switch {
		case a.Amount.Minor > b.Amount.Minor:
			return -1
		case a.Amount.Minor < b.Amount.Minor:
			return 1
		}
		return 0
	})
	return out, nil
}

func (d *Door) getPayments(w http.ResponseWriter, r *http.Request) error {
	recent, err := d.recent(r)
	if err != nil {
		return err
	}
	return d.render(w, r, http.StatusOK, PaymentsPage(PaymentsView{Page: d.shown(w, r), Recent: recent, ToCards: d.open(payout.Card), ByLink: d.Links != nil}))
}

// recentPeople is how many people a list of recent ones names.
const recentPeople = 8

func (d *Door) recent(r *http.Request) ([]ui.Payee, error) {
	list, err := d.Transfers.Recent(r.Context(), of(r).session.Client, recentPeople)
	if err != nil {
		return nil, err
	}
	out := make([]ui.Payee, len(list))
	for i, p := range list {
		out[i] = payee(p)
	}
	return out, nil
}

func (d *Door) getMore(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, MorePage(MoreView{Page: d.shown(w, r)}))
}
