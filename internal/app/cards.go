package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/ledger"
	"rocketbank/internal/sandbox"
)

// cardhost is how the card network's line is answered.
func (b *bank) cardhost(secure *tls.Config) cardhost.Options {
	return cardhost.Options{Bank: b.purchases, TLS: secure, Log: b.log, Now: b.clock.Now}
}

// uses tells room card how its cards are used; that room is made before the
// one that knows.
type uses struct{ b *bank }

// Open counts what is still held on a card.
func (u uses) Open(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (int, error) {
	return u.b.purchases.Open(ctx, tx, who, one)
}

// Since lists how a card was used since a moment.
func (u uses) Since(ctx context.Context, who client.ID, one id.ID, since time.Time) ([]card.Past, error) {
	return u.b.purchases.Since(ctx, who, one, since)
}

// Regular names the merchants that charge a card by themselves.
func (u uses) Regular(ctx context.Context, who client.ID, one id.ID, since time.Time) ([]string, error) {
	return u.b.purchases.Regular(ctx, who, one, since)
}

// plastic is what the demo's people carry: the bank plays its card factory.
func (b *bank) plastic(ctx context.Context) ([]sandbox.Plastic, error) {
	list, err := b.cards.Pressed(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]sandbox.Plastic, 0, len(list))
	for _, c := range list {
		if c.State.Dead() {
			continue
		}
		sequence := "01"
		if c.Virtual() {
			sequence = "00"
		}
		chip, err := b.hsm.Personalise(c.Number.Reveal(), sequence, c.YYMM)
		if err != nil {
			return nil, err
		}
		cvc, err := b.hsm.CVV2(c.Number.Reveal(), c.YYMM)
		if err != nil {
			return nil, err
		}
		out = append(out, sandbox.Plastic{
			ID: c.ID.Text("cd"), Holder: c.Holder, Masked: c.First6[:4] + " " + c.First6[4:] + "•• •••• " + c.Last4, Virtual: c.Virtual(),
			Number: sandbox.Secret(c.Number.Reveal()), Expiry: c.YYMM, Sequence: sequence, Track2: sandbox.Secret(chip.Track2.Reveal()),
			CVC: sandbox.Secret(cvc), DKI: chip.DKI, AC: chip.AC,
		})
	}
	return out, nil
}

// OpenPurchases makes the room of purchases alone, for commands that import
// clearing files and rates; close gives the book back.
func OpenPurchases(ctx context.Context, d *db.DB, v *vault.Vault, log *slog.Logger) (s *purchase.Service, closing func() error, err error) {
	ids := id.NewSource(d.Now)
	module, err := hsm.New(v)
	if err != nil {
		return nil, nil, err
	}
	cards, err := card.New(d, v, ids, card.Options{})
	if err != nil {
		return nil, nil, err
	}
	book, err := ledger.NewBook(ctx, d, ledger.Options{IDs: ids, Log: log})
	if err != nil {
		return nil, nil, err
	}
	operations := operation.New(d, v)
	disputes := dispute.New(dispute.Deps{DB: d, Book: book, Vault: v, IDs: ids, Operations: operations})
	return purchase.New(purchase.Deps{DB: d, Book: book, Operations: operations, Cards: cards, HSM: module, Disputes: disputes, Log: log}), book.Close, nil
}

// CardLine says where the card network reaches this server.
type CardLine struct {
	Addr     string // empty: it does not
	Cert     string // with Key and ClientCA: TLS on both sides; without: loopback alone
	Key      string
	ClientCA string
}

// open takes the line's address and certificates; nil without an address.
func (c CardLine) open() (net.Listener, *tls.Config, error) {
	secure, err := c.secure()
	if err != nil || c.Addr == "" {
		return nil, nil, err
	}
	if host, _, err := net.SplitHostPort(c.Addr); secure == nil && (err != nil || !loopback(host)) {
		return nil, nil, cardhost.ErrOpen
	}
	l, err := listen(c.Addr, "the card network")
	return l, secure, err
}

// secure loads the line's certificates; nil without any.
func (c CardLine) secure() (*tls.Config, error) {
	switch {
	case c.Cert == "" && c.Key == "" && c.ClientCA == "":
		return nil, nil
	case c.Cert == "" || c.Key == "" || c.ClientCA == "":
		return nil, errors.New("--cardhost-cert, --cardhost-key and --cardhost-ca go together: both sides of the card network's line show a certificate")
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the card network's line: %w", err)
	}
	pool, err := authority(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("the card network's authority: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}, nil
}
