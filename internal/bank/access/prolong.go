package access

import (
	"context"
	"time"

	"rocketbank/internal/base/db"
)

// A flow that has proved its phone and works on a long form is kept while its
// owner goes on, but not for ever after its code: its cookie opens what he typed.
const (
	prolongBy   = 2 * time.Hour
	prolongMost = 12 * time.Hour
)

// Prolong keeps the flow of somebody who orders a card and has just saved a
// page of his form; it tells until when. Other flows keep their time.
func (s *Service) Prolong(ctx context.Context, token string) (ends time.Time, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		f, err := s.flow(ctx, tx, qFlowLock, token)
		if err != nil {
			return err
		}
		ends = f.ends
		if f.purpose != ForOrder || f.stage != AtNewPasscode {
			return nil
		}
		until := s.now().Add(prolongBy)
		if last := f.sent.Add(prolongMost); until.After(last) {
			until = last
		}
		if !until.After(f.ends) {
			return nil
		}
		f.ends, ends = until, until
		return s.save(ctx, tx, f)
	})
	return ends, err
}
