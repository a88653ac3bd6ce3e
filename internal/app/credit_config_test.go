package app

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/partner/cardnetwork"
)

// The line for credits is open to loopback alone, closed without an address, and
// says what is wrong with its certificates.
func TestCreditLineIsChecked(t *testing.T) {
	t.Parallel()
	open := func(c CreditLine) (*cardnetwork.Rail, error) { return c.open(slog.New(slog.DiscardHandler), time.Now) }
	if rail, err := open(CreditLine{}); rail != nil || err != nil || len(rails(rail)) != 0 {
		t.Errorf("without an address: %v %v", rail, err)
	}
	if rail, err := open(CreditLine{Addr: "127.0.0.1:8583", Acquirer: "550000"}); rail == nil || err != nil || len(rails(rail)) != 1 {
		t.Errorf("on loopback: %v %v", rail, err)
	}
	if _, err := open(CreditLine{Addr: "network.example:8583", Acquirer: "550000"}); !errors.Is(err, cardnetwork.ErrOpen) {
		t.Errorf("in the open: %v", err)
	}
	for want, c := range map[string]CreditLine{
		"go together":     {Addr: "network.example:8583", Acquirer: "1", Cert: "cert.pem"},
		"certificate":     {Addr: "network.example:8583", Acquirer: "1", Cert: "missing.pem", Key: "missing.pem", CA: "missing.pem"},
		"must look like":  {Addr: "network.example", Acquirer: "1"},
		"up to 11 digits": {Addr: "127.0.0.1:8583"},
	} {
		if _, err := open(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}
