package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/door/acs"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// signer is an authority of certificates.
type signer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newSigner(t *testing.T, name string) *signer {
	t.Helper()
	s := &signer{t: t}
	s.cert, s.key = s.make(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return s
}

// make signs a certificate; the first one signs itself.
func (s *signer) make(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, by := s.cert, s.key
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return made, key
}

// client is a certificate to show.
func (s *signer) client(name string) *tls.Certificate {
	s.t.Helper()
	c, key := s.make(&x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return &tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// files writes a server's certificate with its key, and the authority's own.
func (s *signer) files(dir string) (cert, key, ca string) {
	s.t.Helper()
	c, k := s.make(&x509.Certificate{Subject: pkix.Name{CommonName: "acs"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		s.t.Fatal(err)
	}
	put := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			s.t.Fatal(err)
		}
		return path
	}
	return put("cert.pem", "CERTIFICATE", c.Raw), put("key.pem", "PRIVATE KEY", der), put("ca.pem", "CERTIFICATE", s.cert.Raw)
}

// The directory shows a certificate of its authority, over real TLS; nobody
// else may ask, and browsers, who have none, reach their pages all the same.
func TestDirectoryShowsItsCertificate(t *testing.T) {
	t.Parallel()
	ours, scheme, strangers := newSigner(t, "ours"), newSigner(t, "scheme"), newSigner(t, "strangers")
	cert, key, _ := ours.files(t.TempDir())
	_, _, ca := scheme.files(t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := "https://" + l.Addr().String()
	front, err := web.New(web.Options{Origin: origin, CrossSite: acs.CrossSite(), Rate: web.Rate{PerSecond: -1}})
	if err != nil {
		t.Fatal(err)
	}
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	s := newServer("3-D Secure", l, acs.New(acs.Deps{Front: front, Kit: kit, Peer: shownCertificate}).Handler(), slog.New(slog.DiscardHandler))
	s.cert, s.key = cert, key
	if s.clientCA, err = authority(ca); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	visitor := func(show *tls.Certificate) *http.Client {
		c := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		if show != nil { // shown whomever the server says it trusts
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return show, nil }
		}
		tr := &http.Transport{TLSClientConfig: c}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr, Timeout: 20 * time.Second}
	}
	ask := func(c *http.Client) (string, error) {
		resp, err := c.Post(origin+"/acs/areq", "application/json", strings.NewReader(`{"messageType":"AReq"}`))
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		return string(raw), err
	}
	errorCode := func(body string) threeds.ErrorCode {
		e, ok := threeds.ParseErro([]byte(body))
		if !ok {
			t.Fatalf("no Erro: %s", body)
		}
		return e.Code
	}
	body, err := ask(visitor(scheme.client("ds.scheme.example")))
	if err != nil || errorCode(body) == threeds.AccessDenied {
		t.Errorf("the directory: %s %v", body, err)
	}
	browser := visitor(nil)
	if body, err = ask(browser); err != nil || errorCode(body) != threeds.AccessDenied {
		t.Errorf("nobody: %s %v", body, err)
	}
	if body, err = ask(visitor(strangers.client("ds.scheme.example"))); err == nil {
		t.Errorf("a stranger with the directory's name: %s", body)
	}
	if body, err = ask(visitor(ours.client("ds.scheme.example"))); err == nil {
		t.Errorf("a certificate of the server's own authority: %s", body)
	}
	resp, err := browser.Post(origin+acs.ChallengePath, "application/x-www-form-urlencoded", strings.NewReader("creq=x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a browser with a broken CReq: %s", resp.Status)
	}
}

// A file that holds no certificate is told at the start.
func TestAuthorityFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := authority(path); err == nil {
		t.Error("a file that is not there")
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authority(path); err == nil || !strings.Contains(err.Error(), "no certificate in PEM") {
		t.Error(err)
	}
}
