package friend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
	"rocketbank/internal/base/phone"
)

// Discovery is a client's consent.
type Discovery struct {
	Findable bool      // whoever has his number may see that he is a client
	Since    time.Time // when he said so; zero: never asked
}

// askedAtOnce is how many consents one query reads.
const askedAtOnce = 64

var (
	qDiscovery = db.Query(`SELECT findable, changed_us FROM friend_discovery WHERE client = $1 LIMIT 1`)
	qAgree     = db.Query(`INSERT INTO friend_discovery (client, findable, changed_us) VALUES ($1, $2, $3)
		ON CONFLICT (client) DO UPDATE SET findable = excluded.findable, changed_us = excluded.changed_us
		WHERE friend_discovery.findable <> excluded.findable`)
	qAgreed = gather.Powers(askedAtOnce, func(n int) *db.Stmt {
		return db.Query(`SELECT client FROM friend_discovery WHERE findable AND client IN (` + db.Holders(n) + `)`)
	})
)

// Discovery tells what a client agreed to.
func (s *Service) Discovery(ctx context.Context, who client.ID) (Discovery, error) {
	return discovery(ctx, s.d.DB, who)
}

func discovery(ctx context.Context, r db.Reader, who client.ID) (Discovery, error) {
	var d Discovery
	var changed int64
	err := r.Row(ctx, qDiscovery, int64(who)).Scan(&d.Findable, &changed)
	if errors.Is(err, db.ErrNoRows) {
		return Discovery{}, nil
	}
	if err != nil {
		return Discovery{}, fmt.Errorf("discovery of %d: %w", who, err)
	}
	d.Since = time.UnixMicro(changed).UTC()
	return d, nil
}

// SetDiscovery gives a client's consent or takes it back; it counts at once, on
// both sides.
func (s *Service) SetDiscovery(ctx context.Context, who client.ID, findable bool) (Discovery, error) {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error { return s.agree(ctx, tx, who, findable) })
	if err != nil {
		return Discovery{}, err
	}
	return s.Discovery(ctx, who)
}

func (s *Service) agree(ctx context.Context, tx db.Tx, who client.ID, findable bool) error {
	was, err := discovery(ctx, tx, who)
	if err != nil || was.Findable == findable {
		return err
	}
	if _, err := tx.Exec(ctx, qAgree, int64(who), findable, tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("agree to be found: %w", err)
	}
	act := "friends.unfindable"
	if findable {
		act = "friends.findable"
	}
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: act})
}

// discover finds out who of these friends are clients. The questions are the
// same whoever holds a number, so that their time tells no more than the answer.
func (s *Service) discover(ctx context.Context, r db.Reader, who client.ID, all []Friend) error {
	if len(all) == 0 {
		return nil
	}
	mine, err := discovery(ctx, r, who)
	if err != nil || !mine.Findable {
		return err
	}
	numbers := make([]phone.Number, len(all))
	for i, f := range all {
		numbers[i] = f.Phone
	}
	holders, err := s.d.People.HoldPhones(ctx, r, numbers)
	if err != nil {
		return err
	}
	asked := make([]client.ID, len(all)) // nobody is client nought, who never agreed
	for i, n := range numbers {
		asked[i] = holders[n]
	}
	agreed, err := agreed(ctx, r, asked)
	if err != nil {
		return err
	}
	for i := range all {
		if c := asked[i]; agreed[c] && c != who {
			all[i].Here, all[i].client = true, c
		}
	}
	return nil
}

// agreed tells who of these agreed to be found.
func agreed(ctx context.Context, r db.Reader, all []client.ID) (map[client.ID]bool, error) {
	out := map[client.ID]bool{}
	for len(all) > 0 {
		n := min(len(all), askedAtOnce)
		place, padded := gather.Padded(all[:n])
		all = all[n:]
		args := make([]any, len(padded))
		for i, c := range padded {
			args[i] = int64(c)
		}
		if err := collect(ctx, r, qAgreed[place], args, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func collect(ctx context.Context, r db.Reader, q *db.Stmt, args []any, out map[client.ID]bool) error {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("who agreed to be found: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c client.ID
		if err := rows.Scan(&c); err != nil {
			return fmt.Errorf("who agreed to be found: %w", err)
		}
		out[c] = true
	}
	return rows.Err()
}
