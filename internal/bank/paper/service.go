package paper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Deps is what the room works with.
type Deps struct {
	DB      *db.DB
	Vault   *vault.Vault
	IDs     *id.Source
	Clients *client.Directory
	Scans   *scan.Service
	Now     func() time.Time // real time, for alerts
}

// Service is the room. It is safe for concurrent use.
type Service struct {
	d      Deps
	alerts access.Raiser
}

// New makes the service.
func New(d Deps) *Service { return &Service{d: d, alerts: access.NewRaiser(d.Vault, d.Now)} }

const columns = `client, id, signed, state, wish, asked_us, changed_us`

var (
	qNew = db.Query(`INSERT INTO paper_request (client, id, signed, state, wish, uploads, asked_us, changed_us)
		VALUES ($1, $2, $3, 1, $4, 0, $5, $5)`)
	qOne  = db.Query(`SELECT ` + columns + ` FROM paper_request WHERE client = $1 AND id = $2`)
	qLock = db.Query(`SELECT ` + columns + ` FROM paper_request WHERE client = $1 AND id = $2 {for_update}`)
	// What waits for the client comes before what waits for the bank.
	qOpen  = db.Query(`SELECT ` + columns + ` FROM paper_request WHERE client = $1 AND state IN (1, 2) ORDER BY state, id LIMIT 20`)
	qMove  = db.Query(`UPDATE paper_request SET state = $3, changed_us = $4 WHERE client = $1 AND id = $2`)
	qAgain = db.Query(`UPDATE paper_request SET state = 1, signed = $3, uploads = 0, asked_us = $4, changed_us = $4 WHERE client = $1 AND id = $2`)
	qCount = db.Query(`UPDATE paper_request SET uploads = uploads + 1 WHERE client = $1 AND id = $2 AND state = 1 AND uploads < $3`)

	qPages   = db.Query(`SELECT page, scan, print FROM paper_page WHERE request = $1 ORDER BY page`)
	qPagePut = db.Query(`INSERT INTO paper_page (request, page, scan, print, at_us) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (request, page) DO UPDATE SET scan = excluded.scan, print = excluded.print, at_us = excluded.at_us`)
	qPagesEnd = db.Query(`DELETE FROM paper_page WHERE request = $1`)

	_ = vault.Declare(vault.Column{Table: "paper_request", Name: "wish", Class: vault.PII, Key: []string{"client", "id"}})
)

func wishAt(who client.ID, request id.ID) vault.At {
	return vault.At{Table: "paper_request.wish", Row: append(vault.Row64(int64(who)), request.Bytes()...)}
}

// Ask makes the request of a proposal, within the unit of work that makes it,
// and tells the client. It is part of staff.Word.
func (s *Service) Ask(ctx context.Context, tx db.Tx, by staff.Actor, p staff.Proposal) error {
	raw, err := json.Marshal(p.Fields)
	if err != nil {
		return fmt.Errorf("ask for papers: %w", err)
	}
	sealed, err := s.d.Vault.Seal(vault.PII, wishAt(p.Client, p.ID), raw)
	if err != nil {
		return err
	}
	key := s.d.IDs.New()
	if _, err := tx.Exec(ctx, qNew, int64(p.Client), p.ID.Bytes(), key.Bytes(), sealed, tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("ask for papers: %w", err)
	}
	return s.tell(ctx, tx, by, p.Client, key)
}

// tell asks the client to come. The alert stands under the order's identifier:
// who answers it with «Это не я» has refused this very request.
func (s *Service) tell(ctx context.Context, tx db.Tx, by staff.Actor, who client.ID, key id.ID) error {
	return s.alerts.Raise(ctx, tx, key, who, access.Alert{Kind: access.AlertPersonAsked, Staff: by.Name()})
}

// Given tells whether a proposal may be approved as far as the client goes:
// ErrWaits and ErrDenied. It is part of staff.Word.
func (s *Service) Given(ctx context.Context, r db.Reader, p staff.Proposal) error {
	q, err := s.one(ctx, r, qOne, p.Client, p.ID)
	if err != nil {
		return err
	}
	if live, err := s.live(ctx, r, q); err != nil {
		return err
	} else if !live {
		return ErrDenied
	}
	if q.State != Given {
		return ErrWaits
	}
	return nil
}

// live tells whether the client may still answer, or has: he did not say that
// it was not him, and not a month has passed.
func (s *Service) live(ctx context.Context, r db.Reader, q Request) (bool, error) {
	a, err := s.alerts.Find(ctx, r, q.Client, q.order)
	if errors.Is(err, access.ErrNoAlert) {
		return false, nil
	}
	return err == nil && a.Denied.IsZero(), err
}

// Again sends a request back to the client, for pages that show too little: they
// are forgotten, and what he signs next is another order. It is part of
// staff.Word.
func (s *Service) Again(ctx context.Context, tx db.Tx, by staff.Actor, p staff.Proposal) error {
	q, err := s.one(ctx, tx, qLock, p.Client, p.ID)
	if err != nil {
		return err
	}
	if q.State != Given {
		return ErrWaits
	}
	if err := s.forget(ctx, tx, q.ID); err != nil {
		return err
	}
	key := s.d.IDs.New()
	if _, err := tx.Exec(ctx, qAgain, int64(q.Client), q.ID.Bytes(), key.Bytes(), tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("ask for papers again: %w", err)
	}
	return s.tell(ctx, tx, by, q.Client, key)
}

