package access

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/ledger"
)

// What orders need of this room: who asks, how far he is trusted, and the way
// a code takes.

// NewCode draws six digits, each code as likely as any other.
func NewCode() string { return newCode() }

// NewHookSecret draws what the documents of a webhook are sealed with.
func NewHookSecret() string { return "whsec_" + b64.EncodeToString(randomBytes(tokenBytes)) }

// Asker is the session as room order knows it; ip may be empty.
func (in Session) Asker(ip string) order.Asker {
	return order.Asker{Client: in.Client, Session: in.ID, Device: in.Device, Lang: in.Lang, IP: ip}
}

// DeviceEvidence is the signature of the session's own device over an order's
// text. A device without a key has none to give: its signature never fits.
func (in Session) DeviceEvidence(signature []byte) order.Evidence {
	return order.ByDevice(in.Device, in.Key(), signature)
}

// SendOrderCode sends a code for an order within a unit of work, as far as the
// guard of what messages cost allows.
func (s *Service) SendOrderCode(ctx context.Context, tx db.Tx, m order.Message) error {
	if !m.Claimed {
		if err := s.simTrusted(ctx, tx, m.To); err != nil {
			return err
		}
	}
	if err := s.guardCost(ctx, tx, m.To, m.IP, s.now()); err != nil {
		return err
	}
	return SendSMS(ctx, tx, s.vault, m.Client, SMS{Key: s.ids.New(), To: m.To, Text: m.Text, Until: m.Until})
}

// TokenEvidence is the signature of a token's own key over an order's text.
func (t Token) TokenEvidence(signature []byte) order.Evidence {
	return order.ByToken(t.ID, t.PublicKey, signature)
}

// TokenStanding tells how far a token was trusted when ByToken found it: its own
// caps, how well its owner is identified, and whether he changed a factor
// lately. A token that did not come from there is trusted least.
func (s *Service) TokenStanding(t Token) client.Standing {
	return client.Standing{
		Level: t.owner.level, Blocked: t.owner.state == client.Blocked, Reduced: s.reduced(0, t.owner.reduced),
		Own: t.owner.caps.Caps().At(s.db.Now()), TokenOrder: t.OrderCap, TokenDay: t.DayCap, Token: t.ID,
	}
}

// Main tells whether an account is the one the owner's money comes to: the
// lookup knows it already.
func (t Token) Main(account ledger.AccountID) bool { return account != 0 && account == t.owner.account }
