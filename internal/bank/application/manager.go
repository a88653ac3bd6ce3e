package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

// The refusals of the manager's work.
var (
	ErrTaken        = fault.New(fault.Conflict, "application.taken")         // by: the colleague who has it
	ErrNotYours     = fault.New(fault.Forbidden, "application.not_yours")    // take it first
	ErrReason       = fault.New(fault.Invalid, "application.reason_needed")  // why do you look?
	ErrState        = fault.New(fault.Conflict, "application.wrong_state")   // somebody was faster, or it is decided
	ErrNight        = fault.New(fault.Refused, "application.night")          // from: when it is calling time there
	ErrCallOpen     = fault.New(fault.Conflict, "application.call_open")     // end the call that is under way
	ErrNoCall       = fault.New(fault.Refused, "application.no_call")        // nobody has spoken with the person yet
	ErrChecks       = fault.New(fault.Invalid, "application.checks_needed")  // the list is not ticked off
	ErrOutcome      = fault.New(fault.Invalid, "application.outcome_needed") // how did the call end?
	ErrAgain        = fault.New(fault.Invalid, "application.again_invalid")  // call back at: in the next two weeks
	ErrRetakeNeeded = fault.New(fault.Invalid, "application.retake_needed")  // which page, and why?
	ErrRefusal      = fault.New(fault.Invalid, "application.refusal_needed") // one of the reasons
	ErrMet          = fault.New(fault.Conflict, "application.met_already")
)

var (
	qQueue = db.Query(`SELECT id FROM card_application WHERE state IN ($1, $2, $3, $4) AND twin IS NULL AND ($5 = '' OR staff = $5)
		AND (promised_us, id) > ($6, $7) ORDER BY promised_us, id LIMIT $8`)
	qPromised  = db.Query(`SELECT promised_us FROM card_application WHERE id = $1`)
	qTwinCount = db.Query(`SELECT COUNT(*) FROM card_application WHERE twin = $1`)
)

const maxQueue = 200

// Queue lists the applications that wait for the bank, the most urgent first.
func (s *Service) Queue(ctx context.Context, by Actor, f QueueFilter) ([]QueueRow, error) {
	states := f.States
	if len(states) == 0 {
		states = []State{Submitted, CallDue}
	}
	var in [4]int16
	for i := range in {
		in[i] = int16(states[min(i, len(states)-1)])
	}
	mine := ""
	if f.Mine {
		mine = by.Ref()
	}
	if f.Limit <= 0 || f.Limit > maxQueue {
		f.Limit = maxQueue
	}
	from := int64(-1)
	if !f.After.IsZero() {
		err := s.db.Row(ctx, qPromised, f.After.Bytes()).Scan(&from)
		if errors.Is(err, db.ErrNoRows) {
			err = ErrMissing
		}
		if err != nil {
			return nil, err
		}
	}
	rows, err := s.db.Rows(ctx, qQueue, in[0], in[1], in[2], in[3], mine, from, f.After.Bytes(), f.Limit)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	defer rows.Close()
	var keys []id.ID
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, fmt.Errorf("queue: %w", err)
		}
		key, err := id.FromBytes(raw)
		if err != nil {
			return nil, fmt.Errorf("queue: %w", err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	var out []QueueRow
	for _, key := range keys {
		a, err := s.read(ctx, s.db, qCard, key)
		if err != nil {
			return nil, err
		}
		out = append(out, s.line(a, by))
	}
	return out, nil
}

// Line finds one application by its exact number, masked: «ap_…».
func (s *Service) Line(ctx context.Context, by Actor, number string) (QueueRow, error) {
	key, err := id.Parse(Prefix, strings.TrimSpace(number))
	if err != nil {
		return QueueRow{}, ErrMissing
	}
	a, err := s.read(ctx, s.db, qCard, key)
	if err != nil {
		return QueueRow{}, err
	}
	return s.line(a, by), nil
}

func (s *Service) line(a row, by Actor) QueueRow {
	now := s.db.Now()
	zone := a.q.zone()
	from := now
	if a.call.After(from) {
		from = a.call
	}
	region, _ := RegionOf(a.q.Region)
	return QueueRow{
		ID: a.id, State: a.state, Masked: a.q.clientName().Masked(), Region: region.Name(locale.Russian), LocalTime: now.In(zone),
		Callable: callable(now, zone) && !a.call.After(now), CallFrom: callFrom(from, zone),
		Submitted: a.submitted, Promised: a.promised.In(zone), Late: !a.promised.IsZero() && now.After(a.promised),
		NoAnswers: a.noAnswers, TakenBy: a.staffName, Mine: a.staff != "" && a.staff == by.Ref(), Delivery: a.q.Delivery,
		Client: a.client != 0 && a.state != Approved,
	}
}

// takeOver is after how long without any work a colleague may take an
// application over.
const takeOver = 4 * time.Hour

// Take makes the actor the manager of an application; ErrTaken when a
// colleague is at it. Said twice it changes nothing.
func (s *Service) Take(ctx context.Context, by Actor, key id.ID) error {
	return s.decide(ctx, by, key, "application.taken", "", func(_ context.Context, tx db.Tx, a *row) error {
		switch {
		case a.staff != "" && a.staff != by.Ref() && tx.Now().Sub(a.changed) < takeOver:
			return ErrTaken.With("by", a.staffName)
		case a.state != Submitted && a.state != CallDue, !a.twin.IsZero():
			return ErrState
		}
		a.state, a.staff, a.staffName = CallDue, by.Ref(), by.Name()
		return nil
	})
}

// Release gives an application back to the queue.
func (s *Service) Release(ctx context.Context, by Actor, key id.ID) error {
	return s.decide(ctx, by, key, "application.released", "", func(_ context.Context, _ db.Tx, a *row) error {
		if err := mine(by, *a); err != nil {
			return err
		}
		if a.state != CallDue {
			return ErrState
		}
		a.state, a.staff, a.staffName = Submitted, "", ""
		return nil
	})
}

func mine(by Actor, a row) error {
	if a.staff == "" || a.staff != by.Ref() {
		return ErrNotYours
	}
	return nil
}

// decide runs fn on an application, writes it and the audit line. The details
// are the bank's own words and hold no personal data.
func (s *Service) decide(ctx context.Context, by Actor, key id.ID, act, details string, fn func(context.Context, db.Tx, *row) error) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, &a); err != nil {
			return err
		}
		if a.state.Live() { // an end has written it already
			if err := s.save(ctx, tx, a); err != nil {
				return err
			}
		}
		return s.audited(ctx, tx, by, a, act, details)
	})
}

