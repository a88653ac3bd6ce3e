package application

import (
	"context"
	"fmt"
	"io"
	"time"

	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

var (
	qPages   = db.Query(`SELECT page, scan, same_as FROM card_application_page WHERE application = $1 ORDER BY page`)
	qPagePut = db.Query(`INSERT INTO card_application_page (application, page, scan, same_as, at_us) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (application, page) DO UPDATE SET scan = excluded.scan, same_as = excluded.same_as, at_us = excluded.at_us`)
	qPageSame  = db.Query(`UPDATE card_application_page SET same_as = $3 WHERE application = $1 AND page = $2`)
	qPagesDrop = db.Query(`DELETE FROM card_application_page WHERE application = $1`)
)

// kept is a page that was sent.
type kept struct {
	scan scan.Scan
	same Page
}

func (s *Service) kept(ctx context.Context, r db.Reader, key id.ID) (map[Page]kept, error) {
	rows, err := r.Rows(ctx, qPages, key.Bytes())
	if err != nil {
		return nil, fmt.Errorf("pages of an application: %w", err)
	}
	found := map[Page]id.ID{}
	same := map[Page]Page{}
	for rows.Next() {
		var p, like Page
		var raw []byte
		if err := rows.Scan(&p, &raw, &like); err != nil {
			rows.Close()
			return nil, fmt.Errorf("pages of an application: %w", err)
		}
		if found[p], err = id.FromBytes(raw); err != nil {
			rows.Close()
			return nil, fmt.Errorf("pages of an application: %w", err)
		}
		same[p] = like
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	out := map[Page]kept{}
	for p, which := range found {
		sc, err := s.scans.One(ctx, r, key, which)
		if err != nil {
			return nil, err
		}
		out[p] = kept{sc, same[p]}
	}
	return out, rows.Err()
}

// pages lists the pages that are asked for, and those sent besides.
func (s *Service) pages(ctx context.Context, r db.Reader, a row) (out []PageView, err error) {
	have, err := s.kept(ctx, r, a.id)
	if err != nil {
		return nil, err
	}
	for _, p := range Pages() {
		k, ok := have[p]
		again, asked := a.note.waitsFor(p)
		if !ok && !asked && p != PageMain && p != PageRegistration {
			continue
		}
		v := PageView{Page: p, Have: ok && !asked, Scan: k.scan, SameAs: k.same}
		if asked {
			v.Retake = "application.retake_" + again.Why
		}
		out = append(out, v)
	}
	return out, nil
}

// Upload takes the photo of a page; an earlier one of the same page is
// forgotten. The refusals are those of package scan; a blurred, small or twice
// sent picture is kept and told: PageView.Scan.Blurred, Small, PageView.SameAs.
// The file's name is not believed and not kept.
func (s *Service) Upload(ctx context.Context, h Holder, page Page, r io.Reader) (PageView, error) {
	if _, known := ParsePage(page.Name()); !known {
		return PageView{}, scan.ErrMissing
	}
	if err := s.countUpload(ctx, h, page); err != nil {
		return PageView{}, err // before any work is done for a stranger
	}
	p, err := s.scans.Prepare(ctx, r)
	if err != nil {
		return PageView{}, err
	}
	v, err := s.change(ctx, h, func(ctx context.Context, tx db.Tx, o owner, a *row) error {
		if !open(*a, page) {
			return ErrSent
		}
		have, err := s.kept(ctx, tx, a.id)
		if err != nil {
			return err
		}
		if old, ok := have[page]; ok {
			if err := s.scans.Drop(ctx, tx, a.id, old.scan.ID); err != nil {
				return err
			}
		}
		sc, err := s.scans.Put(ctx, tx, a.id, p)
		if err != nil {
			return err
		}
		same := Page(0)
		for _, other := range Pages() {
			k, ok := have[other]
			if !ok || other == page {
				continue
			}
			if k.scan.Same(sc) && same == 0 {
				same = other
			}
			if k.same == page && !k.scan.Same(sc) { // the twin of the picture that is gone
				if _, err := tx.Exec(ctx, qPageSame, a.id.Bytes(), int16(other), int16(0)); err != nil {
					return err
				}
			}
		}
		if _, err := tx.Exec(ctx, qPagePut, a.id.Bytes(), int16(page), sc.ID.Bytes(), int16(same), tx.Now().UnixMicro()); err != nil {
			return err
		}
		for i := range a.note.Retakes {
			if a.note.Retakes[i].Page == page {
				a.note.Retakes[i].Done = true
			}
		}
		if err := s.save(ctx, tx, *a); err != nil {
			return err
		}
		return s.record(ctx, tx, o, "application.page_"+page.Name(), a.id)
	})
	if err != nil {
		return PageView{}, err
	}
	for _, pv := range v.Pages {
		if pv.Page == page {
			return pv, nil
		}
	}
	return PageView{}, scan.ErrMissing
}

// uploads counts what was sent for an application, whatever came of it: each
// picture costs decoding and room (W09).
type uploads struct {
	Total int   `json:"total,omitempty"`
	Day   int   `json:"day,omitempty"`
	Since int64 `json:"since,omitempty"` // the bank day that Day is of, as its first second
}

// How many pictures may be sent for one application: four pages, each taken
// again some times.
const (
	uploadsPerDay = 30
	uploadsInAll  = 100
)

// more counts a further picture, or tells that there were enough.
func (u uploads) more(now time.Time) (uploads, error) {
	y, m, d := now.In(clock.Moscow).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, clock.Moscow)
	if u.Since != day.Unix() {
		u.Day, u.Since = 0, day.Unix()
	}
	if u.Day >= uploadsPerDay || u.Total >= uploadsInAll {
		return u, ErrUploads
	}
	u.Day++
	u.Total++
	return u, nil
}

// countUpload lets a picture in as far as the page may be sent and the quota
// lasts.
func (s *Service) countUpload(ctx context.Context, h Holder, page Page) error {
	o, err := s.ownerOf(ctx, h)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		key, err := s.newest(ctx, tx, o, false)
		if err != nil {
			return err
		}
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		if !open(a, page) {
			return ErrSent
		}
		if a.note.Sent, err = a.note.Sent.more(tx.Now()); err != nil {
			return err
		}
		return s.save(ctx, tx, a)
	})
}

