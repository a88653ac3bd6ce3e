package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"rocketbank/internal/partner/cardnetwork"
)

// CreditLine says where the card network takes what clients send to other
// banks' cards.
type CreditLine struct {
	Addr     string // host:port; empty: this server sends none
	Cert     string // with Key and CA: TLS with certificates on both sides; without: loopback alone
	Key      string
	CA       string
	Acquirer string // our number as an institution
	Terminal string
	Merchant string
	Place    string
	Final    []string // response codes that mean no on this link although elsewhere they decide nothing
}

// open makes the rail of the line; nil without an address. Run opens it.
func (c CreditLine) open(log *slog.Logger, now func() time.Time) (*cardnetwork.Rail, error) {
	if c.Addr == "" {
		return nil, nil
	}
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	rail, err := cardnetwork.NewRail(cardnetwork.Options{
		Address: c.Addr, TLS: secure, Acquirer: c.Acquirer, Terminal: c.Terminal, Merchant: c.Merchant, Place: c.Place, Final: c.Final, Log: log, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("--network-addr: %w", err)
	}
	return rail, nil
}

// secure loads the line's certificates; nil without any.
func (c CreditLine) secure() (*tls.Config, error) {
	switch {
	case c.Cert == "" && c.Key == "" && c.CA == "":
		return nil, nil
	case c.Cert == "" || c.Key == "" || c.CA == "":
		return nil, errors.New("--network-cert, --network-key and --network-ca go together: both sides of the card network's line show a certificate")
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("our certificate for the card network: %w", err)
	}
	pool, err := authority(c.CA)
	if err != nil {
		return nil, fmt.Errorf("the card network's authority: %w", err)
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("--network-addr must look like network.example:8583: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, Certificates: []tls.Certificate{pair}, RootCAs: pool}, nil
}
