package operation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	qLock = db.Query(`SELECT ` + columns + ` FROM operation WHERE client = $1 AND id = $2 {for_update}`)
	qSet  = db.Query(`UPDATE operation SET state = $3, amount_minor = $4, fee_minor = $5, txn = $6, details = $7 WHERE client = $1 AND id = $2`)
)

// Add writes an operation that no ledger transaction carries, such as a
// declined purchase, at the time of the unit of work.
func (s *Service) Add(ctx context.Context, tx db.Tx, o Operation) error {
	row, err := s.Row(o)
	if err != nil {
		return err
	}
	row.Args[8], row.Args[9] = tx.Now().UnixMicro(), o.Txn.Bytes() // instead of the posting's
	return tx.Insert(ctx, row)
}

// Lock reads an operation that the unit of work has to itself from now on.
func (s *Service) Lock(ctx context.Context, tx db.Tx, who client.ID, op id.ID) (Operation, error) {
	o, err := s.scan(tx.Row(ctx, qLock, int64(who), op.Bytes()))
	if errors.Is(err, db.ErrNoRows) {
		err = ErrMissing
	}
	return o, err
}

// Change lets a purchase go on in the row it has: from the hold to what was
// cleared or given back. Money moves by the ledger alone; this is its picture,
// in the same unit of work. Who it belongs to, its account, kind, currency and
// time stay. ErrMissing when there is no such operation.
func (s *Service) Change(ctx context.Context, tx db.Tx, who client.ID, op id.ID, fn func(*Operation)) error {
	o, err := s.Lock(ctx, tx, who, op)
	if err != nil {
		return err
	}
	was := o
	fn(&o)
	if o.ID != was.ID || o.Client != was.Client || o.Account != was.Account || o.Kind != was.Kind || o.Amount.Cur != was.Amount.Cur || !o.At.Equal(was.At) {
		panic(fmt.Sprintf("operation: change of %s rewrites what it is", was.Text()))
	}
	plain, err := json.Marshal(o.Details)
	if err != nil {
		return err
	}
	sealed, err := s.vault.Seal(vault.PII, place(o.Client, o.ID), plain)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSet, int64(who), op.Bytes(), int64(o.State), o.Amount.Minor, o.Fee.Minor, o.Txn.Bytes(), sealed)
	if err == nil && n != 1 {
		err = ErrMissing
	}
	return err
}