// open tells whether a page may be sent now: any while it is a draft, later
// those that were asked for again.
func open(a row, p Page) bool {
	if a.state == Draft {
		return true
	}
	for _, r := range a.note.Retakes {
		if a.state == Retake && r.Page == p {
			return true
		}
	}
	return false
}

func (s *Service) editable(ctx context.Context, h Holder) (row, error) {
	o, err := s.ownerOf(ctx, h)
	if err != nil {
		return row{}, err
	}
	var a row
	err = s.db.Write(ctx, func(tx db.Tx) error {
		key, err := s.newest(ctx, tx, o, false)
		if err != nil {
			return err
		}
		a, err = s.read(ctx, tx, qCard, key)
		return err
	})
	return a, err
}

// Picture and Thumb give a sent page back to its owner, as a JPEG.
func (s *Service) Picture(ctx context.Context, h Holder, page Page) ([]byte, error) {
	return s.own(ctx, h, page, s.scans.Picture)
}

// Thumb gives the small picture.
func (s *Service) Thumb(ctx context.Context, h Holder, page Page) ([]byte, error) {
	return s.own(ctx, h, page, s.scans.Thumb)
}

// ThumbOf is Thumb by the picture's own name, which says nothing of the page.
func (s *Service) ThumbOf(ctx context.Context, h Holder, which id.ID) ([]byte, error) {
	a, err := s.editable(ctx, h)
	if err != nil {
		return nil, err
	}
	page, err := s.pageOf(ctx, a.id, which)
	if err != nil {
		return nil, err
	}
	return s.page(ctx, a.id, page, s.scans.Thumb)
}

// pageOf tells which page a picture is of.
func (s *Service) pageOf(ctx context.Context, key, which id.ID) (Page, error) {
	have, err := s.kept(ctx, s.db, key)
	for page, k := range have {
		if k.scan.ID == which {
			return page, nil
		}
	}
	if err == nil {
		err = scan.ErrMissing
	}
	return 0, err
}

func (s *Service) own(ctx context.Context, h Holder, page Page, read func(context.Context, id.ID, id.ID) ([]byte, error)) ([]byte, error) {
	a, err := s.editable(ctx, h)
	if err != nil {
		return nil, err
	}
	return s.page(ctx, a.id, page, read)
}

func (s *Service) page(ctx context.Context, key id.ID, page Page, read func(context.Context, id.ID, id.ID) ([]byte, error)) ([]byte, error) {
	have, err := s.kept(ctx, s.db, key)
	if err != nil {
		return nil, err
	}
	k, ok := have[page]
	if !ok {
		return nil, scan.ErrMissing
	}
	return read(ctx, key, k.scan.ID)
}

func (s *Service) forgetPages(ctx context.Context, tx db.Tx, key id.ID) error {
	if err := s.scans.DropAll(ctx, tx, key); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qPagesDrop, key.Bytes())
	return err
}
