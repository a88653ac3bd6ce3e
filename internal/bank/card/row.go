package card

import (
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

const columns = `id, account, product, state, first6, last4, holder, exp_year, exp_month, created_us, frozen_by, frozen_us,
	name, art, main, suspend_us, why, heir, ended_us, rules, merchant, length(pvv), pin_wrong, pin_script, dynamic`

// row is a card as it is stored.
type row struct {
	client                          int64
	id, holder, name, heir          []byte
	account, main, pvv, wrong       int64
	script, dynamic                 int64
	product, state, art             int16
	frozenBy                        By
	first6, last4, why              string
	rules, merchant                 string
	year, month                     int
	created, frozen, suspend, ended int64
}

// into lists where the columns go.
func (r *row) into() []any {
	return []any{&r.id, &r.account, &r.product, &r.state, &r.first6, &r.last4, &r.holder, &r.year, &r.month, &r.created, &r.frozenBy, &r.frozen,
		&r.name, &r.art, &r.main, &r.suspend, &r.why, &r.heir, &r.ended, &r.rules, &r.merchant, &r.pvv, &r.wrong, &r.script, &r.dynamic}
}

// card gives everything but what is under a seal.
func (r *row) card() (Card, error) {
	c := Card{
		Client: client.ID(r.client), Account: ledger.AccountID(r.account), Product: Product(r.product), State: State(r.state),
		First6: r.first6, Last4: r.last4, Year: r.year, Month: time.Month(r.month), Since: time.UnixMicro(r.created).UTC(),
		FrozenBy: r.frozenBy, FrozenAt: moment(r.frozen), Until: moment(r.suspend), Why: Why(r.why), Ended: moment(r.ended),
		Art: Art(r.art), Main: r.main != 0, PINSet: r.pvv > 0, PINLeft: max(0, maxPIN-int(r.wrong)), DynamicCVC: r.dynamic != 0,
	}
	var err error
	if c.ID, err = id.FromBytes(r.id); err != nil {
		return Card{}, fmt.Errorf("read a card: %w", err)
	}
	if len(r.heir) > 0 {
		if c.Heir, err = id.FromBytes(r.heir); err != nil {
			return Card{}, fmt.Errorf("card %s: %w", c.ID.Text(Prefix), err)
		}
	}
	if c.Rules, err = unpackRules(r.rules, r.merchant); err != nil {
		return Card{}, fmt.Errorf("card %s: %w", c.ID.Text(Prefix), err)
	}
	return c, nil
}

// open adds what is under a seal and may be shown.
func (s *Service) open(r *row) (Card, error) {
	c, err := r.card()
	if err != nil {
		return Card{}, err
	}
	if c.Holder, err = s.vault.OpenText(vault.PII, at("card.holder", c.ID), r.holder); err != nil {
		return Card{}, fmt.Errorf("holder of card %s: %w", c.ID.Text(Prefix), err)
	}
	if len(r.name) > 0 {
		if c.Name, err = s.vault.OpenText(vault.PII, at("card.name", c.ID), r.name); err != nil {
			return Card{}, fmt.Errorf("name of card %s: %w", c.ID.Text(Prefix), err)
		}
	}
	return c, nil
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
