package claim

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qAll = db.Query(`SELECT ` + columns + ` FROM claim WHERE id > $1 ORDER BY id LIMIT $2`)

// Check compares links with the book (a ledger.Check): each moved its sum into
// transit, went back at most once and only when it is cancelled, expired or
// returned, and transit holds what waits and nothing else. Of one whose payout
// is under way the book tells whether the sum has left.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	var out []ledger.Breach
	var waits int64
	last := []byte{}
	for n := checkPage; n == checkPage; {
		page, err := all(ctx, r, qAll, last, int64(checkPage))
		if err != nil {
			return nil, err
		}
		n = len(page)
		for _, c := range page {
			last = c.id.Bytes()
			there, err := c.there(ctx, r)
			if err != nil {
				return nil, err
			}
			if there {
				waits += c.amount.Minor
			}
			wrong, err := c.wrong(ctx, r)
			if err != nil {
				return nil, err
			}
			if wrong != "" {
				out = append(out, ledger.Breach{Rule: "claim", Account: c.account.String(), Txn: c.id.Text("tr"), Detail: c.text() + " is " + c.state.String() + " " + wrong})
			}
		}
	}
	transit, err := ledger.AccountByID(ctx, r, ledger.Transit)
	if err != nil {
		return nil, err
	}
	if has := transit.Posted.Minor; has != waits {
		out = append(out, ledger.Breach{Rule: "transit", Account: ledger.Transit.String(), Detail: fmt.Sprintf("it holds %d; links that wait come to %d", has, waits)})
	}
	return out, nil
}

// there tells whether the sum of a link stands in transit: it waits, or its
// payout has not taken it yet.
func (c row) there(ctx context.Context, r db.Reader) (bool, error) {
	if c.state != Paying || len(c.payout) != 16 {
		return c.state == Waiting, nil
	}
	hold, _, err := ledger.HoldOf(ctx, r, id.ID(c.payout))
	return hold.Posted.Minor == 0, err
}

// wrong tells what the book contradicts; empty when it agrees.
func (c row) wrong(ctx context.Context, r db.Reader) (string, error) {
	sent, found, err := ledger.ByID(ctx, r, c.id)
	if err != nil {
		return "", err
	}
	total, err := c.total()
	if err != nil {
		return err.Error(), nil
	}
	if !found || sent.Refused() || !moves(sent, c.account, -total.Minor) || !moves(sent, ledger.Transit, c.amount.Minor) {
		return "and its sum never came into transit", nil
	}
	back, went, err := ledger.Find(ctx, r, int64(c.client), c.ledgerKey("back"))
	if err != nil {
		return "", err
	}
	went = went && !back.Refused()
	switch over := c.state == Cancelled || c.state == Expired; {
	case over && (!went || !moves(back, c.account, total.Minor)):
		return "and its sum did not come back", nil
	case !over && went:
		return "and its sum came back", nil
	}
	credit, came, err := ledger.Find(ctx, r, int64(c.client), c.ledgerKey("returned"))
	if err != nil {
		return "", err
	}
	came = came && !credit.Refused()
	switch {
	case c.state == Returned && (!came || !moves(credit, c.account, c.amount.Minor)):
		return "and its sum did not come back", nil
	case c.state != Returned && came:
		return "and its sum came back", nil
	}
	if c.state == Done && len(c.payout) == 16 {
		if lost, err := payout.WasReturned(ctx, r, id.ID(c.payout)); err != nil || lost {
			return "and its payout came back to nobody", err
		}
	}
	home, took, err := ledger.Find(ctx, r, int64(c.client), c.ledgerKey("home"))
	if err != nil {
		return "", err
	}
	took = took && !home.Refused()
	switch own := c.state == Done && c.way == ToAccount; {
	case own && (!took || !moves(home, ledger.Transit, -c.amount.Minor)):
		return "and nobody's account got it", nil
	case !own && took:
		return "and an account got it", nil
	case c.state == Done && !own && len(c.payout) != 16, c.state == Paying && len(c.payout) != 16:
		return "without a payout", nil
	}
	return "", nil
}

// moves tells whether a transaction moved so much on an account.
func moves(t ledger.Record, a ledger.AccountID, minor int64) bool {
	for _, l := range t.Legs {
		if l.Amount == money.Rub(minor) && (l.Account.Of(a)) {
			return true
		}
	}
	return false
}
