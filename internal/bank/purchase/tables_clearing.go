package purchase

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

var (
	qPutFile   = db.Query(`INSERT INTO clearing_file (id, network, day, print, records, at_us) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`)
	qFile      = db.Query(`SELECT print FROM clearing_file WHERE id = $1`)
	qFileDone  = db.Query(`UPDATE clearing_file SET done_us = $2 WHERE id = $1 AND done_us IS NULL`)
	qItem      = db.Query(`SELECT client, auth, amount_minor FROM clearing_item WHERE arn = $1 AND kind = $2`)
	qPresented = db.Query(`SELECT COALESCE(SUM(CASE WHEN kind = $3 THEN amount_minor ELSE -amount_minor END), 0) FROM clearing_item
		WHERE client = $1 AND auth = $2 AND kind IN ($3, $4)`)
)

// begin writes down that a file is being imported, which may have begun before.
func (tables) begin(ctx context.Context, tx db.Tx, f File) error {
	n, err := tx.Exec(ctx, qPutFile, f.ID, f.Network, f.Day, f.Print, int64(len(f.Records)), tx.Now().UnixMicro())
	if err != nil || n == 1 {
		return err
	}
	var print []byte
	if err := tx.Row(ctx, qFile, f.ID).Scan(&print); err != nil {
		return err
	}
	if !slices.Equal(print, f.Print) {
		return ErrOtherFile
	}
	return nil
}

func (tables) done(ctx context.Context, tx db.Tx, file string) error {
	_, err := tx.Exec(ctx, qFileDone, file, tx.Now().UnixMicro())
	return err
}

// item finds a record that was posted: whose, for what and how much.
func (tables) item(ctx context.Context, tx db.Tx, arn string, kind int) (item, bool, error) {
	it := item{sum: money.Rub(0)}
	var who int64
	var raw []byte
	err := tx.Row(ctx, qItem, arn, int64(kind)).Scan(&who, &raw, &it.sum.Minor)
	if errors.Is(err, db.ErrNoRows) {
		return item{}, false, nil
	}
	if err == nil {
		it.auth, err = id.FromBytes(raw)
	}
	if err != nil {
		return item{}, false, fmt.Errorf("clearing %s: %w", arn, err)
	}
	it.client = client.ID(who)
	return it, true, nil
}

func (tables) presented(ctx context.Context, tx db.Tx, a auth) (sum int64, err error) {
	err = tx.Row(ctx, qPresented, int64(a.client), a.id.Bytes(), int64(Presentment), int64(Undone)).Scan(&sum)
	if err != nil {
		err = fmt.Errorf("what was presented of authorisation %s: %w", a.id.Text(Prefix), err)
	}
	return sum, err
}
