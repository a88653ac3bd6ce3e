package application

import (
	"context"
	"errors"
	"slices"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// SaveName keeps the first page. Like every Save it gives all faults of the
// page at once as Problems and keeps nothing then; ErrSent when the
// application is with the bank already.
func (s *Service) SaveName(ctx context.Context, h Holder, f NameForm) (View, error) {
	return s.savePage(ctx, h, StepName, func(q *questionnaire, now time.Time) Problems { return q.takeName(f, now) })
}

// SaveContact keeps the second page.
func (s *Service) SaveContact(ctx context.Context, h Holder, f ContactForm) (View, error) {
	return s.savePage(ctx, h, StepContact, func(q *questionnaire, _ time.Time) Problems { return q.takeContact(f) })
}

// SavePassport keeps the third page; a passport that has run out is told here,
// before anybody takes photos of it.
func (s *Service) SavePassport(ctx context.Context, h Holder, f PassportForm) (View, error) {
	return s.savePage(ctx, h, StepPassport, func(q *questionnaire, now time.Time) Problems { return q.takePassport(f, now) })
}

// SaveAddress keeps the fourth page.
func (s *Service) SaveAddress(ctx context.Context, h Holder, f AddressForm) (View, error) {
	return s.savePage(ctx, h, StepAddress, func(q *questionnaire, _ time.Time) Problems { return q.takeAddress(f) })
}

// SaveDelivery keeps the fifth page.
func (s *Service) SaveDelivery(ctx context.Context, h Holder, f DeliveryForm) (View, error) {
	return s.savePage(ctx, h, StepDelivery, func(q *questionnaire, _ time.Time) Problems { return q.takeDelivery(f) })
}

func (s *Service) savePage(ctx context.Context, h Holder, st Step, take func(*questionnaire, time.Time) Problems) (View, error) {
	return s.change(ctx, h, func(ctx context.Context, tx db.Tx, o owner, a *row) error {
		if a.state != Draft {
			return ErrSent
		}
		if wrong := take(&a.q, tx.Now()); len(wrong) > 0 {
			return wrong
		}
		if !a.q.seen(st) {
			a.q.Seen = append(a.q.Seen, st)
		}
		return s.save(ctx, tx, *a)
	})
}

// change runs fn on the holder's application, which must have been opened.
func (s *Service) change(ctx context.Context, h Holder, fn func(context.Context, db.Tx, owner, *row) error) (View, error) {
	o, err := s.ownerOf(ctx, h)
	if err != nil {
		return View{}, err
	}
	var key id.ID
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if key, err = s.newest(ctx, tx, o, false); err != nil {
			return err
		}
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		return fn(ctx, tx, o, &a)
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, key)
}

func wordAt(key id.ID) vault.At { return cardAt("word", key) }

// SaveWord keeps the code word and the consents, each of which is logged with
// the version of its text.
func (s *Service) SaveWord(ctx context.Context, h Holder, f WordForm) (View, error) {
	now, err := s.editable(ctx, h)
	if err != nil {
		return View{}, err
	}
	var w wrongs
	var hash vault.Hidden
	if !f.CodeWord.Empty() || now.word == nil {
		wrong := codeWord(f.CodeWord.Reveal(), now.q.name())
		if w.add("code_word", wrong); wrong == nil {
			// Slow by design, so outside the unit of work. The word itself is
			// kept nowhere.
			if hash, err = s.access.HashCodeWord(ctx, f.CodeWord.Reveal()); err != nil {
				return View{}, err
			}
		}
	}
	for _, c := range consentVersions() {
		if c.Needed && !f.Consents[c.Kind] {
			w.add("consent_"+string(c.Kind), ErrConsent)
		}
	}
	if len(w.all) > 0 {
		return View{}, w.all
	}
	return s.change(ctx, h, func(ctx context.Context, tx db.Tx, _ owner, a *row) error {
		if a.state != Draft {
			return ErrSent
		}
		if !hash.Empty() {
			if a.word, err = s.vault.SealText(vault.Secret, wordAt(a.id), hash.Reveal()); err != nil {
				return err
			}
		}
		if err := s.keepConsents(ctx, tx, *a, f.Consents); err != nil {
			return err
		}
		if !a.q.seen(StepWord) {
			a.q.Seen = append(a.q.Seen, StepWord)
		}
		return s.save(ctx, tx, *a)
	})
}

