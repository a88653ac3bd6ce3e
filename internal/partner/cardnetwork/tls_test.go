package cardnetwork_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"rocketbank/internal/partner/cardnetwork"
)

// certificate makes one for the loopback address and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Both sides show a certificate; a network that shows a stranger's is left, and
// so is one that cannot do better than TLS 1.1.
func TestTLS(t *testing.T) {
	t.Parallel()
	theirs, trusted := certificate(t)
	ours, known := certificate(t)
	_, others := certificate(t)
	for name, c := range map[string]struct {
		roots *x509.CertPool
		most  uint16
		good  bool
	}{"known": {trusted, 0, true}, "a stranger": {others, 0, false}, "old": {trusted, tls.VersionTLS11, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{theirs}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known,
				MinVersion: tls.VersionTLS10, MaxVersion: c.most}) // #nosec G402 -- the other side may be that old
			if err != nil {
				t.Fatal(err)
			}
			tried, played := make(chan struct{}, 1), make(chan struct{})
			go func() {
				defer close(played)
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					p := newPeer(t, conn)
					if m := p.read(); m == nil { // no handshake
						select {
						case tried <- struct{}{}:
						default:
						}
					} else {
						p.write(m.Answer("00"))
						p.serve("00")
					}
					_ = conn.Close()
				}
			}()
			o := options()
			o.Address, o.TLS = l.Addr().String(), &tls.Config{RootCAs: c.roots, Certificates: []tls.Certificate{ours}} // #nosec G402 -- the line raises it
			line, err := cardnetwork.New(o)
			if err != nil {
				t.Fatal(err)
			}
			stop, ended := start(line)
			if c.good {
				if out, err := send(t.Context(), line, credit(t, 1)); err != nil || out.State != cardnetwork.Done {
					t.Errorf("%+v %v", out, err)
				}
			} else {
				<-tried
				if out, _ := line.Send(t.Context(), credit(t, 1)); out.State != cardnetwork.NotSent || line.Up() {
					t.Errorf("%+v", out)
				}
			}
			stop()
			<-ended
			_ = l.Close()
			<-played
		})
	}
}
