package topup

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Times the tests wait for.
const (
	TakeOver  = takeOver
	LostAfter = lostAfter
	PollMax   = pollMax
	AskEvery  = askEvery
)

// May is the table of steps.
func May(from, to State, gaveUp bool) bool { return may(from, to, gaveUp) }

// StopAt walks a fresh top-up to a state before the acquirer is asked, as a
// process that dies there leaves it.
func (s *Service) StopAt(ctx context.Context, cmd Start, at State) (id.ID, error) {
	q, err := s.ReadQuote(ctx, cmd.Client, cmd.Quote)
	if err != nil {
		return id.ID{}, err
	}
	r, _, err := s.create(ctx, cmd, q, nil)
	if err != nil || at == Created {
		return r.id, err
	}
	if err := s.reserve(ctx, &r); err != nil || at == Reserved {
		return r.id, err
	}
	r.sentMicro = s.d.Now().UnixMicro()
	return r.id, s.move(ctx, &r, Sent, s.d.Now().Add(takeOver))
}

// Walk forces a top-up into a state by the legal way there, touching no money.
func (s *Service) Walk(ctx context.Context, topup id.ID, way ...State) error {
	for _, to := range way {
		r, err := find(ctx, s.d.DB, qByID, topup.Bytes())
		if err != nil {
			return err
		}
		if err := s.move(ctx, &r, to, s.d.Now().Add(time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

// IllegalStep tells that a step was refused because the machine has none such.
func IllegalStep(err error) bool {
	var e errStep
	return errors.As(err, &e)
}

// Stale tells that a step was refused because another came first.
func Stale(err error) bool { return errors.Is(err, errStale) }

// StepTwice takes one step twice from the same reading.
func (s *Service) StepTwice(ctx context.Context, topup id.ID, to State) (first, second error) {
	r, err := find(ctx, s.d.DB, qByID, topup.Bytes())
	if err != nil {
		return err, err
	}
	again := r
	first = s.move(ctx, &r, to, s.d.Now())
	second = s.move(ctx, &again, to, s.d.Now())
	return first, second
}

// Raw reads everything stored about a top-up.
func (s *Service) Raw(ctx context.Context, topup id.ID) (out []byte, err error) {
	var d db.Reader = s.d.DB
	r, err := find(ctx, d, qByID, topup.Bytes())
	if err != nil {
		return nil, err
	}
	for _, b := range [][]byte{r.print[:], []byte(r.reason), r.operation, r.action, r.details} {
		out = append(append(out, b...), ' ')
	}
	return out, nil
}