// View reads the holder's application again; ErrMissing when he has none.
func (s *Service) View(ctx context.Context, h Holder) (View, error) {
	return s.change(ctx, h, func(context.Context, db.Tx, owner, *row) error { return nil })
}

// view shows an application to its owner.
func (s *Service) view(ctx context.Context, key id.ID) (View, error) {
	a, err := s.read(ctx, s.db, qCard, key)
	if err != nil {
		return View{}, err
	}
	v := View{
		ID: a.id, State: a.state, Phone: a.phone, Lang: a.lang, Client: a.client != 0 && a.state != Approved,
		Name: a.q.name(), Contact: a.q.contact(), Passport: a.q.passport(), Address: a.q.address(), Delivery: a.q.delivery(),
		HasWord: a.word != nil,
	}
	if v.Pages, err = s.pages(ctx, s.db, a); err != nil {
		return View{}, err
	}
	if v.Consents, err = s.consentsOf(ctx, s.db, a.id); err != nil {
		return View{}, err
	}
	if v.Status, err = s.status(ctx, a); err != nil {
		return View{}, err
	}
	v.Done, v.Next = done(a, v, s.db.Now())
	return v, nil
}

// done tells which steps are whole and right, and the first that is not.
func done(a row, v View, now time.Time) (map[Step]bool, Step) {
	out := map[Step]bool{}
	next := StepReview
	for _, st := range Steps() {
		if st == StepReview {
			out[st] = next == StepReview && a.state != Draft
			continue
		}
		out[st] = len(unfinished(a, v, st, now)) == 0
		if !out[st] && next == StepReview {
			next = st
		}
	}
	return out, next
}

// unfinished tells what keeps a step from being whole. Everything is looked at
// again, because a later page may contradict an earlier one and days go by.
func unfinished(a row, v View, st Step, now time.Time) (wrong Problems) {
	q := a.q // a copy: looking changes nothing
	switch st {
	case StepName:
		return q.takeName(q.name(), now)
	case StepContact:
		if !q.seen(StepContact) {
			return Problems{ErrUnfinished.At("email")}
		}
		return q.takeContact(q.contact())
	case StepPassport:
		return q.takePassport(q.passport(), now)
	case StepAddress:
		return q.takeAddress(q.address())
	case StepDelivery:
		return q.takeDelivery(q.delivery())
	case StepScans:
		for _, p := range v.Pages {
			if !p.Have {
				wrong = append(wrong, ErrPageNeeded.At("page_"+p.Page.Name()))
			}
		}
	case StepWord:
		if !v.HasWord {
			wrong = append(wrong, access.ErrCodeWordForm.At("code_word"))
		}
		for _, c := range v.Consents {
			if c.Needed && !c.Given {
				wrong = append(wrong, ErrConsent.At("consent_"+string(c.Kind)))
			}
		}
	}
	return wrong
}

// Submit hands the application in, or hands in again what was asked for.
// Problems name everything that is not whole.
func (s *Service) Submit(ctx context.Context, h Holder) (View, error) {
	o, err := s.ownerOf(ctx, h)
	if err != nil {
		return View{}, err
	}
	var key id.ID
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if key, err = s.newest(ctx, tx, o, false); err != nil {
			return err
		}
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		switch a.state {
		case Submitted, CallDue:
			return nil // a second tap
		case Draft, Retake:
		default:
			return ErrSent
		}
		if wrong, err := s.whole(ctx, tx, a); err != nil || len(wrong) > 0 {
			return errors.Join(err, wrong.orNil())
		}
		if err := s.claim(ctx, tx, &a); err != nil {
			return err
		}
		// After a retake it stands in the queue again for whoever is on duty.
		a.state, a.submitted, a.promised, a.call = Submitted, tx.Now(), promise(tx.Now(), a.q.zone()).UTC(), time.Time{}
		a.staff, a.staffName = "", ""
		if err := s.save(ctx, tx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, o, "application.submitted", key)
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, key)
}

// orNil makes no Problems no error.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// whole tells everything that keeps an application from being handed in.
func (s *Service) whole(ctx context.Context, tx db.Tx, a row) (wrong Problems, err error) {
	v := View{HasWord: a.word != nil}
	if v.Pages, err = s.pages(ctx, tx, a); err != nil {
		return nil, err
	}
	if v.Consents, err = s.consentsOf(ctx, tx, a.id); err != nil {
		return nil, err
	}
	for _, st := range Steps() {
		wrong = append(wrong, unfinished(a, v, st, tx.Now())...)
	}
	return wrong, nil
}

