package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/partner/phonerail"
	"rocketbank/internal/rail/signature"
)

// PhoneLine says how the phone-number rail is reached.
type PhoneLine struct {
	URL     string // empty: this bank takes no part in it
	Secret  signature.Secret
	Member  string // our identifier there, twelve digits
	BIK     string
	Account string // ours there, for payments that have no payer's phone
}

// open makes the line; nil without an address.
func (c PhoneLine) open(log *slog.Logger) (*phonerail.Client, error) {
	if c.URL == "" {
		return nil, nil
	}
	line, err := phonerail.New(phonerail.Config{URL: c.URL, Secret: c.Secret, Member: c.Member, BIK: c.BIK, Account: c.Account, Log: log})
	if err != nil {
		return nil, fmt.Errorf("--phonerail-url: %w", err)
	}
	return line, nil
}

// ways are the rails money leaves by. One that is not there is left out: a nil
// pointer in the map would be no nil there.
func (p parts) ways() map[payout.Way]payout.Rail {
	out := map[payout.Way]payout.Rail{}
	maps.Copy(out, p.rails)
	if p.network != nil {
		out[payout.Card] = p.network
	}
	if p.phones != nil {
		out[payout.Phone] = p.phones
	}
	if p.agents.lines != nil {
		out[payout.Mobile], out[payout.Wallet] = p.agents.lines, p.agents.lines
	}
	return out
}

// openReceivers makes the room that finds people in other banks.
func (b *bank) openReceivers(p parts) {
	d := receiver.Deps{DB: p.db, Vault: p.vault, People: b.clients, Limits: b.limits, Now: time.Now, Log: p.log}
	if p.phones != nil {
		d.Rail, d.Own = p.phones, p.phones.Member()
	}
	b.receivers = receiver.New(d)
}

// phonePayouts hears what the phone-number rail says of payouts; of those that
// went another way it has nothing to say.
type phonePayouts struct{ b *bank }

// Hint makes the bank ask how a payout stands.
func (p phonePayouts) Hint(ctx context.Context, which id.ID) error {
	if err := p.check(ctx, which); err != nil {
		return err
	}
	return p.b.payouts.Hint(ctx, which)
}

// Return takes money back. What comes back before we heard that it had arrived
// makes the bank ask first.
func (p phonePayouts) Return(ctx context.Context, which id.ID, amount money.Amount, reference string) error {
	if err := p.Hint(ctx, which); err != nil {
		return err
	}
	return p.b.payouts.Return(ctx, which, amount, reference)
}

func (p phonePayouts) check(ctx context.Context, which id.ID) error {
	known, err := p.b.payouts.Read(ctx, p.b.db, which)
	if err == nil && known.To.Way != payout.Phone {
		err = payout.ErrMissing
	}
	return err
}
