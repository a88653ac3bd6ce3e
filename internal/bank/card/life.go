package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// The refusals that many acts share.
var (
	ErrNotActive = fault.New(fault.Conflict, "card.not_active")   // frozen already, or not at work
	ErrNotFrozen = fault.New(fault.Conflict, "card.not_frozen")   //
	ErrBankFroze = fault.New(fault.Refused, "card.bank_froze")    // only the bank may lift this one
	ErrDead      = fault.New(fault.Conflict, "card.dead")         // closed or blocked for ever
	ErrBlocked   = fault.New(fault.Refused, "card.owner_blocked") // the client may look and not order
)

// HSM does the cryptography of cards (hsm.Soft).
type HSM interface {
	CVV2(pan, expiry string) (string, error)
	ShownCVV2(pan, expiry string, at time.Time) (cvv string, until time.Time, err error)
	PVV(pan string, pin vault.Hidden) (vault.Hidden, error)
}

// Uses tells how a card is used (purchase.Service).
type Uses interface {
	// Open counts what is still held on a card.
	Open(ctx context.Context, tx db.Tx, who client.ID, card id.ID) (int, error)
	// Since lists how a card was used since a moment.
	Since(ctx context.Context, who client.ID, card id.ID, since time.Time) ([]Past, error)
	// Regular names the merchants that charged a card by themselves since a moment.
	Regular(ctx context.Context, who client.ID, card id.ID, since time.Time) ([]string, error)
}

// Past is one use of a card in the past.
type Past struct {
	Operation id.ID
	At        time.Time
	Attempt   Attempt
}

var (
	qState = db.Query(`SELECT state FROM card WHERE client = $1 AND id = $2`)
	qStand = db.Query(`SELECT client, ` + columns + ` FROM card WHERE client = $1 AND id = $2 {for_update}`)
	// All cards of a client, held until the unit of work ends: what counts
	// them, or looks whether the bank froze one, must not be overtaken. They
	// are read anew once they are held: who waited for them has an old picture.
	qHeld   = db.Query(`SELECT id FROM card WHERE client = $1 ORDER BY id {for_update}`)
	qWallet = db.Query(`SELECT client, ` + columns + ` FROM card WHERE client = $1 ORDER BY id {for_update}`)
)

// why tells why a card did not change: it is nobody's, it is dead, the bank
// froze it, or it stands otherwise.
func (s *Service) why(ctx context.Context, tx db.Tx, who client.ID, card id.ID, other error) error {
	var state State
	err := tx.Row(ctx, qState, int64(who), card.Bytes()).Scan(&state)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return ErrMissing
	case err != nil:
		return fmt.Errorf("state of a card: %w", err)
	case state.Dead():
		return ErrDead
	case state == Frozen && errors.Is(other, ErrNotFrozen):
		return ErrBankFroze
	}
	return other
}

// stand reads a card that the unit of work has to itself until it ends. What
// is under a seal stays there.
func (s *Service) stand(ctx context.Context, tx db.Tx, who client.ID, card id.ID) (Card, error) {
	var r row
	err := tx.Row(ctx, qStand, int64(who), card.Bytes()).Scan(append([]any{&r.client}, r.into()...)...)
	if err = missing(err); err != nil {
		return Card{}, fmt.Errorf("read a card: %w", err)
	}
	return r.card()
}

// missing turns «no such row» into the refusal for people.
func missing(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return ErrMissing
	}
	return err
}

// wallet reads all cards of a client as stand reads one.
func (s *Service) wallet(ctx context.Context, tx db.Tx, who client.ID) (out []Card, err error) {
	held, err := tx.Rows(ctx, qHeld, int64(who))
	if err != nil {
		return nil, fmt.Errorf("cards of client %d: %w", who, err)
	}
	for held.Next() {
	}
	if err := errors.Join(held.Err(), held.Close()); err != nil {
		return nil, fmt.Errorf("cards of client %d: %w", who, err)
	}
	rows, err := tx.Rows(ctx, qWallet, int64(who))
	if err != nil {
		return nil, fmt.Errorf("cards of client %d: %w", who, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r row
		if err := rows.Scan(append([]any{&r.client}, r.into()...)...); err != nil {
			return nil, fmt.Errorf("read a card: %w", err)
		}
		c, err := r.card()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// frozenByBank tells that only the bank may lift what it did to a card.
func (c Card) frozenByBank() bool { return c.State == Frozen && c.FrozenBy > ByClient }

// may refuses a client who is blocked by staff.
func (s *Service) may(ctx context.Context, who client.ID) error {
	at, err := s.clients.Stands(ctx, who)
	if err != nil {
		return err
	}
	if at.Blocked {
		return ErrBlocked
	}
	return nil
}

// proved refuses whoever has not just shown that he is the client.
func (s *Service) proved(ctx context.Context, p access.Proof) (client.ID, error) {
	if !p.Fresh(s.now()) {
		return 0, access.ErrStepUp
	}
	return p.Client(), s.may(ctx, p.Client())
}

// tell puts news of a card into the outbox within the unit of work.
func (s *Service) tell(ctx context.Context, tx db.Tx, c Card, n notice.CardNews) error {
	n.Client, n.Last4 = c.Client, c.Last4
	e, err := n.Event(s.ids.New())
	if err != nil {
		return err
	}
	return outbox.Add(ctx, tx, e)
}

func record(ctx context.Context, tx db.Tx, who client.ID, actor, act, subject string) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: subject})
}

// Who stands in the audit trail for what happens by a client's hand, by itself
// and at other people's terminals.
const (
	byClient  = "client"
	bySystem  = "system"
	byNetwork = "network"
)