// claim takes the alias of the passport: of two attempts with one passport the
// second becomes the twin of the first, which alone stands in the queue.
func (s *Service) claim(ctx context.Context, tx db.Tx, a *row) error {
	hash := s.vault.Lookup(vault.Phone, a.phone.E164())
	if _, err := tx.Exec(ctx, qLiveFree, a.id.Bytes(), hash); err != nil {
		return err // a passport typed before and corrected since
	}
	passport := s.clients.PassportHash(a.q.passportKey())
	taken, err := tx.Exec(ctx, qLiveTake, passport, a.id.Bytes())
	if err != nil {
		return err
	}
	a.twin = id.ID{}
	if taken == 0 {
		a.twin, err = idOf(ctx, tx, qLive, passport)
	}
	return err
}

// Withdraw takes an application back; its pictures are forgotten at once.
func (s *Service) Withdraw(ctx context.Context, h Holder) error {
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
		if !a.state.Live() {
			return ErrSent
		}
		a.state, a.decided, a.promised, a.call = Withdrawn, tx.Now(), time.Time{}, time.Time{}
		if err := s.end(ctx, tx, &a); err != nil {
			return err
		}
		return s.record(ctx, tx, o, "application.withdrawn", key)
	})
}

var qTwins = db.Query(`SELECT id FROM card_application WHERE twin = $1 ORDER BY id LIMIT 20`)

// end lets go of what a live application holds and writes it; what it keeps of
// the person is what the decision needs.
func (s *Service) end(ctx context.Context, tx db.Tx, a *row) error {
	if _, err := tx.Exec(ctx, qLiveEnd, a.id.Bytes()); err != nil {
		return err
	}
	a.word = nil
	if a.state != Approved {
		if err := s.forgetPages(ctx, tx, a.id); err != nil {
			return err
		}
	}
	zone := a.q.Region
	a.q = questionnaire{Region: zone, Delivery: a.q.Delivery} // the time zone for the status page
	if err := s.save(ctx, tx, *a); err != nil {
		return err
	}
	return s.freeTwins(ctx, tx, *a)
}

// freeTwins goes on with later attempts by the same passport: after an
// approval they are refused without a word about why, else the first of them
// takes the place in the queue.
func (s *Service) freeTwins(ctx context.Context, tx db.Tx, first row) error {
	rows, err := tx.Rows(ctx, qTwins, first.id.Bytes())
	if err != nil {
		return err
	}
	var keys []id.ID
	for rows.Next() {
		var raw []byte
		if err := errors.Join(rows.Scan(&raw)); err != nil {
			return errors.Join(err, rows.Close())
		}
		key, err := id.FromBytes(raw)
		if err != nil {
			return errors.Join(err, rows.Close())
		}
		keys = append(keys, key)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, key := range keys {
		twin, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		twin.twin = id.ID{}
		switch {
		case !twin.state.Live():
			err = s.save(ctx, tx, twin)
		case first.state == Approved:
			twin.state, twin.decided, twin.promised = Refused, tx.Now(), time.Time{}
			twin.note = note{Reason: reasonKey(ByRules), Sent: twin.note.Sent}
			err = s.end(ctx, tx, &twin)
		default:
			if err = s.claim(ctx, tx, &twin); err == nil {
				err = s.save(ctx, tx, twin)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// papers is what the bank keeps of an approved person.
func (q questionnaire) papers() client.Papers {
	return client.Papers{
		Middle: q.Middle, Email: q.Email,
		Series: q.Series, Number: q.Number, Department: q.Department, IssuedBy: q.IssuedBy, IssuedOn: q.IssuedOn, BirthPlace: q.BirthPlace,
		PostCode: q.PostCode, Region: q.Region, City: q.City, Street: q.Street, House: q.House, Flat: q.Flat,
	}
}

// Fields lists the fields of Problems, for tests and doors.
func (p Problems) Fields() []string {
	var out []string
	for _, f := range p {
		if !slices.Contains(out, f.Field) {
			out = append(out, f.Field)
		}
	}
	return out
}

// Of gives the faults of one field.
func (p Problems) Of(field string) (out []*fault.Error) {
	for _, f := range p {
		if f.Field == field {
			out = append(out, f)
		}
	}
	return out
}
