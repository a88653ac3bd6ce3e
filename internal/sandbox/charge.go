package sandbox

import (
	"time"
)

// States of a charge, as the protocol names them.
const (
	actionRequired = "action_required"
	processing     = "processing"
	charged        = "charged"
	refused        = "refused"
)

// Reasons of a refusal.
const (
	noFunds     = "insufficient_funds"
	cardExpired = "expired_card"
	wrongCode   = "wrong_code"
	cancelled   = "cancelled"
	declined    = "declined"
)

// Limits of the 3-D Secure page.
const (
	maxCodeTries = 3
	pageLife     = 15 * time.Minute // then the payer is taken to have left
)

// charge is one payment from another bank's card. It holds neither the card's
// number nor its CVC.
type charge struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	Token       string `json:"token"` // names the 3-D Secure page; unguessable
	Order       string `json:"order"`
	Description string `json:"description"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Card        string `json:"card"` // masked
	Kind        string `json:"kind"` // how the card behaves
	ReturnURL   string `json:"return_url"`
	CallbackURL string `json:"callback_url"`
	// Fingerprint is a keyed hash of the whole order but the CVC: nothing made
	// of a security code may be kept (PCI DSS 3.3.1).
	Fingerprint string `json:"fingerprint"`

	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Tries  int       `json:"tries,omitempty"`
	MadeAt time.Time `json:"made_at"`      // world time
	Due    time.Time `json:"due,omitzero"` // machine time: when an open state ends by itself
}

// begin puts a new charge into the state its card leads to.
func (c charge) begin(now time.Time, slowFor time.Duration) charge {
	switch c.Kind {
	case kindGood, kindPoor, kindWrongCode, kindDuplicate:
		c.State, c.Due = actionRequired, now.Add(pageLife)
	case kindSlow:
		c.State, c.Due = processing, now.Add(slowFor)
	case kindLost:
		c.State = charged
	case kindExpired:
		c = c.refuse(cardExpired)
	default:
		c = c.refuse(declined)
	}
	return c
}

// open tells whether the charge may still change.
func (c charge) open() bool { return c.State == actionRequired || c.State == processing }

// enter judges a code typed on the 3-D Secure page. A charge that is no
// longer waiting for one stays as it is.
func (c charge) enter(code string) charge {
	switch {
	case c.State != actionRequired:
		return c
	case c.Kind == kindWrongCode || code != codeOf(c.Kind):
		if c.Tries++; c.Tries >= maxCodeTries {
			return c.refuse(wrongCode)
		}
		return c
	case c.Kind == kindPoor:
		return c.refuse(noFunds)
	}
	c.State = charged
	return c
}

// cancel is the payer's «Отменить».
func (c charge) cancel() charge {
	if c.State != actionRequired {
		return c
	}
	return c.refuse(cancelled)
}

// lapse ends an open state whose time has come.
func (c charge) lapse(now time.Time) charge {
	if !c.open() || now.Before(c.Due) {
		return c
	}
	if c.State == processing {
		c.State = charged
		return c
	}
	return c.refuse(cancelled)
}

func (c charge) refuse(reason string) charge {
	c.State, c.Reason = refused, reason
	return c
}
