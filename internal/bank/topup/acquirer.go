package topup

import (
	"context"
	"errors"

	"rocketbank/internal/base/money"
)

// Acquirer takes money from other banks' cards for us (partner/acquirer).
//
// Charge is called once in the life of a top-up, never again: what became of it
// is found with Find. A charge that the acquirer rejects as malformed (422) is
// an Outcome with ChargeRefused and the acquirer's reason, not an error.
type Acquirer interface {
	// Charge asks for money. ErrUnknownOutcome when the answer was lost or
	// made no sense: the money may have been taken. ErrNotSent when the
	// request certainly never left this machine (no connection).
	Charge(ctx context.Context, c Charge) (Outcome, error)
	// Find tells how a charge stands. ErrNoSuchCharge when the acquirer never
	// got it (404); any other error means: ask again later.
	Find(ctx context.Context, key string) (Outcome, error)
}

// Errors of the port.
var (
	ErrUnknownOutcome = errors.New("topup: the acquirer's answer was lost")
	ErrNotSent        = errors.New("topup: the request did not reach the acquirer")
	ErrNoSuchCharge   = errors.New("topup: the acquirer knows no such charge")
)

// Charge is a request for money.
type Charge struct {
	Key         string // idempotency key: the top-up's outside identifier, tu_…
	Order       string // the same identifier, as the acquirer shows it
	Amount      money.Amount
	Description string
	Card        Card
	ReturnURL   string // where the other bank's page sends the browser back to, by GET
}

// ChargeState is how a charge stands at the acquirer.
type ChargeState string

// The states of a charge.
const (
	ChargeActionRequired ChargeState = "action_required"
	ChargeProcessing     ChargeState = "processing"
	ChargeCharged        ChargeState = "charged"
	ChargeRefused        ChargeState = "refused"
)

// Outcome is what the acquirer says about a charge.
type Outcome struct {
	ID        string // the acquirer's own identifier, ch_…
	Key       string
	Amount    money.Amount
	State     ChargeState
	Reason    string // of a refusal: insufficient_funds, expired_card, wrong_code, cancelled, declined, bad_card, bad_amount
	ActionURL string // of ChargeActionRequired: the other bank's page
}