// End closes the request of a decided proposal: the pictures become the
// client's, under his own key, or are forgotten. It is part of staff.Word.
func (s *Service) End(ctx context.Context, tx db.Tx, p staff.Proposal) error {
	q, err := s.one(ctx, tx, qLock, p.Client, p.ID)
	if errors.Is(err, ErrNone) {
		return nil // proposed before clients were asked
	}
	if err != nil {
		return err
	}
	state := Dropped
	if p.State == staff.Approved {
		state, err = Done, s.d.Scans.Belong(ctx, tx, q.ID, q.Client)
	} else {
		err = s.forget(ctx, tx, q.ID)
	}
	if err != nil {
		return err
	}
	return s.move(ctx, tx, q, state)
}

func (s *Service) forget(ctx context.Context, tx db.Tx, request id.ID) error {
	if err := s.d.Scans.DropAll(ctx, tx, request); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qPagesEnd, request.Bytes())
	return err
}

func (s *Service) move(ctx context.Context, tx db.Tx, q Request, to State) error {
	if _, err := tx.Exec(ctx, qMove, int64(q.Client), q.ID.Bytes(), int16(to), tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("papers of %s: %w", q.ID.Text(staff.ProposalPrefix), err)
	}
	return nil
}

// Of reads the request of a proposal; ErrNone when it has none.
func (s *Service) Of(ctx context.Context, p staff.Proposal) (Request, error) {
	return s.one(ctx, s.d.DB, qOne, p.Client, p.ID)
}

// Open gives what is asked of a client, or what he sent and the bank looks at;
// ErrNone when there is neither.
func (s *Service) Open(ctx context.Context, who client.ID) (Request, error) {
	all, err := s.rows(ctx, s.d.DB, qOpen, int64(who))
	if err != nil {
		return Request{}, err
	}
	for _, q := range all {
		if live, err := s.live(ctx, s.d.DB, q); err != nil {
			return Request{}, err
		} else if live {
			return s.whole(ctx, s.d.DB, q)
		}
	}
	return Request{}, ErrNone
}

// Waits tells whether the client has something to confirm.
func (s *Service) Waits(ctx context.Context, who client.ID) (bool, error) {
	q, err := s.Open(ctx, who)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil && q.State == Asked, err
}

func (s *Service) one(ctx context.Context, r db.Reader, q *db.Stmt, who client.ID, request id.ID) (Request, error) {
	all, err := s.rows(ctx, r, q, int64(who), request.Bytes())
	if err != nil {
		return Request{}, err
	}
	if len(all) == 0 {
		return Request{}, ErrNone
	}
	return s.whole(ctx, r, all[0])
}

func (s *Service) rows(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) (out []Request, err error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("requests for papers: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Request
		var raw, signed, sealed []byte
		var asked, changed int64
		if err := rows.Scan(&one.Client, &raw, &signed, &one.State, &sealed, &asked, &changed); err != nil {
			return nil, fmt.Errorf("requests for papers: %w", err)
		}
		if one.ID, err = id.FromBytes(raw); err != nil {
			return nil, fmt.Errorf("requests for papers: %w", err)
		}
		if one.order, err = id.FromBytes(signed); err != nil {
			return nil, fmt.Errorf("requests for papers: %w", err)
		}
		plain, err := s.d.Vault.Open(vault.PII, wishAt(one.Client, one.ID), sealed)
		if err != nil {
			return nil, fmt.Errorf("requests for papers: %w", err)
		}
		if err := json.Unmarshal(plain, &one.wish); err != nil {
			return nil, fmt.Errorf("papers of %s are malformed", one.ID.Text(staff.ProposalPrefix))
		}
		one.Asked, one.Changed = time.UnixMicro(asked).UTC(), time.UnixMicro(changed).UTC()
		out = append(out, one)
	}
	return out, rows.Err()
}

// whole reads what hangs on a request: its pages, and who the client is outside.
func (s *Service) whole(ctx context.Context, r db.Reader, q Request) (Request, error) {
	me, err := s.d.Clients.Person(ctx, q.Client)
	if err != nil {
		return Request{}, err
	}
	q.who, q.prints = me.UID, map[application.Page][]byte{}
	sent, err := s.sent(ctx, r, &q)
	if err != nil {
		return Request{}, err
	}
	for _, p := range needed(q.wish) {
		v := application.PageView{Page: p}
		if which, ok := sent[p]; ok {
			v.Have = true
			if v.Scan, err = s.d.Scans.One(ctx, r, q.ID, which); err != nil {
				return Request{}, err
			}
		}
		for i, other := range q.Pages {
			if v.Have && other.Have && other.Scan.Same(v.Scan) {
				v.SameAs, q.Pages[i].SameAs = other.Page, p
			}
		}
		q.Pages = append(q.Pages, v)
	}
	return q, nil
}

func (s *Service) sent(ctx context.Context, r db.Reader, q *Request) (out map[application.Page]id.ID, err error) {
	rows, err := r.Rows(ctx, qPages, q.ID.Bytes())
	if err != nil {
		return nil, fmt.Errorf("pages of a request: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[application.Page]id.ID{}
	for rows.Next() {
		var page application.Page
		var raw, print []byte
		if err := rows.Scan(&page, &raw, &print); err != nil {
			return nil, fmt.Errorf("pages of a request: %w", err)
		}
		if out[page], err = id.FromBytes(raw); err != nil {
			return nil, fmt.Errorf("pages of a request: %w", err)
		}
		q.prints[page] = print
	}
	return out, rows.Err()
}

func record(ctx context.Context, tx db.Tx, q Request, act string) error {
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: "client", Client: int64(q.Client), Act: act, Subject: q.ID.Text(staff.ProposalPrefix),
	})
}
