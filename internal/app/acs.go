package app

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/door/acs"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// proofs fits the room of authentications to what room purchase asks for.
type proofs struct{ room *authentication.Service }

// Verify tells whether an authentication value proves a purchase.
func (p proofs) Verify(ctx context.Context, a purchase.Authenticated) (db.Row, bool, error) {
	return p.room.Verify(ctx, authentication.Presented(a))
}

// openAuthentications makes the room of 3-D Secure, where the bank has an
// access control server; nil without one: then no purchase in the internet is
// proved, and the host declines them all.
func (b *bank) openAuthentications(p parts) error {
	if p.acsOrigin == "" {
		return nil
	}
	at, err := url.Parse(p.acsOrigin)
	if err != nil {
		return err
	}
	b.authentications = authentication.New(authentication.Deps{
		DB: p.db, Vault: p.vault, IDs: b.ids, Cards: b.cards, People: b.clients, Messenger: b.access, Keys: b.hsm, Directory: p.directory,
		Live: b.live, Log: p.log, Now: time.Now, Digits: access.NewCode, ChallengeURL: p.acsOrigin + acs.ChallengePath, Host: at.Hostname(),
		Reference: "ROCKETBANK_ACS_220", Operator: "ROCKETBANK",
	})
	return nil
}

// proofs gives room purchase its port; nil when there is no room behind it.
func (b *bank) proofs() purchase.Authentications {
	if b.authentications == nil {
		return nil
	}
	return proofs{b.authentications}
}

// acsRate is how often one address may come: the directory asks for everybody
// from its own.
var acsRate = web.Rate{PerSecond: 500, Burst: 2000}

// acs is the access control server; nil when this bank has none. loopback lets
// shops and directory be http on this machine, for the demo alone.
func (b *bank) acs(kit *ui.Kit, origin string, proxies []netip.Prefix, loopback bool) (http.Handler, error) {
	if b.authentications == nil {
		return nil, nil
	}
	front, err := web.New(web.Options{Origin: origin, CrossSite: acs.CrossSite(), Proxies: proxies, Rate: acsRate, Log: b.log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	return acs.New(acs.Deps{Front: front, Kit: kit, Bank: b.authentications, LoopbackHTTP: loopback, Log: b.log, Now: time.Now}).Handler(), nil
}
