package paper

import (
	"context"
	"io"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

// maxUploads is how many pictures may be sent for one request: each costs
// decoding and room (W09).
const maxUploads = 30

// Upload takes the photo of a page that is asked for; an earlier one of the same
// page is forgotten. The rules and refusals are those of the questionnaire: a
// blurred, small or twice sent picture is kept and told.
func (s *Service) Upload(ctx context.Context, who client.ID, page application.Page, r io.Reader) error {
	q, err := s.Open(ctx, who)
	if err != nil {
		return err
	}
	if q.State != Asked || !q.asks(page) {
		return ErrNone
	}
	// Counted before any work is done for it.
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qCount, int64(who), q.ID.Bytes(), maxUploads)
		if err == nil && n == 0 {
			err = application.ErrUploads
		}
		return err
	})
	if err != nil {
		return err
	}
	p, err := s.d.Scans.Prepare(ctx, r)
	if err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		now, err := s.one(ctx, tx, qLock, who, q.ID)
		if err != nil {
			return err
		}
		if now.State != Asked || now.order != q.order {
			return ErrOther
		}
		if old, ok := now.scan(page); ok {
			if err := s.d.Scans.Drop(ctx, tx, q.ID, old.ID); err != nil {
				return err
			}
		}
		kept, err := s.d.Scans.Put(ctx, tx, q.ID, p)
		if err != nil {
			return err
		}
		print := p.Print()
		if _, err := tx.Exec(ctx, qPagePut, q.ID.Bytes(), int16(page), kept.ID.Bytes(), print[:], tx.Now().UnixMicro()); err != nil {
			return err
		}
		return record(ctx, tx, q, "person.page_"+page.Name())
	})
}

// asks tells whether a page is needed.
func (r Request) asks(page application.Page) bool {
	for _, p := range r.Pages {
		if p.Page == page {
			return true
		}
	}
	return false
}

func (r Request) scan(page application.Page) (scan.Scan, bool) {
	for _, p := range r.Pages {
		if p.Page == page {
			return p.Scan, p.Have
		}
	}
	return scan.Scan{}, false
}

// holds tells whether a picture is one of this request.
func (r Request) holds(which id.ID) bool {
	for _, p := range r.Pages {
		if p.Have && p.Scan.ID == which {
			return true
		}
	}
	return false
}

// Thumb gives a client the small picture of a page that he sent.
func (s *Service) Thumb(ctx context.Context, who client.ID, which id.ID) ([]byte, error) {
	q, err := s.Open(ctx, who)
	if err != nil {
		return nil, err
	}
	if !q.holds(which) {
		return nil, scan.ErrMissing
	}
	return s.d.Scans.Thumb(ctx, q.ID, which)
}

// Send hands the request over to the bank: every page is there, and the client
// has confirmed its order. The evidence lands with it.
func (s *Service) Send(ctx context.Context, who client.ID, signed order.Signed) error {
	q, err := s.Open(ctx, who)
	if err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		now, err := s.one(ctx, tx, qLock, who, q.ID)
		if err != nil {
			return err
		}
		switch {
		case now.State != Asked || now.order != signed.ID():
			return ErrOther
		case !now.Whole():
			return ErrPages
		case !signed.Covers(who, now.Order()):
			return order.ErrNotSigned
		}
		if err := signed.Save(ctx, tx); err != nil {
			return err
		}
		if err := s.move(ctx, tx, now, Given); err != nil {
			return err
		}
		return record(ctx, tx, now, "person.confirmed")
	})
}

// Picture gives a picture to a member of staff who has opened the proposal, with
// his name and the time drawn into it. Whoever calls it has kept the look.
func (s *Service) Picture(ctx context.Context, by staff.Actor, p staff.Proposal, which id.ID) ([]byte, error) {
	q, err := s.Of(ctx, p)
	if err != nil {
		return nil, err
	}
	if !q.holds(which) || q.State == Asked {
		return nil, scan.ErrMissing
	}
	picture, err := s.d.Scans.Picture(ctx, q.ID, which)
	if err != nil {
		return nil, err
	}
	return s.d.Scans.Marked(picture, mark(by, s.d.DB.Now()))
}

// mark is what is drawn into a picture that staff look at.
func mark(by staff.Actor, now time.Time) string {
	return locale.For(locale.Russian).T("application.watermark", locale.A("name", by.FullName()), locale.A("date", now.In(clock.Moscow).Format("02.01.2006 15:04")))
}
