package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
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

// acs is the access control server; nil when this bank has none.
func (b *bank) acs(kit *ui.Kit, c doorConfig) (http.Handler, error) {
	if b.authentications == nil {
		return nil, nil
	}
	front, err := web.New(web.Options{Origin: c.acsOrigin, CrossSite: acs.CrossSite(), Proxies: c.proxies, Rate: acsRate, Log: b.log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	d := acs.Deps{Front: front, Kit: kit, Bank: b.authentications, LoopbackHTTP: c.loopback, Log: b.log, Now: time.Now}
	if c.mutual {
		d.Peer = shownCertificate
	}
	return acs.New(d).Handler(), nil
}

// errNoCertificate tells that whoever asks did not show a certificate of the
// directory's authority.
var errNoCertificate = errors.New("no certificate of the directory's authority")

// shownCertificate lets in who has shown a certificate that the listener
// verified; the listener knows no other authority than the directory's.
func shownCertificate(r *http.Request) error {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return errNoCertificate
	}
	return nil
}

// authority reads the certificates of an authority.
func authority(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}
