package authentication

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// Bounds of what is kept about browsers.
const (
	keepBrowsers = time.Hour // until the question about the purchase comes
	maxCookie    = 128
)

var (
	qSee = db.Query(`INSERT INTO authentication_browser (server, device, at_us) VALUES ($1, $2, $3)
		ON CONFLICT (server) DO NOTHING`)
	qSeen   = db.Query(`SELECT device FROM authentication_browser WHERE server = $1`)
	qForget = db.Query(`DELETE FROM authentication_browser WHERE at_us < $1`)
)

// SeeBrowser keeps which browser the 3DS Method met for a purchase that is
// about to be asked about. cookie is the random text that the door gave it.
// Who comes first for a purchase is it.
func (s *Service) SeeBrowser(ctx context.Context, serverTransID, cookie string) error {
	server, ok := parseUUID(serverTransID)
	if !ok || cookie == "" || len(cookie) > maxCookie {
		return ErrMissing
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qSee, server[:], s.d.Vault.Lookup(vault.Token, cookie), micro(s.now()))
		return err
	})
}

// browserOf gives what SeeBrowser kept; nothing when it met none.
func (s *Service) browserOf(ctx context.Context, server [16]byte) ([]byte, error) {
	var device []byte
	err := s.d.DB.Row(ctx, qSeen, server[:]).Scan(&device)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("browser of a purchase: %w", err)
	}
	return device, nil
}

// Sweep forgets browsers whose purchase was never asked about. The worker calls
// it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qForget, micro(s.now().Add(-keepBrowsers)))
		return err
	})
}
