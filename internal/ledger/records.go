package ledger

import (
	"context"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Records reads a page of the whole book by identifier: the transactions after
// one (zero: from the first). Checks of other rooms walk the book with it.
func Records(ctx context.Context, r db.Reader, after id.ID, limit int) ([]Record, error) {
	last := after.Bytes()
	if after.IsZero() {
		last = []byte{}
	}
	page, err := list(ctx, r, qTxnPage, func(s scanner) (*stored, error) {
		t, _, err := scanTxn(s)
		return t, err
	}, last, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Record, len(page))
	for i, s := range page {
		if out[i], _, err = record(s, true, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}
