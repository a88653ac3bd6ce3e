package operation

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qAll = db.Query(`SELECT client, id, account, kind, state, amount_minor, txn FROM operation
	WHERE (client, id) > ($1, $2) ORDER BY client, id LIMIT $3`)

// line is what an operation says about the book, and what the book says about
// an operation: this transaction moved so much on this account.
type line struct {
	account ledger.AccountID
	txn     id.ID
	amount  int64
}

// Check compares the feeds with the book (a ledger.Check): every line of a
// client's account that a transfer, a top-up, a correction, a dispute or a payout wrote has its operation, and no
// operation points nowhere. Memory grows with accounts, not with operations.
// What cards did may be one operation and many lines: room purchase checks it.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	seed := maphash.MakeSeed()
	sums := map[ledger.AccountID]uint64{}
	err := walk(ctx, r, func(l line, sign int) {
		d := maphash.Comparable(seed, l)
		if sign < 0 {
			d = -d
		}
		if sums[l.account] += d; sums[l.account] == 0 {
			delete(sums, l.account)
		}
	})
	if err != nil || len(sums) == 0 {
		return nil, err
	}
	// Something differs. The second walk names it, for these accounts alone.
	count := map[line]int{}
	err = walk(ctx, r, func(l line, sign int) {
		if _, broken := sums[l.account]; broken {
			if count[l] += sign; count[l] == 0 {
				delete(count, l)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []ledger.Breach
	lines := slices.SortedFunc(maps.Keys(count), func(a, b line) int {
		if a.account != b.account {
			return int(a.account - b.account)
		}
		return slices.Compare(a.txn[:], b.txn[:])
	})
	for _, l := range lines {
		what := "the book moved %d, the feed has no such operation"
		if count[l] > 0 {
			what = "the feed has an operation of %d, the book has no such line"
		}
		out = append(out, ledger.Breach{Rule: "operation", Account: l.account.String(), Txn: l.txn.Text("tr"), Detail: fmt.Sprintf(what, l.amount)})
	}
	return out, nil
}

// walk gives every operation with sign +1 and every line of the book that
// promises one with sign −1.
func walk(ctx context.Context, r db.Reader, see func(l line, sign int)) error {
	if err := walkFeeds(ctx, r, see); err != nil {
		return err
	}
	var after id.ID
	for {
		page, err := ledger.Records(ctx, r, after, checkPage)
		if err != nil {
			return err
		}
		for _, t := range page {
			after = t.Txn
			if !promises(t) {
				continue
			}
			told := t.Txn
			if t.Phase == ledger.Reversal {
				told = t.Refers
			}
			for _, l := range t.Legs {
				if !l.Account.Bank() {
					see(line{l.Account, told, l.Amount.Minor}, -1)
				}
			}
		}
		if len(page) < checkPage {
			return nil
		}
	}
}

// promises tells whether a transaction has a feed row for each client it touched.
func promises(t ledger.Record) bool {
	if t.Refused() {
		return false
	}
	switch t.Kind {
	case ledger.KindTransfer, ledger.KindTopUp, ledger.KindCorrection, ledger.KindDispute, ledger.KindPayout:
	case ledger.KindLink: // the row of a link that went back tells of both ways
		return t.Phase == ledger.Posted || t.Phase == ledger.Reversal
	default:
		return false
	}
	return t.Phase == ledger.Posted || t.Phase == ledger.Post
}

func walkFeeds(ctx context.Context, r db.Reader, see func(l line, sign int)) error {
	owner, last := int64(0), []byte{}
	for {
		rows, err := r.Rows(ctx, qAll, owner, last, int64(checkPage))
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			var account, kind, state, amount int64
			var txn []byte
			if err := rows.Scan(&owner, &last, &account, &kind, &state, &amount, &txn); err != nil {
				rows.Close()
				return err
			}
			n++
			x, err := id.FromBytes(txn)
			if err != nil {
				rows.Close()
				return fmt.Errorf("operation %x of %d: %w", last, owner, err)
			}
			if State(state) == Done && !Kind(kind).OfCard() || Kind(kind) == LinkOut {
				see(line{ledger.AccountID(account), x, amount}, +1)
			}
			if Kind(kind) == LinkOut && State(state) == Reversed {
				see(line{ledger.AccountID(account), x, -amount}, +1)
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
		if n < checkPage {
			return nil
		}
	}
}
