package access

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// First is what somebody types at his first login after his card was approved.
type First struct {
	CodeWord string
	Passcode string
	Repeat   string
}

var qPasscodeFirst = db.Query(`INSERT INTO passcode (client, hash, set_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)

// FirstLogin sets the passcode of a client who has none yet, makes the device
// known (with from.Key as its key) and opens his first session. The flow is
// AtNewPasscode; a code from a SMS is not enough (A09), so the code word of
// the application is asked too. Said again on a finished flow it logs the same
// device in. ErrStep: the phone is still nobody's, or has a passcode by now.
func (s *Service) FirstLogin(ctx context.Context, flowToken string, f First, from Visitor) (Entry, error) {
	e, err := s.firstLogin(ctx, flowToken, f, from)
	if !errors.Is(err, ErrStep) {
		return e, err
	}
	if again, ferr := s.flow(ctx, s.db, qFlow, flowToken); ferr == nil && again.stage == AtEnd {
		return s.FinishLogin(ctx, flowToken, f.Passcode, from) // another tap of the same finger was first
	}
	return Entry{}, err
}

func (s *Service) firstLogin(ctx context.Context, flowToken string, f First, from Visitor) (Entry, error) {
	flow, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return Entry{}, err
	}
	who, err := s.newcomer(ctx, flow)
	if err != nil {
		return Entry{}, err
	}
	c, err := s.clients.ByID(ctx, who)
	if err != nil {
		return Entry{}, err
	}
	if err := s.simTrusted(ctx, s.db, c.Phone); err != nil {
		return Entry{}, err
	}
	if err := CheckNewPasscode(f.Passcode, f.Repeat, c.Born, c.Phone); err != nil {
		return Entry{}, err
	}
	signed, err := s.newKey(flow.id.Text(FlowPrefix), from)
	if err != nil {
		return Entry{}, err
	}
	if err := s.judgeCodeWord(ctx, who, f.CodeWord, "client"); err != nil {
		return Entry{}, err
	}
	hash, err := s.vault.HashPasscode(ctx, f.Passcode) // slow by design, so outside the unit of work
	if err != nil {
		return Entry{}, err
	}
	sealed, err := s.vault.SealText(vault.Secret, passcodeAt(who), hash)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	err = s.db.Write(ctx, func(tx db.Tx) error {
		locked, err := s.flow(ctx, tx, qFlowLock, flowToken)
		if err != nil {
			return err
		}
		if locked.stage != AtNewPasscode {
			return ErrStep
		}
		n, err := tx.Exec(ctx, qPasscodeFirst, int64(who), sealed, micro(s.now()))
		if err != nil {
			return fmt.Errorf("first passcode: %w", err)
		}
		if n == 0 {
			return ErrStep
		}
		e, err = s.admit(ctx, tx, locked, flowToken, who, s.ids.New(), signed, from, client.Person{ID: who, Lang: c.Lang})
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
}

// newcomer tells which client's first passcode a flow may set. A flow of an
// application may have proved its phone before it became a client's.
func (s *Service) newcomer(ctx context.Context, f flowRow) (client.ID, error) {
	if f.stage != AtNewPasscode {
		return 0, ErrStep
	}
	whole, err := s.openPhone(f)
	if err != nil {
		return 0, err
	}
	who, err := s.clients.HoldsPhone(ctx, s.db, whole)
	if errors.Is(err, client.ErrNobody) {
		return 0, ErrStep
	}
	if err != nil {
		return 0, err
	}
	stored, err := s.storedPasscode(ctx, s.db, who)
	if err == nil && stored != "" {
		err = ErrStep
	}
	return who, err
}
