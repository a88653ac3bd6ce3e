package app

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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
	if rail, err := open(CreditLine{}); rail != nil || err != nil || len(parts{network: rail}.ways()) != 0 {
		t.Errorf("without an address: %v %v", rail, err)
	}
	if rail, err := open(CreditLine{Addr: "127.0.0.1:8583", Acquirer: "550000"}); rail == nil || err != nil || len(parts{network: rail}.ways()) != 1 {
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

// With certificates both sides show one: we do not speak to a network of another
// authority, nor it to whoever has none.
func TestCreditLineShowsCertificates(t *testing.T) {
	t.Parallel()
	scheme, stranger := newSigner(t, "the network's"), newSigner(t, "a stranger's")
	cert, key, ca := scheme.files(t.TempDir())
	_, _, strange := stranger.files(t.TempDir())
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := authority(ca)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			_, _ = c.Write([]byte("x")) // whoever we do not trust gets an alert instead
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	ours, oursKey := written(t, scheme.client("the bank"))
	theirs, theirsKey := written(t, stranger.client("the bank"))
	for name, tc := range map[string]struct {
		line CreditLine
		ok   bool
	}{
		"both known":      {CreditLine{Cert: ours, Key: oursKey, CA: ca}, true},
		"another network": {CreditLine{Cert: ours, Key: oursKey, CA: strange}, false},
		"a strange bank":  {CreditLine{Cert: theirs, Key: theirsKey, CA: ca}, false},
	} {
		tc.line.Addr = l.Addr().String()
		secure, err := tc.line.secure()
		if err != nil {
			t.Fatal(name, err)
		}
		c, err := tls.Dial("tcp", tc.line.Addr, secure)
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, 1))
			_ = c.Close()
		}
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// written puts a certificate and its key into files.
func written(t *testing.T, c *tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
