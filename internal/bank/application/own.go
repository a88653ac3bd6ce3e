package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Own is one of a client's applications, for his own eyes.
type Own struct {
	ID            id.ID
	State         State
	Made, Changed time.Time
	Pages         []Page // photographed
}

var (
	qOwn      = db.Query(`SELECT id, state, created_us, changed_us FROM card_application WHERE client = $1 ORDER BY created_us DESC, id DESC LIMIT 100`)
	qOwnPages = db.Query(`SELECT page FROM card_application_page WHERE application = $1 ORDER BY page LIMIT 20`)
)

// Of lists a client's applications, newest first.
func (s *Service) Of(ctx context.Context, who client.ID) ([]Own, error) {
	var out []Own
	err := s.db.Read(ctx, func(r db.Reader) (err error) {
		if out, err = ownOf(ctx, r, who); err != nil {
			return err
		}
		for i := range out {
			if out[i].Pages, err = pagesOf(ctx, r, out[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("applications of client %d: %w", who, err)
	}
	return out, nil
}

// Became tells whose an approved application is, by its exact number; ErrMissing
// for every other one, so that who looks for a client learns of no applicant.
func (s *Service) Became(ctx context.Context, number string) (client.ID, error) {
	key, err := id.Parse(Prefix, number)
	if err != nil {
		return 0, ErrMissing
	}
	a, err := s.read(ctx, s.db, qCard, key)
	if err != nil {
		return 0, err
	}
	if a.state != Approved || a.client == 0 {
		return 0, ErrMissing
	}
	return a.client, nil
}

func ownOf(ctx context.Context, r db.Reader, who client.ID) (out []Own, err error) {
	rows, err := r.Rows(ctx, qOwn, int64(who))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Own
		var raw []byte
		var made, changed int64
		if err := rows.Scan(&raw, &one.State, &made, &changed); err != nil {
			return nil, err
		}
		if one.ID, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		one.Made, one.Changed = moment(made), moment(changed)
		out = append(out, one)
	}
	return out, rows.Err()
}

func pagesOf(ctx context.Context, r db.Reader, application id.ID) (out []Page, err error) {
	rows, err := r.Rows(ctx, qOwnPages, application.Bytes())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var page Page
		if err := rows.Scan(&page); err != nil {
			return nil, err
		}
		out = append(out, page)
	}
	return out, rows.Err()
}