func (s *Service) audited(ctx context.Context, tx db.Tx, by Actor, a row, act, details string) error {
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: by.Ref(), Client: int64(a.client), Act: act, Subject: a.id.Text(Prefix), Details: []byte(details),
	})
}

// minReason is how long a reason for looking must be, in letters.
const minReason, maxReason = 3, 200

// Read opens the whole application for the manager who took it. Each look is
// in the audit trail with its reason.
func (s *Service) Read(ctx context.Context, by Actor, key id.ID, reason string) (Dossier, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason || !utf8.ValidString(reason) {
		return Dossier{}, ErrReason.At("reason")
	}
	var a row
	err := s.db.Write(ctx, func(tx db.Tx) (err error) {
		if a, err = s.read(ctx, tx, qCard, key); err != nil {
			return err
		}
		if err := mine(by, a); err != nil {
			return err
		}
		return s.audited(ctx, tx, by, a, "application.read", reason)
	})
	if err != nil {
		return Dossier{}, err
	}
	return s.dossier(ctx, by, a)
}

func (s *Service) dossier(ctx context.Context, by Actor, a row) (d Dossier, err error) {
	d = Dossier{
		QueueRow: s.line(a, by), Phone: a.phone, Name: a.q.name(), Contact: a.q.contact(), Passport: a.q.passport(), Address: a.q.address(),
		Wish: a.q.delivery(), Retakes: a.note.open(), Reason: a.note.Reason, HasWord: a.word != nil, Decided: a.decided, Met: !a.met.IsZero(),
		ClientID: a.client,
	}
	if d.Pages, err = s.pages(ctx, s.db, a); err != nil {
		return d, err
	}
	if d.Calls, err = s.calls(ctx, a.id); err != nil {
		return d, err
	}
	if d.Consents, err = s.consentsOf(ctx, s.db, a.id); err != nil {
		return d, err
	}
	if err := s.db.Row(ctx, qTwinCount, a.id.Bytes()).Scan(&d.Twins); err != nil {
		return d, fmt.Errorf("twins of an application: %w", err)
	}
	if key := a.q.passportKey(); key != "" {
		switch who, err := s.clients.HoldsPassport(ctx, s.db, key); {
		case err == nil:
			d.KnownPassport = who != a.client
		case !errors.Is(err, client.ErrNobody):
			return d, err
		}
	}
	if a.client != 0 {
		c, err := s.clients.ByID(ctx, a.client)
		if err != nil {
			return d, err
		}
		d.ClientUID = c.UID.Text(client.Prefix)
	}
	d.Warnings = warnings(d)
	return d, nil
}

// warnings are what the machine noticed and a person should look at.
func warnings(d Dossier) (out []string) {
	say := func(when bool, key string) {
		if when && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	for _, p := range d.Pages {
		say(p.Have && p.Scan.Blurred(), "application.warn_blurred")
		say(p.Have && p.Scan.Small(), "application.warn_small")
		say(p.SameAs != 0, "application.warn_same")
	}
	say(d.Twins > 0, "application.warn_twin")
	say(d.KnownPassport, "application.warn_passport")
	for _, c := range d.Calls {
		say(c.Outcome == WrongNumber, "application.warn_number")
	}
	return out
}

// ScanPicture gives a picture to the manager who took the application, with his
// name and the date drawn into it; every look is in the audit trail.
func (s *Service) ScanPicture(ctx context.Context, by Actor, key, which id.ID) ([]byte, error) {
	return s.look(ctx, by, key, which, false)
}

// ScanThumb gives the small picture, marked too.
func (s *Service) ScanThumb(ctx context.Context, by Actor, key, which id.ID) ([]byte, error) {
	return s.look(ctx, by, key, which, true)
}

func (s *Service) look(ctx context.Context, by Actor, key, which id.ID, small bool) ([]byte, error) {
	page, err := s.pageOf(ctx, key, which)
	if err != nil {
		return nil, err
	}
	var now time.Time
	err = s.db.Write(ctx, func(tx db.Tx) error {
		now = tx.Now()
		a, err := s.read(ctx, tx, qCard, key)
		if err != nil {
			return err
		}
		if err := mine(by, a); err != nil {
			return err
		}
		if small {
			return nil // on the page that Read has logged
		}
		return s.audited(ctx, tx, by, a, "application.scan_seen", page.Name())
	})
	if err != nil {
		return nil, err
	}
	read := s.scans.Picture
	if small {
		read = s.scans.Thumb
	}
	picture, err := s.page(ctx, key, page, read)
	if err != nil {
		return nil, err
	}
	return s.scans.Marked(picture, mark(by, now))
}
