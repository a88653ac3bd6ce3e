package client

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

var (
	qByUID    = db.Query(`SELECT id FROM client WHERE uid = $1`)
	qSetState = db.Query(`UPDATE client SET state = $2 WHERE id = $1`)
	qStateOf  = db.Query(`SELECT state FROM client WHERE id = $1`)
)

// ByUID finds a client by his outside identifier; ErrNobody when there is none.
func (d *Directory) ByUID(ctx context.Context, uid id.ID) (ID, error) {
	var who ID
	err := d.db.Row(ctx, qByUID, uid.Bytes()).Scan(&who)
	if errors.Is(err, db.ErrNoRows) {
		return 0, ErrNobody
	}
	if err != nil {
		return 0, fmt.Errorf("find a client: %w", err)
	}
	return who, nil
}

// SetState blocks a client or lets him order again, in a unit of work.
func (d *Directory) SetState(ctx context.Context, tx db.Tx, who ID, state State) error {
	n, err := tx.Exec(ctx, qSetState, int64(who), int16(state))
	if err == nil && n == 0 {
		err = ErrNobody
	}
	return err
}

// StateOf tells whether a client may order, as a unit of work sees it;
// ErrNobody when there is none.
func (d *Directory) StateOf(ctx context.Context, r db.Reader, who ID) (State, error) {
	var state State
	err := r.Row(ctx, qStateOf, int64(who)).Scan(&state)
	if errors.Is(err, db.ErrNoRows) {
		return 0, ErrNobody
	}
	return state, err
}
